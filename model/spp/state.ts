import {
  array,
  type Config,
  enumOf,
  flag,
  type Infer,
  range,
  record,
  type Settings,
  type update,
  variant,
} from '../../src/spec/index.ts';

export const config = {
  regionPages: { default: 2, min: 2, max: 4, scriptMax: 512, doc: 'gfns in a 2 MiB region; 1 GiB is two regions' },
  roots: {
    default: 2,
    min: 2,
    max: 5,
    scriptMax: 512,
    doc: 'vCPUs, each with an EPT root of its own, of a VM with several',
  },
};

export type Sizes = Config<typeof config>;

export const switches = {
  flushAdvancesByCount: 'D1: vmx_spp_flush_sppt() goes on with the first gfn of the next region',
  flushComparesRest: 'D2: vmx_spp_flush_sppt() compares a count with what is left of the range',
  setComparesRest: 'D2: kvm_spp_set_permission() compares a count with what is left of the range',
  breaksAfterZap: 'D3: kvm_spp_set_permission() leaves the walk of an entry that it has zapped',
  wordByGfn: 'D4: kvm_spp_set_permission() takes the word of the gfn that it walks',
  validatesFirst: 'D5: kvm_spp_set_permission() looks up every gfn before it stores the first word',
  missFillsFull: 'D6: the exit-66 handler writes leaves for FULL words too',
  oneSection: 'D7: the SET ioctl holds mmu_lock from vmx_spp_flush_sppt() on',
  slotPerGfn: 'D8: kvm_spp_flush_rmap() looks the memslot up for each gfn',
  rmapRestarts: 'D9: kvm_spp_flush_rmap() starts again at the head after each removal',
  walksAllRoots: 'D10: kvm_spp_set_permission() walks the EPT of every vCPU',
  anyVcpu: 'D11: kvm_spp_set_permission() works on the EPT even if vCPU 0 has no root',
  marksOnlyWritable: 'D12: only leaves that may be written get the SPP bit, and the dirty log knows of it',
  initNeedsVcpu: 'D13: vmx_spp_init() refuses a VM without a vCPU',
  arraysForNewSlots: 'D14: a memslot made while SPP is active gets an array',
  allSpaces: 'D15: SET and kvm_spp_mark_protection() work on every address space',
  initLocked: 'D16: vmx_spp_init() holds a lock',
  initChecksTopUp: 'D16: vmx_spp_init() looks at the result of the top-up',
  rootsKeepSpp: 'D17: freeing an EPT root leaves SPP and its root alone',
  flushesOnError: 'D18: kvm_spp_set_permission() flushes before it returns a late error',
  countsLargePages: 'kvm_spp_flush_rmap() takes the large leaves that it drops off kvm->stat.lpages',
  fastFault: {
    doc: 'fast_page_fault() after it has put a saved SPP bit back: retries the access, or, as in v12, goes on and exits to userspace',
    values: ['retries', 'exits'],
  },
  memslotFreeEndsSpp: 'v12: kvm_spp_free_memslot() clears spp_active',
} as const;

export type Patch = Settings<typeof switches>;

/** What a transition function is given beside the state and its arguments. */
export interface Context {
  readonly sizes: Sizes;
  readonly patch: Patch;
  /** Whether SET is given what `machines` lists, or anything. */
  readonly sets: 'listed' | 'all';
}

/** An access word for two sub-pages, written as bits: the right one is sub-page 0, 1 means writable. */
export const words = ['11', '01', '00'] as const;
export type Word = (typeof words)[number];
export const full: Word = '11';
export const mayWrite = (word: Word, sub: number): boolean => word[1 - sub] === '1';

/** An SPPT leaf: bit 2i is the right to sub-page i, the odd bits are reserved. Kernel: format_spp_spte(). */
export const expand = (word: Word): number => (word[1] === '1' ? 1 : 0) | (word[0] === '1' ? 4 : 0);

export type Gfn = number;

/** The first gfn of the second GiB, which also begins a 2 MiB region and, in one VM, a memslot. */
export const border = ({ regionPages }: Sizes): Gfn => 2 * regionPages;

/** The gfns that commands can name: two below the border and the one at it. No other gfn is protected or mapped by a page. */
export const gfns = (sizes: Sizes): readonly Gfn[] => [0, 1, 2].map((i) => border(sizes) - 2 + i);
export const wordOf = (gfn: Gfn, sizes: Sizes): number => gfn - border(sizes) + 2;
export const isNamed = (gfn: Gfn, sizes: Sizes): boolean => gfn >= border(sizes) - 2 && gfn <= border(sizes);

