import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { firstOf, guestNoPage, hostCheck, isFailure, validGuestPte } from '../../model/pkvm-ownership/checks.ts';
import { pkvmOwnership } from '../../model/pkvm-ownership/model.ts';
import { annotate, guestMap, guestUnmap, setOwnerHost } from '../../model/pkvm-ownership/stage2.ts';
import type { Command, State } from '../../model/pkvm-ownership/state.ts';
import { pkvmOwnershipSuite as suite } from '../../properties/pkvm-ownership.ts';
import { taskOf } from '../../src/engine/task.ts';
import { type CheckResult, check } from '../../src/job/check.ts';
import {
  describeOutcome,
  disabled,
  type Model,
  type Outcome,
  ok,
  range,
  reachableStep,
  refuse,
  type Suite,
  update,
  variant,
} from '../../src/spec/index.ts';
import { type Choices, scopeOf } from '../../src/system/scope.ts';
import { systemOf } from '../../src/system/system.ts';
import { runStatements } from '../../src/trace/run.ts';
import { parseScript } from '../../src/trace/script/parse.ts';
import { seedFault } from '../seeded-fault.ts';
import { broken, trace } from './verdicts.ts';

const folder = join(import.meta.dirname, '../../model/pkvm-ownership');
const readme = readFileSync(join(folder, 'README.md'), 'utf8');

/** A violation is found breadth first, so what a bound leaves out is no shorter. */
const exhaustive = (choices: Choices, of: Suite = suite, properties?: readonly string[], maxStates = 2_000_000) =>
  check(of, choices, { kind: 'exhaustive', maxStates }, properties ? { properties } : {});

describe.each(Object.keys(suite.model.variants))('pkvm-ownership@%s', (variant) => {
  // What it breaks and reaches, `pagelaw check` compares with the suite's list.
  it('has as many states as the README says', async () => {
    const { bound, covered } = await exhaustive({ variant }, suite, []);
    expect(bound).toBeUndefined();
    const [, states] = new RegExp(`^\\| \`${variant}\` \\| ([\\d,]+) \\|`, 'm').exec(readme) ?? [];
    expect(covered.states).toBe(Number(states?.replaceAll(',', '')));
  });
});

/** As many states are as near as most traces of the table, and as the farthest: a handle that is used again. */
const [nearStates, farStates] = [3_000, 20_000];

describe('the table of the model README: what each missing check lets in', () => {
  const rows = [...readme.matchAll(/^\| (\w[\w ]*) \| `([\w.-]+)`((?:, \w+=\w+)*) \| ([a-z0-9-]+) \| (.+) \|$/gm)].map(
    ([, row = '', variant = '', set = '', id = '', expected = '']) => ({ row, variant, set, id, expected }),
  );

  it('has the bugs and gaps that the model can show', () => {
    expect([...new Set(rows.map(({ row }) => row))]).toEqual([
      'B1',
      'B2',
      'B7',
      'B9',
      'B10',
      'B12',
      'B25',
      'host faults',
      'count',
      'refill',
      'guest faults',
      'dirty log',
      'blocks',
      'gap 1',
      'debug',
      'aging',
      'teardown',
    ]);
  });

  /** What a row sets: a number is of the configuration. */
  const choicesOf = (variant: string, set: string): Choices => {
    const pairs = [...set.matchAll(/(\w+)=(\w+)/g)].map(([, name = '', value = '']) => [name, value] as const);
    const of = (numbers: boolean) => pairs.filter(([, value]) => /^\d+$/.test(value) === numbers);
    return {
      variant,
      config: Object.fromEntries(of(true).map(([name, value]) => [name, Number(value)])),
      switches: Object.fromEntries(of(false).map(([name, value]) => [name, asSwitch(value)])),
    };
  };
  const asSwitch = (value: string) => (value === 'true' || value === 'false' ? value === 'true' : value);

  // Rows of one combination share a search.
  const searches = new Map<string, Promise<CheckResult>>();
  const searched = (variant: string, set: string) => {
    const key = `${variant} ${set}`;
    const ids = rows.filter((row) => row.variant === variant && row.set === set).map(({ id }) => id);
    const within = (states: number) => exhaustive(choicesOf(variant, set), suite, ids, states);
    const search = async () => {
      const near = await within(nearStates);
      return near.properties.every(({ verdict }) => verdict.kind === 'violated') ? near : within(farStates);
    };
    if (!searches.has(key)) searches.set(key, search());
    return searches.get(key)!;
  };

  it.each(rows)('$row $variant$set: $id', async ({ variant, set, id, expected }) => {
    expect(trace(await searched(variant, set), id)).toBe(expected);
  });
});

