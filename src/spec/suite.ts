import { SpecError } from './errors.ts';
import type { Command, Config, Model } from './model.ts';
import { noDeadlock, type Property } from './property.ts';

/** A model with its properties, and for each variant the properties that it is known to violate in the default configuration. */
export interface Suite {
  readonly model: Model;
  readonly properties: readonly Property[];
  readonly violates: Readonly<Record<string, readonly string[]>>;
}

/** Checks what the types cannot and returns the suite, with the property `no-deadlock` if the model says when it is done. */
export const suite = <
  S,
  C extends Command,
  P extends Model['config'],
  W extends Model['switches'],
  V extends string,
>(spec: {
  readonly model: Model<S, C, P, W, V>;
  readonly properties: readonly Property[];
  readonly violates: Readonly<Record<NoInfer<V>, readonly string[]>>;
}): Suite => {
  const { model, violates } = spec;
  const wrong = (what: string) => new SpecError(`suite ${model.id}: ${what}`);
  if (
    typeof model?.variants !== 'object' ||
    !Array.isArray(spec.properties) ||
    typeof violates !== 'object' ||
    violates === null
  )
    throw new SpecError('suite() needs a model, an array of properties, and violates: { variant: [property ids] }');
  const { id, done } = model;
  const properties: readonly Property[] = done
    ? [...spec.properties, noDeadlock(id, (state, config) => done(state as S, config as Config<P>))]
    : spec.properties;
  const odd = properties.findIndex((one) => !isProperty(one));
  if (odd >= 0)
    throw wrong(
      `property ${odd + 1} is none; make it with invariant(), stepProperty(), reachable(), reachableStep() or progress()`,
    );
  const ids = properties.map(({ id }) => id);
  for (const { id, model: of } of properties) {
    if (!/^[a-z][a-z0-9-]*$/.test(id)) throw wrong(`property ${id}: an id has lower-case letters, digits and hyphens`);
    if (ids.indexOf(id) !== ids.lastIndexOf(id)) throw wrong(`two properties are called ${id}`);
    if (of !== model.id) throw wrong(`property ${id} is about model ${of}`);
  }
  for (const variant of Object.keys(model.variants))
    if (!Object.hasOwn(violates, variant)) throw wrong(`violates does not say what variant ${variant} violates`);
  for (const [variant, known] of Object.entries<readonly string[]>(violates)) {
    if (!Object.hasOwn(model.variants, variant)) throw wrong(`violates names ${variant}, which is not a variant`);
    const unknown = known.find((id) => !ids.includes(id));
    if (unknown !== undefined) throw wrong(`variant ${variant} violates ${unknown}, which is not a property`);
  }
  const distinct = Object.entries<readonly string[]>(violates).map(
    ([variant, known]) => [variant, [...new Set(known)]] as const,
  );
  return { model, properties, violates: Object.fromEntries(distinct) };
};

/** As far as an object can be told to be what the constructors of properties return. */
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
