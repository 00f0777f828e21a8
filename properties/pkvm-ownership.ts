import { allowedMemory } from '../model/pkvm-ownership/checks.ts';
import { pkvmOwnership } from '../model/pkvm-ownership/model.ts';
import { tablesOf } from '../model/pkvm-ownership/stage2.ts';
import {
  addressed,
  type Command,
  guestAddressed,
  isProtected,
  type Leaf,
  type Pfn,
  type Sizes,
  type State,
} from '../model/pkvm-ownership/state.ts';
import {
  invariant,
  type Property,
  progress,
  range,
  reachable,
  reachableStep,
  record,
  stepProperty,
  suite,
} from '../src/spec/index.ts';
import { type Expected, everyResult, noPanic } from './common.ts';

const eachPage = ({ pages }: Sizes) => record({ pfn: range(0, pages - 1) });
const eachVm = ({ vms }: Sizes) => record({ vm: range(0, vms - 1) });
const eachGuestPage = ({ vms, gfns }: Sizes) => record({ vm: range(0, vms - 1), gfn: range(0, gfns - 1) });

/** The guest leaves that map a page, or those of them that say this of it. */
const leavesTo = (state: State, pfn: Pfn, ...states: readonly Leaf['state'][]): number =>
  state.vms.reduce(
    (sum, { guest }) =>
      sum +
      guest.filter(
        (pte) => pte.kind === 'leaf' && pte.pfn === pfn && (states.length === 0 || states.includes(pte.state)),
      ).length,
    0,
  );

/** Broken by a teardown that is finalised too early (hostReclaimsFirst=false), and by a seeded fault in the tests. */
export const singleOwner = invariant(pkvmOwnership, {
  id: 'single-owner',
  statement: 'A page of memory has exactly one owner.',
  source: 'S1',
  forEach: eachPage,
  holds: (state, { pfn }) => {
    const host = state.host[pfn] === 'OWNED' || state.host[pfn] === 'SHARED_OWNED';
    const owners = Number(host) + Number(state.hyp[pfn] === 'OWNED') + leavesTo(state, pfn, 'OWNED', 'SHARED_OWNED');
    return owners === 1 || `${owners} owners: host ${state.host[pfn]}, hyp ${state.hyp[pfn]}`;
  },
});

/** Broken by `6.2`, whose host gives away what is not memory (B1). */
export const onlyMemoryIsGivenAway = invariant(pkvmOwnership, {
  id: 'only-memory-is-given-away',
  statement: 'EL2 does not map MMIO as memory, and no host entry of MMIO is annotated.',
  source: 'S1, S11',
  holds: ({ mmio }) =>
    (!mmio.el2 && mmio.pte !== 'hyp') ||
    `EL2 ${mmio.el2 ? 'maps' : 'does not map'} it, the host's entry is ${mmio.pte}`,
});

/** Broken without checksPfnRange (B7): tables change, states do not. */
export const noForeignAccess = invariant(pkvmOwnership, {
  id: 'no-foreign-access',
  statement: 'Whoever maps a page has a state for it that allows the access.',
  source: 'S2',
  forEach: eachPage,
  holds: (state, { pfn }) => {
    if (state.pte[pfn]!.kind === 'leaf' && state.host[pfn] === 'NOPAGE')
      return 'the host maps it, with host state NOPAGE';
    return !state.el2[pfn] || state.hyp[pfn] !== 'NOPAGE' || 'EL2 maps it, with hyp state NOPAGE';
  },
});

/** Broken without ffaTrusted and without checksUnshareHyp (B2): the host gets a page back that somebody still borrows. */
export const sharePairing = invariant(pkvmOwnership, {
  id: 'share-pairing',
  statement: 'What the host shares has one kind of borrower, and what is borrowed is shared by its owner.',
  source: 'S3',
  forEach: eachPage,
  holds: (state, { pfn }) => {
    const host = state.host[pfn];
    const borrowers = [
      ...(state.hyp[pfn] === 'SHARED_BORROWED' ? ['the hypervisor'] : []),
      ...(leavesTo(state, pfn, 'SHARED_BORROWED') > 0 ? ['guests'] : []),
      ...(state.ffa[pfn] ? ['the secure side'] : []),
    ];
    if (borrowers.length !== Number(host === 'SHARED_OWNED'))
      return `host state ${host}, borrowed by ${borrowers.join(' and ') || 'nobody'}`;
    const lent = leavesTo(state, pfn, 'SHARED_OWNED');
    return lent === Number(host === 'SHARED_BORROWED') || `host state ${host}, lent by ${lent} guest entries`;
  },
});

