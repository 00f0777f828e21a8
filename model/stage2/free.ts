import type { Errno } from '../../src/spec/index.ts';
import { type DraftPage, granuleOf, isCounted, isEmpty, pagesOf } from './tree.ts';
import {
  kvmPgtableWalk,
  type Pgtable,
  placeOf,
  type Visit,
  type Walker,
  type WalkerLimit,
  walkPage,
  write,
} from './walk.ts';

/** How often the root of a detached subtree is put: never before B15, twice before B16, where the caller put it again. */
export type FreeUnlinked = 'never' | 'twice' | 'once';

/** Drops the counts of entries and, from below, frees tables that have none left. No TLBI. Kernel: stage2_free_walker(). */
const freeWalker = (pgt: Pgtable): Walker => ({
  leaf: ({ page, old }) => {
    if (isCounted(old)) page.surplus -= 1; // the entry itself stays
    return undefined;
  },
  tablePost: (visit: Visit) => {
    const { page, index, level, old } = visit;
    if (old.kind !== 'table' || !isEmpty(old)) return undefined;
    write(pgt, page, index, { kind: 'zero' }, -1);
    pgt.free(placeOf(visit, pgt.geometry), level);
    return undefined;
  },
});

/** Frees all of a table that no CPU walks any more; its root is put last. Kernel: kvm_pgtable_stage2_destroy(). */
export const kvmPgtableStage2Destroy = (pgt: Pgtable, limit: WalkerLimit): Errno | undefined =>
  kvmPgtableWalk(pgt.root, 0, pagesOf(pgt.geometry), freeWalker(pgt), pgt.geometry, limit);

/**
 * Frees a subtree that the entry at this place pointed to before it was detached. Kernel: kvm_pgtable_stage2_free_unlinked(),
 * stage2_free_removed() before 6.5.
 */
export const freeUnlinked = (pgt: Pgtable, page: DraftPage, at: number, level: number, puts: FreeUnlinked): void => {
  const size = granuleOf(level, pgt.geometry);
  // All of it has left the tree already.
  walkPage(page, level + 1, at, at + size, freeWalker({ ...pgt, linked: () => undefined }), pgt.geometry);
  if (puts !== 'never') pgt.free(at, level);
  if (puts === 'twice') pgt.free(at, level);
};
