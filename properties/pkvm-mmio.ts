import { getLeaf } from '../model/pkvm-mmio/host-stage2.ts';
import { pkvmMmio } from '../model/pkvm-mmio/model.ts';
import { addressed, allPages, isRam, mmioPages, type Pfn, type Sizes, type State } from '../model/pkvm-mmio/state.ts';
import { everyResult, noPanic } from '../src/spec/common.ts';
import { invariant, range, reachable, record, stepProperty, suite } from '../src/spec/index.ts';

const eachPage = (sizes: Sizes) => record({ pfn: range(0, allPages(sizes) - 1) });
const eachRamPage = (sizes: Sizes) => record({ pfn: range(mmioPages(sizes), allPages(sizes) - 1) });
const eachTable = (sizes: Sizes) => record({ table: range(0, sizes.mmioTables - 1) });

const ramPage = (state: State, pfn: Pfn, sizes: Sizes) => state.ram[pfn - mmioPages(sizes)]!;

/** Broken by `before`: recycling wipes the annotation, and the next host access maps the device (F9). */
export const donatedMmioNotHostMapped = invariant(pkvmMmio, {
  id: 'donated-mmio-not-host-mapped',
  statement: 'A page that EL2 maps as a device is not mapped by the host.',
  source: 'S1, S4: the comment above kvm_pgtable_stage2_set_owner()',
  forEach: eachPage,
  holds: (state, { pfn }, sizes) =>
    state.el2[pfn] !== 'device' || getLeaf(state, pfn, sizes) !== 'leaf' || 'both EL2 and the host map it',
});

/** Broken without donateChecksMmio: memory donated as MMIO keeps its host state OWNED (F1). */
export const singleOwner = invariant(pkvmMmio, {
  id: 'single-owner',
  statement: 'A page of memory is owned by the host or by the hypervisor, never by both or by neither.',
  source: 'S1',
  forEach: eachRamPage,
  holds: (state, { pfn }, sizes) => {
    const { host, hyp } = ramPage(state, pfn, sizes);
    const hostOwns = host !== 'NOPAGE';
    const hypOwns = hyp === 'OWNED' || state.el2[pfn] === 'device';
    if (hostOwns !== hypOwns) return true;
    return hostOwns ? `the host has it ${host}, and EL2 maps it as a ${state.el2[pfn]} page` : 'nobody owns it';
  },
});

/**
 * Broken without returnChecksMmio: hypervisor memory "returned" as MMIO is mapped by the next host access (F4); and without
 * donateChecksMmio, since the donation of memory as MMIO does not tell the vmemmap (F1).
 */
export const noForeignAccess = invariant(pkvmMmio, {
  id: 'no-foreign-access',
  statement: 'Whoever maps a page of memory has a state for it that allows the access.',
  source: 'S2',
  forEach: eachRamPage,
  holds: (state, { pfn }, sizes) => {
    const { entry, host, hyp, guest } = ramPage(state, pfn, sizes);
    if (entry === 'leaf' && host === 'NOPAGE') return 'the host maps it, with host state NOPAGE';
    if (state.el2[pfn] !== 'none' && hyp === 'NOPAGE') return 'EL2 maps it, with hyp state NOPAGE';
    return guest === 'NOPAGE' || host === 'SHARED_OWNED' || `the guest maps it, with host state ${host}`;
  },
});

/** Broken without donateChecksMmio, in either order of donating and sharing (F1, F2). */
export const guestSharesNoHypPage = invariant(pkvmMmio, {
  id: 'guest-shares-no-hyp-page',
  statement: 'A page that the host shares with the guest is not mapped at EL2.',
  source: 'S3',
  forEach: eachRamPage,
  holds: (state, { pfn }, sizes) =>
    ramPage(state, pfn, sizes).guest === 'NOPAGE' ||
    state.el2[pfn] === 'none' ||
    `EL2 maps it as a ${state.el2[pfn]} page`,
});

/** Broken without donateChecksMmio: host_donate_hyp_mmio() does not ask who else uses the page (F2). */
export const donationIsExclusive = stepProperty(pkvmMmio, {
  id: 'donation-is-exclusive',
  statement: 'A page that is shared with the guest cannot be donated to the hypervisor.',
  source: 'S1, S3',
  forEach: eachRamPage,
  holds: ({ before, command, outcome }, { pfn }, sizes) =>
    !(command.kind === 'host_donate_hyp' || command.kind === 'host_donate_hyp_mmio') ||
    command.pfn !== pfn ||
    outcome.result !== 'ok' ||
    ramPage(before, pfn, sizes).guest === 'NOPAGE' ||
    'the guest maps it',
});

