import { defineModel } from './define-model.ts';
import { show } from './domain.ts';
import { SpecError } from './errors.ts';
import type { Command, Config, Model } from './model.ts';
import { misfitOfClaim, noDeadlock, type Property } from './property.ts';

/** A model with its properties and the defects that are known: what a model file exports and `pagelaw check` checks. */
export interface Suite {
  readonly model: Model;
  /** In the order in which reports list them. The last one is `no-deadlock` if the model has `done`. */
  readonly properties: readonly Property[];
  /**
   * For each variant the ids of the properties that it is known to violate in the default configuration: witnesses that are not found among
   * them. `check` exits with 1 when what it finds is more or less than that.
   */
  readonly violates: Readonly<Record<string, readonly string[]>>;
  /**
   * For variants, the ids of properties that they are known to violate in another configuration than the default one, which cannot show it.
   * `check` takes such a violation for known there, and does not ask for it.
   */
  readonly violatesElsewhere?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Checks what the types cannot, adds the property `no-deadlock` if the model has `done`, and returns the suite. `violates` lists every
 * variant; if it is left out altogether, no variant violates anything. Throws a SpecError that names the model and what is wrong.
 */
export const suite = <
  S,
  C extends Command,
  P extends Model['config'],
  W extends Model['switches'],
  V extends string,
>(spec: {
  readonly model: Model<S, C, P, W, V>;
  readonly properties: readonly Property[];
  readonly violates?: Readonly<Record<NoInfer<V>, readonly string[]>>;
  readonly violatesElsewhere?: Readonly<Partial<Record<NoInfer<V>, readonly string[]>>>;
}): Suite => {
  if (typeof spec !== 'object' || spec === null)
    throw new SpecError(`suite() is given ${show(spec)}; it needs { model, properties, violates }`);
  const model = defineModel(spec.model); // an object that has not been through defineModel() gets its defaults here
  const violates = spec.violates ?? noneOf(model);
  const wrong = (what: string) => new SpecError(`suite ${model.id}: ${what}`);
  if (!Array.isArray(spec.properties))
    throw wrong(`properties is ${show(spec.properties)}; it must be an array of properties`);
  if (typeof violates !== 'object' || violates === null || Array.isArray(violates))
    throw wrong(`violates is ${show(violates)}; it must be { variant: [property ids] }`);
  const { id, done } = model;
  const properties: readonly Property[] = done
    ? [...spec.properties, noDeadlock(id, (state, config) => done(state as S, config as Config<P>))]
    : spec.properties;
  const odd = properties.findIndex((one) => !isProperty(one));
  if (odd >= 0)
    throw wrong(
      `property ${odd + 1} is none; make it with invariant(), stepProperty(), reachable(), reachableStep() or progress()`,
    );
  const misfit = properties.map(misfitOfClaim).find((one) => one !== undefined);
  if (misfit !== undefined) throw wrong(misfit);
  const ids = properties.map(({ id }) => id);
  for (const { id, model: of } of properties) {
    if (!/^[a-z][a-z0-9-]*$/.test(id)) throw wrong(`property ${id}: an id has lower-case letters, digits and hyphens`);
    if (ids.indexOf(id) !== ids.lastIndexOf(id)) throw wrong(`two properties are called ${id}`);
    if (of !== model.id) throw wrong(`property ${id} is about model ${of}`);
  }
  for (const variant of Object.keys(model.variants))
    if (!Object.hasOwn(violates, variant)) throw wrong(`violates does not say what variant ${variant} violates`);
  const { violatesElsewhere: elsewhere = {} } = spec;
  if (typeof elsewhere !== 'object' || elsewhere === null || Array.isArray(elsewhere))
    throw wrong(`violatesElsewhere is ${show(elsewhere)}; it must be { variant: [property ids] }`);
  const distinct = (list: string, known: object) =>
    Object.fromEntries(
      Object.entries(known).map(([variant, of]: readonly [string, unknown]) => {
        if (!Object.hasOwn(model.variants, variant)) throw wrong(`${list} names ${variant}, which is not a variant`);
        if (!Array.isArray(of) || ![...of].every((one) => typeof one === 'string'))
          throw wrong(`${list} has ${show(of)} for variant ${variant}; it must be an array of property ids`);
        const unknown: string | undefined = of.find((id) => !ids.includes(id));
        if (unknown !== undefined) throw wrong(`variant ${variant} violates ${unknown}, which is not a property`);
        return [variant, [...new Set<string>(of)]];
      }),
    );
  const known = {
    violates: distinct('violates', violates),
    violatesElsewhere: distinct('violatesElsewhere', elsewhere),
  };
  for (const [variant, ids] of Object.entries(known.violatesElsewhere)) {
    const both = ids.find((id) => known.violates[variant]!.includes(id));
    if (both !== undefined) throw wrong(`variant ${variant} lists ${both} in violates and in violatesElsewhere`);
  }
  return { model, properties, ...known };
};

const noneOf = ({ variants }: Pick<Model, 'variants'>): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(Object.keys(variants).map((variant) => [variant, []]));

/** Whether an object is what the constructors of properties return, as far as that can be told. */
const isProperty = (value: Property): boolean => {
  if (typeof value !== 'object' || value === null || typeof value.witness !== 'boolean') return false;
  const isCallable = (name: string) => typeof Reflect.get(value, name) === 'function';
  const judged = value.on === 'path' ? ['waits', 'own'] : ['judge'];
  return (
    ['state', 'call', 'end', 'path'].includes(value.on) &&
    typeof value.id === 'string' &&
    [...judged, 'applies', 'instances'].every(isCallable)
  );
};
