import { match } from 'ts-pattern';
import type { Errno } from '../../src/spec/index.ts';
import { type FreeCode, freeCode, freeUnlinked } from './free.ts';
import {
  type DraftPage,
  type DraftPte,
  emptyPage,
  granuleOf,
  isCounted,
  type Leaf,
  lastLevel,
  type Owner,
  supportsBlock,
} from './tree.ts';
import {
  kvmPgtableWalk,
  type Pgtable,
  placeOf,
  type Visit,
  type Walker,
  type WalkerCode,
  walkerCode,
  walkPage,
  write,
} from './walk.ts';

/** Which version of the map walker. */
export interface MapCode {
  readonly walker: WalkerCode;
  readonly free: FreeCode;
  /** Whether create_unlinked(), when it fails, puts the root that free_unlinked() has put (before c60d847be7b8, B16). */
  readonly createPutsToo: boolean;
  /** Rule 5: an entry that was valid is invalid, and no TLB holds it, before the next one is written. */
  readonly breakBeforeMake: boolean;
  /** Where the output address comes from: the walk's own position, or a cursor that each leaf moves on (B14). */
  readonly outputAddress: 'from the position' | 'a cursor';
}

const mapCode: MapCode = {
  walker: walkerCode,
  free: freeCode,
  createPutsToo: false,
  breakBeforeMake: true,
  outputAddress: 'from the position',
};

/** What the range is to hold: leaves that map each page to itself, or an annotation. `zero` annotates the table's own owner. */
export type Content = { readonly kind: 'leaf'; readonly w: boolean; readonly x: boolean } | Invalid;
type Invalid = { readonly kind: 'annotated'; readonly owner: Owner } | { readonly kind: 'zero' };

export interface MapData {
  readonly addr: number;
  readonly size: number;
  readonly content: Content;
  /** Pages by which the output is off; 0 unless what is mapped has been mapped wrongly before. */
  readonly skew?: number;
  /** Pages only. Kernel: pgt->force_pte_cb(), and set_owner since 5.14. */
  readonly forcePte: boolean;
  /** Whether the walk goes on at a page that is mapped already. Kernel: KVM_PGTABLE_WALK_IGNORE_EAGAIN. */
  readonly ignoreEagain?: boolean;
  /** Called right after the walk has made a block, before it reads the entry again: what another CPU does to the block. */
  readonly race?: (visit: Visit) => void;
}

/**
 * Maps or annotates a range. An error leaves a prefix done.
 * Kernel: kvm_pgtable_stage2_map(), and kvm_pgtable_stage2_set_owner() or _annotate().
 */
export const kvmPgtableStage2Map = (pgt: Pgtable, data: MapData, code: MapCode = mapCode): Errno | undefined =>
  kvmPgtableWalk(pgt.root, data.addr, data.size, mapWalker(pgt, data, code), pgt.geometry, code.walker);

/**
 * A subtree that maps what a block of this level maps, down to pages if they are forced, or else a level down; undefined where the
 * pages run out. Kernel: kvm_pgtable_stage2_create_unlinked().
 */
export const createUnlinked = (
  pgt: Pgtable,
  { w, x, skew }: Omit<Leaf, 'af'>,
  level: number,
  forcePte: boolean,
  code: MapCode,
): DraftPage | undefined => {
  if (!pgt.alloc(1)) return undefined;
  const page = emptyPage(pgt.geometry);
  const size = granuleOf(level, pgt.geometry);
  const unlinked: Pgtable = { ...pgt, linked: () => undefined };
  const data: MapData = { addr: 0, size, content: { kind: 'leaf', w, x }, skew, forcePte };
  const { error } = walkPage(page, level + 1, 0, size, mapWalker(unlinked, data, code), pgt.geometry, code.walker);
  if (error === undefined) return page;
  freeUnlinked(pgt, page, 'never linked', level, code.free);
  if (code.createPutsToo) pgt.free('never linked', level);
  return undefined;
};

