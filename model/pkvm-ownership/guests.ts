import { match } from 'ts-pattern';
import { disabled, type Outcome, ok, panic, refuse, update } from '../../src/spec/index.ts';
import {
  allowedMemory,
  type Failure,
  firstOf,
  guestLeaf,
  guestNoPage,
  hostCheck,
  isFailure,
  memcacheCheck,
  pagesOf,
  pfnRange,
  transitionSize,
  validGuestPte,
} from './checks.ts';
import { annotate, type Draft, guestMap, guestUnmap, idmap, setOwnerHost, tablesLacking } from './stage2.ts';
import {
  addressed,
  type Context,
  type Gfn,
  type GuestPte,
  guestAddressed,
  type HostPte,
  isMemory,
  isProtected,
  type Leaf,
  mmioPfn,
  type Pfn,
  type Prot,
  type State,
} from './state.ts';

// Transitions with guests. Kernel: mem_protect.c, 7.2.

/** Kernel: __pkvm_host_share_guest(). */
export const hostShareGuest = (
  state: State,
  pfn: Pfn,
  gfn: Gfn,
  nr: number,
  vm: number,
  prot: Prot,
  context: Context,
): Outcome<State> => {
  const { sizes } = context;
  const failure = firstOf(
    () => (prot === 'DEVICE' ? ['EINVAL', 'more than RWX'] : undefined),
    () => pfnRange(pfn, nr, context),
    () => transitionSize(pfn, gfn, nr, context),
    () => allowedMemory(pfn, nr, sizes),
    () => guestNoPage(state, vm, gfn, nr, context),
  );
  if (failure) return refuse(state, ...failure);
  const pages = pagesOf(pfn, nr, sizes);
  for (const page of pages) {
    const refused = pageNotShareable(state, page, context);
    if (refused) return refused;
  }
  const short = memcacheCheck(state, vm, context);
  if (short) return refuse(state, ...short);

  const shared = update(state, (draft) => {
    for (const page of pages) {
      draft.host[page] = 'SHARED_OWNED';
      draft.host_share_guest_count[page]! += 1;
    }
  });
  const first = guestAddressed(gfn, sizes);
  if (tablesLacking(state, vm, first, nr, sizes)) return panic(shared, mapFails);
  const writable = sizes.attributes === 0 || prot === 'RWX';
  return ok(
    update(shared, (draft) => {
      const ptes = pages.map(
        (page): GuestPte => ({
          kind: 'leaf',
          pfn: page,
          state: 'SHARED_BORROWED',
          level: nr === 1 ? 3 : 2,
          writable,
          young: true,
        }),
      );
      guestMap(draft, vm, first, ptes, sizes);
    }),
  );
};

/** What host_share_guest() returns at a page that cannot be shared with a guest; undefined for one that can. */
const pageNotShareable = (state: State, page: Pfn, { sizes, patch }: Context): Outcome<State> | undefined => {
  const refused = () => refuse(state, 'EPERM', 'not owned by the host, nor shared with guests only');
  return match(state.host[page]!)
    .with('OWNED', () => undefined)
    .with('SHARED_OWNED', () => {
      const count = state.host_share_guest_count[page]!;
      if (count === sizes.shares) return refuse(state, 'EBUSY', 'shared too often');
      if (count > 0) return undefined;
      return patch.warnsSharedTwice ? panic(state, 'WARN: shared, but not with guests') : refused();
    })
    .with('SHARED_BORROWED', 'NOPAGE', refused)
    .exhaustive();
};

const mapFails = 'WARN: kvm_pgtable_stage2_map() returned -ENOMEM';

/** `nr` 0 stands for whatever size the leaf has. Kernel: __check_host_shared_guest(). */
const hostSharedGuest = (
  state: State,
  vm: number,
  gfn: Gfn,
  nr: number,
  { sizes }: Context,
): Leaf | NonNullable<Failure> | 'WARN' => {
  const pte = guestLeaf(state, vm, gfn, sizes);
  if (isFailure(pte)) return pte;
  if (pte.kind !== 'leaf') return ['ENOENT', 'not mapped by the guest'];
  const granule = pte.level === 3 ? 1 : sizes.block;
  if (nr !== 0 && granule !== nr) return ['E2BIG', 'not mapped by a leaf of this size'];
  if (pte.state !== 'SHARED_BORROWED') return ['EPERM', 'not borrowed by the guest'];
  const page = nr === 0 ? pte.pfn - (pte.pfn % granule) : pte.pfn;
  for (let at = page; at < page + granule; at++) {
    if (state.host[at] !== 'SHARED_OWNED') return ['EPERM', 'not shared by the host'];
    if (state.host_share_guest_count[at] === 0) return 'WARN';
  }
  return pte;
};

