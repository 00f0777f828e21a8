import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { classify } from '../../model/spp/classes.ts';
import { removeWhileIterating, rmapSptes, useAfterFree } from '../../model/spp/rmap.ts';
import { kvmSppLevelPages } from '../../model/spp/sppt.ts';
import { type Sizes, type State, touchedGfns } from '../../model/spp/state.ts';
import { sppSuite } from '../../properties/spp.ts';
import { type CheckResult, check } from '../../src/job/check.ts';
import { describeCommand, describeOutcome, type Outcome, type Suite, update } from '../../src/spec/index.ts';
import type { Choices } from '../../src/system/scope.ts';
import { seedFault } from '../seeded-fault.ts';
import { type Drawing, firstHit } from './spp-hit-rate.ts';
import { broken } from './verdicts.ts';

const known = new Map<string, Promise<CheckResult>>();

/** A variant is searched once for all tests: for what the tables say of it; of `repaired`, for every property of the table. */
const exhaustive = (variant: string): Promise<CheckResult> => {
  const said = variant === 'repaired' ? rows : [...rows, ...classes].filter((one) => one.variant === variant);
  const properties = said.map(({ id }) => id);
  const result = known.get(variant) ?? check(sppSuite, { variant }, { kind: 'exhaustive' }, { properties });
  known.set(variant, result);
  return result;
};

const one = (choices: Choices, id: string, suite: Suite = sppSuite): Promise<CheckResult> =>
  check(suite, choices, { kind: 'exhaustive' }, { properties: [id] });

const found = (result: CheckResult, id: string) => {
  const checked = result.properties.find(({ property }) => property.id === id)!;
  if (!checked.steps) return { verdict: checked.verdict.kind, length: 0, trace: '' };
  const last = checked.steps.at(-1)!;
  const calls = checked.steps.map(({ command }) => describeCommand(command)).join('; ');
  return {
    verdict: checked.verdict.kind,
    length: checked.steps.length,
    trace: last.outcome.result === 'ok' ? calls : `${calls} = ${describeOutcome({ ...last.outcome, warnings: [] })}`,
  };
};

const readme = readFileSync(join(import.meta.dirname, '../../model/spp/README.md'), 'utf8');

/** The table of each defect alone. */
const rows = [
  ...readme.matchAll(/^\| (D\d+|v12|lpages) \| `([a-z0-9-]+)`((?:, \w+=\w+)*) \| ([a-z0-9-]+) \| (\d+) \| (.+) \|$/gm),
].map(([, row = '', variant = '', given = '', id = '', length, trace = '']) => {
  const switches = [...given.matchAll(/(\w+)=(\w+)/g)].map(
    ([, name = '', value = '']) => [name, value === 'true' ? true : value === 'false' ? false : value] as const,
  );
  return { row, variant, switches, given, id, length: Number(length), trace };
});

describe('the table of the model README: each defect alone', () => {
  it('has every defect that has an effect by itself or with others', () => {
    const ids = rows.map(({ row }) => row).filter((row) => row.startsWith('D'));
    expect([...new Set(ids)]).toEqual([...Array.from({ length: 17 }, (_, i) => `D${i + 1}`)]);
  });

  it.each(rows)('$row $variant$given: $id', async ({ variant, switches, id, length, trace }) => {
    const choices = { variant, switches: Object.fromEntries(switches) };
    const result = switches.length === 0 ? await exhaustive(variant) : await one(choices, id);
    expect(found(result, id)).toEqual({ verdict: 'violated', length, trace });
  });

  it('every property of the table holds with every repair', async () => {
    const result = await exhaustive('repaired');
    for (const { id } of rows) expect(found(result, id).verdict).toBe('proved');
  });

  it.each(
    rows.flatMap(({ row, variant, switches, id }) =>
      switches.length < 2
        ? []
        : switches.map(([restored]) => ({
            row,
            restored,
            id,
            choices: { variant, switches: Object.fromEntries(switches.filter(([name]) => name !== restored)) },
          })),
    ),
  )('$row: $restored alone is enough for $id', async ({ choices, id }) => {
    expect(found(await one(choices, id), id).verdict).toBe('proved');
  });
});

