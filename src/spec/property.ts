import { type Domain, show } from './domain.ts';
import { SpecError } from './errors.ts';
import type { Command, Config, Model, Settings } from './model.ts';
import type { Outcome } from './outcome.ts';

/** true where the property holds; a sentence that names the witness where it does not (or false, for lack of a better one). */
export type Judgement = boolean | string;

/** What is wrong with what a property's function returned, as the end of a sentence about the property; undefined if nothing is. */
export const misfitOfJudgement = (
  { on, witness }: Pick<Property, 'on' | 'witness'>,
  value: unknown,
): string | undefined => {
  if (typeof value === 'boolean') return undefined;
  if (value instanceof Promise) {
    value.catch(() => undefined);
    return 'returned a promise; it must not be async';
  }
  if (witness) return `returned ${show(value)} from when(); it must say true or false`;
  if (on === 'path') return `returned ${show(value)} from waiting(); it must say true or false`;
  if (typeof value === 'string' && value !== '') return undefined;
  return `returned ${show(value)}; it must say true, false, or in words what is wrong`;
};

/** One call: the state it was given, and what it did. A `disabled` outcome is no call, so properties never see one. */
export interface Step<S = unknown, C extends Command = Command> {
  readonly before: S;
  readonly command: C;
  readonly outcome: Outcome<S>;
}

interface Common {
  readonly id: string;
  /** A sentence that a reviewer can agree or disagree with. */
  readonly statement: string;
  /** Where the obligation comes from, e.g. 'S1' or a comment in the kernel. */
  readonly source: string;
}

/** `forEach` gives the values for which the property is judged one by one, e.g. `({ pages }) => record({ pfn: range(0, pages - 1) })`. */
interface Quantified<P, I> {
  readonly forEach?: (config: Config & P) => Domain<I>;
  /** In which versions of the code the property has a meaning; without it, in all. */
  readonly applies?: (switches: Settings, config: Config & P) => boolean;
}

/**
 * A property, ready for the checker: it is judged for every instance, by what it is `on`.
 *
 * - `state`: every reachable state.
 * - `call`: every call made in one.
 * - `end`: every reachable state in which no command can be given.
 * - `path`: every infinite path whose states all wait and whose calls are all the system's own. None may exist.
 */
export type Property = Common & {
  /** The id of the model that the property speaks of. */
  readonly model: string;
  /** false: nothing may break it. true: it asks for one state or call to exist, which guards against a vacuous model. */
  readonly witness: boolean;
  applies(switches: Settings, config: Config): boolean;
  /** [undefined] for a property without `forEach`. */
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

const common = <P, I>(model: { readonly id: string }, spec: Common & Quantified<P, I>) => {
  const { id, statement, source, forEach, applies } = spec;
  return {
    model: model.id,
    id,
    statement,
    source,
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

/** Holds in every reachable state. */
export const invariant = <S, C extends Command, P extends Model['config'], I = undefined>(
  model: Model<S, C, P, Model['switches']>,
  spec: Common &
    Quantified<Config<P>, I> & { holds(state: S, instance: I, config: Config<P>, switches: Settings): Judgement },
): Property => ({
  ...common(model, spec),
  on: 'state',
  witness: false,
  judge: (state, instance, config, switches) => spec.holds(state as S, instance as I, config as Config<P>, switches),
});

/** Holds for every call that can be made in a reachable state: "a failed call changes nothing". */
export const stepProperty = <S, C extends Command, P extends Model['config'], I = undefined>(
  model: Model<S, C, P, Model['switches']>,
  spec: Common &
    Quantified<Config<P>, I> & {
      holds(step: Step<S, C>, instance: I, config: Config<P>, switches: Settings): Judgement;
    },
): Property => ({
  ...common(model, spec),
  on: 'call',
  witness: false,
  judge: (step, instance, config, switches) =>
    spec.holds(step as Step<S, C>, instance as I, config as Config<P>, switches),
});

/** Some reachable state is like this. */
export const reachable = <S, C extends Command, P extends Model['config'], I = undefined>(
  model: Model<S, C, P, Model['switches']>,
  spec: Common &
    Quantified<Config<P>, I> & { when(state: S, instance: I, config: Config<P>, switches: Settings): boolean },
): Property => ({
  ...common(model, spec),
  on: 'state',
  witness: true,
  judge: (state, instance, config, switches) => spec.when(state as S, instance as I, config as Config<P>, switches),
});

/** Some call in a reachable state is like this. */
export const reachableStep = <S, C extends Command, P extends Model['config'], I = undefined>(
  model: Model<S, C, P, Model['switches']>,
  spec: Common &
    Quantified<Config<P>, I> & { when(step: Step<S, C>, instance: I, config: Config<P>, switches: Settings): boolean },
): Property => ({
  ...common(model, spec),
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
  spec: Common &
    Quantified<Config<P>, I> & {
      waiting(state: S, instance: I, config: Config<P>, switches: Settings): boolean;
      own(command: C, instance: I, config: Config<P>, switches: Settings): boolean;
    },
): Property => ({
  ...common(model, spec),
  on: 'path',
  witness: false,
  waits: (state, instance, config, switches) => spec.waiting(state as S, instance as I, config as Config<P>, switches),
  own: (command, instance, config, switches) => spec.own(command as C, instance as I, config as Config<P>, switches),
});

/** The property that a model with `done` has by itself: a state in which no command can be given is one in which it is done. */
export const noDeadlock = (model: string, done: (state: unknown, config: Config) => Judgement): Property => ({
  ...common(
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
