import { array, type Domain, enumOf, flag, range, record, SpecError, variant } from '../../src/spec/index.ts';

/**
 * The shape of a stage-2 table. Levels end at 3, as the architecture counts them; addresses are page numbers. `minBlockLevel` is the
 * smallest level whose entry may be a block: 1 with 4K pages, 2 with 16K and 64K.
 */
export interface Geometry {
  readonly levels: number;
  readonly entriesPerTable: number;
  readonly minBlockLevel: number;
}

/** Kernel: KVM_PGTABLE_LAST_LEVEL. */
export const lastLevel = 3;

export const rootLevel = ({ levels }: Geometry): number => lastLevel + 1 - levels;

/** Pages that one entry of a level spans. Kernel: kvm_granule_size(). */
export const granuleOf = (level: number, { entriesPerTable }: Geometry): number =>
  entriesPerTable ** (lastLevel - level);

/** Pages of the input address space: 2^ia_bits. */
export const pagesOf = ({ entriesPerTable, levels }: Geometry): number => entriesPerTable ** levels;

/** The most table pages that a table can have below its root. */
export const mostTables = ({ entriesPerTable: n, levels }: Geometry): number =>
  Array.from({ length: levels - 1 }, (_, i) => n ** (i + 1)).reduce((a, b) => a + b, 0);

export const alignDown = (page: number, granule: number): number => page - (page % granule);

/** Kernel: kvm_level_supports_block_mapping(); the last level maps pages. */
export const supportsBlock = (level: number, { minBlockLevel }: Geometry): boolean => level >= minBlockLevel;

/** Who an annotation says a page belongs to. The owner of the table itself is written as the zero entry. */
export const owner = enumOf('hyp', 'guest');
export type Owner = 'hyp' | 'guest';

/** The attributes of a leaf. Every leaf is readable. `af` is the access flag: no TLB may hold a leaf without it. */
export interface Leaf {
  w: boolean;
  x: boolean;
  af: boolean;
  /** Pages by which the output address is off: not 0 only where two cursors ran apart (B14). */
  skew: number;
}

/** An entry. LOCKED is not here: no call ends with one. */
export type Pte =
  | { readonly kind: 'zero' }
  | { readonly kind: 'annotated'; readonly owner: Owner }
  | ({ readonly kind: 'leaf' } & Readonly<Leaf>)
  | ({ readonly kind: 'table' } & TablePage);

/**
 * A page of entries. The kernel's reference count of it should be 1 + the number of counted entries. `surplus` is the difference between the
 * count and that number: 0 unless something went wrong, or the page is being taken apart.
 */
export interface TablePage {
  readonly surplus: number;
  readonly entries: readonly Pte[];
}

/** An entry and a page of entries inside `update`, where they can be changed. */
export type DraftPte =
  | { kind: 'zero' }
  | { kind: 'annotated'; owner: Owner }
  | ({ kind: 'leaf' } & Leaf)
  | ({ kind: 'table' } & DraftPage);
export interface DraftPage {
  surplus: number;
  entries: DraftPte[];
}

const leafFields = { w: flag, x: flag, af: flag, skew: enumOf(0, 2, 4) };

const pageFields = (level: number, geometry: Geometry) => ({
  surplus: range(-1, 1),
  entries: array(pteDomain(level, geometry), geometry.entriesPerTable),
});

const pteDomain = (level: number, geometry: Geometry): Domain<Pte> => {
  const invalid = { zero: {}, annotated: { owner } };
  if (level === lastLevel) return variant({ ...invalid, leaf: leafFields });
  const table = { table: pageFields(level + 1, geometry) };
  return supportsBlock(level, geometry)
    ? variant({ ...invalid, leaf: leafFields, ...table })
    : variant({ ...invalid, ...table });
};

/** The root page of a table, and all below it. */
export const rootDomain = (geometry: Geometry): Domain<TablePage> => {
  if (geometry.minBlockLevel > lastLevel || geometry.minBlockLevel < 1)
    throw new SpecError(`minBlockLevel=${geometry.minBlockLevel} is not a level from 1 to ${lastLevel}`);
  return record(pageFields(rootLevel(geometry), geometry));
};

/** A zeroed page, with the count of its allocation alone. */
export const emptyPage = ({ entriesPerTable }: Geometry): DraftPage => ({
  surplus: 0,
  entries: Array.from({ length: entriesPerTable }, () => ({ kind: 'zero' as const })),
});

/** Kernel: stage2_pte_is_counted(): any entry that is not zero. */
export const isCounted = (pte: Pte): boolean => pte.kind !== 'zero';

/** Kernel: page_count() of a table page. */
export const refcount = ({ surplus, entries }: TablePage): number => 1 + surplus + entries.filter(isCounted).length;

/** Whether nothing but its allocation holds the page; looks no further than the first entry that is counted. */
export const isEmpty = (page: TablePage): boolean =>
  page.surplus === 0 ? !page.entries.some(isCounted) : refcount(page) === 1;

/** An entry that is not a table, with the place it has: what a walk for one page ends at. */
export interface Found {
  readonly pte: Exclude<Pte, { kind: 'table' }>;
  readonly level: number;
  /** The first page that the entry covers. */
  readonly at: number;
}

/** The entry that decides what becomes of a page: raw, valid or not, with its level. Kernel: kvm_pgtable_get_leaf(). */
export const getLeaf = (root: TablePage, page: number, geometry: Geometry): Found => {
  let table = root;
  for (let level = rootLevel(geometry); ; level++) {
    const granule = granuleOf(level, geometry);
    const pte = table.entries[Math.floor(page / granule) % geometry.entriesPerTable]!;
    if (pte.kind !== 'table') return { pte, level, at: alignDown(page, granule) };
    table = pte;
  }
};

/** The entry at a place of a given level, table or not; undefined where the tree does not reach so deep. */
export const entryAt = (root: TablePage, page: number, level: number, geometry: Geometry): Pte | undefined => {
  let table = root;
  for (let l = rootLevel(geometry); ; l++) {
    const pte = table.entries[Math.floor(page / granuleOf(l, geometry)) % geometry.entriesPerTable]!;
    if (l === level) return pte;
    if (pte.kind !== 'table') return undefined;
    table = pte;
  }
};

/** Table pages that an entry brings into the tree. */
export const tablesIn = (pte: Pte): number => (pte.kind === 'table' ? 1 + tablesBelow(pte) : 0);

/** Table pages below `page`. */
export const tablesBelow = (page: TablePage): number => page.entries.reduce((sum, pte) => sum + tablesIn(pte), 0);
