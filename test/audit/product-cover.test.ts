import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { productCover } from '../../src/audit/product-cover.ts';
import type { AuditResult } from '../../src/audit/result.ts';
import { terminalText } from '../../src/report/render/text.ts';
import { callsWords } from '../../src/report/rule-words.ts';
import { rulesSection } from '../../src/report/rules.ts';

type Tuple = readonly [pfn: number, nr: number, owner: string];

const tableOf = (tuples: readonly Tuple[]) => ({
  command: 'donate',
  calls: tuples.map(([pfn, nr, owner]) => ({ kind: 'donate', pfn, nr, owner })),
  parameters: ['pfn', 'nr', 'owner'],
  rules: [],
});

/** The tuples that a heading names, as a reader would take it. */
const read = (heading: string): string[] => {
  const words = heading.slice(heading.indexOf('), ') + 3);
  const [, listed] = /^\(pfn, nr, owner\) = (.+)$/.exec(words) ?? [];
  if (listed) return [...listed.matchAll(/\(([^)]+)\)/g)].map(([, tuple]) => tuple!);
  return words.split('; or ').flatMap((product) => {
    const values = new Map(
      product.split(/[,;] (?=\w+ = )/).map((one) => {
        const [name = '', list = ''] = one.split(' = ');
        return [name, list.split(', ').flatMap(each)];
      }),
    );
    return values
      .get('pfn')!
      .flatMap((pfn) =>
        values.get('nr')!.flatMap((nr) => values.get('owner')!.map((owner) => `${pfn}, ${nr}, ${owner}`)),
      );
  });
};

const each = (value: string): string[] => {
  const [, first, last] = /^(\d+)\.\.(\d+)$/.exec(value) ?? [];
  if (first === undefined) return [value];
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => String(Number(first) + i));
};

const anyTuple = fc.tuple(fc.nat(4), fc.constantFrom(1, 2, 52), fc.constantFrom('host', 'hyp'));
const anyTuples = fc.uniqueArray(anyTuple, { minLength: 2, maxLength: 30, selector: String });

describe('the calls that a table speaks for', () => {
  it('are exactly those that its heading names, on one line or on several', () => {
    fc.assert(
      fc.property(anyTuples, (tuples) => {
        const expected = tuples.map((tuple) => tuple.join(', ')).sort();
        expect([...new Set(read(callsWords(tableOf(tuples))))].sort()).toEqual(expected);
        const audited = { bound: undefined, tables: [tableOf(tuples)] } as unknown as AuditResult;
        const shown = terminalText([rulesSection(audited)], false);
        expect(shown.replaceAll(/\s+/g, ' ')).toContain(callsWords(tableOf(tuples)));
        for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
      }),
    );
  });

  it('are few products, none of which is part of another', () => {
    fc.assert(
      fc.property(anyTuples, (tuples) => {
        const products = productCover(tuples);
        expect(products.length).toBeLessThanOrEqual(tuples.length);
        for (const one of products)
          for (const other of products)
            if (one !== other)
              expect(one.every((values, place) => values.every((value) => other[place]!.includes(value)))).toBe(false);
      }),
    );
  });

  it('read as a reviewer would say it', () => {
    const outside = [0, 1, 2, 3, 4].flatMap((pfn) => [1, 2, 52].map((nr) => ({ kind: 'donate', nr, pfn })));
    const words = (calls: typeof outside) =>
      callsWords({ command: 'donate', calls, parameters: ['pfn', 'nr'], rules: [] });
    expect(words(outside.filter(({ nr, pfn }) => nr === 52 || pfn === 4))).toBe(
      'donate(nr, pfn), nr = 52, pfn = 0..4; or pfn = 4, nr = 1, 2, 52',
    );
    expect(words(outside)).toBe('donate(nr, pfn), pfn = 0..4; nr = 1, 2, 52');
    expect(words(outside.filter(({ nr, pfn }) => nr === pfn))).toBe('donate(nr, pfn), (pfn, nr) = (1, 1), (2, 2)');
  });
});