/** Broken by `before`: recycling clears counted invalid entries (F9). */
export const annotationDurable = stepProperty(pkvmMmio, {
  id: 'annotation-durable',
  statement: 'An owner annotation stays until the hypervisor itself gives the page back.',
  source: 'S4',
  forEach: eachPage,
  holds: ({ before, command, outcome }, { pfn }, sizes) => {
    const byHyp = ['hyp_donate_host_mmio', 'hyp_donate_host', 'host_stage2_set_owner'].includes(command.kind);
    if (byHyp && 'pfn' in command && addressed(command.pfn, sizes) === pfn) return true;
    const after = getLeaf(outcome.state, pfn, sizes);
    return after === 'hyp' || getLeaf(before, pfn, sizes) !== 'hyp' || `its entry was annotated and is now ${after}`;
  },
});

/** Broken without donateChecksMmio (F1) and without returnChecksMmio (F4): the MMIO functions do not know the vmemmap. */
export const stateAgreesWithEntry = invariant(pkvmMmio, {
  id: 'state-agrees-with-entry',
  statement: 'The host state of a page of memory is NOPAGE exactly if its host entry is annotated.',
  source: 'S6',
  forEach: eachRamPage,
  holds: (state, { pfn }, sizes) => {
    const { entry, host } = ramPage(state, pfn, sizes);
    return (host === 'NOPAGE') === (entry === 'hyp') || `host state ${host}, entry ${entry}`;
  },
});

/** Broken by `before`, one call before the host can map the page (F9). */
export const el2MmioIsAnnotated = invariant(pkvmMmio, {
  id: 'el2-mmio-is-annotated',
  statement: 'The host entry of a page of MMIO that EL2 maps is annotated.',
  source: 'S4, S6',
  forEach: (sizes) => record({ pfn: range(0, mmioPages(sizes) - 1) }),
  holds: (state, { pfn }, sizes) => {
    if (state.el2[pfn] === 'none') return true;
    const entry = getLeaf(state, pfn, sizes);
    return entry === 'hyp' || `the entry is ${entry}`;
  },
});

/** Broken without donateChecksMmio: memory mapped Device at EL2, Normal elsewhere (F3). */
export const attributesAgree = invariant(pkvmMmio, {
  id: 'attributes-agree',
  statement: 'Memory is never mapped as a device, nor MMIO as memory.',
  source: 'S12',
  forEach: eachPage,
  holds: (state, { pfn }, sizes) =>
    state.el2[pfn] !== (isRam(pfn, sizes) ? 'device' : 'normal') || `EL2 maps it as a ${state.el2[pfn]} page`,
});

/** Broken without returnChecksHost, once `before` has let the host map a donated page (F7). */
export const returnKeepsHostMapping = stepProperty(pkvmMmio, {
  id: 'return-keeps-host-mapping',
  statement: 'Giving a page back never drops a host mapping: that would hide that both had it.',
  source: 'S1',
  forEach: eachPage,
  holds: ({ before, command, outcome }, { pfn }, sizes) =>
    command.kind !== 'hyp_donate_host_mmio' ||
    command.pfn !== pfn ||
    outcome.result !== 'ok' ||
    getLeaf(before, pfn, sizes) !== 'leaf' ||
    'the host mapped it, and EL2 had it',
});

/** Broken without checksPfnRange: 2^52 is taken for page 0 (F8). */
export const pfnRange = stepProperty(pkvmMmio, {
  id: 'pfn-range',
  statement: 'A call that names no page of the machine is refused.',
  source: 'S11',
  holds: ({ command, outcome }, _, sizes) =>
    !('pfn' in command) ||
    command.pfn < allPages(sizes) ||
    outcome.result !== 'ok' ||
    `it was taken for pfn ${addressed(command.pfn, sizes)}`,
});

/** Broken by a seeded fault in the tests: the model's own functions keep the count in one place, writeLeaf() and unmapDevAll(). */
export const refcountExact = invariant(pkvmMmio, {
  id: 'refcount-exact',
  statement: 'The reference count of a table page is 1 + its counted entries.',
  source: 'S15',
  forEach: eachTable,
  holds: ({ tables }, { table }) => {
    const page = tables[table]!;
    if (page.kind === 'absent') return true;
    const counted = page.entries.filter((entry) => entry !== 'zero').length;
    return page.refcount === 1 + counted || `refcount ${page.refcount} with ${counted} counted entries`;
  },
});

