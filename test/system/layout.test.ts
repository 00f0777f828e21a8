import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { array, enumOf, flag, range, record, variant } from '../../src/spec/index.ts';
import { layoutOf } from '../../src/system/layout.ts';
import { anyDomain, anyDomainWithValues } from '../spec/any-domain.ts';

describe('a layout', () => {
  it('packs and unpacks: decode(encode(v)) is v', () => {
    fc.assert(
      fc.property(anyDomainWithValues, ([domain, value]) => {
        const layout = layoutOf(domain);
        expect(layout.decode(layout.encode(value))).toEqual(value);
      }),
      { numRuns: 1000 },
    );
  });

  it('packs different values differently', () => {
    fc.assert(
      fc.property(anyDomainWithValues, ([domain, a, b]) => {
        const layout = layoutOf(domain);
        expect(isDeepStrictEqual(layout.encode(a), layout.encode(b))).toBe(isDeepStrictEqual(a, b));
      }),
      { numRuns: 1000 },
    );
  });

  it('packs every value of a small domain into words of its own', () => {
    fc.assert(
      fc.property(
        anyDomain.filter(({ size }) => size <= 2000n),
        (domain) => {
          const layout = layoutOf(domain);
          const keys = [...domain.values()].map((value) => layout.encode(value).join());
          expect(BigInt(new Set(keys).size)).toBe(domain.size);
        },
      ),
    );
  });

  it('packs into words it is given, at an offset, over what was there', () => {
    const layout = layoutOf(record({ a: range(0, 2 ** 32 - 1), b: flag }));
    const words = new Uint32Array(4).fill(0xffff_ffff);
    layout.encode({ a: 0x8000_0001, b: true }, words, 1);
    expect([...words]).toEqual([0xffff_ffff, 0x8000_0001, 1, 0xffff_ffff]);
    expect(layout.decode(words, 1)).toEqual({ a: 0x8000_0001, b: true });
  });

  it('does not care in which order fields were written', () => {
    const domain = variant({ invalid: { owner: enumOf('host', 'hyp'), level: range(0, 3) } });
    const layout = layoutOf(domain);
    expect(layout.encode({ level: 3, owner: 'hyp', kind: 'invalid' })).toEqual(
      layout.encode({ kind: 'invalid', owner: 'hyp', level: 3 }),
    );
  });

  it('lays the cases of a variant over each other', () => {
    const layout = layoutOf(
      variant({ invalid: { owner: range(0, 7) }, table: { entries: array(range(0, 3), 4) }, none: {} }),
    );
    expect(layout.slots.map(({ path, shift, width }) => [path, shift, width])).toEqual([
      ['kind', 0, 2],
      ['owner', 2, 3],
      ['entries[0]', 2, 2],
      ['entries[1]', 4, 2],
      ['entries[2]', 6, 2],
      ['entries[3]', 8, 2],
    ]);
    expect(layout.words).toBe(1);
  });

  it('keeps a slot within one word, and spends no bits on a single value', () => {
    const layout = layoutOf(record({ a: range(0, 2 ** 20), only: enumOf('one'), b: range(0, 2 ** 20) }));
    expect(layout.slots.map(({ word, shift, width }) => [word, shift, width])).toEqual([
      [0, 0, 21],
      [0, 21, 0],
      [1, 0, 21],
    ]);
  });

  it('refuses a value outside the domain, with its path', () => {
    const layout = layoutOf(record({ ptes: array(variant({ leaf: { prot: flag }, zero: {} }), 2) }));
    const encode = (value: unknown) => () => layout.encode(value as never);
    expect(encode({ ptes: [{ kind: 'leaf', prot: 3 }, { kind: 'zero' }] })).toThrow(
      'ptes[0].prot: 3 is not true or false',
    );
    expect(encode({ ptes: [{ kind: 'zero', prot: true }, { kind: 'zero' }] })).toThrow(
      'ptes[0].prot: there is no such field here',
    );
    expect(encode({ ptes: [{ kind: 'zero' }] })).toThrow('ptes: [{"kind":"zero"}] is not an array of 2');
    expect(encode({})).toThrow('ptes: the field is missing');
    expect(encode(null)).toThrow('null is not a record');
  });

  it('refuses exactly what the domain does not contain', () => {
    fc.assert(
      fc.property(anyDomainWithValues, anyDomainWithValues, ([domain], [, foreign]) => {
        let packed = true;
        try {
          layoutOf(domain).encode(foreign);
        } catch {
          packed = false;
        }
        expect(packed).toBe(domain.contains(foreign));
      }),
    );
  });
});
