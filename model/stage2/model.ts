import { match } from 'ts-pattern';
import {
  defineModel,
  disabled,
  type Errno,
  type Outcome,
  ok,
  refuse,
  type Settings,
  update,
} from '../../src/spec/index.ts';
import { mkyoung, relaxPerms, testClearYoung, wrprotect } from './attributes.ts';
import { classify, names } from './classes.ts';
import { draw } from './draw.ts';
import { kvmPgtableStage2Destroy } from './free.ts';
import { type Content, kvmPgtableStage2Map, type MapCode, make, tryBreak } from './map.ts';
import { kvmPgtableStage2Split } from './split.ts';
import {
  type Command,
  commandDomain,
  config,
  initialState,
  namedPages,
  type Pages,
  pagesNamed,
  type Sizes,
  type State,
  stateDomain,
} from './state.ts';
import { afterFree, afterReplacement, afterTlbi, type Tlb, walked } from './tlb.ts';
import { alignDown, type DraftPage, emptyPage, getLeaf, granuleOf, mostTables, tablesBelow } from './tree.ts';
import { kvmPgtableStage2Unmap } from './unmap.ts';
import type { Pgtable, Visit } from './walk.ts';

const switches = {
  table: { doc: "whose table: a guest's, or the host's identity map under pKVM", values: ['guest', 'host'] },
  walkerLimit: {
    doc: "kvm_pgtable_walk() takes a range's end as exclusive, or as the last page (B28)",
    values: ['exclusive end', 'inclusive end'],
  },
  freeUnlinked: {
    doc: "how often a detached subtree's root is put: once, never (B15), or by the callers as well (B16)",
    values: ['once', 'never', 'twice'],
  },
  outputAddress: {
    doc: "where map takes a leaf's output address from: the walk's position, or a cursor of its own (B14)",
    values: ['from the position', 'a cursor'],
  },
  rangeHint: {
    doc: 'the level that a range flush names: none, or 0, which once meant none (B22)',
    values: ['unknown', '0'],
  },
  tableTlbi: {
    doc: "unmap's TLBI for a zapped table: at once and for all levels, with the level of a leaf (B21), or deferred (B20)",
    values: ['at once', 'leaf level', 'deferred'],
  },
  deferTlbi: {
    doc: 'unmap flushes leaves one by one, or once at its end, as with FEAT_TLBIRANGE and FWB',
    values: ['at the end', 'one by one'],
  },
  relaxHint: {
    doc: 'the level of the TLBI of relax_perms() after -EAGAIN: unknown, stack contents (B17), or unknown cut to 8 bits (B19)',
    values: ['unknown', 'uninitialised', 'truncated'],
  },
  relaxX: {
    doc: 'relax_perms() without X leaves execute permission as it is, or takes it away (B18)',
    values: ['left', 'cleared'],
  },
  breakBeforeMake: {
    doc: 'a valid entry is broken before another is made, or overwritten',
    values: ['yes', 'no'],
  },
  setOwner: {
    doc: 'set_owner() uses pages only, or blocks where they fit, as in 5.13',
    values: ['pages', 'blocks'],
  },
  forcePte: {
    doc: 'the host maps pages with other than default permissions by pages only, or by blocks',
    values: ['yes', 'no'],
  },
  countedInvalid: {
    doc: 'unmap on an annotation: clears it (mainline), refuses with -EPERM, or skips it',
    values: ['clears', 'refuses', 'skips'],
  },
} as const;

type Patch = Settings<typeof switches>;

interface Context {
  readonly sizes: Sizes;
  readonly patch: Patch;
}

const mapCodeOf = (patch: Patch): MapCode => ({
  walkerLimit: patch.walkerLimit,
  freeUnlinked: patch.freeUnlinked,
  breakBeforeMake: patch.breakBeforeMake === 'yes',
  rangeHint: patch.rangeHint === '0' ? 0 : 'unknown',
  outputAddress: patch.outputAddress,
});

/** A call's own part of the machine: the state it changes, and pages that it has neither given back nor put into the tree. */
interface Call {
  readonly pgt: Pgtable;
  readonly unaccounted: () => number;
}

interface Draft {
  root: DraftPage;
  lost: number;
  tlb: Tlb;
}

