import * as fc from 'fast-check';
import { SpecError } from './errors.ts';

/** What a domain is made of. The checker walks it. Authors use the constructors below. */
export type Shape =
  | { readonly kind: 'flag' }
  | { readonly kind: 'enum'; readonly values: readonly (string | number)[] }
  | { readonly kind: 'range'; readonly min: number; readonly max: number }
  | { readonly kind: 'record'; readonly fields: Fields }
  | { readonly kind: 'array'; readonly element: Domain; readonly length: number }
  | { readonly kind: 'variant'; readonly cases: Readonly<Record<string, Fields>> };

export type Fields = Readonly<Record<string, Domain>>;

/** Where a value leaves its domain, and why. `path` is '' for the value itself, else the place in it: `host[1].owner`. */
export interface Misfit {
  readonly path: string;
  readonly reason: string;
}

/** A finite set of plain values: booleans, strings and numbers in records, fixed-length arrays and tagged variants. */
export interface Domain<T = unknown> {
  readonly shape: Shape;
  /** How many values the domain has. */
  readonly size: bigint;
  /** How many scalars a value has at most, where a variant counts 1 and the scalars of all its cases. At most `mostScalars`. */
  readonly scalars: number;
  /** How deep records, arrays and variants are nested; 1 for a scalar. At most `mostDepth`. */
  readonly depth: number;
  contains(value: unknown): value is T;
  /** The first place where `value` leaves the domain; undefined if it does not. */
  misfit(value: unknown): Misfit | undefined;
  /**
   * A new value, equal to the given one, in the form that every state has: fields in the domain's order, plain prototypes, frozen, no part
   * in two places, 0 for -0. Only `===` can tell two equal values in this form apart. Undefined for a value outside the domain.
   */
  canonical(value: unknown): T | undefined;
  /** Every value once. The last field or element changes fastest, like the last digit of a counter. */
  values(): Generator<T>;
  /** Random values for fast-check, whether they are reachable or not. */
  arbitrary(): fc.Arbitrary<T>;
}

/** The values of a domain: `Infer<typeof state>`. */
export type Infer<D> = D extends Domain<infer T> ? T : never;

type RecordOf<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> };
type CaseOf<K, F extends Fields> = { readonly [N in 'kind' | keyof F]: N extends 'kind' ? K : Infer<F[N]> };

/** The most scalars that a domain may have. A state with more of them could not be searched, and would take minutes to lay out. */
export const mostScalars = 100_000;

/** The deepest that a domain may be nested. A deeper one is a mistake, and would exhaust the stack of the functions that walk it. */
export const mostDepth = 100;

/** The domain of false and true. */
export const flag: Domain<boolean> = domain({ kind: 'flag' });

/**
 * One of the values given: texts, `enumOf('host', 'hyp')`, or integers that are not a range, `enumOf(0, 2, 7)`. Throws a SpecError for no
 * value, for a value of another type, and for a value that is given twice.
 */
export const enumOf = <const V extends string | number>(...values: readonly V[]): Domain<V> => {
  if (values.length === 0) throw new SpecError('enumOf() needs at least one value');
  const odd = values.find((value) => typeof value !== 'string' && !isInteger(value));
  if (odd !== undefined) throw new SpecError(`enumOf() takes strings and integers, not ${show(odd)}`);
  const seen = new Set<V>();
  for (const value of values) {
    if (seen.has(value)) throw new SpecError(`enumOf() lists ${show(value)} twice`);
    seen.add(value);
  }
  return domain<V>({ kind: 'enum', values: values.map((value) => withoutMinusZero(value)) });
};

/** The integers from `min` to `max`, both ends included. Throws a SpecError if `max < min` or there are more than 2^32 of them. */
export const range = (min: number, max: number): Domain<number> => {
  if (!isInteger(min) || !isInteger(max) || max < min || max - min >= 2 ** 32)
    throw new SpecError(`range(${show(min)}, ${show(max)}) needs integers, min <= max, at most 2^32 values`);
  return domain<number>({ kind: 'range', min: withoutMinusZero(min), max: withoutMinusZero(max) });
};

