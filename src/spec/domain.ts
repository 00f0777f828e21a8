import * as fc from 'fast-check';
import { SpecError } from './errors.ts';

/** What a domain is made of. The checker walks this; authors use the constructors below. */
export type Shape =
  | { readonly kind: 'flag' }
  | { readonly kind: 'enum'; readonly values: readonly (string | number)[] }
  | { readonly kind: 'range'; readonly min: number; readonly max: number }
  | { readonly kind: 'record'; readonly fields: Fields }
  | { readonly kind: 'array'; readonly element: Domain; readonly length: number }
  | { readonly kind: 'variant'; readonly cases: Readonly<Record<string, Fields>> };

export type Fields = Readonly<Record<string, Domain>>;

/** Where a value leaves its domain, e.g. `host[1].owner`, and why. The path of the value itself is ''. */
export interface Misfit {
  readonly path: string;
  readonly reason: string;
}

/** A finite set of plain values: booleans, strings and numbers in records, fixed-length arrays and tagged variants. */
export interface Domain<T = unknown> {
  readonly shape: Shape;
  /** How many values. */
  readonly size: bigint;
  contains(value: unknown): value is T;
  /** The first place where `value` leaves the domain; undefined if it does not. */
  misfit(value: unknown): Misfit | undefined;
  /** Every value once; the last field or element varies fastest, as digits do. */
  values(): Generator<T>;
  /** Any value, reachable or not. */
  arbitrary(): fc.Arbitrary<T>;
}

export type Infer<D> = D extends Domain<infer T> ? T : never;

type RecordOf<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> };
type CaseOf<K, F extends Fields> = { readonly [N in 'kind' | keyof F]: N extends 'kind' ? K : Infer<F[N]> };

/** false, true */
export const flag: Domain<boolean> = domain({ kind: 'flag' });

/** A choice of names, `enumOf('host', 'hyp')`, or of numbers that are not a range, `enumOf(0, 2, 7)`. */
export const enumOf = <const V extends string | number>(...values: readonly V[]): Domain<V> => {
  if (values.length === 0) throw new SpecError('enumOf() needs at least one value');
  const twice = values.find((value, i) => values.indexOf(value) !== i);
  if (twice !== undefined) throw new SpecError(`enumOf() lists ${show(twice)} twice`);
  const odd = values.find((value) => typeof value === 'number' && !isPlainInteger(value));
  if (odd !== undefined) throw new SpecError(`enumOf() takes strings and integers, not ${show(odd)}`);
  return domain<V>({ kind: 'enum', values });
};

/** The integers from `min` to `max`, both ends included; at most 2^32 of them. */
export const range = (min: number, max: number): Domain<number> => {
  if (!isPlainInteger(min) || !isPlainInteger(max) || max < min || max - min >= 2 ** 32)
    throw new SpecError(`range(${show(min)}, ${show(max)}) needs integers, min <= max, at most 2^32 values`);
  return domain<number>({ kind: 'range', min, max });
};

/** Named fields, all present. */
export const record = <const F extends Fields>(fields: F): Domain<RecordOf<F>> => {
  checkFieldNames(fields, []);
  return domain<RecordOf<F>>({ kind: 'record', fields });
};

/** Exactly `length` elements. */
export const array = <T>(element: Domain<T>, length: number): Domain<readonly T[]> => {
  if (!Number.isInteger(length) || length < 0)
    throw new SpecError(`array() needs a length of 0 or more, not ${show(length)}`);
  return domain<readonly T[]>({ kind: 'array', element, length });
};

/** One of several records told apart by `kind`. Fields of the other cases do not exist. */
export const variant = <const C extends Readonly<Record<string, Fields>>>(
  cases: C,
): Domain<{ [K in keyof C]: CaseOf<K, C[K]> }[keyof C]> => {
  if (Object.keys(cases).length === 0) throw new SpecError('variant() needs at least one case');
  checkFieldNames(cases, []);
  for (const fields of Object.values(cases)) checkFieldNames(fields, ['kind']);
  return domain({ kind: 'variant', cases });
};

function domain<T>(shape: Shape): Domain<T> {
  return {
    shape,
    size: sizeOf(shape),
    contains: (value): value is T => misfitOf(shape, value, '') === undefined,
    misfit: (value) => misfitOf(shape, value, ''),
    // The shape says what the values are; these two casts are where that knowledge enters the type system.
    values: () => valuesOf(shape) as Generator<T>,
    arbitrary: () => arbitraryOf(shape) as fc.Arbitrary<T>,
  };
}

function checkFieldNames(fields: Readonly<Record<string, unknown>>, reserved: readonly string[]) {
  // An integer-like name would be enumerated before the others, whatever the order it was written in.
  const bad = Object.keys(fields).find(
    (name) => reserved.includes(name) || !/^[A-Za-z_]\w*$/.test(name) || name === '__proto__',
  );
  if (bad !== undefined) throw new SpecError(`a field cannot be called ${show(bad)}`);
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

/** -0 is refused: it would not survive packing, and it prints as 0. */
export const isPlainInteger = (value: unknown): value is number => Number.isSafeInteger(value) && !Object.is(value, -0);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value in an error message: JSON where it has one, cut to a line. */
const show = (value: unknown): string => {
  let text: string | undefined;
  try {
    text = Object.is(value, -0) ? '-0' : JSON.stringify(value);
  } catch {
    // A cycle, or a bigint: what String() says of it will do.
  }
  text ??= String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

function misfitOf(shape: Shape, value: unknown, path: string): Misfit | undefined {
  const misfit = (allowed: string): Misfit => ({ path, reason: `${show(value)} is not ${allowed}` });
  switch (shape.kind) {
    case 'flag':
      return typeof value === 'boolean' ? undefined : misfit('true or false');
    case 'enum':
      return shape.values.some((allowed) => Object.is(allowed, value))
        ? undefined
        : misfit(`one of ${shape.values.map(show).join(', ')}`);
    case 'range':
      return isPlainInteger(value) && value >= shape.min && value <= shape.max
        ? undefined
        : misfit(`an integer from ${shape.min} to ${shape.max}`);
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
