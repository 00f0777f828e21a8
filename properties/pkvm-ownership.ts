import { allowedMemory } from '../model/pkvm-ownership/checks.ts';
import { names } from '../model/pkvm-ownership/classes.ts';
import { faultRange, givable, pagesBehind } from '../model/pkvm-ownership/faults.ts';
import { pkvmOwnership } from '../model/pkvm-ownership/model.ts';
import { tablesOf } from '../model/pkvm-ownership/stage2.ts';
import {
  type Command,
  isProtected,
  type Leaf,
  type Pfn,
  type Sizes,
  type State,
  useText,
} from '../model/pkvm-ownership/state.ts';
import { type Expected, everyResult, noPanic } from '../src/spec/common.ts';
import {
  enumOf,
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

const eachPage = ({ pages }: Sizes) => record({ pfn: range(0, pages - 1) });
const eachVm = ({ vms }: Sizes) => record({ vm: range(0, vms - 1) });
const eachGuestPage = ({ vms, gfns }: Sizes) => record({ vm: range(0, vms - 1), gfn: range(0, gfns - 1) });

/** The parts of a state, named as reports are to name them: pages, then MMIO, then VMs. */
const partsOf = ({ pages, vms }: Sizes): string[] => [
  ...Array.from({ length: pages }, (_, pfn) => `pfn ${pfn}`),
  'MMIO',
  ...Array.from({ length: vms }, (_, vm) => `vm ${vm}`),
];
const eachPart = (sizes: Sizes) => record({ part: enumOf(...partsOf(sizes)) });

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
  statement: 'The annotation of a page goes only with the ownership that it stands for.',
  source: 'S4',
  forEach: ({ pages }) => record({ pfn: range(0, pages) }),
  holds: ({ before, outcome }, { pfn }, sizes) => {
    if (outcome.state === before) return true;
    const owner = annotationOf(before, pfn, sizes);
    if (owner === 'none') return true;
    const after = annotationOf(outcome.state, pfn, sizes);
    return after === owner || !ownedBy(outcome.state, owner, pfn, sizes) || `it was annotated ${owner}, now ${after}`;
  },
});

/** Whether EL2, or a guest, has a page for itself alone; of MMIO, whether EL2 maps it. */
const ownedBy = (state: State, owner: 'hyp' | 'guest', pfn: Pfn, sizes: Sizes): boolean => {
  if (pfn === sizes.pages) return state.mmio.el2;
  return owner === 'hyp' ? state.hyp[pfn] === 'OWNED' : leavesTo(state, pfn, 'OWNED') > 0;
};

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

/** Broken by `6.16` and `6.2`, whose hypervisor can return a page that it uses: nothing but its own care is in the way. */
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
  statement:
    'A call that is told how many pages changes the ownership of so many; another one, of what it names, and of other pages only as it moves that.',
  source: 'S11',
  forEach: eachPage,
  holds: ({ before, command, outcome }, { pfn }, sizes) => {
    if (outcome.result !== 'ok' || outcome.state === before || names(before, command, pfn, sizes)) return true;
    const after = outcome.state;
    if (sameOwnership(before, after, pfn, sizes)) return true;
    return (!('nr' in command) && movedAlike(before, after, command, pfn, sizes)) || 'it changed';
  },
});

/** A page that EL2 uses stays EL2's, whatever it uses it for. */
const sameOwnership = (before: State, after: State, pfn: Pfn, sizes: Sizes): boolean =>
  before.host[pfn] === after.host[pfn] &&
  before.hyp[pfn] === after.hyp[pfn] &&
  before.ffa[pfn] === after.ffa[pfn] &&
  before.el2[pfn] === after.el2[pfn] &&
  ((before.uses[pfn] !== 'none' && after.uses[pfn] !== 'none') || sameUse(before, after, pfn)) &&
  before.host_share_guest_count[pfn] === after.host_share_guest_count[pfn] &&
  annotationOf(before, pfn, sizes) === annotationOf(after, pfn, sizes);

const sameUse = (before: State, after: State, pfn: Pfn): boolean =>
  before.uses[pfn] === after.uses[pfn] && before.refcount[pfn] === after.refcount[pfn];