/** Kernel: stage2_map_walker(). */
const mapWalker = (pgt: Pgtable, data: MapData, code: MapCode): Walker => {
  const { skew = 0, ignoreEagain = false } = data;
  const cursor = { at: data.addr + skew };
  const outputOf = (addr: number) => (code.outputAddress === 'a cursor' ? cursor.at : addr + skew);

  const leafOk = ({ addr, end, level }: Visit): boolean => {
    const granule = granuleOf(level, pgt.geometry);
    if (level === lastLevel) return true;
    if (data.forcePte || !supportsBlock(level, pgt.geometry)) return false;
    return granule <= end - addr && addr % granule === 0 && outputOf(addr) % granule === 0;
  };

  /** Kernel: stage2_map_walker_try_leaf(), rules 1 to 7. */
  const tryLeaf = (visit: Visit): Errno | undefined => {
    if (!leafOk(visit)) return 'E2BIG';
    const { old } = visit;
    const next = entryOf(data.content, outputOf(visit.addr) - visit.addr);
    return match(compared(old, next))
      .returnType<Errno | undefined>()
      .with('mapped already', () => 'EAGAIN')
      .with('software bits', () => undefined)
      .with('other', () => {
        tryBreak(pgt, visit, code);
        make(pgt, visit, next);
        cursor.at = outputOf(visit.addr) + granuleOf(visit.level, pgt.geometry);
        return undefined;
      })
      .exhaustive();
  };

  return {
    ignoreEagain,
    /** Kernel: stage2_map_walk_table_pre(). */
    tablePre: (visit) => {
      if (tryLeaf(visit) === 'E2BIG') return undefined;
      data.race?.(visit);
      freeUnlinked(pgt, visit.old, placeOf(visit, pgt.geometry), visit.level, code.free);
      if (code.walker.reread === 'after leaves') pgt.goesOnInFreed();
      return undefined;
    },
    /** Kernel: stage2_map_walk_leaf(). */
    leaf: (visit) => {
      const error = tryLeaf(visit);
      if (error === undefined && visit.level < lastLevel) data.race?.(visit);
      if (error !== 'E2BIG') return error;
      if (!pgt.alloc(1)) return 'ENOMEM';
      tryBreak(pgt, visit, code);
      make(pgt, visit, { kind: 'table', ...emptyPage(pgt.geometry) });
      return undefined;
    },
  };
};

const entryOf = (content: Content, skew: number): DraftPte =>
  content.kind === 'leaf' ? { ...leafOf(content), skew } : { ...content };

const leafOf = ({ w, x }: { readonly w: boolean; readonly x: boolean }): { kind: 'leaf' } & Leaf => ({
  kind: 'leaf',
  w,
  x,
  af: true,
  skew: 0,
});

/**
 * What the next entry is beside the old one. `mapped already`: a valid leaf that differs in its permissions at most (rule 3).
 * `software bits`: an invalid entry that differs in nothing that the model has, and that the kernel stores in place (rule 4).
 */
const compared = (old: DraftPte, next: DraftPte): 'mapped already' | 'software bits' | 'other' =>
  match([next, old])
    .returnType<'mapped already' | 'software bits' | 'other'>()
    .with([{ kind: 'leaf' }, { kind: 'leaf', af: true }], ([is, was]) =>
      was.skew === is.skew ? 'mapped already' : 'other',
    )
    .with([{ kind: 'zero' }, { kind: 'zero' }], () => 'software bits')
    .with([{ kind: 'annotated' }, { kind: 'annotated' }], ([is, was]) =>
      was.owner === is.owner ? 'software bits' : 'other',
    )
    .otherwise(() => 'other');

/**
 * Makes the entry invalid, flushes what a TLB may hold of it, and drops its count. Kernel: stage2_try_break_pte(), whose LOCKED
 * marker is the zero entry here: the walk is alone with it until make().
 */
export const tryBreak = (pgt: Pgtable, visit: Visit, { breakBeforeMake }: Pick<MapCode, 'breakBeforeMake'>): void => {
  const { addr, page, index, level, old } = visit;
  const at = placeOf(visit, pgt.geometry);
  if (!breakBeforeMake && (old.kind === 'leaf' || old.kind === 'table')) pgt.replacedWithoutBreak(at, level);
  write(pgt, page, index, { kind: 'zero' }, isCounted(old) ? -1 : 0);
  match(old)
    .with({ kind: 'table' }, () => pgt.tlbiRange(at, granuleOf(level, pgt.geometry)))
    .with({ kind: 'leaf' }, () => pgt.tlbiIpa(addr, level))
    .with({ kind: 'zero' }, { kind: 'annotated' }, () => undefined)
    .exhaustive();
};

/** Kernel: stage2_make_pte(). */
export const make = (pgt: Pgtable, { page, index }: Visit, next: DraftPte): void => {
  write(pgt, page, index, next, isCounted(next) ? 1 : 0);
};
