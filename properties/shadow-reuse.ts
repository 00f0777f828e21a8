import { shadowReuse } from '../model/shadow-reuse/model.ts';
import { gfnOfLeaf } from '../model/shadow-reuse/rmap.ts';
import { gfns, memslots, type State } from '../model/shadow-reuse/state.ts';
import { everyResult } from '../src/spec/common.ts';
import { invariant, range, reachable, reachableStep, record, stepProperty, suite } from '../src/spec/index.ts';

const eachLeaf = () => record({ i: range(0, 1) });

/** The gfn that a present leaf of the child maps; undefined if it is not present. */
const mappedGfn = ({ child }: State, i: number) => {
  if (child.kind === 'none') return undefined;
  const leaf = child.leaves[i]!;
  return leaf === 'none' || leaf === 'mmio' ? undefined : leaf;
};

/** Broken by `present` and by `gfn`: the page kept was made for another gfn, or for another role. */
export const rmapKeysAgree = invariant(shadowReuse, {
  id: 'rmap-keys-agree',
  statement: 'The gfn under which a leaf was recorded is the gfn under which its removal will look for it.',
  source: 'X1',
  forEach: eachLeaf,
  holds: (state, { i }) => {
    const gfn = mappedGfn(state, i);
    if (gfn === undefined || state.child.kind === 'none') return true;
    const lookedFor = gfnOfLeaf(state.child, i);
    return gfn === lookedFor || `recorded under gfn ${gfn}, looked for under gfn ${lookedFor}`;
  },
});

/** Broken by `present` and `gfn`, where a leaf is dropped and its entry stays; and by `role-mmio-overwrites`. */
export const oneRmapEntryPerLeaf = invariant(shadowReuse, {
  id: 'one-rmap-entry-per-leaf',
  statement: 'A present leaf has one reverse-map entry, at the gfn it maps; any other leaf has none.',
  source: 'X2',
  forEach: eachLeaf,
  holds: (state, { i }) => {
    const recorded = gfns.filter((gfn) => state.rmap[gfn]![i]);
    const gfn = mappedGfn(state, i);
    const wanted = gfn === undefined ? [] : [gfn];
    return (
      recorded.join() === wanted.join() ||
      `it maps ${gfn === undefined ? 'nothing' : `gfn ${gfn}`}, with entries at ${recorded.join(', ') || 'no gfn'}`
    );
  },
});

/** Broken by `present` and `gfn`: the page is freed, its entry under another gfn is not found. */
export const noStaleRmapEntry = invariant(shadowReuse, {
  id: 'no-stale-rmap-entry',
  statement: 'No reverse-map entry points into a freed shadow page.',
  source: 'X3',
  forEach: () => record({ slot: range(0, memslots.length - 1) }),
  holds: ({ stale }, { slot }) => !stale[slot] || 'an entry outlived its page',
});

/** Broken by `role-recovery-unchecked`, with a huge page that begins below the memslot. */
export const lpageIndexInMemslot = stepProperty(shadowReuse, {
  id: 'lpage-index-in-memslot',
  statement: 'Recovering huge pages reads lpage_info only inside the memslot.',
  source: 'X4: ef057cbf825e',
  holds: ({ outcome }) => outcome.result !== 'panic' || !outcome.reason.startsWith('lpage_info'),
});

/** Broken by `present` and `gfn`, one call behind `no-stale-rmap-entry`. */
export const noUseAfterFree = stepProperty(shadowReuse, {
  id: 'no-use-after-free',
  statement: 'No walk of the reverse map reads a freed shadow page.',
  source: 'CVE-2026-46113, CVE-2026-53359',
  holds: ({ outcome }) => outcome.result !== 'panic' || !outcome.reason.startsWith('use after free'),
});

/** Broken by `present` and `gfn`, and by `role-mmio-overwrites`: for_each_rmap_spte() asks that what it visits is present. */
export const walksVisitPresentOnly = stepProperty(shadowReuse, {
  id: 'walks-visit-present-only',
  statement: 'A walk of the reverse map meets only shadow entries that are present.',
  source: 'X2: the BUG_ON in for_each_rmap_spte()',
  holds: ({ outcome }) => outcome.result !== 'panic' || !outcome.reason.startsWith('BUG'),
});

