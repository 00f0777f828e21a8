import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mostDepth, mostScalars } from '../../src/spec/domain.ts';
import { array, type Domain, enumOf, flag, type Infer, range, record, variant } from '../../src/spec/index.ts';
import { layoutOf } from '../../src/system/layout.ts';
import { anyDomain, anyDomainWithValues } from './any-domain.ts';

const pte = variant({
  invalid: { owner: enumOf('host', 'hyp') },
  leaf: { writable: flag },
  table: { entries: array(range(0, 2), 2) },
});
const state = record({ pool: range(0, 3), ptes: array(pte, 2) });

describe('a domain', () => {
  it('knows how many values it has', () => {
    expect(pte.size).toBe(2n + 2n + 9n);
    expect(state.size).toBe(4n * 13n ** 2n);
    expect(array(range(0, 9), 40).size).toBe(10n ** 40n);
    expect(array(flag, 0).size).toBe(1n);
    expect(record({}).size).toBe(1n);
  });

  it('enumerates its values in the order of digits', () => {
    expect([...record({ a: flag, b: range(1, 2) }).values()]).toEqual([
      { a: false, b: 1 },
      { a: false, b: 2 },
      { a: true, b: 1 },
      { a: true, b: 2 },
    ]);
    expect([...variant({ off: {}, on: { level: range(2, 3) } }).values()]).toEqual([
      { kind: 'off' },
      { kind: 'on', level: 2 },
      { kind: 'on', level: 3 },
    ]);
  });

  it('enumerates exactly what it contains, each value once', () => {
    const values = [...state.values()];
    expect(BigInt(values.length)).toBe(state.size);
    expect(new Set(values.map((value) => JSON.stringify(value))).size).toBe(values.length);
    expect(values.every(state.contains)).toBe(true);
  });

  it('contains what its arbitrary makes', () => {
    fc.assert(fc.property(anyDomainWithValues, ([domain, value]) => domain.misfit(value) === undefined));
  });

  it('has as many values as it enumerates, where that is few enough to see', () => {
    fc.assert(
      fc.property(
        anyDomain.filter(({ size }) => size <= 2000n),
        (domain) => BigInt([...domain.values()].length) === domain.size,
      ),
    );
  });

  it.each([
    [{ pool: 4, ptes: [] }, 'pool', '4 is not an integer from 0 to 3'],
    [{ pool: 0.5, ptes: [] }, 'pool', '0.5 is not an integer from 0 to 3'],
    [{ pool: 0, ptes: [] }, 'ptes', '[] is not an array of 2'],
    [
      { pool: 0, ptes: [{ kind: 'leaf', writable: true }] },
      'ptes',
      '[{"kind":"leaf","writable":true}] is not an array of 2',
    ],
    [
      { pool: 0, ptes: [{ kind: 'leaf', writable: true }, { kind: 'lef' }] },
      'ptes[1].kind',
      '"lef" is not one of "invalid", "leaf", "table"',
    ],
    [{ pool: 0, ptes: [{ kind: 'leaf', writable: 1 }, 0] }, 'ptes[0].writable', '1 is not true or false'],
    [
      { pool: 0, ptes: [{ kind: 'invalid', owner: 'guest' }, 0] },
      'ptes[0].owner',
      '"guest" is not one of "host", "hyp"',
    ],
    [{ pool: 0, ptes: [{ kind: 'leaf' }, 0] }, 'ptes[0].writable', 'the field is missing'],
    [
      { pool: 0, ptes: [{ kind: 'leaf', writable: true, af: true }, 0] },
      'ptes[0].af',
      'there is no such field here (fields: writable)',
    ],
    [
      { pool: 0, ptes: [{ kind: 'toString' }, 0] },
      'ptes[0].kind',
      '"toString" is not one of "invalid", "leaf", "table"',
    ],
    [undefined, '', 'undefined is not a record'],
  ])('says where %j leaves it, and why', (value, path, reason) => {
    expect(state.misfit(value)).toEqual({ path, reason });
    expect(state.contains(value)).toBe(false);
  });

  it('refuses to be made wrongly', () => {
    expect(() => range(3, 1)).toThrow('range(3, 1) needs integers, min <= max');
    expect(() => range(0, 2 ** 32)).toThrow('at most 2^32 values');
    expect(() => enumOf()).toThrow('at least one value');
    expect(() => enumOf('a', 'b', 'a')).toThrow('enumOf() lists "a" twice');
    expect(() => enumOf(1.5)).toThrow('strings and integers, not 1.5');
    expect(() => array(flag, -1)).toThrow('a length of 0 or more, not -1');
    expect(() => variant({})).toThrow('at least one case');
    expect(() => variant({ leaf: { kind: flag } })).toThrow('a field cannot be called "kind"');
    expect(() => record({ 7: flag })).toThrow('a field cannot be called "7"');
    expect(() => record({ constructor: flag })).toThrow('a field cannot be called "constructor"');
    expect(() => variant({ toString: {} })).toThrow('a field cannot be called "toString"');
    expect(() => record({ a: 5 as never })).toThrow('record() is given 5, which is not a domain');
    expect(() => array(undefined as never, 2)).toThrow('array() is given undefined, which is not a domain');
    expect(() => enumOf(Number.NaN)).toThrow('strings and integers, not NaN');
    expect(() => enumOf(0, -0)).toThrow('enumOf() lists 0 twice');
  });

  it('refuses to be larger or deeper than anybody can wait for, before it is built', () => {
    expect(() => array(flag, 1e7)).toThrow(
      'array() has 10000000 scalars in all, more than the 100000 that a domain may have',
    );
    expect(() => array(record({}), 1e9)).toThrow('array() has 1000000000 scalars');
    expect(() => array(array(flag, 1000), 1000)).toThrow('array() has 1000000 scalars');
    expect(array(flag, mostScalars).scalars).toBe(mostScalars);
    const nested = (depth: number): Domain => (depth === 1 ? flag : record({ a: nested(depth - 1) }));
    expect(nested(mostDepth).depth).toBe(mostDepth);
    expect(() => nested(mostDepth + 1)).toThrow('record() is nested 101 deep, more than the 100 that a domain may be');
  });

  it('takes -0 for 0', () => {
    expect(range(-0, 3).canonical(-0)).toBe(0);
    expect(enumOf(-0, 4).canonical(-0)).toBe(0);
    expect([...range(-0, 1).values()]).toEqual([0, 1]);
    expect(layoutOf(range(-3, 3)).decode(layoutOf(range(-3, 3)).encode(-0))).toBe(0);
  });

  it('has one form for each value, made anew: the one that packing and unpacking gives', () => {
    fc.assert(
      fc.property(anyDomainWithValues, ([domain, value]) => {
        const form = domain.canonical(backwards(value));
        const layout = layoutOf(domain);
        expect(JSON.stringify(form)).toBe(JSON.stringify(layout.decode(layout.encode(value))));
        expect(form).toEqual(value);
        const parts = partsOf(form);
        expect(new Set(parts).size).toBe(parts.length);
        expect(parts.every(Object.isFrozen)).toBe(true);
        expect(partsOf(value).some((part) => parts.includes(part))).toBe(false);
        expect(parts.every((part) => [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(part)))).toBe(
          true,
        );
      }),
      { numRuns: 500 },
    );
  });

  it('has no form for what it does not contain', () => {
    fc.assert(
      fc.property(anyDomainWithValues, anyDomainWithValues, ([domain], [, value]) => {
        expect(domain.canonical(value) === undefined).toBe(!domain.contains(value));
      }),
      { numRuns: 500 },
    );
  });

  it('gives its values their type', () => {
    const value: Infer<typeof pte> = { kind: 'table', entries: [0, 2] };
    // @ts-expect-error: there is no such owner
    const wrong: Infer<typeof pte> = { kind: 'invalid', owner: 'guest' };
    expect([pte.contains(value), pte.contains(wrong)]).toEqual([true, false]);
  });
});

/** The value with the fields of its records in the other order, prototypes of their own, and equal parts being one object. */
const backwards = (value: unknown, known = new Map<string, unknown>()): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  const made = Array.isArray(value)
    ? value.map((part) => backwards(part, known))
    : Object.assign(
        Object.create({ inherited: 1 }),
        Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([key, part]) => [key, backwards(part, known)]),
        ),
      );
  const key = JSON.stringify(made);
  if (!known.has(key)) known.set(key, made);
  return known.get(key);
};

/** Every record and array in the value. */
const partsOf = (value: unknown): object[] =>
  typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(partsOf)] : [];
