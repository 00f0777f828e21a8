import { disabled, type Outcome, ok, panic, refuse, update } from '../../src/spec/index.ts';
import { allowedMemory, firstOf, hostCheck, hypCheck, hypCount, pagesOf, pfnRange } from './checks.ts';
import { annotate, faultGranule, idmap, setOwnerHost } from './stage2.ts';
import { addressed, type Context, isMemory, mmioPfn, type Pfn, type State, wrappingNr } from './state.ts';

// Transitions between the host, the hypervisor and the secure side. Kernel: mem_protect.c, 7.2; in the order of that file.

/** Kernel: __pkvm_host_share_hyp(). EL2 maps the page when it pins it. */
export const hostShareHyp = (state: State, pfn: Pfn, context: Context): Outcome<State> => {
  const failure = firstOf(
    () => hostCheck(state, pfn, 1, 'OWNED', context),
    () => hypCheck(state, pfn, 1, 'NOPAGE', context),
  );
  if (failure) return refuse(state, ...failure);

  const page = addressed(pfn, context.sizes);
  return ok(
    update(state, (draft) => {
      draft.hyp[page] = 'SHARED_BORROWED';
      draft.host[page] = 'SHARED_OWNED';
    }),
  );
};

/** Kernel: __pkvm_host_unshare_hyp(). */
export const hostUnshareHyp = (state: State, pfn: Pfn, context: Context): Outcome<State> => {
  const failure = firstOf(
    () => hostCheck(state, pfn, 1, 'SHARED_OWNED', context),
    () => (context.patch.checksUnshareHyp ? hypCheck(state, pfn, 1, 'SHARED_BORROWED', context) : undefined),
    () => hypCount(state, pfn, 1, context),
  );
  if (failure) return refuse(state, ...failure);

  const page = addressed(pfn, context.sizes);
  return ok(
    update(state, (draft) => {
      draft.hyp[page] = 'NOPAGE';
      draft.host[page] = 'OWNED';
    }),
  );
};

/** Kernel: __pkvm_host_donate_hyp(). */
export const hostDonateHyp = (state: State, pfn: Pfn, nr: number, context: Context): Outcome<State> => {
  const { sizes } = context;
  const failure = firstOf(
    () => pfnRange(pfn, nr, context),
    () => hostCheck(state, pfn, nr, 'OWNED', context),
    () => hypCheck(state, pfn, nr, 'NOPAGE', context),
  );
  if (failure) return refuse(state, ...failure);

  const first = addressed(pfn, sizes);
  // A range that wraps: the loops over page states do nothing, the page tables are changed all the same.
  const mapped = nr === wrappingNr ? sizes.pages - first : nr;
  return ok(
    update(state, (draft) => {
      for (const page of pagesOf(pfn, nr, sizes)) {
        draft.hyp[page] = 'OWNED';
        draft.host[page] = 'NOPAGE';
      }
      for (let page = first; page < first + mapped; page++) {
        draft.el2[page] = true;
        annotate(draft, page, { kind: 'hyp' }, sizes);
      }
    }),
  );
};

/** Kernel: __pkvm_hyp_donate_host(). The hypervisor decides; it scrubs what it must before it calls. */
export const hypDonateHost = (state: State, pfn: Pfn, nr: number, context: Context): Outcome<State> => {
  const { sizes, patch } = context;
  if (nr === wrappingNr && !patch.checksPfnRange) return disabled(state, 'EL2 knows what it gives back');
  const failure = firstOf(
    () => pfnRange(pfn, nr, context),
    () => hypCheck(state, pfn, nr, 'OWNED', context),
    () => hostCheck(state, pfn, nr, 'NOPAGE', context),
    () => (patch.checksHypCount ? hypCount(state, pfn, nr, context) : undefined),
  );
  if (failure) return refuse(state, ...failure);

  const pages = pagesOf(pfn, nr, sizes);
  if (pages.some((page) => state.uses[page] !== 'none'))
    return disabled(state, 'EL2 gives back only what it does not use');
  if (pages.some((page) => !state.el2[page]))
    return panic(state, 'WARN: kvm_pgtable_hyp_unmap() unmapped less than it was asked to');
  return ok(
    update(state, (draft) => {
      for (const page of pages) {
        draft.hyp[page] = 'NOPAGE';
        draft.el2[page] = false;
      }
      setOwnerHost(draft, pages[0]!, nr, context);
    }),
  );
};

