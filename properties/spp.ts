import { arrayLost, getPermission, storedWord } from '../model/spp/bitmap.ts';
import { isTouched } from '../model/spp/guest.ts';
import { completes, decide, walk } from '../model/spp/hardware.ts';
import { isLogged } from '../model/spp/mark-protection.ts';
import { spp } from '../model/spp/model.ts';
import { useAfterFree } from '../model/spp/rmap.ts';
import { lpagesNotCounted, pageZeroInEpt, rmapOutOfBounds } from '../model/spp/set-permission.ts';
import { pageZeroAsSppt } from '../model/spp/sppt.ts';
import {
  border,
  type Command,
  expand,
  full,
  type Gfn,
  gfns,
  isTouchable,
  mayWrite,
  type Sizes,
  type State,
  sideOf,
  touchedGfns,
  type Word,
  wordOf,
  wordsOf,
} from '../model/spp/state.ts';
import { everyResult, noPanic } from '../src/spec/common.ts';
import {
  enumOf,
  invariant,
  type Property,
  progress,
  range,
  reachable,
  reachableStep,
  record,
  type Settings,
  stepProperty,
  suite,
} from '../src/spec/index.ts';

const vcpu = ({ roots }: Sizes) => range(0, roots - 1);
const touched = (sizes: Sizes) => enumOf(...touchedGfns(sizes));
const eachWrite = (sizes: Sizes) => record({ vcpu: vcpu(sizes), gfn: touched(sizes), sub: range(0, 1) });
const eachMapping = (sizes: Sizes) => record({ vcpu: vcpu(sizes), gfn: touched(sizes) });
const eachGfn = (sizes: Sizes) => record({ gfn: enumOf(...gfns(sizes)) });

const isProtected = (state: State, gfn: Gfn, sizes: Sizes): boolean => (storedWord(state, gfn, sizes) ?? full) !== full;

/** Broken by D1, D4, D5, D7 and D9 to D11, D15 and D17, each in its own way. */
export const protectedNotWritten = invariant(spp, {
  id: 'protected-not-written',
  statement: 'No vCPU can write to a sub-page whose bit is 0, whatever its EPT root and its address space.',
  source: 'S1',
  forEach: eachWrite,
  holds: (state, { vcpu, gfn, sub }, sizes) => {
    if (state.vcpus <= vcpu) return true;
    const word = storedWord(state, gfn, sizes);
    if (word === undefined || mayWrite(word, sub)) return true;
    const decision = decide(state, vcpu, gfn, sub, sizes);
    return (
      !completes(decision) || `word ${word}: a write of vCPU ${vcpu} to gfn ${gfn}, sub-page ${sub}, is ${decision}`
    );
  },
});

/** Whether nothing but SPP can keep a write to a sub-page from completing, and SPP permits it. */
const isPermitted = (state: State, vcpu: number, gfn: Gfn, sub: number, sizes: Sizes): boolean => {
  if (!state.active || state.vm === 'rom' || state.tracked) return false;
  if (!isTouched(state, vcpu, gfn, sizes)) return false;
  const word = getPermission(state, gfn, sizes);
  return word !== undefined && mayWrite(word, sub);
};

/** Broken by D6, and by D9 where a survivor keeps its SPP bit. */
export const permittedWriteCompletes = progress(spp, {
  id: 'permitted-write-completes',
  statement: 'A write to a sub-page whose bit is 1 completes after finitely many exits.',
  source: 'S2',
  forEach: eachWrite,
  waiting: (state, { vcpu, gfn, sub }, sizes) =>
    isPermitted(state, vcpu, gfn, sub, sizes) && !completes(decide(state, vcpu, gfn, sub, sizes)),
  own: (command, { vcpu, gfn, sub }) =>
    command.kind === 'guest_write' && command.vcpu === vcpu && command.gfn === gfn && command.sub === sub,
});

