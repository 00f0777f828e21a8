import type { Bound } from '../engine/result.ts';
import type { Errno } from '../spec/errno.ts';
import type { Command } from '../spec/model.ts';
import type { Returned } from '../spec/outcome.ts';
import type { Scope } from '../system/scope.ts';

export type Value = boolean | number | string;

/** What depends on an argument of the call: `pfn`, `pfn+1`, `pfn/2` rounded down, `pfn%2`, `1-pfn%2`, `thread`. */
export interface Term {
  readonly term: string;
}

/**
 * The field at `path` has one of the values, or with `not` any other one. A path may have terms for indices, `host[pfn]`, and for
 * fields that are called as an argument says: `at[thread]` is `at.vm1` for vm1.
 */
export interface Condition {
  readonly path: string;
  readonly not: boolean;
  readonly values: readonly Value[] | Term;
}

/**
 * The field at `path` is set `to` a value, or changes `by` a number, or gets the value that the field at `copyOf` had before. `from` is
 * what it was, where the conditions say so.
 */
export type Change = { readonly path: string } & (
  | { readonly from?: Value | Term; readonly to: Value | Term }
  | { readonly by: number }
  | { readonly copyOf: string }
);

/**
 * What a call does, without its state. `impossible`: the function throws, or leaves the domain, in a state that is not reachable.
 * `untried`: such states are too many to be tried. `several`: cases that are not reachable and that are not told apart.
 */
export type RuleResult =
  | { readonly kind: 'ok'; readonly value?: Returned; readonly warnings: readonly string[] }
  | {
      readonly kind: 'refused';
      readonly errno: Errno;
      readonly reason: string;
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'panic' | 'disabled'; readonly reason: string; readonly warnings: readonly string[] }
  | { readonly kind: 'impossible' | 'untried' }
  | { readonly kind: 'several'; readonly results: readonly RuleResult[] };

/** What a rule leaves out that stands for several cases, all that are reachable having one result. */
export interface LikeCases {
  /** Reachable cases: the fewest and the most of any call that the table speaks for. */
  readonly live: readonly [number, number];
  /** Cases that are not reachable, of those that were tried. */
  readonly dead: readonly [number, number];
  readonly untried: boolean;
  /** The fields that tell the cases apart; indices are left out: `host[].pte`. */
  readonly reads: readonly string[];
  /** The fields that some of them change, beside the changes that all of them make. */
  readonly writes: readonly string[];
}

/** One case of a command. */
export interface Rule {
  /** In the order in which the function reads the fields. */
  readonly conditions: readonly Condition[];
  readonly result: RuleResult;
  readonly changes: readonly Change[];
  /** Calls in the shortest trace that shows the case, this one included if it is one; undefined if no explored state takes it. */
  readonly witness: number | undefined;
  readonly family?: LikeCases;
  /** The conditions are what all the cases have in common, and do not tell them from others. */
  readonly onlyIf?: true;
}

/** The reduced decision table of calls that differ in nothing but the names of what they are about. Exactly one rule applies. */
export interface RuleTable {
  readonly command: string;
  /** The calls that it speaks for. */
  readonly calls: readonly Command[];
  /** The names of arguments that differ between these calls. */
  readonly parameters: readonly string[];
  readonly rules: readonly Rule[];
}

/** What calls do to pages of one class. */
export interface Movement {
  readonly from: string;
  /** The call's name; of a thread's step, the step's. */
  readonly command: string;
  /** Whether the call names the page; if not, it changes its class on the way. */
  readonly named: boolean;
  readonly result: RuleResult;
  /** The class afterwards; undefined if no state follows, or the page is gone. */
  readonly to: string | undefined;
  readonly witness: number;
}

/** The classes that pages go through, or what else the model classifies. */
export interface LifeCycle {
  /** What it is that is classified, with its article: `a page`. */
  readonly subject: string;
  /** Whether there are several, so that a call names some and not others. */
  readonly several: boolean;
  /** Whether commands are told apart as calls or, in a model with threads, as the steps that these take. */
  readonly of: 'calls' | 'steps';
  /** Those of the initial state first, then in the order in which they are met. */
  readonly classes: readonly string[];
  readonly initial: readonly string[];
  /** Every command, in order; of threads, the steps that are taken, in the order in which they are met. */
  readonly commands: readonly string[];
  readonly movements: readonly Movement[];
}

export interface AuditResult {
  readonly scope: Scope;
  readonly title: string;
  readonly legend: string | undefined;
  /** The switches that say in what world the code runs. */
  readonly environment: readonly string[];
  readonly states: number;
  readonly depth: number;
  readonly bound: Bound | undefined;
  readonly tables: readonly RuleTable[];
  /** Undefined for a model that does not classify its pages. */
  readonly life: LifeCycle | undefined;
}