/** Broken by `present` and `gfn`, where the computed gfn has lost its memslot. */
export const removalFindsMemslot = stepProperty(shadowReuse, {
  id: 'removal-finds-memslot',
  statement: 'rmap_remove() finds the memslot of the gfn it looks under.',
  source: 'X4: gfn_to_rmap() of a NULL slot',
  holds: ({ outcome }) => outcome.result !== 'panic' || !outcome.reason.startsWith('rmap_remove'),
});

/** Broken by `present`, `gfn` and `role-overwrite-warns`: the WARNs are the kernel's own, and none of them stops it. */
export const noWarning = stepProperty(shadowReuse, {
  id: 'no-warning',
  statement: 'No WARN fires.',
  source: 'kvm_mmu_page_set_translation(), pte_list_remove(), mmu_set_spte()',
  holds: ({ outcome }) => outcome.warnings.length === 0 || outcome.warnings.join('; '),
});

const untracked = (switches: Readonly<Record<string, unknown>>) => switches.untrackedWrites === 'possible';

const losesEntries = (switches: Readonly<Record<string, unknown>>) => untracked(switches) && switches.reuse !== 'role';

/** The properties that break if a page of another gfn, or of another role, is kept. */
const kept = [
  'rmap-keys-agree',
  'one-rmap-entry-per-leaf',
  'no-stale-rmap-entry',
  'no-use-after-free',
  'walks-visit-present-only',
  'removal-finds-memslot',
  'no-warning',
];

export const shadowReuseSuite = suite({
  model: shadowReuse,
  properties: [
    rmapKeysAgree,
    oneRmapEntryPerLeaf,
    noStaleRmapEntry,
    lpageIndexInMemslot,
    noUseAfterFree,
    walksVisitPresentOnly,
    removalFindsMemslot,
    noWarning,
    reachable(shadowReuse, {
      id: 'both-roles-are-shadowed',
      statement: 'A child page can be direct, and it can be indirect, with a leaf present.',
      source: 'witness',
      forEach: () => record({ direct: range(0, 1) }),
      when: ({ child }, { direct }) =>
        child.kind === 'page' && child.direct === (direct === 1) && child.leaves[0] !== 'none',
    }),
    reachable(shadowReuse, {
      id: 'mmio-is-shadowed',
      statement: 'A leaf can be an MMIO entry.',
      source: 'witness',
      when: ({ child }) => child.kind === 'page' && child.leaves[0] === 'mmio',
    }),
    reachableStep(shadowReuse, {
      id: 'a-child-is-kept',
      statement: 'A fault can find the wanted child linked.',
      source: 'witness',
      when: ({ before, command, outcome }) =>
        command.kind === 'fault' &&
        before.child.kind === 'page' &&
        before.child.leaves[1 - command.i] !== 'none' &&
        outcome.state.child.kind === 'page' &&
        outcome.state.child.leaves[1 - command.i] !== 'none',
    }),
    reachableStep(shadowReuse, {
      id: 'a-child-is-replaced',
      statement: 'A fault can meet a child that it must not keep, and zap it.',
      source: 'witness',
      applies: (switches) => untracked(switches) && switches.reuse !== 'present',
      when: ({ before, command, outcome }) =>
        command.kind === 'fault' &&
        before.child.kind === 'page' &&
        outcome.state.child.kind === 'page' &&
        before.child.gfn !== outcome.state.child.gfn,
    }),
    ...everyResult(shadowReuse, {
      fault: ['ok', 'EFAULT the guest table is in no memslot'],
      untracked_write: [['ok', untracked]],
      tracked_write: ['ok'],
      untracked_pte_write: [['ok', untracked]],
      tracked_pte_write: ['ok'],
      delete_memslot: ['ok', ['EIO the VM is dead', losesEntries]],
      create_memslot: ['ok', ['EIO the VM is dead', losesEntries]],
      rmap_walk: ['ok'],
      recover_huge_pages: ['ok'],
    }),
  ],
  violates: {
    present: kept,
    gfn: kept,
    role: [],
    'present-tracked': [],
    'gfn-tracked': [],
    'role-tracked': [],
    'role-mmio-overwrites': [
      'one-rmap-entry-per-leaf',
      'no-stale-rmap-entry',
      'no-use-after-free',
      'walks-visit-present-only',
    ],
    'role-overwrite-warns': ['no-warning'],
    'role-recovery-unchecked': ['lpage-index-in-memslot'],
  },
});