/** Whether a page that the call names goes from the same holder to the same holder as this one. */
const movedAlike = (before: State, after: State, command: Command, pfn: Pfn, sizes: Sizes): boolean => {
  const move = (page: Pfn) => `${holder(before, page)} to ${holder(after, page)}`;
  return before.host.some((_, page) => names(before, command, page, sizes) && move(page) === move(pfn));
};

/** Broken without checksMemcache (B9), where the WARN comes when the host has already lost the page, and without unpinsAtError (B10). */
export const failedCallChangesNothing = stepProperty(pkvmOwnership, {
  id: 'failed-call-changes-nothing',
  statement:
    "A call that fails, or ends the machine, has changed nothing: all checks come first, and nothing is rolled back. The host's own mappings may be built anew.",
  source: 'S13: Will Deacon, April 2026',
  forEach: eachPart,
  holds: ({ before, outcome }, { part }, sizes) => {
    if (outcome.result === 'ok' || outcome.state === before) return true;
    return samePart(before, outcome.state, part, sizes) || 'a call that failed changed it';
  },
});

const samePart = (before: State, after: State, part: string, sizes: Sizes): boolean => {
  const { pages } = sizes;
  const at = partsOf(sizes).indexOf(part);
  if (at > pages) return sameVm(before.vms[at - pages - 1]!, after.vms[at - pages - 1]!);
  if (at === pages) return before.mmio.el2 === after.mmio.el2 && before.mmio.pte === after.mmio.pte;
  return (
    sameOwnership(before, after, at, sizes) && sameUse(before, after, at) && before.secret[at] === after.secret[at]
  );
};

type Vm = State['vms'][number];

const sameVm = (was: Vm, is: Vm): boolean =>
  was.phase === is.phase &&
  was.vcpu === is.vcpu &&
  was.host_kvm === is.host_kvm &&
  was.host_vcpu === is.host_vcpu &&
  was.memcache === is.memcache &&
  was.pool === is.pool &&
  was.guest.every((pte, gfn) => sameEntry(pte, is.guest[gfn]!));

const sameEntry = (was: Vm['guest'][number], is: Vm['guest'][number]): boolean => {
  if (was.kind !== 'leaf' || is.kind !== 'leaf') return was.kind === is.kind;
  return (
    was.pfn === is.pfn &&
    was.state === is.state &&
    was.level === is.level &&
    was.writable === is.writable &&
    was.young === is.young
  );
};

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
  host_donate_block_guest: [['host', 'guest']],
  reclaim_block_guest: [['guest', 'host']],
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
    if (!allowed || outcome.result !== 'ok' || outcome.state === before || !names(before, command, pfn, sizes))
      return true;
    const was = holder(before, pfn);
    const is = holder(outcome.state, pfn);
    return allowed.some(([from, to]) => from === was && to === is) || `it moved from ${was} to ${is}`;
  },
});

/** Broken by a seeded fault in the tests: a table page that is lost. */
export const tablesAccounted = stepProperty(pkvmOwnership, {
  id: 'tables-accounted',
  statement:
    "Every page that was put into a VM's memcache is there, in the pool or a table for as long as the VM lives, and no table is freed twice.",
  source: 'S16',
  forEach: eachVm,
  holds: ({ before, command, outcome }, { vm }, sizes) => {
    if (outcome.state === before) return true;
    if ('vm' in command ? command.vm !== vm : !('phys' in command)) return true;
    const [was, is] = [before.vms[vm]!, outcome.state.vms[vm]!];
    if (was.phase !== is.phase) return true;
    const freed = tablesOf(was.guest, sizes) - tablesOf(is.guest, sizes);
    const [pages, left] = [was.memcache + was.pool, is.memcache + is.pool];
    if (left - pages < freed) return `${pages} pages and ${freed} tables freed before, ${left} pages after`;
    return is.pool - was.pool <= Math.max(freed, 0) || `the pool has more than the ${freed} tables that were freed`;
  },
});

const withMetadata: Property['applies'] = (_, config) => config.metadata === 1;

