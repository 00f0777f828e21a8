import {
  type Context,
  type Draft,
  type Events,
  full,
  type Gfn,
  gfnToMemslot,
  isNamed,
  type Sizes,
  type State,
  type Word,
  wordOf,
} from './state.ts';

/** The access word of a gfn in a memslot; undefined stands for NULL. Kernel: gfn_to_subpage_wp_info(). */
export const gfnToSubpageWpInfo = (state: State, slot: 0 | 1, gfn: Gfn, sizes: Sizes): Word | undefined => {
  if (state.slots[slot] !== 'array') return undefined;
  return isNamed(gfn, sizes) ? state.words[wordOf(gfn, sizes)]! : full;
};

/** Whether a gfn has a word and, if it has none, why. Kernel: the two lookups at the beginning of SET and GET. */
export const lookUp = (state: State, gfn: Gfn, sizes: Sizes): 'found' | 'no memslot' | 'no array' => {
  const slot = gfnToMemslot(state, gfn, sizes);
  if (slot === undefined) return 'no memslot';
  return state.slots[slot] === 'array' ? 'found' : 'no array';
};

/** The word that is stored for a gfn, active or not; undefined without an array. */
export const storedWord = (state: State, gfn: Gfn, sizes: Sizes): Word | undefined => {
  const slot = gfnToMemslot(state, gfn, sizes);
  return slot === undefined ? undefined : gfnToSubpageWpInfo(state, slot, gfn, sizes);
};

/** The word that kvm_spp_get_permission() returns for one gfn; undefined if it returns an error, as it does while SPP is off. */
export const getPermission = (state: State, gfn: Gfn, sizes: Sizes): Word | undefined =>
  state.active ? storedWord(state, gfn, sizes) : undefined;

export const arrayLost = 'array overwritten';

/**
 * Gives every memslot of every address space an array that is filled with FULL or, if it fails, takes
 * all arrays away. Kernel: kvm_spp_create_bitmaps().
 */
export const kvmSppCreateBitmaps = (draft: Draft, fails: boolean, events: Events): boolean => {
  for (const slot of [0, 1]) {
    if (draft.slots[slot] === 'absent') continue;
    // The first allocations may have succeeded: their arrays, and any older ones that are still in place, are freed below.
    if (!fails && draft.slots[slot] === 'array') events.push(arrayLost);
    draft.slots[slot] = fails ? 'bare' : 'array';
  }
  draft.words = [full, full, full];
  return !fails;
};

/** Kernel: kvm_spp_free_memslot(), for a slot that is deleted: no other slot shares its array. */
export const kvmSppFreeMemslot = (draft: Draft, slot: 0 | 1, words: readonly number[], { patch }: Context): void => {
  if (patch.memslotFreeEndsSpp && draft.slots[slot] === 'array') draft.active = false;
  for (const word of words) draft.words[word] = full;
};
