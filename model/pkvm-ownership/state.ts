import {
  array,
  type Config,
  type Domain,
  enumOf,
  flag,
  type Infer,
  range,
  record,
  type Settings,
  SpecError,
  variant,
} from '../../src/spec/index.ts';

export const config = {
  pages: { default: 2, min: 1, max: 4, large: 3, scriptMax: 4096, doc: 'pages of memory, from pfn 0 on' },
  vms: { default: 2, min: 1, max: 3, scriptMax: 255, doc: 'VMs, each with one vCPU' },
  protectedVms: {
    default: 1,
    min: 0,
    max: 3,
    scriptMax: 255,
    doc: 'how many of them are protected: those with the lowest numbers',
  },
  gfns: { default: 2, min: 1, max: 4, large: 3, scriptMax: 4096, doc: 'guest pages of a VM, from gfn 0 on' },
  block: {
    default: 2,
    min: 2,
    max: 4,
    scriptMax: 512,
    doc: 'pages in a level 2 block, and entries in a last-level table; 512 in the kernel',
  },
  levels: {
    default: 2,
    min: 2,
    max: 4,
    large: 3,
    doc: 'levels of a stage-2; a VM must have levels - 1 pages in its memcache',
  },
  memcache: {
    default: 0,
    min: 0,
    max: 8,
    scriptMax: 4096,
    doc: 'pages in the memcache of a new vCPU; pkvm_refill_memcache() adds one by one',
  },
  pins: { default: 2, min: 1, max: 3, scriptMax: 0xffff, doc: 'most pins on a page at a time' },
  shares: {
    default: 3,
    min: 1,
    max: 8,
    scriptMax: 0xffff_ffff,
    doc: 'stands for U32_MAX, the largest host_share_guest_count',
  },
  attributes: {
    default: 0,
    min: 0,
    max: 1,
    large: 1,
    doc: '1: guest leaves can be read-only or old; 0: calls that make them so change nothing',
  },
  metadata: {
    default: 0,
    min: 0,
    max: 1,
    doc: '1: what EL2 keeps of a VM (its memcache, its tables, a VM and a vCPU that are made) takes pages of memory; 0: it lies elsewhere',
  },
} as const;

export type Sizes = Config<typeof config>;

export const switches = {
  era: {
    doc: '7.2: states in the vmemmap; 6.16: no protected guests, a page returned to the host is left unmapped; 6.2: states in PTEs (do_share and its like), no guests, no FF-A',
    values: ['7.2', '6.16', '6.2'],
  },
  entry: {
    doc: 'functions: the transition functions as such; hypercalls: what the host can reach, through the handlers, which look at the kind of VM',
    values: ['functions', 'hypercalls'],
  },
  checksPfnRange:
    'pfn_range_is_valid() comes first where a function takes a pfn and a number of pages (without it: B7)',
  checksMemcache: 'share and donation to a guest refuse a short memcache before they change anything (without it: B9)',
  checksUnshareHyp: 'host_unshare_hyp() looks at the hyp state (without it: B2)',
  checksAddress:
    'era 6.2: only the address decides whether memory may be given away, not what its entry maps (without it: B1)',
  checksOwnerRange:
    'host_stage2_set_owner_locked() refuses a range that is not all memory (without it, only the first page counts: B25)',
  checksHypCount:
    'hyp_donate_host() refuses a page that is in use at EL2 (7.1; without it, up to 7.0, the count is not looked at)',
  unpinsAtError: '__pkvm_init_vcpu() unpins what it has pinned if it fails after that (without it: B10)',
  admitsByDonation:
    'a page of the host comes into a memcache by a donation; without it, it is used as it is, and stays with the host',
  topsUpAtPermission:
    'the host fills its memcache at every fault of a guest (7.3); without it, not at a permission fault but for a write while dirty logging is on',
  dirtyLog: {
    doc: 'none: mainline, where a write during dirty logging makes a page writable; relaxes: a call of its own, __pkvm_host_dirty_log_guest(), that does so; remaps: it maps the page anew, RWX and without a state (Android, 2024)',
    values: ['none', 'relaxes', 'remaps'],
  },
  donatesBlocks:
    'a protected guest can be given a block, and a block can be reclaimed (Android 16); mainline has pages only',
  zeroesBlocks: 'the reclaim of a block zeroes all of it; without it, its first page',
  warnsSharedTwice: 'host_share_guest() WARNs at a page that is shared with others than guests (B12)',
  walksReturnEagain:
    'a walk that meets -EAGAIN returns it, unless its caller tells it to go on (6.19): relax_perms_guest() of what is not mapped is -EAGAIN; without it, from 6.3 to 6.18, it is 0',
  faultsInject: 'a host fault on a page of another owner injects an abort; without it, BUG (up to 6.17)',
  debug: 'CONFIG_NVHE_EL2_DEBUG: assert_host_shared_guest(), and the page-table checks of 6.2',
  ffaTrusted: 'assumption: the secure side passes to host_unshare_ffa() only what was shared with it',
  agesWithinVm:
    "assumption: the host asks for the age of no gfn beyond a VM's address space; 7.2 does not check it, and a walk that fails there is a WARN",
  hostReclaimsFirst: 'assumption: the host takes its pages back before it finalises the teardown of a VM',
} as const;