/** Broken by `6.2`: MMIO that was donated by mistake (B1) is unmapped, annotation and all, under memory pressure. */
export const annotationDurable = stepProperty(pkvmOwnership, {
  id: 'annotation-durable',
  statement: 'The annotation of a page stays until its owner gives the page up, or the host reclaims it from a guest.',
  source: 'S4',
  forEach: ({ pages }) => record({ pfn: range(0, pages) }),
  holds: ({ before, command, outcome }, { pfn }, sizes) => {
    if (outcome.state === before) return true;
    const owner = annotationOf(before, pfn, sizes);
    const after = annotationOf(outcome.state, pfn, sizes);
    if (owner === 'none' || after === owner) return true;
    const allowed =
      owner === 'hyp' ? ['hyp_donate_host'] : ['guest_share_host', 'force_reclaim_page_guest', 'reclaim_page_guest'];
    return allowed.includes(command.kind) || `it was annotated ${owner}, now ${after}`;
  },
});

const annotationOf = (state: State, pfn: Pfn, sizes: Sizes): 'none' | 'hyp' | 'guest' => {
  const kind = pfn === sizes.pages ? state.mmio.pte : state.pte[pfn]!.kind;
  return kind === 'hyp' || kind === 'guest' ? kind : 'none';
};

/** Broken by a seeded fault in the tests, and by a teardown that is finalised too early (hostReclaimsFirst=false). */
export const borrowerCount = invariant(pkvmOwnership, {
  id: 'borrower-count',
  statement: 'host_share_guest_count is the number of guest pages that borrow the page.',
  source: 'S5',
  forEach: eachPage,
  holds: (state, { pfn }) => {
    const leaves = leavesTo(state, pfn, 'SHARED_BORROWED');
    const count = state.host_share_guest_count[pfn];
    return count === leaves || `the count is ${count}, ${leaves} guest pages borrow it`;
  },
});

/** Broken without checksPfnRange: an annotation without a state (B7). */
export const stateAgreesWithEntry = invariant(pkvmOwnership, {
  id: 'state-agrees-with-entry',
  statement: 'The host state of a page is NOPAGE exactly if its host entry is annotated.',
  source: 'S6',
  forEach: eachPage,
  holds: (state, { pfn }) => {
    const { kind } = state.pte[pfn]!;
    return (
      (state.host[pfn] === 'NOPAGE') === (kind === 'hyp' || kind === 'guest') ||
      `host state ${state.host[pfn]}, entry ${kind}`
    );
  },
});

/** Broken by a seeded fault in the tests, and by a teardown that is finalised too early (hostReclaimsFirst=false). */
export const annotationDecodes = invariant(pkvmOwnership, {
  id: 'annotation-decodes',
  statement: 'A page annotated with a VM and a gfn is the page that the VM owns at that gfn.',
  source: 'S7: forced reclaim trusts it',
  forEach: eachPage,
  holds: (state, { pfn }) => {
    const annotation = state.pte[pfn]!;
    if (annotation.kind !== 'guest') return true;
    const pte = state.vms[annotation.vm]!.guest[annotation.gfn]!;
    if (pte.kind !== 'leaf')
      return `annotated (vm=${annotation.vm}, gfn=${annotation.gfn}), where the entry is ${pte.kind}`;
    return (pte.pfn === pfn && pte.state === 'OWNED') || `the guest has pfn ${pte.pfn} there, ${pte.state}`;
  },
});

