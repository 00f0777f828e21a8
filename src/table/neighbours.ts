import { indexIn, maskOf, type Place, type Slot } from '../system/layout.ts';

/** By the tag of a variant: the bits of the variant, which a change of case clears. The first value of each field is packed as 0. */
export type Regions = Map<Slot, readonly { readonly word: number; readonly mask: number }[]>;

export const collectRegions = (place: Place, regions: Regions): void => {
  switch (place.kind) {
    case 'scalar':
      return;
    case 'record':
      for (const inner of place.fields.values()) collectRegions(inner, regions);
      return;
    case 'array':
      for (const inner of place.elements) collectRegions(inner, regions);
      return;
    case 'variant':
      regions.set(place.tag, place.region);
      for (const fields of place.cases.values()) for (const inner of fields.values()) collectRegions(inner, regions);
  }
};

/** Sets a slot of packed words to the value of that index. A variant that changes its case has the first value in each field. */
export const put = (words: Uint32Array, slot: Slot, index: number, regions: Regions): void => {
  if (index === indexIn(slot, words, 0)) return;
  for (const { word, mask } of regions.get(slot) ?? [{ word: slot.word, mask: maskOf(slot) }]) words[word]! &= ~mask;
  if (slot.width > 0) words[slot.word]! |= index << slot.shift;
};

/** The words with a slot set to each of its other values. */
export function* neighbours(words: Uint32Array, slot: Slot, regions: Regions): Generator<Uint32Array> {
  for (let index = 0; index < slot.size; index++) {
    if (index === indexIn(slot, words, 0)) continue;
    const other = words.slice();
    put(other, slot, index, regions);
    yield other;
  }
}
