import { match } from 'ts-pattern';
import { defineModel, disabled, type Outcome, ok, refuse, update } from '../../src/spec/index.ts';
import { classify, names } from './classes.ts';
import { draw } from './draw.ts';
import {
  type Command,
  commandDomain,
  config,
  flagPage,
  initialState,
  type Patch,
  type State,
  sharesFlag,
  stateDomain,
  switches,
  type Vma,
} from './state.ts';

type Access = 'load' | 'store';

/** Initialises pages that are not flagged, before they are mapped. Kernel: sanitise_mte_tags(). */
const sanitiseMteTags = (state: State, pages: readonly number[], patch: Patch): State => {
  const flagged = pages.filter((page) => state.pages[flagPage(page, patch)]!.tagged);
  if (flagged.length === pages.length) return state;
  const clears = sharesFlag(patch) && patch.clearsFolio ? [...state.pages.keys()] : pages;
  return update(state, (draft) => {
    for (const page of clears) if (!flagged.includes(page)) draft.pages[page]!.tags = 'zero';
    for (const page of pages) draft.pages[flagPage(page, patch)]!.tagged = true;
  });
};

/** get_user_pages() brings a page back; tags that were saved are restored, and then it is flagged. Kernel: arch_swap_restore(). */
const swapIn = (state: State, page: number): State => {
  const { swap } = state.pages[page]!;
  if (swap === 'in') return state;
  return update(state, (draft) => {
    const entry = draft.pages[page]!;
    entry.swap = 'in';
    entry.tags = swap === 'no-tags' ? 'stale' : swap;
    entry.tagged = swap !== 'no-tags';
  });
};

/** Handles a stage-2 fault; the guest then tries again. Kernel: user_mem_abort(). */
const userMemAbort = (before: State, page: number, access: Access, patch: Patch): Outcome<State> => {
  const permission = before.pages[page]!.s2 === 'ro';
  const forcePte = before.logging;

  const state = swapIn(before, page);
  const all = [...state.pages.keys()];
  const isBlock = !forcePte && state.huge && patch.backing !== 'hugetlb-cont' && state.vma !== 'device';
  const mapped = isBlock ? all : [page];
  const fillsGranule = isBlock === state.block;

  const skips = permission && !(patch.sanitisesCollapse && !fillsGranule);
  if (state.vma === 'untaggable' && patch.refusesUntaggable)
    return refuse(state, 'EFAULT', 'the page cannot have tags');
  if (state.vma === 'shared' && patch.vmShared === 'fault') {
    const left = patch.leaks === 'mmu_lock' ? hold(state, 'mmu_lock') : state;
    return refuse(left, 'EFAULT', 'VM_SHARED');
  }
  const sanitised = skips || state.vma === 'device' ? state : sanitiseMteTags(state, mapped, patch);

  const s2 = access === 'store' || !before.logging ? 'rw' : 'ro';
  return ok(
    update(sanitised, (draft) => {
      // A page that is mapped where a block was leaves the rest of the block unmapped.
      if (!fillsGranule) for (const entry of draft.pages) if (!isBlock && draft.block) entry.s2 = 'none';
      for (const one of mapped) draft.pages[one]!.s2 = s2;
      draft.block = isBlock;
    }),
  );
};

/** The guest loads or stores a tag of a page: if stage 2 allows it, it does, and else it faults. */
const guestAccess = (state: State, page: number, access: Access, patch: Patch): Outcome<State> => {
  if (!state.slot) return disabled(state, 'there is no memslot');
  const { s2 } = state.pages[page]!;
  if (s2 === 'none' || (s2 === 'ro' && access === 'store')) return userMemAbort(state, page, access, patch);
  if (access === 'load' || state.vma === 'device') return ok(state);
  return ok(
    update(state, (draft) => {
      draft.pages[page]!.tags = 'guest';
    }),
  );
};

