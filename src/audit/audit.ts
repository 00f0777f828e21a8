import type { Monitor } from '../engine/engine.ts';
import { explore } from '../engine/explicit/exhaustive.ts';
import type { Exploration } from '../engine/exploration.ts';
import type { MemoryGuard } from '../engine/memory.ts';
import { taskOf } from '../engine/task.ts';
import type { Model } from '../spec/model.ts';
import { legendOf } from '../system/callbacks.ts';
import { type Choices, scopeOf } from '../system/scope.ts';
import { CancellationPoint, Cancelled } from './cancellation.ts';
import { lifeCycleOf } from './life-cycle.ts';
import type { AuditResult } from './result.ts';
import { type FirstTaken, ruleTables } from './rules.ts';

export interface AuditOptions {
  /** Rule tables of these commands only; of all, if it is not given; of none, if it is empty. */
  readonly commands?: readonly string[];
  /** Whether a long table has a row for each case, or one where all reachable cases have one result. */
  readonly inFull?: boolean;
  readonly maxStates?: number;
  readonly maxBytes?: number;
  readonly memoryGuard?: MemoryGuard;
  readonly workers?: number;
  readonly monitor?: Monitor;
}

/** Explores the model in full, and reads the rules and the life cycle of its pages off the tables and the graph. */
export const audit = async (model: Model, choices: Choices, options: AuditOptions = {}): Promise<AuditResult> => {
  const scope = scopeOf(model, choices);
  const task = taskOf(model, scope, []);
  const { commands: only, inFull = false, ...search } = options;
  const { covered, bound, explored } = await explore(task, {
    ...search,
    mayLeaveDomain: true, // without properties it is not seen whether a violation comes before that
    symmetry: 'off', // every state is to be seen, not one for all that are alike
  });
  const shown = `${covered.states.toLocaleString('en')} ${covered.states === 1 ? 'state' : 'states'}`;
  const hint = 'nothing is shown; --max-states N shows what N states have';
  if (bound?.kind === 'interrupted') throw new Cancelled(`interrupted after ${shown}: ${hint}`);
  let doing = '';
  const cancellation = () => new CancellationPoint(async () => (await search.monitor?.({ ...covered, doing })) ?? true);
  try {
    const depths = depthsOf(explored);
    const kinds = [...new Set(task.commands.map(({ kind }) => kind))].filter((kind) => only?.includes(kind) ?? true);
    doing = 'reading off the rules';
    const firstTaken = await firstTakenIn(explored, depths, task.commands.length, cancellation());
    const tables = await ruleTables(task, explored, firstTaken, kinds, inFull, cancellation());
    doing = 'reading off the life cycle';
    const life = await lifeCycleOf(model, task, explored, depths, cancellation());
    const legend = legendOf(model, scope.config);
    const { environment = [], title } = model;
    return { scope, title, legend, environment, states: covered.states, depth: covered.depth, bound, tables, life };
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    throw new Cancelled(`interrupted while ${doing} of ${shown}: ${hint}`);
  }
};

/** By state: calls in a shortest trace to it. A state is found from one that was found before. */
const depthsOf = ({ states }: Exploration): Uint32Array => {
  const depths = new Uint32Array(states.count);
  for (let state = 1; state < states.count; state++) depths[state] = depths[states.parents[state]!]! + 1;
  return depths;
};

const firstTakenIn = async (
  { states, layout, expanded, transitions }: Exploration,
  depths: Uint32Array,
  commands: number,
  cancellation: CancellationPoint,
): Promise<(FirstTaken | undefined)[]> => {
  const first: (FirstTaken | undefined)[] = Array.from({ length: transitions.size });
  for (let state = 0; state < expanded; state++) {
    if (cancellation.isDue) await cancellation.check();
    for (let command = 0; command < commands; command++) {
      const row = transitions.find(command, states.words, state * layout.words);
      if (row >= 0) first[row] ??= { state, depth: depths[state]! };
    }
  }
  return first;
};
