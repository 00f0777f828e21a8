import { SpecError } from '../spec/errors.ts';
import { type Config, type Model, type Settings, switchValues } from '../spec/model.ts';

/** The version and the size of a model that is checked, complete: a value for every switch and every parameter. */
export interface Scope {
  readonly model: string;
  readonly variant: string;
  readonly config: Config;
  /** Every switch, whether the variant sets it or not. */
  readonly switches: Settings;
  /** The names of switches that do not have the variant's value. */
  readonly flipped: readonly string[];
  /** The names of config parameters that do not have their default. */
  readonly resized: readonly string[];
}

/** `model@variant`, with the switches that differ from the variant: `pkvm-mmio@fixed+donateChecksMmio=false`. */
export const scopeName = (scope: Scope): string =>
  `${scope.model}@${scope.variant}${scope.flipped.map((name) => `+${name}=${scope.switches[name]}`).join('')}`;

/** What a user chooses of a scope. What is not chosen is as in the variant, and in the default configuration. */
export interface Choices {
  /** The model's default variant if not given. */
  readonly variant?: string | undefined;
  readonly config?: Readonly<Record<string, number>>;
  readonly switches?: Readonly<Record<string, boolean | string>>;
  /** Whether sizes may go up to `scriptMax`, as for `run`, and not only to `max`. */
  readonly forScript?: boolean;
}

/** Fixes a model's variant, configuration and switches. Throws a SpecError for an unknown name or a value out of bounds. */
export const scopeOf = (model: Model, choices: Choices = {}): Scope => {
  const wrong = (what: string) => new SpecError(`${model.id}: ${what}`);
  const { variant = model.defaultVariant, config = {}, switches = {}, forScript = false } = choices;
  if (!Object.hasOwn(model.variants, variant))
    throw wrong(`there is no variant ${variant}; there are ${Object.keys(model.variants).join(', ')}`);
  for (const [name, value] of Object.entries(config)) {
    if (!Object.hasOwn(model.config, name))
      throw wrong(`there is no config parameter ${name}; there are ${Object.keys(model.config).join(', ') || 'none'}`);
    const { min, max, scriptMax = max } = model.config[name]!;
    const most = forScript ? scriptMax : max;
    if (!Number.isInteger(value) || value < min || value > most)
      throw wrong(
        `${name}=${value} is not an integer from ${min} to ${most}${scriptMax > most ? `; run takes up to ${scriptMax}` : ''}`,
      );
  }
  for (const [name, value] of Object.entries(switches)) {
    if (!Object.hasOwn(model.switches, name))
      throw wrong(`there is no switch ${name}; there are ${Object.keys(model.switches).join(', ') || 'none'}`);
    const values = switchValues(model.switches[name]!);
    if (!values.includes(value)) throw wrong(`switch ${name}=${value} is not one of ${values.join(', ')}`);
  }
  const named = model.variants[variant]!.switches;
  const entries = Object.entries(model.switches).map(
    ([name, spec]) => [name, switches[name] ?? named[name] ?? switchValues(spec)[0]!] as const,
  );
  return {
    model: model.id,
    variant,
    // Frozen, so that no function of a model can keep anything there from one call to the next.
    config: Object.freeze(
      Object.fromEntries(Object.entries(model.config).map(([name, spec]) => [name, config[name] ?? spec.default])),
    ),
    switches: Object.freeze(Object.fromEntries(entries)),
    flipped: entries
      .filter(([name, value]) => value !== (named[name] ?? switchValues(model.switches[name]!)[0]))
      .map(([name]) => name),
    resized: Object.entries(model.config).flatMap(([name, spec]) =>
      (config[name] ?? spec.default) === spec.default ? [] : name,
    ),
  };
};