/** Broken by a seeded fault in the tests: a table freed twice, or never. */
export const noTableLeak = invariant(pkvmMmio, {
  id: 'no-table-leak',
  statement: 'Every page of host_s2_pool is free or holds one table.',
  source: 'S16',
  holds: ({ pool, tables }, _, sizes) => {
    const used = tables.filter((table) => table.kind === 'present').length;
    return pool + used === sizes.pool || `${pool} free and ${used} in use, of ${sizes.pool}`;
  },
});

/** Broken by `v4-no-warn`, which returns set_owner's error with EL2 already mapped. Entries and tables that can be rebuilt may change. */
export const failedCallChangesNothing = stepProperty(pkvmMmio, {
  id: 'failed-call-changes-nothing',
  statement: 'A refused call leaves every page with whom it was: states, annotations and EL2 and guest mappings.',
  source: 'S13',
  forEach: eachPage,
  holds: ({ before, outcome }, { pfn }, sizes) => {
    if (outcome.result !== 'refused') return true;
    const after = outcome.state;
    if (before.el2[pfn] !== after.el2[pfn]) return `EL2 had it ${before.el2[pfn]}, now ${after.el2[pfn]}`;
    if ((getLeaf(before, pfn, sizes) === 'hyp') !== (getLeaf(after, pfn, sizes) === 'hyp'))
      return 'its annotation changed';
    if (!isRam(pfn, sizes)) return true;
    const [was, is] = [ramPage(before, pfn, sizes), ramPage(after, pfn, sizes)];
    return (was.host === is.host && was.hyp === is.hyp && was.guest === is.guest) || 'its state changed';
  },
});

/** Broken by `v4`: recycling stops at the first annotation with -EPERM (F10). */
export const recyclingLeavesRoom = stepProperty(pkvmMmio, {
  id: 'recycling-leaves-room',
  statement: 'After recycling there is a free page for one more table of MMIO.',
  source: 'L3',
  holds: ({ command, outcome }) =>
    command.kind !== 'host_stage2_unmap_dev_all' || outcome.state.pool > 0 || 'the pool is still empty',
});

/** Broken by `v4`, which injects an abort for a page that nobody else owns (F10); by BUG in `v4-6.17`. */
export const hostReachesOwnPages = stepProperty(pkvmMmio, {
  id: 'host-reaches-own-pages',
  statement: 'A host access to a page that is annotated with no other owner completes.',
  source: 'L1, L3',
  holds: ({ before, command, outcome }, _, sizes) =>
    command.kind !== 'host_access' ||
    outcome.result === 'ok' ||
    getLeaf(before, command.pfn, sizes) === 'hyp' ||
    `pfn ${command.pfn} has no other owner`,
});

const isOn = (name: string) => (switches: Readonly<Record<string, unknown>>) => switches[name] === true;
const isOff = (name: string) => (switches: Readonly<Record<string, unknown>>) => switches[name] === false;
const refuses = (switches: Readonly<Record<string, unknown>>) => switches.countedInvalid === 'refuses';
const injects = (switches: Readonly<Record<string, unknown>>) => switches.hostFaults === '7.1';

const mayLoseAnnotation = (switches: Readonly<Record<string, unknown>>) =>
  switches.countedInvalid === 'clears' || (refuses(switches) && switches.setOwnerError === 'returned');

