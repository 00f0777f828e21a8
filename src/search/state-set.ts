/** Share of the hash table that may be in use before it is doubled. */
const fullest = 0.6;

/**
 * The states seen so far, packed, in the order in which they were found. Exact: two states are the same only if all their words
 * are. Open addressing with linear probing; the table holds state numbers, so that a state's words stay where they were put.
 */
export class StateSet {
  static readonly known = -1;
  static readonly full = -2;

  readonly #width: number;
  readonly #maxBytes: number;
  /** By state number times `width`: its words. Grows by doubling. */
  words: Uint32Array;
  /** By state number: the state that it was first reached from. Grows by doubling. */
  parents: Uint32Array;
  count = 0;
  /** By hash: state number + 1, or 0. A power of two long. Doubled when it is full. */
  #table = new Uint32Array(1 << 12);
  /** Keeps the reads of `touch` from being optimised away. */
  touched = 0;

  /** `width`: words in a state. */
  constructor(width: number, maxBytes: number) {
    this.#width = width;
    this.#maxBytes = maxBytes;
    this.words = new Uint32Array(width << 11);
    this.parents = new Uint32Array(1 << 11);
  }

  get bytes(): number {
    return this.words.byteLength + this.parents.byteLength + this.#table.byteLength;
  }

  /** The words of a state, for as long as none is added. */
  at(state: number): Uint32Array {
    return this.words.subarray(state * this.#width, (state + 1) * this.#width);
  }

  hash(words: Uint32Array, at: number): number {
    return hashOf(words, at, this.#width);
  }

  /**
   * Hashes `count` states, one after the other in `words`, and reads where they would be found. The reads do not wait for each
   * other, as those of one `add` after another do: most of them miss the caches.
   */
  touch(words: Uint32Array, count: number, hashes: Int32Array): void {
    const [width, table, mask, stored] = [this.#width, this.#table, this.#table.length - 1, this.words];
    let touched = 0;
    for (let i = 0; i < count; i++) {
      const hash = hashOf(words, i * width, width);
      hashes[i] = hash;
      touched ^= table[hash & mask]!;
    }
    for (let i = 0; i < count; i++) {
      const state = table[hashes[i]! & mask]!;
      if (state !== 0) touched ^= stored[(state - 1) * width]!;
    }
    this.touched ^= touched;
  }

  /** The number of the state at `at`; undefined if it was not seen. */
  find(words: Uint32Array, at: number, hash: number): number | undefined {
    const known = this.#table[this.#find(words, at, hash)]!;
    return known === 0 ? undefined : known - 1;
  }

  /** Adds the state at `at`. Returns its number, or `known`, or `full` if there is no room within `maxBytes`. */
  add(words: Uint32Array, at: number, hash: number, parent: number): number {
    let place = this.#find(words, at, hash);
    if (this.#table[place] !== 0) return StateSet.known;
    const state = this.count;
    if (state >= this.parents.length && !this.#grow()) return StateSet.full;
    if (state >= this.#table.length * fullest) {
      if (!this.#rehash()) return StateSet.full;
      place = this.#find(words, at, hash);
    }
    this.#table[place] = state + 1;
    for (let i = 0; i < this.#width; i++) this.words[state * this.#width + i] = words[at + i]!;
    this.parents[state] = parent;
    this.count++;
    return state;
  }

  /** Where in the table the state is, or would be put. */
  #find(words: Uint32Array, at: number, hash: number): number {
    const [width, table, mask, stored] = [this.#width, this.#table, this.#table.length - 1, this.words];
    let place = hash & mask;
    for (let known = table[place]!; known !== 0; known = table[place]!) {
      const from = (known - 1) * width;
      let i = 0;
      while (i < width && stored[from + i] === words[at + i]) i++;
      if (i === width) return place;
      place = (place + 1) & mask;
    }
    return place;
  }

  #grow(): boolean {
    if (this.bytes + this.words.byteLength + this.parents.byteLength > this.#maxBytes) return false;
    const words = new Uint32Array(this.words.length * 2);
    const parents = new Uint32Array(this.parents.length * 2);
    words.set(this.words);
    parents.set(this.parents);
    this.words = words;
    this.parents = parents;
    return true;
  }

  #rehash(): boolean {
    if (this.bytes + 2 * this.#table.byteLength > this.#maxBytes) return false;
    const table = new Uint32Array(this.#table.length * 2);
    const mask = table.length - 1;
    for (let state = 0; state < this.count; state++) {
      let place = hashOf(this.words, state * this.#width, this.#width) & mask;
      while (table[place] !== 0) place = (place + 1) & mask;
      table[place] = state + 1;
    }
    this.#table = table;
    return true;
  }
}

/** Multiply and fold, word by word; the last fold spreads high bits to where the table looks. */
const hashOf = (words: Uint32Array, at: number, width: number): number => {
  let hash = 0x9e3779b9;
  for (let i = at; i < at + width; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
};