export type Patch = Settings<typeof switches>;

/** What a transition function is given beside the state and its arguments. */
export interface Context {
  readonly sizes: Sizes;
  readonly patch: Patch;
}

/** A page frame number. Memory comes first; the three numbers after it stand for other things. */
export type Pfn = number;
export type Gfn = number;

/** The page of a device. It lies in no memory region. */
export const mmioPfn = (sizes: Sizes): Pfn => sizes.pages;
/** Memory that nobody may map (MEMBLOCK_NOMAP). */
export const nomapPfn = (sizes: Sizes): Pfn => sizes.pages + 1;
/** Stands for 2^52: `pfn << PAGE_SHIFT` loses its only set bit. */
export const hugePfn = (sizes: Sizes): Pfn => sizes.pages + 2;
/** A guest page beyond the VM's address space. */
export const beyondGfn = (sizes: Sizes): Gfn => sizes.gfns;
/** Stands for 2^52, as hugePfn does. */
export const hugeGfn = (sizes: Sizes): Gfn => sizes.gfns + 1;
/** Stands for 2^52 - pfn: with so many pages, pfn + nr wraps to 0. */
export const wrappingNr = 52;

/** The page whose address `pfn << PAGE_SHIFT` is. */
export const addressed = (pfn: Pfn, sizes: Sizes): Pfn => (pfn === hugePfn(sizes) ? 0 : pfn);
/** The guest page whose address `gfn << PAGE_SHIFT` is. */
export const guestAddressed = (gfn: Gfn, sizes: Sizes): Gfn => (gfn === hugeGfn(sizes) ? 0 : gfn);

export const isMemory = (page: Pfn, sizes: Sizes): boolean => page < sizes.pages;

export const isProtected = (vm: number, sizes: Sizes): boolean => vm < sizes.protectedVms;

const hostState = enumOf('OWNED', 'SHARED_OWNED', 'SHARED_BORROWED', 'NOPAGE');
export type HostState = Infer<typeof hostState>;

/** EL2 never lends a page of its own. */
const hypState = enumOf('NOPAGE', 'OWNED', 'SHARED_BORROWED');
export type HypState = Infer<typeof hypState>;

/** A host stage-2 entry: unmapped, an identity leaf, or annotated with an owner. Annotations are at level 3, as they are forced to be. */
const hostPte = (sizes: Sizes) =>
  variant({
    zero: {},
    leaf: { level: enumOf(2, 3) },
    hyp: {},
    guest: { vm: range(0, sizes.vms - 1), gfn: range(0, sizes.gfns - 1) },
  });
export type HostPte = Infer<ReturnType<typeof hostPte>>;

/** A guest stage-2 entry. A level 2 block is told as `block` entries, each with its own page. */
const guestPte = (sizes: Sizes) =>
  variant({
    invalid: {},
    poison: {},
    leaf: {
      pfn: range(0, sizes.pages - 1),
      state: enumOf('OWNED', 'SHARED_OWNED', 'SHARED_BORROWED'),
      level: enumOf(2, 3),
      writable: flag,
      young: flag,
    },
  });
export type GuestPte = Infer<ReturnType<typeof guestPte>>;
export type Leaf = Extract<GuestPte, { kind: 'leaf' }>;

const useKinds = ['vm', 'pgd', 'vcpu', 'memcache', 'pool', 'table'] as const;

/** For what and for which VM EL2 uses a page of its own: `table0`. Always `none` without `metadata`. */
export type Use = 'none' | `${(typeof useKinds)[number]}${number}`;

/** All that a page can be used for on behalf of a VM. */
export const usesOf = (vm: number): Use[] => useKinds.map((kind): Use => `${kind}${vm}`);

/** A use in the words of reports: `table of vm 0`. */
export const useText = (use: Use): string => use.replace(/(\d+)$/, ' of vm $1');

