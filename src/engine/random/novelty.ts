import { indexIn, type Layout, type Slot } from '../../system/layout.ts';
import type { MemoryGuard } from '../memory.ts';
import { StateSet } from '../state-set.ts';

/** Values of a slot are told apart up to this many; of more, by what is left of a division by it. */
const mostValues = 16;

/** Pairs of values are kept in so many bytes at most; beyond, several pairs share one. */
const mostBytes = 1 << 24;

/**
 * What runs have done that are over: the rows that were taken, pairs of results one after the other, values that two slots had at once. A
 * run adds what it did at its end, so that a run that is broken off and made again finds what it found the first time.
 */
export class Novelty {
  readonly #slots: readonly Slot[];
  readonly #sizes: Int32Array;
  /** By slot: the sum of the sizes before it. */
  readonly #before: Int32Array;
  readonly #sum: number;
  readonly #values: Uint8Array;
  readonly #visited: StateSet;
  readonly #results = new StateSet(2, Number.POSITIVE_INFINITY);
  /** By row: how many runs have tried it, and how often it was followed. */
  readonly #tried: boolean[] = [];
  readonly #followed: number[] = [];

  /** `memoryGuard`: where it refuses, what runs do may count as new though it is not. */
  constructor(layout: Layout<unknown>, memoryGuard?: MemoryGuard) {
    this.#slots = layout.slots;
    this.#sizes = Int32Array.from(layout.slots, ({ size }) => Math.min(size, mostValues));
    this.#before = new Int32Array(this.#sizes.length);
    let sum = 0;
    for (const [i, size] of this.#sizes.entries()) {
      this.#before[i] = sum;
      sum += size;
    }
    this.#sum = sum;
    this.#values = new Uint8Array(Math.min(sum * sum, mostBytes));
    this.#visited = new StateSet(layout.words, Number.POSITIVE_INFINITY, memoryGuard);
  }

  /** A run that begins now. */
  begin(): RunNovelty {
    return new RunNovelty(this);
  }

  hasRow(row: number): boolean {
    return this.#tried[row] === true;
  }

  timesFollowed(row: number): number {
    return this.#followed[row] ?? 0;
  }

  hasResults(pair: Uint32Array): boolean {
    return this.#results.find(pair, 0, this.#results.hash(pair, 0)) !== undefined;
  }

  /**
   * Pairs of values that no state had, among those of which one is of a slot that differs between two states; without a state before, of
   * any slot.
   */
  *freshValues(words: Uint32Array, before: Uint32Array | undefined): Generator<number> {
    if (this.#visited.find(words, 0, this.#visited.hash(words, 0)) !== undefined) return;
    const [slots, sizes, offsets, sum] = [this.#slots, this.#sizes, this.#before, this.#sum];
    const { length } = slots;
    const now = new Int32Array(length);
    for (let i = 0; i < length; i++) now[i] = offsets[i]! + (indexIn(slots[i]!, words, 0) % sizes[i]!);
    for (let i = 0; i < length; i++) {
      if (before && indexIn(slots[i]!, before, 0) === indexIn(slots[i]!, words, 0)) continue;
      for (let j = 0; j < length; j++) {
        const pair = (now[Math.min(i, j)]! * sum + now[Math.max(i, j)]!) % mostBytes;
        if (this.#values[pair] === 0) yield pair;
      }
    }
  }

  tryRow(row: number): void {
    this.#tried[row] = true;
  }

  follow(row: number): void {
    this.#followed[row] = this.timesFollowed(row) + 1;
  }

  addResults(pair: Uint32Array): void {
    this.#results.add(pair, 0, this.#results.hash(pair, 0), 0);
  }

  addValues(pair: number): void {
    this.#values[pair] = 1;
  }

  visit(words: Uint32Array): void {
    this.#visited.add(words, 0, this.#visited.hash(words, 0), 0);
  }
}

/** What one run does that is new. */
export class RunNovelty {
  readonly #known: Novelty;
  readonly #rows = new Set<number>();
  readonly #followed: number[] = [];
  readonly #results: Uint32Array[] = [];
  readonly #values = new Set<number>();
  readonly #states: Uint32Array[] = [];
  readonly #pair = new Uint32Array(2);
  #before: Uint32Array | undefined;

  constructor(known: Novelty) {
    this.#known = known;
  }

  /** How often runs that are over have followed a row. */
  timesFollowed(row: number): number {
    return this.#known.timesFollowed(row);
  }

  /** A call was tried. Returns whether no run had tried its row. */
  tries(row: number): boolean {
    if (this.#known.hasRow(row) || this.#rows.has(row)) return false;
    this.#rows.add(row);
    return true;
  }

  /** A call is followed. Returns whether no run had followed one with its result behind one with the result of the call before. */
  follows(row: number, result: number): boolean {
    this.#followed.push(row);
    this.#pair[0] = this.#pair[1]!;
    this.#pair[1] = result + 1;
    if (this.#known.hasResults(this.#pair)) return false;
    this.#results.push(this.#pair.slice());
    return true;
  }

  /** The run is in a state. Returns whether it has two values that no state had at once. */
  arrives(words: Uint32Array): boolean {
    let isFresh = false;
    for (const pair of this.#known.freshValues(words, this.#before)) {
      if (this.#values.has(pair)) continue;
      this.#values.add(pair);
      isFresh = true;
    }
    this.#before = words.slice();
    this.#states.push(this.#before);
    return isFresh;
  }

  /** The run is over. */
  end(): void {
    for (const row of this.#rows) this.#known.tryRow(row);
    for (const row of this.#followed) this.#known.follow(row);
    for (const pair of this.#results) this.#known.addResults(pair);
    for (const pair of this.#values) this.#known.addValues(pair);
    for (const state of this.#states) this.#known.visit(state);
  }
}