/** Records that have all of these fields. A name has letters, digits and underscores, and does not begin with a digit. */
export const record = <const F extends Fields>(fields: F): Domain<RecordOf<F>> => {
  checkFieldNames(fields, []);
  return domain<RecordOf<F>>({ kind: 'record', fields });
};

/** Arrays of exactly `length` elements. Throws a SpecError if `length` is no integer from 0 on. */
export const array = <T>(element: Domain<T>, length: number): Domain<readonly T[]> => {
  if (!Number.isInteger(length) || length < 0)
    throw new SpecError(`array() needs a length of 0 or more, not ${show(length)}`);
  return domain<readonly T[]>({ kind: 'array', element, length });
};

/** One of several records, told apart by the field `kind`, which says the name of the case. Fields of the other cases do not exist. */
export const variant = <const C extends Readonly<Record<string, Fields>>>(
  cases: C,
): Domain<{ [K in keyof C]: CaseOf<K, C[K]> }[keyof C]> => {
  if (Object.keys(cases).length === 0) throw new SpecError('variant() needs at least one case');
  checkFieldNames(cases, []);
  for (const fields of Object.values(cases)) checkFieldNames(fields, ['kind']);
  return domain({ kind: 'variant', cases });
};

function domain<T>(shape: Shape): Domain<T> {
  const inner = innerDomains(shape);
  const odd = inner.findIndex((one) => typeof one?.canonical !== 'function');
  if (odd >= 0) throw new SpecError(`${shape.kind}() is given ${show(inner[odd])}, which is not a domain`);
  const scalars = scalarsOf(shape);
  const depth = 1 + inner.reduce((most, one) => Math.max(most, one.depth), 0);
  if (scalars > mostScalars)
    throw new SpecError(
      `${shape.kind}() has ${scalars} scalars in all, more than the ${mostScalars} that a domain may have`,
    );
  if (depth > mostDepth)
    throw new SpecError(`${shape.kind}() is nested ${depth} deep, more than the ${mostDepth} that a domain may be`);
  return {
    shape,
    size: sizeOf(shape),
    scalars,
    depth,
    canonical: (value) => canonicalOf(shape, value) as T | undefined,
    contains: (value): value is T => misfitOf(shape, value, '') === undefined,
    misfit: (value) => misfitOf(shape, value, ''),
    // The shape says what the values are; these two casts are where that knowledge enters the type system.
    values: () => valuesOf(shape) as Generator<T>,
    arbitrary: () => arbitraryOf(shape) as fc.Arbitrary<T>,
  };
}

/** Whether every object inherits a property of this name. A field must not be called so: a look at a missing field would find it. */
export const isInherited = (name: string): boolean => name in Object.prototype;

function checkFieldNames(fields: Readonly<Record<string, unknown>>, reserved: readonly string[]) {
  // An integer-like name would be enumerated before the others, whatever the order it was written in.
  const bad = Object.keys(fields).find(
    (name) => reserved.includes(name) || !/^[A-Za-z_]\w*$/.test(name) || isInherited(name),
  );
  if (bad !== undefined) throw new SpecError(`a field cannot be called ${show(bad)}`);
}

function innerDomains(shape: Shape): readonly Domain[] {
  switch (shape.kind) {
    case 'record':
      return Object.values(shape.fields);
    case 'array':
      return [shape.element];
    case 'variant':
      return Object.values(shape.cases).flatMap((fields) => Object.values(fields));
    default:
      return [];
  }
}

function scalarsOf(shape: Shape): number {
  if (shape.kind === 'array') return shape.length * Math.max(1, shape.element.scalars);
  if (shape.kind !== 'record' && shape.kind !== 'variant') return 1;
  return innerDomains(shape).reduce((sum, { scalars }) => sum + scalars, shape.kind === 'variant' ? 1 : 0);
}

