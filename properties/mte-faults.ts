import { mteFaults } from '../model/mte-faults/model.ts';
import { flagPage, type Sizes, type State } from '../model/mte-faults/state.ts';
import { everyResult } from '../src/spec/common.ts';
import { invariant, range, reachable, record, type Settings, stepProperty, suite } from '../src/spec/index.ts';

const eachPage = ({ pages }: Sizes) => record({ page: range(0, pages - 1) });
const isThp = ({ backing }: Settings) => backing === 'thp';
const isHugetlb = ({ backing }: Settings) => backing !== 'thp';

/** Broken by L1 and L2, and by a change_pte that maps the page as it is. */
export const noStaleTag = stepProperty(mteFaults, {
  id: 'no-stale-tag',
  statement: 'The guest loads no tag from before the page was initialised.',
  source: 'M1',
  holds: ({ before, command }) =>
    command.kind !== 'guest_ldg' ||
    before.vma === 'device' ||
    before.pages[command.page]!.s2 === 'none' ||
    before.pages[command.page]!.tags !== 'stale' ||
    `the tags of page ${command.page} are stale`,
});

/** Broken by L1: tags stored into an unflagged page are cleared by the next fault that maps it. */
export const noTagLost = stepProperty(mteFaults, {
  id: 'no-tag-lost',
  statement: 'A fault does not clear tags that the guest has stored.',
  source: 'M2',
  forEach: eachPage,
  holds: ({ before, command, outcome }, { page }) =>
    !(command.kind === 'guest_ldg' || command.kind === 'guest_stg') ||
    before.pages[page]!.tags !== 'guest' ||
    outcome.state.pages[page]!.tags === 'guest' ||
    'the fault clears them',
});

const mappedInitialised = (name: string, applies: (switches: Settings) => boolean, flagOf: (page: number) => number) =>
  invariant(mteFaults, {
    id: `mapped-is-initialised${name}`,
    statement: 'Every page that stage 2 maps as memory has initialised tags and the flag.',
    source: 'M5',
    forEach: eachPage,
    applies,
    holds: ({ pages, vma }, { page }) => {
      if (pages[page]!.s2 === 'none' || vma === 'device') return true;
      if (pages[page]!.tags === 'stale') return 'its tags are stale';
      return pages[flagOf(page)]!.tagged || 'it is not flagged';
    },
  });

/** Broken by L1: a permission fault maps the block, of which one page was sanitised. */
export const thpInitialised = mappedInitialised('', isThp, (page) => page);
/** Broken by L2. */
export const hugetlbInitialised = mappedInitialised('-hugetlb', isHugetlb, () => 0);

/** Broken by L2: the flag is the folio's, what was cleared is the mapping's. */
export const folioInitialised = invariant(mteFaults, {
  id: 'flagged-folio-is-initialised',
  statement: 'Every page of a folio whose flag is set has initialised tags.',
  source: "M5': 25c17c4b55de",
  forEach: eachPage,
  applies: isHugetlb,
  holds: ({ pages }, { page }) =>
    !pages[flagPage(page, { backing: 'hugetlb' })]!.tagged || pages[page]!.tags !== 'stale' || 'its tags are stale',
});

/** Broken without refusesUntaggable. */
export const untaggableRefused = invariant(mteFaults, {
  id: 'untaggable-refused',
  statement: 'A page that can have no tags is not mapped as memory.',
  source: 'M6',
  holds: ({ vma, pages }) =>
    vma !== 'untaggable' || pages.every(({ s2 }) => s2 === 'none') || 'a page without tags is mapped',
});

/** Broken where the check is made for memslots only: other memory is mapped over the memslot later. */
export const sharedRefused = invariant(mteFaults, {
  id: 'shared-refused',
  statement: 'Where VM_SHARED memory is refused, none is mapped.',
  source: '4.4: v16, ea7fc1bb1cd1',
  applies: ({ vmShared }) => vmShared !== 'allowed',
  holds: ({ vma, pages }) =>
    vma !== 'shared' || pages.every(({ s2 }) => s2 === 'none') || 'a page of a VM_SHARED mapping is mapped',
});