const callOn = (draft: Draft, sizes: Sizes, watched: number, memcache: number): Call => {
  let cached = memcache;
  let unaccounted = 0;
  /** Whether the entry of this level that holds `page` is on the way to the watched page; if not, `draft.tlb` need not be read. */
  const concerns = (page: number, level: number) =>
    alignDown(page, granuleOf(level, sizes)) === alignDown(watched, granuleOf(level, sizes));
  const held = (tlb: Tlb) => {
    if (tlb !== draft.tlb) draft.tlb = tlb;
  };
  return {
    unaccounted: () => unaccounted,
    pgt: {
      geometry: sizes,
      root: draft.root,
      alloc: (pages) => {
        if (cached < pages) return false;
        cached -= pages;
        unaccounted += pages;
        return true;
      },
      linked: (pages) => {
        unaccounted -= pages;
      },
      free: (at, level) => {
        unaccounted -= 1;
        if (concerns(at, level)) held(afterFree(draft.tlb, level));
      },
      tlbiIpa: (page, hint) => {
        if (hint === 'unknown' || concerns(page, hint)) held(afterTlbi(draft.tlb, watched, page, 1, hint, sizes));
      },
      tlbiRange: (page, size, hint) => held(afterTlbi(draft.tlb, watched, page, size, hint, sizes)),
      replacedWithoutBreak: (at, level) => {
        if (concerns(at, level)) held(afterReplacement(draft.tlb, level));
      },
    },
  };
};

/** Runs one function of the page-table code, with `memcache` pages for tables. An error leaves changed what was changed. */
const call = (
  state: State,
  sizes: Sizes,
  memcache: number,
  run: (pgt: Pgtable) => Errno | undefined,
): Outcome<State> => {
  let error: Errno | undefined;
  const after = update(state, (draft) => {
    const { pgt, unaccounted } = callOn(draft, sizes, sizes.watched, memcache);
    error = run(pgt);
    // One page too few or too many: more of them say no more.
    if (unaccounted() !== 0) draft.lost = Math.max(-1, Math.min(1, draft.lost + unaccounted()));
  });
  return error === undefined ? ok(after) : refuse(after, error, reasons[error] ?? '');
};

const reasons: Partial<Record<Errno, string>> = {
  EAGAIN: 'nothing to change here, or another CPU changed it',
  ENOMEM: 'no page for a table',
  EPERM: 'annotated with another owner',
  ERANGE: 'the walk ends before this address',
};

const leafWith = (prot: 'r' | 'rwx'): Content => ({ kind: 'leaf', w: prot === 'rwx', x: prot === 'rwx' });

/** Some CPU walks the table for the watched page and holds what it found. */
const cpuWalk = (state: State, caches: string, { sizes }: Context): Outcome<State> => {
  if (state.tlb.kind !== 'empty') return disabled(state, 'one thing is held already');
  const held = walked(state.root, sizes.watched, caches === 'leaf' ? 'leaf' : Number(caches.at(-1)), sizes);
  if (!held) return disabled(state, 'there is nothing of the kind to hold');
  return ok(
    update(state, (draft) => {
      draft.tlb = held;
    }),
  );
};

/** Maps a range, for a guest fault or, in the host's table, for a host fault that found the range free of annotations. */
const map = (
  state: State,
  { addr, size }: Pages,
  prot: 'r' | 'rwx',
  memcache: number,
  { sizes, patch }: Context,
): Outcome<State> => {
  if (patch.table === 'host' && hasAnnotation(state, { addr, size }, sizes))
    return disabled(state, 'the caller maps no range with an annotation in it');
  const forcePte = patch.table === 'host' && patch.forcePte === 'yes' && prot !== 'rwx';
  return call(state, sizes, memcache, (pgt) =>
    kvmPgtableStage2Map(pgt, { addr, size, content: leafWith(prot), forcePte }, mapCodeOf(patch)),
  );
};

/**
 * Maps a block for one vCPU while another, for which dirty logging is on, puts a table in the block's place right after it was
 * made, to map a page there. Kernel: two stage-2 faults in parallel, since 6.2.
 */
const mapRaced = (state: State, { addr, size }: Pages, { sizes, patch }: Context): Outcome<State> => {
  let raced = false;
  const race = (pgt: Pgtable) => (visit: Visit) => {
    if (raced || !pgt.alloc(1)) return;
    raced = true;
    const theirs = { ...visit, old: visit.page.entries[visit.index]! };
    tryBreak(pgt, theirs, mapCodeOf(patch));
    make(pgt, theirs, { kind: 'table', ...emptyPage(sizes) });
  };
  const outcome = call(state, sizes, mostTables(sizes), (pgt) =>
    kvmPgtableStage2Map(
      pgt,
      { addr, size, content: leafWith('rwx'), forcePte: false, race: race(pgt) },
      mapCodeOf(patch),
    ),
  );
  return raced ? outcome : disabled(state, 'no block is made, or no page is left for the other vCPU');
};

