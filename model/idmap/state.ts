import { type Config, enumOf, flag, type Infer, range, record, SpecError, variant } from '../../src/spec/index.ts';
import { emptyPage, granuleOf, lastLevel, mostTables, pagesOf, rootDomain, rootLevel } from '../stage2/tree.ts';

export const config = {
  levels: { default: 3, min: 3, max: 4, doc: 'levels of the table, the last being 3' },
  entriesPerTable: { default: 2, min: 2, max: 2, doc: 'entries of a table page' },
  minBlockLevel: { default: 2, min: 1, max: 2, doc: 'smallest level whose entries may be blocks' },
  unaligned: { default: 1, min: 0, max: 1, doc: '1: memory ends in the middle of a page; 0: with the page before' },
  pool: { default: 4, min: 1, max: 14, doc: 'pages in host_s2_pool' },
};

export type Sizes = Config<typeof config>;

/** Pages `start` up to, not including, `end`. A region may end in the middle of a page; nothing else does. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The one region of memory, with MMIO below and above it. */
export const memory = (sizes: Sizes): Span => {
  const pages = pagesOf(sizes);
  return { start: pages / 2, end: pages / 2 + pages / 8 + sizes.unaligned / 2 };
};

/** The region of memory, or the hole, that the first byte of a page lies in. Kernel: find_mem_range(). */
export const findMemRange = (page: number, sizes: Sizes): Span & { readonly isMemory: boolean } => {
  const { start, end } = memory(sizes);
  if (page < start) return { start: 0, end: start, isMemory: false };
  if (page < end) return { start, end, isMemory: true };
  return { start: end, end: Number.POSITIVE_INFINITY, isMemory: false };
};

/** The last page of memory; what it has beyond memory's end is MMIO. */
export const lastOfMemory = (sizes: Sizes): number => Math.ceil(memory(sizes).end) - 1;

/** MMIO pages that the hypervisor takes, one at a time, and the page of memory that it takes. */
const devices = (sizes: Sizes): readonly [number, number] => [1, pagesOf(sizes) / 4];
export const annotatable = (sizes: Sizes): number[] => [...devices(sizes), lastOfMemory(sizes)];

/** The other device, which must be given back first. */
export const otherDevice = (page: number, sizes: Sizes): number | undefined => {
  const [first, second] = devices(sizes);
  if (page === first) return second;
  return page === second ? first : undefined;
};

/** The page whose instructions the host fetches: MMIO, which is never executable. */
const fetchedPage = (sizes: Sizes): number => pagesOf(sizes) - 1;

export const stateDomain = (sizes: Sizes) => {
  if (sizes.pool > mostTables(sizes))
    throw new SpecError(`idmap: pool=${sizes.pool} is more than the ${mostTables(sizes)} pages that a table can have`);
  const page = range(0, pagesOf(sizes) - 1);
  const walks = range(0, sizes.levels + 1);
  const size = enumOf(...Array.from({ length: sizes.levels }, (_, i) => granuleOf(lastLevel - i, sizes)));
  return record({
    root: rootDomain(sizes),
    /** Free pages of host_s2_pool. */
    pool: range(0, sizes.pool),
    /** The one CPU whose faults are followed. Others are seen in what they do to the table, and in stale faults. */
    cpu: variant({
      idle: {},
      /** In host_stage2_idmap(), with the lock: the next walk is for this level, and so many were made. */
      searches: { page, fetch: flag, level: range(rootLevel(sizes) - 1, lastLevel), walks },
      /** Still with the lock: the search said to map these pages. */
      maps: { page, fetch: flag, start: page, size, walks },
      /** Back in the host, at the instruction that faulted. */
      retries: { page, fetch: flag },
    }),
  });
};

export type State = Infer<ReturnType<typeof stateDomain>>;
export type Cpu = State['cpu'];

export const initialState = (sizes: Sizes): State => ({
  root: emptyPage(sizes),
  pool: sizes.pool,
  cpu: { kind: 'idle' },
});

export const commandDomain = (sizes: Sizes) => {
  const page = range(0, pagesOf(sizes) - 1);
  return variant({
    access: { page },
    fetch: { page: range(fetchedPage(sizes), fetchedPage(sizes)) },
    stale_fault: { page },
    walk: {},
    map: {},
    retry: {},
    set_owner: { page: enumOf(...annotatable(sizes)), owner: enumOf('host', 'hyp') },
  });
};

export type Command = Infer<ReturnType<typeof commandDomain>>;