/** A host that does as it should. */
const honest = { hostReclaimsFirst: true, agesWithinVm: true };

describe('without one of its checks, 7.2-hypercalls on one page and one gfn', () => {
  const config = { pages: 1, gfns: 1 };
  const safety = suite.properties.filter(({ witness }) => !witness).map(({ id }) => id);
  it.each([
    ['checksUnshareHyp', ['share-pairing', 'scrub-before-release', 'taking-back-undoes-giving', 'tables-are-private']],
    [
      'checksPfnRange',
      [
        'no-foreign-access',
        'annotation-durable',
        'state-agrees-with-entry',
        'range-is-memory',
        'taking-back-undoes-giving',
        'no-panic',
        'no-panic-otherwise',
      ],
    ],
    [
      'checksMemcache',
      ['failed-call-changes-nothing', 'no-panic', 'no-panic-host-share-guest', 'no-panic-otherwise', 'memcache-bound'],
    ],
    ['checksHypCount', ['pinned-stays-mapped']],
    ['faultsInject', ['no-panic', 'no-panic-otherwise']],
    ['ffaTrusted', []],
    ['agesWithinVm', ['no-panic', 'no-panic-test-clear-young-guest']],
  ])('%s', async (name, ids) => {
    const switches = { ...honest, [name]: false };
    const result = await exhaustive({ variant: '7.2-hypercalls', config, switches }, suite, safety);
    if (ids.length > 0) expect(broken(result)).toEqual(ids);
    else expect(broken(result)).toContain('share-pairing');
  });
});

describe('other configurations of 7.2-hypercalls hold every property', () => {
  const safety = suite.properties.filter(({ witness }) => !witness).map(({ id }) => id);
  it.each([
    {},
    { pages: 1, vms: 2, gfns: 3, pins: 1 },
    { levels: 3, pages: 1, vms: 1 },
    { attributes: 1, pages: 1, vms: 1, protectedVms: 0 },
    { metadata: 1 },
    { metadata: 1, pages: 3, vms: 1 },
    { metadata: 1, pages: 3, vms: 1, protectedVms: 0 },
  ])('%j, with a host that does as it should', async (config) => {
    const choices = { variant: '7.2-hypercalls', config: { protectedVms: 1, ...config }, switches: honest };
    expect(broken(await exhaustive(choices, suite, safety))).toEqual([]);
  });

  it('and so does 7.2-hypercalls as it is, of a guest with leaves that are read-only, if the memcache is filled', async () => {
    const config = { attributes: 1, vms: 1, protectedVms: 0 };
    const ids = ['guest-fault-served', 'failed-call-changes-nothing'];
    const result = (topsUpAtPermission: boolean) =>
      exhaustive({ variant: '7.2-hypercalls', config, switches: { topsUpAtPermission } }, suite, ids);
    expect(broken(await result(false)).sort()).toEqual([...ids].sort());
    expect(broken(await result(true))).toEqual([]);
  });
});

describe('with metadata, on three pages', () => {
  it('every result of the calls is reached that three pages have room for', async () => {
    const result = await exhaustive({ variant: '7.2-hypercalls', config: { metadata: 1, pages: 3 } });
    expect(result.bound).toBeUndefined();
    expect(broken(result).sort()).toEqual(
      suite.violates['7.2-hypercalls']!.filter((id) => id !== 'no-panic-force-reclaim-page-guest').sort(),
    );
  });
});

const stepOf = (switches: Choices['switches'] = {}, config: Choices['config'] = {}) => {
  const system = systemOf(pkvmOwnership as never, scopeOf(pkvmOwnership as never, { switches, config }));
  const initial = system.initial as State;
  return (edit: Parameters<typeof update<State>>[1], command: Command) =>
    describeOutcome(system.step(update(initial, edit), command));
};

