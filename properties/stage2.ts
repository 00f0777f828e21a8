import { stage2 } from '../model/stage2/model.ts';
import { type Command, namedPages, pagesNamed, type Sizes, type State } from '../model/stage2/state.ts';
import {
  entryAt,
  getLeaf,
  granuleOf,
  isCounted,
  lastLevel,
  mostTables,
  type Pte,
  refcount,
  rootLevel,
  type TablePage,
  tablesBelow,
} from '../model/stage2/tree.ts';
import { type Expected, everyResult } from '../src/spec/common.ts';
import {
  invariant,
  range,
  reachable,
  reachableStep,
  record,
  type Settings,
  stepProperty,
  suite,
} from '../src/spec/index.ts';

/** Pages are alike: one is judged, and which is a parameter. */
const watched = ({ watched }: Sizes) => record({ page: range(watched, watched) });
const isGuest = ({ table }: Settings) => table === 'guest';
const isHost = ({ table }: Settings) => table === 'host';
const isHostSince71 = ({ table, giveBack }: Settings) => table === 'host' && giveBack === 'map';
const stopsAtMapped = ({ table, mapped }: Settings) => table === 'guest' || mapped === 'stops';

const leafAt = ({ root }: State, page: number, sizes: Sizes) => getLeaf(root, page, sizes).pte;

/** The meaning of an entry for a page: its mapping, without the access flag, or its owner. */
const meaning = (pte: Pte): string => {
  if (pte.kind === 'leaf')
    return `mapped r${pte.w ? 'w' : ''}${pte.x ? 'x' : ''}${pte.skew ? ` ${pte.skew} pages off` : ''}`;
  return pte.kind === 'annotated' ? `annotated ${pte.owner}` : 'zero';
};

/** The range that a command names, if it names one. */
const rangeOf = (command: object) => ('pages' in command ? pagesNamed(String(command.pages)) : undefined);

const names = (command: object, page: number): boolean => {
  const named = rangeOf(command);
  return named !== undefined && page >= named.addr && page < named.addr + named.size;
};

/** The meaning that a command asks every page of its range to have. `zero` for unmap(), even if it leaves annotations. */
const asked = (command: Command): string | undefined => {
  if (command.kind === 'map') return `mapped ${command.prot}`;
  if (command.kind === 'map_short' || command.kind === 'map_raced' || command.kind === 'give_back') return 'mapped rwx';
  if (command.kind === 'set_owner') return command.owner === 'host' ? 'zero' : 'annotated hyp';
  if (command.kind === 'set_owner_short') return 'annotated hyp';
  return command.kind === 'unmap' ? 'zero' : undefined;
};

/** Broken by `guest-b14`: after a race the two cursors differ. */
export const leafMapsItsPage = invariant(stage2, {
  id: 'leaf-maps-its-page',
  statement: 'Every leaf maps the page it stands for, and no other.',
  source: 'S8, S22: 1f0f4a2ef7a5',
  forEach: watched,
  holds: (state, { page }, sizes) => {
    const pte = leafAt(state, page, sizes);
    return pte.kind !== 'leaf' || pte.skew === 0 || `its leaf is ${pte.skew} pages off`;
  },
});

/** Broken by `guest-b14` and `guest-walks-freed`, whose map() returns 0. */
export const mapMapsTheRange = stepProperty(stage2, {
  id: 'map-maps-the-range',
  statement: 'When map() or set_owner() returns 0, every page of its range is what was asked for.',
  source: 'S22',
  forEach: watched,
  holds: ({ command, outcome }, { page }, sizes) => {
    if (outcome.result !== 'ok' || command.kind === 'unmap' || !names(command, page)) return true;
    const wanted = asked(command);
    if (wanted === undefined) return true;
    const is = meaning(leafAt(outcome.state, page, sizes));
    return is === wanted || `it is ${is}`;
  },
});

