import { idmap } from '../model/idmap/model.ts';
import { searchStep } from '../model/idmap/search.ts';
import { annotatable, findMemRange, lastOfMemory, memory, type Sizes, type State } from '../model/idmap/state.ts';
import { getLeaf, granuleOf, lastLevel, rootLevel, supportsBlock } from '../model/stage2/tree.ts';
import { type Expected, everyResult, noPanic } from '../src/spec/common.ts';
import {
  enumOf,
  invariant,
  progress,
  range,
  reachable,
  reachableStep,
  record,
  type Settings,
  stepProperty,
  suite,
} from '../src/spec/index.ts';

const isGreedy = ({ search }: Settings) => search === 'greedy';
const isFindRange = ({ search }: Settings) => search === 'find_range';
const isAdjustRange = (switches: Settings) => !isGreedy(switches) && !isFindRange(switches);

const ownerOf = ({ root }: State, page: number, sizes: Sizes): 'host' | 'hyp' =>
  getLeaf(root, page, sizes).pte.kind === 'annotated' ? 'hyp' : 'host';

/** Broken by a seeded fault in the tests. */
export const rangeHoldsTarget = invariant(idmap, {
  id: 'range-holds-target',
  statement: 'The range that a search finds is one granule, and the page that faulted is in it.',
  source: 'S22: the comment above stage2_reduce_range()',
  holds: ({ cpu }) => {
    if (cpu.kind !== 'maps') return true;
    const { page, start, size } = cpu;
    return (
      (start % size === 0 && start <= page && page < start + size) || `page ${page}, range from ${start}, ${size} pages`
    );
  },
});

/** Broken by a seeded fault in the tests. */
export const rangeInRegion = invariant(idmap, {
  id: 'range-in-region',
  statement: 'The range that a search finds lies in the region of the page, or is that page alone.',
  source: 'S22, S24: find_mem_range()',
  holds: ({ cpu }, _, sizes) => {
    if (cpu.kind !== 'maps' || cpu.size === 1) return true;
    const region = findMemRange(cpu.page, sizes);
    return region.start <= cpu.start && cpu.start + cpu.size <= region.end;
  },
});

/**
 * Broken by `5.13`: where no level fits, nothing is walked, and what prot said is returned; and by `v3-mask`, whose mask misses
 * annotations.
 */
export const rangeIsCompatible = invariant(idmap, {
  id: 'range-is-compatible',
  statement: 'No annotation lies in the range that a search finds.',
  source: 'S22, S23: 2fcb3a59401d',
  holds: (state, _, sizes) => {
    const { cpu } = state;
    if (cpu.kind !== 'maps') return true;
    for (let page = cpu.start; page < cpu.start + cpu.size; ) {
      const { pte, level, at } = getLeaf(state.root, page, sizes);
      if (pte.kind === 'annotated') return `page ${page} is annotated`;
      page = at + granuleOf(level, sizes);
    }
    return true;
  },
});

/** Broken by `5.15` (B5), and by the greedy function, which does not ask what levels may have blocks. */
export const oneEntryMapsRange = invariant(idmap, {
  id: 'one-entry-maps-range',
  statement: 'One entry can map the range that a search finds.',
  source: 'S22, L2: B5, e728e705802f',
  holds: ({ cpu }, _, sizes) => {
    if (cpu.kind !== 'maps') return true;
    const { size } = cpu;
    for (let level = lastLevel; level >= rootLevel(sizes); level--)
      if (granuleOf(level, sizes) === size) return supportsBlock(level, sizes) || `${size} pages, level ${level}`;
    return false;
  },
});

/** Broken by `5.13` and `v3-mask`: what the search let pass, the map walker overwrites. */
export const annotationDurable = stepProperty(idmap, {
  id: 'annotation-durable',
  statement: 'What the hypervisor owns stays annotated until it gives it back.',
  source: 'S4, S23',
  forEach: (sizes) => record({ page: enumOf(...annotatable(sizes)) }),
  holds: ({ before, command, outcome }, { page }, sizes) =>
    (command.kind === 'set_owner' && command.page === page) ||
    outcome.state === before ||
    ownerOf(before, page, sizes) === 'host' ||
    ownerOf(outcome.state, page, sizes) === 'hyp',
});

/** Broken by a seeded fault in the tests. With this a search cannot turn for ever, and walks at most once per level. */
export const searchGoesDeeper = stepProperty(idmap, {
  id: 'search-goes-deeper',
  statement: 'Every -EAGAIN of a search leads to a deeper level.',
  source: 'L2: the question in the review of v3 28/32',
  holds: ({ before, command, outcome }) => {
    const [was, is] = [before.cpu, outcome.state.cpu];
    if (command.kind !== 'walk' || outcome.result === 'panic') return true;
    if (was.kind !== 'searches' || is.kind !== 'searches') return true;
    return is.level > was.level || `level ${was.level}, then ${is.level}`;
  },
});

