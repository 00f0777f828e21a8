import { type Shape, show } from '../../spec/domain.ts';
import { SpecError } from '../../spec/errors.ts';
import type { Value } from '../trace.ts';

/** A value as an ITF expression: integers that JSON cannot be trusted with are written as `#bigint`. */
export const expression = (value: unknown): unknown => {
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isSafeInteger(value)))
    return { '#bigint': BigInt(value).toString() };
  if (Array.isArray(value)) return value.map(expression);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, expression(inner)]));
};

/**
 * An ITF expression as a value of the shape. Besides what `expression` writes it takes
 *
 * - for an integer `#bigint`,
 * - for an array `#tup`, a `#map` from the indices 0, 1, ..., and for an array of flags the `#set` of indices whose flag is set,
 * - for a record a `#map` from the names of its fields,
 * - for a variant `{tag, value}`, which is how Quint and Apalache write one, and its kind alone.
 *
 * A record may leave fields out: nothing is said of them. Throws a SpecError that begins with `where`, the place in the state.
 */
export const valueIn = (expr: unknown, shape: Shape, where: string): Value => {
  switch (shape.kind) {
    case 'flag':
      if (typeof expr === 'boolean') return expr;
      throw misfit(expr, where, 'true or false');
    case 'enum': {
      const read = scalarIn(expr);
      const found = shape.values.find((value) => value === read);
      if (found !== undefined) return found;
      throw misfit(expr, where, `one of ${shape.values.slice(0, mostValues).join(', ')}`);
    }
    case 'range': {
      const read = scalarIn(expr);
      if (typeof read === 'number' && read >= shape.min && read <= shape.max && Number.isInteger(read)) return read;
      throw misfit(expr, where, `an integer from ${shape.min} to ${shape.max}`);
    }
    case 'array':
      return elementsIn(expr, shape, where);
    case 'record':
      return fieldsIn(namedIn(expr, where), shape.fields, where);
    case 'variant':
      return caseIn(expr, shape, where);
  }
};

/** More values than this are not listed. */
const mostValues = 8;

const misfit = (found: unknown, where: string, right: string) =>
  new SpecError(`${where} is ${show(found)}, and not ${right}`);

const isObject = (expr: unknown): expr is Readonly<Record<string, unknown>> =>
  typeof expr === 'object' && expr !== null && !Array.isArray(expr);

/** What stands under a key such as `#map`; undefined if the expression is another one. */
const special = (expr: unknown, key: '#bigint' | '#map' | '#set' | '#tup'): unknown =>
  isObject(expr) && Object.hasOwn(expr, key) ? expr[key] : undefined;

const scalarIn = (expr: unknown): unknown => {
  const big = special(expr, '#bigint');
  return typeof big === 'string' && /^-?\d{1,20}$/.test(big) ? Number(big) + 0 : expr;
};

/** The keys and values of a `#map`; undefined if the expression is another one. */
const pairsIn = (expr: unknown): [unknown, unknown][] | undefined => {
  const pairs = special(expr, '#map');
  if (!Array.isArray(pairs)) return undefined;
  return pairs.flatMap((pair: unknown) => (Array.isArray(pair) && pair.length === 2 ? [[pair[0], pair[1]]] : []));
};

const elementsIn = (expr: unknown, shape: Extract<Shape, { kind: 'array' }>, where: string): Value[] => {
  const { length, element } = shape;
  const indices = Array.from({ length }, (_, i) => i);
  const set = special(expr, '#set');
  if (Array.isArray(set) && element.shape.kind === 'flag') {
    const members = set.map(scalarIn);
    const stray = members.find((one) => !indices.includes(one as number));
    if (stray === undefined) return indices.map((i) => members.includes(i));
    throw new SpecError(`${where} has the element ${show(stray)}, and its indices are 0 to ${length - 1}`);
  }
  const pairs = pairsIn(expr);
  const at = new Map(pairs?.map(([key, value]) => [scalarIn(key), value]));
  const listed = pairs && at.size === length ? indices.map((i) => at.get(i)) : (special(expr, '#tup') ?? expr);
  if (!Array.isArray(listed) || listed.length !== length || (pairs && !indices.every((i) => at.has(i))))
    throw misfit(expr, where, `an array of ${length}, or a map from 0 to ${length - 1}`);
  return listed.map((inner: unknown, i) => valueIn(inner, element.shape, `${where}[${i}]`));
};

type Fields = Extract<Shape, { kind: 'record' }>['fields'];

const namedIn = (expr: unknown, where: string): ReadonlyMap<string, unknown> => {
  const pairs = pairsIn(expr);
  if (pairs) return new Map(pairs.map(([name, value]) => [String(name), value]));
  if (isObject(expr)) return new Map(Object.entries(expr));
  throw misfit(expr, where, 'a record');
};

const fieldsIn = (named: ReadonlyMap<string, unknown>, fields: Fields, where: string): Record<string, Value> => {
  for (const name of named.keys())
    if (!Object.hasOwn(fields, name)) {
      const names = Object.keys(fields).join(', ') || 'none';
      throw new SpecError(`${where} has the field ${show(name)}; the model has ${names} there`);
    }
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => named.has(name))
      .map(([name, field]) => [name, valueIn(named.get(name), field.shape, `${where}.${name}`)]),
  );
};

const caseIn = (expr: unknown, { cases }: Extract<Shape, { kind: 'variant' }>, where: string): Value => {
  const right = `one of ${Object.keys(cases).slice(0, mostValues).join(', ')}`;
  const { kind, named } = taggedIn(expr);
  if (typeof kind !== 'string' || !Object.hasOwn(cases, kind)) throw misfit(expr, where, right);
  if (named === undefined) return kind;
  return { kind, ...fieldsIn(named, cases[kind]!, where) };
};

/** The kind of a variant, and its fields where they are told. */
const taggedIn = (expr: unknown): { kind: unknown; named?: ReadonlyMap<string, unknown> } => {
  if (!isObject(expr)) return { kind: expr };
  const { kind, tag, value, ...rest } = expr;
  if (typeof kind === 'string') {
    const named = new Map(Object.entries(expr));
    named.delete('kind');
    return { kind, named };
  }
  // Without fields, the value is a unit: Quint writes the empty tuple, Apalache a text.
  if (typeof tag === 'string' && Object.keys(rest).length === 0)
    return { kind: tag, named: new Map(isObject(value) && !special(value, '#tup') ? Object.entries(value) : []) };
  return { kind: undefined };
};