const product = (sizes: readonly bigint[]) => sizes.reduce((a, b) => a * b, 1n);
const sizeOfFields = (fields: Fields) => product(Object.values(fields).map((field) => field.size));

function sizeOf(shape: Shape): bigint {
  switch (shape.kind) {
    case 'flag':
      return 2n;
    case 'enum':
      return BigInt(shape.values.length);
    case 'range':
      return BigInt(shape.max - shape.min + 1);
    case 'record':
      return sizeOfFields(shape.fields);
    case 'array':
      return shape.element.size ** BigInt(shape.length);
    case 'variant':
      return Object.values(shape.cases).reduce((sum, fields) => sum + sizeOfFields(fields), 0n);
  }
}

export const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);

/** 0 for -0, any other value as it is. The two are equal and print alike. */
const withoutMinusZero = <V>(value: V): V => (Object.is(value, -0) ? (0 as V) : value);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const kindOf = (value: unknown): string => {
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return 'something that cannot be shown'; // a proxy that was revoked
  }
};

/** A value in an error message: JSON where it has one, cut to a line. Whatever the value is, this does not throw. */
export const show = (value: unknown): string => {
  let text: string | undefined;
  try {
    // JSON has no words for NaN and the infinities: it would say null.
    text = typeof value === 'number' ? String(value) : JSON.stringify(value);
    text ??= String(value);
  } catch {
    // A cycle, a bigint, or a value whose own functions throw.
    text = typeof value === 'bigint' ? `${value}n` : kindOf(value);
  }
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

type Scalar = Extract<Shape, { readonly kind: 'flag' | 'enum' | 'range' }>;

const fits = (shape: Scalar, value: unknown): boolean => {
  if (shape.kind === 'flag') return typeof value === 'boolean';
  if (shape.kind === 'enum') return (shape.values as readonly unknown[]).includes(value);
  return isInteger(value) && value >= shape.min && value <= shape.max;
};

function misfitOf(shape: Shape, value: unknown, path: string): Misfit | undefined {
  const misfit = (allowed: string): Misfit => ({ path, reason: `${show(value)} is not ${allowed}` });
  switch (shape.kind) {
    case 'flag':
      return fits(shape, value) ? undefined : misfit('true or false');
    case 'enum':
      return fits(shape, value) ? undefined : misfit(`one of ${shape.values.map(show).join(', ')}`);
    case 'range':
      return fits(shape, value) ? undefined : misfit(`an integer from ${shape.min} to ${shape.max}`);
    case 'record':
      return isObject(value) ? misfitOfFields(shape.fields, value, path) : misfit('a record');
    case 'array': {
      if (!Array.isArray(value) || value.length !== shape.length) return misfit(`an array of ${shape.length}`);
      for (let i = 0; i < shape.length; i++) {
        const inner = misfitOf(shape.element.shape, value[i], `${path}[${i}]`);
        if (inner) return inner;
      }
      return undefined;
    }
    case 'variant': {
      const allowed = Object.keys(shape.cases).map(show).join(', ');
      if (!isObject(value)) return misfit(`a record whose kind is one of ${allowed}`);
      const fields =
        typeof value.kind === 'string' && Object.hasOwn(shape.cases, value.kind) && shape.cases[value.kind];
      if (!fields) return { path: join(path, 'kind'), reason: `${show(value.kind)} is not one of ${allowed}` };
      return misfitOfFields(fields, value, path, 'kind');
    }
  }
}

/** The path of a field of what is at `path`. */
export const join = (path: string, name: string) => (path === '' ? name : `${path}.${name}`);

function misfitOfFields(fields: Fields, value: Readonly<Record<string, unknown>>, path: string, tag?: 'kind') {
  for (const name of Object.keys(value)) {
    if (name === tag || Object.hasOwn(fields, name)) continue;
    const known = Object.keys(fields).join(', ') || 'none';
    return { path: join(path, name), reason: `there is no such field here (fields: ${known})` };
  }
  for (const [name, field] of Object.entries(fields)) {
    if (!Object.hasOwn(value, name)) return { path: join(path, name), reason: 'the field is missing' };
    const inner = misfitOf(field.shape, value[name], join(path, name));
    if (inner) return inner;
  }
  return undefined;
}

/** Undefined where the value leaves the shape: no value of a domain is undefined. */
function canonicalOf(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case 'flag':
    case 'enum':
    case 'range':
      return fits(shape, value) ? withoutMinusZero(value) : undefined;
    case 'record':
      return isObject(value) ? canonicalFields(shape.fields, value, {}) : undefined;
    case 'array': {
      if (!Array.isArray(value) || value.length !== shape.length) return undefined;
      const elements: unknown[] = [];
      for (let i = 0; i < shape.length; i++) {
        const element = canonicalOf(shape.element.shape, value[i]);
        if (element === undefined) return undefined;
        elements.push(element);
      }
      return Object.freeze(elements);
    }
    case 'variant': {
      if (!isObject(value)) return undefined;
      const { kind } = value;
      if (typeof kind !== 'string' || !Object.hasOwn(shape.cases, kind)) return undefined;
      return canonicalFields(shape.cases[kind]!, value, { kind });
    }
  }
}