/** Dirty logging write-protects what is mapped. Kernel: kvm_mmu_wp_memory_region(). */
const setLogging = (state: State, on: boolean): Outcome<State> => {
  if (!state.slot || state.logging === on) return disabled(state, 'no change');
  return ok(
    update(state, (draft) => {
      draft.logging = on;
      if (on) for (const page of draft.pages) if (page.s2 === 'rw') page.s2 = 'ro';
    }),
  );
};

/** Unmaps a page from stage 2, with the block that it is in. Kernel: the MMU notifier. */
const unmapped = (state: State, page: number): State => {
  if (state.pages[page]!.s2 === 'none') return state;
  return update(state, (draft) => {
    for (const entry of draft.block ? draft.pages : [draft.pages[page]!]) entry.s2 = 'none';
    draft.block = false;
  });
};

/** Tags are saved of flagged pages only. The folio is split first. Kernel: arch_prepare_to_swap(). */
const swapOut = (state: State, page: number, patch: Patch): Outcome<State> => {
  if (patch.backing !== 'thp' || state.vma !== 'anon') return disabled(state, 'not swapped');
  if (state.pages[page]!.swap !== 'in') return disabled(state, 'swapped out');
  return ok(
    update(unmapped(state, page), (draft) => {
      const entry = draft.pages[page]!;
      draft.huge = false;
      entry.swap = entry.tagged ? entry.tags : 'no-tags';
      entry.tags = 'stale';
      entry.tagged = false;
    }),
  );
};

/** Replaces a mapped page by a page that is fresh from the allocator. Kernel: kvm_set_spte_gfn(). */
const changePte = (state: State, page: number, patch: Patch): Outcome<State> => {
  if (patch.changePte === 'removed') return disabled(state, 'there is no change_pte');
  if (patch.backing !== 'thp' || state.pages[page]!.s2 === 'none') return disabled(state, 'not mapped');
  const replaced = update(unmapped(state, page), (draft) => {
    draft.huge = false;
    draft.pages[page]!.tags = 'stale';
    draft.pages[page]!.tagged = false;
  });
  if (patch.changePte === 'defers') return ok(replaced); // a fresh page is not flagged: the next fault sanitises it
  const ready = patch.changePte === 'sanitises' ? sanitiseMteTags(replaced, [page], patch) : replaced;
  return ok(
    update(ready, (draft) => {
      draft.pages[page]!.s2 = 'ro';
    }),
  );
};

/** Kernel: kvm_arch_prepare_memory_region(). */
const setMemoryRegion = (state: State, patch: Patch): Outcome<State> => {
  if (state.slot) return disabled(state, 'there is a memslot');
  if (state.vma === 'shared' && patch.vmShared !== 'allowed') {
    const left = patch.leaks === 'mmap_lock' ? hold(state, 'mmap_lock') : state;
    return refuse(left, 'EINVAL', 'VM_SHARED');
  }
  if (state.vma === 'untaggable' && patch.refusesUntaggable) return refuse(state, 'EINVAL', 'VM_MTE_ALLOWED is clear');
  return ok(
    update(state, (draft) => {
      draft.slot = true;
    }),
  );
};

const hold = (state: State, lock: keyof State['held']): State =>
  update(state, (draft) => {
    draft.held[lock] = true;
  });

/** User space maps other memory over the memslot's addresses: mmap(MAP_FIXED), mremap(). The notifier unmaps stage 2. */
const mmapOver = (state: State, vma: Vma): Outcome<State> => {
  if (state.vma === vma) return disabled(state, 'no change');
  return ok(
    update(state, (draft) => {
      draft.vma = vma;
      draft.huge = true;
      draft.block = false;
      for (const page of draft.pages) Object.assign(page, { tags: 'stale', tagged: false, swap: 'in', s2: 'none' });
    }),
  );
};

const fixes = { sanitisesCollapse: true, clearsFolio: true, refusesUntaggable: true } as const;

