import { isDeepStrictEqual } from 'node:util';
import {
  type ExhaustiveOptions,
  type ExhaustiveResult,
  searchExhaustive,
} from '../../src/engine/explicit/exhaustive.ts';
import { searchRandom } from '../../src/engine/random/random.ts';
import { searchReference } from '../../src/engine/reference/reference.ts';
import type { CoveredStates, Result, Verdict } from '../../src/engine/result.ts';
import { type Task, taskOf } from '../../src/engine/task.ts';
import { check } from '../../src/job/check.ts';
import { SpecError, type Suite } from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { firstBreak } from '../../src/trace/replay.ts';
import { type PlainTrace, type PlainVerdict, type Said, searchPlainly, whyNotShown } from './plain-search.ts';

/** The searches that are held against the plain one; a test puts others in their place, to see whether that is noticed. */
export interface Engines {
  readonly reference: typeof searchReference;
  readonly exhaustive: typeof searchExhaustive;
  readonly random: typeof searchRandom;
}

export const engines: Engines = {
  reference: searchReference,
  exhaustive: searchExhaustive,
  random: searchRandom,
};

/** How a model is searched. */
export interface Plan {
  readonly maxStates: number;
  /** Numbers of threads, beside one. */
  readonly workers: readonly number[];
  /** Whether to search once more with as little memory as there can be. */
  readonly littleMemory: boolean;
  /** Whether to ask `check` as well, as the command line does. */
  readonly throughCheck: boolean;
  readonly seed: number;
  /** Whether a symmetry that the model declares is one by the way the model was made; else it may be refused. */
  readonly isSymmetric: boolean;
  /** Whether a search may say, in one line, that it does not work: of a model with some misuse. */
  readonly mayBeRefused: boolean;
}

/** The plain search makes so many calls, or some more; that takes it a second. */
const mostCalls = 40_000;

export interface Compared {
  /** What one search says that the plain one does not. */
  readonly differences: readonly string[];
  readonly said: Said;
  /** How many searches would not work with the model, and said so. */
  readonly refusals: number;
}

/** Searches one model in every way and holds what is said against the plain search. */
export const compare = async (suite: Suite, plan: Plan, by = engines): Promise<Compared> => {
  const { workers } = plan;
  const task = taskOf(suite.model, scopeOf(suite.model), suite.properties);
  const maxStates = Math.min(plan.maxStates, Math.ceil(mostCalls / task.commands.length));
  const said = searchPlainly(suite, maxStates);
  const differences: string[] = [];
  let refusals = 0;
  /** `mayRefuse`: an error that is one line is no difference. */
  const look = async (who: string, mayRefuse: boolean, check: () => Promise<readonly string[]>) => {
    try {
      differences.push(...(await check()).map((one) => `${who}: ${one}`));
    } catch (error) {
      const odd = oddError(error);
      if (odd !== undefined) differences.push(`${who}: ${odd}`);
      else if (!mayRefuse) differences.push(`${who}: it stops with: ${String(error)}`);
      else refusals++;
    }
  };
  const search = (who: string, run: () => Promise<Result & { readonly covered: CoveredStates }>) =>
    look(who, plan.mayBeRefused || said.broken !== undefined, async () => {
      const other = saidBy(await run());
      return said.broken === undefined
        ? differencesOf(said, other)
        : [`it sees nothing wrong, and there is: ${said.broken}`];
    });

  await search('reference', () => by.reference(task, { maxStates }));
  const full: ExhaustiveOptions = { maxStates, symmetry: 'off', callsWorthSharing: 0 };
  for (const count of [1, ...workers])
    await search(`exhaustive, ${count} workers`, () => by.exhaustive(task, { ...full, workers: count }));
  if (said.broken !== undefined) return { said, differences, refusals };

  if (plan.littleMemory)
    for (const count of [1, ...workers])
      await look(`little memory, ${count} workers`, plan.mayBeRefused, async () => {
        const result = await by.exhaustive(task, { ...full, workers: count, maxBytes: 1 });
        // It must say what a search says that is stopped where the memory came to its end.
        const isFull = result.bound?.kind === 'memory';
        return differencesOf(isFull ? searchPlainly(suite, result.covered.states) : said, saidBy(result));
      });
  await look('replay', plan.mayBeRefused, async () => notReplayed(task, said));
  // Behind the bound of the plain search anything may be.
  await look('random', plan.mayBeRefused || said.bound !== undefined, async () =>
    wronglyFound(suite, said, await by.random(task, { runs: 10, length: 15, seed: plan.seed })),
  );
  if (task.system.symmetry)
    await look('symmetry', plan.mayBeRefused, () =>
      bySymmetry(suite, task, said, { ...plan, maxStates }, by.exhaustive),
    );
  if (plan.throughCheck)
    await look('check', plan.mayBeRefused || !plan.isSymmetric, () => byCheck(suite, said, { ...plan, maxStates }));
  return { said, differences, refusals };
};

