import { match } from 'ts-pattern';
import {
  allDone,
  defineModel,
  record,
  type ThreadCommand,
  threadLane,
  threads,
  variant,
} from '../../src/spec/index.ts';
import { classify } from './classes.ts';
import { draw } from './draw.ts';
import { programsOf } from './programs.ts';
import {
  actorNames,
  config,
  initialPage,
  type Patch,
  pageFields,
  type Sizes,
  type State,
  switches,
  type Tags,
  tagsDomain,
} from './state.ts';

/** The threads of the model, for its configuration and switches. */
const threadsOf = (sizes: Sizes, patch: Patch) => {
  const names = actorNames(sizes, patch);
  return threads<State, Tags>({
    programs: programsOf(names, patch),
    locks: ['mmu_lock', 'tag_sync_lock'],
    waiting: patch.waiting,
    stores: {
      memory: patch.memory,
      write: tagsDomain(names),
      commit: (draft, tags) => {
        draft.tags = tags;
      },
    },
  });
};

export const mteTags = defineModel({
  id: 'mte-tags',
  title: 'MTE tags of a page, initialised by several at once',
  sources: [
    'KVM: arm64: Introduce MTE VM feature, v13 4/8, and its review (June 2021); v9 to v17',
    'arch/arm64/kvm/mmu.c, sanitise_mte_tags(), and arch/arm64/include/asm/mte.h, 5.14 to 7.2; d77e59a8fccd',
  ],
  config,
  switches,
  environment: ['memory', 'actors', 'sharing', 'page', 'waiting'],
  variants: {
    'set-first': { doc: 'v9: flag set before the tags are cleared', switches: { protocol: 'set-first' } },
    split: { doc: 'v13 as posted: test, clear, set', switches: { protocol: 'split' } },
    'split-barrier': { doc: 'v13 + write barrier before the flag', switches: { protocol: 'split-barrier' } },
    'global-lock': { doc: 'v14, v15: one lock around it', switches: { protocol: 'global-lock' } },
    'global-fast': { doc: 'the lock + unlocked test before it', switches: { protocol: 'global-lock-fast' } },
    'global-fast-barrier': {
      doc: 'the lock + unlocked test + write barrier',
      switches: { protocol: 'global-lock-fast-barrier' },
    },
    'page-lock': { doc: '6.2, d77e59a8fccd: PG_mte_lock', switches: { protocol: 'page-lock' } },
    'page-lock-relaxed': { doc: 'flag set without release', switches: { protocol: 'page-lock-relaxed' } },
    'alloc-tags': { doc: 'v13, page tagged at allocation', switches: { protocol: 'split', page: 'initialised' } },

    'ksm-set-first': { doc: 'v9, nobody writes', switches: { protocol: 'set-first', sharing: 'read-only' } },
    'ksm-split': { doc: 'v13, nobody writes', switches: { protocol: 'split', sharing: 'read-only' } },
    'ksm-split-barrier': {
      doc: 'v13 + write barrier, nobody writes',
      switches: { protocol: 'split-barrier', sharing: 'read-only' },
    },
    'split-one-writer': { doc: 'v13, one of them writes', switches: { protocol: 'split', sharing: 'one-writer' } },
    'vcpus-split': { doc: 'v13, vCPUs, exclusive mmu_lock', switches: { protocol: 'split', actors: 'vcpus' } },
    'vcpus-parallel-split': {
      doc: 'v13, vCPUs, parallel faults (1577cb5823ce)',
      switches: { protocol: 'split', actors: 'vcpus-parallel' },
    },
    'vcpus-parallel': {
      doc: 'PG_mte_lock, vCPUs, parallel faults',
      switches: { protocol: 'page-lock', actors: 'vcpus-parallel' },
    },

    'vmm-first-split': { doc: 'VMM set-first, KVM v13', switches: { first: 'set-first', protocol: 'split' } },
    'vmm-first-global': {
      doc: 'VMM set-first, KVM global lock',
      switches: { first: 'set-first', protocol: 'global-lock' },
    },
    'vmm-global-split': { doc: 'VMM global lock, KVM v13', switches: { first: 'global-lock', protocol: 'split' } },
    'vmm-page-lock-split': { doc: 'VMM PG_mte_lock, KVM v13', switches: { first: 'page-lock', protocol: 'split' } },
    'change-pte-maps': {
      doc: 'change_pte maps unsanitised',
      switches: { first: 'unsanitised', protocol: 'page-lock' },
    },
    'change-pte-flagged': {
      doc: 'the same, of an initialised page',
      switches: { first: 'unsanitised', protocol: 'page-lock', page: 'initialised' },
    },
    'change-pte-defers': {
      doc: '2dbf12ae132c: change_pte leaves it unmapped',
      switches: { first: 'deferred', protocol: 'page-lock' },
    },

    'flag-without-lock': {
      doc: 'the flag is set, the lock bit is not',
      switches: { protocol: 'page-lock', page: 'no-lock-bit' },
    },
    'flag-without-tags': {
      doc: 'both bits set, tags never made (c4c597f1b367)',
      switches: { protocol: 'split', page: 'no-tags' },
    },
    'winner-forgets': {
      doc: 'the lock bit is set, the flag never',
      switches: { protocol: 'page-lock-forgets' },
    },
    'winner-forgets-spin': {
      doc: 'the same, waiters spin',
      switches: { protocol: 'page-lock-forgets', waiting: 'spins' },
    },
    'copy-tags': {
      doc: 'KVM_ARM_MTE_COPY_TAGS from the page itself (L3)',
      switches: { first: 'copy-tags', protocol: 'page-lock' },
    },
    'copy-tags-spin': {
      doc: 'the same, waiters spin',
      switches: { first: 'copy-tags', protocol: 'page-lock', waiting: 'spins' },
    },
    'copy-tags-fixed': {
      doc: 'COPY_TAGS reads the buffer before it locks',
      switches: { first: 'copy-tags-reads-first', protocol: 'page-lock' },
    },
    'copy-tags-fixed-spin': {
      doc: 'the same, waiters spin',
      switches: { first: 'copy-tags-reads-first', protocol: 'page-lock', waiting: 'spins' },
    },
  },
  defaultVariant: 'page-lock',
  legend: () => 'one page; vm, vcpu: a guest fault, then the guest uses the page; vmm: user space on its own path',
  done: (state: State) => allDone(state),
  draw,
  classify,
  lane: (state: State, command: ThreadCommand) => threadLane(state, command),
  system: (sizes, patch) => {
    const running = threadsOf(sizes, patch);
    const names = actorNames(sizes, patch);
    return {
      state: record({ ...running.fields, ...pageFields(names) }),
      command: variant(running.commands),
      initial: { ...running.initial, ...initialPage(patch) },
      step: (state: State, { kind, thread }: ThreadCommand) =>
        match(kind)
          .with('run', () => running.run(state, thread))
          .with('drain', () => running.drain(state, thread))
          .exhaustive(),
    };
  },
});