/** Broken by `6.2`, whose hypervisor can return a page that it uses: nothing but its own care is in the way. */
export const pinnedStaysMapped = invariant(pkvmOwnership, {
  id: 'pinned-stays-mapped',
  statement: 'A page that EL2 uses is mapped at EL2, and is its own or shared with it.',
  source: 'S9',
  forEach: eachPage,
  holds: (state, { pfn }) =>
    state.refcount[pfn] === 0 ||
    (state.el2[pfn]! && state.hyp[pfn] !== 'NOPAGE') ||
    `refcount ${state.refcount[pfn]}, hyp state ${state.hyp[pfn]}, ${state.el2[pfn] ? 'mapped' : 'not mapped'}`,
});

/** Broken without ffaTrusted, and by a seeded fault in the tests: a reclaim that does not zero. */
export const scrubBeforeRelease = invariant(pkvmOwnership, {
  id: 'scrub-before-release',
  statement: 'What a guest has not disclosed is in no page that another can map.',
  source: 'S10',
  forEach: eachPage,
  holds: (state, { pfn }) =>
    !state.secret[pfn] ||
    (state.host[pfn] === 'NOPAGE' && state.hyp[pfn] === 'NOPAGE') ||
    `host state ${state.host[pfn]}, hyp state ${state.hyp[pfn]}`,
});

/** Broken without checksPfnRange (B7), by `6.2` (B1) and without checksOwnerRange (B25). */
export const rangeIsMemory = stepProperty(pkvmOwnership, {
  id: 'range-is-memory',
  statement: 'A call succeeds only for pages that are all memory; a number of pages that wraps is none.',
  source: 'S11',
  holds: ({ command, outcome }, _, sizes) => {
    if (outcome.result !== 'ok' || !('pfn' in command) || command.kind === 'host_fault') return true;
    const nr = 'nr' in command ? command.nr : 1;
    return (nr <= sizes.pages && !allowedMemory(command.pfn, nr, sizes)) || 'it succeeded';
  },
});

/** Broken by a seeded fault in the tests. */
export const touchesOnlyItsRange = stepProperty(pkvmOwnership, {
  id: 'touches-only-its-range',
  statement: 'A call changes the ownership of no page but those that it names.',
  source: 'S11',
  forEach: eachPage,
  holds: ({ before, command, outcome }, { pfn }, sizes) => {
    if (outcome.result !== 'ok' || outcome.state === before || named(before, command, pfn, sizes)) return true;
    const after = outcome.state;
    const same =
      before.host[pfn] === after.host[pfn] &&
      before.hyp[pfn] === after.hyp[pfn] &&
      before.ffa[pfn] === after.ffa[pfn] &&
      before.el2[pfn] === after.el2[pfn] &&
      before.refcount[pfn] === after.refcount[pfn] &&
      before.host_share_guest_count[pfn] === after.host_share_guest_count[pfn] &&
      annotationOf(before, pfn, sizes) === annotationOf(after, pfn, sizes);
    return same || 'it changed';
  },
});

/** Whether a call names a page, by its number or by the gfn where it is mapped. */
const named = (state: State, command: Command, pfn: Pfn, sizes: Sizes): boolean => {
  if (command.kind === 'unmap_dev_all') return false;
  if ('pfn' in command) {
    const first = addressed(command.pfn, sizes);
    return pfn >= first && pfn < first + ('nr' in command ? command.nr : 1);
  }
  if ('phys' in command) return command.phys === pfn;
  if ('from' in command) return pfn >= command.from && pfn < command.to;
  if (!('gfn' in command)) return false;
  const { guest } = state.vms[command.vm]!;
  const first = guestAddressed(command.gfn, sizes);
  return guest
    .slice(first, first + ('nr' in command ? command.nr : 1))
    .some((pte) => pte.kind === 'leaf' && pte.pfn === pfn);
};

/** Broken without checksMemcache (B9): the WARN comes when the host has already lost the page. */
export const failedCallChangesNothing = stepProperty(pkvmOwnership, {
  id: 'failed-call-changes-nothing',
  statement:
    'A call that fails, or ends the machine, has changed nothing: all checks come first, and nothing is rolled back.',
  source: 'S13: Will Deacon, April 2026',
  holds: ({ before, outcome }) =>
    outcome.result === 'ok' || outcome.state === before || 'a call that failed changed something',
});