/** The traces that do not break their properties, replayed, as they did in the search. */
const notReplayed = (task: Task, said: Said): string[] =>
  tracesOf(said).flatMap(({ id, trace }) => {
    const { property, instances } = task.obligations.find((one) => one.property.id === id)!;
    // Of a witness and of a loop another instance may be decided earlier on the way.
    const isExact = property.witness || property.on === 'path';
    const judged = isExact ? instances.filter((one) => isDeepStrictEqual(one, trace.instance)) : instances;
    const replayed = firstBreak(task, { property, instances: judged }, trace.commands);
    return isDeepStrictEqual(replayed, trace) ? [] : `${id} breaks by ${text(replayed)}, not by ${text(trace)}`;
  });

const tracesOf = ({ verdicts }: Said): { readonly id: string; readonly trace: PlainTrace }[] =>
  Object.entries(verdicts).flatMap(([id, { trace }]) => (trace ? [{ id, trace }] : []));

const text = (value: unknown): string => JSON.stringify(value) ?? String(value);

/** Why an error is not the one line that a broken model gets; undefined if it is. */
export const oddError = (error: unknown): string | undefined => {
  if (!(error instanceof SpecError)) return `it throws ${error instanceof Error ? error.stack : String(error)}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control bytes are what is looked for
  return /[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(error.message)
    ? `its error is more than a line: ${text(error.message)}`
    : undefined;
};

const saidBy = ({ judged, covered, coverage, bound, deadEnd }: Result & { readonly covered: CoveredStates }): Said => ({
  states: covered.states,
  transitions: covered.transitions,
  depth: covered.depth,
  verdicts: Object.fromEntries(judged.map(({ property, verdict }) => [property.id, plainVerdict(verdict)])),
  coverage: Object.fromEntries(
    [...coverage].map(([kind, { attempts, results }]) => [
      kind,
      { ...(attempts > 0 && { attempts }), ...Object.fromEntries(results) },
    ]),
  ),
  deadEnd,
  bound:
    bound?.kind === 'memory' ? 'states' : bound?.kind === 'states' || bound?.kind === 'domain' ? bound.kind : undefined,
});

const plainVerdict = (verdict: Verdict): PlainVerdict => {
  const { kind } = verdict;
  if (kind === 'not found') throw new Error('not of a random search');
  const trace = 'trace' in verdict ? verdict.trace : undefined;
  return { kind, ...(trace && { trace }), ...('instance' in verdict && { missing: verdict.instance }) };
};

const differencesOf = (said: Said, other: Said): string[] => {
  const found: string[] = [];
  const compare = (what: string, one: unknown, another: unknown) => {
    if (!isDeepStrictEqual(one, another)) found.push(`${what}: ${text(another)} and not ${text(one)}`);
  };
  for (const what of ['bound', 'states', 'transitions', 'depth', 'deadEnd'] as const)
    compare(what, said[what], other[what]);
  for (const [id, verdict] of Object.entries(said.verdicts)) compare(id, verdict, other.verdicts[id]);
  for (const [kind, results] of Object.entries(said.coverage))
    compare(`coverage of ${kind}`, results, other.coverage[kind]);
  return found;
};

/** What `check` says wrongly, which replays traces, compares with and without symmetry, and checks proofs again. */
const byCheck = async (suite: Suite, said: Said, { maxStates, seed }: Plan): Promise<string[]> => {
  const wrong: string[] = [];
  const exhaustive = { kind: 'exhaustive', maxStates, symmetry: 'check' } as const;
  const { properties, bound, symmetry } = await check(suite, {}, exhaustive, { crossCheck: { seed } });
  if (symmetry && !bound && said.bound === undefined && symmetry.compared !== 'same')
    wrong.push(`symmetry is ${symmetry.compared}`);
  for (const { property, verdict, steps } of properties) {
    const { kind, trace } = said.verdicts[property.id]!;
    if (bound === undefined && said.bound === undefined && verdict.kind !== kind)
      wrong.push(`${property.id} ${verdict.kind}`);
    if (!symmetry && verdict.kind !== kind) wrong.push(`${property.id} ${verdict.kind} and not ${kind}`);
    if (!symmetry && steps && steps.length !== trace?.commands.length)
      wrong.push(`${property.id} in ${steps.length} calls`);
  }
  if (said.bound !== undefined) return wrong;
  const random = await check(suite, {}, { kind: 'random', runs: 10, length: 15, seed });
  for (const { property, verdict } of random.properties) {
    if (verdict.kind === 'not found') continue;
    const why = verdict.kind === 'violated' && verdict.trace && whyNotShown(suite, property, verdict.trace);
    if (why !== undefined && why !== false) wrong.push(`random: ${property.id} by ${text(verdict)}: ${why}`);
    if (verdict.kind !== said.verdicts[property.id]!.kind) wrong.push(`random: ${property.id} ${verdict.kind}`);
  }
  return wrong;
};

/** What a random search says that cannot be: it need not find anything. */
const wronglyFound = (suite: Suite, said: Said, found: Result): string[] => {
  const { bound } = said;
  const wrong = bound === undefined && found.covered.states! > said.states ? [`${found.covered.states} states`] : [];
  for (const { property, verdict } of found.judged) {
    const exhaustive = said.verdicts[property.id]!;
    if (verdict.kind === 'not found' || verdict.kind === 'incomplete') continue;
    if (bound === undefined && verdict.kind !== exhaustive.kind) wrong.push(`${property.id} ${verdict.kind}`);
    if (!('trace' in verdict) || !verdict.trace) continue;
    const why = whyNotShown(suite, property, verdict.trace);
    if (why !== undefined) wrong.push(`${property.id} by ${text(verdict.trace)}: ${why}`);
    // Of loops, a search that a bound has ended knows only those among the states that it has seen.
    const isOther =
      property.on === 'path' &&
      (bound !== undefined || !isDeepStrictEqual(verdict.trace.instance, exhaustive.trace?.instance));
    if (!isOther && exhaustive.trace && lengthOf(verdict.trace) < lengthOf(exhaustive.trace))
      wrong.push(`${property.id} by a shorter trace than the shortest, ${text(verdict.trace)}`);
  }
  return wrong;
};

/** Of an infinite path, what comes before the loop. */
const lengthOf = ({ commands, loop }: PlainTrace) => loop ?? commands.length;

/** What a search says wrongly that visits one state for all that are alike. */
const bySymmetry = async (
  suite: Suite,
  task: Task,
  said: Said,
  { maxStates, workers, isSymmetric }: Plan,
  exhaustive: Engines['exhaustive'],
): Promise<string[]> => {
  const wrong: string[] = [];
  let alone: ExhaustiveResult;
  try {
    alone = await exhaustive(task, { maxStates });
  } catch (error) {
    const isRefused = error instanceof SpecError && error.message.includes(': symmetry of ');
    if (isRefused && !isSymmetric) return [];
    throw error;
  }
  for (const count of workers) {
    const together = saidBy(await exhaustive(task, { maxStates, workers: count, callsWorthSharing: 0 }));
    wrong.push(...differencesOf(saidBy(alone), together).map((one) => `${count} workers and not one: ${one}`));
  }
  for (const { property, verdict } of alone.judged) {
    const trace = 'trace' in verdict ? verdict.trace : undefined;
    const why = trace && whyNotShown(suite, property, trace);
    if (why !== undefined) wrong.push(`${property.id} by ${text(trace)}: ${why}`);
    // With a bound the two searches have seen different states.
    if (said.bound !== undefined || alone.bound !== undefined) continue;
    const { kind, trace: full } = said.verdicts[property.id]!;
    if (verdict.kind !== kind) wrong.push(`${property.id} ${verdict.kind} and not ${kind}`);
    else if ((trace && lengthOf(trace)) !== (full && lengthOf(full)))
      wrong.push(`${property.id} by ${text(trace)}, which is not as long as ${text(full)}`);
  }
  if (said.bound !== undefined || alone.bound !== undefined) return wrong;
  if (alone.symmetry?.states !== BigInt(said.states))
    wrong.push(`${alone.symmetry?.states} states and not ${said.states}`);
  if (alone.covered.depth !== said.depth) wrong.push(`depth ${alone.covered.depth} and not ${said.depth}`);
  if (alone.deadEnd?.length !== said.deadEnd?.length)
    wrong.push(`dead end ${text(alone.deadEnd)} and not ${text(said.deadEnd)}`);
  return wrong;
};