/** Kernel: __pkvm_host_unshare_guest(). The unmap cannot fail, and the table below a block cannot be missing. */
export const hostUnshareGuest = (state: State, gfn: Gfn, nr: number, vm: number, context: Context): Outcome<State> => {
  const { sizes } = context;
  const failure = transitionSize(0, gfn, nr, context);
  if (failure) return refuse(state, ...failure);
  const leaf = hostSharedGuest(state, vm, gfn, nr, context);
  if (leaf === 'WARN') return panic(state, 'WARN: mapped by a guest, host_share_guest_count 0');
  if (isFailure(leaf)) return refuse(state, ...leaf);

  return ok(
    update(state, (draft) => {
      guestUnmap(draft, vm, guestAddressed(gfn, sizes), nr, sizes);
      for (let page = leaf.pfn; page < leaf.pfn + nr; page++) {
        draft.host_share_guest_count[page]! -= 1;
        if (draft.host_share_guest_count[page] === 0) draft.host[page] = 'OWNED';
      }
    }),
  );
};

/** Kernel: __pkvm_host_donate_guest(). */
export const hostDonateGuest = (state: State, pfn: Pfn, gfn: Gfn, vm: number, context: Context): Outcome<State> => {
  const { sizes } = context;
  const failure = firstOf(
    () => hostCheck(state, pfn, 1, 'OWNED', context),
    () => guestNoPage(state, vm, gfn, 1, context),
    () => memcacheCheck(state, vm, context),
  );
  if (failure) return refuse(state, ...failure);

  const page = addressed(pfn, sizes);
  const at = guestAddressed(gfn, sizes);
  const donated = update(state, (draft) => {
    annotate(draft, page, { kind: 'guest', vm, gfn: at }, sizes);
    draft.host[page] = 'NOPAGE';
    draft.secret[page] = true;
  });
  if (tablesLacking(state, vm, at, 1, sizes)) return panic(donated, mapFails);
  return ok(
    update(donated, (draft) => {
      const pte: GuestPte = { kind: 'leaf', pfn: page, state: 'OWNED', level: 3, writable: true, young: true };
      guestMap(draft, vm, at, [pte], sizes);
    }),
  );
};

/** Kernel: __pkvm_guest_share_host(). The annotation gives way to a host mapping; the guest's page is mapped anew, RWX. */
export const guestShareHost = (state: State, vm: number, gfn: Gfn, context: Context): Outcome<State> => {
  const { sizes } = context;
  const leaf = validGuestPte(state, vm, gfn, context);
  if (isFailure(leaf)) return refuse(state, ...leaf);
  if (leaf.state !== 'OWNED') return refuse(state, 'EPERM', 'not owned by the guest alone');
  if (state.host[leaf.pfn] !== 'NOPAGE') return refuse(state, 'EPERM', 'the host has it');

  const at = guestAddressed(gfn, sizes);
  const page = leaf.pfn;
  return ok(
    update(state, (draft) => {
      mapAnew(draft.vms[vm]!.guest[at]!, 'SHARED_OWNED');
      idmap(draft, page, 1, sizes);
      draft.host[page] = 'SHARED_BORROWED';
      draft.secret[page] = false;
    }),
  );
};

/** Kernel: __pkvm_guest_unshare_host(). */
export const guestUnshareHost = (state: State, vm: number, gfn: Gfn, context: Context): Outcome<State> => {
  const { sizes } = context;
  const leaf = validGuestPte(state, vm, gfn, context);
  if (isFailure(leaf)) return refuse(state, ...leaf);
  if (leaf.state !== 'SHARED_OWNED') return refuse(state, 'EPERM', 'not shared by the guest');
  if (state.host[leaf.pfn] !== 'SHARED_BORROWED') return refuse(state, 'EPERM', 'not borrowed by the host');

  const at = guestAddressed(gfn, sizes);
  const page = leaf.pfn;
  return ok(
    update(state, (draft) => {
      annotate(draft, page, { kind: 'guest', vm, gfn: at }, sizes);
      draft.host[page] = 'NOPAGE';
      mapAnew(draft.vms[vm]!.guest[at]!, 'OWNED');
      draft.secret[page] = true;
    }),
  );
};

