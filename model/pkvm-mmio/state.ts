import { array, type Config, enumOf, type Infer, range, record, SpecError, variant } from '../../src/spec/index.ts';

export const config = {
  mmioTables: {
    default: 4,
    min: 1,
    max: 8,
    large: 6,
    scriptMax: 512,
    doc: 'last-level host stage-2 tables that cover MMIO',
  },
  entriesPerTable: { default: 2, min: 1, max: 4, scriptMax: 512, doc: 'entries, and so MMIO pages, per table' },
  pool: {
    default: 3,
    min: 1,
    max: 8,
    large: 4,
    scriptMax: 512,
    doc: 'pages in host_s2_pool that MMIO tables can come from',
  },
  devices: {
    default: 2,
    min: 1,
    max: 8,
    large: 3,
    scriptMax: 512,
    doc: 'MMIO pages that an EL2 driver may ask for, each in a table of its own',
  },
  ram: { default: 1, min: 1, max: 4, large: 2, scriptMax: 4096, doc: 'pages of memory' },
};

export type Sizes = Config<typeof config>;

/** A page frame number of the model: MMIO from 0 on, then RAM, then two numbers that no page has. */
export type Pfn = number;

export const mmioPages = (sizes: Sizes): number => sizes.mmioTables * sizes.entriesPerTable;
export const allPages = (sizes: Sizes): number => mmioPages(sizes) + sizes.ram;
export const isRam = (pfn: Pfn, sizes: Sizes): boolean => pfn >= mmioPages(sizes) && pfn < allPages(sizes);

/** A page frame number beyond the machine's physical address range. */
export const beyondPa = (sizes: Sizes): Pfn => allPages(sizes);

/** Stands for 2^52: `pfn << PAGE_SHIFT` loses its only set bit, and the address is that of page 0. */
export const wrapsToZero = (sizes: Sizes): Pfn => allPages(sizes) + 1;

/** The page whose address `pfn << PAGE_SHIFT` is. */
export const addressed = (pfn: Pfn, sizes: Sizes): Pfn => (pfn === wrapsToZero(sizes) ? 0 : pfn);

/** The pages EL2 drivers ask for: one per table, which pins the most table pages that so many annotations can pin. */
export const devicePfns = (sizes: Sizes): Pfn[] =>
  Array.from({ length: sizes.devices }, (_, i) => i * sizes.entriesPerTable);

const ramPfns = (sizes: Sizes): Pfn[] => Array.from({ length: sizes.ram }, (_, i) => mmioPages(sizes) + i);

/** A last-level host stage-2 entry. `hyp` is an invalid entry annotated with the owner PKVM_ID_HYP; `zero` means "the host's, not mapped". */
const entry = enumOf('zero', 'hyp', 'leaf');
export type Entry = Infer<typeof entry>;

export const stateDomain = (sizes: Sizes) => {
  if (sizes.devices > sizes.mmioTables)
    throw new SpecError(`pkvm-mmio: devices=${sizes.devices} needs as many tables, but mmioTables=${sizes.mmioTables}`);
  return record({
    /** Free pages in host_s2_pool. One more than there are would be a page freed twice: a state to be found, not an error. */
    pool: range(0, sizes.pool + 1),
    /** Last-level tables of the host stage-2 over MMIO. `refcount` is the table page's: 1 + entries that are not zero. */
    tables: array(
      variant({
        absent: {},
        present: { refcount: range(0, sizes.entriesPerTable + 2), entries: array(entry, sizes.entriesPerTable) },
      }),
      sizes.mmioTables,
    ),
    /** EL2's own stage-1, by page. */
    el2: array(enumOf('none', 'device', 'normal'), allPages(sizes)),
    /** Memory. Its host tables are never short of pages. `host` and `hyp` are the states kept in the vmemmap, apart from the entry. */
    ram: array(
      record({
        entry,
        host: enumOf('OWNED', 'SHARED_OWNED', 'NOPAGE'),
        hyp: enumOf('NOPAGE', 'OWNED'),
        guest: enumOf('NOPAGE', 'SHARED_BORROWED'),
      }),
      sizes.ram,
    ),
  });
};

export type State = Infer<ReturnType<typeof stateDomain>>;

export const initialState = (sizes: Sizes): State => ({
  pool: sizes.pool,
  tables: Array.from({ length: sizes.mmioTables }, () => ({ kind: 'absent' })),
  el2: Array.from({ length: allPages(sizes) }, () => 'none'),
  ram: Array.from({ length: sizes.ram }, () => ({ entry: 'zero', host: 'OWNED', hyp: 'NOPAGE', guest: 'NOPAGE' })),
});

/** `pages`: for a search, what callers name; for a script, every page. */
export const commandDomain = (sizes: Sizes, pages: 'named' | 'all') => {
  const anyPage = { pfn: range(0, allPages(sizes) - 1) };
  const ramPage = { pfn: range(mmioPages(sizes), allPages(sizes) - 1) };
  const isSearch = pages === 'named';
  const device = { pfn: isSearch ? enumOf(...devicePfns(sizes)) : range(0, mmioPages(sizes) - 1) };
  // What the callers of the patch's two functions may name: their devices, memory by mistake, and numbers that are no page.
  const named = {
    pfn: isSearch
      ? enumOf(...devicePfns(sizes), ...ramPfns(sizes), beyondPa(sizes), wrapsToZero(sizes))
      : range(0, wrapsToZero(sizes)),
  };
  return variant({
    host_donate_hyp_mmio: named,
    hyp_donate_host_mmio: named,
    host_access: anyPage,
    host_stage2_set_owner: { ...device, owner: enumOf('host', 'hyp') },
    host_stage2_unmap_dev_all: {},
    host_donate_hyp: ramPage,
    hyp_donate_host: ramPage,
    host_share_guest: ramPage,
    host_unshare_guest: ramPage,
  });
};

export type Command = Infer<ReturnType<typeof commandDomain>>;
