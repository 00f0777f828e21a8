import type { Command } from '../spec/model.ts';
import type { Outcome } from '../spec/outcome.ts';
import type { Property } from '../spec/property.ts';

/** Commands from the initial state whose last state or call decides a property. */
export interface Trace {
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
 * - `domain`: a call made a state that is outside the state's domain, behind a violation, which may be the reason; without one the
 *   model is broken, and that is an error.
 */
export type Bound =
  | { readonly kind: 'states'; readonly limit: number }
  | { readonly kind: 'memory'; readonly limit: number; readonly of?: 'resident set' | 'heap' | 'address space' }
  | { readonly kind: 'domain'; readonly command: Command; readonly misfit: string }
  | { readonly kind: 'interrupted' };

/**
 * What a search says of one property. None says more than was seen.
 *
 * - `proved`: every reachable state of the configuration was visited and none breaks it. Of a reachability witness: it was
 *   reached for every instance, and `trace` is the longest of the shortest ways there.
 * - `violated`: `trace` breaks it. Of a witness: everything was visited and `instance` was never reached; there is no trace.
 * - `not found`: random search saw no violation (or did not reach the witness).
 * - `incomplete`: a bound was hit first.
 */
export type Verdict =
  | { readonly kind: 'proved'; readonly trace?: Trace }
  | { readonly kind: 'violated'; readonly trace: Trace; readonly path?: string }
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

export interface Covered {
  /** Distinct states; with symmetry, of those that are alike one. */
  readonly states: number;
  /** Calls made: a command tried in a state where it was not disabled. */
  readonly transitions: number;
  /** Exhaustive: how many commands away the farthest visited state is (the diameter, seen from the initial state). Random: the longest run. */
  readonly depth: number;
  /** Runs of random search that were finished. */
  readonly runs?: number;
}

/** What the exhaustive search needed. */
export interface Engine {
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

export interface SearchResult {
  readonly judged: readonly Judged[];
  readonly covered: Covered;
  readonly coverage: Coverage;
  readonly bound?: Bound;
  readonly engine?: Engine;
  readonly dead?: Dead;
  /** Of a search that visits one state for all that are alike. */
  readonly symmetry?: SymmetryUse;
  /** The commands to the first state, if there is one, in which no command can be given. */
  readonly deadEnd?: readonly Command[];
}

/** What a search has done so far. The exhaustive one also knows how much is waiting, and what it takes. */
export type Progress = Covered & {
  readonly frontier?: number;
  readonly bytes?: number;
  readonly rows?: number;
  /** What is made of what was found, once the search has ended. */
  readonly doing?: string;
};

/** Called now and then while a search runs; resolving to false stops it, and it reports what it has. */
export type Pulse = (progress: Progress) => Promise<boolean>;

/** Counts calls and their results, command by command. */
export class Tally {
  readonly #commands = new Map<string, { attempts: number; results: Map<string, number> }>();
  transitions = 0;

  constructor(commands: readonly Command[]) {
    for (const { kind } of commands) this.#commands.set(kind, { attempts: 0, results: new Map() });
  }

  add({ kind }: Command, outcome: Outcome<unknown>, times = 1) {
    const { results } = this.#commands.get(kind)!;
    this.#commands.get(kind)!.attempts += times;
    for (const result of resultsOf(outcome)) results.set(result, (results.get(result) ?? 0) + times);
    if (outcome.result !== 'disabled') this.transitions += times;
  }

  /** Whether the call was the first of its command to have its result. */
  isFirst({ kind }: Command, outcome: Outcome<unknown>): boolean {
    return this.#commands.get(kind)!.results.get(resultOf(outcome)) === 1;
  }

  get coverage(): Coverage {
    return this.#commands;
  }
}

/** The outcome without its state, as the coverage counts it. */
export const resultOf = (outcome: Outcome<unknown>): string => {
  if (outcome.result === 'ok') return outcome.value === undefined ? 'ok' : `ok (returned ${outcome.value})`;
  return `${outcome.result === 'refused' ? outcome.errno : outcome.result} ${outcome.reason}`;
};

/** What the coverage counts of an outcome: its result and its warnings. */
export const resultsOf = (outcome: Outcome<unknown>): string[] => [
  resultOf(outcome),
  ...outcome.warnings.map((id) => `WARN ${id}`),
];
