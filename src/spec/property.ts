import type { Domain } from './domain.ts';
import type { Command, Config, Model, Settings } from './model.ts';
import type { Outcome } from './outcome.ts';

/** true where the property holds; a sentence that names the witness where it does not (or false, for lack of a better one). */
export type Judgement = boolean | string;

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

/** A property, ready for the checker: it is judged for every instance, in every reachable state or for every call made in one. */
export type Property = Common & {
  /** The id of the model that the property speaks of. */
  readonly model: string;
  /** false: nothing may break it. true: it asks for one state or call to exist, which guards against a vacuous model. */
  readonly witness: boolean;
  applies(switches: Settings, config: Config): boolean;
  /** [undefined] for a property without `forEach`. */
  instances(config: Config): readonly unknown[];
} & (
    | { readonly on: 'state'; judge(state: unknown, instance: unknown, config: Config): Judgement }
    | { readonly on: 'call'; judge(step: Step, instance: unknown, config: Config): Judgement }
  );

const common = <P, I>(model: { readonly id: string }, spec: Common & Quantified<P, I>) => {
  const { id, statement, source, forEach, applies } = spec;
  return {
    model: model.id,
    id,
    statement,
    source,
    // The model's own parameter names were checked against `Config` when the property was written.
    applies: (switches: Settings, config: Config) => applies?.(switches, config as Config & P) ?? true,
    instances: (config: Config): readonly unknown[] =>
      forEach ? [...forEach(config as Config & P).values()] : [undefined],
  };
};

/** Holds in every reachable state. */
export const invariant = <S, C extends Command, P extends Model['config'], I = undefined>(
  model: Model<S, C, P, Model['switches']>,
  spec: Common & Quantified<Config<P>, I> & { holds(state: S, instance: I, config: Config<P>): Judgement },
): Property => ({
  ...common(model, spec),
  on: 'state',
  witness: false,
  judge: (state, instance, config) => spec.holds(state as S, instance as I, config as Config<P>),
});

/** Holds for every call that can be made in a reachable state: "a failed call changes nothing". */
export const stepProperty = <S, C extends Command, P extends Model['config'], I = undefined>(
  model: Model<S, C, P, Model['switches']>,
  spec: Common & Quantified<Config<P>, I> & { holds(step: Step<S, C>, instance: I, config: Config<P>): Judgement },
): Property => ({
  ...common(model, spec),
  on: 'call',
  witness: false,
  judge: (step, instance, config) => spec.holds(step as Step<S, C>, instance as I, config as Config<P>),
});

/** Some reachable state is like this. */
export const reachable = <S, C extends Command, P extends Model['config'], I = undefined>(
  model: Model<S, C, P, Model['switches']>,
  spec: Common & Quantified<Config<P>, I> & { when(state: S, instance: I, config: Config<P>): boolean },
): Property => ({
  ...common(model, spec),
  on: 'state',
  witness: true,
  judge: (state, instance, config) => spec.when(state as S, instance as I, config as Config<P>),
});

/** Some call in a reachable state is like this. */
export const reachableStep = <S, C extends Command, P extends Model['config'], I = undefined>(
  model: Model<S, C, P, Model['switches']>,
  spec: Common & Quantified<Config<P>, I> & { when(step: Step<S, C>, instance: I, config: Config<P>): boolean },
): Property => ({
  ...common(model, spec),
  on: 'call',
  witness: true,
  judge: (step, instance, config) => spec.when(step as Step<S, C>, instance as I, config as Config<P>),
});
