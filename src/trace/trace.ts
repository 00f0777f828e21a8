import type { Errno } from '../spec/errno.ts';
import type { Command, Config, Settings } from '../spec/model.ts';
import type { Returned } from '../spec/outcome.ts';

/**
 * Calls of a model, in order, with what is expected of them. A script, a saved counterexample and an ITF file are three ways to write
 * a trace down; each is read into this type and written from it.
 */
export interface Trace {
  readonly origin: Origin;
  readonly statements: readonly Statement[];
  /** The property that the calls break; undefined where nobody says that they break one. */
  readonly claim?: Claim;
}

/** A trace that breaks a property. */
export type Counterexample = Trace & { readonly claim: Claim };

/** The transition system that the calls are made on. */
export interface Origin {
  readonly model: string;
  readonly variant: string;
  /** Every parameter. */
  readonly config: Config;
  /** Every switch, so that the trace means the same if the variant is defined otherwise one day. */
  readonly switches: Settings;
  /** The file that exports the model, relative to the working directory; undefined for a model that pagelaw brings. */
  readonly module?: string;
}

/** That the calls break a property, and how they were found. */
export interface Claim {
  readonly property: string;
  /** A random search finds them again from its seed and path. `config` is that of the search, if the trace was found to need less. */
  readonly search:
    | { readonly kind: 'exhaustive' }
    | {
        readonly kind: 'random';
        readonly seed: number;
        readonly path: string;
        readonly runs: number;
        readonly length: number;
        readonly config?: Config | undefined;
      };
}

/**
 * One line of a trace. `line` says where it stands: the line of a script; in another file the number of the call, from 1 on, and 0
 * before the first.
 */
export type Statement =
  | { readonly kind: 'heading'; readonly line: number; readonly text: string }
  /** The model of a script, as written: `pkvm-mmio@v4`, and `name=value` for its configuration and switches. */
  | { readonly kind: 'model'; readonly line: number; readonly name: string; readonly settings: readonly string[] }
  /** Before the first call: sets fields of the start state. `state` is what the model has then. */
  | { readonly kind: 'init'; readonly line: number; readonly fields: readonly Field[]; readonly state: unknown }
  | Call
  /** An observation: fields that the state has here. */
  | { readonly kind: 'expect'; readonly line: number; readonly fields: readonly Field[] }
  /** Asks for places of the state to be printed; without paths, for the whole state. */
  | { readonly kind: 'show'; readonly line: number; readonly paths: readonly Path[] };

export interface Call {
  readonly kind: 'call';
  readonly line: number;
  readonly command: Command;
  /** Without it, any result is right but a panic, a WARN and a call that cannot be made. */
  readonly expected?: Expected;
}

/**
 * What a call is expected to do. A success without a `value` may return any value, and `value: 0` is also what a function returns that
 * returns nothing. A failure without a `reason` may have any reason.
 */
export type Expected = (
  | { readonly result: 'ok'; readonly value?: Returned }
  | { readonly result: 'refused'; readonly errno: Errno; readonly reason?: string }
  | { readonly result: 'panic' | 'disabled'; readonly reason?: string }
) & {
  /** A text for each WARN that fires on the way; undefined for a WARN of any text. */
  readonly warnings: readonly (string | undefined)[];
};

/** Elements of an array, both ends included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A place in the state, or with a span several places. The empty path is the whole state. */
export type Path = readonly (string | number | Span)[];

/**
 * A value of the state, as far as it is told: a variant by its kind alone, or by its kind and some of its fields; a record by some of
 * its fields.
 */
export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };

/** A place in the state and the value that it has, or is to have. */
export interface Field {
  readonly path: Path;
  readonly value: Value;
}

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

/** The calls that the trace makes. One that is expected to be `disabled` is not made, and so not among them. */
export const callsOf = ({ statements }: Pick<Trace, 'statements'>): Call[] =>
  statements.filter(
    (statement): statement is Call => statement.kind === 'call' && statement.expected?.result !== 'disabled',
  );

/** The state before the first call, where the trace gives another than the model's initial state; undefined where it does not. */
export const startOf = ({ statements }: Pick<Trace, 'statements'>): unknown => {
  const last = statements.findLast(({ kind }) => kind === 'init');
  return last?.kind === 'init' ? last.state : undefined;
};