/**
 * Guests access the gfn below the border and the one at it: one in each of the two regions, so that page and region have one
 * index. The lowest nameable gfn is only given to SET, as the first of a range.
 */
export const isTouchable = (gfn: Gfn, sizes: Sizes): boolean => gfn >= border(sizes) - 1;
export const touchedGfns = (sizes: Sizes): readonly Gfn[] => gfns(sizes).filter((gfn) => isTouchable(gfn, sizes));

/** Which GiB, and which of the two 2 MiB regions around the border, a nameable gfn lies in. */
export const sideOf = (gfn: Gfn, sizes: Sizes): 0 | 1 => (gfn < border(sizes) ? 0 : 1);

export type Level = '4K' | '2M' | '1G';
export const pagesPer = (level: Level, { regionPages }: Sizes): number =>
  level === '4K' ? 1 : level === '2M' ? regionPages : 2 * regionPages;

/** A VM as userspace makes it before the first command: how its memory is backed, its vCPUs, and which commands are then tried. */
interface Machine {
  readonly doc: string;
  readonly backing: Level;
  /** vCPUs at creation; 'all' is as many as there are roots. */
  readonly vcpus: number | 'all';
  /** gfns that vCPU 0 accesses, and those that any other does, counted from the border. */
  readonly touched: readonly number[];
  readonly touchedByOthers: readonly number[];
  /** The ranges that SET is given: by the first gfn, counted from the border, the lengths of the range. */
  readonly sets: Readonly<Record<number, readonly number[]>>;
  readonly words: readonly Word[];
  /** Guests also read, and not only write. */
  readonly reads?: true;
}

/** Guests access the gfn at the border, and it is all that SET is given. */
const oneGfn = { touched: [0], touchedByOthers: [0], sets: { 0: [1] }, words } as const;
const twoGfns = { touched: [-1, 0], touchedByOthers: [], sets: { [-1]: [1, 2], 0: [1] } } as const;

export const machines = {
  plain: {
    doc: 'one memslot, mapped by pages; one vCPU',
    backing: '4K',
    vcpus: 1,
    ...twoGfns,
    words,
  },
  slots: {
    doc: 'one memslot up to the border, beyond it a hole, which another memslot may fill',
    backing: '4K',
    vcpus: 1,
    ...twoGfns,
    words: ['11', '00'],
  },
  '1G': {
    doc: 'one memslot backed by 1 GiB pages',
    backing: '1G',
    vcpus: 1,
    touched: [-1, 0],
    touchedByOthers: [],
    sets: { [-2]: [2, 3], 0: [1] },
    words: ['11', '00'],
  },
  '1G-roots': {
    doc: 'one memslot backed by 1 GiB pages, mapped in every root',
    backing: '1G',
    vcpus: 'all',
    ...oneGfn,
    words: ['11', '00'],
  },
  '2M-roots': {
    doc: 'one memslot backed by 2 MiB pages, mapped in every root',
    backing: '2M',
    vcpus: 'all',
    ...oneGfn,
    words: ['11', '00'],
  },
  roots: { doc: 'one memslot, mapped by pages in every root', backing: '4K', vcpus: 'all', ...oneGfn },
  smm: {
    doc: 'the same memslot in both address spaces; vCPU 1 is in SMM',
    backing: '4K',
    vcpus: 2,
    ...oneGfn,
  },
  zero: {
    doc: 'untouched anonymous memory: a read maps the shared zero page',
    backing: '4K',
    vcpus: 1,
    ...oneGfn,
    reads: true,
  },
  rom: { doc: 'a read-only memslot', backing: '4K', vcpus: 1, ...oneGfn, reads: true },
  tracked: {
    doc: 'a page that write tracking may take and leave',
    backing: '4K',
    vcpus: 1,
    ...oneGfn,
    reads: true,
  },
  logged: {
    doc: 'a memslot with dirty logging by write protection',
    backing: '4K',
    vcpus: 1,
    ...oneGfn,
    reads: true,
  },
  pml: {
    doc: 'a memslot with dirty logging by clearing dirty state, which parks the SPP bit',
    backing: '4K',
    vcpus: 1,
    ...oneGfn,
    reads: true,
  },
  bare: { doc: 'no vCPU yet', backing: '4K', vcpus: 0, ...oneGfn },
  nested: { doc: 'the vendor module was loaded with nested', backing: '4K', vcpus: 1, ...oneGfn, touched: [] },
} as const satisfies Readonly<Record<string, Machine>>;

