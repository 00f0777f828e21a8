import { type Domain, show } from './domain.ts';
import { SpecError } from './errors.ts';
import type { Command, Config, Model, Settings } from './model.ts';
import type { Outcome } from './outcome.ts';

/** What a property says of a state or a call: true if it holds; if not, a text that names what is wrong, or false. */
export type Judgement = boolean | string;

/** One call as a property sees it. A command with a `disabled` outcome is no call, so no property sees one. */
export interface Step<S = unknown, C extends Command = Command> {
  /** The state in which the call was made. */
  readonly before: S;
  readonly command: C;
  /** What the call did. `outcome.state === before` if and only if it changed nothing. */
  readonly outcome: Outcome<S>;
}

/** What every property says of itself. */
interface Claim {
  /** Lower-case letters, digits and hyphens: `donated-mmio-never-host-mapped`. */
  readonly id: string;
  /** A sentence that a reviewer can agree or disagree with. */
  readonly statement: string;
  /** Where the obligation comes from: a comment in the kernel, a mail, 'S1' of a list. May be ''. */
  readonly source: string;
  /** It takes the reason '' of a refusal for any reason: code that is no model gives an errno and says no more. */
  readonly byErrno?: boolean;
  /** The one call that it is about: where code does not have that call, there is nothing to judge. */
  readonly call?: string;
}

interface Quantified<P, I> {
  /**
   * The values, at most 100,000, for which the property is judged one by one: `({ pages }) => record({ pfn: range(0, pages - 1) })`. The
   * property's functions are given the value as `instance`.
   */
  readonly forEach?: (config: Config & P) => Domain<I>;
  /** Whether the property has a meaning in a version of the code; without it, it has one in all. */
  readonly applies?: (switches: Settings, config: Config & P) => boolean;
}

/**
 * A property, ready for the checker. Authors make one with `invariant()`, `stepProperty()`, `reachable()`, `reachableStep()` or
 * `progress()`. For every instance it judges what `on` says:
 *
 * - `state`: every reachable state.
 * - `call`: every call in a reachable state.
 * - `end`: every reachable state in which no command can be given.
 * - `path`: every infinite path whose states all wait and whose calls are all the system's own. None may exist.
 */
export type Property = Claim & {
  /** The id of the model that the property speaks of. */
  readonly model: string;
  /** false: no state or call may break the property. true: some state or call must fulfil it, which shows that the model is not vacuous. */
  readonly witness: boolean;
  applies(switches: Settings, config: Config): boolean;
  /** The values of `forEach`; [undefined] for a property without it. */
  instances(config: Config): readonly unknown[];
} & (
    | {
        readonly on: 'state' | 'end';
        judge(state: unknown, instance: unknown, config: Config, switches: Settings): Judgement;
      }
    | { readonly on: 'call'; judge(step: Step, instance: unknown, config: Config, switches: Settings): Judgement }
    | {
        readonly on: 'path';
        waits(state: unknown, instance: unknown, config: Config, switches: Settings): boolean;
        own(command: Command, instance: unknown, config: Config, switches: Settings): boolean;
      }
  );

/**
 * The fields that every property has. `functions`: what the author must give beside them. Throws
 * a SpecError for what is missing or is no text.
 */
const claimed = <P, I>(
  model: { readonly id: string },
  spec: Claim & Quantified<P, I>,
  functions: readonly string[] = [],
) => {
  const misfit = misfitOfClaim(spec) ?? misfitOfFunctions(spec, functions, ['forEach', 'applies']);
  if (misfit !== undefined) throw new SpecError(misfit);
  const { id, statement, source, byErrno, call, forEach, applies } = spec;
  if (typeof model?.id !== 'string')
    throw new SpecError(`property ${id}: it is made for ${show(model)}; the first argument must be a model`);
  return {
    model: model.id,
    id,
    statement,
    source,
    ...(byErrno && { byErrno }),
    ...(call !== undefined && { call }),
    // The model's own parameter names were checked against `Config` when the property was written.
    applies: (switches: Settings, config: Config) => {
      const answer: unknown = applies?.(switches, config as Config & P) ?? true;
      if (typeof answer === 'boolean') return answer;
      throw new SpecError(`property ${id}: applies() returned ${show(answer)}; it must say true or false`);
    },
    instances: (config: Config): readonly unknown[] =>
      forEach ? instancesOf(id, forEach(config as Config & P)) : [undefined],
  };
};

/** What is wrong with the texts of a property; undefined if nothing is. */
export const misfitOfClaim = (claim: unknown): string | undefined => {
  if (typeof claim !== 'object' || claim === null) return `a property is ${show(claim)}; it must be an object`;
  const id: unknown = Reflect.get(claim, 'id');
  if (typeof id !== 'string') return `a property needs an id, such as 'single-owner'; this one has ${show(id)}`;
  for (const name of ['statement', 'source']) {
    const text: unknown = Reflect.get(claim, name);
    if (typeof text !== 'string') return `property ${id}: ${name} is ${show(text)}; it must be a text`;
  }
  return undefined;
};