/** Broken by `host-5.13`: giving one page back makes a table of the annotation, with zero for its neighbours. */
export const restKeepsItsMeaning = stepProperty(stage2, {
  id: 'rest-keeps-its-meaning',
  statement: 'A page outside the range that a call names keeps its mapping and its owner, or loses a mapping.',
  source: 'S4, S22',
  forEach: watched,
  holds: ({ before, command, outcome }, { page }, sizes) => {
    if (!('pages' in command) || names(command, page) || command.kind === 'wrprotect') return true;
    const [is, was] = [leafAt(outcome.state, page, sizes), leafAt(before, page, sizes)];
    if (is.kind === 'zero' && was.kind !== 'annotated') return true;
    return meaning(was) === meaning(is) || `it was ${meaning(was)} and is ${meaning(is)}`;
  },
});

/** Broken by `host-no-force-pte`: a block of other permissions is split, and the next fault maps the rest as default. */
export const lostIsDefault = stepProperty(stage2, {
  id: 'lost-is-default',
  statement:
    'A mapping of the host that is lost because another page changed is one that a fault makes again as it was.',
  source: 'S23: host_stage2_force_pte_cb()',
  applies: isHost,
  forEach: watched,
  holds: ({ before, command, outcome }, { page }, sizes) => {
    if (!('pages' in command) || command.kind === 'unmap' || names(command, page)) return true;
    const was = leafAt(before, page, sizes);
    if (was.kind !== 'leaf' || (was.w && was.x)) return true;
    return leafAt(outcome.state, page, sizes).kind !== 'zero' || `it was ${meaning(was)} and is lost`;
  },
});

/** Broken by `host-no-force-pte`. */
export const blocksAreDefault = invariant(stage2, {
  id: 'blocks-are-default',
  statement: 'A block of the host has default permissions.',
  source: 'S24: host_stage2_force_pte_cb()',
  applies: isHost,
  forEach: watched,
  holds: ({ root }, { page }, sizes) => {
    const { pte, level } = getLeaf(root, page, sizes);
    return level === lastLevel || pte.kind !== 'leaf' || (pte.w && pte.x) || `it is in a block ${meaning(pte)}`;
  },
});

/** Broken by `host-5.13`. */
export const annotationsArePages = invariant(stage2, {
  id: 'annotations-are-pages',
  statement: 'An annotation stands at the last level.',
  source: 'S6, S23',
  applies: isHost,
  forEach: watched,
  holds: ({ root }, { page }, sizes) => {
    const { pte, level } = getLeaf(root, page, sizes);
    return level === lastLevel || pte.kind !== 'annotated' || `it is in an annotation of level ${level}`;
  },
});

/** Broken by `host`, which is mainline: safe there as long as no caller unmaps a range with annotations (F9). */
export const unmapKeepsAnnotations = stepProperty(stage2, {
  id: 'unmap-keeps-annotations',
  statement: 'unmap() leaves owner annotations in place.',
  source: 'S4, F9',
  applies: isHost,
  forEach: watched,
  holds: ({ before, command, outcome }, { page }, sizes) =>
    command.kind !== 'unmap' ||
    leafAt(before, page, sizes).kind !== 'annotated' ||
    leafAt(outcome.state, page, sizes).kind === 'annotated',
});

/** Broken by `host-refuses`: it stops at the first annotation. */
export const unmapUnmapsAll = stepProperty(stage2, {
  id: 'unmap-unmaps-all',
  statement: 'After unmap() no page of the range is mapped.',
  source: 'S22, L3, F10',
  forEach: watched,
  holds: ({ command, outcome }, { page }, sizes) =>
    command.kind !== 'unmap' || !names(command, page) || leafAt(outcome.state, page, sizes).kind !== 'leaf',
});

const eachTable = (sizes: Sizes) =>
  record({ level: range(rootLevel(sizes) - 1, lastLevel - 1), page: range(0, namedPages(sizes) - 1) });