/** Broken by a seeded fault in the tests: a table that is freed, and its page forgotten. */
export const tablesHavePages = invariant(pkvmOwnership, {
  id: 'tables-have-pages',
  statement: "As many pages are used for a VM's memcache, pool and tables as these have.",
  source: 'S16',
  forEach: eachVm,
  applies: withMetadata,
  holds: ({ vms, uses }, { vm }, sizes) => {
    const { memcache, pool, guest } = vms[vm]!;
    const used = (kind: string) => uses.filter((use) => use === `${kind}${vm}`).length;
    const tables = tablesOf(guest, sizes);
    return (
      (used('memcache') === memcache && used('pool') === pool && used('table') === tables) ||
      `used for the memcache ${used('memcache')}, the pool ${used('pool')}, tables ${used('table')}; there are ${memcache}, ${pool}, ${tables}`
    );
  },
});

/** Broken without unpinsAtError (B10): a vCPU that was not made keeps its pin. */
export const pinsAreHeld = invariant(pkvmOwnership, {
  id: 'pins-are-held',
  statement: 'A page of the host is pinned once for each VM and each vCPU whose host structure lies in it.',
  source: 'S9, L7: 73b9c1e5da84',
  forEach: eachPage,
  applies: withMetadata,
  holds: (state, { pfn }) => {
    if (state.hyp[pfn] === 'OWNED') return true;
    const holders = state.vms.reduce(
      (sum, { host_kvm, host_vcpu }) => sum + Number(host_kvm === pfn) + Number(host_vcpu === pfn),
      0,
    );
    return state.refcount[pfn] === holders || `pinned ${state.refcount[pfn]} times, for ${holders} VMs and vCPUs`;
  },
});

/**
 * Broken without ffaTrusted and without checksUnshareHyp (B2): the host donates to EL2 what a guest still maps; and without
 * admitsByDonation, where EL2 uses a page that the host keeps.
 */
export const tablesArePrivate = invariant(pkvmOwnership, {
  id: 'tables-are-private',
  statement:
    'A page that EL2 uses, say for a table, and does not borrow is its own, and neither the host nor a guest maps it.',
  source: 'S17',
  forEach: eachPage,
  holds: (state, { pfn }) => {
    const use = state.uses[pfn]!;
    if (use !== 'none' && state.hyp[pfn] !== 'OWNED') return `${useText(use)}, hyp state ${state.hyp[pfn]}`;
    if (use === 'none' && (state.refcount[pfn] === 0 || state.hyp[pfn] !== 'OWNED')) return true;
    if (state.pte[pfn]!.kind === 'leaf') return 'the host maps it';
    return leavesTo(state, pfn) === 0 || 'a guest maps it';
  },
});

/** Has a meaning only behind the handlers. Broken with dirtyLog=remaps: the page is mapped anew, without its state. */
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
  holds: ({ before, outcome }, { vm, gfn }) =>
    outcome.state === before ||
    before.vms[vm]!.guest[gfn]!.kind !== 'poison' ||
    outcome.state.vms[vm]!.phase === 'gone' ||
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
  statement: 'The host need not ask twice for a page that a dying VM owns, as long as it is not part of a block.',
  source: 'L7',
  forEach: eachGuestPage,
  waiting: (state, { vm, gfn }) => dyingOwns(state, vm, gfn, 3),
  own: (command, { vm, gfn }) => command.kind === 'reclaim_page_guest' && command.vm === vm && command.gfn === gfn,
});

/** Broken by a seeded fault in the tests: a reclaim that keeps being refused. */
export const blockReclaimCompletes = progress(pkvmOwnership, {
  id: 'block-reclaim-completes',
  statement: 'The host need not ask twice for a block that a dying VM owns.',
  source: 'L7',
  forEach: eachGuestPage,
  applies: ({ donatesBlocks }) => donatesBlocks === true,
  waiting: (state, { vm, gfn }, { block }) => gfn % block === 0 && dyingOwns(state, vm, gfn, 2),
  own: (command, { vm, gfn }) => command.kind === 'reclaim_block_guest' && command.vm === vm && command.gfn === gfn,
});