describe('errnos', () => {
  it('model/pkvm-ownership/errnos.script runs as it says', () => {
    const task = taskOf(suite.model, scopeOf(suite.model, { config: { memcache: 4 } }), []);
    const file = 'errnos.script';
    const ran = runStatements(parseScript(readFileSync(join(folder, file), 'utf8'), file, task.system), task);
    expect(ran.filter(({ standing }) => standing !== 'ok')).toEqual([]);
    expect(ran.length).toBeGreaterThan(150);
  });

  it.each([
    ['ffa-gap.script', { switches: { ffaTrusted: false } }],
    ['teardown.script', { variant: '7.2-hypercalls' }],
    ['lifecycle.script', { variant: '7.2-hypercalls', config: { metadata: 1, pages: 4 } }],
  ])('model/pkvm-ownership/%s runs as it says', (file, choices) => {
    const task = taskOf(suite.model, scopeOf(suite.model, choices), []);
    const ran = runStatements(parseScript(readFileSync(join(folder, file), 'utf8'), file, task.system), task);
    expect(ran.filter(({ standing }) => standing !== 'ok')).toEqual([]);
  });

  it.each([
    ['6.16', {}, 'ok'],
    ['6.16', { walksReturnEagain: true }, '-EAGAIN (not mapped by the guest)'],
    ['7.2-hypercalls', {}, '-EAGAIN (not mapped by the guest)'],
  ])('in %s with %j, relax_perms_guest() of what is not mapped is %s', (variant, switches, expected) => {
    const system = systemOf(pkvmOwnership as never, scopeOf(pkvmOwnership as never, { variant, switches }));
    const relax = { kind: 'relax_perms_guest', gfn: 0, vm: 1, prot: 'RWX' } as const;
    const outcome = system.step(system.initial, relax);
    expect(describeOutcome(outcome)).toBe(expected);
    expect(outcome.state).toBe(system.initial);
  });

  it('a short memcache is seen last', () => {
    const step = stepOf();
    const share = { kind: 'host_share_guest', pfn: 0, gfn: 0, nr: 1, vm: 1, prot: 'RWX' } as const;
    const donate = { kind: 'host_donate_guest', pfn: 0, gfn: 0, vm: 0 } as const;
    expect(step(() => undefined, share)).toBe('-ENOMEM (a short memcache)');
    expect(step(() => undefined, donate)).toBe('-ENOMEM (a short memcache)');
    const taken = (state: { host: string[] }) => {
      state.host[0] = 'SHARED_BORROWED';
    };
    expect(step(taken as never, share)).toBe('-EPERM (not owned by the host, nor shared with guests only)');
    expect(step(taken as never, donate)).toBe('-EPERM (not owned by the host alone)');
  });

  // Results that no reachable state shows: the check is there all the same, and so is its place in the order.
  const leaf = { kind: 'leaf', pfn: 0, state: 'OWNED', level: 3, writable: true, young: true } as const;
  type Recipe = Parameters<typeof update<State>>[1];
  it.each<[string, Recipe, Command, string]>([
    [
      'hyp_check of a share',
      (s) => {
        s.hyp[0] = 'OWNED';
      },
      { kind: 'host_share_hyp', pfn: 0 },
      '-EPERM (the hypervisor has it)',
    ],
    [
      'hyp_check of a donation',
      (s) => {
        s.hyp[0] = 'SHARED_BORROWED';
      },
      { kind: 'host_donate_hyp', pfn: 0, nr: 1 },
      '-EPERM (the hypervisor has it)',
    ],
    [
      'host_check of a return',
      (s) => {
        s.hyp[0] = 'OWNED';
      },
      { kind: 'hyp_donate_host', pfn: 0, nr: 1 },
      '-EPERM (the host has it)',
    ],
    [
      'the state before the count',
      (s) => {
        s.host[0] = 'SHARED_OWNED';
        s.refcount[0] = 1;
      },
      { kind: 'host_unshare_hyp', pfn: 0 },
      '-EPERM (not shared with the hypervisor)',
    ],
    [
      'a return that EL2 does not map',
      (s) => {
        s.hyp[0] = 'OWNED';
        s.host[0] = 'NOPAGE';
      },
      { kind: 'hyp_donate_host', pfn: 0, nr: 1 },
      'panic (WARN: kvm_pgtable_hyp_unmap() unmapped less than it was asked to)',
    ],
    [
      'the host state of an unshare',
      (s) => {
        s.vms[1]!.guest[0] = { ...leaf, state: 'SHARED_BORROWED' };
      },
      { kind: 'host_unshare_guest', gfn: 0, nr: 1, vm: 1 },
      '-EPERM (not shared by the host)',
    ],
    [
      'the count of an unshare',
      (s) => {
        s.vms[1]!.guest[0] = { ...leaf, state: 'SHARED_BORROWED' };
        s.host[0] = 'SHARED_OWNED';
      },
      { kind: 'host_unshare_guest', gfn: 0, nr: 1, vm: 1 },
      'panic (WARN: mapped by a guest, host_share_guest_count 0)',
    ],
    [
      'the host state of a guest share',
      (s) => {
        s.vms[0]!.guest[0] = leaf;
      },
      { kind: 'guest_share_host', vm: 0, gfn: 0 },
      '-EPERM (the host has it)',
    ],
    [
      'the host state of a guest unshare',
      (s) => {
        s.vms[0]!.guest[0] = { ...leaf, state: 'SHARED_OWNED' };
      },
      { kind: 'guest_unshare_host', vm: 0, gfn: 0 },
      '-EPERM (not borrowed by the host)',
    ],
    [
      'a foreign page, not annotated',
      (s) => {
        s.host[0] = 'NOPAGE';
      },
      { kind: 'force_reclaim_page_guest', phys: 0 },
      '-EINVAL (not annotated)',
    ],
    [
      'a foreign page in a block',
      (s) => {
        s.host[0] = 'NOPAGE';
        s.pte[0] = { kind: 'leaf', level: 2 };
      },
      { kind: 'force_reclaim_page_guest', phys: 0 },
      'panic (WARN: a page of another owner, mapped by a block)',
    ],
    [
      'a foreign page that the host maps',
      (s) => {
        s.host[0] = 'NOPAGE';
        s.pte[0] = { kind: 'leaf', level: 3 };
      },
      { kind: 'force_reclaim_page_guest', phys: 0 },
      'panic (WARN: a page of another owner, mapped by the host)',
    ],
    [
      'an annotation of a VM that is gone',
      (s) => {
        s.host[0] = 'NOPAGE';
        s.pte[0] = { kind: 'guest', vm: 0, gfn: 0 };
        s.vms[0]!.phase = 'gone';
      },
      { kind: 'force_reclaim_page_guest', phys: 0 },
      '-EAGAIN (its VM is gone)',
    ],
    [
      'an annotation of a gfn with nothing',
      (s) => {
        s.host[0] = 'NOPAGE';
        s.pte[0] = { kind: 'guest', vm: 0, gfn: 0 };
      },
      { kind: 'force_reclaim_page_guest', phys: 0 },
      '-ENOENT (not mapped by the guest)',
    ],
    [
      'an annotation of a poisoned gfn',
      (s) => {
        s.host[0] = 'NOPAGE';
        s.pte[0] = { kind: 'guest', vm: 0, gfn: 0 };
        s.vms[0]!.guest[0] = { kind: 'poison' };
      },
      { kind: 'force_reclaim_page_guest', phys: 0 },
      '-EHWPOISON (poisoned)',
    ],
    [
      'an annotation of what the guest shares',
      (s) => {
        s.host[0] = 'NOPAGE';
        s.pte[0] = { kind: 'guest', vm: 0, gfn: 0 };
        s.vms[0]!.guest[0] = { ...leaf, state: 'SHARED_OWNED' };
      },
      { kind: 'force_reclaim_page_guest', phys: 0 },
      '-EPERM (not owned by the guest alone)',
    ],
    [
      'a reclaim of what the host has',
      (s) => {
        s.vms[0]!.guest[0] = leaf;
      },
      { kind: 'reclaim_page_guest', gfn: 0, vm: 0 },
      'panic (WARN: the host state of a reclaimed page is not NOPAGE)',
    ],
  ])('%s', (_, edit, command, expected) => {
    expect(stepOf()(edit, command)).toBe(expected);
  });
});

