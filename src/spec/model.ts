import type { Domain } from './domain.ts';
import type { Drawing } from './drawing.ts';
import type { Outcome } from './outcome.ts';
import type { Interchangeable } from './symmetry.ts';

/** A call of a function: `kind` is the function's name, the other fields are its arguments, in order. */
export interface Command {
  readonly kind: string;
}

/** The column and the text under which a trace shows a command of a model with threads: `vm1`, `clear tags`. */
export interface Lane {
  readonly thread: string;
  readonly step: string;
}

/**
 * A number that sizes the model, such as how many pages there are. All its numbers are safe integers, with
 * `min <= default <= max <= scriptMax` and `min <= large <= max`.
 */
export interface Parameter {
  /** What the number counts: `pages of MMIO`. */
  readonly doc: string;
  readonly default: number;
  readonly min: number;
  /** The largest number that a search takes. */
  readonly max: number;
  /** The number for the random search in a larger configuration; `default` if not given. */
  readonly large?: number;
  /** The largest number that `run` takes, which makes single calls: the functions must be right up to there. `max` if not given. */
  readonly scriptMax?: number;
}

/**
 * One decision that a patch makes. A text describes a switch that is true or false, and false unless a variant or the command line sets
 * it. An object describes a switch that has one of its `values`; the first of them is the default.
 */
export type Switch = string | { readonly doc: string; readonly values: readonly [string, string, ...string[]] };

type Parameters = Readonly<Record<string, Parameter>>;
type Switches = Readonly<Record<string, Switch>>;

/** A number for each parameter: what the functions of a model are given as `config`. Frozen. */
export type Config<P extends Parameters = Parameters> = { readonly [K in keyof P]: number };

/** A value for each switch: what the functions of a model are given as `switches`. Frozen. */
export type Settings<W extends Switches = Switches> = {
  readonly [K in keyof W]: W[K] extends { readonly values: readonly (infer V)[] }
    ? V
    : W[K] extends string
      ? boolean
      : boolean | string;
};

/** A version of the code, as the switches that it sets. The other switches have their defaults. */
export interface Variant<W extends Switches = Switches> {
  /** What the version is, in a line: `as posted in January 2020`. */
  readonly doc: string;
  readonly switches: Partial<Settings<W>>;
}

/** The transition system that a model is in one configuration and with one setting of its switches. */
export interface System<S = unknown, C extends Command = Command> {
  /** The domain of the states. */
  readonly state: Domain<S>;
  /** The domain of the commands, made by `variant()`: its cases are the functions that may be called. At most 100,000 commands. */
  readonly command: Domain<C>;
  readonly initial: S;
  /** Runs a command. It must be pure: the same state and command give the same outcome, and nothing else changes. */
  step(state: S, command: C): Outcome<S>;
  /**
   * Commands from which the random search draws three of four calls, such as ranges that straddle a border. A command that is listed
   * twice is drawn twice as often.
   */
  readonly likely?: readonly C[];
  /** Parts of the state that can be exchanged without a difference. The exhaustive search visits one of the states that are then alike. */
  readonly symmetry?: readonly Interchangeable[];
}

/** What a model describes, and where its author has it from. */
export interface Identity {
  /** Lower-case letters, digits and hyphens: `pkvm-mmio`. */
  readonly id: string;
  /** What stands above a report: `MMIO donated to the pKVM hypervisor`. */
  readonly title: string;
  /** Where the semantics comes from: kernel file and version, patch, mail. */
  readonly sources: readonly string[];
}

/** The sizes and the versions of the code in which a model can be checked. */
interface Versions<P extends Parameters = Parameters, W extends Switches = Switches, V extends string = string> {
  readonly config: P;
  readonly switches: W;
  readonly variants: Readonly<Record<V, Variant<W>>>;
  /** The variant that is meant where none is named. */
  readonly defaultVariant: NoInfer<V>;
  /**
   * Switches that describe the world in which the code runs, such as an assumption about the host or a kernel's config, and not what the
   * code does: `review` does not ask whether they are needed.
   */
  readonly environment?: readonly (keyof W & string)[];
}