export type MachineName = keyof typeof machines;
const machineNames = Object.keys(machines) as MachineName[];
export const machineOf = (state: { readonly vm: MachineName | 'none' }): Machine => machines[state.vm as MachineName];

/** A list of sptes that map a gfn, by root. Kernel: struct kvm_rmap_head over chains of struct pte_list_desc. */
const rmapHead = ({ roots }: Sizes) =>
  variant({
    empty: {},
    one: { root: range(0, roots - 1) },
    /** Descriptors of three, in order; -1 is a free entry. An unlinked descriptor is all free, and those after it too. */
    many: { descs: array(array(range(-1, roots - 1), 3), Math.ceil(roots / 3)) },
  });

/** A last-level entry of the EPT. `writable` stands for SPTE_HOST_WRITEABLE and SPTE_MMU_WRITEABLE together. */
const spte = variant({ none: {}, leaf: { w: flag, spp: enumOf('clear', 'set', 'saved'), writable: flag } });

export const stateDomain = (sizes: Sizes) => {
  const { roots } = sizes;
  return record({
    vm: enumOf('none', ...machineNames),
    /** How many vCPUs there are; those with a valid root_hpa; those whose SPPTP is the SPPT root, which else is 0. */
    vcpus: range(0, roots),
    rootLoaded: array(flag, roots),
    spptp: array(flag, roots),
    /** kvm->arch.spp_active and kvm->arch.sppt_root, where 0 passes for the address of a page. */
    active: flag,
    spptRoot: enumOf('zero', 'invalid', 'page'),
    /** Memslots, with or without a subpage_wp_info; in the VM `smm` the second is that of address space 1. */
    slots: array(enumOf('absent', 'bare', 'array'), 2),
    /** subpage_wp_info, for the nameable gfns. Without an array, FULL. */
    words: array(enumOf(...words), 3),
    /** L2 entries of the SPPT for the two regions at the border: all-zero, bit 0 cleared, valid. */
    l2: array(enumOf('zero', 'invalid', 'valid'), 2),
    /** Leaves of the two gfns that guests access. */
    leaves: array(range(0, 15), 2),
    /** By root. Large leaves for the two sides of the border, always writable; last-level entries for the gfns that guests access. */
    large: array(array(enumOf('none', '2M', '1G'), 2), roots),
    pages: array(array(spte, 2), roots),
    /** Lists of address space 0: at 4K, by gfn; at 2M, for the region at the border, the only one that is mapped so. */
    rmaps: array(rmapHead(sizes), 2),
    rmap2M: rmapHead(sizes),
    /** One translation that some TLB may hold: the right that was used last. */
    tlb: variant({ empty: {}, right: { vcpu: range(0, roots - 1), page: range(0, 1), sub: range(0, 1) } }),
    /**
     * Three facts about the gfn at the border: the host maps the zero page for it; its writes are
     * tracked; its bit in the dirty log is set.
     */
    hostZero: flag,
    tracked: flag,
    dirty: flag,
  });
};

export type State = Infer<ReturnType<typeof stateDomain>>;
export type Draft = Parameters<Parameters<typeof update<State>>[1]>[0];
export type RmapHead = State['rmaps'][number];
export type Spte = State['pages'][number][number];

/** The names of things that a function did and must not do, in order. */
export type Events = string[];

const times = <T>(length: number, make: () => T): T[] => Array.from({ length }, make);

export const initialState = ({ roots }: Sizes): State => ({
  vm: 'none',
  vcpus: 0,
  rootLoaded: times(roots, () => false),
  spptp: times(roots, () => false),
  active: false,
  spptRoot: 'zero',
  slots: ['absent', 'absent'],
  words: times(3, () => full),
  l2: ['zero', 'zero'],
  leaves: [0, 0],
  large: times(roots, () => ['none', 'none']),
  pages: times(roots, () => times(2, () => ({ kind: 'none' }))),
  rmaps: times(2, () => ({ kind: 'empty' })),
  rmap2M: { kind: 'empty' },
  tlb: { kind: 'empty' },
  hostZero: false,
  tracked: false,
  dirty: false,
});