/** Broken by D6, D9 and v12's fast_page_fault(). */
export const permittedWriteNotDenied = stepProperty(spp, {
  id: 'permitted-write-not-denied',
  statement: 'A write to a sub-page whose bit is 1 does not exit with KVM_EXIT_SPP.',
  source: 'S2',
  holds: ({ before, command, outcome }, _, sizes) => {
    if (command.kind !== 'guest_write' || outcome.result !== 'refused' || outcome.reason !== 'KVM_EXIT_SPP')
      return true;
    const { vcpu, gfn, sub } = command;
    return !isPermitted(before, vcpu, gfn, sub, sizes) || `the word is ${getPermission(before, gfn, sizes)}`;
  },
});

/** Broken by D1, D6, D7 and D17. */
export const spptAgreesWithBitmap = invariant(spp, {
  id: 'sppt-agrees-with-bitmap',
  statement: 'Where an EPT leaf has the SPP bit and the region is valid, the SPPT leaf is the word of the bitmap.',
  source: 'S3',
  forEach: eachMapping,
  holds: (state, { vcpu, gfn }, sizes) => {
    const page = sideOf(gfn, sizes);
    const spte = state.pages[vcpu]![page]!;
    if (spte.kind === 'none' || spte.spp !== 'set' || state.l2[sideOf(gfn, sizes)] !== 'valid') return true;
    const word = storedWord(state, gfn, sizes) ?? full;
    const leaf = state.leaves[page]!;
    return leaf === expand(word) || `word ${word}, leaf 0b${leaf.toString(2).padStart(4, '0')}`;
  },
});

const rights = (state: State, root: number, gfn: Gfn, sizes: Sizes): string => {
  const large = state.large[root]![sideOf(gfn, sizes)]!;
  if (large !== 'none') return `${large} leaf`;
  if (!isTouchable(gfn, sizes)) return 'not mapped';
  const spte = state.pages[root]![sideOf(gfn, sizes)]!;
  if (spte.kind === 'none') return 'not mapped';
  return `leaf with W=${Number(spte.w)}, SPP ${spte.spp}`;
};

/** Broken by D5, D6 and D14: words stored before the gfn that has no word was met. */
export const failedSetChangesNothing = stepProperty(spp, {
  id: 'failed-set-changes-nothing',
  statement: 'A SET that returns an error leaves words, EPT leaves and SPPT leaves as they were.',
  source: 'S4',
  forEach: eachGfn,
  holds: ({ before, command, outcome }, { gfn }, sizes) => {
    if (command.kind !== 'set_access' || outcome.result !== 'refused' || outcome.state === before) return true;
    const after = outcome.state;
    const word = wordOf(gfn, sizes);
    if (before.words[word] !== after.words[word])
      return `the word of gfn ${gfn} was ${before.words[word]} and is ${after.words[word]}`;
    const side = sideOf(gfn, sizes);
    if (isTouchable(gfn, sizes) && before.leaves[side] !== after.leaves[side])
      return `the SPPT leaf of gfn ${gfn} changed`;
    for (let root = 0; root < before.vcpus; root++) {
      const [was, is] = [rights(before, root, gfn, sizes), rights(after, root, gfn, sizes)];
      if (was !== is) return `gfn ${gfn} of root ${root}: ${was}, now ${is}`;
    }
    return true;
  },
});

/** Broken by D17: a second enable starts from FULL. */
export const wordsStay = stepProperty(spp, {
  id: 'words-stay-until-set',
  statement: 'A word is what the last SET made it, until the memslot goes.',
  source: 'S5',
  forEach: (sizes) => record({ gfn: touched(sizes) }),
  holds: ({ before, command, outcome }, { gfn }, sizes) => {
    if (command.kind === 'delete_memslot') return true;
    const page = wordOf(gfn, sizes);
    const given = givenWord(command, gfn);
    // What a failed SET does is the business of failed-set-changes-nothing.
    if (given !== undefined && outcome.result !== 'ok') return true;
    const expected = given ?? before.words[page]!;
    const after = outcome.state.words[page]!;
    return after === expected || `gfn ${gfn} should have ${expected} and has ${after}`;
  },
});

/** The word that a SET gives a gfn. */
const givenWord = (command: Command, gfn: Gfn): Word | undefined =>
  command.kind === 'set_access' || command.kind === 'set_access_raced'
    ? wordsOf(command.map)[gfn - command.gfn]
    : undefined;

