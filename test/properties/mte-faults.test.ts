import { describe, expect, it } from 'vitest';
import { mteFaultsSuite } from '../../properties/mte-faults.ts';
import type { Choices } from '../../src/system/scope.ts';
import { broken, exhaustive as exhaustiveOf, readmeTable, trace } from './verdicts.ts';

const exhaustive = (choices: Choices, properties?: readonly string[]) =>
  exhaustiveOf(mteFaultsSuite, choices, properties);

describe.each(Object.keys(mteFaultsSuite.model.variants))('mte-faults@%s', (variant) => {
  const known = [...mteFaultsSuite.violates[variant]!].sort();

  it('breaks exactly the properties that the suite lists for it, and reaches every witness', async () => {
    expect(broken(await exhaustive({ variant })).sort()).toEqual(known);
  });

  it('breaks the same with three pages', async () => {
    expect(broken(await exhaustive({ variant, config: { pages: 3 } })).sort()).toEqual(known);
  });
});

describe('the table of the model README', () => {
  const rows = readmeTable('mte-faults', 'variant')
    .slice(1)
    .map(([variant = '', id = '', expected = '']) => ({ variant, id, expected }));

  it('has every violation', () => {
    const known = Object.entries(mteFaultsSuite.violates)
      .filter(([variant]) => variant !== 'hugetlb-l1-fixed')
      .flatMap(([variant, ids]) => ids.map((id) => `${variant} ${id}`));
    expect(rows.map(({ variant, id }) => `${variant} ${id}`).sort()).toEqual(known.sort());
  });

  it.each(rows)('$variant $id', async ({ variant, id, expected }) => {
    expect(trace(await exhaustive({ variant }, [id]), id)).toBe(expected);
  });
});

describe('each fix alone', () => {
  const breaks = async (backing: string, switches: Record<string, boolean>) =>
    broken(await exhaustive({ variant: 'fixed', switches: { backing, ...switches } }));

  it('of L1 is needed for a THP, and only there', async () => {
    const withoutIt = { sanitisesCollapse: false };
    expect(await breaks('thp', withoutIt)).toEqual(mteFaultsSuite.violates['7.2-thp']);
    expect(await breaks('hugetlb', withoutIt)).toEqual([]);
    expect(await breaks('hugetlb-cont', withoutIt)).toEqual([]);
  });

  it('of L2 is needed for hugetlb, and only there', async () => {
    const withoutIt = { clearsFolio: false };
    expect(await breaks('thp', withoutIt)).toEqual([]);
    expect(await breaks('hugetlb', withoutIt)).toEqual(mteFaultsSuite.violates['7.2-hugetlb']);
    expect(await breaks('hugetlb-cont', withoutIt)).toEqual(mteFaultsSuite.violates['7.2-hugetlb-cont']);
  });
});
