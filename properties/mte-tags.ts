import { mteTags } from '../model/mte-tags/model.ts';
import { initialises, loads, waitsForFlag } from '../model/mte-tags/programs.ts';
import { isWritten, type State, usesPageLock } from '../model/mte-tags/state.ts';
import { everyResult } from '../src/spec/common.ts';
import {
  invariant,
  progress,
  reachable,
  reachableStep,
  type Settings,
  stepProperty,
  suite,
} from '../src/spec/index.ts';

/** Broken by every protocol that lets the flag be seen before the tags: set-first, and under weak memory all without a barrier. */
export const noStaleTag = stepProperty(mteTags, {
  id: 'no-stale-tag',
  statement: 'Nobody loads a tag from before the page was initialised.',
  source: 'M1: the review of v13 4/8',
  holds: ({ before, command: { kind, thread } }) =>
    kind !== 'run' || !loads.includes(before.at[thread]!) || before.tags !== 'stale' || `${thread} loads a stale tag`,
});

/** Broken by two initialisers: the second one clears after the first one's guest has stored a tag. */
export const noTagLost = stepProperty(mteTags, {
  id: 'no-tag-lost',
  statement: 'A tag that a user of the page has stored is not overwritten by initialisation.',
  source: 'M2: the review of v13 4/8',
  holds: ({ before, command: { thread }, outcome }) =>
    !isWritten(before.tags) || isWritten(outcome.state.tags) || `${thread} clears the tags of ${before.tags}`,
});

/** Broken by set-first, by v13 under weak memory, and by a flag without tags (c4c597f1b367). */
export const flagMeansTags = invariant(mteTags, {
  id: 'flag-means-tags',
  statement: 'PG_mte_tagged is seen only where initialised tags are seen.',
  source: 'M3: e059853d14ca',
  holds: ({ tagged, tags }) => !tagged || tags !== 'stale' || 'the flag is set, the tags are stale',
});

/** Broken by paths that set only the flag, beside one that takes the lock bit. */
export const flagMeansLock = invariant(mteTags, {
  id: 'flag-means-lock',
  statement: 'A page with PG_mte_tagged has PG_mte_lock as well.',
  source: "M3': d77e59a8fccd",
  applies: usesPageLock,
  holds: ({ tagged, locked }) => !tagged || locked || 'the flag is set, the lock bit is not',
});

/** Whether a thread waits for a flag that nobody is about to set. */
const waitsInVain = ({ at, tagged }: State): boolean => {
  if (tagged) return false;
  const steps = Object.values(at);
  return steps.some((step) => waitsForFlag.includes(step)) && !steps.some((step) => initialises.includes(step));
};

/** Broken by COPY_TAGS, whose own buffer fault waits for the flag (L3), and by a winner that does not set the flag. */
export const flagIsOnItsWay = invariant(mteTags, {
  id: 'flag-is-on-its-way',
  statement: 'While a thread waits for PG_mte_tagged, another one is about to set it.',
  source: 'M4',
  applies: usesPageLock,
  holds: (state) => !waitsInVain(state) || 'the flag is waited for, and nobody is about to set it',
});

/** `flag-is-on-its-way` for threads that spin: waiting in vain is then an endless loop. */
export const waitingEnds = progress(mteTags, {
  id: 'waiting-ends',
  statement: 'No thread spins for ever on a flag that nobody is about to set.',
  source: 'M4',
  applies: (switches) => usesPageLock(switches) && switches.waiting === 'spins',
  waiting: waitsInVain,
  own: ({ kind }) => kind === 'run',
});

/** Broken by a seeded fault in the tests. */
export const locksReleased = invariant(mteTags, {
  id: 'locks-released',
  statement: 'A thread that is done, or whose guest runs, holds no lock.',
  source: 'M7',
  holds: ({ at, locks }) => {
    const held = Object.entries(locks).find(([, thread]) => thread !== 'free' && outside(at[thread]!));
    return !held || `${held[1]} has left with ${held[0]}`;
  },
});

