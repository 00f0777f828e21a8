import { maskOf, type Slot } from '../../system/layout.ts';
import { put, type Regions } from '../../table/neighbours.ts';
import type { Leaf, Node, StateFunction } from './symmetry-functions.ts';

/** States of which some bits are known. */
export interface Pattern {
  readonly mask: Uint32Array;
  readonly value: Uint32Array;
  /** A state of the pattern, and whether it is known to be like a visited one. */
  readonly sample: Uint32Array;
  readonly real: boolean;
}

/** A pattern that does not know the kind of a variant knows nothing within it, so that nothing need be cleared there. */
export const noRegions: Regions = new Map();

export const valueIn = ({ word, shift, width }: Slot, words: Uint32Array): number =>
  width === 0 ? 0 : ((words[word]! >>> shift) & (2 ** width - 1)) >>> 0;

/** The words with a slot set to a value; of a variant's kind, with the fields of the new case at their first values. */
export const withValue = (words: Uint32Array, slot: Slot, index: number, regions: Regions): Uint32Array => {
  const result = words.slice();
  put(result, slot, index, regions);
  return result;
};

/** Where the pattern leads as far as it knows the way. */
export const nodeFrom = (fn: StateFunction, pattern: Pattern): Node => {
  let node = fn.root!;
  while (node.slot && knows(pattern, node.slot)) node = node.children.get(valueIn(node.slot, pattern.value))!;
  return node;
};

export const knows = ({ mask }: Pattern, slot: Slot): boolean => {
  const bits = maskOf(slot) >>> 0;
  return (mask[slot.word]! & bits) >>> 0 === bits;
};

/** Whether two rows say the same of every state of the pattern: bits that a row keeps are those of the pattern, where it knows them. */
export const agree = (one: Leaf, other: Leaf, { mask, value }: Pattern): boolean => {
  if (one.key !== other.key) return false;
  if (!one.effect || !other.effect) return one.effect === other.effect;
  const [a, b] = [one.effect, other.effect];
  for (let i = 0; i < a.keep.length; i++) {
    const unknown = ~mask[i]!;
    if (((a.keep[i]! ^ b.keep[i]!) & unknown) !== 0) return false;
    if ((((a.keep[i]! & value[i]!) | a.set[i]!) ^ ((b.keep[i]! & value[i]!) | b.set[i]!)) !== 0) return false;
  }
  return true;
};