/** Broken by a seeded fault in the tests. */
export const walksBounded = invariant(idmap, {
  id: 'walks-bounded',
  statement: 'A search makes at most one walk per level of the table.',
  source: 'L2',
  holds: ({ cpu }, _, { levels }) => !('walks' in cpu) || cpu.walks <= levels || `${cpu.walks} walks`,
});

/** Broken by `v3` above the middle of the address space: the end of the range is taken for its size. */
export const legalRangeIsWalked = stepProperty(idmap, {
  id: 'legal-range-is-walked',
  statement: 'No walk of a range within the address space returns -ERANGE.',
  source: 'L8, L9: v3 28/32',
  holds: ({ command, outcome }) =>
    command.kind !== 'walk' || outcome.result !== 'panic' || !outcome.reason.includes('ERANGE'),
});

/** The other half of v3's bug: below the middle it changes nothing. Broken by a seeded fault in the tests. */
export const endForSizeHarmless = stepProperty(idmap, {
  id: 'end-for-size-harmless',
  statement: 'Where a walk given the end of the range for its size is legal, it finds what a walk of the range finds.',
  source: 'v3 28/32',
  applies: ({ search, walkGiven }) => search === 'greedy' && walkGiven === 'the end',
  holds: ({ before, command, outcome }, _, sizes) => {
    const { cpu } = before;
    if (command.kind !== 'walk' || cpu.kind !== 'searches') return true;
    const { page, level } = cpu;
    if (outcome.result === 'panic' && outcome.reason.includes('ERANGE')) return true;
    const found = searchStep(before.root, page, level, sizes, {
      search: 'greedy',
      walkGiven: 'the size',
      greedyLevels: 'any',
      annotations: 'in the mask',
      validIs: 'EAGAIN',
    });
    const { cpu: after } = outcome.state;
    if (found.kind === 'range')
      return after.kind === 'maps' && after.start === found.range.start && after.start + after.size === found.range.end;
    if (found.kind === 'deeper') return after.kind === 'searches' && after.level === found.level;
    return outcome.result === 'panic' && outcome.reason.includes(found.errno);
  },
});

/** Broken by `v3` and `6.16` for the page in which memory ends: -EINVAL says that no granule fits. */
export const errorNamesItsCause = stepProperty(idmap, {
  id: 'error-names-its-cause',
  statement: 'A search fails with -EINVAL, -EPERM or, before 7.1, -EEXIST only if the page is annotated.',
  source: 'L9',
  applies: ({ walkGiven }) => walkGiven === 'the size',
  holds: ({ before, command, outcome }, _, sizes) => {
    const { cpu } = before;
    if (command.kind !== 'walk' || cpu.kind !== 'searches') return true;
    const failed = outcome.result === 'panic' || (outcome.result === 'refused' && /EINVAL|EPERM/.test(outcome.errno));
    return !failed || ownerOf(before, cpu.page, sizes) === 'hyp' || `page ${cpu.page} is the host's`;
  },
});

/** Broken by every version before 7.1, on purpose: the host has touched what is not its own. */
export const noPanicAtAll = noPanic(idmap, 'L4');

/** Broken by `v3` above the middle, and by `v3` and `6.16` for the page in which memory ends (B6). */
export const ownAccessSurvives = stepProperty(idmap, {
  id: 'own-access-survives',
  statement: 'No access of the host to a page of its own reaches a BUG.',
  source: 'L4, L9',
  holds: ({ before, outcome }, _, sizes) => {
    const { cpu } = before;
    if (outcome.result !== 'panic' || !('page' in cpu)) return true;
    return ownerOf(before, cpu.page, sizes) === 'hyp' || `page ${cpu.page} is the host's`;
  },
});

/** Broken by a seeded fault in the tests. */
export const searchEnds = progress(idmap, {
  id: 'search-ends',
  statement: 'The loop of a search ends.',
  source: 'L2: the question in the review of v3 28/32',
  waiting: ({ cpu }) => cpu.kind === 'searches',
  own: ({ kind }) => kind === 'walk',
});

const accessEnds = (fetch: boolean) =>
  progress(idmap, {
    id: fetch ? 'fetch-ends' : 'data-access-ends',
    statement: fetch
      ? 'An instruction fetch of the host succeeds, or is answered with an abort, if nobody else changes the table.'
      : 'A data access of the host succeeds, or is answered with an abort, if nobody else changes the table.',
    source: fetch ? 'L1: the type of the fault is not looked at' : 'L1: B6, 8531d5a83d8e',
    waiting: ({ cpu }) => cpu.kind !== 'idle' && cpu.fetch === fetch,
    own: ({ kind }) => kind === 'walk' || kind === 'map' || kind === 'retry',
  });

/**
 * Broken by `6.16-reported`: the search fails, the host retries, and so on (B6). Broken by `v3` and `v3-size`: a range that takes more
 * than one entry is mapped from its start, and the first entry that is there already ends that with -EAGAIN.
 */
export const dataAccessEnds = accessEnds(false);

/** Broken by all but `7.1-permission`: MMIO is mapped without X, and "already mapped" is no answer to a fetch from it. */
export const fetchEnds = accessEnds(true);

