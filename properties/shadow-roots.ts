import { shadowRoots } from '../model/shadow-roots/model.ts';
import type { Command, Fails, State } from '../model/shadow-roots/state.ts';
import { everyResult } from '../src/spec/common.ts';
import { invariant, progress, reachable, reachableStep, type Step, stepProperty, suite } from '../src/spec/index.ts';

type Switches = Readonly<Record<string, unknown>>;

/** Properties speak of MMUs that KVM brings about. */
const real = ({ vcpu }: State) => vcpu !== 'made up';

/** L1's NPT has a level that KVM has no page of L1's to shadow for. */
const needsSpecialRoots = ({ rootLevel, shadowRootLevel }: State) =>
  (rootLevel === 2 || rootLevel === 3) && shadowRootLevel >= 4;

const loads = ({ command }: Step<State, Command>, fails: Fails = 'none') =>
  command.kind === 'kvm_mmu_load' && command.fails === fails;

/** Broken by `base-unchecked`: on a host of 5 levels the CPU gets pae_root for a root of level 5. */
export const chainFitsTheLevel = invariant(shadowRoots, {
  id: 'chain-fits-the-level',
  statement: 'The root is pml5 -> pml4 -> pae, pml4 -> pae, pae or one shadow page, as the levels demand.',
  source: 'R1',
  holds: (state) => {
    if (!real(state) || state.rootHpa === 'INVALID_PAGE') return true;
    const level = state.shadowRootLevel;
    const shadowsLongMode = state.rootLevel >= 4 || (state.rootLevel === 0 && level >= 4);
    const wanted = shadowsLongMode ? 'root page' : level === 5 ? 'pml5_root' : level === 4 ? 'pml4_root' : 'pae_root';
    if (state.rootHpa !== wanted) return `root_hpa is ${state.rootHpa}, not ${wanted}`;
    if (wanted === 'root page') return true;
    if (wanted === 'pml5_root' && (state.pml5Root !== 'page' || !state.pml5Entry)) return 'pml5_root[0] is no link';
    if (wanted !== 'pae_root' && (state.pml4Root !== 'page' || !state.pml4Entry)) return 'pml4_root[0] is no link';
    return (state.paeRoot === 'page' && state.paeEntries) || 'pae_root has no entries';
  },
});

const loadsOn = (level: 4 | 5) =>
  stepProperty(shadowRoots, {
    id: `loads-on-${level}-levels`,
    statement: `On a host with ${level}-level NPT, every load of special roots succeeds while there is memory.`,
    source: 'R3',
    holds: (step) =>
      !loads(step) ||
      step.before.hostLevel !== level ||
      !needsSpecialRoots(step.before) ||
      step.outcome.result === 'ok' ||
      (step.before.loadedBefore ? 'it had succeeded before' : 'it never succeeded'),
  });

/** Broken by `merged`, and by `v1-guard-null`: the second load takes a NULL pml5_root for a half-made set. */
export const loadsOn4Levels = loadsOn(4);

/** Broken by `base`, which refuses any level but 4, and by `current-npt-by-guest`, where a set for 4 levels is half a set for 5. */
export const loadsOn5Levels = loadsOn(5);

/** Broken by `merged` in three calls: load, unload, load. */
export const loadUnloadLoad = stepProperty(shadowRoots, {
  id: 'load-unload-load',
  statement: 'A load that has succeeded in the present mode succeeds again after unload, while there is memory.',
  source: 'R3: reported for cb0f722aff6e, fixed by a717a780fc4e',
  holds: (step) => !loads(step) || !step.before.loadedBefore || step.outcome.result === 'ok',
});

