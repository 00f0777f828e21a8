import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mteFaultsSuite } from '../../properties/mte-faults.ts';
import { type CheckResult, check } from '../../src/check.ts';
import { type Choices, describeCommand, describeOutcome } from '../../src/spec/index.ts';

const exhaustive = (choices: Choices, properties?: readonly string[]) =>
  check(mteFaultsSuite, choices, { kind: 'exhaustive' }, properties ? { properties } : {});

const broken = (result: CheckResult) =>
  result.properties.filter(({ verdict }) => verdict.kind !== 'proved').map(({ property }) => property.id);

const trace = (result: CheckResult, id: string): string => {
  const checked = result.properties.find(({ property }) => property.id === id);
  if (!checked?.steps) return checked?.verdict.kind ?? 'not judged';
  const last = checked.steps.at(-1)!;
  const calls = checked.steps.map(({ command }) => describeCommand(command)).join('; ');
  return last.outcome.result === 'ok' ? calls : `${calls} = ${describeOutcome(last.outcome)}`;
};

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
  const readme = readFileSync(join(import.meta.dirname, '../../model/mte-faults/README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| `([a-z0-9.-]+)` \| ([a-z0-9-]+) \| (.+) \|$/gm)].map(
    ([, variant = '', id = '', expected = '']) => ({ variant, id, expected }),
  );

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