/** Broken by v16 (mmu_lock) and by 5.14 as first merged (mmap_lock). */
export const locksReleased = stepProperty(mteFaults, {
  id: 'locks-released',
  statement: 'A call that has returned holds neither mmu_lock nor mmap_lock.',
  source: 'M7',
  holds: ({ outcome: { state } }) => {
    const held = (['mmu_lock', 'mmap_lock'] as const).find((lock) => state.held[lock]);
    return held === undefined || `${held} is held`;
  },
});

/** Broken by L1: tags are saved of flagged pages only. */
export const tagsSurviveSwap = stepProperty(mteFaults, {
  id: 'tags-survive-swap',
  statement: 'Swapping a page out saves the tags that the guest has stored.',
  source: 'M8',
  holds: ({ before, command, outcome }) =>
    command.kind !== 'swap_out' ||
    before.pages[command.page]!.tags !== 'guest' ||
    outcome.state.pages[command.page]!.swap === 'guest' ||
    `page ${command.page} was not flagged`,
});

const refusesSharedAtFault = ({ vmShared }: Settings) => vmShared === 'fault';
const refusesUntaggable = ({ refusesUntaggable }: Settings) => refusesUntaggable === true;
const results = everyResult(mteFaults, {
  guest_ldg: [
    'ok',
    ['EFAULT the page cannot have tags', refusesUntaggable],
    ['EFAULT VM_SHARED', refusesSharedAtFault],
  ],
  guest_stg: [
    'ok',
    ['EFAULT the page cannot have tags', refusesUntaggable],
    ['EFAULT VM_SHARED', refusesSharedAtFault],
  ],
  set_logging: ['ok'],
  swap_out: [['ok', isThp]],
  change_pte: [['ok', ({ changePte, backing }) => changePte !== 'removed' && backing === 'thp']],
  set_memory_region: [
    'ok',
    ['EINVAL VM_SHARED', ({ vmShared }) => vmShared !== 'allowed'],
    ['EINVAL VM_MTE_ALLOWED is clear', refusesUntaggable],
  ],
  mmap_over: ['ok'],
});

const whenMapped = (id: string, statement: string, when: (state: State) => boolean, applies = (_: Settings) => true) =>
  reachable(mteFaults, { id, statement, source: 'witness', applies, when });

/** Whoever takes the lock next waits for ever. */
const lockKept = ['locks-released', 'no-deadlock'];
const partOfFolio = ['no-stale-tag', 'mapped-is-initialised-hugetlb', 'flagged-folio-is-initialised'];

export const mteFaultsSuite = suite({
  model: mteFaults,
  properties: [
    noStaleTag,
    noTagLost,
    thpInitialised,
    hugetlbInitialised,
    folioInitialised,
    untaggableRefused,
    sharedRefused,
    locksReleased,
    tagsSurviveSwap,
    ...results,
    whenMapped(
      'block-mapped',
      'A block can be mapped.',
      ({ block }) => block,
      ({ backing }) => backing !== 'hugetlb-cont',
    ),
    whenMapped('page-read-only', 'A page can be mapped read-only.', ({ pages }) => pages.some(({ s2 }) => s2 === 'ro')),
    whenMapped('tags-stored', 'The guest can store tags.', ({ pages }) => pages.some(({ tags }) => tags === 'guest')),
    whenMapped(
      'tags-saved',
      'Tags of the guest can be swapped out.',
      ({ pages }) => pages.some(({ swap }) => swap === 'guest'),
      isThp,
    ),
    whenMapped(
      'device-mapped',
      'Device memory can be mapped.',
      ({ vma, pages }) => vma === 'device' && pages.some(({ s2 }) => s2 !== 'none'),
    ),
  ],
  violates: {
    'change-pte-maps': ['no-stale-tag', 'mapped-is-initialised', 'tags-survive-swap'],
    'change-pte-sanitises': [],
    'change-pte-defers': [],
    untaggable: ['untaggable-refused'],
    'shared-slot': ['shared-refused'],
    v16: lockKept,
    '5.14-first': lockKept,
    '5.14': [],
    '7.2-thp': ['no-stale-tag', 'no-tag-lost', 'mapped-is-initialised', 'tags-survive-swap'],
    '7.2-hugetlb': partOfFolio,
    '7.2-hugetlb-cont': partOfFolio,
    'hugetlb-l1-fixed': partOfFolio,
    'hugetlb-fixed': [],
    'hugetlb-cont-fixed': [],
    fixed: [],
  },
});