export const mteFaults = defineModel({
  id: 'mte-faults',
  title: 'MTE tags of a block, fault by fault',
  sources: [
    'KVM: arm64: Introduce MTE VM feature, v13 4/8, and its review (June 2021); v16; ea7fc1bb1cd1',
    'arch/arm64/kvm/mmu.c, kvm_s2_fault_map(), kvm_s2_resolve_vma_size(), sanitise_mte_tags(), as of 7.2; 25c17c4b55de',
  ],
  config,
  switches,
  environment: ['backing'],
  variants: {
    'change-pte-maps': {
      doc: 'before v13: change_pte maps the page as it is',
      switches: { ...fixes, changePte: 'maps' },
    },
    'change-pte-sanitises': { doc: 'v13: change_pte sanitises', switches: { ...fixes, changePte: 'sanitises' } },
    'change-pte-defers': { doc: '2dbf12ae132c: left to the next fault', switches: { ...fixes, changePte: 'defers' } },
    untaggable: { doc: 'no check that the page can have tags', switches: { ...fixes, refusesUntaggable: false } },
    'shared-slot': { doc: 'VM_SHARED refused for memslots only', switches: { ...fixes, vmShared: 'slot' } },
    v16: {
      doc: 'VM_SHARED refused at the fault, mmu_lock kept',
      switches: { ...fixes, vmShared: 'fault', leaks: 'mmu_lock' },
    },
    '5.14-first': {
      doc: 'as first merged: mmap_lock kept',
      switches: { ...fixes, vmShared: 'fault', leaks: 'mmap_lock' },
    },
    '5.14': { doc: 'VM_SHARED refused, locks released', switches: { ...fixes, vmShared: 'fault' } },
    '7.2-thp': { doc: 'candidate L1: collapse by a permission fault', switches: { refusesUntaggable: true } },
    '7.2-hugetlb': {
      doc: 'candidate L2: hugetlb mapped by less for once',
      switches: { refusesUntaggable: true, backing: 'hugetlb' },
    },
    '7.2-hugetlb-cont': {
      doc: 'candidate L2: contiguous hugetlb',
      switches: { refusesUntaggable: true, backing: 'hugetlb-cont' },
    },
    'hugetlb-l1-fixed': {
      doc: 'hugetlb with the fix of L1 alone',
      switches: { refusesUntaggable: true, backing: 'hugetlb', sanitisesCollapse: true },
    },
    'hugetlb-fixed': { doc: 'hugetlb with both fixes', switches: { ...fixes, backing: 'hugetlb' } },
    'hugetlb-cont-fixed': { doc: 'contiguous hugetlb with both', switches: { ...fixes, backing: 'hugetlb-cont' } },
    fixed: { doc: 'a THP with both fixes', switches: fixes },
  },
  defaultVariant: 'fixed',
  legend: () => 'pages of one block; guest_ldg, guest_stg: the access if stage 2 allows it, else its fault alone',
  done: () => false,
  draw,
  classify,
  pages: ({ pages }) => Array.from({ length: pages }, (_, page) => page),
  names,
  system: (sizes, patch) => ({
    state: stateDomain(sizes),
    command: commandDomain(sizes),
    initial: initialState(sizes),
    step: (state: State, command: Command) => {
      // Every call takes one of them, sooner or later.
      if (state.held.mmu_lock || state.held.mmap_lock)
        return disabled(state, 'waits for a lock that was never released');
      return match(command)
        .with({ kind: 'guest_ldg' }, ({ page }) => guestAccess(state, page, 'load', patch))
        .with({ kind: 'guest_stg' }, ({ page }) => guestAccess(state, page, 'store', patch))
        .with({ kind: 'set_logging' }, ({ on }) => setLogging(state, on))
        .with({ kind: 'swap_out' }, ({ page }) => swapOut(state, page, patch))
        .with({ kind: 'change_pte' }, ({ page }) => changePte(state, page, patch))
        .with({ kind: 'set_memory_region' }, () => setMemoryRegion(state, patch))
        .with({ kind: 'mmap_over' }, ({ vma }) => mmapOver(state, vma))
        .exhaustive();
    },
  }),
});