/** The table page that the entry at a place points to, the root being above all; undefined if there is none, or counted elsewhere. */
const tableAt = ({ root }: State, page: number, level: number, sizes: Sizes): TablePage | undefined => {
  if (level < rootLevel(sizes)) return page === 0 ? root : undefined;
  if (page % granuleOf(level, sizes) !== 0) return undefined;
  const pte = entryAt(root, page, level, sizes);
  return pte?.kind === 'table' ? pte : undefined;
};

/** Broken by a seeded fault in the tests: the walkers keep the counts as they write. */
export const refcountExact = invariant(stage2, {
  id: 'refcount-exact',
  statement: 'The reference count of a table page is 1 + its counted entries.',
  source: 'S15',
  forEach: eachTable,
  holds: (state, { page, level }, sizes) => {
    const table = tableAt(state, page, level, sizes);
    if (!table) return true;
    if (table.surplus === 0) return true;
    const counted = table.entries.filter(isCounted).length;
    return refcount(table) === 1 + counted || `refcount ${refcount(table)} with ${counted} counted entries`;
  },
});

/** Broken by `guest-b15`, where a detached subtree's root is never put, and by `guest-b28`, where destroy() walks nothing. */
export const noTableLost = invariant(stage2, {
  id: 'no-table-lost',
  statement: 'Every table page is free or in the tree.',
  source: 'S16: f6a27d6dc51b',
  holds: ({ lost }) => lost <= 0,
});

/** Broken by `guest-b16`: the fix puts what create_unlinked() puts already. */
export const noTableFreedTwice = invariant(stage2, {
  id: 'no-table-freed-twice',
  statement: 'No table page is freed twice, nor while it is in the tree.',
  source: 'S16: c60d847be7b8',
  holds: ({ lost }) => lost >= 0,
});

/** Broken by `guest-walks-freed` and `host-walks-freed`: a table that was replaced by a block is walked once more. */
export const noFreedTableWalked = invariant(stage2, {
  id: 'no-freed-table-walked',
  statement: 'A walk visits no table that has been freed.',
  source: 'S16: a9f0e3d5a089',
  holds: ({ usedAfterFree }) => !usedAfterFree,
});

/**
 * Broken by `guest-b22`, where the flush of a replaced table reaches no leaf below it, and by `guest-no-flush`, where no flush follows a
 * write-protection.
 */
export const heldIsMapped = invariant(stage2, {
  id: 'held-is-mapped',
  statement:
    'Between calls, a translation that a TLB holds is a leaf of the table, with no more permissions than that.',
  source: 'S18, S19, S20: 0f0ff097bf77, fce886a60207',
  holds: ({ root, tlb }, _, sizes) => {
    if (tlb.kind !== 'leaf') return true;
    const { pte, level } = getLeaf(root, sizes.watched, sizes);
    if (pte.kind !== 'leaf' || level !== tlb.level)
      return `a leaf of level ${tlb.level} is held, and the page is ${meaning(pte)} at level ${level}`;
    return (pte.w || !tlb.w) && (pte.x || !tlb.x);
  },
});

/** Broken by `guest-no-break`. */
export const breakBeforeMake = invariant(stage2, {
  id: 'break-before-make',
  statement: 'A valid entry is not replaced by another while a TLB may hold it.',
  source: 'S18',
  holds: ({ tlb }) => tlb.kind !== 'hazard' || tlb.what !== 'valid entry replaced while cached',
});

/** Broken by `guest-b20`, `guest-b21` and `guest-b22`: the page is freed while a walk cache leads to it. */
export const freedTableNotHeld = invariant(stage2, {
  id: 'freed-table-not-held',
  statement: 'A table page is not freed while a walk cache may hold it.',
  source: 'S19, S20: f62d4c3eb687, 36e008323926, 0f0ff097bf77',
  holds: ({ tlb }) => tlb.kind !== 'hazard' || tlb.what !== 'freed table still cached',
});