/** Broken where `loads-on-…` is: a set that is taken for half-made stays as it is, so every retry fails, until the vCPU is destroyed. */
export const retriedLoadSucceeds = progress(shadowRoots, {
  id: 'retried-load-succeeds',
  statement:
    'An MMU that needs special roots does not stay without a root while loads are retried and there is memory.',
  source: 'R3',
  waiting: (state) => state.vcpu === 'created' && needsSpecialRoots(state) && state.rootHpa === 'INVALID_PAGE',
  own: (command) => command.kind === 'kvm_mmu_load' && command.fails === 'none',
});

const failureIsClean = (fails: Fails, nth: string) =>
  stepProperty(shadowRoots, {
    id: `${nth}-failure-is-clean`,
    statement: `If the ${nth} allocation fails, every page taken is freed, nothing else is, and no root has changed.`,
    source: 'R2, R5',
    holds: (step) => {
      const { before, outcome } = step;
      if (!loads(step, fails) || outcome.result !== 'refused' || outcome.errno !== 'ENOMEM') return true;
      const { state } = outcome;
      const freed = state.last.garbageFreed;
      if (freed > 0) return `${freed} uninitialised pointer${freed > 1 ? 's' : ''} freed`;
      if (state.pages !== before.pages) return `${state.pages - before.pages} pages leaked`;
      return (
        (state.paeRoot === before.paeRoot &&
          state.pml4Root === before.pml4Root &&
          state.pml5Root === before.pml5Root &&
          state.rootHpa === before.rootHpa) ||
        'a root has changed'
      );
    },
  });

/** Broken by `v1`: its one label frees pml4_root and pml5_root, neither of which was set. The review names one of them. */
export const firstFailureIsClean = failureIsClean('1st', 'first');
/** Broken by `v1`: its one label frees pml5_root, which was not set. */
export const secondFailureIsClean = failureIsClean('2nd', 'second');
/** Broken by a seeded fault in the tests. */
export const thirdFailureIsClean = failureIsClean('3rd', 'third');

/** Broken by `v1`: -ENOMEM for a page that a 4-level host does not use. */
export const twoPagesAreEnough = stepProperty(shadowRoots, {
  id: 'two-pages-are-enough',
  statement: 'On a host with 4-level NPT a load succeeds if there are two pages for special roots.',
  source: 'R4',
  holds: (step) =>
    !loads(step, '3rd') ||
    step.before.hostLevel !== 4 ||
    step.outcome.result !== 'refused' ||
    step.outcome.errno !== 'ENOMEM',
});

/** Broken by `v1`, which allocates pml5_root on any host. */
export const noPageForAbsentLevel = invariant(shadowRoots, {
  id: 'no-page-for-absent-level',
  statement: 'A host with 4-level NPT has no page for pml5_root.',
  source: 'R4: the review of v1',
  holds: (state) => !real(state) || state.hostLevel === 5 || state.pml5Root !== 'page',
});

/** Broken by `v3` and `v1-guard`: without a fifth level the local is never set, and published all the same. */
export const noGarbageStored = invariant(shadowRoots, {
  id: 'no-garbage-stored',
  statement: 'No root of struct kvm_mmu is an uninitialised pointer.',
  source: 'R5',
  holds: ({ paeRoot, pml4Root, pml5Root }) => {
    const bad = Object.entries({ paeRoot, pml4Root, pml5Root }).find(([, pointer]) => pointer === 'garbage');
    return bad === undefined || `${bad[0].replace('R', '_r')} is`;
  },
});

/** Broken by `v1` in one call, where an allocation fails, and by `v3` in two, where the vCPU is destroyed. */
export const noGarbageFreed = stepProperty(shadowRoots, {
  id: 'no-garbage-freed',
  statement: 'free_page() is never given an uninitialised pointer.',
  source: 'R5',
  holds: ({ outcome }) => outcome.state.last.garbageFreed === 0 || `${outcome.state.last.garbageFreed} freed`,
});

