import type { AtomicStep, Program } from '../../src/spec/index.ts';
import type { Patch, Protocol, State, Tags } from './state.ts';

type Step = AtomicStep<State, Tags>;
type Steps = Program<State, Tags>;

/** Steps that more than one program has. Their names are what traces show, so they are the kernel's. */
const clearTags: Step = (state, self) => self.next(state, (draft) => self.write(draft, 'zero')); // mte_clear_page_tags()
const writeBarrier: Step = (state, self) => self.next(state, (draft) => self.barrier(draft)); // smp_wmb()
const setTagged: Step = (state, self) =>
  self.next(state, (draft) => {
    draft.tagged = true;
  });
const lockTags: Step = (state, self) => self.acquire(state, 'tag_sync_lock');
const unlockTags: Step = (state, self) => self.release(state, 'tag_sync_lock');
const unlessTagged =
  (otherwise: string): Step =>
  (state, self) =>
    state.tagged ? self.goto(otherwise, state) : self.next(state);

/** try_page_mte_tagging(): the first to set the lock bit goes on to initialise, the others wait for the flag. */
const tryPageMteTagging: Step = (state, self) =>
  state.locked
    ? self.goto('wait for PG_mte_tagged', state)
    : self.next(state, (draft) => {
        draft.locked = true;
      });
const waitForTagged: Step = (state, self) =>
  state.tagged ? self.next(state) : self.wait(state, 'PG_mte_tagged is not set');

/** set_page_mte_tagged() from d77e59a8fccd on: the flag is set with release semantics. */
const setTaggedRelease: Step = (state, self) =>
  self.goto('map page', state, (draft) => {
    self.barrier(draft);
    draft.tagged = true;
  });

const pageLock = (setsFlag: Steps): Steps => ({
  'test_and_set PG_mte_lock': tryPageMteTagging,
  'clear tags': clearTags,
  ...setsFlag,
  'wait for PG_mte_tagged': waitForTagged,
});

const globalLock = (barrier: Steps): Steps => ({
  'lock tag_sync_lock': lockTags,
  'test PG_mte_tagged': unlessTagged('unlock tag_sync_lock'),
  'clear tags': clearTags,
  ...barrier,
  'set PG_mte_tagged': setTagged,
  'unlock tag_sync_lock': unlockTags,
});

const fastTest: Steps = { 'test PG_mte_tagged unlocked': unlessTagged('map page') };

/** What each protocol does before the page is mapped. In all of them the page is mapped at the step `map page`. */
const initialise: Readonly<Record<Protocol, Steps>> = {
  // v9: whoever sets the flag clears the tags, afterwards.
  'set-first': {
    'test_and_set PG_mte_tagged': (state, self) =>
      state.tagged ? self.goto('map page', state) : setTagged(state, self),
    'clear tags': clearTags,
  },
  // v13: sanitise_mte_tags() as posted.
  split: {
    'test PG_mte_tagged': unlessTagged('map page'),
    'clear tags': clearTags,
    'set PG_mte_tagged': setTagged,
  },
  'split-barrier': {
    'test PG_mte_tagged': unlessTagged('map page'),
    'clear tags': clearTags,
    smp_wmb: writeBarrier,
    'set PG_mte_tagged': setTagged,
  },
  // v14 and v15: tag_sync_lock.
  'global-lock': globalLock({}),
  'global-lock-fast': { ...fastTest, ...globalLock({}) },
  'global-lock-fast-barrier': { ...fastTest, ...globalLock({ smp_wmb: writeBarrier }) },
  // 6.2: PG_mte_lock, d77e59a8fccd.
  'page-lock': pageLock({ 'set PG_mte_tagged': setTaggedRelease }),
  'page-lock-relaxed': pageLock({
    'set PG_mte_tagged': (state, self) =>
      self.goto('map page', state, (draft) => {
        draft.tagged = true;
      }),
  }),
  'page-lock-forgets': pageLock({ 'leave without the flag': (state, self) => self.goto('map page', state) }),
  // kvm_set_spte_gfn() before v13.
  unsanitised: {},
  // kvm_set_spte_gfn() from 2dbf12ae132c on: a page without the flag is left to the next fault, which sanitises it.
  deferred: {
    'change_pte: test PG_mte_tagged': unlessTagged('map page'),
    ...pageLock({ 'set PG_mte_tagged': setTaggedRelease }),
  },
};

/** The stage-2 entry, or the VMM's, is written with a store-release. */
const mapPage: Steps = { 'map page': writeBarrier };

const lockMmu: Steps = { 'lock mmu_lock': (state, self) => self.acquire(state, 'mmu_lock') };
const unlockMmu: Steps = { 'unlock mmu_lock': (state, self) => self.release(state, 'mmu_lock') };

