import { isOutOfMemory, type MemoryGuard } from './memory.ts';

/** Share of the hash table that may be in use before it is doubled. */
const fullest = 0.6;

/** Slots of the hash table: places in it are reckoned in 32 bits, with a sign. */
const mostSlots = 2 ** 31;

/**
 * The states seen so far, packed, in the order in which they were found. Exact: two states are the same only if all their words
 * are. Open addressing with linear probing; the table holds state numbers, so that a state's words stay where they were put. All
 * arrays are in shared memory, for the worker threads of a search.
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
  table: Uint32Array = shared(1 << 12);
  /** Keeps the reads of `touch` from being optimised away. */
  touched = 0;
  /** Why there was no room to grow: `memoryGuard` said so, or the machine. `maxBytes` is no refusal. From then on nothing grows. */
  refusal: ReturnType<MemoryGuard>;
  readonly #memoryGuard: MemoryGuard;

  /** `width`: words in a state. `memoryGuard` is asked before the arrays grow. */
  constructor(width: number, maxBytes: number, memoryGuard: MemoryGuard = () => undefined) {
    this.#width = width;
    this.#maxBytes = maxBytes;
    this.#memoryGuard = memoryGuard;
    this.words = shared(width << 11);
    this.parents = shared(1 << 11);
  }

  get bytes(): number {
    return this.words.byteLength + this.parents.byteLength + this.table.byteLength;
  }

  /** How many states there is room for without growing. */
  get capacity(): number {
    return Math.min(this.parents.length, Math.floor(this.table.length * fullest));
  }

  /** How many states there will be room for at most. */
  get most(): number {
    if (this.#maxBytes === Number.POSITIVE_INFINITY) return this.#maxBytes;
    let [states, slots] = [this.parents.length, this.table.length];
    const bytes = () => 4 * (states * (this.#width + 1) + slots);
    for (;;) {
      const growsStates = states <= Math.floor(slots * fullest);
      const isTooLarge = bytes() + 4 * (growsStates ? states * (this.#width + 1) : 2 * slots) > this.#maxBytes;
      if (isTooLarge || (!growsStates && slots >= mostSlots)) return Math.min(states, Math.floor(slots * fullest));
      if (growsStates) states *= 2;
      else slots *= 2;
    }
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
    const [width, table, mask, stored] = [this.#width, this.table, this.table.length - 1, this.words];
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
    const known = this.table[this.#find(words, at, hash)]!;
    return known === 0 ? undefined : known - 1;
  }

  /** Adds the state at `at`. Returns its number, or `known`, or `full` if there is no room within `maxBytes`. */
  add(words: Uint32Array, at: number, hash: number, parent: number): number {
    let place = this.#find(words, at, hash);
    if (this.table[place] !== 0) return StateSet.known;
    const state = this.count;
    if (state >= this.capacity) {
      if (!this.reserve(state + 1)) return StateSet.full;
      place = this.#find(words, at, hash);
    }
    this.#put(words, at, place, state, parent);
    this.count++;
    return state;
  }

  /** Adds the new state at the start of `words` under a number beyond the count, to be put in order by and by. There must be room. */
  put(words: Uint32Array, number: number, hash: number, parent: number): void {
    this.#put(words, 0, this.#find(words, 0, hash), number, parent);
  }

  #put(words: Uint32Array, at: number, place: number, state: number, parent: number) {
    this.table[place] = state + 1;
    for (let i = 0; i < this.#width; i++) this.words[state * this.#width + i] = words[at + i]!;
    this.parents[state] = parent;
  }

  /**
   * Makes room for so many states in all. Returns whether that was possible; if not, nothing is lost. In whatever steps it is asked,
   * it grows the arrays in one order, and so ends at the same state for the same limit.
   */
  reserve(states: number): boolean {
    while (this.capacity < states)
      if (!(this.parents.length === this.capacity ? this.#grow() : this.#rehash())) return false;
    return true;
  }

  /**
   * Puts states that were added out of order into the order in which a single thread would have found them: by parent, then by the
   * command that `arrivals` has for each, counted from `first`. `numbers` are the numbers they have now, all from `first` on; they
   * get the numbers from `first` on without gaps. Returns the commands in the new order.
   */
  order(first: number, numbers: Uint32Array, arrivals: Uint32Array): Uint32Array {
    const [width, { length: total }] = [this.#width, numbers];
    const sorted = this.#sorted(first, numbers, arrivals);
    const words = new Uint32Array(total * width);
    const parents = new Uint32Array(total);
    const commands = new Uint32Array(total);
    let highest = first;
    for (let i = 0; i < total; i++) {
      const state = sorted[i]!;
      if (state > highest) highest = state;
      for (let w = 0; w < width; w++) words[i * width + w] = this.words[state * width + w]!;
      parents[i] = this.parents[state]!;
      commands[i] = arrivals[state - first]!;
    }
    this.#relink(first, sorted, highest);
    this.words.set(words, first * width);
    this.parents.set(parents, first);
    this.count = first + total;
    return commands;
  }

  /** Sorts by parent with a counting sort, and then the few states of each parent by command. */
  #sorted(first: number, numbers: Uint32Array, arrivals: Uint32Array): Uint32Array {
    const { parents } = this;
    let [low, high] = [first, 0];
    for (let i = 0; i < numbers.length; i++) {
      const parent = parents[numbers[i]!]!;
      if (parent < low) low = parent;
      if (parent > high) high = parent;
    }
    const starts = new Uint32Array(Math.max(0, high - low) + 2);
    for (const state of numbers) starts[parents[state]! - low + 1]!++;
    for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
    const sorted = new Uint32Array(numbers.length);
    const filled = starts.slice();
    for (const state of numbers) {
      const parent = parents[state]! - low;
      let at = filled[parent]!++;
      const command = arrivals[state - first]!;
      for (; at > starts[parent]! && arrivals[sorted[at - 1]! - first]! > command; at--) sorted[at] = sorted[at - 1]!;
      sorted[at] = state;
    }
    return sorted;
  }

  /** Writes the new numbers into the table: state by state if they are few, else in one pass over the table. */
  #relink(first: number, sorted: Uint32Array, highest: number) {
    const { table } = this;
    if (sorted.length * 16 < table.length) {
      const mask = table.length - 1;
      const places = new Uint32Array(sorted.length);
      for (let i = 0; i < sorted.length; i++) {
        let place = hashOf(this.words, sorted[i]! * this.#width, this.#width) & mask;
        while (table[place] !== sorted[i]! + 1) place = (place + 1) & mask;
        places[i] = place;
      }
      for (let i = 0; i < sorted.length; i++) table[places[i]!] = first + i + 1;
      return;
    }
    const renamed = new Uint32Array(highest - first + 1);
    for (let i = 0; i < sorted.length; i++) renamed[sorted[i]! - first] = first + i + 1;
    for (let place = 0; place < table.length; place++) {
      const known = table[place]!;
      if (known > first) table[place] = renamed[known - 1 - first]!;
    }
  }

  /** Where in the table the state is, or would be put. */
  #find(words: Uint32Array, at: number, hash: number): number {
    const [width, table, mask, stored] = [this.#width, this.table, this.table.length - 1, this.words];
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
    const more = this.words.byteLength + this.parents.byteLength;
    if (this.bytes + more > this.#maxBytes) return false;
    const arrays = this.#allocated(more, [this.words.length * 2, this.parents.length * 2]);
    if (!arrays) return false;
    const [words, parents] = arrays;
    words!.set(this.words);
    parents!.set(this.parents);
    this.words = words!;
    this.parents = parents!;
    return true;
  }

  #rehash(): boolean {
    if (this.bytes + 2 * this.table.byteLength > this.#maxBytes || this.table.length >= mostSlots) return false;
    const [table] = this.#allocated(2 * this.table.byteLength, [this.table.length * 2]) ?? [];
    if (!table) return false;
    const mask = table.length - 1;
    for (let i = 0; i < this.table.length; i++) {
      const known = this.table[i]!;
      if (known === 0) continue;
      let place = hashOf(this.words, (known - 1) * this.#width, this.#width) & mask;
      while (table[place] !== 0) place = (place + 1) & mask;
      table[place] = known;
    }
    this.table = table;
    return true;
  }

  /** Arrays of these lengths, of which `touched` bytes are written at once; undefined if there is no room for them. */
  #allocated(touched: number, lengths: readonly number[]): Uint32Array[] | undefined {
    const bytes = lengths.reduce((sum, length) => sum + 4 * length, 0);
    this.refusal ??= this.#memoryGuard(touched, bytes);
    if (this.refusal) return undefined;
    try {
      return lengths.map(shared);
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      this.refusal = { kind: 'memory', limit: this.bytes, of: 'address space' };
      return undefined;
    }
  }
}

const shared = (length: number) => new Uint32Array(new SharedArrayBuffer(4 * length));

/** Multiply and fold, word by word; the last fold spreads high bits to where the table looks. Worker threads get its text. */
export const hashOf = (words: Uint32Array, at: number, width: number): number => {
  let hash = 0x9e3779b9;
  for (let i = at; i < at + width; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
};