/** Kernel: kvm_pgtable_stage2_set_owner(), and kvm_pgtable_stage2_annotate() since 7.1. */
const setOwner = (
  state: State,
  { addr, size }: Pages,
  to: 'host' | 'hyp',
  memcache: number,
  { sizes, patch }: Context,
): Outcome<State> => {
  const content: Content = to === 'host' ? { kind: 'zero' } : { kind: 'annotated', owner: to };
  return call(state, sizes, memcache, (pgt) =>
    kvmPgtableStage2Map(pgt, { addr, size, content, forcePte: patch.setOwner === 'pages' }, mapCodeOf(patch)),
  );
};

const unmap = (state: State, { addr, size }: Pages, { sizes, patch }: Context): Outcome<State> =>
  call(state, sizes, 0, (pgt) =>
    kvmPgtableStage2Unmap(pgt, addr, size, {
      walkerLimit: patch.walkerLimit,
      countedInvalid: patch.countedInvalid,
      deferTlbi: patch.deferTlbi === 'at the end',
      tableTlbi: patch.tableTlbi,
    }),
  );

/** `lost`: another vCPU changes the entry before it can be broken. */
const split = (
  state: State,
  { addr, size }: Pages,
  memcache: number,
  lost: boolean,
  { sizes, patch }: Context,
): Outcome<State> =>
  call(state, sizes, memcache, (pgt) => kvmPgtableStage2Split(pgt, addr, size, memcache, lost, mapCodeOf(patch)));

/** The guest is gone: no CPU walks its table or holds anything of it. What the walk does not put is lost with the root. */
const destroy = (state: State, { sizes, patch }: Context): Outcome<State> =>
  call(state, sizes, 0, (pgt) => {
    pgt.tlbiRange(0, Number.POSITIVE_INFINITY, 'unknown');
    const error = kvmPgtableStage2Destroy(pgt, patch.walkerLimit);
    pgt.linked(-tablesBelow(pgt.root));
    Object.assign(pgt.root, emptyPage(sizes));
    return error;
  });

/** Whether an annotation covers a page of the range. */
const hasAnnotation = ({ root }: State, { addr, size }: Pages, sizes: Sizes): boolean => {
  for (let page = addr; page < addr + size; ) {
    const { pte, level, at } = getLeaf(root, page, sizes);
    if (pte.kind === 'annotated') return true;
    page = at + granuleOf(level, sizes);
  }
  return false;
};