/** Broken by a seeded fault: a SET that returns 0, as ioctls usually do. */
export const returnsPages = stepProperty(spp, {
  id: 'access-returns-pages',
  statement: 'A SET or GET that succeeds returns how many gfns it was given.',
  source: 'v10 05/10',
  holds: ({ command, outcome }) => {
    if (outcome.result !== 'ok') return true;
    const given = gfnsGiven(command);
    return given === undefined || outcome.value === given || `${given} given, it returned ${outcome.value ?? 0}`;
  },
});

const gfnsGiven = (command: Command): number | undefined => {
  if (command.kind === 'get_access') return 1;
  return command.kind === 'set_access' || command.kind === 'set_access_raced' ? wordsOf(command.map).length : undefined;
};

/** Broken by D14. */
export const slotsHaveArrays = invariant(spp, {
  id: 'slots-have-arrays',
  statement: 'While SPP is active, every memslot has an array, so that its pages can be protected.',
  source: 'S5',
  holds: ({ active, slots }) =>
    !active || slots[0] !== 'bare' ? !active || slots[1] !== 'bare' || 'the second has none' : 'the first has none',
});

/** Broken by D5, D9, D11, D15 and D17. */
export const noWritablePageLeaf = invariant(spp, {
  id: 'no-writable-leaf',
  statement: 'A page whose word is not FULL has no last-level leaf with W = 1 in any root.',
  source: 'S6',
  forEach: eachMapping,
  holds: (state, { vcpu, gfn }, sizes) => {
    const spte = state.pages[vcpu]![sideOf(gfn, sizes)]!;
    return spte.kind === 'none' || !spte.w || !isProtected(state, gfn, sizes) || `that of vCPU ${vcpu} has`;
  },
});

/** Broken by D4 and D10. */
export const noLargeLeaf = invariant(spp, {
  id: 'no-large-leaf-over-protected',
  statement: 'A page whose word is not FULL is not covered by a large leaf in any root.',
  source: 'S7',
  forEach: (sizes) => record({ vcpu: vcpu(sizes), gfn: enumOf(...gfns(sizes)) }),
  holds: (state, { vcpu, gfn }, sizes) =>
    state.large[vcpu]![sideOf(gfn, sizes)] === 'none' ||
    !isProtected(state, gfn, sizes) ||
    `gfn ${gfn} lies in a ${state.large[vcpu]![sideOf(gfn, sizes)]} leaf of vCPU ${vcpu}`,
});

/** Broken by a seeded fault: D18, which would break it, cannot be reached. */
export const noStaleTlbRight = invariant(spp, {
  id: 'no-stale-tlb-right',
  statement: 'Between calls, no TLB holds a right that the tables deny.',
  source: 'S8, D18',
  holds: (state, _, sizes) => {
    const { tlb } = state;
    if (tlb.kind === 'empty') return true;
    const decision = walk(state, tlb.vcpu, touchedGfns(sizes)[tlb.page]!, tlb.sub, sizes);
    return completes(decision) || `vCPU ${tlb.vcpu} still writes to gfn ${touchedGfns(sizes)[tlb.page]}: ${decision}`;
  },
});

/** Broken by a seeded fault: leaves are made from words in one place, expand(). */
export const reservedBitsZero = invariant(spp, {
  id: 'sppt-reserved-bits-zero',
  statement: 'The odd bits of every SPPT leaf are 0.',
  source: 'S9',
  forEach: () => record({ side: range(0, 1) }),
  holds: (state, { side }) => (state.leaves[side]! & 0b1010) === 0,
});

const never = (event: string, id: string, statement: string, source: string): Property =>
  stepProperty(spp, {
    id,
    statement,
    source,
    holds: ({ outcome }) => !outcome.warnings.includes(event) || event,
  });

/** Broken by D16 (two enables at once) and D17 (a second enable). */
export const noArrayLost = never(
  arrayLost,
  'no-array-lost',
  'No array is overwritten by another without being freed.',
  'S10',
);

/** Broken by D8. */
export const rmapIndexInSlot = never(
  rmapOutOfBounds,
  'rmap-index-in-slot',
  'The reverse map is indexed within the memslot.',
  'S11',
);

