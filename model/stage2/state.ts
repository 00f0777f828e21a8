import { type Config, enumOf, flag, type Infer, range, record, SpecError, variant } from '../../src/spec/index.ts';
import { tlbDomain } from './tlb.ts';
import { emptyPage, type Geometry, pagesOf, rootDomain, rootLevel } from './tree.ts';

export const config = {
  levels: { default: 3, min: 2, max: 4, doc: 'levels of the table, the last being 3' },
  entriesPerTable: { default: 2, min: 2, max: 4, doc: 'entries of a table page' },
  watched: {
    default: 1,
    min: 0,
    max: 15,
    doc: 'the page whose attributes change one by one, and whose translation the ghost TLB holds',
  },
  minBlockLevel: { default: 1, min: 1, max: 3, doc: 'smallest level whose entries may be blocks' },
};

export type Sizes = Config<typeof config> & Geometry;

/** The table that is modelled: a guest's, in the host kernel, or the host's own identity map under pKVM, before 7.1 or since. */
export type Kind = 'guest' | 'host to 7.0' | 'host since 7.1';

/** The part that calls name: the pages below the first root entry. */
export const namedPages = (sizes: Sizes): number => pagesOf(sizes) / sizes.entriesPerTable;

/** Pages, both ends included, as an argument: '2', '1-2'. */
export interface Pages {
  readonly addr: number;
  readonly size: number;
}

export const nameOf = ({ addr, size }: Pages): string => (size === 1 ? `${addr}` : `${addr}-${addr + size - 1}`);

export const pagesNamed = (name: string): Pages => {
  const [first = 0, last = first] = name.split('-').map(Number);
  return { addr: first, size: last - first + 1 };
};

/**
 * The ranges that calls name: the pages of the first last-level table, the first granule of each level above, and one range that
 * crosses from one table into the next.
 */
const rangesOf = (sizes: Sizes): Pages[] => {
  const { entriesPerTable: n } = sizes;
  const found: Pages[] = Array.from({ length: n }, (_, addr) => ({ addr, size: 1 }));
  for (let size = n; size <= namedPages(sizes); size *= n) found.push({ addr: 0, size });
  if (sizes.levels > 2) found.push({ addr: n - 1, size: 2 });
  return found;
};

/** The rest of the address space, up to its end: what host_stage2_unmap_dev_all() names last. Calls map nothing there. */
const rest = (sizes: Sizes): Pages => ({ addr: namedPages(sizes), size: pagesOf(sizes) - namedPages(sizes) });
export const stateDomain = (sizes: Sizes) => {
  if (sizes.watched >= namedPages(sizes))
    throw new SpecError(
      `stage2: watched=${sizes.watched} is not one of the pages that calls name, 0 to ${namedPages(sizes) - 1}`,
    );
  return record({
    root: rootDomain(sizes),
    /** Table pages that are neither free nor in the tree, as calls have left them; -1 for one that is both, or free twice. */
    lost: range(-1, 1),
    /** A walk has gone on in a table that it had freed: from there on nothing is known, and `lost` is no longer kept. */
    usedAfterFree: flag,
    tlb: tlbDomain(sizes),
  });
};

export type State = Infer<ReturnType<typeof stateDomain>>;

export const initialState = (sizes: Sizes): State => ({
  root: emptyPage(sizes),
  lost: 0,
  usedAfterFree: false,
  tlb: { kind: 'empty' },
});

export const commandDomain = (sizes: Sizes, kind: Kind) => {
  const ranges = rangesOf(sizes);
  const small = ranges.filter(({ size }) => size <= sizes.entriesPerTable);
  const blocks = ranges.filter(({ addr, size }) => size > 1 && addr % size === 0);
  const named = (which: readonly Pages[]) => enumOf(...which.map(nameOf));
  // Attributes of one page; where it is in a block, of the block.
  const page = range(sizes.watched, sizes.watched);
  const tables = Array.from({ length: sizes.levels - 1 }, (_, i) => `table of level ${rootLevel(sizes) + i}`);
  const all = {
    cpu_walk: { caches: enumOf('leaf', ...tables) },
    unmap: { pages: named(kind === 'guest' ? ranges : [...ranges, rest(sizes)]) },
  };
  const maps = { map: { pages: named(ranges), prot: enumOf('r', 'rwx') }, map_short: { pages: named(ranges) } };
  const guest = {
    ...maps,
    map_raced: { pages: named(blocks) },
    wrprotect: { pages: named(small) },
    relax_perms: { page, adds: enumOf('w', 'x'), lost: flag },
    mkyoung: { page },
    test_clear_young: { page, mkold: flag },
    split: { pages: named(blocks), memcache: enumOf(1, 3) },
    create_unlinked_short: {},
    destroy: {},
  };
  const host = {
    ...maps,
    set_owner: { pages: named(small), owner: enumOf('host', 'hyp') },
    set_owner_short: { pages: named(small) },
  };
  if (kind === 'guest') return variant({ ...all, ...guest });
  return kind === 'host to 7.0'
    ? variant({ ...all, ...host })
    : variant({ ...all, ...host, give_back: { pages: named(small) } });
};

export type Command = Infer<ReturnType<typeof commandDomain>>;
