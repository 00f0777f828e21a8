import type { Errno } from '../../src/spec/index.ts';
import {
  alignDown,
  type DraftPage,
  type DraftPte,
  type Geometry,
  granuleOf,
  isCounted,
  pagesOf,
  rootLevel,
  type TablePage,
  tablesIn,
} from './tree.ts';

/** The level that a TLBI names. `unknown`: it names none, and reaches entries of every level, tables among them. */
export type TtlHint = number | 'unknown';

/** A table as the code that changes it has it: the tree, the allocator that its pages come from, and the invalidations it can issue. */
export interface Pgtable {
  readonly geometry: Geometry;
  readonly root: DraftPage;
  /** Takes zeroed pages for tables, all or none of them. False if there are too few. */
  alloc(pages: number): boolean;
  /** A table page whose count fell to 0 goes back: the one that the entry at this place pointed to, or that was never in the tree. */
  free(at: number | 'never linked', level: number): void;
  /** Counts table pages that were linked into the tree or, if negative, unlinked from it. alloc() and free() count the same pages. */
  linked(pages: number): void;
  /** Invalidates what a TLB holds for a page, which need not be the first page of its entry. Kernel: __kvm_tlb_flush_vmid_ipa(). */
  tlbiIpa(page: number, hint: TtlHint): void;
  /**
   * Invalidates what a TLB holds for a range. Kernel: kvm_tlb_flush_vmid_range(), with range TLBIs or, without them, for the whole VMID.
   */
  tlbiRange(page: number, size: number): void;
  /** An entry at this place was written over another valid one that no TLBI has removed. */
  replacedWithoutBreak(at: number, level: number): void;
  /** The walk goes on in a table page that it has just freed. */
  goesOnInFreed(): void;
  /** Kernel: WARN_ON(). */
  warn(what: string): void;
}

/** Writes an entry; `counts` is what the code adds to the reference count of the page that it is in. */
export const write = (pgt: Pgtable, page: DraftPage, index: number, next: DraftPte, counts: -1 | 0 | 1): void => {
  const old = page.entries[index]!;
  const due = Number(isCounted(next)) - Number(isCounted(old));
  const tables = tablesIn(next) - tablesIn(old);
  if (tables !== 0) pgt.linked(tables);
  if (counts !== due) page.surplus += counts - due;
  page.entries[index] = next;
};

/** One call of a walker. `addr` is the walk's position, which need not be where the entry begins. */
export interface Visit<Entry extends DraftPte = DraftPte> {
  readonly addr: number;
  readonly end: number;
  readonly level: number;
  /** The page that the entry is in, and which one it is there. */
  readonly page: DraftPage;
  readonly index: number;
  /** The entry as it was read for this call. */
  readonly old: Entry;
}

type Visitor<Entry extends DraftPte = DraftPte> = (visit: Visit<Entry>) => Errno | undefined;
type DraftTable = Extract<DraftPte, { kind: 'table' }>;

/** The callbacks of a walk. A table entry is visited before the entries below it, after them, or both. */
export interface Walker {
  readonly leaf?: Visitor<Exclude<DraftPte, DraftTable>>;
  readonly tablePre?: Visitor<DraftTable>;
  readonly tablePost?: Visitor;
  /** -EAGAIN does not stop the walk. Kernel: KVM_PGTABLE_WALK_IGNORE_EAGAIN. */
  readonly ignoreEagain?: boolean;
}

/** The first page of the entry that is visited. */
export const placeOf = ({ addr, level }: Visit, geometry: Geometry): number =>
  alignDown(addr, granuleOf(level, geometry));

/** Which version of the walker. */
export interface WalkerCode {
  /** Where a walk may end: after the last page, or, one page less, because the page count is taken for an inclusive end (B28). */
  readonly limit: 'exclusive end' | 'inclusive end';
  /** When an entry is read again: after any callback, or not after the one for a table on the way down (before a9f0e3d5a089). */
  readonly reread: 'after any callback' | 'after leaves';
}

export const walkerCode: WalkerCode = { limit: 'exclusive end', reread: 'after any callback' };

/**
 * Walks `size` pages from `addr`: a size, not an end. Stops at the first error and leaves what came before it changed.
 * Kernel: kvm_pgtable_walk().
 */
export const kvmPgtableWalk = (
  root: TablePage | DraftPage,
  addr: number,
  size: number,
  walker: Walker,
  geometry: Geometry,
  code: WalkerCode = walkerCode,
): Errno | undefined => {
  const end = addr + size;
  const last = code.limit === 'exclusive end' ? pagesOf(geometry) : pagesOf(geometry) - 1;
  if (addr > last || end > last) return 'ERANGE';
  return walkPage(root as DraftPage, rootLevel(geometry), addr, end, walker, geometry, code).error;
};

/** Kernel: __kvm_pgtable_walk(), over one page of entries. */
export const walkPage = (
  page: DraftPage,
  level: number,
  from: number,
  end: number,
  walker: Walker,
  geometry: Geometry,
  code: WalkerCode = walkerCode,
): { readonly addr: number; readonly error: Errno | undefined } => {
  const granule = granuleOf(level, geometry);
  let addr = from;
  for (
    let index = Math.floor(addr / granule) % geometry.entriesPerTable;
    index < geometry.entriesPerTable && addr < end;
    index++
  ) {
    const visited = visitEntry(page, index, level, addr, end, walker, geometry, code);
    if (visited.error !== undefined) return visited;
    addr = visited.addr;
  }
  return { addr, error: undefined };
};

/**
 * Kernel: __kvm_pgtable_visit(). The entry is read again after a callback, which may have replaced it: by a table to go down into, or
 * a table by a block, with the table freed.
 */
const visitEntry = (
  page: DraftPage,
  index: number,
  level: number,
  addr: number,
  end: number,
  walker: Walker,
  geometry: Geometry,
  code: WalkerCode,
) => {
  const { tablePre, leaf, tablePost, ignoreEagain = false } = walker;
  const visit = <Entry extends DraftPte>(old: Entry): Visit<Entry> => ({ addr, end, level, page, index, old });
  const stops = (error: Errno | undefined) => error !== undefined && !(error === 'EAGAIN' && ignoreEagain);

  const read = page.entries[index]!;
  const error = read.kind === 'table' ? tablePre?.(visit(read)) : leaf?.(visit(read));
  if (stops(error)) return { addr, error };

  const now = read.kind === 'table' && code.reread === 'after leaves' ? read : page.entries[index]!;
  const next = alignDown(addr, granuleOf(level, geometry)) + granuleOf(level, geometry);
  if (now.kind !== 'table') return { addr: next, error: undefined };

  const below = walkPage(now, level + 1, addr, end, walker, geometry, code);
  if (below.error !== undefined) return below;
  const post = tablePost?.(visit(page.entries[index]!));
  return { addr: next, error: stops(post) ? post : undefined };
};
