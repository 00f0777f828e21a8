import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { State } from '../../model/pkvm-mmio/state.ts';
import { pkvmMmioSuite } from '../../properties/pkvm-mmio.ts';
import { check } from '../../src/job/check.ts';
import { type Outcome, type Suite, update } from '../../src/spec/index.ts';
import type { Choices } from '../../src/system/scope.ts';
import { seedFault } from '../seeded-fault.ts';
import { broken, trace } from './verdicts.ts';

const exhaustive = (choices: Choices, suite: Suite = pkvmMmioSuite, properties?: readonly string[]) =>
  check(suite, choices, { kind: 'exhaustive' }, properties ? { properties } : {});

describe('the table of the model README: what each missing check lets in', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../model/pkvm-mmio/README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| (F\d+) \| `(.+?)`(?:, (\w+)=(\w+))? \| ([a-z0-9-]+) \| (.+) \|$/gm)].map(
    ([, row = '', variant = '', name, value = '', id = '', expected = '']) => ({
      row,
      variant,
      name,
      value,
      id,
      expected,
    }),
  );

  it('has the rows that the model can show', () => {
    expect([...new Set(rows.map(({ row }) => row))]).toEqual([
      'F1',
      'F2',
      'F3',
      'F4',
      'F5',
      'F7',
      'F8',
      'F9',
      'F10',
      'F11',
    ]);
  });

  it.each(rows)('$row $variant $name $value: $id', async ({ variant, name, value, id, expected }) => {
    const switches = name === undefined ? {} : { [name]: value === 'false' ? false : value };
    expect(trace(await exhaustive({ variant, switches }, pkvmMmioSuite, [id]), id)).toBe(expected);
  });
});

describe('the proved combination without one of its checks', () => {
  it.each([
    [
      'donateChecksMmio',
      [
        'single-owner',
        'no-foreign-access',
        'guest-shares-no-hyp-page',
        'donation-is-exclusive',
        'state-agrees-with-entry',
        'attributes-agree',
        'no-panic',
        'no-panic-host-access',
      ],
    ],
    ['returnChecksMmio', ['no-foreign-access', 'state-agrees-with-entry', 'no-panic']],
    ['returnChecksHyp', ['no-panic']],
    ['returnChecksHost', []],
    ['checksPfnRange', ['pfn-range']],
  ])('%s breaks exactly %j', async (name, ids) => {
    expect(broken(await exhaustive({ switches: { [name]: false } }))).toEqual(ids);
  });

  it('the check of the host mapping turns the hidden double mapping into a refusal', async () => {
    const checked = await exhaustive({ variant: 'before', switches: { returnChecksHost: true } });
    expect(trace(checked, 'return-keeps-host-mapping')).toBe('proved');
  });

  it('returning set_owner errors instead of warning leaves a failed donation half done', async () => {
    const result = await exhaustive({ variant: 'v4-no-warn' });
    expect(trace(result, 'failed-call-changes-nothing')).toBe(
      'host_donate_hyp_mmio(pfn=0); host_access(pfn=4); host_access(pfn=6); host_donate_hyp_mmio(pfn=2) = -EPERM (recycling met an annotated entry)',
    );
  });
});

describe('the limit of the fix', () => {
  it('is a pool with more pages than annotations can pin: with as many, an MMIO access panics EL2', async () => {
    const result = await exhaustive({ config: { pool: 2 } });
    expect(trace(result, 'no-panic')).toBe(
      'host_donate_hyp_mmio(pfn=0); host_donate_hyp_mmio(pfn=2); host_access(pfn=4)' +
        ' = panic (BUG: host_stage2_idmap() returned -ENOMEM, no page for a table in host_s2_pool)',
    );
    expect(broken(result)).toEqual([
      'no-panic',
      'no-panic-host-access',
      'recycling-leaves-room',
      'host-reaches-own-pages',
    ]);
  });

  it.each([{ devices: 3, pool: 4 }, { devices: 1, pool: 2, mmioTables: 3 }, { entriesPerTable: 1 }, { ram: 2 }])(
    'holds with %j',
    async (config) => {
      const result = await exhaustive({ config });
      expect(broken(result).filter((id) => !pkvmMmioSuite.properties.find((one) => one.id === id)!.witness)).toEqual(
        [],
      );
    },
  );
});

