import {
  array,
  type Config,
  enumOf,
  flag,
  type Infer,
  range,
  record,
  type Settings,
  variant,
} from '../../src/spec/index.ts';

export const config = {
  pages: { default: 2, min: 2, max: 4, scriptMax: 512, doc: 'pages of the block, which is one folio' },
};
export type Sizes = Config<typeof config>;

export const switches = {
  backing: {
    doc: 'what backs the memslot: a THP; hugetlb that KVM maps by blocks; hugetlb of contiguous entries (64 KiB, 32 MiB), which KVM maps by less than the folio',
    values: ['thp', 'hugetlb', 'hugetlb-cont'],
  },
  sanitisesCollapse: 'a permission fault that maps more than the faulting granule sanitises too (fix of L1)',
  clearsFolio: 'sanitise_mte_tags() of a hugetlb folio clears all of it before it flags it (fix of L2)',
  refusesUntaggable: 'a fault on memory that can have no tags is refused: ZONE_DEVICE, VM_MTE_ALLOWED clear',
  vmShared: {
    doc: 'VM_SHARED: allowed (until v15, and from 6.2), or refused when a memslot is set, or also at the fault (v16, 5.14)',
    values: ['allowed', 'slot', 'fault'],
  },
  changePte: {
    doc: 'kvm_set_spte_gfn(): removed (from 6.10), or maps the new page as it is (before v13), sanitises it (v13), or only maps a flagged one (2dbf12ae132c)',
    values: ['removed', 'maps', 'sanitises', 'defers'],
  },
  leaks: {
    doc: 'the lock that a refusal does not release: mmu_lock at the fault (v16), mmap_lock when a memslot is set (5.14 as first merged)',
    values: ['none', 'mmu_lock', 'mmap_lock'],
  },
} as const;
export type Patch = Settings<typeof switches>;

/** The memory that user space has mapped for the memslot. */
const vma = enumOf('anon', 'shared', 'untaggable', 'device');
export type Vma = Infer<typeof vma>;

export const stateDomain = ({ pages }: Sizes) =>
  record({
    pages: array(
      record({
        tags: enumOf('stale', 'zero', 'guest'),
        /** PG_mte_tagged. Of a hugetlb folio only that of page 0 is used. */
        tagged: flag,
        /** `in`: the page is present. Else it is swapped out, and this is what was saved of its tags. */
        swap: enumOf('in', 'no-tags', 'stale', 'zero', 'guest'),
        /** The stage-2 entry. */
        s2: enumOf('none', 'ro', 'rw'),
      }),
      pages,
    ),
    /** Whether one block entry maps all pages. */
    block: flag,
    /** Whether the pages are one folio still. */
    huge: flag,
    logging: flag,
    vma,
    slot: flag,
    /** Locks that a call has not released. */
    held: record({ mmu_lock: flag, mmap_lock: flag }),
  });
export type State = Infer<ReturnType<typeof stateDomain>>;

export const commandDomain = ({ pages }: Sizes) => {
  const page = range(0, pages - 1);
  return variant({
    guest_ldg: { page },
    guest_stg: { page },
    set_logging: { on: flag },
    swap_out: { page },
    change_pte: { page },
    set_memory_region: {},
    mmap_over: { vma },
  });
};
export type Command = Infer<ReturnType<typeof commandDomain>>;

export const initialState = ({ pages }: Sizes): State => ({
  pages: Array.from({ length: pages }, () => ({ tags: 'stale', tagged: false, swap: 'in', s2: 'none' }) as const),
  block: false,
  huge: true,
  logging: false,
  vma: 'anon',
  slot: false,
  held: { mmu_lock: false, mmap_lock: false },
});

/** Whether one flag stands for all pages. */
export const sharesFlag = ({ backing }: Pick<Patch, 'backing'>): boolean => backing !== 'thp';

/** The page that holds the flag of a page. */
export const flagPage = (page: number, patch: Pick<Patch, 'backing'>): number => (sharesFlag(patch) ? 0 : page);