/** Broken by D3. */
export const walkStaysInEpt = never(
  pageZeroInEpt,
  'walk-stays-in-ept',
  'A walk of the EPT visits only tables of the EPT.',
  'S11',
);

/** Broken by D2 and D3 together: by either alone it holds. */
export const walkEndsInGib = stepProperty(spp, {
  id: 'walk-ends-with-its-range',
  statement: 'A SET within one GiB does not go on walking after it has zapped the leaf of that GiB.',
  source: 'S11, D2',
  holds: ({ command, outcome }, _, sizes) =>
    command.kind !== 'set_access' ||
    !outcome.warnings.includes(pageZeroInEpt) ||
    sideOf(command.gfn, sizes) !== sideOf(command.gfn + wordsOf(command.map).length - 1, sizes) ||
    pageZeroInEpt,
});

/** Broken by D13. */
export const spptIsNotPageZero = never(
  pageZeroAsSppt,
  'sppt-is-not-page-0',
  'A walk of the SPPT begins at its root.',
  'S11, S14',
);

/** Broken by D9, once a list has been cut down to one entry in a descriptor. */
export const noUseAfterFree = never(
  useAfterFree,
  'no-use-after-free',
  'The rmap iterator does not look at a freed descriptor.',
  'S11, D9',
);

/** Broken by v10: pte_list_remove() does not count. */
export const largePagesCounted = never(
  lpagesNotCounted,
  'large-pages-counted',
  'kvm->stat.lpages goes down with every large leaf that is dropped.',
  'zapping a large leaf elsewhere does count',
);

/** Broken by D12: SPP rights are given without asking why W is 0. */
const subtractOnly = (id: string, statement: string, denied: (state: State) => boolean): Property =>
  invariant(spp, {
    id,
    statement,
    source: 'S12',
    forEach: () => record({ sub: range(0, 1) }),
    holds: (state, { sub }, sizes) =>
      !denied(state) ||
      walk(state, 0, border(sizes), sub, sizes) !== 'allowed by SPP' ||
      `the SPPT allows a write to sub-page ${sub}`,
  });

export const noWriteToZeroPage = subtractOnly(
  'no-write-to-zero-page',
  'No guest write can land in the shared zero page of the host.',
  ({ hostZero }) => hostZero,
);
export const noWriteToRom = subtractOnly(
  'no-write-to-rom',
  'No guest write can land in a read-only memslot.',
  ({ vm }) => vm === 'rom',
);
export const noUntrackedWrite = subtractOnly(
  'no-untracked-write',
  'No guest write to a write-tracked page can go by unseen.',
  ({ tracked }) => tracked,
);
export const noUnloggedWrite = subtractOnly(
  'no-unlogged-write',
  'No guest write to a page under dirty logging can leave its dirty bit clear.',
  (state) => isLogged(state) && !state.dirty,
);

/** Whether a root lets its vCPU write to a gfn without asking the SPPT; undefined if it does not map it. */
const writesFreely = (state: State, root: number, gfn: Gfn, sizes: Sizes): boolean | undefined => {
  if (state.large[root]![sideOf(gfn, sizes)] !== 'none') return true;
  const spte = state.pages[root]![sideOf(gfn, sizes)]!;
  return spte.kind === 'none' ? undefined : spte.w;
};

/** Broken by D9, D10, D11 and D15. */
export const rootsAgree = invariant(spp, {
  id: 'roots-agree-on-protected',
  statement: 'Of two roots that map a protected page, either both let their vCPUs write to it without SPP, or neither.',
  source: 'S13',
  forEach: ({ roots }) => record({ vcpu: range(1, roots - 1) }),
  holds: (state, { vcpu }, sizes) => {
    const gfn = border(sizes);
    if (!isProtected(state, gfn, sizes)) return true;
    const [first, other] = [writesFreely(state, 0, gfn, sizes), writesFreely(state, vcpu, gfn, sizes)];
    if (first === undefined || other === undefined || first === other) return true;
    return `gfn ${gfn}: root ${first ? 0 : vcpu} does, root ${first ? vcpu : 0} does not`;
  },
});