/** The class of a page where a property is broken. */
const classes = [
  { variant: 'without-d1', id: 'sppt-agrees-with-bitmap', name: 'protected, SPPT has another word' },
  { variant: 'without-d4', id: 'protected-not-written', name: 'protected, in a large page' },
  { variant: 'without-d5', id: 'no-writable-leaf', name: 'protected, W=1' },
  { variant: 'without-d7', id: 'sppt-agrees-with-bitmap', name: 'protected, SPPT has another word' },
  { variant: 'without-d10', id: 'protected-not-written', name: 'protected, in a large page' },
  { variant: 'without-d11', id: 'no-writable-leaf', name: 'protected, W=1' },
  { variant: 'without-d12', id: 'no-write-to-rom', name: 'protected, SPP on read-only' },
  { variant: 'without-d12', id: 'no-untracked-write', name: 'protected, SPP on read-only' },
  { variant: 'without-d12', id: 'no-unlogged-write', name: 'protected, writes not logged' },
  { variant: 'without-d13', id: 'permitted-write-completes', name: 'protected, SPPTP is 0' },
  { variant: 'without-d14', id: 'slots-have-arrays', name: 'memslot without an array' },
  { variant: 'without-d15', id: 'roots-agree-on-protected', name: 'protected, W=1' },
  { variant: 'without-d17', id: 'protected-not-written', name: 'protected, SPP is off' },
  { variant: 'without-d17', id: 'words-stay-until-set', name: 'SPP bit, word FULL' },
];

describe('the class of a page', () => {
  it.each(classes)('$variant, where $id is broken: $name', async ({ variant, id, name }) => {
    const result = await exhaustive(variant);
    const { state } = result.properties.find(({ property }) => property.id === id)!.steps!.at(-1)!.outcome;
    const sizes = result.scope.config as Sizes;
    expect(touchedGfns(sizes).map((gfn) => classify(state as State, gfn, sizes))).toContain(name);
  });
});

describe('defects that do nothing by themselves', () => {
  it('D2 is harmless in the flush, and in SET once D3 is repaired: not a state differs', async () => {
    const repaired = await exhaustive('repaired');
    for (const name of ['flushComparesRest', 'setComparesRest']) {
      const result = await check(sppSuite, { switches: { [name]: false } }, { kind: 'exhaustive' });
      expect(broken(result)).toEqual([]);
      expect(result.covered.states).toBe(repaired.covered.states);
    }
  });

  it('D18: no variant comes to the late -EFAULT', async () => {
    for (const variant of Object.keys(sppSuite.model.variants)) {
      const { coverage } = await exhaustive(variant);
      const results = [...coverage.get('set_access')!.results.keys()];
      expect(results).toContain('EFAULT no memslot');
      expect(results.filter((result) => result.includes('mark_protection'))).toEqual([]);
    }
  });
});

describe('the reverse map', () => {
  /** The chain that n additions make: descriptors of three. */
  const chain = (n: number) => ({
    kind: 'many' as const,
    descs: Array.from({ length: Math.ceil(n / 3) }, (_, d) => [0, 1, 2].map((i) => (3 * d + i < n ? 3 * d + i : -1))),
  });

  it.each([
    [2, [1], false],
    [3, [2], false],
    [4, [2], true],
    [5, [2, 4], false],
    [7, [2, 5], true],
  ])('of %i sptes, removed while iterating, leaves %j', (n, survivors, freed) => {
    const events: string[] = [];
    const { head } = removeWhileIterating(chain(n), false, n, events);
    expect(rmapSptes(head)).toEqual(survivors);
    expect(events.includes(useAfterFree)).toBe(freed);
  });

  it.each([2, 3, 4, 5, 7])('of %i sptes, removed from the head, leaves nothing', (n) => {
    const events: string[] = [];
    expect(removeWhileIterating(chain(n), true, n, events)).toMatchObject({ head: { kind: 'empty' } });
    expect(events).toEqual([]);
  });
});

it.each([
  [511, 512, 1],
  [0, 511, 512],
  [5, 5, 1],
  [0x1fe, 0x201, 2],
  [0x200, 0x3ff, 512],
  [300, 811, 212],
])('kvm_spp_level_pages(%i, %i, 2M) = %i', (lower, upper, count) => {
  expect(kvmSppLevelPages(lower, upper, '2M', { regionPages: 512, roots: 2 })).toBe(count);
});

