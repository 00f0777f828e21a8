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
  warn,
} from '../../src/spec/index.ts';
import { mkyoung, relaxPerms, testClearYoung, wrprotect } from './attributes.ts';
import { classify, names } from './classes.ts';
import { draw } from './draw.ts';
import { kvmPgtableStage2Destroy } from './free.ts';
import {
  type Content,
  createUnlinked,
  kvmPgtableStage2Map,
  type MapCode,
  type MapData,
  make,
  tryBreak,
} from './map.ts';
import { kvmPgtableStage2Split, tablesForPages } from './split.ts';
import {
  type Command,
  commandDomain,
  config,
  initialState,
  type Kind,
  namedPages,
  type Pages,
  pagesNamed,
  type Sizes,
  type State,
  stateDomain,
} from './state.ts';
import { afterFree, afterReplacement, afterTlbi, type Tlb, walked } from './tlb.ts';
import {
  alignDown,
  type DraftPage,
  emptyPage,
  type Found,
  getLeaf,
  granuleOf,
  mostTables,
  pagesOf,
  rootLevel,
  tablesBelow,
} from './tree.ts';
import { kvmPgtableStage2Unmap } from './unmap.ts';
import type { Pgtable, Visit, WalkerCode } from './walk.ts';

const switches = {
  table: { doc: "whose table: a guest's, or the host's identity map under pKVM", values: ['guest', 'host'] },
  walkerLimit: {
    doc: "kvm_pgtable_walk() takes a range's end as exclusive, or as the last page (B28)",
    values: ['exclusive end', 'inclusive end'],
  },
  reread: {
    doc: 'the walker reads an entry again after any callback, or only after those for leaves (before a9f0e3d5a089, when freed tables kept their entries)',
    values: ['after any callback', 'after leaves'],
  },
  freeUnlinked: {
    doc: "free_unlinked() puts the subtree's root, or does not (B15)",
    values: ['put', 'never put'],
  },
  createFailure: {
    doc: 'create_unlinked(), when it fails, leaves putting the root to free_unlinked(), or puts it too (B16)',
    values: ['leaves it', 'puts too'],
  },
  outputAddress: {
    doc: "where map takes a leaf's output address from: the walk's position, or a cursor of its own (B14)",
    values: ['from the position', 'a cursor'],
  },
  rangeHint: {
    doc: 'the level that every range TLBI names: none, or 0, which once meant none (B22)',
    values: ['unknown', '0'],
  },
  tableTlbi: {
    doc: "unmap's TLBI for a zapped table: at once and for all levels, with the table's level (B21), or as for leaves, which may be deferred (B20)",
    values: ['at once', 'its level', 'as for leaves'],
  },
  tlbi: {
    doc: 'what CPUs have: range TLBIs and FWB, with which unmap flushes at its end; range TLBIs alone, with which it flushes leaves one by one; neither, where a range is flushed by the whole VMID',
    values: ['ranges and FWB', 'ranges', 'neither'],
  },
  writeProtectFlush: {
    doc: 'the flush that follows wrprotect() is done, or never: under pKVM, without what fce886a60207 adds',
    values: ['done', 'never'],
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
  mapped: {
    doc: "the host's map(), where something is mapped: returns -EAGAIN (up to 6.2, 6.19 and 7.0), or passes over it (6.3 to 6.18, since 7.1)",
    values: ['stops', 'passed over'],
  },
  giveBack: {
    doc: 'a page goes back to the host by set_owner(), as zero, or, since 7.1, by map(); annotate() refuses the host',
    values: ['set_owner', 'map'],
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

const kindOf = ({ table, giveBack }: Patch): Kind => {
  if (table === 'guest') return 'guest';
  return giveBack === 'map' ? 'host since 7.1' : 'host to 7.0';
};

const walkerCodeOf = (patch: Patch): WalkerCode => ({ limit: patch.walkerLimit, reread: patch.reread });

const mapCodeOf = (patch: Patch): MapCode => ({
  walker: walkerCodeOf(patch),
  free: { root: patch.freeUnlinked, entry: patch.reread === 'after leaves' ? 'left' : 'cleared' },
  createPutsToo: patch.createFailure === 'puts too',
  breakBeforeMake: patch.breakBeforeMake === 'yes',
  outputAddress: patch.outputAddress,
});

/** A call's own part of the machine: the state it changes, pages that it has neither given back nor put into the tree, and WARNs. */
interface Call {
  readonly pgt: Pgtable;
  readonly unaccounted: () => number;
  readonly warnings: readonly string[];
}

interface Draft {
  root: DraftPage;
  lost: number;
  usedAfterFree: boolean;
  tlb: Tlb;
}

const callOn = (draft: Draft, { sizes, patch }: Context, memcache: number): Call => {
  const { watched } = sizes;
  const warnings: string[] = [];
  let cached = memcache;
  let unaccounted = 0;
  let astray = false;
  /** Counts pages. It stops counting once a walk goes on in a page that was freed: the page may hold anything by then. */
  const account = (pages: number) => {
    if (!astray) unaccounted += pages;
  };
  /** Whether the entry of this level that holds `page` is on the way to the watched page; if not, `draft.tlb` need not be read. */
  const concerns = (page: number, level: number) =>
    alignDown(page, granuleOf(level, sizes)) === alignDown(watched, granuleOf(level, sizes));
  const held = (tlb: Tlb) => {
    if (tlb !== draft.tlb) draft.tlb = tlb;
  };
  return {
    unaccounted: () => unaccounted,
    warnings,
    pgt: {
      geometry: sizes,
      root: draft.root,
      alloc: (pages) => {
        if (cached < pages) return false;
        cached -= pages;
        account(pages);
        return true;
      },
      linked: (pages) => account(-pages),
      free: (at, level) => {
        account(-1);
        if (at !== 'never linked' && concerns(at, level)) held(afterFree(draft.tlb, level));
      },
      tlbiIpa: (page, hint) => {
        if (hint === 'unknown' || concerns(page, hint)) held(afterTlbi(draft.tlb, watched, page, 1, hint, sizes));
      },
      tlbiRange: (page, size) => {
        if (patch.tlbi === 'neither') held(afterTlbi(draft.tlb, watched, 0, pagesOf(sizes), 'unknown', sizes));
        else held(afterTlbi(draft.tlb, watched, page, size, patch.rangeHint === '0' ? 0 : 'unknown', sizes));
      },
      replacedWithoutBreak: (at, level) => {
        if (concerns(at, level)) held(afterReplacement(draft.tlb, level));
      },
      goesOnInFreed: () => {
        astray = true;
        draft.usedAfterFree = true;
      },
      warn: (what) => {
        warnings.push(what);
      },
    },
  };
};

/**
 * Runs one function of the page-table code, with `memcache` pages for tables. An error leaves changed what was changed; a function
 * that returns void has none.
 */
const call = (
  state: State,
  context: Context,
  memcache: number,
  // biome-ignore lint/suspicious/noConfusingVoidType: the kernel's void functions, whose result no caller can look at
  run: (pgt: Pgtable, draft: Draft) => Errno | undefined | void,
): Outcome<State> => {
  let error: Errno | undefined;
  let warned: readonly string[] = [];
  const after = update(state, (draft) => {
    const { pgt, unaccounted, warnings } = callOn(draft, context, memcache);
    error = run(pgt, draft) ?? undefined;
    warned = warnings;
    // `lost` says only whether pages are missing or there twice, not how many.
    if (unaccounted() !== 0) draft.lost = Math.max(-1, Math.min(1, draft.lost + unaccounted()));
  });
  const outcome = error === undefined ? ok(after) : refuse(after, error, reasons[error] ?? '');
  return warned.reduce((warnedSoFar, what) => warn(warnedSoFar, what), outcome);
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
  if (patch.table === 'host' && someEntry(state, { addr, size }, sizes, ({ pte }) => pte.kind === 'annotated'))
    return disabled(state, 'the caller maps no range with an annotation in it');
  const forcePte = patch.table === 'host' && patch.forcePte === 'yes' && prot !== 'rwx';
  return mapFor(state, { addr, size, content: leafWith(prot), forcePte }, memcache, { sizes, patch });
};

/**
 * Maps for a guest's fault, or for the host. The host's walk may pass over what is mapped already, and return 0 (ddcadb297ce5, undone by
 * 19cffd16ed64, again since 73c55be08932): so its callers ask for no other permissions. Kernel: kvm_pgtable_stage2_map(),
 * __host_stage2_idmap().
 */
const mapFor = (state: State, data: MapData, memcache: number, context: Context): Outcome<State> => {
  const { sizes, patch } = context;
  const ignoreEagain = patch.table === 'host' && patch.mapped === 'passed over';
  if (ignoreEagain && someEntry(state, data, sizes, ({ pte }) => hasOtherPermissions(pte, data.content)))
    return disabled(state, 'the caller changes no permissions');
  return call(state, context, memcache, (pgt) => kvmPgtableStage2Map(pgt, { ...data, ignoreEagain }, mapCodeOf(patch)));
};

const hasOtherPermissions = (pte: Found['pte'], content: Content): boolean =>
  pte.kind === 'leaf' && content.kind === 'leaf' && (pte.w !== content.w || pte.x !== content.x);

/** Gives pages back to the host, over their annotation. Kernel: host_stage2_set_owner_locked() with PKVM_ID_HOST, since 7.1. */
const giveBack = (state: State, pages: Pages, context: Context): Outcome<State> =>
  mapFor(state, { ...pages, content: leafWith('rwx'), forcePte: false }, mostTables(context.sizes), context);

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
  const outcome = call(state, { sizes, patch }, mostTables(sizes), (pgt) =>
    kvmPgtableStage2Map(
      pgt,
      { addr, size, content: leafWith('rwx'), forcePte: false, race: race(pgt) },
      mapCodeOf(patch),
    ),
  );
  return raced ? outcome : disabled(state, 'no block is made, or no page is left for the other vCPU');
};

/** Kernel: kvm_pgtable_stage2_set_owner(), and kvm_pgtable_stage2_annotate() since 7.1, which knows no type for the host. */
const setOwner = (
  state: State,
  { addr, size }: Pages,
  to: 'host' | 'hyp',
  memcache: number,
  { sizes, patch }: Context,
): Outcome<State> => {
  const content: Content = to === 'host' ? { kind: 'zero' } : { kind: 'annotated', owner: to };
  if (to === 'host' && patch.giveBack === 'map') return refuse(state, 'EINVAL', 'type 0 is no annotation');
  return call(state, { sizes, patch }, memcache, (pgt) =>
    kvmPgtableStage2Map(pgt, { addr, size, content, forcePte: patch.setOwner === 'pages' }, mapCodeOf(patch)),
  );
};

const unmap = (state: State, { addr, size }: Pages, context: Context): Outcome<State> => {
  const { countedInvalid, tableTlbi, tlbi } = context.patch;
  return call(state, context, 0, (pgt) =>
    kvmPgtableStage2Unmap(pgt, addr, size, {
      walker: walkerCodeOf(context.patch),
      countedInvalid,
      deferTlbi: tlbi === 'ranges and FWB',
      tableTlbi,
    }),
  );
};

const split = (state: State, { addr, size }: Pages, memcache: number, context: Context): Outcome<State> =>
  call(state, context, memcache, (pgt) => kvmPgtableStage2Split(pgt, addr, size, memcache, mapCodeOf(context.patch)));

/**
 * A subtree for the largest block, by pages, with one page fewer than it takes. split() never asks for that, and nobody else calls it:
 * what its failure leaves is seen by calling it alone. Kernel: kvm_pgtable_stage2_create_unlinked().
 */
const createUnlinkedShort = (state: State, context: Context): Outcome<State> => {
  const { sizes, patch } = context;
  const level = Math.max(sizes.minBlockLevel, rootLevel(sizes));
  const block = { w: true, x: true, skew: 0 };
  return call(state, context, tablesForPages(level, sizes) - 1, (pgt) =>
    createUnlinked(pgt, block, level, true, mapCodeOf(patch)) ? undefined : 'ENOMEM',
  );
};

/** The guest is gone: no CPU walks its table or holds anything of it. What the walk does not put is lost with the root. */
const destroy = (state: State, context: Context): Outcome<State> =>
  call(state, context, 0, (pgt, draft) => {
    draft.tlb = { kind: 'empty' };
    kvmPgtableStage2Destroy(pgt, walkerCodeOf(context.patch));
    pgt.linked(-tablesBelow(pgt.root));
    Object.assign(pgt.root, emptyPage(context.sizes));
  });

/** Whether one of the entries that cover the range is such. */
const someEntry = (
  { root }: State,
  { addr, size }: Pages,
  sizes: Sizes,
  isSuch: (found: Found) => boolean,
): boolean => {
  for (let page = addr; page < addr + size; ) {
    const found = getLeaf(root, page, sizes);
    if (isSuch(found)) return true;
    page = found.at + granuleOf(found.level, sizes);
  }
  return false;
};

export const stage2 = defineModel({
  id: 'stage2',
  title: 'stage-2 page-table walkers',
  sources: [
    'arch/arm64/kvm/hyp/pgtable.c, 5.13 to 7.3',
    'the fixes f6a27d6dc51b, c60d847be7b8, a9f0e3d5a089, 1f0f4a2ef7a5, f62d4c3eb687, 36e008323926, 0f0ff097bf77, 100baf018489, 8d187d4b33c2, f35c08c09250 and bc9e4ec6e988',
    'arch/arm64/kvm/hyp/nvhe/mem_protect.c, 6.12 to 7.2: how the host gets pages back',
    'arch/arm64/kvm/mmu.c, fce886a60207: kvm_arch_flush_remote_tlbs_range() under pKVM',
  ],
  config,
  switches,
  environment: ['table', 'tlbi', 'giveBack'],
  variants: {
    guest: { doc: "a guest's table, 7.2", switches: {} },
    'guest-b14': { doc: 'before 1f0f4a2ef7a5', switches: { outputAddress: 'a cursor' } },
    'guest-b15': { doc: 'before f6a27d6dc51b', switches: { freeUnlinked: 'never put', createFailure: 'puts too' } },
    'guest-b16': { doc: 'f6a27d6dc51b without c60d847be7b8', switches: { createFailure: 'puts too' } },
    'guest-b17': { doc: 'before 100baf018489', switches: { relaxHint: 'uninitialised' } },
    'guest-b18': { doc: 'before f35c08c09250', switches: { relaxX: 'cleared' } },
    'guest-b19': { doc: '100baf018489 without 8d187d4b33c2', switches: { relaxHint: 'truncated' } },
    'guest-b20': { doc: 'before f62d4c3eb687', switches: { tableTlbi: 'as for leaves' } },
    'guest-b21': { doc: 'before 36e008323926', switches: { tableTlbi: 'its level' } },
    'guest-b22': { doc: 'before 0f0ff097bf77', switches: { rangeHint: '0' } },
    'guest-b28': { doc: 'with bc9e4ec6e988', switches: { walkerLimit: 'inclusive end' } },
    'guest-walks-freed': { doc: 'before a9f0e3d5a089', switches: { reread: 'after leaves' } },
    'guest-no-flush': {
      doc: 'under pKVM, without what fce886a60207 adds to kvm_arch_flush_remote_tlbs_range()',
      switches: { writeProtectFlush: 'never' },
    },
    'guest-no-break': {
      doc: 'without break-before-make; no kernel did this',
      switches: { breakBeforeMake: 'no' },
    },
    host: { doc: "the host's table up to 7.0, unmap as in mainline", switches: { table: 'host' } },
    'host-7.1': {
      doc: "the host's table since 7.1, unmap as in mainline",
      switches: { table: 'host', giveBack: 'map', mapped: 'passed over' },
    },
    'host-b28': {
      doc: 'with bc9e4ec6e988; unmap skips annotations',
      switches: { table: 'host', countedInvalid: 'skips', walkerLimit: 'inclusive end' },
    },
    'host-walks-freed': {
      doc: 'before a9f0e3d5a089; unmap skips annotations',
      switches: { table: 'host', countedInvalid: 'skips', reread: 'after leaves' },
    },
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
    create_unlinked_short: 'kvm_pgtable_stage2_create_unlinked()',
    destroy: 'kvm_pgtable_stage2_destroy()',
    set_owner: 'kvm_pgtable_stage2_set_owner()',
    set_owner_short: 'kvm_pgtable_stage2_set_owner()',
    give_back: 'host_stage2_set_owner_locked()',
  },
  draw,
  classify,
  pages: (sizes) => Array.from({ length: namedPages(sizes) }, (_, page) => page),
  names,
  // After what may not happen, nothing that follows says more.
  done: ({ tlb, usedAfterFree }: State) => tlb.kind === 'hazard' || usedAfterFree,
  system: (sizes, patch) => ({
    state: stateDomain(sizes),
    command: commandDomain(sizes, kindOf(patch)),
    initial: initialState(sizes),
    step: (state: State, command: Command) => {
      if (state.tlb.kind === 'hazard' || state.usedAfterFree)
        return disabled(state, 'what may not happen has happened');
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
        .with({ kind: 'give_back' }, ({ pages }) => giveBack(state, pagesNamed(pages), context))
        .with({ kind: 'unmap' }, ({ pages }) => unmap(state, pagesNamed(pages), context))
        .with({ kind: 'wrprotect' }, ({ pages }) => {
          const { addr, size } = pagesNamed(pages);
          return call(state, context, 0, (pgt) => wrprotect(pgt, addr, size, patch.writeProtectFlush));
        })
        .with({ kind: 'relax_perms' }, ({ page, adds, lost }) =>
          call(state, context, 0, (pgt) => relaxPerms(pgt, page, adds, lost, attributes)),
        )
        .with({ kind: 'mkyoung' }, ({ page }) => call(state, context, 0, (pgt) => mkyoung(pgt, page)))
        .with({ kind: 'test_clear_young' }, ({ page, mkold }) =>
          call(state, context, 0, (pgt) => {
            testClearYoung(pgt, page, mkold);
          }),
        )
        .with({ kind: 'split' }, ({ pages, memcache }) => split(state, pagesNamed(pages), memcache, context))
        .with({ kind: 'create_unlinked_short' }, () => createUnlinkedShort(state, context))
        .with({ kind: 'destroy' }, () => destroy(state, context))
        .exhaustive();
    },
  }),
});