describe('the order of 6.2 differs', () => {
  it('pins are counted before the hyp state is looked at', () => {
    const step = stepOf({ era: '6.2', checksUnshareHyp: true });
    const edit = (s: Parameters<Parameters<typeof update<State>>[1]>[0]) => {
      s.host[0] = 'SHARED_OWNED';
      s.refcount[0] = 1;
    };
    expect(step(edit, { kind: 'host_unshare_hyp', pfn: 0 })).toBe('-EBUSY (in use at EL2)');
  });

  it('a host that maps MMIO cannot give it away, one that does not can (B1)', () => {
    const step = stepOf({ era: '6.2', checksAddress: false });
    const donate = { kind: 'host_donate_hyp', pfn: 2, nr: 1 } as const;
    expect(
      step((s) => {
        s.mmio.pte = 'leaf';
      }, donate),
    ).toBe('-EINVAL (maps what is not memory)');
    expect(step(() => undefined, donate)).toBe('ok');
    expect(stepOf({ era: '6.2', checksAddress: true })(() => undefined, donate)).toBe(
      '-EPERM (not memory that may change hands)',
    );
  });
});

it('leaf attributes follow the calls, on all of a block', () => {
  const system = systemOf(suite.model, scopeOf(suite.model, { config: { attributes: 1, memcache: 1 } }));
  let state = system.initial as State;
  const call = (command: Command) => {
    const outcome = system.step(state, command);
    expect(outcome.result).toBe('ok');
    state = outcome.state as State;
    return state.vms[1]!.guest.map((pte) => pte.kind === 'leaf' && [pte.writable, pte.young]);
  };
  expect(call({ kind: 'host_share_guest', pfn: 0, gfn: 0, nr: 2, vm: 1, prot: 'RX' })).toEqual([
    [false, true],
    [false, true],
  ]);
  expect(call({ kind: 'test_clear_young_guest', gfn: 0, nr: 2, mkold: false, vm: 1 })[0]).toEqual([false, true]);
  expect(call({ kind: 'test_clear_young_guest', gfn: 0, nr: 2, mkold: true, vm: 1 })[0]).toEqual([false, false]);
  expect(call({ kind: 'relax_perms_guest', gfn: 1, vm: 1, prot: 'RX' })[0]).toEqual([false, false]);
  expect(call({ kind: 'relax_perms_guest', gfn: 1, vm: 1, prot: 'RWX' })[0]).toEqual([true, false]);
  expect(call({ kind: 'mkyoung_guest', gfn: 1, vm: 1 })[0]).toEqual([true, true]);
  expect(call({ kind: 'wrprotect_guest', gfn: 0, nr: 1, vm: 1 })[1]).toEqual([false, true]);
});