/** The mapped page is used: the load sees the tags that memory has, the store changes them. */
const loadTag: Step = (state, self) => self.next(state);
const storeTag: Step = (state, self) =>
  self.next(state, (draft) => {
    draft.tags = self.name;
  });
const use = (writes: boolean): Steps =>
  writes ? { LDG: loadTag, STG: storeTag, 'LDG again': loadTag } : { LDG: loadTag, 'LDG again': loadTag };

/** The steps that load tags of the mapped page. */
export const loads: readonly string[] = ['LDG', 'LDG again'];

/** Where a thread has the page mapped. COPY_TAGS ends without a mapping, but not before the tags are written. */
export const usesOfPage: readonly string[] = ['unlock mmu_lock', ...loads, 'STG', 'done'];

/** Where a thread waits for the flag. */
export const waitsForFlag: readonly string[] = ['wait for PG_mte_tagged', 'buffer fault: wait for PG_mte_tagged'];

/** Where a thread is on its way to set the flag, and does not wait for it. */
export const initialises: readonly string[] = [
  'clear tags',
  'smp_wmb',
  'set PG_mte_tagged',
  'leave without the flag',
  'buffer fault: test_and_set PG_mte_lock',
  'buffer fault: clear tags',
  'buffer fault: set PG_mte_tagged',
  'write tags',
  'copied: set PG_mte_tagged',
];

/** The VMM reads its buffer, which lies in the page itself, is mapped PROT_MTE and is not present: set_pte_at() initialises it. */
const bufferFault = (then: string): Steps => ({
  'buffer fault: test_and_set PG_mte_lock': (state, self) =>
    state.locked
      ? self.goto('buffer fault: wait for PG_mte_tagged', state)
      : self.next(state, (draft) => {
          draft.locked = true;
        }),
  'buffer fault: clear tags': clearTags,
  'buffer fault: set PG_mte_tagged': (state, self) =>
    self.goto(then, state, (draft) => {
      self.barrier(draft);
      draft.tagged = true;
    }),
  'buffer fault: wait for PG_mte_tagged': (state, self) =>
    state.tagged ? self.goto(then, state) : self.wait(state, 'PG_mte_tagged is not set'),
});

const lockForCopy: Step = (state, self) =>
  state.locked
    ? self.goto('copy: wait for PG_mte_tagged', state)
    : self.goto('buffer fault: test_and_set PG_mte_lock', state, (draft) => {
        draft.locked = true;
      });

/** kvm_vm_ioctl_mte_copy_tags() into the page: takes the lock bit, copies, sets the flag. */
const copyTags: Readonly<Record<'copy-tags' | 'copy-tags-reads-first', Steps>> = {
  'copy-tags': {
    'copy: test_and_set PG_mte_lock': lockForCopy,
    'copy: wait for PG_mte_tagged': waitForTagged,
    ...bufferFault('write tags'),
    'write tags': (state, self) => self.next(state, (draft) => self.write(draft, self.name)),
    'copied: set PG_mte_tagged': (state, self) =>
      self.next(state, (draft) => {
        self.barrier(draft);
        draft.tagged = true;
      }),
  },
  'copy-tags-reads-first': {
    ...bufferFault('copy: test_and_set PG_mte_lock'),
    'copy: test_and_set PG_mte_lock': (state, self) =>
      state.locked
        ? self.next(state)
        : self.goto('write tags', state, (draft) => {
            draft.locked = true;
          }),
    'copy: wait for PG_mte_tagged': waitForTagged,
    'write tags': (state, self) => self.next(state, (draft) => self.write(draft, self.name)),
    'copied: set PG_mte_tagged': (state, self) =>
      self.next(state, (draft) => {
        self.barrier(draft);
        draft.tagged = true;
      }),
  },
};

/** The program of each actor: from the fault, or the call, to the last use of the page. */
export const programsOf = (names: readonly string[], patch: Patch): Record<string, Steps> => {
  const exclusive = patch.actors === 'vcpus';
  return Object.fromEntries(
    names.map((name, i) => {
      const path = i === 0 && patch.first !== 'same' ? patch.first : patch.protocol;
      if (path === 'copy-tags' || path === 'copy-tags-reads-first') return [name, copyTags[path]];
      const writes = patch.sharing === 'writable' || (patch.sharing === 'one-writer' && i === 0);
      return [
        name,
        {
          ...(exclusive && lockMmu),
          ...initialise[path],
          ...mapPage,
          ...(exclusive && unlockMmu),
          ...use(writes),
        },
      ];
    }),
  );
};
