import { type Outcome, ok, panic, refuse, type Settings, update, warn } from '../../src/spec/index.ts';
import type { Fails, Pointer, State } from './state.ts';

export const switches = {
  levelCheck: {
    doc: 'mmu_alloc_special_roots() WARNs unless shadow_root_level is 4 (5.14), if it is below 4 (v1), or not at all',
    values: ['none', 'not 4', 'below 4'],
  },
  partialTest: {
    doc: 'the tests for all roots there and for some there look at pml5_root if the level needs it (a717a780fc4e), always (v1), or never (5.14)',
    values: ['by level', 'three', 'two'],
  },
  pml5: {
    doc: 'a page for pml5_root is allocated if the level needs it, always (v1), or never (5.14)',
    values: ['by level', 'always', 'never'],
  },
  locals: {
    doc: 'the local variables for the pages start as NULL, or uninitialised (v1 to v3)',
    values: ['NULL', 'uninitialised'],
  },
  errorPath: {
    doc: 'a failed allocation frees what came before it, in reverse order, or jumps to one label that frees all three locals (v1)',
    values: ['reverse order', 'one label'],
  },
  chain: {
    doc: 'mmu_alloc_shadow_roots() links and publishes level by level, tested first (v2); by rewriting root_hpa (v1); or for level 4 only (5.14)',
    values: ['explicit', 'root_hpa rewritten', 'level 4 only'],
  },
  shadowRootsError: {
    doc: 'mmu_alloc_shadow_roots() returns its error (c6c937d673aa), or 0',
    values: ['returned', 'swallowed'],
  },
  walkStart: {
    doc: 'shadow_walk_init() starts below special roots for levels 4 and 5 (12ec33a70574), or for 4 only',
    values: ['level 4 and 5', 'level 4 only'],
  },
  paeRootDecrypted: {
    doc: 'vCPU creation decrypts a pae_root that the CPU reads through a 32-bit CR3 (4a98623d5d90), or does not',
    values: ['yes', 'no'],
  },
  nptLevel: {
    doc: "the NPT level is the host's (746700d21fd5), or follows the guest's MAXPHYADDR, as EPT's does",
    values: ['forced', 'by MAXPHYADDR'],
  },
} as const;

export type Patch = Settings<typeof switches>;

export const directMap = (state: State): boolean => state.rootLevel === 0;

/** Allocates the roots that L1's 32-bit or PAE NPT has no page to shadow for. Kernel: mmu_alloc_special_roots(). */
export const mmuAllocSpecialRoots = (state: State, fails: Fails, patch: Patch): Outcome<State> => {
  if (directMap(state) || state.rootLevel >= 4 || state.shadowRootLevel < 4) return ok(state);

  if (patch.levelCheck === 'not 4' && state.shadowRootLevel !== 4)
    return warn(refuse(state, 'EIO', 'only 4 levels are supported'), 'shadow_root_level');
  if (patch.levelCheck === 'below 4' && state.shadowRootLevel < 4)
    return warn(refuse(state, 'EIO', 'fewer than 4 levels'), 'shadow_root_level');

  const [pae, pml4] = [state.paeRoot !== 'NULL', state.pml4Root !== 'NULL'];
  const pml5 = () => state.pml5Root !== 'NULL';
  const needPml5 = state.shadowRootLevel > 4;
  const looksAtPml5 = patch.partialTest === 'three' || (patch.partialTest === 'by level' && needPml5);
  if (pae && pml4 && (!looksAtPml5 || pml5())) return ok(state);
  if (!state.tdpEnabled) return warn(refuse(state, 'EIO', 'TDP is off'), 'special roots not in concert');
  if (pae || pml4 || (looksAtPml5 && pml5()))
    return warn(refuse(state, 'EIO', 'some roots are there, some are not'), 'special roots not in concert');

  return allocatePages(state, fails, patch, patch.pml5 === 'always' || (patch.pml5 === 'by level' && needPml5));
};

const order: readonly Fails[] = ['1st', '2nd', '3rd'];
const names = ['pae_root', 'pml4_root', 'pml5_root'] as const;