const misfitOfFunctions = (
  spec: Claim,
  required: readonly string[],
  optional: readonly string[],
): string | undefined => {
  for (const name of [...required, ...optional]) {
    const value: unknown = Reflect.get(spec, name);
    if (typeof value === 'function' || (value === undefined && optional.includes(name))) continue;
    return `property ${spec.id}: ${name} is ${show(value)}; it must be a function`;
  }
  return undefined;
};

/** A property is judged for each of its instances at every state or call. */
const mostInstances = 100_000n;

const instancesOf = (id: string, domain: Domain): readonly unknown[] => {
  if (typeof domain?.canonical !== 'function')
    throw new SpecError(
      `property ${id}: forEach() returned ${show(domain)}; it must return a domain, such as range(0, 3)`,
    );
  if (domain.size > mostInstances)
    throw new SpecError(
      `property ${id}: forEach() has ${domain.size} instances, more than ${mostInstances}; give it a smaller domain`,
    );
  return [...domain.values()].map((instance) => domain.canonical(instance));
};

/** A property that holds in every reachable state. */
export const invariant = <S, C extends Command, P extends Model['config'], I = undefined>(
  model: Model<S, C, P, Model['switches']>,
  spec: Claim &
    Quantified<Config<P>, I> & { holds(state: S, instance: I, config: Config<P>, switches: Settings): Judgement },
): Property => ({
  ...claimed(model, spec, ['holds']),
  on: 'state',
  witness: false,
  judge: (state, instance, config, switches) => spec.holds(state as S, instance as I, config as Config<P>, switches),
});

/** A property that holds for every call that can be made in a reachable state: "a failed call changes nothing". */
export const stepProperty = <S, C extends Command, P extends Model['config'], I = undefined>(
  model: Model<S, C, P, Model['switches']>,
  spec: Claim &
    Quantified<Config<P>, I> & {
      holds(step: Step<S, C>, instance: I, config: Config<P>, switches: Settings): Judgement;
    },
): Property => ({
  ...claimed(model, spec, ['holds']),
  on: 'call',
  witness: false,
  judge: (step, instance, config, switches) =>
    spec.holds(step as Step<S, C>, instance as I, config as Config<P>, switches),
});

/** A witness: some reachable state is like this. */
export const reachable = <S, C extends Command, P extends Model['config'], I = undefined>(
  model: Model<S, C, P, Model['switches']>,
  spec: Claim &
    Quantified<Config<P>, I> & { when(state: S, instance: I, config: Config<P>, switches: Settings): boolean },
): Property => ({
  ...claimed(model, spec, ['when']),
  on: 'state',
  witness: true,
  judge: (state, instance, config, switches) => spec.when(state as S, instance as I, config as Config<P>, switches),
});

/** A witness: some call in a reachable state is like this. */
export const reachableStep = <S, C extends Command, P extends Model['config'], I = undefined>(
  model: Model<S, C, P, Model['switches']>,
  spec: Claim &
    Quantified<Config<P>, I> & { when(step: Step<S, C>, instance: I, config: Config<P>, switches: Settings): boolean },
): Property => ({
  ...claimed(model, spec, ['when']),
  on: 'call',
  witness: true,
  judge: (step, instance, config, switches) =>
    spec.when(step as Step<S, C>, instance as I, config as Config<P>, switches),
});

/**
 * Waiting ends: there is no infinite path on which every state satisfies `waiting` and every call is the system's `own`. A call that
 * is refused and changes nothing is a call like any other, so an endless retry is a loop of one; calls that are disabled or panic are
 * not on a path. Nothing is assumed of the scheduler: what must not be postponed for ever should be `disabled` until it can go on.
 */
export const progress = <S, C extends Command, P extends Model['config'], I = undefined>(
  model: Model<S, C, P, Model['switches']>,
  spec: Claim &
    Quantified<Config<P>, I> & {
      waiting(state: S, instance: I, config: Config<P>, switches: Settings): boolean;
      own(command: C, instance: I, config: Config<P>, switches: Settings): boolean;
    },
): Property => ({
  ...claimed(model, spec, ['waiting', 'own']),
  on: 'path',
  witness: false,
  waits: (state, instance, config, switches) => spec.waiting(state as S, instance as I, config as Config<P>, switches),
  own: (command, instance, config, switches) => spec.own(command as C, instance as I, config as Config<P>, switches),
});

/** The property `no-deadlock` of a model with `done`: where no command can be given, the model is done. `suite()` adds it. */
export const noDeadlock = (model: string, done: (state: unknown, config: Config) => Judgement): Property => ({
  ...claimed(
    { id: model },
    { id: 'no-deadlock', statement: 'Where no command can be given, the model is done.', source: '' },
  ),
  on: 'end',
  witness: false,
  judge: (state, _, config) => {
    const judgement = done(state, config);
    return judgement === false ? 'no command can be given, and the model is not done' : judgement;
  },
});