export const stage2 = defineModel({
  id: 'stage2',
  title: 'stage-2 page-table walkers',
  sources: [
    'arch/arm64/kvm/hyp/pgtable.c, 5.13 to 7.2',
    'the fixes f6a27d6dc51b, c60d847be7b8, 1f0f4a2ef7a5, f62d4c3eb687, 36e008323926, 0f0ff097bf77, 100baf018489, 8d187d4b33c2, f35c08c09250 and bc9e4ec6e988',
  ],
  config,
  switches,
  environment: ['table'],
  variants: {
    guest: { doc: "a guest's table, 7.2", switches: {} },
    'guest-b14': { doc: 'before 1f0f4a2ef7a5', switches: { outputAddress: 'a cursor' } },
    'guest-b15': { doc: 'before f6a27d6dc51b', switches: { freeUnlinked: 'never' } },
    'guest-b16': { doc: 'f6a27d6dc51b without c60d847be7b8', switches: { freeUnlinked: 'twice' } },
    'guest-b17': { doc: 'before 100baf018489', switches: { relaxHint: 'uninitialised' } },
    'guest-b18': { doc: 'before f35c08c09250', switches: { relaxX: 'cleared' } },
    'guest-b19': { doc: '100baf018489 without 8d187d4b33c2', switches: { relaxHint: 'truncated' } },
    'guest-b20': { doc: 'before f62d4c3eb687', switches: { tableTlbi: 'deferred' } },
    'guest-b21': { doc: 'before 36e008323926', switches: { tableTlbi: 'leaf level' } },
    'guest-b22': { doc: 'before 0f0ff097bf77', switches: { rangeHint: '0' } },
    'guest-b28': { doc: 'with bc9e4ec6e988', switches: { walkerLimit: 'inclusive end' } },
    'guest-no-break': {
      doc: 'without break-before-make; no kernel did this',
      switches: { breakBeforeMake: 'no' },
    },
    host: { doc: "the host's table, unmap as in mainline", switches: { table: 'host' } },
    'host-refuses': {
      doc: 'unmap refuses annotations, as in the MMIO series v4',
      switches: { table: 'host', countedInvalid: 'refuses' },
    },
    'host-skips': { doc: 'unmap skips annotations', switches: { table: 'host', countedInvalid: 'skips' } },
    'host-5.13': {
      doc: 'annotations by blocks, as in 5.13; unmap skips them',
      switches: { table: 'host', countedInvalid: 'skips', setOwner: 'blocks' },
    },
    'host-no-force-pte': {
      doc: 'any permissions by blocks; unmap skips annotations',
      switches: { table: 'host', countedInvalid: 'skips', forcePte: 'no' },
    },
  },
  defaultVariant: 'guest',
  legend: () =>
    'a range is named by its first and last page; map_short and set_owner_short, which map rwx and annotate hyp, have one page for tables',
  kernel: {
    map: 'kvm_pgtable_stage2_map()',
    map_short: 'kvm_pgtable_stage2_map()',
    map_raced: 'kvm_pgtable_stage2_map(), two faults in parallel',
    unmap: 'kvm_pgtable_stage2_unmap()',
    wrprotect: 'kvm_mmu_wp_memory_region()',
    relax_perms: 'kvm_pgtable_stage2_relax_perms()',
    mkyoung: 'kvm_pgtable_stage2_mkyoung()',
    test_clear_young: 'kvm_pgtable_stage2_test_clear_young()',
    split: 'kvm_pgtable_stage2_split()',
    split_lost: 'kvm_pgtable_stage2_split()',
    destroy: 'kvm_pgtable_stage2_destroy()',
    set_owner: 'kvm_pgtable_stage2_set_owner()',
    set_owner_short: 'kvm_pgtable_stage2_set_owner()',
  },
  draw,
  classify,
  pages: (sizes) => Array.from({ length: namedPages(sizes) }, (_, page) => page),
  names,
  // After what may not happen, nothing that follows says more.
  done: ({ tlb }: State) => tlb.kind === 'hazard',
  system: (sizes, patch) => ({
    state: stateDomain(sizes),
    command: commandDomain(sizes, patch.table),
    initial: initialState(sizes),
    step: (state: State, command: Command) => {
      if (state.tlb.kind === 'hazard') return disabled(state, 'what may not happen has happened');
      const context = { sizes, patch };
      const enough = mostTables(sizes);
      const attributes = { relaxHint: patch.relaxHint, relaxKeepsX: patch.relaxX === 'left' };
      return match(command)
        .with({ kind: 'cpu_walk' }, ({ caches }) => cpuWalk(state, caches, context))
        .with({ kind: 'map' }, ({ pages, prot }) => map(state, pagesNamed(pages), prot, enough, context))
        .with({ kind: 'map_short' }, ({ pages }) => map(state, pagesNamed(pages), 'rwx', 1, context))
        .with({ kind: 'map_raced' }, ({ pages }) => mapRaced(state, pagesNamed(pages), context))
        .with({ kind: 'set_owner' }, ({ pages, owner }) => setOwner(state, pagesNamed(pages), owner, enough, context))
        .with({ kind: 'set_owner_short' }, ({ pages }) => setOwner(state, pagesNamed(pages), 'hyp', 1, context))
        .with({ kind: 'unmap' }, ({ pages }) => unmap(state, pagesNamed(pages), context))
        .with({ kind: 'wrprotect' }, ({ pages }) => {
          const { addr, size } = pagesNamed(pages);
          return call(state, sizes, 0, (pgt) => wrprotect(pgt, addr, size));
        })
        .with({ kind: 'relax_perms' }, ({ page, adds, lost }) =>
          call(state, sizes, 0, (pgt) => relaxPerms(pgt, page, adds, lost, attributes)),
        )
        .with({ kind: 'mkyoung' }, ({ page }) => call(state, sizes, 0, (pgt) => mkyoung(pgt, page)))
        .with({ kind: 'test_clear_young' }, ({ page, mkold }) =>
          call(state, sizes, 0, (pgt) => {
            testClearYoung(pgt, page, mkold);
            return undefined;
          }),
        )
        .with({ kind: 'split' }, ({ pages, memcache }) => split(state, pagesNamed(pages), memcache, false, context))
        .with({ kind: 'split_lost' }, ({ pages }) => split(state, pagesNamed(pages), enough, true, context))
        .with({ kind: 'destroy' }, () => destroy(state, context))
        .exhaustive();
    },
  }),
});