/** The allocations of mmu_alloc_special_roots(), in order; then all pages are published, or none. */
const allocatePages = (state: State, fails: Fails, patch: Patch, withPml5: boolean): Outcome<State> => {
  const unset: Pointer = patch.locals === 'NULL' ? 'NULL' : 'garbage';
  const locals: Pointer[] = [unset, unset, unset];
  const wanted = withPml5 ? 3 : 2;

  const failed = order.indexOf(fails);
  if (failed >= 0 && failed < wanted) {
    locals.fill('page', 0, failed);
    locals[failed] = 'NULL'; // what get_zeroed_page() returned; those after it are as they were
    const freed = patch.errorPath === 'one label' ? locals : locals.slice(0, failed);
    const garbageFreed = freed.filter((local) => local === 'garbage').length;
    const after = update(state, (draft) => {
      draft.last.garbageFreed = garbageFreed;
    });
    return refuse(after, 'ENOMEM', `no page for ${names[failed]}`);
  }

  locals.fill('page', 0, wanted);
  return ok(
    update(state, (draft) => {
      draft.paeRoot = 'page';
      draft.pml4Root = 'page';
      if (patch.pml5 !== 'never') draft.pml5Root = locals[2]!;
      draft.pages += wanted;
    }),
  );
};

/** Builds the root of a shadow MMU, under mmu_lock. Kernel: mmu_alloc_shadow_roots(). */
export const mmuAllocShadowRoots = (state: State, fails: Fails, patch: Patch): Outcome<State> => {
  const built = buildShadowRoots(state, fails, patch);
  if (built.result !== 'refused' || patch.shadowRootsError === 'returned') return built;
  return { ...ok(built.state), warnings: built.warnings };
};

const buildShadowRoots = (state: State, fails: Fails, patch: Patch): Outcome<State> => {
  const level = state.shadowRootLevel;
  if (fails === 'shadow pages') return refuse(state, 'ENOSPC', 'no shadow page is available');
  if (state.rootLevel >= 4)
    return ok(
      update(state, (draft) => {
        draft.rootHpa = 'root page';
      }),
    );

  if (state.paeRoot === 'NULL') return warn(refuse(state, 'EIO', 'no pae_root'), 'pae_root is NULL');
  const linksPml4 = patch.chain === 'level 4 only' ? level === 4 : level >= 4;
  if (linksPml4 && state.pml4Root === 'NULL') return warn(refuse(state, 'EIO', 'no pml4_root'), 'pml4_root is NULL');
  const linksPml5 = patch.chain !== 'level 4 only' && level === 5;
  if (linksPml5 && state.pml5Root === 'NULL') {
    if (patch.chain === 'explicit') return warn(refuse(state, 'EIO', 'no pml5_root'), 'pml5_root is NULL');
    return panic(state, 'pml5_root[0] is written through NULL');
  }

  const built = ok(
    update(state, (draft) => {
      draft.paeEntries = true;
      if (linksPml4) draft.pml4Entry = true;
      if (linksPml5) draft.pml5Entry = true;
      draft.rootHpa = linksPml5 ? 'pml5_root' : linksPml4 ? 'pml4_root' : 'pae_root';
      if (patch.chain === 'root_hpa rewritten') draft.last.publishedEarly = linksPml4;
    }),
  );
  return state.paeEntries ? warn(built, 'an entry of pae_root is in use') : built;
};

/** Builds the root of a direct map. Kernel: mmu_alloc_direct_roots(). */
export const mmuAllocDirectRoots = (state: State, fails: Fails): Outcome<State> => {
  if (fails === 'shadow pages') return refuse(state, 'ENOSPC', 'no shadow page is available');
  if (state.shadowRootLevel >= 4)
    return ok(
      update(state, (draft) => {
        draft.rootHpa = 'root page';
      }),
    );
  if (state.paeRoot === 'NULL') return warn(refuse(state, 'EIO', 'no pae_root'), 'pae_root is NULL, direct map');
  const built = ok(
    update(state, (draft) => {
      draft.paeEntries = true;
      draft.rootHpa = 'pae_root';
    }),
  );
  return state.paeEntries ? warn(built, 'an entry of pae_root is in use, direct map') : built;
};