const mapAnew = (pte: Draft<GuestPte>, state: Leaf['state']): void => {
  if (pte.kind === 'leaf') Object.assign(pte, { state, writable: true, young: true });
};

/** Takes a page from a guest that does not know of it. Kernel: __pkvm_host_force_reclaim_page_guest(). */
export const forceReclaimPageGuest = (state: State, page: Pfn, context: Context): Outcome<State> => {
  const { sizes } = context;
  // host_stage2_get_guest_info()
  if (page === mmioPfn(sizes)) return refuse(state, 'EFAULT', 'not memory');
  // NOMAP memory is memory, and the vmemmap has it OWNED.
  if (!isMemory(page, sizes) || state.host[page] !== 'NOPAGE')
    return refuse(state, 'EAGAIN', 'the host has it and need not fault');
  // host_stage2_decode_gfn_meta()
  return match(state.pte[page]!)
    .with({ kind: 'leaf', level: 2 }, () => panic(state, 'WARN: a page of another owner, mapped by a block'))
    .with({ kind: 'leaf', level: 3 }, () => panic(state, 'WARN: a page of another owner, mapped by the host'))
    .with({ kind: 'zero' }, () => refuse(state, 'EINVAL', 'not annotated'))
    .with({ kind: 'hyp' }, () => refuse(state, 'EPERM', 'not a guest has it'))
    .with({ kind: 'guest' }, (annotation) => forceReclaim(state, page, annotation, context))
    .exhaustive();
};

/** The part of __pkvm_host_force_reclaim_page_guest() that follows once the page's annotation has named its guest. */
const forceReclaim = (
  state: State,
  page: Pfn,
  { vm, gfn }: Extract<HostPte, { kind: 'guest' }>,
  context: Context,
): Outcome<State> => {
  if (state.vms[vm]!.phase === 'gone') return refuse(state, 'EAGAIN', 'its VM is gone');
  const leaf = validGuestPte(state, vm, gfn, context);
  if (isFailure(leaf)) return refuse(state, ...leaf);
  if (leaf.pfn !== page) return panic(state, "WARN: the guest's page is not the one that was annotated");
  if (leaf.state !== 'OWNED') return refuse(state, 'EPERM', 'not owned by the guest alone');

  return ok(
    update(state, (draft) => {
      draft.vms[vm]!.guest[gfn] = { kind: 'poison' };
      draft.secret[page] = false;
      setOwnerHost(draft, page, 1, context);
    }),
  );
};

/** Kernel: __pkvm_host_reclaim_page_guest(). */
export const reclaimPageGuest = (state: State, gfn: Gfn, vm: number, context: Context): Outcome<State> => {
  const { sizes } = context;
  const leaf = validGuestPte(state, vm, gfn, context);
  if (isFailure(leaf)) return leaf[0] === 'EHWPOISON' ? ok(state) : refuse(state, ...leaf);
  const reclaimed = match(leaf.state)
    .with('OWNED', () => ({ want: 'NOPAGE', isZeroed: true }) as const)
    .with('SHARED_OWNED', () => ({ want: 'SHARED_BORROWED', isZeroed: false }) as const)
    .with('SHARED_BORROWED', () => undefined)
    .exhaustive();
  if (!reclaimed) return refuse(state, 'EPERM', 'not owned by the guest');
  const { pfn: page } = leaf;
  const { want, isZeroed } = reclaimed;
  if (state.host[page] !== want) return panic(state, `WARN: the host state of a reclaimed page is not ${want}`);
  return ok(
    update(state, (draft) => {
      if (isZeroed) draft.secret[page] = false;
      guestUnmap(draft, vm, guestAddressed(gfn, sizes), 1, sizes);
      setOwnerHost(draft, page, 1, context);
    }),
  );
};

// Calls that only Android's kernels have. They follow mainline's protocol.