/** Broken by `guest-b17` and `guest-b19`: after -EAGAIN the TLBI names a level that no leaf has. */
export const relaxReachesTheTlb = stepProperty(stage2, {
  id: 'relax-reaches-the-tlb',
  statement: 'After relax_perms() returned 0 or -EAGAIN, no translation of the page is held.',
  source: 'S20: 100baf018489, 8d187d4b33c2',
  applies: isGuest,
  holds: ({ command, outcome }, _, sizes) => {
    if (command.kind !== 'relax_perms' || command.page !== sizes.watched) return true;
    const { tlb } = outcome.state;
    return tlb.kind !== 'leaf' || `its leaf of level ${tlb.level} is still held, with the permissions of before`;
  },
});

/** Broken by `guest-b18`: without X in the request, X is taken away. */
export const relaxOnlyAdds = stepProperty(stage2, {
  id: 'relax-only-adds',
  statement: 'relax_perms() takes no permission away.',
  source: 'S21: f35c08c09250',
  applies: isGuest,
  forEach: watched,
  holds: ({ before, command, outcome }, { page }, sizes) => {
    if (command.kind !== 'relax_perms' || command.page !== page) return true;
    const [was, is] = [leafAt(before, page, sizes), leafAt(outcome.state, page, sizes)];
    if (was.kind !== 'leaf') return true;
    return (is.kind === 'leaf' && is.w >= was.w && is.x >= was.x) || `it was ${meaning(was)} and is ${meaning(is)}`;
  },
});

/** Broken by a seeded fault in the tests. */
export const wrprotectOnlyTakesW = stepProperty(stage2, {
  id: 'wrprotect-only-takes-w',
  statement: 'wrprotect() takes W from its range, and nothing else from anywhere.',
  source: 'S21',
  applies: isGuest,
  forEach: watched,
  holds: ({ before, command, outcome }, { page }, sizes) => {
    if (command.kind !== 'wrprotect') return true;
    const [was, is] = [leafAt(before, page, sizes), leafAt(outcome.state, page, sizes)];
    if (was.kind !== 'leaf') return is.kind === was.kind;
    return is.kind === 'leaf' && is.x === was.x && is.w <= was.w && !(is.w && names(command, page));
  },
});

/** Broken by a seeded fault in the tests. */
export const splitKeepsMappings = stepProperty(stage2, {
  id: 'split-keeps-mappings',
  statement: 'split() changes the mapping of no page, whatever it returns.',
  source: 'S13, S22',
  applies: isGuest,
  forEach: watched,
  holds: ({ before, command, outcome }, { page }, sizes) =>
    command.kind !== 'split' || meaning(leafAt(before, page, sizes)) === meaning(leafAt(outcome.state, page, sizes)),
});

/**
 * Broken by `guest-walks-freed`: map() has made its block, and returns the -EAGAIN of a page in the table that it has freed. That a prefix
 * does remain is shown by the witnesses `prefix-stays-mapped` and `-annotated`.
 */
export const errorSaysHowMuch = stepProperty(stage2, {
  id: 'error-says-how-much',
  statement:
    'When a call on a range fails, there is a page of the range at which it stopped: all before it are done; it and all after it are as they were, or unmapped with a block that was split.',
  source: 'S13: a9f0e3d5a089',
  holds: ({ before, command, outcome }, _, sizes) => {
    const wanted = asked(command);
    const range = rangeOf(command);
    if (outcome.result !== 'refused' || wanted === undefined || range === undefined) return true;
    const pages = Array.from({ length: range.size }, (__, i) => {
      const page = range.addr + i;
      const [was, is] = [leafAt(before, page, sizes), leafAt(outcome.state, page, sizes)];
      const isLeft = meaning(is) === meaning(was) || (is.kind === 'zero' && was.kind === 'leaf');
      return {
        isDone: meaning(is) === wanted,
        isLeft,
        words: `page ${page} was ${meaning(was)} and is ${meaning(is)}`,
      };
    });
    const stopped = pages.findLastIndex(({ isLeft }) => !isLeft) + 1;
    const notDone = pages.slice(0, stopped).find(({ isDone }) => !isDone);
    if (notDone) return `${notDone.words}; page ${range.addr + stopped - 1} is changed`;
    return stopped < pages.length || 'it has done all of its range';
  },
});