/** Broken by seeded faults in the tests: a page leaked, a page freed twice. */
export const pagesAccountedFor = invariant(shadowRoots, {
  id: 'pages-accounted-for',
  statement: 'Every page taken for a root is pointed to by a root, until it is given back.',
  source: 'R2, R6',
  holds: (state) => {
    const roots = [state.paeRoot, state.pml4Root, state.pml5Root].filter((pointer) => pointer === 'page').length;
    return !real(state) || roots === state.pages || `${state.pages} pages taken, ${roots} roots`;
  },
});

/** Broken by a seeded fault in the tests: roots left behind by kvm_mmu_destroy(). */
export const destroyFreesAll = invariant(shadowRoots, {
  id: 'destroy-frees-all',
  statement: 'A destroyed vCPU has no page for a root.',
  source: 'R6',
  holds: ({ vcpu, pages }) => vcpu !== 'destroyed' || pages === 0 || `${pages} left`,
});

/** Broken by `current-encrypted`: without 4a98623d5d90 the CPU, given a 32-bit CR3, reads ciphertext. */
export const cpuReadsPaeRoot = invariant(shadowRoots, {
  id: 'cpu-reads-pae-root',
  statement: 'Without TDP, a pae_root in use is decrypted: a 32-bit CR3 has no C-bit.',
  source: 'R7: 4a98623d5d90',
  holds: (state) => !real(state) || state.tdpEnabled || state.rootHpa !== 'pae_root' || state.paeDecrypted,
});

/** Broken by a seeded fault in the tests. */
export const freedEncrypted = invariant(shadowRoots, {
  id: 'freed-encrypted',
  statement: 'A page goes back to the page allocator encrypted, as it came.',
  source: 'R7: free_mmu_pages()',
  holds: ({ vcpu, paeDecrypted }) => vcpu !== 'destroyed' || !paeDecrypted,
});

/** Broken by `v1`, which sets root_hpa to pae_root first and then to what is above it. */
export const rootPublishedLast = stepProperty(shadowRoots, {
  id: 'root-published-last',
  statement: 'root_hpa is set once, when the chain below it is complete.',
  source: 'R9: the review asked for an explicit chain',
  holds: ({ outcome }) => !real(outcome.state) || !outcome.state.last.publishedEarly,
});

/** Broken by `v1` to `fixed`: until 12ec33a70574 only level 4 was treated. */
export const walkSkipsSpecialRoots = stepProperty(shadowRoots, {
  id: 'walk-skips-special-roots',
  statement: 'A shadow walk starts at pae_root wherever the pages above it shadow nothing.',
  source: 'R10: 12ec33a70574',
  holds: ({ before, command, outcome }) => {
    if (command.kind !== 'shadow_walk_init') return true;
    const wanted = before.rootHpa === 'root page' ? 'root_hpa' : 'pae_root';
    const { walk } = outcome.state.last;
    return walk === wanted || `it starts at level ${before.shadowRootLevel}, at ${before.rootHpa}`;
  },
});

/** Broken by `base` to `fixed-walk`: until c6c937d673aa mmu_alloc_shadow_roots() returned 0 whatever happened. */
export const okMeansLoaded = stepProperty(shadowRoots, {
  id: 'ok-means-loaded',
  statement: 'A load that returns 0 has made a root.',
  source: 'R11: c6c937d673aa',
  holds: ({ command, outcome }) =>
    command.kind !== 'kvm_mmu_load' || outcome.result !== 'ok' || outcome.state.rootHpa !== 'INVALID_PAGE',
});

/** Broken by a seeded fault in the tests. */
export const paeRootBelow4GiB = invariant(shadowRoots, {
  id: 'pae-root-below-4gib',
  statement: 'A root that the CPU reads through a 32-bit CR3 lies below 4 GiB.',
  source: 'R12: __GFP_DMA32 in __kvm_mmu_create()',
  holds: (state) => !real(state) || state.shadowRootLevel > 3 || state.rootHpa !== 'pae_root' || state.paeLow,
});