/** What a model does. */
interface Behaviour<
  S = unknown,
  C extends Command = Command,
  P extends Parameters = Parameters,
  W extends Switches = Switches,
> {
  /** The transition system. It is called once for each check; what it throws ends the check with one line. */
  system(config: Config<P>, switches: Settings<W>): System<S, C>;
  /**
   * The transition system on which `run` makes its calls: the same functions and states, with commands that a search leaves out because
   * they are too many. `system` if not given.
   */
  scripted?(config: Config<P>, switches: Settings<W>): System<S, C>;
  /**
   * Whether the model may end in a state. A state in which every command is disabled and the model is not done is a deadlock, which
   * breaks the property `no-deadlock`. Instead of false it may return a text that says what is waited for.
   */
  done?(state: S, config: Config<P>): boolean | string;
}

/** How reports show states and calls. */
export interface Presentation<
  S = unknown,
  C extends Command = Command,
  P extends Parameters = Parameters,
  W extends Switches = Switches,
> {
  /** A line, printed above traces, that says how to read the arguments of commands, such as which page frames are RAM. */
  legend?(config: Config<P>): string;
  /** Where each command is found in the kernel, by its `kind`: `__pkvm_host_donate_hyp()`. */
  readonly kernel?: Readonly<Partial<Record<C['kind'], string>>>;
  /** How a state is drawn. */
  draw?(state: S, config: Config<P>, switches: Settings<W>): readonly Drawing[];
  /** The thread that a command is a step of, and the name of the step: traces then have a column for each thread. */
  lane?(state: S, command: C): Lane | undefined;
}

/** Into which classes `audit` sorts the pages of a state. */
interface Classification<
  S = unknown,
  C extends Command = Command,
  P extends Parameters = Parameters,
  W extends Switches = Switches,
> {
  /**
   * The class of a page, in at most some 30 characters: `host memory, shared with guest`. Undefined if there is no such page in the state.
   * A model without `pages` has one class for the whole state.
   */
  classify?(state: S, page: number, config: Config<P>, switches: Settings<W>): string | undefined;
  /** What a page is called, with its article: `a gfn`, `an MMU`. `a page` if not given. */
  readonly subject?: string;
  /** The pages that `classify` is asked for, such as every PFN; [0] if not given. */
  pages?(config: Config<P>): readonly number[];
  /**
   * Whether a command names a page, by its PFN or by a guest address that is mapped to it. If
   * not given, every command is about every page.
   */
  names?(state: S, command: C, page: number, config: Config<P>): boolean;
}

/** A model, complete. Authors write a `ModelSpec`, of which `defineModel()` makes one. */
export interface Model<
  S = unknown,
  C extends Command = Command,
  P extends Parameters = Parameters,
  W extends Switches = Switches,
  V extends string = string,
> extends Identity,
    Versions<P, W, V>,
    Behaviour<S, C, P, W>,
    Presentation<S, C, P, W>,
    Classification<S, C, P, W> {}

/** What an author writes: a model, of which all but `id` and `system` may be left out. */
export type ModelSpec<S, C extends Command, P extends Parameters, W extends Switches, V extends string> = Pick<
  Identity,
  'id'
> &
  Partial<Identity> &
  Partial<Versions<P, W, V>> &
  Behaviour<S, C, P, W> &
  Presentation<S, C, P, W> &
  Classification<S, C, P, W>;

/** The values that a switch may have, its default first. */
export const switchValues = (spec: Switch): readonly (boolean | string)[] =>
  typeof spec === 'string' ? [false, true] : spec.values;

export const switchDoc = (spec: Switch): string => (typeof spec === 'string' ? spec : spec.doc);

/** A command as a call: `host_donate_hyp(pfn=0, nr=1)`. */
export const describeCommand = ({ kind, ...args }: Command): string => `${kind}(${describeFields(args)})`;

/** Fields as named arguments: `pfn=0, nr=1`. */
export const describeFields = (fields: object): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ');
