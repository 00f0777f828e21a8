import { SpecError } from '../spec/errors.ts';
import type { Slot } from '../system/layout.ts';

/** what a walk ends at: a leaf's number, or `hole` where nothing was learned yet. */
export const hole = -1;

/** Wider slots branch through a Map: an array of children would be mostly holes. */
const widestArray = 4096;

/** The indices that slots hold, as far as they are known. */
export interface SlotValues {
  get(slot: Slot): number | undefined;
  set(slot: Slot, index: number | undefined): void;
}

/** A leaf of `hole` is one. A branch has a child for each value of its slot. */
export type Tree =
  | { readonly kind: 'leaf'; readonly leaf: number }
  | { readonly kind: 'branch'; readonly slot: Slot; readonly children: readonly Tree[] };

/**
 * Decision tables as trees, many in one arena. A node reads one slot and branches on its value; a leaf is a number that the
 * owner gives a meaning. Node 0 is not used, so that a child of 0 is a hole; a child n > 0 is a node; a child n < 0 is leaf -n - 1.
 */
export class DecisionTrees {
  /** By tree: its root, as a child. */
  #roots: Int32Array = new Int32Array(64);
  /** By node: word, shift and mask of the slot that it reads. */
  #word: Int32Array = new Int32Array(64);
  #shift: Int32Array = new Int32Array(64);
  #mask: Int32Array = new Int32Array(64);
  /** By node: where its children begin; -1 if they are in `#wide`. */
  #base: Int32Array = new Int32Array(64);
  #slot: (Slot | undefined)[] = [undefined];
  #children: Int32Array = new Int32Array(1024);
  #wide = new Map<number, Map<number, number>>();
  #treeCount = 0;
  #childCount = 0;

  /** Adds a tree that has learned nothing. */
  add(): number {
    this.#roots = grown(this.#roots, this.#treeCount + 1);
    return this.#treeCount++;
  }

  get nodes(): number {
    return this.#slot.length - 1;
  }

  /** The leaf for the state at `offset`, or `hole`. */
  find(tree: number, words: Uint32Array, offset: number): number {
    let at = this.#roots[tree]!;
    while (at > 0) {
      const index = (words[offset + this.#word[at]!]! >>> this.#shift[at]!) & this.#mask[at]!;
      const base = this.#base[at]!;
      at = base >= 0 ? this.#children[base + index]! : (this.#wide.get(at)!.get(index >>> 0) ?? 0);
    }
    return -at - 1;
  }

  /**
   * Teaches a tree that a run which read `reads`, in this order and with the values they have in `indexOf`, ends at `leaf`.
   * Throws a SpecError if an earlier run with the same values went on to read something else, or to another leaf.
   */
  learn(tree: number, reads: readonly Slot[], indexOf: (slot: Slot) => number, leaf: number): void {
    let at = this.#roots[tree]!;
    let put = (child: number) => {
      this.#roots[tree] = child;
    };
    for (const slot of reads) {
      if (at === 0) {
        at = this.#newNode(slot);
        put(at);
      }
      if (at < 0 || this.#slot[at] !== slot) throw new SpecError(`it read ${slot.path} where it did not before`);
      const [node, index] = [at, indexOf(slot)];
      at = this.#child(node, index);
      put = (child) => this.#setChild(node, index, child);
    }
    if (at !== 0 && at !== -leaf - 1) throw new SpecError('it ended differently before');
    put(-leaf - 1);
  }

  /**
   * Whether a path leads to `leaf`, or to a hole that may yet turn out to, on which every slot has the value that `values` knows.
   * A slot that it does not know may have any value, the same one further down.
   */
  canReach(tree: number, leaf: number, values: SlotValues): boolean {
    return this.#canReach(this.#roots[tree]!, leaf, values);
  }

  #canReach(at: number, leaf: number, values: SlotValues): boolean {
    if (at <= 0) return at === 0 || at === -leaf - 1;
    const slot = this.#slot[at]!;
    if (this.#base[at]! < 0) return true;
    const known = values.get(slot);
    if (known !== undefined) return this.#canReach(this.#child(at, known), leaf, values);
    for (let index = 0; index < slot.size; index++) {
      values.set(slot, index);
      if (this.#canReach(this.#child(at, index), leaf, values)) return true;
    }
    values.set(slot, undefined);
    return false;
  }

  /** The tree as a value, for a compiler; undefined if it has more than `most` children in all, or a node that is too wide. */
  tree(tree: number, most: number): Tree | undefined {
    let left = most;
    const grow = (at: number): Tree | undefined => {
      if (at <= 0) return { kind: 'leaf', leaf: -at - 1 };
      const base = this.#base[at]!;
      const slot = this.#slot[at]!;
      left -= slot.size;
      if (base < 0 || left < 0) return undefined;
      const children: Tree[] = [];
      for (let index = 0; index < slot.size; index++) {
        const child = grow(this.#children[base + index]!);
        if (!child) return undefined;
        children.push(child);
      }
      return { kind: 'branch', slot, children };
    };
    return grow(this.#roots[tree]!);
  }

  #newNode(slot: Slot): number {
    const node = this.#slot.push(slot) - 1;
    this.#word = grown(this.#word, node + 1);
    this.#shift = grown(this.#shift, node + 1);
    this.#mask = grown(this.#mask, node + 1);
    this.#base = grown(this.#base, node + 1);
    this.#word[node] = slot.word;
    this.#shift[node] = slot.shift;
    this.#mask[node] = slot.width === 0 ? 0 : 2 ** slot.width - 1;
    if (slot.size > widestArray) {
      this.#base[node] = -1;
      this.#wide.set(node, new Map());
    } else {
      this.#base[node] = this.#childCount;
      this.#childCount += slot.size;
      this.#children = grown(this.#children, this.#childCount);
    }
    return node;
  }

  #child(node: number, index: number): number {
    const base = this.#base[node]!;
    return base >= 0 ? this.#children[base + index]! : (this.#wide.get(node)!.get(index) ?? 0);
  }

  #setChild(node: number, index: number, child: number) {
    const base = this.#base[node]!;
    if (base >= 0) this.#children[base + index] = child;
    else this.#wide.get(node)!.set(index, child);
  }
}

/** The array, or a copy with twice the room, if it is too short. */
export const grown = (array: Int32Array, length: number): Int32Array => {
  if (length <= array.length) return array;
  const larger = new Int32Array(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
};
