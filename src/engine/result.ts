import type { Command } from '../spec/model.ts';
import type { Property } from '../spec/property.ts';
import type { Exploration } from './exploration.ts';

/** Commands from the initial state whose last state or call decides a property: it breaks the property, or is what a witness asks for. */
export interface Evidence {
  readonly commands: readonly Command[];
  /** The instance of the property's `forEach` that was decided; undefined without `forEach`. */
  readonly instance: unknown;
  /** The property's own words about what it saw; '' if it has none. */
  readonly detail: string;
  /** Of an infinite path: the index of the command from which on the commands lead back to where they began. */
  readonly loop?: number;
}

/**
 * Why a search ended before it had seen everything.
 *
 * - `memory`: the state table came to `limit` bytes; with `of`, the process came to the limit for that.
 * - `failure`: the program that makes the calls failed, or does not do the same twice.
 * - `domain`: a call made a state that is outside the state's domain, behind a violation, which may be the reason; without one the
 *   model is broken, and that is an error.
 */
export type Bound =
  | { readonly kind: 'states'; readonly limit: number }
  | { readonly kind: 'memory'; readonly limit: number; readonly of?: 'resident set' | 'heap' | 'address space' }
  | { readonly kind: 'domain'; readonly command: Command; readonly misfit: string }
  | { readonly kind: 'failure' }
  | { readonly kind: 'interrupted' };

/** How an engine knows that a property holds, and of what it holds. */
export interface Proof {
  /**
   * - `exhaustion`: every reachable state was visited, and none breaks the property.
   * - `example`: only of a reachability witness. For each of its instances a state or call was found that shows it.
   */
  readonly by: 'exhaustion' | 'example';
  /** `configuration`: the proof is for the task's configuration, and says nothing of another one. */
  readonly holdsFor: 'configuration';
}

export const provedByExhaustion: Proof = { by: 'exhaustion', holdsFor: 'configuration' };
export const reachedByExample: Proof = { by: 'example', holdsFor: 'configuration' };

/**
 * What an engine says of one property. No verdict says more than was seen.
 *
 * - `proved`: the property holds, as `proof` says. A reachability witness was reached for every instance; `trace`, where the engine
 *   has it, is the longest of the shortest ways to its instances.
 * - `violated`: `trace` breaks the property. A witness has no trace: every reachable state was visited, and `instance` was never
 *   reached. `path` is fast-check's number of the random run that broke it.
 * - `not found`: random runs saw no violation, or did not reach the witness.
 * - `incomplete`: the engine came to `bound` before it knew.
 */
export type Verdict =
  | { readonly kind: 'proved'; readonly proof: Proof; readonly trace?: Evidence }
  | { readonly kind: 'violated'; readonly trace: Evidence; readonly path?: string }
  | { readonly kind: 'violated'; readonly trace?: undefined; readonly instance: unknown }
  | { readonly kind: 'not found' }
  | { readonly kind: 'incomplete'; readonly bound: Bound };

export interface Judged {
  readonly property: Property;
  readonly verdict: Verdict;
}

/** How often each command had each result. `results` is keyed as `ok`, `EPERM reason`, `panic reason`, `disabled reason`. */
export type Coverage = ReadonlyMap<
  string,
  { readonly attempts: number; readonly results: ReadonlyMap<string, number> }
>;

/** A result that calls of a command have in some states of the domain, and in no reachable one. */
export interface DeadResult {
  /** The command's kind. */
  readonly command: string;
  /** As the coverage has it. */
  readonly result: string;
  /**
   * A call that has the result in every state with these values, none of which is reachable. Missing where no call was found to
   * have the result at all: only `ok` is listed then, of a command that never succeeds.
   */
  readonly example?: {
    readonly command: Command;
    readonly where: readonly { readonly path: string; readonly value: boolean | number | string }[];
  };
}

/** What a complete search says of results that do not occur. */
export interface Dead {
  readonly results: readonly DeadResult[];
  /** Whether every path through the transitions was tried, so that no other result of the domain's states is dead. */
  readonly complete: boolean;
  /** How often a transition was run on a state that is not reachable. */
  readonly runs: number;
  readonly seconds: number;
}

/** How much an engine went through. A count that an engine does not have is absent. */
export interface Covered {
  /** Distinct states. With symmetry, all states that are alike count as one. */
  readonly states?: number;
  /** Calls made: a command tried in a state where it was not disabled. */
  readonly transitions?: number;
  /** Exhaustive: calls from the initial state to the farthest visited state. Random: calls in the longest run. */
  readonly depth?: number;
  /** Runs of random search that were finished. */
  readonly runs?: number;
  /** Of random search: calls that did what no other of its calls did. */
  readonly singleCalls?: number;
}

/** How much a search went through that visits states. */
export interface CoveredStates extends Covered {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
}

/** What the explicit engine needed for an exhaustive search. */
export interface EngineCosts {
  /** Rows of the transitions' decision tables. */
  readonly rows: number;
  /** How often a function of the model or of a property was run; all other calls were looked up. */
  readonly runs: number;
  /** Of the state table. */
  readonly bytes: number;
  readonly bytesPerState: number;
  readonly seconds: {
    /** Visiting every state. */
    readonly search: number;
    /** Of that, running functions of the model and of properties, to learn and check rows. */
    readonly functions: number;
    /** Judging ends and infinite paths, afterwards. */
    readonly paths: number;
  };
  /** Threads that expanded states. */
  readonly workers: number;
}

/** What became of the symmetry that a model declares. */
export interface SymmetryUse {
  /** What is interchangeable, e.g. `page`. */
  readonly of: readonly string[];
  /** How many states there are for which the visited ones stand. */
  readonly states: bigint;
  /** The search was run without it as well: verdicts, depth and states were the same or, where a bound came first, cannot be compared. */
  readonly compared?: 'same' | 'bound';
}

/** How what an exhaustive search proved was checked again by the plain functions. */
export type CrossCheck =
  /** The reference search as a whole: states, depth, verdicts and lengths of traces are the same. */
  | { readonly by: 'reference' }
  /** In so many random states every call was made, so many judgements of what was proved were made again; nothing differed. */
  | {
      readonly by: 'sample';
      readonly seed: number;
      readonly states: number;
      readonly calls: number;
      readonly judgements: number;
    };

/** What an engine says of a task: plain data, but for `explored`. */
export interface Result {
  /** A verdict for each obligation of the task, in that order. */
  readonly judged: readonly Judged[];
  readonly covered: Covered;
  readonly coverage: Coverage;
  /** Why the engine ended before it had seen everything; absent if it had. */
  readonly bound?: Bound;
  /** How what was proved was checked by another engine; absent if it was not. */
  readonly crossCheck?: CrossCheck;
  /** What the search took; absent if the engine does not measure it. */
  readonly engine?: EngineCosts;
  /** Results that no reachable state gives; only of a complete search that was asked for them. */
  readonly dead?: Dead;
  /** Only of a search that visits one state for all that are alike. */
  readonly symmetry?: SymmetryUse;
  /** The commands to the first state, if there is one, in which no command can be given. */
  readonly deadEnd?: readonly Command[];
  /** The explored graph with its tables; only of an engine that has one and was asked to keep it. */
  readonly explored?: Exploration;
}