/** Who has a page: its owner, and with whom it is shared. */
const holder = (state: State, pfn: Pfn): string => {
  const host = state.host[pfn];
  if (host === 'SHARED_BORROWED') return 'guest and host';
  if (host === 'NOPAGE') return state.hyp[pfn] === 'OWNED' ? 'hyp' : 'guest';
  const borrowers = [
    ...(state.hyp[pfn] === 'NOPAGE' ? [] : ['hyp']),
    ...(state.ffa[pfn] ? ['secure'] : []),
    ...(state.host_share_guest_count[pfn]! > 0 ? ['guests'] : []),
  ];
  return ['host', ...borrowers].join(' and ');
};

/** From whom to whom a transition moves a page. The second of a pair is the inverse of the first. */
const moves: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  host_share_hyp: [['host', 'host and hyp']],
  host_unshare_hyp: [['host and hyp', 'host']],
  host_donate_hyp: [['host', 'hyp']],
  hyp_donate_host: [['hyp', 'host']],
  host_share_ffa: [['host', 'host and secure']],
  host_unshare_ffa: [['host and secure', 'host']],
  host_donate_guest: [['host', 'guest']],
  force_reclaim_page_guest: [['guest', 'host']],
  guest_share_host: [['guest', 'guest and host']],
  guest_unshare_host: [['guest and host', 'guest']],
  reclaim_page_guest: [
    ['guest', 'host'],
    ['guest and host', 'host'],
  ],
  host_share_guest: [
    ['host', 'host and guests'],
    ['host and guests', 'host and guests'],
  ],
  host_unshare_guest: [
    ['host and guests', 'host'],
    ['host and guests', 'host and guests'],
  ],
};

/**
 * With touches-only-its-range and failed-call-changes-nothing this is: taking back undoes giving, and giving twice fails. Broken
 * without ffaTrusted and without checksUnshareHyp (B2).
 */
export const takingBackUndoesGiving = stepProperty(pkvmOwnership, {
  id: 'taking-back-undoes-giving',
  statement:
    'A transition moves a page from one holder to another and its inverse moves it back, so the same call fails a second time.',
  source: 'S14',
  forEach: eachPage,
  holds: ({ before, command, outcome }, { pfn }, sizes) => {
    const allowed = moves[command.kind];
    if (!allowed || outcome.result !== 'ok' || outcome.state === before || !named(before, command, pfn, sizes))
      return true;
    const was = holder(before, pfn);
    const is = holder(outcome.state, pfn);
    return allowed.some(([from, to]) => from === was && to === is) || `it moved from ${was} to ${is}`;
  },
});

/** They take a VM's memory away, or give it anew. */
const lifeOfVm = ['start_teardown_vm', 'finalize_teardown_vm', 'init_vm'];

/** Broken by a seeded fault in the tests: a table page that is lost. */
export const tablesAccounted = stepProperty(pkvmOwnership, {
  id: 'tables-accounted',
  statement: "Every page that was put into a VM's memcache is there, in the pool or a table until the VM is torn down.",
  source: 'S16',
  forEach: eachVm,
  holds: ({ before, command, outcome }, { vm }, sizes) => {
    if (outcome.state === before || lifeOfVm.includes(command.kind)) return true;
    if ('vm' in command ? command.vm !== vm : command.kind !== 'force_reclaim_page_guest') return true;
    const [was, is] = [before.vms[vm]!, outcome.state.vms[vm]!];
    const given = Number(command.kind === 'pkvm_refill_memcache');
    const pages = (of: State['vms'][number]) => of.memcache + of.pool + tablesOf(of.guest, sizes);
    return pages(is) === pages(was) + given || `${pages(was)} pages before, ${pages(is)} after`;
  },
});

/** Broken without ffaTrusted and without checksUnshareHyp (B2): the host donates to EL2 what a guest still maps. */
export const tablesArePrivate = invariant(pkvmOwnership, {
  id: 'tables-are-private',
  statement: 'A page that EL2 owns and uses, say for a table, is mapped neither by the host nor by a guest.',
  source: 'S17',
  forEach: eachPage,
  holds: (state, { pfn }) => {
    if (state.refcount[pfn] === 0 || state.hyp[pfn] !== 'OWNED') return true;
    if (state.pte[pfn]!.kind === 'leaf') return 'the host maps it';
    return leavesTo(state, pfn) === 0 || 'a guest maps it';
  },
});