it('the host unshares the pages of a dying VM, by its handle; calls with a vCPU are over', () => {
  const scope = scopeOf(suite.model, { variant: '7.2-hypercalls', config: { memcache: 4 } });
  const task = taskOf(suite.model, scope, []);
  const text = `host_share_guest(pfn=0, gfn=0, nr=2, vm=1, prot=RWX) -> 0
start_teardown_vm(vm=1) -> 0
relax_perms_guest(gfn=0, vm=1, prot=RWX) -> -EINVAL (no such VM, or none of its vCPUs loaded)
wrprotect_guest(gfn=0, nr=2, vm=1) -> 0
test_clear_young_guest(gfn=0, nr=2, mkold=true, vm=1) -> 0
host_unshare_guest(gfn=0, nr=1, vm=1) -> -E2BIG
host_unshare_guest(gfn=0, nr=2, vm=1) -> 0
expect host=[OWNED,OWNED] vms[1].guest=[invalid,invalid]
finalize_teardown_vm(vm=1) -> 0
host_unshare_guest(gfn=0, nr=2, vm=1) -> -EINVAL (no such VM, or none of its vCPUs loaded)`;
  const ran = runStatements(parseScript(text, 'a.script', task.system), task);
  expect(ran.filter(({ standing }) => standing !== 'ok')).toEqual([]);
});

it.each(['guest_share_host', 'guest_unshare_host'] as const)('%s maps the page anew, RWX and young', (kind) => {
  const system = systemOf(suite.model, scopeOf(suite.model, { config: { attributes: 1 } }));
  const unshares = kind === 'guest_unshare_host';
  const before = update(system.initial as State, (s) => {
    s.host[0] = unshares ? 'SHARED_BORROWED' : 'NOPAGE';
    const state = unshares ? 'SHARED_OWNED' : 'OWNED';
    s.vms[1]!.guest[0] = { kind: 'leaf', pfn: 0, state, level: 3, writable: false, young: false };
  });
  const outcome = system.step(before, { kind, vm: 1, gfn: 0 } as Command);
  expect((outcome.state as State).vms[1]!.guest[0]).toMatchObject({ writable: true, young: true });
});

