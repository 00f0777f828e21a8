import { describe, expect, it } from 'vitest';
import type { State } from '../../model/pkvm-mmio/state.ts';
import { pkvmMmioSuite } from '../../properties/pkvm-mmio.ts';
import { type CheckResult, check } from '../../src/check.ts';
import {
  type Choices,
  describeCommand,
  describeOutcome,
  type Outcome,
  type Suite,
  update,
} from '../../src/spec/index.ts';
import { seedFault } from '../seeded-fault.ts';

const exhaustive = (choices: Choices, suite: Suite = pkvmMmioSuite, properties?: readonly string[]) =>
  check(suite, choices, { kind: 'exhaustive' }, properties ? { properties } : {});

/** The shortest trace that breaks a property, as calls, the last with its result. */
const trace = (result: CheckResult, id: string): string => {
  const checked = result.properties.find(({ property }) => property.id === id);
  if (!checked?.steps) return checked?.verdict.kind ?? 'not judged';
  const last = checked.steps.at(-1)!;
  const calls = checked.steps.map(({ command }) => describeCommand(command)).join('; ');
  return last.outcome.result === 'ok' ? calls : `${calls} = ${describeOutcome(last.outcome)}`;
};

const broken = (result: CheckResult) =>
  result.properties.filter(({ verdict }) => verdict.kind !== 'proved').map(({ property }) => property.id);

describe.each(Object.keys(pkvmMmioSuite.model.variants))('pkvm-mmio@%s', (variant) => {
  it('breaks exactly the properties that the suite lists for it, and reaches every witness', async () => {
    const result = await exhaustive({ variant });
    expect(result.bound).toBeUndefined();
    expect(broken(result).sort()).toEqual([...pkvmMmioSuite.violates[variant]!].sort());
  });
});

// pfn 0 and 2 are the devices' pages, in tables 0 and 1; 4 and 6 lie in tables 2 and 3, and the pool has three pages. pfn 8 is memory.
describe('what each missing check lets in (the rows F1-F11 of the review)', () => {
  /** The proved combination without one of its checks. */
  const without = (name: string, value: boolean | string = false) => exhaustive({ switches: { [name]: value } });

  it('F1, F2, F3: donation does not ask whether the page is MMIO', async () => {
    const result = await without('donateChecksMmio');
    expect(trace(result, 'single-owner')).toBe('host_donate_hyp_mmio(pfn=8)');
    expect(trace(result, 'guest-shares-no-hyp-page')).toBe('host_donate_hyp_mmio(pfn=8); host_share_guest(pfn=8)');
    expect(trace(result, 'donation-is-exclusive')).toBe('host_share_guest(pfn=8); host_donate_hyp_mmio(pfn=8)');
    expect(trace(result, 'attributes-agree')).toBe('host_donate_hyp_mmio(pfn=8)');
    expect(trace(result, 'no-panic')).toBe(
      'host_donate_hyp_mmio(pfn=8); host_access(pfn=8) = panic (WARN: annotated memory whose host state is not NOPAGE)',
    );
    expect(broken(result)).toEqual([
      'single-owner',
      'guest-shares-no-hyp-page',
      'donation-is-exclusive',
      'state-agrees-with-entry',
      'attributes-agree',
      'no-panic',
    ]);
  });

  it('F4: return does not ask whether the page is MMIO', async () => {
    const result = await without('returnChecksMmio');
    expect(trace(result, 'state-agrees-with-entry')).toBe('host_donate_hyp(pfn=8); hyp_donate_host_mmio(pfn=8)');
    expect(trace(result, 'no-foreign-access')).toBe(
      'host_donate_hyp(pfn=8); hyp_donate_host_mmio(pfn=8); host_access(pfn=8)',
    );
    expect(broken(result)).toEqual(['no-foreign-access', 'state-agrees-with-entry', 'no-panic']);
  });

  it('F5: return does not ask whether EL2 has the page', async () => {
    const result = await without('returnChecksHyp');
    expect(trace(result, 'no-panic')).toBe(
      'hyp_donate_host_mmio(pfn=0) = panic (WARN: kvm_pgtable_hyp_unmap() unmapped nothing)',
    );
    expect(broken(result)).toEqual(['no-panic']);
  });

  it('F7: return does not ask whether the host maps the page, which takes another bug to matter', async () => {
    const result = await exhaustive({ variant: 'before' });
    expect(trace(result, 'return-keeps-host-mapping')).toBe(
      'host_donate_hyp_mmio(pfn=0); host_donate_hyp_mmio(pfn=2); host_access(pfn=4); host_access(pfn=6); host_access(pfn=0); hyp_donate_host_mmio(pfn=0)',
    );
    const checked = await exhaustive({ variant: 'before', switches: { returnChecksHost: true } });
    expect(trace(checked, 'return-keeps-host-mapping')).toBe('proved');
    // With every other check in place nothing else lets the host map a donated page: alone, this check is redundant.
    expect(broken(await without('returnChecksHost'))).toEqual([]);
  });

  it('F8: a pfn whose address wraps is taken for page 0', async () => {
    const result = await without('checksPfnRange');
    expect(trace(result, 'pfn-range')).toBe('host_donate_hyp_mmio(pfn=10)');
    expect(broken(result)).toEqual(['pfn-range']);
  });

  it('F9: unmap clears annotations', async () => {
    const result = await without('countedInvalid', 'clears');
    expect(trace(result, 'annotation-durable')).toBe(
      'host_donate_hyp_mmio(pfn=0); host_donate_hyp_mmio(pfn=2); host_access(pfn=4); host_access(pfn=6)',
    );
    expect(trace(result, 'donated-mmio-not-host-mapped')).toBe(
      'host_donate_hyp_mmio(pfn=0); host_donate_hyp_mmio(pfn=2); host_access(pfn=4); host_access(pfn=6); host_access(pfn=0)',
    );
  });

  it('F10: unmap refuses annotations, and the host cannot reach a page of its own', async () => {
    const result = await without('countedInvalid', 'refuses');
    expect(trace(result, 'host-reaches-own-pages')).toBe(
      'host_donate_hyp_mmio(pfn=0); host_donate_hyp_mmio(pfn=2); host_access(pfn=4); host_access(pfn=6) = -EPERM (recycling met an annotated entry; abort injected)',
    );
    expect(trace(result, 'recycling-leaves-room')).toBe(
      'host_donate_hyp_mmio(pfn=0); host_donate_hyp_mmio(pfn=2); host_access(pfn=4); host_stage2_unmap_dev_all() = -EPERM (recycling met an annotated entry)',
    );
    const before71 = await exhaustive({ variant: 'v4-6.17' });
    expect(trace(before71, 'host-reaches-own-pages')).toMatch(
      /host_access\(pfn=6\) = panic \(BUG: host_stage2_idmap\(\) returned -EPERM, recycling met an annotated entry\)$/,
    );
  });

  it('F11: unmap refuses annotations, and a second donation panics', async () => {
    const result = await exhaustive({ variant: 'v4-all-checks' });
    expect(trace(result, 'no-panic')).toBe(
      'host_donate_hyp_mmio(pfn=0); host_access(pfn=4); host_access(pfn=6); host_donate_hyp_mmio(pfn=2)' +
        ' = panic (WARN: host_stage2_set_owner_locked() returned -EPERM, recycling met an annotated entry)',
    );
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
    expect(broken(result)).toEqual(['no-panic', 'recycling-leaves-room', 'host-reaches-own-pages']);
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