const outside = (step: string) => step === 'done' || step === 'STG' || loads.includes(step);

const weak = ({ memory, page }: Settings) => memory === 'weak' && page === 'fresh';
const results = everyResult(mteTags, { run: ['ok'], drain: [['ok', weak]] });

const oneSharesWithAnother = ({ first }: Settings) => !String(first).startsWith('copy-tags');

/** Everything that is proved of loads is proved of loads that happen. */
const loadsSee = ['zero', 'written'].map((seen) =>
  reachableStep(mteTags, {
    id: `load-sees-${seen}-tags`,
    statement: `A tag load can see ${seen} tags.`,
    source: 'witness',
    applies: ({ sharing, first, page }) =>
      seen === 'zero' ? page !== 'no-tags' : sharing !== 'read-only' && oneSharesWithAnother({ first: first! }),
    when: ({ before, command: { kind, thread } }) =>
      kind === 'run' &&
      loads.includes(before.at[thread]!) &&
      (seen === 'zero' ? before.tags === 'zero' : isWritten(before.tags)),
  }),
);

export const allThreadsEnd = reachable(mteTags, {
  id: 'all-threads-end',
  statement: 'All threads can come to their end.',
  source: 'witness',
  applies: ({ protocol }) => protocol !== 'page-lock-forgets',
  when: ({ at }) => Object.values(at).every((step) => step === 'done'),
});

export const contention = reachable(mteTags, {
  id: 'contention',
  statement: 'A thread can come to wait for the flag while another one initialises.',
  source: 'witness',
  applies: ({ protocol, page, first }) =>
    String(protocol).startsWith('page-lock') && page === 'fresh' && first !== 'unsanitised',
  when: ({ at, tagged }) => !tagged && Object.values(at).some((step) => waitsForFlag.includes(step)),
});

/** The properties that break where a thread can see the flag before the tags: it then maps the page. */
const tooEarly = ['no-stale-tag', 'no-tag-lost', 'flag-means-tags'];
/** The properties of `tooEarly` that break even if nobody has written tags yet. */
const nobodyWrites = ['no-stale-tag', 'flag-means-tags'];

export const mteTagsSuite = suite({
  model: mteTags,
  properties: [
    noStaleTag,
    noTagLost,
    flagMeansTags,
    flagMeansLock,
    flagIsOnItsWay,
    waitingEnds,
    locksReleased,
    ...results,
    ...loadsSee,
    allThreadsEnd,
    contention,
  ],
  violates: {
    'set-first': tooEarly,
    split: tooEarly,
    'split-barrier': ['no-tag-lost'],
    'global-lock': ['flag-means-tags'],
    'global-fast': tooEarly,
    'global-fast-barrier': [],
    'page-lock': [],
    'page-lock-relaxed': tooEarly,
    'alloc-tags': [],
    'ksm-set-first': nobodyWrites,
    'ksm-split': nobodyWrites,
    'ksm-split-barrier': [],
    'split-one-writer': tooEarly,
    'vcpus-split': ['flag-means-tags'],
    'vcpus-parallel-split': tooEarly,
    'vcpus-parallel': [],
    'vmm-first-split': tooEarly,
    'vmm-first-global': tooEarly,
    'vmm-global-split': tooEarly,
    'vmm-page-lock-split': ['no-tag-lost', 'flag-means-tags', 'flag-means-lock'],
    'change-pte-maps': ['no-stale-tag', 'no-tag-lost'],
    'change-pte-flagged': [],
    'change-pte-defers': [],
    'flag-without-lock': ['no-tag-lost', 'flag-means-lock'],
    'flag-without-tags': nobodyWrites,
    'winner-forgets': ['flag-is-on-its-way', 'no-deadlock'],
    'winner-forgets-spin': ['flag-is-on-its-way', 'waiting-ends'],
    'copy-tags': ['flag-is-on-its-way', 'no-deadlock'],
    'copy-tags-spin': ['flag-is-on-its-way', 'waiting-ends'],
    'copy-tags-fixed': [],
    'copy-tags-fixed-spin': [],
  },
});