/** Broken by a seeded fault in the tests. */
export const failedPageKeepsOwner = stepProperty(stage2, {
  id: 'failed-page-keeps-owner',
  statement: 'A set_owner() of one page that fails changes no owner.',
  source: 'S13',
  applies: isHost,
  forEach: watched,
  holds: ({ before, command, outcome }, { page }, sizes) =>
    !command.kind.startsWith('set_owner') ||
    outcome.result !== 'refused' ||
    rangeOf(command)?.size !== 1 ||
    (leafAt(before, page, sizes).kind === 'annotated') === (leafAt(outcome.state, page, sizes).kind === 'annotated'),
});

/** Broken by `host-b28` in any call that names the last page; `guest-b28` has such a walk in destroy(), which can only WARN of it. */
export const legalWalkIsWalked = stepProperty(stage2, {
  id: 'legal-walk-is-walked',
  statement: 'No call within the address space, all of it included, returns -ERANGE.',
  source: 'L8: bc9e4ec6e988',
  holds: ({ outcome }) => outcome.result !== 'refused' || outcome.errno !== 'ERANGE',
});

/** Broken by `guest-b28`: destroy() has no result to return the -ERANGE of its walk in. */
export const noWarn = stepProperty(stage2, {
  id: 'no-warn',
  statement: 'No WARN fires.',
  source: 'L4: bc9e4ec6e988',
  holds: ({ outcome }) => outcome.warnings.length === 0 || outcome.warnings.join('; '),
});

const guest = (...results: string[]): Expected[] => results.map((result) => [result, isGuest] as const);
const host = (...results: string[]): Expected[] => results.map((result) => [result, isHost] as const);
const again = 'EAGAIN nothing to change here, or another CPU changed it';
const noPage = 'ENOMEM no page for a table';

const results = everyResult(stage2, {
  cpu_walk: ['ok'],
  map: ['ok', [again, stopsAtMapped]],
  map_short: ['ok', [again, stopsAtMapped], noPage],
  map_raced: guest('ok'),
  set_owner: [...host('ok'), ['EINVAL type 0 is no annotation', isHostSince71]],
  set_owner_short: host('ok', noPage),
  unmap: [
    'ok',
    ['EPERM annotated with another owner', (switches) => isHost(switches) && switches.countedInvalid === 'refuses'],
  ],
  wrprotect: guest('ok'),
  relax_perms: guest('ok', again),
  mkyoung: guest('ok'),
  test_clear_young: guest('ok'),
  split: guest('ok', noPage),
  create_unlinked_short: guest(noPage),
  destroy: guest('ok'),
  give_back: [['ok', isHostSince71]],
});

/** A witness for what S13 does not promise: -ENOMEM half way leaves what was done until then. */
export const prefixStaysMapped = reachableStep(stage2, {
  id: 'prefix-stays-mapped',
  statement: 'A map() that fails with -ENOMEM can leave the first page of its range newly mapped.',
  source: 'witness, S13',
  when: ({ before, command, outcome }, _, sizes) =>
    command.kind === 'map_short' &&
    outcome.result === 'refused' &&
    outcome.errno === 'ENOMEM' &&
    leafAt(before, pagesNamed(command.pages).addr, sizes).kind !== 'leaf' &&
    leafAt(outcome.state, pagesNamed(command.pages).addr, sizes).kind === 'leaf',
});

