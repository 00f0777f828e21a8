import { type Config, type Domain, enumOf, flag, type Settings, type Threaded } from '../../src/spec/index.ts';

export const config = {
  actors: { default: 2, min: 1, max: 3, scriptMax: 64, doc: 'threads that initialise and use the page' },
};

/** How a path makes the tags of a page usable before it maps the page. */
export const protocols = [
  'page-lock',
  'set-first',
  'split',
  'split-barrier',
  'global-lock',
  'global-lock-fast',
  'global-lock-fast-barrier',
  'page-lock-relaxed',
  'page-lock-forgets',
  'unsanitised',
  'deferred',
] as const;
export type Protocol = (typeof protocols)[number];

export const switches = {
  protocol: {
    doc: 'sanitise_mte_tags() of a guest fault, of every actor that `first` does not name',
    values: protocols,
  },
  first: {
    doc: 'the path of the first actor, where it is another one: the VMM maps the page by set_pte_at(), or KVM by change_pte (unsanitised, deferred), or the VMM restores tags by KVM_ARM_MTE_COPY_TAGS',
    values: ['same', ...protocols, 'copy-tags', 'copy-tags-reads-first'],
  },
  memory: {
    doc: 'weak: a write of tags may be seen after later writes of its thread, unless a barrier or a release comes between',
    values: ['weak', 'sc'],
  },
  actors: {
    doc: 'VMs that share the page, or vCPUs of one VM under an exclusive mmu_lock (until 6.1), or in parallel (from 6.2)',
    values: ['vms', 'vcpus', 'vcpus-parallel'],
  },
  sharing: {
    doc: 'which actors may write tags: all, none (KSM), or the first',
    values: ['writable', 'read-only', 'one-writer'],
  },
  page: {
    doc: 'the page at first: as allocated, or initialised with both bits set, or wrongly flagged: without the lock bit, without tags',
    values: ['fresh', 'initialised', 'no-lock-bit', 'no-tags'],
  },
  waiting: { doc: 'how a thread waits for a lock or a bit: it cannot run, or it spins', values: ['blocks', 'spins'] },
} as const;

export type Patch = Settings<typeof switches>;
export type Sizes = Config<typeof config>;

/** The tags of the page: `stale` ones from its last use, `zero`, or written by an actor. */
export type Tags = string;

export interface State extends Threaded<Tags> {
  /** The tags in memory. */
  readonly tags: Tags;
  /** PG_mte_tagged. */
  readonly tagged: boolean;
  /** PG_mte_lock. */
  readonly locked: boolean;
}

/** The actors by name: `vmm` is user space with a path of its own, `vm1` a guest of VM 1, `vcpu1` one of a VM's vCPUs. */
export const actorNames = ({ actors }: Sizes, { actors: kind, first }: Patch): string[] =>
  Array.from({ length: actors }, (_, i) => {
    if (i === 0 && first !== 'same' && first !== 'unsanitised' && first !== 'deferred') return 'vmm';
    return `${kind === 'vms' ? 'vm' : 'vcpu'}${i + 1}`;
  });

export const tagsDomain = (names: readonly string[]): Domain<Tags> => enumOf('stale', 'zero', ...names);

/** Whether some path goes by PG_mte_lock. */
export const usesPageLock = ({ protocol, first }: Settings): boolean =>
  [protocol, first].some((path) => /^page-lock|^deferred|^copy-tags/.test(String(path)));

/** Whether the tags are somebody's own. */
export const isWritten = (tags: Tags): boolean => tags !== 'stale' && tags !== 'zero';

export const pageFields = (names: readonly string[]) => ({ tags: tagsDomain(names), tagged: flag, locked: flag });

export const initialPage = ({ page }: Patch) => ({
  tags: page === 'initialised' || page === 'no-lock-bit' ? 'zero' : 'stale',
  tagged: page !== 'fresh',
  locked: page === 'initialised' || page === 'no-tags',
});
