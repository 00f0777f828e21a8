/** Share of the hash table that may be in use before it is doubled. */
const fullest = 0.6;

/**
 * The states seen so far, packed, in the order in which they were found. Exact: two states are the same only if all their words
 * are. Open addressing with linear probing; the table holds state numbers, so that a state's words stay where they were put.
 */
export class StateSet {
  readonly #width: number;
  readonly #maxBytes: number;
  /** By state number times `width`: its words. Grows by doubling. */
  words: Uint32Array;
  /** By state number: the state that it was first reached from. */
  parents: Uint32Array;
  count = 0;
  /** By hash: state number + 1, or 0. A power of two long. */
  #table = new Uint32Array(1 << 12);

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

  static readonly known = -1;
  static readonly full = -2;

  has(words: Uint32Array): boolean {
    return this.#table[this.#find(words)] !== 0;
  }

  /** Adds the state whose words are given. Returns its number, or `known`, or `full` if there is no room within `maxBytes`. */
  add(words: Uint32Array, parent: number): number {
    let at = this.#find(words);
    if (this.#table[at] !== 0) return StateSet.known;
    const state = this.count;
    if (state >= this.parents.length && !this.#grow()) return StateSet.full;
    if (state >= this.#table.length * fullest) {
      if (!this.#rehash()) return StateSet.full;
      at = this.#find(words);
    }
    this.#table[at] = state + 1;
    this.words.set(words, state * this.#width);
    this.parents[state] = parent;
    this.count++;
    return state;
  }

  /** Where in the table the state is, or would be put. */
  #find(words: Uint32Array): number {
    const mask = this.#table.length - 1;
    let at = hashOf(words, this.#width) & mask;
    for (let known = this.#table[at]!; known !== 0; known = this.#table[at]!) {
      if (this.#same(known - 1, words)) return at;
      at = (at + 1) & mask;
    }
    return at;
  }

  #same(state: number, words: Uint32Array): boolean {
    const from = state * this.#width;
    for (let i = 0; i < this.#width; i++) if (this.words[from + i] !== words[i]) return false;
    return true;
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
    this.#table = new Uint32Array(this.#table.length * 2);
    const mask = this.#table.length - 1;
    for (let state = 0; state < this.count; state++) {
      let at = hashOf(this.at(state), this.#width) & mask;
      while (this.#table[at] !== 0) at = (at + 1) & mask;
      this.#table[at] = state + 1;
    }
    return true;
  }
}

/** Multiply and fold, word by word; the last fold spreads high bits to where the table looks. */
const hashOf = (words: Uint32Array, width: number): number => {
  let hash = 0x9e3779b9;
  for (let i = 0; i < width; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};