const use = ({ metadata, vms }: Sizes) =>
  enumOf<Use>('none', ...(metadata === 1 ? Array.from({ length: vms }, (_, vm) => usesOf(vm)).flat() : []));

/** A page that a host structure of a VM lies in, pinned for as long as EL2 refers to it. */
const pinned = ({ metadata, pages }: Sizes) =>
  enumOf<Pfn | 'none'>('none', ...(metadata === 1 ? Array.from({ length: pages }, (_, pfn) => pfn) : []));

/** Pages that a memcache can hold: no fewer than a call demands. */
export const mostMemcache = (sizes: Sizes): number => Math.max(sizes.levels - 1, sizes.memcache);

/** Pages that tables of a VM's stage-2 can take: one for each last-level table, and the levels between. */
export const mostTables = (sizes: Sizes): number => Math.ceil(sizes.gfns / sizes.block) + sizes.levels - 2;

export const stateDomain = (sizes: Sizes) => {
  if (sizes.protectedVms > sizes.vms)
    throw new SpecError(`pkvm-ownership: protectedVms=${sizes.protectedVms}, but there are only ${sizes.vms} VMs`);
  if (sizes.metadata === 1 && sizes.memcache > 0)
    throw new SpecError(`pkvm-ownership: metadata=1, so that memcache=${sizes.memcache} pages would lie nowhere`);
  return record({
    /** host_state of a page in the vmemmap; with era 6.2, in the host's entry. */
    host: array(hostState, sizes.pages),
    /** hyp_state of a page in the vmemmap; with era 6.2, in EL2's entry. */
    hyp: array(hypState, sizes.pages),
    /** Pins and other uses of a page by EL2: hyp_page.refcount. */
    refcount: array(range(0, sizes.pins), sizes.pages),
    host_share_guest_count: array(range(0, sizes.shares), sizes.pages),
    /** The host's stage-2, by page. */
    pte: array(hostPte(sizes), sizes.pages),
    /** Whether EL2 maps a page. */
    el2: array(flag, sizes.pages),
    /** What EL2 uses the page for. */
    uses: array(use(sizes), sizes.pages),
    /** Ghost: the secure side has the page through FF-A. No word of the kernel's records it. */
    ffa: array(flag, sizes.pages),
    /** Ghost: the page may hold what a guest has not disclosed. */
    secret: array(flag, sizes.pages),
    /** The one page of MMIO: no state is kept for it, but the host and EL2 can map it, and its entry can be annotated. */
    mmio: record({ pte: enumOf('zero', 'leaf', 'hyp'), el2: flag }),
    vms: array(
      record({
        /** A dying VM runs no more; the handle of one that is gone can be given to another. */
        phase: enumOf('alive', 'dying', 'gone'),
        /** Whether its one vCPU has been made. */
        vcpu: enumOf<'made' | 'none'>(...(sizes.metadata === 1 ? (['made', 'none'] as const) : (['made'] as const))),
        /** Where the host's struct kvm and struct kvm_vcpu are; `none` for a VM or vCPU that lies elsewhere. */
        host_kvm: pinned(sizes),
        host_vcpu: pinned(sizes),
        /** Pages in the vCPU's pkvm_memcache. */
        memcache: range(0, mostMemcache(sizes)),
        /** Pages of tables that were freed: they are used again first. */
        pool: range(0, mostTables(sizes)),
        guest: array(guestPte(sizes), sizes.gfns),
      }),
      sizes.vms,
    ),
  });
};

export type State = Infer<ReturnType<typeof stateDomain>>;

export const initialState = (sizes: Sizes): State => {
  const each = <T>(length: number, value: T): T[] => Array.from({ length }, () => value);
  return {
    host: each<HostState>(sizes.pages, 'OWNED'),
    hyp: each<HypState>(sizes.pages, 'NOPAGE'),
    refcount: each(sizes.pages, 0),
    host_share_guest_count: each(sizes.pages, 0),
    pte: each<HostPte>(sizes.pages, { kind: 'zero' }),
    el2: each(sizes.pages, false),
    uses: each<Use>(sizes.pages, 'none'),
    ffa: each(sizes.pages, false),
    secret: each(sizes.pages, false),
    mmio: { pte: 'zero', el2: false },
    vms: Array.from({ length: sizes.vms }, () => ({
      phase: 'alive',
      vcpu: 'made',
      host_kvm: 'none',
      host_vcpu: 'none',
      memcache: sizes.memcache,
      pool: 0,
      guest: each<GuestPte>(sizes.gfns, { kind: 'invalid' }),
    })),
  };
};

