import { match } from 'ts-pattern';
import type { Errno } from '../../src/spec/index.ts';
import {
  alignDown,
  getLeaf,
  granuleOf,
  lastLevel,
  type Pte,
  rootLevel,
  supportsBlock,
  type TablePage,
} from '../stage2/tree.ts';
import { kvmPgtableWalk } from '../stage2/walk.ts';
import { findMemRange, type Sizes, type Span } from './state.ts';

/** Which function picks the range that a host fault maps. */
export interface SearchCode {
  readonly search: 'greedy' | 'find_range' | 'adjust_range 5.15' | 'adjust_range 6.16' | 'adjust_range 7.0';
  /** The argument that the greedy walk is given as a size: the end of the range, as posted, or the size of the range. */
  readonly walkGiven: 'the end' | 'the size';
  /** Whether a range of the greedy function may have the size of any level, as posted, or of one that may have blocks. */
  readonly greedyLevels: 'any' | 'with blocks';
  /** Whether an annotation has bits in the greedy function's mask. */
  readonly annotations: 'in the mask' | 'beyond the mask';
  /** The error for a valid entry: -EAGAIN, or -EEXIST since 7.1. */
  readonly validIs: 'EAGAIN' | 'EEXIST';
}

/** How one step of a search ends: with the range to map, with an error, or with a deeper level to try. `walks`: tables walks made. */
export type Found = { readonly walks: number } & (
  | { readonly kind: 'range'; readonly range: Span }
  | { readonly kind: 'deeper'; readonly level: number }
  | { readonly kind: 'error'; readonly errno: Errno; readonly reason: string }
);

/** Where a search begins: no level has been tried. */
export const beforeFirst = (sizes: Sizes): number => rootLevel(sizes) - 1;

const granuleAround = (page: number, level: number, sizes: Sizes): Span => {
  const granule = granuleOf(level, sizes);
  const start = alignDown(page, granule);
  return { start, end: start + granule };
};

/** Kernel: range_included(). */
const included = (child: Span, parent: Span): boolean => parent.start <= child.start && child.end <= parent.end;

/** One step of the search for `page`, which makes at most one walk. `level` is the level that the previous step named, or beforeFirst(). */
export const searchStep = (root: TablePage, page: number, level: number, sizes: Sizes, code: SearchCode): Found =>
  match(code.search)
    .with('greedy', () => greedy(root, page, level, sizes, code))
    .with('find_range', () => findRange(root, page, level, sizes))
    .with('adjust_range 5.15', () => adjustRange(root, page, sizes, code, growBefore616))
    .with('adjust_range 6.16', () => adjustRange(root, page, sizes, code, grow(false)))
    .with('adjust_range 7.0', () => adjustRange(root, page, sizes, code, grow(true)))
    .exhaustive();

/** All steps of a search. */
export const search = (
  root: TablePage,
  page: number,
  sizes: Sizes,
  code: SearchCode,
): Exclude<Found, { kind: 'deeper' }> => {
  let [level, walks] = [beforeFirst(sizes), 0];
  for (;;) {
    const found = searchStep(root, page, level, sizes, code);
    walks += found.walks;
    if (found.kind !== 'deeper') return { ...found, walks };
    level = found.level;
  }
};

/**
 * The level, from `level` on, of the first granule around `page` that leaves `pinned` out and lies in `range`. Kernel (v3 28/32):
 * stage2_reduce_range(), whose -EINVAL is undefined here.
 */
const reduceRange = (
  page: number,
  pinned: number,
  level: number,
  range: Span,
  sizes: Sizes,
  { greedyLevels }: SearchCode,
): number | undefined => {
  for (let l = level; l <= lastLevel; l++) {
    if (greedyLevels === 'with blocks' && !supportsBlock(l, sizes)) continue;
    const granule = granuleOf(l, sizes);
    if (alignDown(page, granule) === alignDown(pinned, granule)) continue;
    if (included(granuleAround(page, l, sizes), range)) return l;
  }
  return undefined;
};

/** Kernel (v3 28/32): kvm_pgtable_stage2_idmap_greedy(), up to its call of kvm_pgtable_stage2_map(). A step is a turn of its loop. */
const greedy = (root: TablePage, page: number, tried: number, sizes: Sizes, code: SearchCode): Found => {
  const region = findMemRange(page, sizes);
  const level =
    tried > beforeFirst(sizes) ? tried : reduceRange(page, region.end, rootLevel(sizes), region, sizes, code);
  if (level === undefined) return { kind: 'error', errno: 'EINVAL', reason: 'no granule fits the region', walks: 0 };

  const range = granuleAround(page, level, sizes);
  let deeper: number | undefined;
  const error = kvmPgtableWalk(
    root,
    range.start,
    code.walkGiven === 'the end' ? range.end : range.end - range.start,
    {
      leaf: ({ addr, old }) => {
        if (addr < range.start || addr >= range.end || isCompatible(old, region.isMemory, code)) return undefined;
        deeper = reduceRange(page, addr, level, range, sizes, code);
        return deeper === undefined ? 'EINVAL' : 'EAGAIN';
      },
    },
    sizes,
  );
  if (error === undefined) return { kind: 'range', range, walks: 1 };
  if (error === 'EAGAIN' && deeper !== undefined) return { kind: 'deeper', level: deeper, walks: 1 };
  return { kind: 'error', errno: error, reason: reasons[error] ?? '', walks: 1 };
};