const again = 'EAGAIN an incompatible entry is in the range';
const when = (applies: NonNullable<Exclude<Expected, string>[1]>, ...results: string[]): Expected[] =>
  results.map((result) => [result, applies] as const);

const results = everyResult(idmap, {
  access: ['ok'],
  fetch: ['ok'],
  stale_fault: ['ok'],
  walk: [
    'ok',
    ...when((s) => (isGreedy(s) && s.annotations === 'in the mask') || isFindRange(s), again),
    ...when(
      (s) => isAdjustRange(s) && s.faults === '7.1',
      'EEXIST already mapped',
      'EPERM annotated with another owner; abort injected',
    ),
    ...when((s) => isAdjustRange(s) && s.faults !== '7.1', 'EAGAIN already mapped'),
    ...when((s) => s.faults === 'all return', 'EINVAL no granule fits the region'),
  ],
  map: ['ok', ...when((s) => isGreedy(s) || isFindRange(s), 'EAGAIN already mapped')],
  retry: ['ok', ...when((s) => s.permissionFaults === 'injected', 'EPERM permission fault; abort injected')],
  set_owner: ['ok'],
});

/** How many walks there can be in all, for every content of the table, is measured in the tests. */
export const secondWalk = reachable(idmap, {
  id: 'search-walks-again',
  statement: 'The greedy search can need a second walk.',
  source: 'witness, L2',
  applies: ({ search, annotations }) => search === 'greedy' && annotations === 'in the mask',
  when: ({ cpu }) => cpu.kind === 'maps' && cpu.walks === 2,
});

export const everySize = reachable(idmap, {
  id: 'every-block-size-is-found',
  statement: 'Ranges of every size that one entry can map are found.',
  source: 'witness',
  forEach: (sizes) => record({ level: range(sizes.minBlockLevel, lastLevel) }),
  when: ({ cpu }, { level }, sizes) => cpu.kind === 'maps' && cpu.size === granuleOf(level, sizes),
});

/** The page in which memory ends is neither memory nor MMIO alone; the versions that map it map all of it as memory. */
export const straddlingPageMapped = reachable(idmap, {
  id: 'straddling-page-is-mapped',
  statement: 'The page in which memory ends can be mapped.',
  source: 'witness, B6',
  applies: ({ search }, { unaligned }) => unaligned === 0 || !['greedy', 'adjust_range 6.16'].includes(String(search)),
  when: ({ root }, _, sizes) => getLeaf(root, lastOfMemory(sizes), sizes).pte.kind === 'leaf',
});

/** Recycling has something to do: MMIO's tables are given up to map something else. */
export const mmioRecycled = reachableStep(idmap, {
  id: 'mmio-is-recycled',
  statement: 'A fault on memory can take the tables of MMIO.',
  source: 'witness, L3',
  applies: (switches) => !isGreedy(switches),
  when: ({ before, command, outcome }, _, sizes) =>
    command.kind === 'map' &&
    before.cpu.kind === 'maps' &&
    before.cpu.page >= memory(sizes).start &&
    getLeaf(before.root, 0, sizes).pte.kind === 'leaf' &&
    getLeaf(outcome.state.root, 0, sizes).pte.kind === 'zero',
});

export const idmapSuite = suite({
  model: idmap,
  properties: [
    rangeHoldsTarget,
    rangeInRegion,
    rangeIsCompatible,
    oneEntryMapsRange,
    annotationDurable,
    searchGoesDeeper,
    walksBounded,
    legalRangeIsWalked,
    endForSizeHarmless,
    errorNamesItsCause,
    noPanicAtAll,
    ownAccessSurvives,
    searchEnds,
    dataAccessEnds,
    fetchEnds,
    secondWalk,
    everySize,
    straddlingPageMapped,
    mmioRecycled,
    ...results,
  ],
  violates: {
    v3: ['one-entry-maps-range', 'legal-range-is-walked', 'no-panic', 'own-access-survives', 'data-access-ends'],
    'v3-size': [
      'one-entry-maps-range',
      'error-names-its-cause',
      'no-panic',
      'own-access-survives',
      'data-access-ends',
      'fetch-ends',
    ],
    'v3-blocks': ['error-names-its-cause', 'no-panic', 'own-access-survives', 'fetch-ends'],
    'v3-mask': [
      'range-is-compatible',
      'annotation-durable',
      'error-names-its-cause',
      'no-panic',
      'own-access-survives',
      'fetch-ends',
    ],
    '5.13': ['range-is-compatible', 'annotation-durable', 'no-panic', 'fetch-ends'],
    '5.15': ['one-entry-maps-range', 'no-panic', 'fetch-ends'],
    '6.16': ['error-names-its-cause', 'no-panic', 'own-access-survives', 'fetch-ends'],
    '6.16-reported': ['error-names-its-cause', 'data-access-ends', 'fetch-ends'],
    '7.1': ['fetch-ends'],
    '7.1-permission': [],
  },
});