/** `result` holds what comes before the fields. */
function canonicalFields(fields: Fields, value: Readonly<Record<string, unknown>>, result: Record<string, unknown>) {
  let count = Object.keys(result).length;
  for (const name in fields) {
    if (!Object.hasOwn(fields, name)) continue; // somebody has added to Object.prototype
    if (!Object.hasOwn(value, name)) return undefined;
    const field = canonicalOf(fields[name]!.shape, value[name]);
    if (field === undefined) return undefined;
    result[name] = field;
    count++;
  }
  return Object.keys(value).length === count ? Object.freeze(result) : undefined;
}

function* valuesOf(shape: Shape): Generator<unknown> {
  switch (shape.kind) {
    case 'flag':
      yield* [false, true];
      return;
    case 'enum':
      yield* shape.values;
      return;
    case 'range':
      for (let value = shape.min; value <= shape.max; value++) yield value;
      return;
    case 'record':
      yield* recordsOf(Object.entries(shape.fields), {});
      return;
    case 'array':
      yield* arraysOf(shape.element.shape, shape.length, []);
      return;
    case 'variant':
      for (const [kind, fields] of Object.entries(shape.cases)) yield* recordsOf(Object.entries(fields), { kind });
  }
}

function* recordsOf(fields: readonly (readonly [string, Domain])[], prefix: object): Generator<object> {
  const [first, ...rest] = fields;
  if (first === undefined) yield prefix;
  else for (const value of valuesOf(first[1].shape)) yield* recordsOf(rest, { ...prefix, [first[0]]: value });
}

function* arraysOf(element: Shape, length: number, prefix: readonly unknown[]): Generator<readonly unknown[]> {
  if (prefix.length === length) yield prefix;
  else for (const value of valuesOf(element)) yield* arraysOf(element, length, [...prefix, value]);
}

function arbitraryOf(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'flag':
      return fc.boolean();
    case 'enum':
      return fc.constantFrom(...shape.values);
    case 'range':
      return fc.integer({ min: shape.min, max: shape.max });
    case 'record':
      return arbitraryOfFields(shape.fields);
    case 'array':
      return fc.array(arbitraryOf(shape.element.shape), { minLength: shape.length, maxLength: shape.length });
    case 'variant':
      return fc.oneof(
        ...Object.entries(shape.cases).map(([kind, fields]) =>
          arbitraryOfFields(fields).map((rest) => ({ kind, ...rest })),
        ),
      );
  }
}

const arbitraryOfFields = (fields: Fields): fc.Arbitrary<object> =>
  fc.record(Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, arbitraryOf(field.shape)])), {
    noNullPrototype: true,
  });