const reasons: Partial<Record<Errno, string>> = {
  EINVAL: 'an incompatible entry covers the page',
  ERANGE: 'the walk ends beyond the address space',
};

/** Whether the entry, under the mask, is 0 or equal to the entry that would be mapped. The kernel does not look whether it is valid. */
const isCompatible = (pte: Exclude<Pte, { kind: 'table' }>, isMemory: boolean, { annotations }: SearchCode): boolean =>
  match(pte)
    .with({ kind: 'zero' }, () => true)
    .with({ kind: 'leaf' }, (leaf) => hasAttributes(leaf, isMemory))
    .with({ kind: 'annotated' }, () => annotations === 'beyond the mask')
    .exhaustive();

/** Kernel: host_stage2_idmap(): memory RWX, MMIO RW. */
const hasAttributes = (leaf: { readonly w: boolean; readonly x: boolean }, isMemory: boolean): boolean =>
  leaf.w && leaf.x === isMemory;

/** Kernel (5.13, 5.14): kvm_pgtable_stage2_find_range(). A step ends with a walk, or with the last level. */
const findRange = (root: TablePage, page: number, tried: number, sizes: Sizes): Found => {
  const region = findMemRange(page, sizes);
  for (let level = tried + 1; level <= lastLevel; level++) {
    const range = granuleAround(page, level, sizes);
    if (!supportsBlock(level, sizes) || !included(range, region)) continue;
    const error = kvmPgtableWalk(
      root,
      range.start,
      range.end - range.start,
      {
        leaf: ({ old }) => {
          const fits = match(old)
            .with({ kind: 'zero' }, () => true)
            .with({ kind: 'leaf' }, (found) => hasAttributes(found, region.isMemory))
            .with({ kind: 'annotated' }, () => false)
            .exhaustive();
          return fits ? undefined : 'EEXIST';
        },
      },
      sizes,
    );
    if (error === undefined) return { kind: 'range', range, walks: 1 };
    if (level < lastLevel) return { kind: 'deeper', level, walks: 1 };
    return { kind: 'error', errno: error, reason: 'an incompatible entry covers the page', walks: 1 };
  }
  // If no level was walked, `ret` still has the value from before the loop: 0.
  if (tried === beforeFirst(sizes)) return { kind: 'range', range: granuleAround(page, lastLevel, sizes), walks: 0 };
  return {
    kind: 'error',
    errno: 'EEXIST',
    reason: 'an incompatible entry is near, and no smaller granule fits',
    walks: 0,
  };
};

type Grow = (page: number, level: number, region: Span, sizes: Sizes) => Span | undefined;

/** Kernel: host_stage2_adjust_range(). The leaf that covers the page decides; only a hole is looked at further. */
const adjustRange = (root: TablePage, page: number, sizes: Sizes, { validIs }: SearchCode, grown: Grow): Found => {
  const { pte, level } = getLeaf(root, page, sizes);
  if (pte.kind === 'leaf') return { kind: 'error', errno: validIs, reason: 'already mapped', walks: 1 };
  if (pte.kind !== 'zero') return { kind: 'error', errno: 'EPERM', reason: 'annotated with another owner', walks: 1 };
  const range = grown(page, level, findMemRange(page, sizes), sizes);
  return range === undefined
    ? { kind: 'error', errno: 'EINVAL', reason: 'no granule fits the region', walks: 1 }
    : { kind: 'range', range, walks: 1 };
};

/** 5.15 to 6.15: the level is moved on before it is asked whether it may have blocks (B5). */
const growBefore616: Grow = (page, hole, region, sizes) => {
  let level = hole;
  for (;;) {
    const range = granuleAround(page, level, sizes);
    level++;
    if (level > lastLevel || (supportsBlock(level, sizes) && included(range, region))) return range;
  }
};

/** Since 6.16; `fallsBack`: a page is taken even if it is not all in the region (B6, fixed in 7.0). */
const grow =
  (fallsBack: boolean): Grow =>
  (page, hole, region, sizes) => {
    for (let level = hole; level <= lastLevel; level++) {
      if (!supportsBlock(level, sizes)) continue;
      const range = granuleAround(page, level, sizes);
      if (included(range, region) || (fallsBack && level === lastLevel)) return range;
    }
    return undefined;
  };
