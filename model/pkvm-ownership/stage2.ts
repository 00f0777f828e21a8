import { match } from 'ts-pattern';
import type { Context, GuestPte, HostPte, Pfn, Sizes, State, Use } from './state.ts';

/** A state being changed by update(). */
export type Draft<T> = { -readonly [K in keyof T]: Draft<T[K]> };
type Drafted = Draft<State>;

const groupOf = (page: number, sizes: Sizes): number[] => {
  const first = page - (page % sizes.block);
  return Array.from({ length: sizes.block }, (_, i) => first + i).filter((at) => at < sizes.pages);
};

/**
 * Writes one last-level entry of the host's stage-2. A block over it becomes a table whose other entries are zero: the host's
 * faults bring them back. Kernel: the map walker.
 */
const writePte = (draft: Drafted, page: Pfn, pte: HostPte, sizes: Sizes): void => {
  const was = draft.pte[page]!;
  if (was.kind === 'leaf' && was.level === 2 && pte.kind === 'leaf') return; // differs in nothing: -EAGAIN, which is ignored
  if (was.kind === 'leaf' && was.level === 2) for (const at of groupOf(page, sizes)) draft.pte[at] = { kind: 'zero' };
  draft.pte[page] = pte;
};

/** Identity leaves for pages that the host is given: a block if the range is one. Kernel: host_stage2_idmap_locked(). */
export const idmap = (draft: Drafted, page: Pfn, nr: number, sizes: Sizes): void => {
  const block = nr === sizes.block && page % sizes.block === 0;
  for (let at = page; at < page + nr; at++) {
    if (block) draft.pte[at] = { kind: 'leaf', level: 2 };
    else writePte(draft, at, { kind: 'leaf', level: 3 }, sizes);
  }
};

/** Kernel: host_stage2_set_owner_metadata_locked(), without the state. */
export const annotate = (draft: Drafted, page: Pfn, owner: HostPte, sizes: Sizes): void =>
  writePte(draft, page, owner, sizes);

/** Gives pages back to the host. Kernel: host_stage2_set_owner_locked(PKVM_ID_HOST); up to 7.0 it writes zero entries. */
export const setOwnerHost = (draft: Drafted, page: Pfn, nr: number, { sizes, patch }: Context): void => {
  if (patch.era === '7.2') idmap(draft, page, nr, sizes);
  else for (let at = page; at < page + nr; at++) writePte(draft, at, { kind: 'zero' }, sizes);
  for (let at = page; at < page + nr; at++) draft.host[at] = 'OWNED';
};

/** A page of the host's becomes EL2's. Kernel: what __pkvm_host_donate_hyp() does when its checks have passed. */
export const donateToHyp = (draft: Drafted, page: Pfn, sizes: Sizes): void => {
  draft.hyp[page] = 'OWNED';
  draft.host[page] = 'NOPAGE';
  draft.el2[page] = true;
  annotate(draft, page, { kind: 'hyp' }, sizes);
};

/** A page of EL2's becomes the host's. Kernel: what __pkvm_hyp_donate_host() does when its checks have passed. */
export const donateToHost = (draft: Drafted, page: Pfn, context: Context): void => {
  draft.hyp[page] = 'NOPAGE';
  draft.el2[page] = false;
  setOwnerHost(draft, page, 1, context);
};

/** Where a host fault maps a block: its granule lies in memory and nothing is there. Kernel: host_stage2_adjust_range(). */
export const faultGranule = (state: State, page: Pfn, sizes: Sizes): { readonly page: Pfn; readonly nr: number } => {
  const group = groupOf(page, sizes);
  return group.length === sizes.block && group.every((at) => state.pte[at]!.kind === 'zero')
    ? { page: group[0]!, nr: sizes.block }
    : { page, nr: 1 };
};

/** Pages of tables that these entries need: a last-level table for each group with a counted entry, and the levels between. */
export const tablesOf = (guest: readonly GuestPte[], sizes: Sizes): number => {
  let lastLevel = 0;
  let counted = false;
  for (let first = 0; first < guest.length; first += sizes.block) {
    let table = false;
    for (const pte of guest.slice(first, first + sizes.block))
      match(pte)
        .with({ kind: 'invalid' }, () => undefined)
        .with({ kind: 'poison' }, { kind: 'leaf', level: 3 }, () => {
          counted = true;
          table = true;
        })
        .with({ kind: 'leaf', level: 2 }, () => {
          counted = true;
        })
        .exhaustive();
    if (table) lastLevel += 1;
  }
  return lastLevel + (counted ? sizes.levels - 2 : 0);
};

/** Whether a VM has the pages to map a page, or a block: the pool's first, then the memcache's. */
export const tablesLacking = (state: State, vm: number, gfn: number, nr: number, sizes: Sizes): boolean => {
  const { guest, pool, memcache } = state.vms[vm]!;
  return pool + memcache < tablesMissing(guest, gfn, nr, sizes);
};

const tablesMissing = (guest: readonly GuestPte[], gfn: number, nr: number, sizes: Sizes): number => {
  const level = nr === 1 ? 3 : 2;
  const leaf: GuestPte = { kind: 'leaf', pfn: 0, state: 'OWNED', level, writable: true, young: true };
  const after = guest.map((pte, at) => (at >= gfn && at < gfn + nr ? leaf : pte));
  return tablesOf(after, sizes) - tablesOf(guest, sizes);
};

/** Maps guest entries. Kernel: kvm_pgtable_stage2_map() on a guest's stage-2; tablesLacking() has been asked. */
export const guestMap = (draft: Drafted, vm: number, gfn: number, ptes: readonly GuestPte[], sizes: Sizes): void => {
  const target = draft.vms[vm]!;
  const missing = tablesMissing(target.guest, gfn, ptes.length, sizes);
  const fromPool = Math.min(target.pool, missing);
  if (missing > 0) {
    target.pool -= fromPool;
    target.memcache -= missing - fromPool;
    reuse(draft, `pool${vm}`, `table${vm}`, fromPool, sizes);
    reuse(draft, `memcache${vm}`, `table${vm}`, missing - fromPool, sizes);
  }
  for (const [i, pte] of ptes.entries()) target.guest[gfn + i] = pte;
};

/** Unmaps guest entries; tables that hold nothing any more go to the pool. Kernel: kvm_pgtable_stage2_unmap(). */
export const guestUnmap = (draft: Drafted, vm: number, gfn: number, nr: number, sizes: Sizes): void => {
  const target = draft.vms[vm]!;
  const before = tablesOf(target.guest, sizes);
  for (let at = gfn; at < gfn + nr; at++) target.guest[at] = { kind: 'invalid' };
  const freed = before - tablesOf(target.guest, sizes);
  if (freed <= 0) return;
  target.pool += freed;
  reuse(draft, `table${vm}`, `pool${vm}`, freed, sizes);
};

/** Gives pages with one use another, the lowest-numbered first: the kernel takes the one that came last, and pages are alike. */
const reuse = (draft: Drafted, from: Use, to: Use, pages: number, { metadata }: Sizes): void => {
  if (metadata === 0) return;
  let left = pages;
  for (const page of draft.uses.keys()) {
    if (left === 0 || draft.uses[page] !== from) continue;
    draft.uses[page] = to;
    draft.refcount[page] = to.startsWith('table') ? 1 : 0;
    left -= 1;
  }
};