describe('a property that no variant breaks is broken by a seeded fault', () => {
  type Recipe = Parameters<typeof update<State>>[1];
  const edit = (outcome: Outcome<unknown>, recipe: Recipe): Outcome<unknown> => ({
    ...outcome,
    state: update(outcome.state as State, recipe),
  });
  /** Edits what one call does when it succeeds. */
  const seed = (kind: Command['kind'], recipe: Recipe) =>
    seedFault(suite, (outcome, command) =>
      command.kind === kind && outcome.result === 'ok' ? edit(outcome, recipe) : outcome,
    );

  /** Puts off what one call would do. */
  const later = (kind: Command['kind']) =>
    seedFault(suite, (outcome, command, before) =>
      command.kind === kind && outcome.result === 'ok'
        ? { result: 'refused', errno: 'EAGAIN', reason: 'later', state: before, warnings: [] }
        : outcome,
    );

  it.each<[string, string, Suite, string]>([
    [
      'single-owner',
      'a donation to a guest that leaves the page with the host',
      seed('host_donate_guest', (s) => {
        s.host[0] = 'OWNED';
      }),
      'pkvm_refill_memcache(vm=0); host_donate_guest(pfn=0, gfn=0, vm=0)',
    ],
    [
      'share-pairing',
      'a share with the hypervisor that it is not told',
      seed('host_share_hyp', (s) => {
        s.hyp[0] = 'NOPAGE';
      }),
      'host_share_hyp(pfn=0)',
    ],
    [
      'borrower-count',
      'a share that is not counted',
      seed('host_share_guest', (s) => {
        s.host_share_guest_count[0] = 0;
      }),
      'pkvm_refill_memcache(vm=1); host_share_guest(pfn=0, gfn=0, nr=1, vm=1, prot=RWX)',
    ],
    [
      'annotation-decodes',
      'an annotation with another gfn',
      seed('host_donate_guest', (s) => {
        if (s.pte[0]!.kind === 'guest') s.pte[0] = { kind: 'guest', vm: 0, gfn: 1 };
      }),
      'pkvm_refill_memcache(vm=0); host_donate_guest(pfn=0, gfn=0, vm=0)',
    ],
    [
      'scrub-before-release',
      'a forced reclaim that does not zero',
      seed('force_reclaim_page_guest', (s) => {
        s.secret[0] = true;
      }),
      'guest_fault(vm=0, gfn=0, memslot=pages, access=write); force_reclaim_page_guest(phys=0)',
    ],
    [
      'touches-only-its-range',
      'a donation of a page that takes its neighbour with it',
      seed('host_donate_hyp', (s) => {
        s.host[1] = 'NOPAGE';
      }),
      'host_donate_hyp(pfn=0, nr=1)',
    ],
    [
      'tables-accounted',
      'an unshare that loses the table',
      seed('host_unshare_guest', (s) => {
        s.vms[1]!.pool = 0;
      }),
      'guest_fault(vm=1, gfn=0, memslot=pages, access=write); host_unshare_guest(gfn=0, nr=1, vm=1)',
    ],
    [
      'tables-accounted',
      'a table that is freed twice',
      seed('host_unshare_guest', (s) => {
        s.vms[1]!.pool += 1;
      }),
      'guest_fault(vm=1, gfn=0, memslot=pages, access=write); host_unshare_guest(gfn=0, nr=1, vm=1)',
    ],
    [
      'tables-have-pages',
      'a table that is freed, and its page forgotten',
      seed('host_unshare_guest', (s) => {
        s.uses[1] = 'none';
      }),
      'pkvm_refill_memcache(vm=1, pfn=1); host_share_guest(pfn=0, gfn=0, nr=1, vm=1, prot=RWX); host_unshare_guest(gfn=0, nr=1, vm=1)',
    ],
    [
      'tables-are-private',
      'a donation to the hypervisor that leaves the host its mapping',
      seed('host_donate_hyp', (s) => {
        s.pte[0] = { kind: 'leaf', level: 3 };
      }),
      'host_donate_hyp(pfn=0, nr=1); hyp_get_page(pfn=0)',
    ],
    [
      'vm-kind',
      'a share with a protected VM',
      seed('host_fault', (s) => {
        s.vms[0]!.guest[0] = { kind: 'leaf', pfn: 0, state: 'SHARED_BORROWED', level: 3, writable: true, young: true };
      }),
      'host_fault(pfn=0)',
    ],
    [
      'poison-is-terminal',
      'a reclaim that clears the poison',
      seed('reclaim_page_guest', (s) => {
        if (s.vms[0]!.guest[0]!.kind === 'poison') s.vms[0]!.guest[0] = { kind: 'invalid' };
      }),
      'guest_fault(vm=0, gfn=0, memslot=pages, access=write); force_reclaim_page_guest(phys=0); start_teardown_vm(vm=0); reclaim_page_guest(gfn=0, vm=0)',
    ],
    [
      'reclaim-completes',
      'a reclaim that is refused for ever',
      later('reclaim_page_guest'),
      'guest_fault(vm=0, gfn=0, memslot=pages, access=write); start_teardown_vm(vm=0); for ever: reclaim_page_guest(gfn=0, vm=0) = -EAGAIN (later)',
    ],
    [
      'block-reclaim-completes',
      'a reclaim that is refused for ever',
      later('reclaim_block_guest'),
      'pkvm_refill_memcache(vm=0); host_donate_block_guest(pfn=0, gfn=0, vm=0); start_teardown_vm(vm=0); for ever: reclaim_block_guest(gfn=0, vm=0) = -EAGAIN (later)',
    ],
    [
      'guest-fault-served',
      'a fault that is given up without a word',
      seedFault(suite, (outcome, { kind }, before) =>
        kind === 'guest_fault' && outcome.result === 'ok' ? ok(before) : outcome,
      ),
      'guest_fault(vm=0, gfn=0, memslot=pages, access=write)',
    ],
  ])('%s: %s', async (id, _, faulty, expected) => {
    const blocks = id.startsWith('block');
    const metadata = id === 'tables-have-pages';
    const config = {
      pages: id === 'touches-only-its-range' || metadata || blocks ? 2 : 1,
      vms: 2,
      gfns: id === 'annotation-decodes' || blocks ? 2 : 1,
      metadata: Number(metadata),
    };
    const variant = blocks ? 'android-hypercalls' : '7.2-hypercalls';
    expect(trace(await exhaustive({ variant, config }, faulty, [id], 2_000), id)).toBe(expected);
  });

  it('a witness: nothing is reached by a model that refuses everything', async () => {
    const faulty = seedFault(suite, (_, __, state) => ({ ...ok(state), result: 'refused', errno: 'EIO', reason: '' }));
    const result = await exhaustive({ config: { pages: 1, vms: 1, gfns: 1 } }, faulty);
    const witnesses = result.properties.filter(({ property }) => property.witness);
    expect(witnesses.length).toBeGreaterThan(90);
    expect(witnesses.filter(({ verdict }) => verdict.kind !== 'violated')).toEqual([]);
  });
});