/** The calls. `refill` and `init` are the arguments of those that take pages of memory with `metadata`, and none without. */
const calls = <R extends Readonly<Record<string, Domain>>, I extends Readonly<Record<string, Domain>>>(
  sizes: Sizes,
  refill: R,
  init: I,
) => {
  const page = { pfn: range(0, hugePfn(sizes)) };
  const pages = { ...page, nr: enumOf(1, sizes.block, wrappingNr) };
  const gfn = { gfn: range(0, beyondGfn(sizes)) };
  // Only two of the calls with a gfn are given 2^52: the others treat it as these do.
  const anyGfn = { gfn: range(0, hugeGfn(sizes)) };
  // NOMAP memory fares as MMIO does.
  const shareable = { pfn: enumOf(...Array.from({ length: sizes.pages + 1 }, (_, pfn) => pfn), hugePfn(sizes)) };
  const nr = { nr: enumOf(1, sizes.block, wrappingNr) };
  const vm = { vm: range(0, sizes.vms - 1) };
  // Without attributes a read-only leaf would be told as a writable one, so none can be asked for.
  const prot = {
    prot: enumOf<'RWX' | 'RX' | 'DEVICE'>(
      ...(sizes.attributes === 0 ? (['RWX', 'DEVICE'] as const) : (['RWX', 'RX', 'DEVICE'] as const)),
    ),
  };
  const access = {
    access: enumOf<'read' | 'write'>(...(sizes.attributes === 0 ? (['write'] as const) : (['read', 'write'] as const))),
  };
  const memory = { pfn: range(0, sizes.pages - 1) };
  const span = { from: range(0, sizes.pages - 1), to: range(1, sizes.pages) };
  return {
    host_share_hyp: page,
    host_unshare_hyp: page,
    host_donate_hyp: pages,
    hyp_donate_host: pages,
    hyp_pin_shared_mem: span,
    hyp_unpin_shared_mem: span,
    host_share_ffa: pages,
    host_unshare_ffa: pages,
    host_share_guest: { ...shareable, ...gfn, ...nr, ...vm, ...prot },
    host_unshare_guest: { ...gfn, ...nr, ...vm },
    host_donate_guest: { ...page, ...anyGfn, ...vm },
    guest_share_host: { ...vm, ...anyGfn },
    guest_unshare_host: { ...vm, ...gfn },
    force_reclaim_page_guest: { phys: range(0, nomapPfn(sizes)) },
    reclaim_page_guest: { ...gfn, ...vm },
    relax_perms_guest: { ...gfn, ...vm, ...prot },
    wrprotect_guest: { ...gfn, ...nr, ...vm },
    test_clear_young_guest: { ...gfn, ...nr, mkold: flag, ...vm },
    mkyoung_guest: { ...gfn, ...vm },
    host_fault: { pfn: range(0, mmioPfn(sizes)) },
    unmap_dev_all: {},
    host_stage2_set_owner_locked: { pfn: enumOf(sizes.pages - 1), nr: enumOf(2), owner: enumOf('HYP') },
    pkvm_refill_memcache: { ...vm, ...refill },
    hyp_get_page: memory,
    hyp_put_page: memory,
    start_teardown_vm: vm,
    finalize_teardown_vm: vm,
    init_vm: { ...vm, ...init },
    guest_fault: { ...vm, gfn: range(0, sizes.gfns - 1), memslot: enumOf('pages', 'huge', 'logged'), ...access },
    host_dirty_log_guest: { ...gfn, ...vm },
    host_donate_block_guest: { ...memory, ...gfn, ...vm },
    reclaim_block_guest: { ...gfn, ...vm },
  };
};

const ordinary = (sizes: Sizes) => variant(calls(sizes, {}, {}));

const withMetadata = (sizes: Sizes) => {
  const page = range(0, sizes.pages - 1);
  return variant({
    ...calls(sizes, { pfn: page }, { host_kvm: page, vm_hva: page, pgd_hva: page }),
    init_vcpu: { vm: range(0, sizes.vms - 1), host_vcpu: page, vcpu_hva: page },
  });
};

export type Command = Infer<ReturnType<typeof ordinary>> | Infer<ReturnType<typeof withMetadata>>;
export type Call<K extends Command['kind']> = Extract<Command, { kind: K }>;
export type Prot = Call<'relax_perms_guest'>['prot'];

export const commandDomain = (sizes: Sizes): Domain<Command> =>
  sizes.metadata === 1 ? withMetadata(sizes) : ordinary(sizes);