/** Has a meaning only behind the handlers. Broken by a seeded fault in the tests: a handler that looks at nothing. */
export const vmKind = invariant(pkvmOwnership, {
  id: 'vm-kind',
  statement: 'A VM that is not protected owns no pages; a protected VM borrows none.',
  source: 'S26: hyp-main.c',
  forEach: eachGuestPage,
  applies: ({ entry }) => entry === 'hypercalls',
  holds: (state, { vm, gfn }, sizes) => {
    const pte = state.vms[vm]!.guest[gfn]!;
    if (pte.kind === 'invalid') return true;
    const borrows = pte.kind === 'leaf' && pte.state === 'SHARED_BORROWED';
    return borrows !== isProtected(vm, sizes) || `${pte.kind === 'leaf' ? pte.state : 'POISON'} at gfn ${gfn}`;
  },
});

/** Broken by a seeded fault in the tests: a share over poison. */
export const poisonIsTerminal = stepProperty(pkvmOwnership, {
  id: 'poison-is-terminal',
  statement: 'A poisoned guest entry stays so until the VM is torn down.',
  source: 'S27',
  forEach: eachGuestPage,
  holds: ({ before, command, outcome }, { vm, gfn }) =>
    outcome.state === before ||
    before.vms[vm]!.guest[gfn]!.kind !== 'poison' ||
    command.kind === 'finalize_teardown_vm' ||
    outcome.state.vms[vm]!.guest[gfn]!.kind === 'poison' ||
    `now ${outcome.state.vms[vm]!.guest[gfn]!.kind}`,
});

/** Broken without checksMemcache (B9). */
export const memcacheBound = stepProperty(pkvmOwnership, {
  id: 'memcache-bound',
  statement:
    'A page needs at most levels - 1 table pages and a block one less, and what passed the check does not run short.',
  source: 'L5',
  forEach: eachVm,
  holds: ({ before, command, outcome }, { vm }, sizes) => {
    if (command.kind !== 'host_share_guest' && command.kind !== 'host_donate_guest') return true;
    if (command.vm !== vm) return true;
    if (outcome.result === 'panic') return !outcome.reason.includes('ENOMEM') || 'it ran short';
    if (outcome.result !== 'ok') return true;
    const free = (state: State) => state.vms[vm]!.memcache + state.vms[vm]!.pool;
    const taken = free(before) - free(outcome.state);
    const most = sizes.levels - ('nr' in command && command.nr !== 1 ? 2 : 1);
    return taken <= most || `it took ${taken} pages`;
  },
});

/** Broken by a seeded fault in the tests: a reclaim that keeps being refused. */
export const reclaimCompletes = progress(pkvmOwnership, {
  id: 'reclaim-completes',
  statement: 'The host need not ask twice for a page that a dying VM owns.',
  source: 'L7',
  forEach: eachGuestPage,
  waiting: (state, { vm, gfn }) => {
    if (state.vms[vm]!.phase !== 'dying') return false;
    const pte = state.vms[vm]!.guest[gfn]!;
    return pte.kind === 'leaf' && pte.state !== 'SHARED_BORROWED';
  },
  own: (command, { vm, gfn }) => command.kind === 'reclaim_page_guest' && command.vm === vm && command.gfn === gfn,
});

export const twoGuestsShare = reachable(pkvmOwnership, {
  id: 'two-guests-share',
  statement: 'Two VMs can borrow one page.',
  source: 'witness',
  applies: ({ era, entry }, { vms, protectedVms }) =>
    era !== '6.2' && (entry === 'functions' ? vms : vms - protectedVms) > 1,
  when: ({ vms }) =>
    vms[0]!.guest.some(
      (one) =>
        one.kind === 'leaf' &&
        one.state === 'SHARED_BORROWED' &&
        (vms[1]?.guest ?? []).some((other) => other.kind === 'leaf' && other.pfn === one.pfn),
    ),
});

