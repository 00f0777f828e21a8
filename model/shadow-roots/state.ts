import { type Config, enumOf, flag, type Infer, range, record, variant } from '../../src/spec/index.ts';

export const config = {
  level: { default: 4, min: 4, max: 5, doc: 'NPT levels of the host that the first vCPU is on' },
};

export type Sizes = Config<typeof config>;

/** A pointer to a page: of struct kvm_mmu. `garbage` is what an uninitialised local variable held; `freed`, a page given back. */
const pointer = enumOf('NULL', 'page', 'garbage', 'freed');
export type Pointer = Infer<typeof pointer>;

/** Levels of the paging that is shadowed; 0 stands for a direct map, whose root does not depend on the guest's paging. */
const rootLevel = enumOf(0, 2, 3, 4, 5);

export const stateDomain = record({
  /** `made up`: an MMU, in place of the vCPU's, that a function was called on directly. Only another such call can follow. */
  vcpu: enumOf('created', 'made up', 'destroyed'),

  // The host: constant while a vCPU exists.
  tdpEnabled: flag,
  /** Levels of the host's NPT, and so of its own paging. */
  hostLevel: range(3, 5),

  // struct kvm_mmu: guest_mmu, which shadows L1's NPT, or root_mmu.
  nested: flag,
  rootLevel,
  shadowRootLevel: range(3, 5),
  paeRoot: pointer,
  pml4Root: pointer,
  pml5Root: pointer,
  rootHpa: enumOf('INVALID_PAGE', 'root page', 'pae_root', 'pml4_root', 'pml5_root'),

  // The pages' contents and attributes.
  /** pml5_root[0] points to pml4_root. */
  pml5Entry: flag,
  /** pml4_root[0] points to pae_root. */
  pml4Entry: flag,
  /** The four entries of pae_root point to level-2 root pages. */
  paeEntries: flag,
  /** pae_root lies below 4 GiB. */
  paeLow: flag,
  /** pae_root is mapped without the C-bit. It stays true if a page is freed like that. */
  paeDecrypted: flag,

  /** Pages taken from the page allocator for the three roots, and not given back. */
  pages: range(0, 6),
  /** Ghost: a load has succeeded since the MMU got its present mode. */
  loadedBefore: flag,
  /** Ghosts: what the last call did that no field shows. */
  last: record({
    /** Uninitialised pointers that it handed to free_page(). */
    garbageFreed: range(0, 3),
    /** The load has published a root_hpa that was not the final one. */
    publishedEarly: flag,
    /** Where shadow_walk_init() started. */
    walk: enumOf('none', 'root_hpa', 'pae_root'),
  }),
});

export type State = Infer<typeof stateDomain>;

export const quiet: State['last'] = { garbageFreed: 0, publishedEarly: false, walk: 'none' };

/** A vCPU whose L1 uses PAE paging for its NPT, before its first load. */
export const initialState = ({ level }: Sizes): State => ({
  vcpu: 'created',
  tdpEnabled: true,
  hostLevel: level,
  nested: true,
  rootLevel: 3,
  shadowRootLevel: level,
  paeRoot: 'NULL',
  pml4Root: 'NULL',
  pml5Root: 'NULL',
  rootHpa: 'INVALID_PAGE',
  pml5Entry: false,
  pml4Entry: false,
  paeEntries: false,
  paeLow: false,
  paeDecrypted: false,
  pages: 0,
  loadedBefore: false,
  last: quiet,
});

/** Which allocation of a load fails: one of up to three pages for special roots, or the shadow pages below them. */
const fails = enumOf('none', '1st', '2nd', '3rd', 'shadow pages');
export type Fails = Infer<typeof fails>;

/** Any MMU, whether KVM can bring it about or not. root_level 0 is a direct map, 2 stands for levels 2 and 3, 4 for 4 and 5. */
const page = enumOf('NULL', 'page');
const level = range(3, 5);
const usedPage = enumOf('NULL', 'page', 'in use');

export const commandDomain = variant({
  kvm_mmu_load: { fails },
  kvm_mmu_unload: {},
  shadow_walk_init: {},
  kvm_mmu_reset_context: { root_level: rootLevel },
  kvm_mmu_after_set_cpuid: { maxphyaddr: enumOf(48, 52) },
  kvm_mmu_destroy: {},
  kvm_mmu_create: { tdp: flag, level, nested: flag, alloc: enumOf('succeeds', 'fails') },
  mmu_alloc_special_roots: {
    tdp: flag,
    root_level: enumOf(0, 2, 4),
    level,
    pae_root: page,
    pml4_root: page,
    pml5_root: page,
  },
  mmu_alloc_direct_roots: { level, pae_root: usedPage },
  mmu_alloc_shadow_roots: { root_level: enumOf(2, 4), level, pae_root: usedPage, pml4_root: page, pml5_root: page },
});

export type Command = Infer<typeof commandDomain>;

/** The arguments of a function called on an MMU of its own. */
export type MadeUp = {
  readonly tdp?: boolean;
  readonly root_level?: State['rootLevel'];
  readonly level: number;
  readonly pae_root: Infer<typeof usedPage>;
  readonly pml4_root?: Infer<typeof page>;
  readonly pml5_root?: Infer<typeof page>;
};