/** Kernel: __pkvm_host_donate_guest() of Android 16, where nr_pages may be a block. */
export const hostDonateBlockGuest = (
  state: State,
  pfn: Pfn,
  gfn: Gfn,
  vm: number,
  context: Context,
): Outcome<State> => {
  const { sizes } = context;
  const nr = sizes.block;
  const failure = firstOf(
    () => transitionSize(pfn, gfn, nr, context),
    () => hostCheck(state, pfn, nr, 'OWNED', context),
    () => guestNoPage(state, vm, gfn, nr, context),
    () => memcacheCheck(state, vm, context),
  );
  if (failure) return refuse(state, ...failure);

  const pages = pagesOf(pfn, nr, sizes);
  const donated = update(state, (draft) => {
    for (const [i, page] of pages.entries()) {
      annotate(draft, page, { kind: 'guest', vm, gfn: gfn + i }, sizes);
      draft.host[page] = 'NOPAGE';
      draft.secret[page] = true;
    }
  });
  if (tablesLacking(state, vm, gfn, nr, sizes)) return panic(donated, mapFails);
  return ok(
    update(donated, (draft) => {
      const ptes = pages.map(
        (page): GuestPte => ({ kind: 'leaf', pfn: page, state: 'OWNED', level: 2, writable: true, young: true }),
      );
      guestMap(draft, vm, gfn, ptes, sizes);
    }),
  );
};

/** Kernel: __pkvm_host_reclaim_page_guest() of Android 16, where nr_pages may be a block. */
export const reclaimBlockGuest = (state: State, gfn: Gfn, vm: number, context: Context): Outcome<State> => {
  const { sizes, patch } = context;
  const nr = sizes.block;
  const failure = transitionSize(0, gfn, nr, context);
  if (failure) return refuse(state, ...failure);
  const leaf = guestLeaf(state, vm, gfn, sizes);
  if (isFailure(leaf)) return refuse(state, ...leaf);
  if (leaf.kind !== 'leaf') return refuse(state, 'ENOENT', 'not mapped by the guest');
  if (leaf.level !== 2) return refuse(state, 'E2BIG', 'not mapped by a leaf of this size');
  if (leaf.state !== 'OWNED') return refuse(state, 'EPERM', 'not owned by the guest');
  const pages = pagesOf(leaf.pfn, nr, sizes);
  if (pages.some((page) => state.host[page] !== 'NOPAGE'))
    return panic(state, 'WARN: the host state of a reclaimed page is not NOPAGE');

  return ok(
    update(state, (draft) => {
      for (const page of patch.zeroesBlocks ? pages : pages.slice(0, 1)) draft.secret[page] = false;
      guestUnmap(draft, vm, gfn, nr, sizes);
      setOwnerHost(draft, leaf.pfn, nr, context);
    }),
  );
};

/**
 * A guest has written to a page while dirty logging was on. If it is mapped anew, the rights must come with the state: a leaf that
 * differed in its rights alone would be left as it is (-EAGAIN). Kernel: __pkvm_host_dirty_log_guest() of Android, 2024 to 2025.
 */
export const hostDirtyLogGuest = (state: State, gfn: Gfn, vm: number, context: Context): Outcome<State> => {
  const leaf = hostSharedGuest(state, vm, gfn, 1, context);
  if (leaf === 'WARN') return panic(state, 'WARN: mapped by a guest, host_share_guest_count 0');
  if (isFailure(leaf)) return refuse(state, ...leaf);
  if (context.patch.dirtyLog === 'relaxes') return setAttributes(state, vm, gfn, 1, context, { writable: true });
  return ok(
    update(state, (draft) => {
      mapAnew(draft.vms[vm]!.guest[gfn]!, 'OWNED');
    }),
  );
};

/** Whether the assertion fails. It is compiled into debug builds only, and is fatal there. Kernel: assert_host_shared_guest(). */
const assertFails = (state: State, vm: number, gfn: Gfn, nr: number, context: Context): boolean => {
  if (!context.patch.debug) return false;
  const leaf = hostSharedGuest(state, vm, gfn, nr, context);
  return leaf === 'WARN' || (isFailure(leaf) && leaf[0] !== 'ENOENT');
};

const assertion = 'WARN: assert_host_shared_guest()';