/** pkvm.md: functions without pfn_range_is_valid() take 2^52 for 0. No property breaks by it. */
export const hugePfnAliases = reachableStep(pkvmOwnership, {
  id: 'huge-pfn-aliases',
  statement: 'host_share_hyp() takes pfn 2^52 for pfn 0.',
  source: 'witness: gap 2',
  when: ({ command, outcome }, _, { pages }) =>
    command.kind === 'host_share_hyp' && command.pfn === pages + 2 && outcome.result === 'ok',
});

type Applies = NonNullable<Property['applies']>;
const is =
  (name: string, value: boolean | string): Applies =>
  (switches) =>
    switches[name] === value;
const not =
  (applies: Applies): Applies =>
  (switches, config) =>
    !applies(switches, config);
const all =
  (...each: readonly Applies[]): Applies =>
  (switches, config) =>
    each.every((applies) => applies(switches, config));

const since616 = not(is('era', '6.2'));
const since71 = is('era', '7.2');
const functions = all(since616, is('entry', 'functions'));
const handlers = all(since616, is('entry', 'hypercalls'));
const ranged = all(since616, is('checksPfnRange', true));
const short = all(since616, is('checksMemcache', true));

const wrongVm = (kind: string): readonly Expected[] => [
  [`EINVAL ${kind}`, handlers],
  ['EINVAL no such VM, or none of its vCPUs loaded', handlers],
];
const outOfRange: Expected = ['EINVAL the range leaves the physical address space', ranged];
const notMemory = 'EPERM not memory that may change hands';
const byAddress: Expected = [notMemory, is('checksAddress', true)];
const acrossRegions: Expected = ['EINVAL the range is not in one region', since616];
const beyond = "ERANGE beyond the VM's address space";
const sizeErrors: readonly Expected[] = [
  ['EINVAL neither a page nor a block', since616],
  ['EINVAL a block that is not aligned', since616],
];
const in71 = (expected: string): Expected => [expected, since71];
const in616 = (expected: string): Expected => [expected, since616];
const direct = (expected: string): Expected => [expected, functions];

