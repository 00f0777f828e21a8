import { indexIn, type Slot } from '../system/layout.ts';
import { DecisionTrees, hole } from './decision-trees.ts';

/** What one run of a function has taught: the slots that it read, in order; what it ended with; and the packed value that it ran on. */
export interface Case<L> {
  readonly reads: readonly Slot[];
  readonly leaf: L;
  readonly sample: Uint32Array;
}

/**
 * A function of packed values as a table, as far as it was watched: by what it reads, what it ends with. Where nothing is known the table
 * has a hole.
 */
export class DecisionTable<L> {
  readonly #trees = new DecisionTrees();
  readonly #root = this.#trees.add();
  readonly #cases: Case<L>[] = [];

  /** In the order in which they were learned. The list grows while it is gone through. */
  get cases(): readonly Case<L>[] {
    return this.#cases;
  }

  /** The case of the value at `offset`; undefined if it is not known. */
  find(words: Uint32Array, offset = 0): Case<L> | undefined {
    const number = this.#trees.find(this.#root, words, offset);
    return number === hole ? undefined : this.#cases[number];
  }

  /** Adds a case. Throws a SpecError if what is known contradicts it: then it is no pure function's. */
  learn(added: Case<L>): Case<L> {
    const { reads, sample } = added;
    this.#trees.learn(this.#root, reads, (slot) => indexIn(slot, sample, 0), this.#cases.length);
    this.#cases.push(added);
    return added;
  }
}