/** Kernel: __pkvm_host_relax_perms_guest() and kvm_pgtable_stage2_relax_perms(). */
export const relaxPermsGuest = (state: State, gfn: Gfn, vm: number, prot: Prot, context: Context): Outcome<State> => {
  const { sizes, patch } = context;
  if (isProtected(vm, sizes)) return refuse(state, 'EPERM', 'a protected VM');
  if (prot === 'DEVICE') return refuse(state, 'EINVAL', 'more than RWX');
  if (assertFails(state, vm, gfn, 0, context)) return panic(state, assertion);
  const pte = guestLeaf(state, vm, gfn, sizes);
  if (isFailure(pte)) return refuse(state, ...pte);
  if (pte.kind !== 'leaf')
    return patch.walksReturnEagain ? refuse(state, 'EAGAIN', 'not mapped by the guest') : ok(state);
  return setAttributes(state, vm, gfn, 1, context, prot === 'RWX' ? { writable: true } : {});
};

/** Kernel: __pkvm_host_wrprotect_guest() and kvm_pgtable_stage2_wrprotect(), which passes over what is not mapped. */
export const wrprotectGuest = (state: State, gfn: Gfn, nr: number, vm: number, context: Context): Outcome<State> =>
  changeRange(state, gfn, nr, vm, context, { writable: false }, () =>
    refuse(state, 'ERANGE', "beyond the VM's address space"),
  );

/** kvm_pgtable_stage2_test_clear_young() returns no error: where its walk fails, it WARNs. */
const warnsBeyond = (state: State, { patch }: Context): Outcome<State> =>
  patch.agesWithinVm
    ? disabled(state, "the host asks for no age beyond the VM's address space")
    : panic(state, 'WARN: kvm_pgtable_walk() returned -ERANGE');

/**
 * Reads and may clear the access flags of a range. The kernel returns whether a page was young; the model does not, for the state says
 * so. Kernel: __pkvm_host_test_clear_young_guest().
 */
export const testClearYoungGuest = (
  state: State,
  gfn: Gfn,
  nr: number,
  mkold: boolean,
  vm: number,
  context: Context,
): Outcome<State> => changeRange(state, gfn, nr, vm, context, mkold ? { young: false } : {}, warnsBeyond);

/** Kernel: __pkvm_host_mkyoung_guest(). What the walk returns is dropped. */
export const mkyoungGuest = (state: State, gfn: Gfn, vm: number, context: Context): Outcome<State> => {
  if (isProtected(vm, context.sizes)) return refuse(state, 'EPERM', 'a protected VM');
  if (assertFails(state, vm, gfn, 0, context)) return panic(state, assertion);
  const pte = guestLeaf(state, vm, gfn, context.sizes);
  if (isFailure(pte) || pte.kind !== 'leaf') return ok(state);
  return setAttributes(state, vm, gfn, 1, context, { young: true });
};

type Attributes = { readonly writable?: boolean; readonly young?: boolean };

const changeRange = (
  state: State,
  gfn: Gfn,
  nr: number,
  vm: number,
  context: Context,
  change: Attributes,
  beyond: (state: State, context: Context) => Outcome<State>,
): Outcome<State> => {
  if (isProtected(vm, context.sizes)) return refuse(state, 'EPERM', 'a protected VM');
  const failure = transitionSize(0, gfn, nr, context);
  if (failure) return refuse(state, ...failure);
  if (assertFails(state, vm, gfn, nr, context)) return panic(state, assertion);
  if (guestAddressed(gfn, context.sizes) + nr > context.sizes.gfns) return beyond(state, context);
  return setAttributes(state, vm, gfn, nr, context, change);
};

/** Changes the leaves of a range: all of a block, since its entry is one. */
const setAttributes = (
  state: State,
  vm: number,
  gfn: Gfn,
  nr: number,
  { sizes }: Context,
  change: Attributes,
): Outcome<State> => {
  if (sizes.attributes === 0) return ok(state);
  const first = guestAddressed(gfn, sizes);
  return ok(
    update(state, (draft) => {
      const { guest } = draft.vms[vm]!;
      for (let at = first; at < first + nr; at++) {
        const pte = guest[at]!;
        if (pte.kind !== 'leaf') continue;
        const block = pte.level === 2 ? at - (at % sizes.block) : at;
        for (let i = block; i < block + (pte.level === 2 ? sizes.block : 1); i++) Object.assign(guest[i]!, change);
      }
    }),
  );
};
