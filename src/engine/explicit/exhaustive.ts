import type { RunOptions } from '../engine.ts';
import type { Exploration } from '../exploration.ts';
import type { CoveredStates, EngineCosts, Result } from '../result.ts';
import { Tally } from '../tally.ts';
import { LeftDomain, type Task } from '../task.ts';
import { Arrivals } from './arrivals.ts';
import { findDead } from './dead.ts';
import { judgeGraph } from './graph-judgements.ts';
import { LevelLoop } from './level-loop.ts';
import { graphOf } from './packed-graph.ts';
import { SearchState } from './search-state.ts';
import { Traces } from './traces.ts';

export interface ExhaustiveOptions {
  /** Stop, as incomplete, before more than this many distinct states. */
  readonly maxStates?: number;
  /** Stop, as incomplete, before the state table takes more than this many bytes. */
  readonly maxBytes?: number;
  /** How many threads expand states; 1 if not given. What is found does not depend on it. */
  readonly workers?: number;
  /** The fewest calls in a level for which threads are worth their trouble; 0: use them whether they are of use or not. */
  readonly callsWorthSharing?: number;
  /** How many calls a worker may leave to the main thread at once; the fewer, the nearer to a bound are workers of use. */
  readonly callsToLeave?: number;
  /** Look for results that no reachable state gives, once all of these are known. */
  readonly dead?: boolean;
  /** Whether to visit one state for all that are alike, where the model declares a symmetry; `on` if not given. */
  readonly symmetry?: 'on' | 'off';
  /** Whether a call that leaves the domain ends the search as incomplete even where no violation comes before it. */
  readonly mayLeaveDomain?: boolean;
}

/** What one search is told, which may be the second one that an exhaustive search takes. */
export interface ExhaustiveSearchOptions extends ExhaustiveOptions, RunOptions {
  /** Whether no call is counted before those before it have been made. To leave the domain behind a violation then ends the search. */
  readonly inTurn?: boolean;
}

/** What an exhaustive search says. It always has the counts of states. */
export interface ExhaustiveResult extends Result {
  readonly covered: CoveredStates;
  readonly engine: EngineCosts;
}

/** An exhaustive search whose result keeps what was explored. */
export const explore = async (
  task: Task,
  options: ExhaustiveOptions & Omit<RunOptions, 'keepExplored'> = {},
): Promise<ExhaustiveResult & { readonly explored: Exploration }> => {
  const { explored, ...result } = await searchExhaustive(task, { ...options, keepExplored: true });
  if (!explored) throw new Error('what was to be kept is gone');
  return { ...result, explored };
};

/**
 * The reference search on packed states and decision tables: the same order, hence the same verdicts, counts and traces. Exact:
 * states are compared in full, so none is taken for another because of its hash.
 *
 * With symmetry, of the states that are alike only the representative is visited. Successors are judged as they are and then
 * replaced by theirs; a trace is found by following the representatives from the initial state with real calls.
 */
export const searchExhaustive = async (
  task: Task,
  options: ExhaustiveOptions & RunOptions = {},
): Promise<ExhaustiveResult> => {
  try {
    return await search(task, options);
  } catch (error) {
    if (!(error instanceof LeftDomain)) throw error;
    // If that is behind a violation, what was seen up to there counts, and for that each call must be made in its turn.
    return await search(task, { ...options, workers: 1, symmetry: 'off', inTurn: true });
  }
};

const search = async (task: Task, options: ExhaustiveSearchOptions): Promise<ExhaustiveResult> => {
  const start = performance.now();
  const search = new SearchState(task, options);
  const traces = new Traces(search);
  await visitAll(search, traces);

  const searched = performance.now();
  const graph = graphOf(search, traces);
  const deadEnd = judgeGraph(search, graph);
  const { layout, states, expanded, transitions, symmetry, bound, findings, covered } = search;
  const { coverage } = tallyOf(search);
  return {
    judged: findings.verdicts(bound, search.isVerified),
    covered,
    coverage,
    engine: costsOf(search, searched - start, performance.now() - searched),
    ...(options.dead && !bound && { dead: findDead(task, layout, transitions, coverage) }),
    ...(symmetry && { symmetry: { of: symmetry.labels, states: symmetry.orbitSum(states.words, states.count) } }),
    ...(deadEnd && { deadEnd }),
    ...(bound && { bound }),
    ...(options.keepExplored && {
      explored: { graph, layout, states, expanded, transitions, ...(symmetry && { canonical: symmetry.canonical }) },
    }),
  };
};

/** Visits every state that can be reached, or as many as the bounds allow. */
const visitAll = async (search: SearchState, traces: Traces): Promise<void> => {
  const { task, layout, states, findings, stateJudgements } = search;
  const initial = layout.encode(task.system.initial);
  states.add(initial, 0, states.hash(initial, 0), 0);
  if (stateJudgements.settles(states.words, 0)) findings.ofState(task.system.initial, () => []);
  try {
    await new LevelLoop(search, new Arrivals(search, traces)).run();
    search.checkSymmetry();
  } catch (error) {
    // Representatives that are not like the states they stand for may be what went wrong.
    if (!(error instanceof LeftDomain)) search.checkSymmetry();
    throw error;
  } finally {
    await search.workers?.close();
  }
  if (!search.bound) search.expanded = states.count;
};

const tallyOf = ({ task, learner }: SearchState): Tally => {
  const tally = new Tally(task.commands);
  for (const { command, outcome, times } of learner.taken()) tally.add(command, outcome, times);
  return tally;
};

/** `searching` and `judgingPaths`: milliseconds. */
const costsOf = (search: SearchState, searching: number, judgingPaths: number): EngineCosts => ({
  rows: search.transitions.size,
  runs: search.runs,
  bytes: search.states.bytes,
  bytesPerState: search.states.bytes / search.states.count,
  seconds: {
    search: searching / 1000,
    functions: search.millisecondsInFunctions / 1000,
    paths: judgingPaths / 1000,
  },
  workers: search.workers ? (search.options.workers ?? 1) : 1,
});