/** The lists of so many words. */
const maps = (length: number, of: readonly Word[]): string[] =>
  length === 0 ? [''] : maps(length - 1, of).flatMap((map) => of.map((word) => (map ? `${map} ${word}` : word)));

/** Every list of words that some VM's SET is given in a search. */
const searchedMaps = [...maps(1, words), ...maps(2, words), ...maps(3, machines['1G'].words)];

/** Every list of words for gfns that can be named. */
const allMaps = [1, 2, 3].flatMap((length) => maps(length, words));

export const wordsOf = (map: string): Word[] => map.split(' ') as Word[];

export const commandDomain = (sizes: Sizes, sets: Context['sets']) => {
  const [, ...touched] = gfns(sizes);
  const vcpu = range(0, sizes.roots - 1);
  const named = enumOf(...gfns(sizes));
  return variant({
    create_vm: { vm: enumOf(...machineNames) },
    create_vcpu: {},
    enable_cap: { alloc: enumOf('succeeds', 'array fails', 'top-up fails') },
    enable_cap_twice: {},
    set_access: { gfn: named, map: enumOf(...(sets === 'listed' ? searchedMaps : allMaps)) },
    set_access_raced: { gfn: named, map: enumOf(...words), sub: range(0, 1) },
    set_access_malformed: { what: enumOf('copy', 'flags', 'npages', 'nothing') },
    get_access: { gfn: named },
    create_memslot: {},
    delete_memslot: {},
    guest_write: { vcpu, gfn: enumOf(...touched), sub: range(0, 1) },
    guest_read: { vcpu, gfn: enumOf(...touched) },
    mmu_free_roots: { vcpu },
    page_track: { add: flag },
    get_dirty_log: {},
  });
};

export type Command = Infer<ReturnType<typeof commandDomain>>;

/** Commands that random search draws more often: SET of ranges that reach the border, and guest writes on both sides of it. */
export const likelyCommands = (sizes: Sizes): Command[] => {
  const [lowest, below, at] = gfns(sizes) as [Gfn, Gfn, Gfn];
  // The plain VM has the most defects to find.
  const vms = [...machineNames, 'plain' as const, 'plain' as const, 'plain' as const].map(
    (vm): Command => ({ kind: 'create_vm', vm }),
  );
  const sets = [
    ...maps(1, words).flatMap((map) => [[below, map] as const, [at, map] as const]),
    ...maps(2, words).map((map) => [below, map] as const),
    ...['11 00', '00 11 00', '11 00 11'].map((map) => [lowest, map] as const),
  ].map(([gfn, map]): Command => ({ kind: 'set_access', gfn, map }));
  const writes = [0, 1].flatMap((sub) =>
    [below, at, at].map((gfn, i): Command => ({ kind: 'guest_write', vcpu: i === 2 ? 1 : 0, gfn, sub })),
  );
  const raced = words.map((map): Command => ({ kind: 'set_access_raced', gfn: below, map, sub: 0 }));
  const read: Command = { kind: 'guest_read', vcpu: 0, gfn: at };
  return [{ kind: 'enable_cap', alloc: 'succeeds' }, read, ...vms, ...sets, ...raced, ...writes, ...writes, ...writes];
};

/** The address space that a vCPU is in. */
export const spaceOf = (state: { readonly vm: string }, vcpu: number): 0 | 1 =>
  state.vm === 'smm' && vcpu === 1 ? 1 : 0;

/** The memslot of a gfn. Kernel: gfn_to_memslot() for address space 0, kvm_vcpu_gfn_to_memslot() for a vCPU's own. */
export const gfnToMemslot = (
  state: { readonly vm: string; readonly slots: readonly string[] },
  gfn: Gfn,
  sizes: Sizes,
  space: 0 | 1 = 0,
): 0 | 1 | undefined => {
  if (gfn < 0 || gfn >= 2 * border(sizes)) return undefined;
  if (state.vm === 'smm') return space;
  if (state.vm !== 'slots') return 0;
  if (gfn < border(sizes)) return 0;
  return state.slots[1] === 'absent' ? undefined : 1;
};

/** The address spaces that SET and kvm_spp_mark_protection() work on: with a second one only if the patch says so. */
export const spacesOf = (state: { readonly vm: string }, patch: Patch): readonly (0 | 1)[] =>
  patch.allSpaces && state.vm === 'smm' ? [0, 1] : [0];

export const flushRemoteTlbs = (draft: Draft): void => {
  draft.tlb = { kind: 'empty' };
};