const dyingOwns = (state: State, vm: number, gfn: number, level: Leaf['level']): boolean => {
  if (state.vms[vm]!.phase !== 'dying') return false;
  const pte = state.vms[vm]!.guest[gfn]!;
  return pte.kind === 'leaf' && pte.level === level && pte.state !== 'SHARED_BORROWED';
};

/**
 * Broken without topsUpAtPermission, where leaves can be read-only (`attributes`): the pages are unshared for a block, for which the
 * memcache is too short then.
 */
export const guestFaultServed = stepProperty(pkvmOwnership, {
  id: 'guest-fault-served',
  statement: 'A fault of a guest at a page that the host can give ends with the page mapped, and the access allowed.',
  source: 'L1: user_mem_abort() of 7.3',
  applies: ({ era, entry }, { metadata }) => era === '7.2' && entry === 'hypercalls' && metadata === 0,
  holds: ({ before, command, outcome }, _, sizes) => {
    if (command.kind !== 'guest_fault') return true;
    const { vm, gfn, memslot, access } = command;
    const was = before.vms[vm]!.guest[gfn]!;
    if (was.kind === 'poison') return true;
    const { first, nr } = faultRange(gfn, memslot === 'huge', sizes);
    if (!pagesBehind(first, nr, sizes).every((page) => givable(before, page, vm, sizes))) return true;
    const is = outcome.state.vms[vm]!.guest[gfn]!;
    if (is.kind !== 'leaf') return was.kind === 'leaf' ? 'the page is not mapped any more' : 'the page is not mapped';
    return access === 'read' || is.writable || 'the page is not writable';
  },
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
/** The calls of Android, each where there is such a call. */
const blocks = (expected: string): Expected => [expected, is('donatesBlocks', true)];
const dirtyLog = (expected: string): Expected => [expected, not(is('dirtyLog', 'none'))];
/** Whether EL2's structures for a VM take pages of the model. */
const metadata: Applies = (switches, config) => since616(switches, config) && config.metadata === 1;
const elsewhere: Applies = (_, config) => config.metadata === 0;
const room =
  (pages: number): Applies =>
  (_, config) =>
    config.metadata === 0 || config.pages! >= pages;
const made = (expected: string): Expected => [expected, metadata];
const faults = all(since71, handlers, elsewhere);
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
    ['EBUSY in use at EL2', room(3)],
  ],
  host_donate_hyp: ['ok', outOfRange, acrossRegions, byAddress, 'EPERM not owned by the host alone'],
  hyp_donate_host: [
    'ok',
    outOfRange,
    'EPERM not owned by the hypervisor',
    ['EBUSY in use at EL2', all(since616, is('checksHypCount', true))],
  ],
  hyp_pin_shared_mem: [
    ['ok', elsewhere],
    ['EPERM not shared by the host', elsewhere],
    ['EPERM not shared with the hypervisor', all(since616, elsewhere)],
  ],
  hyp_unpin_shared_mem: [['ok', elsewhere]],
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
    ['E2BIG mapped by a block', all(since71, room(3))],
    in71('EPERM not owned by the guest'),
    ['EINVAL not a dying VM', all(since71, handlers)],
  ],
  relax_perms_guest: [
    in616('ok'),
    direct('EPERM a protected VM'),
    in616('EINVAL more than RWX'),
    in616(beyond),
    ['EAGAIN not mapped by the guest', all(since616, is('walksReturnEagain', true))],
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
  pkvm_refill_memcache: [in616('ok'), made('ENOMEM a page that the host cannot give')],
  hyp_get_page: ['ok'],
  hyp_put_page: ['ok'],
  start_teardown_vm: [in616('ok')],
  finalize_teardown_vm: [in616('ok')],
  init_vm: [
    ['ok', all(since616, room(3))],
    made('EPERM not shared by the host'),
    made('ENOMEM no page for the VM'),
    made('ENOMEM no page for its tables'),
    ['EINVAL the handle is in use', all(metadata, room(3))],
  ],
  init_vcpu: [
    ['ok', all(metadata, room(4))],
    made('ENOMEM no page for the vCPU'),
    made('ENOENT no such VM'),
    made("EBUSY the host's vCPU is not shared"),
    made('EINVAL the VM has such a vCPU'),
  ],
  guest_fault: [
    ['ok', faults],
    ['EFAULT poisoned: the host has taken the page back', faults],
    ['EPERM not owned by the host alone', faults],
    ['EPERM not owned by the host, nor shared with guests only', faults],
  ],
  host_dirty_log_guest: [
    dirtyLog('ok'),
    dirtyLog(beyond),
    dirtyLog('ENOENT not mapped by the guest'),
    dirtyLog('E2BIG not mapped by a leaf of this size'),
    ['EINVAL a protected VM', all(handlers, not(is('dirtyLog', 'none')))],
    ['EINVAL no such VM, or none of its vCPUs loaded', all(handlers, not(is('dirtyLog', 'none')))],
  ],
  host_donate_block_guest: [
    blocks('ok'),
    blocks('EINVAL a block that is not aligned'),
    blocks('EPERM not owned by the host alone'),
    blocks(beyond),
    blocks('EPERM the guest has something at this gfn'),
    blocks('ENOMEM a short memcache'),
    ['EINVAL not a protected VM', all(handlers, is('donatesBlocks', true))],
    ['EINVAL no such VM, or none of its vCPUs loaded', all(handlers, is('donatesBlocks', true))],
  ],
  reclaim_block_guest: [
    blocks('ok'),
    blocks('EINVAL a block that is not aligned'),
    blocks(beyond),
    blocks('ENOENT not mapped by the guest'),
    blocks('E2BIG not mapped by a leaf of this size'),
    blocks('EPERM not owned by the guest'),
    ['EINVAL not a dying VM', all(handlers, is('donatesBlocks', true))],
  ],
});

