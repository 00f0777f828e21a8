import { enumOf, flag, type Infer, range, variant } from '../../src/spec/index.ts';
import { alignDown, type Geometry, getLeaf, granuleOf, lastLevel, rootLevel, type TablePage } from './tree.ts';
import type { TtlHint } from './walk.ts';

/**
 * One thing that some CPU holds of the way to one page, the watched one: its translation, or in its walk cache the place of a table.
 * Nothing that the code does depends on it, and things held do not depend on each other, so one at a time, any one, is all that
 * there can be to see. `hazard` is for what may not happen at all, whatever comes after.
 */
export const tlbDomain = (geometry: Geometry) =>
  variant({
    empty: {},
    leaf: { level: range(rootLevel(geometry), lastLevel), w: flag, x: flag },
    /** `level` is that of the entry that points to the table. */
    walk: { level: range(rootLevel(geometry), lastLevel - 1) },
    hazard: { what: enumOf('valid entry replaced while cached', 'freed table still cached') },
  });

export type Tlb = Infer<ReturnType<typeof tlbDomain>>;

/**
 * After a TLBI of `size` pages from `page`. What is held goes if its span meets the range; of a TLBI that names a level, only a
 * leaf of that level need go. One without a level reaches all, walk caches too.
 */
export const afterTlbi = (
  tlb: Tlb,
  watched: number,
  page: number,
  size: number,
  hint: TtlHint,
  geometry: Geometry,
): Tlb => {
  if (tlb.kind !== 'leaf' && tlb.kind !== 'walk') return tlb;
  if (hint !== 'unknown' && (tlb.kind === 'walk' || tlb.level !== hint)) return tlb;
  const at = alignDown(watched, granuleOf(tlb.level, geometry));
  return at < page + size && page < at + granuleOf(tlb.level, geometry) ? { kind: 'empty' } : tlb;
};

/** A table page goes back to the allocator: a walk cache that still leads there leads into somebody else's memory. */
export const afterFree = (tlb: Tlb, level: number): Tlb =>
  tlb.kind === 'walk' && tlb.level === level ? { kind: 'hazard', what: 'freed table still cached' } : tlb;

/** An entry of this level, on the way to the watched page, was replaced: what is held of it or of below is in conflict. */
export const afterReplacement = (tlb: Tlb, level: number): Tlb =>
  (tlb.kind === 'leaf' || tlb.kind === 'walk') && tlb.level >= level
    ? { kind: 'hazard', what: 'valid entry replaced while cached' }
    : tlb;

/** What a CPU may come to hold when it walks for a page: the leaf, or the place of a table on the way. */
export const walked = (root: TablePage, page: number, caches: number | 'leaf', geometry: Geometry): Tlb | undefined => {
  const { pte, level } = getLeaf(root, page, geometry);
  if (caches !== 'leaf') return caches < level ? { kind: 'walk', level: caches } : undefined;
  return pte.kind === 'leaf' && pte.af ? { kind: 'leaf', level, w: pte.w, x: pte.x } : undefined;
};