/** `to` is the page after the last. Kernel: hyp_pin_shared_mem(). */
export const hypPinSharedMem = (state: State, from: Pfn, to: Pfn, context: Context): Outcome<State> => {
  if (from >= to) return disabled(state, 'an empty range');
  if (context.sizes.metadata === 1) return disabled(state, 'what is pinned is pinned for a VM or a vCPU');
  const failure = firstOf(
    () => hostCheck(state, from, to - from, 'SHARED_OWNED', context),
    () => hypCheck(state, from, to - from, 'SHARED_BORROWED', context),
  );
  if (failure) return refuse(state, ...failure);

  const pages = pagesOf(from, to - from, context.sizes);
  if (pages.some((page) => state.refcount[page] === context.sizes.pins))
    return disabled(state, 'more pins than the model counts');
  return ok(
    update(state, (draft) => {
      for (const page of pages) {
        if (draft.refcount[page] === 0) draft.el2[page] = true;
        draft.refcount[page]! += 1;
      }
    }),
  );
};

/** Kernel: hyp_unpin_shared_mem(). A pinned page is mapped, so the WARN for an unmap that unmaps nothing cannot fire and is left out. */
export const hypUnpinSharedMem = (state: State, from: Pfn, to: Pfn, { sizes, patch }: Context): Outcome<State> => {
  if (from >= to) return disabled(state, 'an empty range');
  if (sizes.metadata === 1) return disabled(state, 'what is pinned is pinned for a VM or a vCPU');
  const pages = pagesOf(from, to - from, sizes);
  if (pages.some((page) => state.hyp[page] !== 'SHARED_BORROWED' || state.refcount[page] === 0 || !state.el2[page]))
    return disabled(state, 'EL2 unpins only what it has pinned');
  return ok(
    update(state, (draft) => {
      for (const page of pages) {
        draft.refcount[page]! -= 1;
        if (draft.refcount[page] === 0 && patch.era !== '6.2') draft.el2[page] = false;
      }
    }),
  );
};

/** Kernel: __pkvm_host_share_ffa(). Nothing says afterwards that it was the secure side. */
export const hostShareFfa = (state: State, pfn: Pfn, nr: number, context: Context): Outcome<State> => {
  const failure = firstOf(
    () => pfnRange(pfn, nr, context),
    () => hostCheck(state, pfn, nr, 'OWNED', context),
  );
  if (failure) return refuse(state, ...failure);

  return ok(
    update(state, (draft) => {
      for (const page of pagesOf(pfn, nr, context.sizes)) {
        draft.host[page] = 'SHARED_OWNED';
        draft.ffa[page] = true;
      }
    }),
  );
};

/** Kernel: __pkvm_host_unshare_ffa(). */
export const hostUnshareFfa = (state: State, pfn: Pfn, nr: number, context: Context): Outcome<State> => {
  const failure = firstOf(
    () => pfnRange(pfn, nr, context),
    () => hostCheck(state, pfn, nr, 'SHARED_OWNED', context),
  );
  if (failure) return refuse(state, ...failure);

  const pages = pagesOf(pfn, nr, context.sizes);
  if (context.patch.ffaTrusted && pages.some((page) => !state.ffa[page]))
    return disabled(state, 'the secure side passes only what was shared with it');
  return ok(
    update(state, (draft) => {
      for (const page of pages) {
        draft.host[page] = 'OWNED';
        draft.ffa[page] = false;
      }
    }),
  );
};