/** Broken by D13. */
export const rootInEveryVcpu = invariant(spp, {
  id: 'every-spptp-is-the-root',
  statement: 'While SPP is active, there is an SPPT, and it is what the SPPTP of every vCPU points to.',
  source: 'S14',
  holds: ({ active, spptRoot, vcpus, spptp }) => {
    if (!active) return true;
    if (spptRoot !== 'page') return `sppt_root is ${spptRoot}`;
    for (let vcpu = 0; vcpu < vcpus; vcpu++) if (!spptp[vcpu]) return `vCPU ${vcpu} has SPPTP 0`;
    return true;
  },
});

type Applies = (switches: Settings) => boolean;
const on =
  (name: string): Applies =>
  (switches) =>
    switches[name] === true;
const off =
  (name: string): Applies =>
  (switches) =>
    switches[name] === false;

const results = everyResult(spp, {
  create_vm: ['ok'],
  create_vcpu: ['ok'],
  enable_cap: [
    'ok',
    'EPERM the vendor module supports nested',
    'ENOMEM no memory for an array',
    ['EINVAL no vCPU', on('initNeedsVcpu')],
    ['ENOMEM mmu_topup_memory_caches() failed', on('initChecksTopUp')],
    ['panic', off('initChecksTopUp')],
  ],
  enable_cap_twice: [['ok', off('initLocked')]],
  set_access: [
    'ok',
    'ENODEV SPP is not active',
    'EFAULT no memslot',
    ['EFAULT no array', off('arraysForNewSlots')],
    ['panic', off('initNeedsVcpu')],
  ],
  set_access_raced: [['ok', off('oneSection')]],
  set_access_malformed: [
    'ok',
    'ENODEV SPP is not active',
    'EFAULT copy from user fails',
    'EINVAL flags are not 0',
    'EINVAL more than 512 pages',
  ],
  get_access: ['ok', 'ENODEV SPP is not active', 'EFAULT no memslot', ['EFAULT no array', off('arraysForNewSlots')]],
  create_memslot: ['ok', 'EEXIST the memslots would overlap'],
  delete_memslot: ['ok', 'EINVAL no such memslot'],
  guest_write: [
    'ok',
    'EAGAIN EPT violation',
    'EAGAIN SPPT miss',
    'EPERM KVM_EXIT_SPP',
    'EPERM KVM_EXIT_MMIO',
    'EPERM emulated, write-tracked',
  ],
  guest_read: ['ok', 'EAGAIN EPT violation'],
  mmu_free_roots: ['ok'],
  page_track: ['ok'],
  get_dirty_log: ['ok'],
});

/** SPP does what it is for. */
export const sppAllows = reachableStep(spp, {
  id: 'spp-allows-a-write',
  statement: 'A write can complete because the SPPT allows it.',
  source: 'witness',
  when: ({ before, command, outcome }, _, sizes) =>
    command.kind === 'guest_write' &&
    outcome.result === 'ok' &&
    walk(before, command.vcpu, command.gfn, command.sub, sizes) === 'allowed by SPP',
});

export const sppParked = reachable(spp, {
  id: 'spp-bit-parked',
  statement: 'Dirty logging can park the SPP bit of a leaf.',
  source: 'witness',
  when: ({ vm, pages }) => vm === 'pml' && pages[0]![1]!.kind === 'leaf' && pages[0]![1]!.spp === 'saved',
});

export const twoRootsMapOnePage = reachable(spp, {
  id: 'two-roots-map-a-page',
  statement: 'Two roots can map a protected page, in either order of the rmap list.',
  source: 'witness',
  forEach: () => record({ first: range(0, 1) }),
  when: ({ vm, rmaps, words }, { first }) => {
    if (vm !== 'roots' || words[2] === full) return false;
    const head = rmaps[1]!;
    return head.kind === 'many' && head.descs[0]![0] === first;
  },
});

export const largeOnBothSides = reachable(spp, {
  id: 'large-leaves-on-both-sides',
  statement: 'One root can have 1 GiB leaves on both sides of the border.',
  source: 'witness',
  when: ({ large }) => large[0]![0] === '1G' && large[0]![1] === '1G',
});

