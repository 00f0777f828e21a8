import { match } from 'ts-pattern';
import { enumOf, flag, type Infer, range, variant } from '../../src/spec/index.ts';
import { alignDown, type Geometry, getLeaf, granuleOf, lastLevel, rootLevel, type TablePage } from './tree.ts';
import type { TtlHint } from './walk.ts';

/**
 * One thing that some CPU has cached for the watched page: its translation, or a table on the way to it (in the walk cache). One is enough: the
 * code does not depend on what is cached, and cached things do not depend on each other, so the search finds every defect with any one
 * of them. `hazard` is a state that must never be reached, whatever follows.
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
 * The TLB after a TLBI of `size` pages from `page`. The TLBI removes what is cached if the span of it overlaps the range. A TLBI that names a
 * level need only remove a leaf of that level. A TLBI that names no level removes everything in the range, walk caches too.
 */
export const afterTlbi = (
  tlb: Tlb,
  watched: number,
  page: number,
  size: number,
  hint: TtlHint,
  geometry: Geometry,
): Tlb => {
  const unlessReached = (held: Extract<Tlb, { kind: 'leaf' | 'walk' }>): Tlb => {
    const granule = granuleOf(held.level, geometry);
    const at = alignDown(watched, granule);
    return at < page + size && page < at + granule ? { kind: 'empty' } : held;
  };
  return match(tlb)
    .returnType<Tlb>()
    .with({ kind: 'empty' }, { kind: 'hazard' }, () => tlb)
    .with({ kind: 'walk' }, (walk) => (hint === 'unknown' ? unlessReached(walk) : walk))
    .with({ kind: 'leaf' }, (leaf) => (hint === 'unknown' || leaf.level === hint ? unlessReached(leaf) : leaf))
    .exhaustive();
};

/** A table page goes back to the allocator: a walk cache that still leads there leads into somebody else's memory. */
export const afterFree = (tlb: Tlb, level: number): Tlb =>
  tlb.kind === 'walk' && tlb.level === level ? { kind: 'hazard', what: 'freed table still cached' } : tlb;

/** An entry of this level, on the way to the watched page, was replaced: what is held of it or of below is in conflict. */
export const afterReplacement = (tlb: Tlb, level: number): Tlb =>
  match(tlb)
    .returnType<Tlb>()
    .with({ kind: 'empty' }, { kind: 'hazard' }, () => tlb)
    .with({ kind: 'leaf' }, { kind: 'walk' }, (held) =>
      held.level >= level ? { kind: 'hazard', what: 'valid entry replaced while cached' } : held,
    )
    .exhaustive();

/** What a CPU caches when it walks for a page: the leaf, or a table on the way. Undefined if there is no such thing to cache. */
export const walked = (root: TablePage, page: number, caches: number | 'leaf', geometry: Geometry): Tlb | undefined => {
  const { pte, level } = getLeaf(root, page, geometry);
  if (caches !== 'leaf') return caches < level ? { kind: 'walk', level: caches } : undefined;
  return pte.kind === 'leaf' && pte.af ? { kind: 'leaf', level, w: pte.w, x: pte.x } : undefined;
};