describe('the switches of v4 and of 6.17 differ', () => {
  it('in whether a host access to a donated page ends the machine', async () => {
    const panics = async (variant: string) =>
      trace(
        await exhaustive({
          variant,
          switches: { returnChecksHyp: true, donateChecksMmio: true, returnChecksMmio: true },
        }),
        'no-panic',
      );
    expect(await panics('v4-6.17')).toBe(
      'host_donate_hyp_mmio(pfn=0); host_access(pfn=0) = panic (BUG: host_stage2_idmap() returned -EPERM, annotated with another owner)',
    );
    expect(await panics('v4')).toMatch(
      /host_donate_hyp_mmio\(pfn=2\) = panic \(WARN: host_stage2_set_owner_locked\(\)/,
    );
  });
});

describe('a property that no variant breaks is broken by a seeded fault', () => {
  const edit = (outcome: Outcome<unknown>, recipe: Parameters<typeof update<State>>[1]) => ({
    ...outcome,
    state: update(outcome.state as State, recipe),
  });

  it('refcount-exact: an annotation that is not counted', async () => {
    const faulty = seedFault(pkvmMmioSuite, (outcome, { kind }) =>
      edit(outcome, ({ tables: [table] }) => {
        if (table?.kind !== 'present') return;
        if (kind === 'host_donate_hyp_mmio' && outcome.result === 'ok') table.refcount -= 1;
        table.refcount = Math.max(0, table.refcount); // the search goes on, and the count with it
      }),
    );
    expect(trace(await exhaustive({}, faulty, ['refcount-exact']), 'refcount-exact')).toBe(
      'host_donate_hyp_mmio(pfn=0)',
    );
  });

  it('no-table-leak: recycling that does not give a table back', async () => {
    const faulty = seedFault(pkvmMmioSuite, (outcome, { kind }) =>
      kind === 'host_stage2_unmap_dev_all' && outcome.result === 'ok'
        ? edit(outcome, (draft) => {
            if (draft.pool > 1) draft.pool -= 1;
          })
        : outcome,
    );
    expect(trace(await exhaustive({}, faulty, ['no-table-leak']), 'no-table-leak')).toBe(
      'host_donate_hyp_mmio(pfn=0); host_access(pfn=2); host_access(pfn=4); host_stage2_unmap_dev_all()',
    );
  });

  it('failed-call-changes-nothing: a refused unshare that unmaps the guest', async () => {
    const faulty = seedFault(pkvmMmioSuite, (outcome, { kind }) =>
      kind === 'host_donate_hyp' && outcome.result === 'refused'
        ? edit(outcome, ({ ram: [page] }) => {
            page!.guest = 'NOPAGE';
          })
        : outcome,
    );
    expect(trace(await exhaustive({}, faulty, ['failed-call-changes-nothing']), 'failed-call-changes-nothing')).toBe(
      'host_share_guest(pfn=8); host_donate_hyp(pfn=8) = -EPERM (not owned by the host)',
    );
  });

  it('a witness: nothing is reached by a model that refuses everything', async () => {
    const faulty = seedFault(pkvmMmioSuite, (_, __, state) => ({
      result: 'refused',
      errno: 'EIO',
      reason: '',
      state,
      warnings: [],
    }));
    const result = await exhaustive({}, faulty);
    const witnesses = result.properties.filter(({ property }) => property.witness);
    expect(witnesses.length).toBeGreaterThan(20);
    expect(witnesses.every(({ verdict, standing }) => verdict.kind === 'violated' && standing === 'unexpected')).toBe(
      true,
    );
  });
});

it('counts by hand: without memory and with one table, the reachable states of the fixed variant', async () => {
  // One MMIO page with a table of one entry. Table absent, EL2 none (1); present: zero after a return (EL2 none), leaf (none),
  // hyp with EL2 device, hyp by set_owner with EL2 none (4). Recycling empties the pool of one and frees the table, so `absent` is
  // also the state after it. Memory: OWNED zero or leaf (2), shared with the guest, entry zero or leaf (2), given to EL2 (1).
  const config = { mmioTables: 1, entriesPerTable: 1, pool: 1, devices: 1, ram: 1 };
  expect((await exhaustive({ config })).covered.states).toBe(5 * 5);
});