export const prefixStaysAnnotated = reachableStep(stage2, {
  id: 'prefix-stays-annotated',
  statement: 'A set_owner() that fails with -ENOMEM can leave the first page of its range newly annotated.',
  source: 'witness, S13',
  applies: isHost,
  when: ({ before, command, outcome }, _, sizes) =>
    command.kind === 'set_owner_short' &&
    outcome.result === 'refused' &&
    leafAt(before, pagesNamed(command.pages).addr, sizes).kind !== 'annotated' &&
    leafAt(outcome.state, pagesNamed(command.pages).addr, sizes).kind === 'annotated',
});

/** Coalescing and splitting have something to do only where the tree reaches its depth, and where it has blocks. */
export const depths = reachable(stage2, {
  id: 'leaf-at-every-level',
  statement: 'There are leaves at every level that may have them.',
  source: 'witness',
  forEach: (sizes) => record({ level: range(sizes.minBlockLevel, lastLevel) }),
  when: ({ root }, { level }, sizes) => {
    const found = getLeaf(root, 0, sizes);
    return found.level === level && found.pte.kind === 'leaf';
  },
});

export const everythingInUse = reachable(stage2, {
  id: 'every-table-below-is-used',
  statement: 'All tables below the first root entry can be in use at once.',
  source: 'witness',
  when: ({ root }, _, sizes) => tablesBelow(root) >= mostTables(sizes) / sizes.entriesPerTable,
});

export const tlbHolds = reachable(stage2, {
  id: 'tlb-holds-each-kind',
  statement: 'A CPU can hold a translation, or a table.',
  source: 'witness',
  forEach: () => record({ leaf: range(0, 1) }),
  when: ({ tlb }, { leaf }) => tlb.kind === (leaf === 1 ? 'leaf' : 'walk'),
});

export const stage2Suite = suite({
  model: stage2,
  properties: [
    leafMapsItsPage,
    mapMapsTheRange,
    restKeepsItsMeaning,
    lostIsDefault,
    blocksAreDefault,
    annotationsArePages,
    unmapKeepsAnnotations,
    unmapUnmapsAll,
    refcountExact,
    noTableLost,
    noTableFreedTwice,
    noFreedTableWalked,
    heldIsMapped,
    breakBeforeMake,
    freedTableNotHeld,
    relaxReachesTheTlb,
    relaxOnlyAdds,
    wrprotectOnlyTakesW,
    splitKeepsMappings,
    errorSaysHowMuch,
    failedPageKeepsOwner,
    legalWalkIsWalked,
    noWarn,
    prefixStaysMapped,
    prefixStaysAnnotated,
    depths,
    everythingInUse,
    tlbHolds,
    ...results,
  ],
  violates: {
    guest: [],
    'guest-b14': ['leaf-maps-its-page', 'map-maps-the-range'],
    'guest-b15': ['no-table-lost'],
    'guest-b16': ['no-table-freed-twice'],
    'guest-b17': ['relax-reaches-the-tlb'],
    'guest-b18': ['relax-only-adds'],
    'guest-b19': ['relax-reaches-the-tlb'],
    'guest-b20': ['freed-table-not-held'],
    'guest-b21': ['freed-table-not-held'],
    'guest-b22': ['freed-table-not-held', 'held-is-mapped', 'relax-reaches-the-tlb'],
    'guest-b28': ['no-table-lost', 'no-warn'],
    'guest-walks-freed': ['error-says-how-much', 'map-maps-the-range', 'no-freed-table-walked'],
    'guest-no-flush': ['held-is-mapped'],
    'guest-no-break': ['break-before-make'],
    host: ['unmap-keeps-annotations'],
    'host-7.1': ['unmap-keeps-annotations'],
    'host-b28': ['legal-walk-is-walked'],
    'host-walks-freed': ['error-says-how-much', 'no-freed-table-walked'],
    'host-refuses': ['unmap-unmaps-all'],
    'host-skips': [],
    'host-5.13': ['annotations-are-pages', 'rest-keeps-its-meaning'],
    'host-no-force-pte': ['blocks-are-default', 'lost-is-default'],
  },
});