describe('calls that somebody adds raise no false alarm, if they are right', () => {
  type Context = Parameters<typeof hostCheck>[4];

  /** Gives a guest two pages that follow on each other, at two gfns that do. No argument says that there are two. */
  const donateTwo = (state: State, pfn: number, gfn: number, vm: number, context: Context): Outcome<State> => {
    const failure = firstOf(
      () => hostCheck(state, pfn, 2, 'OWNED', context),
      () => guestNoPage(state, vm, gfn, 2, context),
      () => (state.vms[vm]!.memcache < 2 * (context.sizes.levels - 1) ? ['ENOMEM', 'a short memcache'] : undefined),
    );
    if (failure) return refuse(state, ...failure);
    return ok(
      update(state, (s) => {
        for (const i of [0, 1]) {
          annotate(s, pfn + i, { kind: 'guest', vm, gfn: gfn + i }, context.sizes);
          s.host[pfn + i] = 'NOPAGE';
          s.secret[pfn + i] = true;
        }
        const leaf = { kind: 'leaf', state: 'OWNED', level: 3, writable: true, young: true } as const;
        guestMap(
          s,
          vm,
          gfn,
          [
            { ...leaf, pfn },
            { ...leaf, pfn: pfn + 1 },
          ],
          context.sizes,
        );
      }),
    );
  };

  /** Takes from a dying VM what it has at two gfns, whatever pages these are. */
  const reclaimTwo = (state: State, gfn: number, vm: number, context: Context): Outcome<State> => {
    const leaves = [gfn, gfn + 1].map((at) => validGuestPte(state, vm, at, context));
    const pages = leaves.flatMap((leaf) => (isFailure(leaf) || leaf.state !== 'OWNED' ? [] : leaf.pfn));
    if (pages.length < 2) return refuse(state, 'EPERM', 'not two pages that the guest owns');
    return ok(
      update(state, (s) => {
        guestUnmap(s, vm, gfn, 2, context.sizes);
        for (const page of pages) {
          s.secret[page] = false;
          setOwnerHost(s, page, 1, context);
        }
      }),
    );
  };

  const added: Suite = {
    ...suite,
    model: {
      ...suite.model,
      system: (sizes, patch) => {
        const system = suite.model.system(sizes, patch);
        const context = { sizes, patch } as unknown as Context;
        const { shape } = system.command;
        const vm = range(0, 0);
        const command = variant({
          ...(shape.kind === 'variant' ? shape.cases : {}),
          host_donate_two_guest: { pfn: range(0, 1), gfn: range(0, 1), vm },
          reclaim_two_guest: { gfn: range(0, 1), vm },
        });
        return {
          ...system,
          command,
          step: (before, call) => {
            const state = before as State;
            const { kind, ...args } = call;
            const { pfn = 0, gfn = 0 } = args as { pfn?: number; gfn?: number };
            const { phase } = state.vms[0]!;
            if (kind === 'host_donate_two_guest')
              return phase === 'alive' ? donateTwo(state, pfn, gfn, 0, context) : disabled(state, 'not alive');
            if (kind === 'reclaim_two_guest')
              return phase === 'dying' ? reclaimTwo(state, gfn, 0, context) : disabled(state, 'not dying');
            return system.step(before, call);
          },
        };
      },
    } satisfies Model,
  };

  it('a donation of two pages and its reclaim', async () => {
    const safety = suite.properties.filter(({ witness }) => !witness).map(({ id }) => id);
    const config = { memcache: 2, vms: 1 };
    const two = (id: string, kind: string) =>
      reachableStep(pkvmOwnership, {
        id,
        statement: 'The call succeeds.',
        source: 'test',
        when: ({ command, outcome }) => `${command.kind}` === kind && outcome.result === 'ok',
      });
    const seen = [two('given', 'host_donate_two_guest'), two('taken', 'reclaim_two_guest')];
    const result = await exhaustive(
      { variant: '7.2-hypercalls', config, switches: honest },
      { ...added, properties: [...added.properties, ...seen] },
      [...safety, 'given', 'taken'],
    );
    expect(result.bound).toBeUndefined();
    expect(result.properties.filter(({ property }) => property.witness).map(({ verdict }) => verdict.kind)).toEqual([
      'proved',
      'proved',
    ]);
    expect(broken(result)).toEqual([]);
  });

  it('the same of a block, by the calls of Android', async () => {
    const ids = ['annotation-durable', 'touches-only-its-range', 'reclaim-completes', 'block-reclaim-completes'];
    expect(broken(await exhaustive({ variant: 'android-hypercalls' }, suite, ids))).toEqual([]);
  });

  const keepsTheSecond: Parameters<typeof update<State>>[1] = (s) => {
    s.host[1] = 'OWNED';
  };

  it('but one that leaves the host half of what it takes is found', async () => {
    const faulty = seedFault(added, (outcome, { kind }) =>
      kind === 'host_donate_two_guest' && outcome.result === 'ok'
        ? { ...outcome, state: update(outcome.state as State, keepsTheSecond) }
        : outcome,
    );
    const result = await exhaustive(
      { variant: '7.2-hypercalls', config: { memcache: 2, vms: 1 }, switches: honest },
      faulty,
      ['touches-only-its-range', 'state-agrees-with-entry'],
    );
    expect(broken(result).sort()).toEqual(['state-agrees-with-entry', 'touches-only-its-range']);
  });
});