/** The two calls by which the host of 7.2 and 7.3 can end the machine; every other panic would be news. */
const ends = ['test_clear_young_guest', 'force_reclaim_page_guest'] as const;

/** Broken by `6.16` and `6.2`, at a fault of the host's. */
const noOtherPanic = stepProperty(pkvmOwnership, {
  id: 'no-panic-otherwise',
  statement: `No call but ${ends.map((kind) => `${kind}()`).join(' and ')} reaches a BUG or a fatal WARN.`,
  source: 'L4',
  holds: ({ command, outcome }) => outcome.result !== 'panic' || ends.some((kind) => kind === command.kind),
});

/** The properties that break if the host finalises a teardown before it has its pages back. */
const earlyTeardown = [
  'single-owner',
  'share-pairing',
  'borrower-count',
  'annotation-decodes',
  'no-panic',
  'no-panic-force-reclaim-page-guest',
];

/** The properties that break if the host asks for the age of a gfn beyond the VM's address space. */
const agedBeyond = ['no-panic', 'no-panic-test-clear-young-guest'];

/** The properties that a number of pages that wraps breaks (B7). */
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
    tablesHavePages,
    pinsAreHeld,
    tablesArePrivate,
    vmKind,
    poisonIsTerminal,
    noPanic(pkvmOwnership, 'L4'),
    noPanic(pkvmOwnership, 'L4', 'host_share_guest'),
    ...ends.map((kind) => noPanic(pkvmOwnership, 'L4', kind)),
    noOtherPanic,
    memcacheBound,
    reclaimCompletes,
    blockReclaimCompletes,
    guestFaultServed,
    twoGuestsShare,
    hugePfnAliases,
    ...results,
  ],
  violates: {
    '7.2': [],
    '7.2-hypercalls': [...earlyTeardown, ...agedBeyond],
    'android-hypercalls': [],
    '6.16': [
      ...wrappingRange,
      ...agedBeyond,
      'share-pairing',
      'borrower-count',
      'pinned-stays-mapped',
      'failed-call-changes-nothing',
      'no-panic-host-share-guest',
      'no-panic-otherwise',
      'memcache-bound',
    ],
    '6.2': [
      'only-memory-is-given-away',
      'annotation-durable',
      'pinned-stays-mapped',
      'range-is-memory',
      'no-panic',
      'no-panic-otherwise',
    ],
  },
  // With attributes=1: a permission fault that turns pages into a block finds the memcache short (up to 7.2).
  violatesElsewhere: { '7.2-hypercalls': ['guest-fault-served', 'failed-call-changes-nothing'] },
});