/** Broken by `current-npt-by-guest`. */
export const levelIsConstant = stepProperty(shadowRoots, {
  id: 'level-is-constant',
  statement: 'shadow_root_level does not change while the MMU has special roots.',
  source: 'R13: the comment that a717a780fc4e adds',
  holds: ({ before, outcome }) =>
    outcome.state.vcpu !== 'created' ||
    before.vcpu !== 'created' ||
    before.pml4Root === 'NULL' ||
    before.shadowRootLevel === outcome.state.shadowRootLevel ||
    `from ${before.shadowRootLevel} to ${outcome.state.shadowRootLevel}`,
});

/** Broken by `base` on 5 levels, by `merged` in three calls, and by `current-npt-by-guest`. */
export const noWarning = stepProperty(shadowRoots, {
  id: 'no-warning',
  statement: 'No WARN fires on an MMU that KVM brings about.',
  source: 'R3, R8',
  holds: ({ outcome }) => !real(outcome.state) || outcome.warnings.length === 0 || outcome.warnings.join('; '),
});

/** Broken by `base`, which makes pae_root the root, and by `v1`, which writes through NULL. */
export const missingPml5IsNoticed = stepProperty(shadowRoots, {
  id: 'missing-pml5-is-noticed',
  statement: 'mmu_alloc_shadow_roots() on 5 levels WARNs of a missing pml5_root and makes no root.',
  source: 'R1: the review asked for an explicit chain',
  holds: ({ command, outcome }) =>
    command.kind !== 'mmu_alloc_shadow_roots' ||
    command.level !== 5 ||
    command.root_level !== 2 ||
    command.pae_root === 'NULL' ||
    command.pml4_root === 'NULL' ||
    command.pml5_root !== 'NULL' ||
    (outcome.warnings.length > 0 && outcome.state.rootHpa === 'INVALID_PAGE') ||
    (outcome.result === 'panic' ? outcome.reason : `root_hpa is ${outcome.state.rootHpa}`),
});

/** A WARN of one function fires on some MMU, made up or not. Where it is dead, the witness is never reached. */
const canFire = (id: string, warning: string, applies: (switches: Switches) => boolean = () => true) =>
  reachableStep(shadowRoots, {
    id: `${id}-check-can-fire`,
    statement: `The WARN "${warning}" fires for some MMU.`,
    source: 'R8',
    applies,
    when: ({ outcome }) => outcome.warnings.includes(warning),
  });

const checks = [
  /** Broken by `v1`: the function has returned before for any level below 4. The review calls it dead code. */
  canFire('level', 'shadow_root_level', (switches) => switches.levelCheck !== 'none'),
  canFire('concert', 'special roots not in concert'),
  canFire('pae-root', 'pae_root is NULL'),
  canFire('pml4-root', 'pml4_root is NULL'),
  canFire('pml5-root', 'pml5_root is NULL', (switches) => switches.chain === 'explicit'),
  canFire('pae-entry', 'an entry of pae_root is in use'),
  canFire('direct-pae-root', 'pae_root is NULL, direct map'),
  canFire('direct-pae-entry', 'an entry of pae_root is in use, direct map'),
];

const returned = (switches: Switches) => switches.shadowRootsError === 'returned';
const threePages = (switches: Switches) => switches.pml5 !== 'never' && switches.levelCheck !== 'not 4';

const results = everyResult(shadowRoots, {
  kvm_mmu_load: [
    'ok',
    'ENOMEM no page for pae_root',
    'ENOMEM no page for pml4_root',
    ['ENOMEM no page for pml5_root', threePages],
    'ENOSPC no shadow page is available',
  ],
  kvm_mmu_unload: ['ok'],
  shadow_walk_init: ['ok'],
  kvm_mmu_reset_context: ['ok'],
  kvm_mmu_after_set_cpuid: ['ok'],
  kvm_mmu_destroy: ['ok'],
  kvm_mmu_create: ['ok', 'ENOMEM no page below 4 GiB for pae_root'],
  mmu_alloc_special_roots: ['ok', 'EIO TDP is off', 'EIO some roots are there, some are not'],
  mmu_alloc_direct_roots: ['ok', 'EIO no pae_root'],
  mmu_alloc_shadow_roots: [
    'ok',
    ['EIO no pae_root', returned],
    ['EIO no pml4_root', returned],
    ['EIO no pml5_root', (s) => returned(s) && s.chain === 'explicit'],
  ],
});