/** What each call can return. The results that are missing here are dead in every version: the README lists them. */
const results = everyResult(pkvmOwnership, {
  host_share_hyp: ['ok', byAddress, 'EPERM not owned by the host alone'],
  host_unshare_hyp: [
    'ok',
    byAddress,
    'EPERM not shared by the host',
    ['EPERM not shared with the hypervisor', all(since616, is('checksUnshareHyp', true))],
    'EBUSY in use at EL2',
  ],
  host_donate_hyp: ['ok', outOfRange, acrossRegions, byAddress, 'EPERM not owned by the host alone'],
  hyp_donate_host: ['ok', outOfRange, 'EPERM not owned by the hypervisor', in616('EBUSY in use at EL2')],
  hyp_pin_shared_mem: ['ok', 'EPERM not shared by the host', in616('EPERM not shared with the hypervisor')],
  hyp_unpin_shared_mem: ['ok'],
  host_share_ffa: [
    in616('ok'),
    outOfRange,
    acrossRegions,
    in616(notMemory),
    in616('EPERM not owned by the host alone'),
  ],
  host_unshare_ffa: [in616('ok'), outOfRange, acrossRegions, in616(notMemory), in616('EPERM not shared by the host')],
  host_share_guest: [
    in616('ok'),
    in616('EINVAL more than RWX'),
    outOfRange,
    in616('EINVAL a block that is not aligned'),
    acrossRegions,
    in616(notMemory),
    in616(beyond),
    in616('EPERM the guest has something at this gfn'),
    direct('EBUSY shared too often'),
    in616('EPERM not owned by the host, nor shared with guests only'),
    ['ENOMEM a short memcache', short],
    ...wrongVm('a protected VM'),
  ],
  host_unshare_guest: [
    in616('ok'),
    ...sizeErrors,
    in616(beyond),
    in616('ENOENT not mapped by the guest'),
    in616('E2BIG not mapped by a leaf of this size'),
    direct('EPERM not borrowed by the guest'),
    ...wrongVm('a protected VM'),
  ],
  host_donate_guest: [
    in71('ok'),
    in71(notMemory),
    in71('EPERM not owned by the host alone'),
    in71(beyond),
    in71('EPERM the guest has something at this gfn'),
    ['ENOMEM a short memcache', all(since71, short)],
    ['EINVAL not a protected VM', all(since71, handlers)],
    ['EINVAL no such VM, or none of its vCPUs loaded', all(since71, handlers)],
  ],
  guest_share_host: [
    in71('ok'),
    in71(beyond),
    in71('EHWPOISON poisoned'),
    in71('ENOENT not mapped by the guest'),
    ['E2BIG mapped by a block', all(since71, functions)],
    in71('EPERM not owned by the guest alone'),
  ],
  guest_unshare_host: [
    in71('ok'),
    in71(beyond),
    in71('EHWPOISON poisoned'),
    in71('ENOENT not mapped by the guest'),
    ['E2BIG mapped by a block', all(since71, functions)],
    in71('EPERM not shared by the guest'),
  ],
  force_reclaim_page_guest: [
    in71('ok'),
    in71('EFAULT not memory'),
    in71('EAGAIN the host has it and need not fault'),
    in71('EPERM not a guest has it'),
    ['EAGAIN its VM is gone', all(since71, is('hostReclaimsFirst', false))],
  ],
  reclaim_page_guest: [
    in71('ok'),
    in71(beyond),
    in71('ENOENT not mapped by the guest'),
    in71('E2BIG mapped by a block'),
    in71('EPERM not owned by the guest'),
    ['EINVAL not a dying VM', all(since71, handlers)],
  ],
  relax_perms_guest: [
    in616('ok'),
    direct('EPERM a protected VM'),
    in616('EINVAL more than RWX'),
    in616(beyond),
    in616('EAGAIN not mapped by the guest'),
    ...wrongVm('a protected VM'),
  ],
  wrprotect_guest: [
    in616('ok'),
    direct('EPERM a protected VM'),
    ...sizeErrors,
    in616(beyond),
    ...wrongVm('a protected VM'),
  ],
  test_clear_young_guest: [in616('ok'), direct('EPERM a protected VM'), ...sizeErrors, ...wrongVm('a protected VM')],
  mkyoung_guest: [in616('ok'), direct('EPERM a protected VM'), ...wrongVm('a protected VM')],
  host_fault: ['ok', ['EPERM annotated with another owner; abort injected', is('faultsInject', true)]],
  unmap_dev_all: ['ok'],
  host_stage2_set_owner_locked: [['EPERM not all memory', all(since616, is('checksOwnerRange', true))]],
  pkvm_refill_memcache: [in616('ok')],
  hyp_get_page: ['ok'],
  hyp_put_page: ['ok'],
  start_teardown_vm: [in616('ok')],
  finalize_teardown_vm: [in616('ok')],
  init_vm: [in616('ok')],
});

/** What a number of pages that wraps breaks (B7). */
const wrappingRange = ['no-foreign-access', 'state-agrees-with-entry', 'range-is-memory', 'taking-back-undoes-giving'];

export const pkvmOwnershipSuite = suite({
  model: pkvmOwnership,
  properties: [
    singleOwner,
    onlyMemoryIsGivenAway,
    noForeignAccess,
    sharePairing,
    annotationDurable,
    borrowerCount,
    stateAgreesWithEntry,
    annotationDecodes,
    pinnedStaysMapped,
    scrubBeforeRelease,
    rangeIsMemory,
    touchesOnlyItsRange,
    failedCallChangesNothing,
    takingBackUndoesGiving,
    tablesAccounted,
    tablesArePrivate,
    vmKind,
    poisonIsTerminal,
    noPanic(pkvmOwnership, 'L4'),
    noPanic(pkvmOwnership, 'L4', 'host_share_guest'),
    memcacheBound,
    reclaimCompletes,
    twoGuestsShare,
    hugePfnAliases,
    ...results,
  ],
  violates: {
    '7.2': [],
    '7.2-hypercalls': [],
    '6.16': [
      ...wrappingRange,
      'failed-call-changes-nothing',
      'no-panic',
      'no-panic-host-share-guest',
      'memcache-bound',
    ],
    '6.2': ['only-memory-is-given-away', 'annotation-durable', 'pinned-stays-mapped', 'range-is-memory', 'no-panic'],
  },
});