describe("Will Deacon's rule, in the text of the model", () => {
  const functions = ['memory.ts', 'guests.ts', 'lifecycle.ts', 'faults.ts', 'era62.ts'].flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split(/^(?=(?:export )?const )/m)
      .slice(1)
      .map((text) => ({ name: /const (\w+)/.exec(text)![1]!, text })),
  );

  it('sees the transition functions', () => {
    expect(functions.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['hostShareHyp', 'hostShareGuest', 'initVcpu', 'guestFault', 'hostDonateHyp62']),
    );
    expect(
      readdirSync(folder)
        .filter((file) => file.endsWith('.ts'))
        .sort(),
    ).toEqual([
      'checks.ts',
      'classes.ts',
      'draw.ts',
      'era62.ts',
      'faults.ts',
      'guests.ts',
      'lifecycle.ts',
      'memory.ts',
      'model.ts',
      'stage2.ts',
      'state.ts',
    ]);
  });

  it.each(functions)('$name: no refusal follows the first update', ({ text }) => {
    const updated = text.indexOf('update(');
    if (updated >= 0) expect(text.slice(updated)).not.toMatch(/\b(refuse|disabled)\(/);
  });

  it('a fatal WARN is all that can follow one, and it is never undone', () => {
    const panicking = functions.filter(({ text }) => {
      const updated = text.indexOf('update(');
      return updated >= 0 && /\bpanic\(/.test(text.slice(updated));
    });
    expect(panicking.map(({ name }) => name)).toEqual(['hostShareGuest', 'hostDonateGuest', 'hostDonateBlockGuest']);
  });
});

describe('taking back undoes giving, call by call', () => {
  const system = systemOf(suite.model, scopeOf(suite.model, { config: { memcache: 2 } }));
  const ownership = ({ host, hyp, ffa, host_share_guest_count }: State) => ({ host, hyp, ffa, host_share_guest_count });
  it.each<[Command, Command]>([
    [
      { kind: 'host_share_hyp', pfn: 0 },
      { kind: 'host_unshare_hyp', pfn: 0 },
    ],
    [
      { kind: 'host_donate_hyp', pfn: 0, nr: 2 },
      { kind: 'hyp_donate_host', pfn: 0, nr: 2 },
    ],
    [
      { kind: 'host_share_ffa', pfn: 0, nr: 2 },
      { kind: 'host_unshare_ffa', pfn: 0, nr: 2 },
    ],
    [
      { kind: 'host_share_guest', pfn: 0, gfn: 0, nr: 2, vm: 1, prot: 'RWX' },
      { kind: 'host_unshare_guest', gfn: 0, nr: 2, vm: 1 },
    ],
    [
      { kind: 'host_donate_guest', pfn: 0, gfn: 0, vm: 0 },
      { kind: 'reclaim_page_guest', gfn: 0, vm: 0 },
    ],
    [
      { kind: 'host_donate_guest', pfn: 0, gfn: 0, vm: 0 },
      { kind: 'force_reclaim_page_guest', phys: 0 },
    ],
  ])('%j, %j', (give, take) => {
    const given = system.step(system.initial, give);
    expect(given.result).toBe('ok');
    expect(system.step(given.state, give).result).toBe('refused');
    const taken = system.step(given.state, take);
    expect(ownership(taken.state as State)).toEqual(ownership(system.initial as State));
    expect(system.step(taken.state, take).result).toBe('refused');
  });
});