/** The properties that v10 breaks. v12 breaks them too. */
const asPosted = [
  'protected-not-written',
  'permitted-write-completes',
  'permitted-write-not-denied',
  'sppt-agrees-with-bitmap',
  'failed-set-changes-nothing',
  'words-stay-until-set',
  'slots-have-arrays',
  'no-writable-leaf',
  'no-large-leaf-over-protected',
  'no-array-lost',
  'rmap-index-in-slot',
  'walk-stays-in-ept',
  'walk-ends-with-its-range',
  'sppt-is-not-page-0',
  'no-use-after-free',
  'large-pages-counted',
  'no-write-to-zero-page',
  'no-write-to-rom',
  'no-untracked-write',
  'no-unlogged-write',
  'roots-agree-on-protected',
  'every-spptp-is-the-root',
  'no-panic',
  'no-panic-set-access',
  'no-panic-enable-cap',
];

export const sppSuite = suite({
  model: spp,
  properties: [
    protectedNotWritten,
    permittedWriteCompletes,
    permittedWriteNotDenied,
    spptAgreesWithBitmap,
    failedSetChangesNothing,
    wordsStay,
    returnsPages,
    slotsHaveArrays,
    noWritablePageLeaf,
    noLargeLeaf,
    noStaleTlbRight,
    reservedBitsZero,
    noArrayLost,
    rmapIndexInSlot,
    walkStaysInEpt,
    walkEndsInGib,
    spptIsNotPageZero,
    noUseAfterFree,
    largePagesCounted,
    noWriteToZeroPage,
    noWriteToRom,
    noUntrackedWrite,
    noUnloggedWrite,
    rootsAgree,
    rootInEveryVcpu,
    noPanic(spp, 'S10, S11'),
    noPanic(spp, 'S11, D13', 'set_access'),
    noPanic(spp, 'S10, D16', 'enable_cap'),
    sppAllows,
    sppParked,
    twoRootsMapOnePage,
    largeOnBothSides,
    ...results,
  ],
  violates: {
    v10: asPosted,
    v12: asPosted,
    'without-d1': [
      'protected-not-written',
      'permitted-write-completes',
      'permitted-write-not-denied',
      'sppt-agrees-with-bitmap',
    ],
    'without-d2': [],
    'without-d3': ['walk-stays-in-ept'],
    'without-d4': ['protected-not-written', 'no-large-leaf-over-protected'],
    'without-d5': ['protected-not-written', 'failed-set-changes-nothing', 'no-writable-leaf'],
    'without-d6': [],
    'without-d7': [
      'protected-not-written',
      'permitted-write-completes',
      'permitted-write-not-denied',
      'sppt-agrees-with-bitmap',
    ],
    'without-d8': ['rmap-index-in-slot'],
    'without-d9': ['no-use-after-free'],
    'without-d10': ['protected-not-written', 'no-large-leaf-over-protected', 'roots-agree-on-protected'],
    'without-d11': [
      'protected-not-written',
      'no-writable-leaf',
      'no-large-leaf-over-protected',
      'roots-agree-on-protected',
    ],
    'without-d12': ['no-write-to-zero-page', 'no-write-to-rom', 'no-untracked-write', 'no-unlogged-write'],
    'without-d13': [
      'permitted-write-completes',
      'sppt-is-not-page-0',
      'every-spptp-is-the-root',
      'no-panic',
      'no-panic-set-access',
    ],
    'without-d14': ['slots-have-arrays'],
    'without-d15': ['protected-not-written', 'no-writable-leaf', 'roots-agree-on-protected'],
    'without-d16': ['no-array-lost', 'no-panic', 'no-panic-enable-cap'],
    'without-d17': [
      'protected-not-written',
      'permitted-write-completes',
      'permitted-write-not-denied',
      'sppt-agrees-with-bitmap',
      'words-stay-until-set',
      'no-writable-leaf',
      'no-array-lost',
    ],
    'without-d18': [],
    'without-lpages': ['large-pages-counted'],
    repaired: [],
  },
});