/** The host touches a page. Kernel: handle_host_mem_abort() and host_stage2_idmap(); a valid entry is -EEXIST, and the host tries again. */
export const hostFault = (state: State, pfn: Pfn, { sizes, patch }: Context): Outcome<State> => {
  const pte = pfn === mmioPfn(sizes) ? state.mmio.pte : state.pte[pfn]!.kind;
  if (pte === 'leaf') return ok(state);
  if (pte !== 'zero') {
    if (patch.era === '7.2' && isMemory(pfn, sizes) && state.host[pfn] !== 'NOPAGE')
      return panic(state, 'WARN: annotated memory whose host state is not NOPAGE');
    if (patch.faultsInject) return refuse(state, 'EPERM', 'annotated with another owner; abort injected');
    return panic(state, 'BUG: host_stage2_idmap() returned -EPERM, annotated with another owner');
  }
  return ok(
    update(state, (draft) => {
      // From 6.14 on no check reads the host's entries of MMIO, so that it maps some is not kept.
      if (pfn === mmioPfn(sizes)) {
        if (patch.era === '6.2') draft.mmio.pte = 'leaf';
        return;
      }
      const { page, nr } = faultGranule(state, pfn, sizes);
      idmap(draft, page, nr, sizes);
    }),
  );
};

/** Memory pressure: all holes between memory regions are unmapped, and annotations there cleared. Kernel: host_stage2_unmap_dev_all(). */
export const unmapDevAll = (state: State): Outcome<State> =>
  ok(
    update(state, (draft) => {
      draft.mmio.pte = 'zero';
    }),
  );

/**
 * EL2 takes from the host a range that begins in memory and does not end there, as none of the checked transitions would.
 * Kernel: host_stage2_set_owner_locked().
 */
export const setOwnerLocked = (state: State, pfn: Pfn, nr: number, context: Context): Outcome<State> => {
  const { sizes, patch } = context;
  if (patch.checksOwnerRange && allowedMemory(pfn, nr, sizes)) return refuse(state, 'EPERM', 'not all memory');
  if (state.host[pfn] !== 'OWNED' || state.hyp[pfn] !== 'NOPAGE')
    return disabled(state, 'EL2 takes what the host has for itself');
  return ok(
    update(state, (draft) => {
      draft.hyp[pfn] = 'OWNED';
      draft.el2[pfn] = true;
      draft.host[pfn] = 'NOPAGE';
      annotate(draft, pfn, { kind: 'hyp' }, sizes);
      draft.mmio.pte = 'hyp';
    }),
  );
};

/** EL2 uses a page of its own, say for a table; of a VM's page: it works on the VM. Kernel: hyp_page_ref_inc(), get_pkvm_hyp_vm(). */
export const hypGetPage = (state: State, pfn: Pfn): Outcome<State> => {
  if (state.hyp[pfn] !== 'OWNED' || state.refcount[pfn]! > 0) return disabled(state, 'not a free page of EL2');
  if (!counted(state, pfn)) return disabled(state, 'what it is used for is known');
  return ok(
    update(state, (draft) => {
      draft.refcount[pfn] = 1;
    }),
  );
};

/** Whether the count of a page of EL2's is free to change: a table's is its entries. */
const counted = ({ uses }: State, pfn: Pfn): boolean => uses[pfn] === 'none' || /^vm\d/.test(uses[pfn]!);

/** Kernel: hyp_put_page(), put_pkvm_hyp_vm(). */
export const hypPutPage = (state: State, pfn: Pfn): Outcome<State> => {
  if (state.hyp[pfn] !== 'OWNED' || state.refcount[pfn] === 0) return disabled(state, 'not a page that EL2 uses');
  if (!counted(state, pfn)) return disabled(state, 'what it is used for is known');
  return ok(
    update(state, (draft) => {
      draft.refcount[pfn] = 0;
    }),
  );
};
