import type { Errno } from '../../src/spec/index.ts';
import { freeUnlinked } from './free.ts';
import { type MapCode, make, tryBreak } from './map.ts';
import { type DraftPage, type DraftPte, type Geometry, lastLevel } from './tree.ts';
import { kvmPgtableWalk, type Pgtable, placeOf } from './walk.ts';

/**
 * Splits the blocks of a range into pages, or a level at a time where `cached` pages are too few for that. `lost`: another CPU
 * changes the entry before it can be broken. Kernel: kvm_pgtable_stage2_split() over stage2_split_walker().
 */
export const kvmPgtableStage2Split = (
  pgt: Pgtable,
  addr: number,
  size: number,
  cached: number,
  lost: boolean,
  code: MapCode,
): Errno | undefined => {
  let left = cached;
  return kvmPgtableWalk(
    pgt.root,
    addr,
    size,
    {
      leaf: (visit) => {
        const { old, level } = visit;
        if (level === lastLevel || old.kind !== 'leaf') return undefined;
        const all = tablesForPages(level, pgt.geometry);
        const depth = left >= all ? lastLevel : level + 1;
        const needed = left >= all ? all : 1;
        if (left < needed || !pgt.alloc(needed)) return 'ENOMEM';
        left -= needed;
        const child = unlinked(old, level + 1, depth, pgt.geometry);
        const at = placeOf(visit, pgt.geometry);
        if (lost) {
          freeUnlinked(pgt, child, at, level, code.freeUnlinked);
          return 'EAGAIN';
        }
        tryBreak(pgt, visit, code);
        make(pgt, visit, { kind: 'table', ...child });
        return undefined;
      },
    },
    pgt.geometry,
    code.walkerLimit,
  );
};

/** Tables that a block of this level takes when it is mapped by pages: 1 at level 2. Kernel: stage2_block_get_nr_page_tables(). */
const tablesForPages = (level: number, geometry: Geometry): number =>
  level === lastLevel ? 0 : 1 + (level + 1 < lastLevel ? geometry.entriesPerTable : 0);

/** A subtree that maps what the block mapped, down to `depth`. Kernel: kvm_pgtable_stage2_create_unlinked(). */
const unlinked = (
  block: Extract<DraftPte, { kind: 'leaf' }>,
  level: number,
  depth: number,
  geometry: Geometry,
): DraftPage => ({
  surplus: 0,
  entries: Array.from({ length: geometry.entriesPerTable }, () =>
    level === depth
      ? { kind: 'leaf', w: block.w, x: block.x, af: true, skew: block.skew }
      : { kind: 'table', ...unlinked(block, level + 1, depth, geometry) },
  ),
});
