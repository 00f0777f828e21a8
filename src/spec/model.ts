import { type Domain, isInherited } from './domain.ts';
import type { Drawing } from './drawing.ts';
import { SpecError } from './errors.ts';
import type { Outcome } from './outcome.ts';
import type { Interchangeable } from './symmetry.ts';

/** A call: `kind` is the function's name, the other fields are its arguments, in order. */
export interface Command {
  readonly kind: string;
}

/** A command as a step of one of several threads: `vm1: clear tags`. */
export interface Lane {
  readonly thread: string;
  readonly step: string;
}

/**
 * A number that sizes the model. `large` is the value for random search on a larger configuration; without it, `default`. `max` is what a
 * search takes; `scriptMax` what `run` takes, which makes single calls: any size that the functions are right at. Without it, `max`.
 */
export interface Parameter {
  readonly doc: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly large?: number;
  readonly scriptMax?: number;
}

/** One decision that a patch makes: a doc line for a boolean one, which is off unless set; else its values, the first being the default. */
export type Switch = string | { readonly doc: string; readonly values: readonly [string, string, ...string[]] };

type Parameters = Readonly<Record<string, Parameter>>;
type Switches = Readonly<Record<string, Switch>>;

export type Config<P extends Parameters = Parameters> = { readonly [K in keyof P]: number };

export type Settings<W extends Switches = Switches> = {
  readonly [K in keyof W]: W[K] extends { readonly values: readonly (infer V)[] }
    ? V
    : W[K] extends string
      ? boolean
      : boolean | string;
};

/** A named set of switches: a version of the code. Switches that it does not name have their default. */
export interface Variant<W extends Switches = Switches> {
  readonly doc: string;
  readonly switches: Partial<Settings<W>>;
}

/** The model at one configuration and one setting of its switches: a transition system. */
export interface System<S = unknown, C extends Command = Command> {
  readonly state: Domain<S>;
  /** A variant; its cases are the functions that may be called. */
  readonly command: Domain<C>;
  /**
   * Commands that matter more than others, such as ranges that straddle a border; one that is listed twice matters twice as much.
   * Random search draws three of four calls from here.
   */
  readonly likely?: readonly C[];
  readonly initial: S;
  /** Parts that may be exchanged for each other without a difference. The exhaustive search then visits one state for all that are alike. */
  readonly symmetry?: readonly Interchangeable[];
  /** Pure: the same state and command give the same outcome, and nothing else changes. */
  step(state: S, command: C): Outcome<S>;
}

export interface Model<
  S = unknown,
  C extends Command = Command,
  P extends Parameters = Parameters,
  W extends Switches = Switches,
  V extends string = string,
> {
  readonly id: string;
  readonly title: string;
  /** Where the semantics comes from: kernel file and version, patch, mail. */
  readonly sources: readonly string[];
  readonly config: P;
  readonly switches: W;
  /**
   * Switches that say in what world the code runs, such as an assumption about the host or a kernel's config, and not what the code
   * does: `review` does not ask whether they are needed.
   */
  readonly environment?: readonly (keyof W & string)[];
  readonly variants: Readonly<Record<V, Variant<W>>>;
  readonly defaultVariant: NoInfer<V>;
  /** A line that says how to read the arguments of commands, e.g. which page frames are RAM. Printed above traces. */
  legend?(config: Config<P>): string;
  /**
   * In which states the model may end: any other in which every command is disabled is a deadlock, property `no-deadlock`. Instead of
   * false it may say what is waited for.
   */
  done?(state: S, config: Config<P>): boolean | string;
  /** Whose step a command is in a state, and what the step is called: traces are then drawn with a column for each thread. */
  lane?(state: S, command: C): Lane | undefined;
  /** Where each call is found in the kernel, by the call's name: `__pkvm_host_donate_hyp_mmio()`. */
  readonly kernel?: Readonly<Partial<Record<C['kind'], string>>>;
  /** How a state is drawn. */
  draw?(state: S, config: Config<P>, switches: Settings<W>): readonly Drawing[];
  /**
   * For `audit`: the class that a page is in, e.g. 'host memory, shared with guest': its owner, with whom it is shared, who maps it. At
   * most some 30 characters, which kernel engineers know what to make of. Without `pages`, the class that the whole state is in.
   * Undefined: there is no such page in this state.
   */
  classify?(state: S, page: number, config: Config<P>, switches: Settings<W>): string | undefined;
  /** What is classified, with its article, if that is not `a page`: `a gfn`, `an MMU`. */
  readonly subject?: string;
  /** What `classify` is asked for, e.g. every PFN. */
  pages?(config: Config<P>): readonly number[];
  /**
   * Whether the call names the page in this state, by a PFN, or by a guest address that is mapped to it. Without it, every call is
   * about every page.
   */
  names?(state: S, command: C, page: number, config: Config<P>): boolean;
  system(config: Config<P>, switches: Settings<W>): System<S, C>;
  /**
   * What `run` makes its calls on, where that can be calls that a search leaves out because they are too many: the same functions on the
   * same states. Without it, `system`.
   */
  scripted?(config: Config<P>, switches: Settings<W>): System<S, C>;
}

/** Checks what the types cannot and returns the model. Throws a SpecError that names the model and the place. */
export const defineModel = <
  S,
  C extends Command,
  const P extends Parameters,
  const W extends Switches,
  const V extends string,
>(
  model: Model<S, C, P, W, V>,
): Model<S, C, P, W, V> => {
  const wrong = (what: string) => new SpecError(`model ${model.id}: ${what}`);
  if (!/^[a-z][a-z0-9-]*$/.test(model.id)) throw wrong('an id has lower-case letters, digits and hyphens');
  for (const name of [...Object.keys(model.config), ...Object.keys(model.switches)])
    if (!/^[A-Za-z_]\w*$/.test(name) || isInherited(name))
      throw wrong(`a config parameter or a switch cannot be called ${JSON.stringify(name)}`);
  for (const [name, { default: value, min, max, large = value, scriptMax = max }] of Object.entries(model.config)) {
    if (
      ![min, value, large, max].every(Number.isSafeInteger) ||
      min > value ||
      value > max ||
      large < min ||
      large > max
    )
      throw wrong(`config ${name}: default ${value} and large ${large} must be integers from min ${min} to max ${max}`);
    if (!Number.isSafeInteger(scriptMax) || scriptMax < max)
      throw wrong(`config ${name}: scriptMax ${scriptMax} must be an integer, and no less than max ${max}`);
  }
  if (!Object.hasOwn(model.variants, model.defaultVariant))
    throw wrong(`the default variant ${model.defaultVariant} is not listed`);
  for (const name of model.environment ?? [])
    if (!Object.hasOwn(model.switches, name)) throw wrong(`environment lists ${name}, which is not a switch`);
  if (!model.classify && (model.pages || model.names))
    throw wrong('pages() and names() are for classify(), which is missing');
  for (const [name, variant] of Object.entries<Variant>(model.variants)) {
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(name))
      throw wrong(`variant ${name}: a name has lower-case letters, digits, dots and hyphens`);
    for (const [key, value] of Object.entries(variant.switches)) {
      const values = Object.hasOwn(model.switches, key) ? switchValues(model.switches[key]!) : undefined;
      if (!values) throw wrong(`variant ${name} sets ${key}, which is not a switch`);
      if (!values.includes(value!))
        throw wrong(`variant ${name} sets ${key} to ${value}; it is one of ${values.join(', ')}`);
    }
  }
  return model;
};

/** What a switch may be set to, its default first. */
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