// What each piece of a version breaks.
const errorsSwallowed = ['ok-means-loaded'];
const until516 = [...errorsSwallowed, 'walk-skips-special-roots'];
const deadCheck = ['level-check-can-fire'];
const pml5Always = ['two-pages-are-enough', 'no-page-for-absent-level'];
const oneLabel = ['first-failure-is-clean', 'second-failure-is-clean', 'no-garbage-freed'];
const rootHpaRewritten = ['root-published-last', 'missing-pml5-is-noticed'];
const secondLoadFails = ['loads-on-4-levels', 'load-unload-load', 'retried-load-succeeds', 'no-warning'];

export const shadowRootsSuite = suite({
  model: shadowRoots,
  properties: [
    chainFitsTheLevel,
    loadsOn4Levels,
    loadsOn5Levels,
    loadUnloadLoad,
    retriedLoadSucceeds,
    firstFailureIsClean,
    secondFailureIsClean,
    thirdFailureIsClean,
    twoPagesAreEnough,
    noPageForAbsentLevel,
    noGarbageStored,
    noGarbageFreed,
    pagesAccountedFor,
    destroyFreesAll,
    cpuReadsPaeRoot,
    freedEncrypted,
    rootPublishedLast,
    walkSkipsSpecialRoots,
    okMeansLoaded,
    paeRootBelow4GiB,
    levelIsConstant,
    noWarning,
    missingPml5IsNoticed,
    ...checks,
    ...(['pae_root', 'pml4_root', 'pml5_root', 'root page'] as const).map((root) =>
      reachable(shadowRoots, {
        id: `root-is-${root.replaceAll(/[_ ]/g, '-')}`,
        statement: `root_hpa can be ${root}.`,
        source: 'witness',
        applies: (switches) => root !== 'pml5_root' || threePages(switches),
        when: (state) => real(state) && state.rootHpa === root,
      }),
    ),
    ...results,
  ],
  violates: {
    base: [...errorsSwallowed, 'loads-on-5-levels', 'retried-load-succeeds', 'no-warning', 'missing-pml5-is-noticed'],
    'base-unchecked': [...until516, 'chain-fits-the-level', 'missing-pml5-is-noticed'],
    v1: [...until516, ...deadCheck, ...pml5Always, ...oneLabel, ...rootHpaRewritten],
    'v1-no-dead-check': [...until516, ...pml5Always, ...oneLabel, ...rootHpaRewritten],
    'v1-guard': [...until516, ...deadCheck, ...oneLabel, ...rootHpaRewritten, 'no-garbage-stored'],
    'v1-guard-null': [...until516, ...deadCheck, ...rootHpaRewritten, ...secondLoadFails],
    'v1-error-path': [...until516, ...deadCheck, ...pml5Always, ...rootHpaRewritten],
    'v1-chain': [...until516, ...deadCheck, ...pml5Always, ...oneLabel],
    v3: [...until516, 'no-garbage-stored', 'no-garbage-freed'],
    merged: [...until516, ...secondLoadFails],
    fixed: until516,
    'fixed-walk': errorsSwallowed,
    current: [],
    'current-npt-by-guest': [
      'loads-on-5-levels',
      'load-unload-load',
      'retried-load-succeeds',
      'level-is-constant',
      'no-warning',
    ],
    'current-encrypted': ['cpu-reads-pae-root'],
  },
});
