import type { Monitor } from '../engine/engine.ts';
import { run, type Search } from '../engine/index.ts';
import type { Evidence, Judged } from '../engine/result.ts';
import { causes, type Task } from '../engine/task.ts';
import { SpecError } from '../spec/errors.ts';
import { describeCommand } from '../spec/model.ts';
import type { Property, Step } from '../spec/property.ts';
import { minimise } from '../trace/minimise.ts';
import { counterexampleOf } from '../trace/record.ts';
import { firstBreakIn, replay } from '../trace/replay.ts';
import type { Claim, Counterexample } from '../trace/trace.ts';

/** Within so many states, breadth-first, a shorter trace is looked for than random search found. */
const statesSearchedForShorter = 2000;

/** The violations with the best traces that can be had cheaply: shortest ones, else in their normal form. */
export const shortened = async (
  task: Task,
  judged: readonly Judged[],
  options: { readonly monitor?: Monitor },
): Promise<Judged[]> => {
  const violated = judged.flatMap(({ property, verdict }) =>
    verdict.kind === 'violated' && verdict.trace ? property : [],
  );
  const obligations = task.obligations.filter(({ property }) => violated.includes(property));
  const near = await run(
    { ...task, obligations },
    { kind: 'exhaustive', maxStates: statesSearchedForShorter, symmetry: 'off' },
    options,
  );
  return judged.map(({ property, verdict }) => {
    const obligation = obligations.find((one) => one.property === property);
    if (!obligation || verdict.kind !== 'violated' || !verdict.trace) return { property, verdict };
    const shorter = near.judged.find((one) => one.property === property)?.verdict;
    const trace =
      shorter?.kind === 'violated' && shorter.trace ? shorter.trace : minimise(task, obligation, verdict.trace);
    return { property, verdict: { ...verdict, trace } };
  });
};

/** A violation's calls, one by one, and the file that keeps them. */
export interface Confirmed {
  readonly steps: readonly Step[];
  readonly counterexample: Counterexample;
}

/**
 * Replays the trace of a violation with the plain model. Throws a SpecError if the trace does not break the property again: then an
 * engine or the model cannot repeat what it reported, and that is an error and no verdict. `path`: the run of random search.
 */
export const confirmed = (
  task: Task,
  property: Property,
  { commands }: Evidence,
  search: Search,
  path = '0',
): Confirmed => {
  const { instances } = task.obligations.find((obligation) => obligation.property === property)!;
  const steps = replay(task, commands);
  if (firstBreakIn(task, { property, instances }, steps)?.commands.length !== commands.length)
    throw new SpecError(
      `${task.scope.model}@${task.scope.variant}: ${commands.map(describeCommand).join('; ')} broke ${property.id} once and not again: ` +
        `a transition or the property is impure (${causes})`,
    );
  return { steps, counterexample: counterexampleOf(task.scope, property.id, steps, claimedBy(search, path)) };
};

/** The search that a saved counterexample names. */
export const claimedBy = (search: Search, path = '0'): Claim['search'] =>
  search.kind === 'random'
    ? {
        kind: 'random',
        seed: search.seed,
        path,
        // Where a time ended the search, the run that found it is the last one that is needed.
        runs: search.seconds === undefined ? search.runs : Number(path.split(':')[0]) + 1,
        length: search.length,
      }
    : { kind: 'exhaustive' };
