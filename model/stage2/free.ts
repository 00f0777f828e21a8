import { type DraftPage, granuleOf, isCounted, isEmpty, pagesOf } from './tree.ts';
import {
  kvmPgtableWalk,
  type Pgtable,
  placeOf,
  type Visit,
  type Walker,
  type WalkerCode,
  walkPage,
  write,
} from './walk.ts';

/** Which version of the free walker. */
export interface FreeCode {
  /** Whether the root of a detached subtree is put when all below it is free; never, before f6a27d6dc51b (B15). */
  readonly root: 'put' | 'never put';
  /** Whether the entry of a table that is freed is cleared; as late as in 6.12 it is not, and a second walk would find it. */
  readonly entry: 'cleared' | 'left';
}

export const freeCode: FreeCode = { root: 'put', entry: 'cleared' };

/** Drops the counts of entries and, from below, frees tables that have none left. No TLBI. Kernel: stage2_free_walker(). */
const freeWalker = (pgt: Pgtable, { entry }: FreeCode): Walker => ({
  leaf: ({ page, old }) => {
    if (isCounted(old)) page.surplus -= 1; // the entry itself stays
    return undefined;
  },
  tablePost: (visit: Visit) => {
    const { page, index, level, old } = visit;
    if (old.kind !== 'table' || !isEmpty(old)) return undefined;
    if (entry === 'cleared') write(pgt, page, index, { kind: 'zero' }, -1);
    else page.surplus -= 1;
    pgt.free(placeOf(visit, pgt.geometry), level);
    return undefined;
  },
});

/** Frees all of a table that no CPU walks any more; its root is put last. Kernel: kvm_pgtable_stage2_destroy(). */
export const kvmPgtableStage2Destroy = (pgt: Pgtable, code: WalkerCode): void => {
  const error = kvmPgtableWalk(pgt.root, 0, pagesOf(pgt.geometry), freeWalker(pgt, freeCode), pgt.geometry, code);
  if (error !== undefined) pgt.warn(`the walk of kvm_pgtable_stage2_destroy() returned -${error}`);
};

/**
 * Frees a subtree that is not in the tree: the entry at this place pointed to it, or it was never linked. Kernel:
 * kvm_pgtable_stage2_free_unlinked(), kvm_pgtable_stage2_free_removed() before 6.5.
 */
export const freeUnlinked = (
  pgt: Pgtable,
  page: DraftPage,
  at: number | 'never linked',
  level: number,
  code: FreeCode,
): void => {
  const from = at === 'never linked' ? 0 : at;
  const detached: Pgtable = {
    ...pgt,
    linked: () => undefined,
    free: (below, of) => pgt.free(at === 'never linked' ? at : below, of),
  };
  walkPage(page, level + 1, from, from + granuleOf(level, pgt.geometry), freeWalker(detached, code), pgt.geometry);
  if (code.root === 'put') pgt.free(at, level);
};