describe('a property that no variant breaks is broken by a seeded fault', () => {
  const edit = (outcome: Outcome<unknown>, recipe: Parameters<typeof update<State>>[1]) => ({
    ...outcome,
    state: update(outcome.state as State, recipe),
  });

  it('no-stale-tlb-right: a SET that does not flush the TLB', async () => {
    const faulty = seedFault(sppSuite, (outcome, { kind }, before) =>
      kind === 'set_access' && outcome.result === 'ok'
        ? edit(outcome, (draft) => {
            draft.tlb = { ...(before as State).tlb };
          })
        : outcome,
    );
    expect(found(await one({}, 'no-stale-tlb-right', faulty), 'no-stale-tlb-right')).toMatchObject({
      trace:
        'create_vm(vm=plain); enable_cap(alloc=succeeds); guest_write(vcpu=0, gfn=3, sub=0); guest_write(vcpu=0, gfn=3, sub=0); set_access(gfn=3, map=11)',
    });
  });

  it('access-returns-pages: a SET that returns 0, and a GET that returns what it was asked for', async () => {
    const faulty = (kind: string, value: number) =>
      seedFault(sppSuite, (outcome, command) =>
        command.kind === kind && outcome.result === 'ok' ? { ...outcome, value } : outcome,
      );
    const trace = async (of: typeof sppSuite) =>
      found(await one({}, 'access-returns-pages', of), 'access-returns-pages');
    expect(await trace(faulty('set_access', 0))).toMatchObject({
      trace: 'create_vm(vm=plain); enable_cap(alloc=succeeds); set_access(gfn=3, map=11)',
    });
    expect(await trace(faulty('get_access', 2))).toMatchObject({
      trace: 'create_vm(vm=plain); enable_cap(alloc=succeeds); get_access(gfn=2)',
    });
    // Right for one gfn, and so found only where two are given.
    expect(await trace(faulty('set_access', 1))).toMatchObject({
      trace: 'create_vm(vm=plain); enable_cap(alloc=succeeds); set_access(gfn=3, map=11 11)',
    });
  });

  it('sppt-reserved-bits-zero: a leaf with an odd bit, which makes an exit 66 without bit 11', async () => {
    const faulty = seedFault(sppSuite, (outcome, command) =>
      command.kind === 'guest_write' && outcome.result === 'refused' && outcome.reason === 'SPPT miss'
        ? edit(outcome, (draft) => {
            draft.leaves[1] = 0b0010;
          })
        : outcome,
    );
    const result = await check(
      sppSuite.model && faulty,
      {},
      { kind: 'exhaustive' },
      {
        properties: ['sppt-reserved-bits-zero'],
      },
    );
    expect(found(result, 'sppt-reserved-bits-zero').length).toBe(5);
    expect([...result.coverage.get('guest_write')!.results.keys()]).toContain('EFAULT SPPT misconfiguration');
  });
});

describe('larger configurations of the repaired series', () => {
  const ids = sppSuite.properties.filter(({ on, witness }) => !witness && on !== 'call').map(({ id }) => id);

  it.each([{ regionPages: 3 }, { roots: 3 }])('hold with %j', async (config) => {
    const result = await check(
      sppSuite,
      { config },
      { kind: 'exhaustive' },
      { properties: [...ids, 'no-use-after-free'] },
    );
    expect(broken(result)).toEqual([]);
  });
});

describe('random search', () => {
  const budget = { runs: 3000, length: 100, seed: 1 };
  const cells = (row: string) =>
    new RegExp(`^\\| ${row} \\| (\\S+) \\| (\\S+), .* \\| (\\S+), .* \\|$`, 'm').exec(readme)!;

  it.each([
    ['D1', 'without-d1', 'guided'],
    ['D4', 'without-d4', 'plain'],
    ['D4', 'without-d4', 'guided'],
    ['D7', 'without-d7', 'guided'],
    ['D12', 'without-d12', 'guided'],
    ['D17', 'without-d17', 'guided'],
  ] as const)(
    'finds %s in %s, drawing in the %s way, in the run that the README says',
    async (row, variant, drawing: Drawing) => {
      const [, id, plain, guided] = cells(row);
      expect(`${await firstHit({ variant }, id!, drawing, budget)}`).toBe(drawing === 'plain' ? plain : guided);
    },
  );
});