const results = everyResult(pkvmMmio, {
  host_access: [
    'ok',
    ['EPERM annotated with another owner; abort injected', injects],
    ['EPERM recycling met an annotated entry; abort injected', (s) => injects(s) && refuses(s)],
  ],
  host_donate_hyp_mmio: [
    'ok',
    'EPERM annotated with another owner',
    ['EINVAL not a page of the machine', isOn('checksPfnRange')],
    ['EINVAL memory, not MMIO', isOn('donateChecksMmio')],
    ['ERANGE the walk ends before this address', isOff('checksPfnRange')],
    // An annotated page is refused before EL2 is looked at: -EBUSY takes an annotation that was lost or never made. In v4 it is dead.
    ['EBUSY already mapped at EL2', mayLoseAnnotation],
    ['EPERM recycling met an annotated entry', (s) => refuses(s) && s.setOwnerError === 'returned'],
  ],
  hyp_donate_host_mmio: [
    'ok',
    ['EINVAL not a page of the machine', isOn('checksPfnRange')],
    ['EINVAL memory, not MMIO', isOn('returnChecksMmio')],
    ['EPERM not mapped at EL2', isOn('returnChecksHyp')],
    ['EPERM mapped by the host', (s) => s.returnChecksHost === true && mayLoseAnnotation(s)],
  ],
  host_stage2_set_owner: ['ok', ['EPERM recycling met an annotated entry', refuses]],
  host_stage2_unmap_dev_all: ['ok', ['EPERM recycling met an annotated entry', refuses]],
  host_donate_hyp: ['ok', 'EPERM not owned by the host'],
  hyp_donate_host: ['ok', 'EPERM not owned by the hypervisor'],
  host_share_guest: ['ok', 'EPERM the guest already maps this gfn', 'EPERM not owned by the host'],
  host_unshare_guest: ['ok', 'ENOENT the guest does not map this gfn'],
});

/** Recycling has something to do only where the pool can run dry. */
export const poolRunsDry = reachable(pkvmMmio, {
  id: 'pool-runs-dry',
  statement: 'host_s2_pool can be empty.',
  source: 'witness',
  when: ({ pool }) => pool === 0,
});

/**
 * By missing check: the properties that then break. The first two break `state-agrees-with-entry` by their functions, whatever is checked.
 */
const memoryDonated = [
  'single-owner',
  'no-foreign-access',
  'guest-shares-no-hyp-page',
  'donation-is-exclusive',
  'state-agrees-with-entry',
  'attributes-agree',
  'no-panic-host-access',
];
const memoryReturned = ['no-foreign-access', 'state-agrees-with-entry'];
const noSuchPage = ['pfn-range'];
const unmapClears = [
  'donated-mmio-not-host-mapped',
  'annotation-durable',
  'el2-mmio-is-annotated',
  'return-keeps-host-mapping',
];
const unmapRefuses = ['no-panic', 'recycling-leaves-room', 'host-reaches-own-pages'];
const setOwnerWarns = ['no-panic-host-donate-hyp-mmio'];

export const pkvmMmioSuite = suite({
  model: pkvmMmio,
  properties: [
    donatedMmioNotHostMapped,
    singleOwner,
    noForeignAccess,
    guestSharesNoHypPage,
    donationIsExclusive,
    annotationDurable,
    stateAgreesWithEntry,
    el2MmioIsAnnotated,
    attributesAgree,
    returnKeepsHostMapping,
    pfnRange,
    refcountExact,
    noTableLeak,
    failedCallChangesNothing,
    noPanic(pkvmMmio, 'L4'),
    // Others panic first, and would hide F10 and F11.
    noPanic(pkvmMmio, 'L4', 'host_donate_hyp_mmio'),
    noPanic(pkvmMmio, 'L4', 'host_access'),
    recyclingLeavesRoom,
    hostReachesOwnPages,
    poolRunsDry,
    ...results,
  ],
  violates: {
    before: [...memoryDonated, ...memoryReturned, ...noSuchPage, ...unmapClears, 'no-panic'],
    v4: [...memoryDonated, ...memoryReturned, ...noSuchPage, ...unmapRefuses, ...setOwnerWarns],
    'v4-6.17': [...memoryDonated, ...memoryReturned, ...noSuchPage, ...unmapRefuses, ...setOwnerWarns],
    'v4-donate-mmio': [...memoryReturned, ...noSuchPage, ...unmapRefuses, ...setOwnerWarns],
    'v4-return-mmio': [...memoryDonated, ...noSuchPage, ...unmapRefuses, ...setOwnerWarns],
    'v4-return-hyp': [...memoryDonated, ...memoryReturned, ...noSuchPage, ...unmapRefuses, ...setOwnerWarns],
    'v4-return-host': [...memoryDonated, ...memoryReturned, ...noSuchPage, ...unmapRefuses, ...setOwnerWarns],
    'v4-pfn-range': [...memoryDonated, ...memoryReturned, ...unmapRefuses, ...setOwnerWarns],
    'v4-all-checks': [...unmapRefuses, ...setOwnerWarns],
    'v4-no-warn': [
      ...unmapRefuses,
      'failed-call-changes-nothing',
      'donated-mmio-not-host-mapped',
      'el2-mmio-is-annotated',
    ],
    fixed: [],
  },
});
