import { disabled, type Outcome, ok, panic, refuse, update } from '../../src/spec/index.ts';
import { type Failure, firstOf, hostReason, hypCheck, hypCount, pagesOf } from './checks.ts';
import { annotate, idmap, setOwnerHost } from './stage2.ts';
import {
  addressed,
  type Context,
  type HostState,
  isMemory,
  mmioPfn,
  nomapPfn,
  type Pfn,
  type State,
  wrappingNr,
} from './state.ts';

// The transitions of 6.2: do_share(), do_unshare() and do_donate(). States are kept in page-table entries; `host` and `hyp`
// stand for what is read there. check_*() comes first, then the asserted __do_*(). EL2 maps a page when it is shared.

/** Kernel: __host_check_page_state_range() of 6.2, a walk over the host's entries. */
const hostCheck62 = (state: State, pfn: Pfn, nr: number, want: HostState, { sizes, patch }: Context): Failure => {
  if (nr === wrappingNr) return ['ERANGE', 'the walk ends before this address'];
  const first = addressed(pfn, sizes);
  for (let page = first; page < first + nr; page++) {
    if (isMemory(page, sizes)) {
      if (state.host[page] !== want) return ['EPERM', hostReason(want)];
      continue;
    }
    if (patch.checksAddress) return ['EPERM', 'not memory that may change hands'];
    if (state.mmio.pte === 'leaf') return ['EINVAL', 'maps what is not memory'];
    if ((state.mmio.pte === 'zero' ? 'OWNED' : 'NOPAGE') !== want) return ['EPERM', hostReason(want)];
  }
  return undefined;
};

/** Entries of NOMAP memory are not kept, so where they would be looked at there is no call. */
const reachesNomap = (pfn: Pfn, nr: number, { sizes, patch }: Context): boolean =>
  !patch.checksAddress && nr !== wrappingNr && addressed(pfn, sizes) + nr > nomapPfn(sizes);

/** Kernel: do_share() from the host to the hypervisor. */
export const hostShareHyp62 = (state: State, pfn: Pfn, context: Context): Outcome<State> => {
  const { sizes, patch } = context;
  if (reachesNomap(pfn, 1, context)) return disabled(state, 'no entry is kept for NOMAP memory');
  const failure = firstOf(
    () => hostCheck62(state, pfn, 1, 'OWNED', context),
    () => (patch.debug ? hypCheck(state, pfn, 1, 'NOPAGE', context) : undefined),
  );
  if (failure) return refuse(state, ...failure);
  const page = addressed(pfn, sizes);
  if (page === mmioPfn(sizes)) return disabled(state, 'MMIO that is shared is not followed any further');

  return ok(
    update(state, (draft) => {
      idmap(draft, page, 1, sizes);
      draft.host[page] = 'SHARED_OWNED';
      draft.hyp[page] = 'SHARED_BORROWED';
      draft.el2[page] = true;
    }),
  );
};

/** Kernel: do_unshare(). Pins are counted before the hyp state is looked at. */
export const hostUnshareHyp62 = (state: State, pfn: Pfn, context: Context): Outcome<State> => {
  const { sizes, patch } = context;
  if (reachesNomap(pfn, 1, context)) return disabled(state, 'no entry is kept for NOMAP memory');
  const failure = firstOf(
    () => hostCheck62(state, pfn, 1, 'SHARED_OWNED', context),
    () => hypCount(state, pfn, 1, context),
    () => (patch.checksUnshareHyp || patch.debug ? hypCheck(state, pfn, 1, 'SHARED_BORROWED', context) : undefined),
  );
  if (failure) return refuse(state, ...failure);

  const page = addressed(pfn, sizes);
  if (!state.el2[page]) return panic(state, 'WARN: hyp_complete_unshare() unmapped nothing');
  return ok(
    update(state, (draft) => {
      idmap(draft, page, 1, sizes);
      draft.host[page] = 'OWNED';
      draft.hyp[page] = 'NOPAGE';
      draft.el2[page] = false;
    }),
  );
};

/** Kernel: do_donate() from the host to the hypervisor. */
export const hostDonateHyp62 = (state: State, pfn: Pfn, nr: number, context: Context): Outcome<State> => {
  const { sizes, patch } = context;
  if (reachesNomap(pfn, nr, context)) return disabled(state, 'no entry is kept for NOMAP memory');
  const failure = firstOf(
    () => hostCheck62(state, pfn, nr, 'OWNED', context),
    () => (patch.debug ? hypCheck(state, pfn, Math.min(nr, sizes.pages - pfn), 'NOPAGE', context) : undefined),
  );
  if (failure) return refuse(state, ...failure);

  return ok(
    update(state, (draft) => {
      for (const page of pagesOf(pfn, nr, sizes)) {
        if (page === mmioPfn(sizes)) {
          draft.mmio = { pte: 'hyp', el2: true };
          continue;
        }
        annotate(draft, page, { kind: 'hyp' }, sizes);
        draft.host[page] = 'NOPAGE';
        draft.hyp[page] = 'OWNED';
        draft.el2[page] = true;
      }
    }),
  );
};

/** Kernel: do_donate() from the hypervisor to the host. MMIO that was donated by mistake stays. */
export const hypDonateHost62 = (state: State, pfn: Pfn, nr: number, context: Context): Outcome<State> => {
  const { sizes, patch } = context;
  if (nr === wrappingNr) return refuse(state, 'ERANGE', 'the walk ends before this address');
  const first = addressed(pfn, sizes);
  if (first + nr > sizes.pages) return disabled(state, 'EL2 gives back memory');
  const failure = firstOf(
    () => hypCheck(state, pfn, nr, 'OWNED', context),
    () => (patch.debug ? hostCheck62(state, pfn, nr, 'NOPAGE', context) : undefined),
  );
  if (failure) return refuse(state, ...failure);

  const pages = pagesOf(pfn, nr, sizes);
  if (pages.some((page) => !state.el2[page])) return panic(state, 'WARN: hyp_initiate_donation() unmapped too little');
  return ok(
    update(state, (draft) => {
      for (const page of pages) {
        draft.hyp[page] = 'NOPAGE';
        draft.el2[page] = false;
      }
      setOwnerHost(draft, first, nr, context);
    }),
  );
};

/** Kernel: hyp_pin_shared_mem(): the page is mapped already. */
export const hypPinSharedMem62 = (state: State, from: Pfn, to: Pfn, context: Context): Outcome<State> => {
  if (from >= to) return disabled(state, 'an empty range');
  const failure = firstOf(
    () => hostCheck62(state, from, to - from, 'SHARED_OWNED', context),
    () => hypCheck(state, from, to - from, 'SHARED_BORROWED', context),
  );
  if (failure) return refuse(state, ...failure);
  const pages = pagesOf(from, to - from, context.sizes);
  if (pages.some((page) => state.refcount[page] === context.sizes.pins))
    return disabled(state, 'more pins than the model counts');
  return ok(
    update(state, (draft) => {
      for (const page of pages) draft.refcount[page]! += 1;
    }),
  );
};
