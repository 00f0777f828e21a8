import type { Errno } from '../../src/spec/index.ts';
import { createUnlinked, type MapCode, make, tryBreak } from './map.ts';
import { type Geometry, lastLevel } from './tree.ts';
import { kvmPgtableWalk, type Pgtable } from './walk.ts';

/**
 * Splits the blocks of a range into pages, or a level at a time where `cached` pages are too few for that. The walk has the table to
 * itself: breaking an entry cannot fail, and the code for that, which frees the new subtree and returns -EAGAIN, is never run. Nor do
 * the pages run out half way: they are counted first. Kernel: kvm_pgtable_stage2_split() over stage2_split_walker().
 */
export const kvmPgtableStage2Split = (
  pgt: Pgtable,
  addr: number,
  size: number,
  cached: number,
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
        const forcePte = left >= all;
        const needed = forcePte ? all : 1;
        if (left < needed) return 'ENOMEM';
        const child = createUnlinked(pgt, old, level, forcePte, code);
        if (!child) return 'ENOMEM';
        left -= needed;
        tryBreak(pgt, visit, code);
        make(pgt, visit, { kind: 'table', ...child });
        return undefined;
      },
    },
    pgt.geometry,
    code.walker,
  );
};

/** Tables that a block of this level takes when it is mapped by pages: 1 at level 2. Kernel: stage2_block_get_nr_page_tables(). */
export const tablesForPages = (level: number, geometry: Geometry): number =>
  level === lastLevel ? 0 : 1 + (level + 1 < lastLevel ? geometry.entriesPerTable : 0);
