import type { Effect } from '../observe/effect.ts';
import type { Outcome } from '../spec/outcome.ts';
import type { Layout, Slot } from '../system/layout.ts';
import { DecisionTrees, grown, type Tree } from './decision-trees.ts';

/** What a row leads to: another state, the same one, or none because the call is disabled or panics. */
export const leads = { on: 0, nowhere: 1, disabled: 2, panic: 3 } as const;

/** What a row says of the slots that it concerns. */
interface TransitionRow {
  /** The command's number. */
  readonly command: number;
  /** Without its state: the row's effect says what that becomes. */
  readonly outcome: Outcome<unknown>;
  /** What the call read, in that order, and the index of the value that it found. */
  readonly reads: readonly { readonly slot: Slot; readonly index: number }[];
  /** The packed state that it was learned of. */
  readonly sample: Uint32Array;
}

/** A table as plain data: a slot is its position in the layout. */
interface SerialTable {
  readonly commands: number;
  readonly words: number;
  readonly rows: readonly {
    readonly command: number;
    readonly outcome: Outcome<unknown>;
    readonly reads: readonly (readonly [slot: number, index: number])[];
    readonly sample: readonly number[];
    readonly keep: readonly number[];
    readonly set: readonly number[];
  }[];
}

/**
 * What the commands of a system do, as a decision table: by what a call reads, its outcome and what it writes. Rows are numbered through
 * all commands, in the order in which they were added. Where nothing is known yet the table has a hole. It is a value that knows nothing
 * of the functions that it was learned from.
 */
export class TransitionTable {
  readonly #layout: Layout<unknown>;
  readonly #trees: DecisionTrees;
  readonly #roots: readonly number[];
  readonly #rows: TransitionRow[] = [];
  /** By row: one of `leads`. */
  #leads: Int32Array = new Int32Array(256);
  readonly #changes: boolean[] = [];
  /** By row times words: what is kept of a word, and what is set. */
  #keep: Int32Array = new Int32Array(256);
  #set: Int32Array = new Int32Array(256);

  /** `commands`: how many there are. */
  constructor(layout: Layout<unknown>, commands: number) {
    this.#layout = layout;
    this.#trees = new DecisionTrees();
    this.#roots = Array.from({ length: commands }, () => this.#trees.add());
  }

  /** How many rows there are. */
  get size(): number {
    return this.#rows.length;
  }

  row(number: number): TransitionRow {
    return this.#rows[number]!;
  }

  leads(row: number): number {
    return this.#leads[row]!;
  }

  /** By row: its command. */
  commands(): Int32Array {
    return Int32Array.from(this.#rows, ({ command }) => command);
  }

  /** The number of the row that a command takes from the packed state at `offset`; `hole` (decision-trees.ts) if it is not known. */
  find(command: number, words: Uint32Array, offset: number): number {
    return this.#trees.find(this.#roots[command]!, words, offset);
  }

  /** Writes the next state to `next` from index `to`. Returns whether it differs. */
  apply(row: number, words: Uint32Array, offset: number, next: Uint32Array, to = 0): boolean {
    const width = this.#layout.words;
    let differs = 0;
    for (let i = 0, at = row * width; i < width; i++, at++) {
      const word = words[offset + i]!;
      const after = (word & this.#keep[at]!) | this.#set[at]!;
      next[to + i] = after;
      differs |= after ^ word;
    }
    return differs !== 0;
  }

  /** Whether the row writes anything. */
  changes(row: number): boolean {
    return this.#changes[row]!;
  }

  /** The bits of a word that a row leaves as they are, and those that it sets. */
  effectOn(row: number, word: number): { readonly keep: number; readonly set: number } {
    const at = row * this.#layout.words + word;
    return { keep: this.#keep[at]!, set: this.#set[at]! };
  }

  /** What a row writes, all of it. */
  effectOf(row: number): Effect {
    const [from, to] = [row * this.#layout.words, (row + 1) * this.#layout.words];
    return {
      keep: Uint32Array.from(this.#keep.subarray(from, to)),
      set: Uint32Array.from(this.#set.subarray(from, to)),
    };
  }

  /** A command's rows as a tree; undefined if it has more than `most` branches. */
  tree(command: number, most: number): Tree | undefined {
    return this.#trees.tree(this.#roots[command]!, most);
  }

  /**
   * Adds a row, which states take from then on that agree with it in what it reads. Throws a SpecError if a row that is there already
   * reads other slots first, or something else comes of the same values: then it is no pure function's. Returns the row's number.
   */
  learn(row: TransitionRow, effect: Effect): number {
    const number = this.addLoose(row, effect);
    const indices = new Map(row.reads.map(({ slot, index }) => [slot, index]));
    const slots = row.reads.map(({ slot }) => slot);
    this.#trees.learn(this.#roots[row.command]!, slots, (slot) => indices.get(slot)!, number);
    return number;
  }

  /** Adds a row that no state takes: for asking what it would do. */
  addLoose(row: TransitionRow, effect: Effect): number {
    const number = this.#rows.push(row) - 1;
    const width = this.#layout.words;
    this.#leads = grown(this.#leads, number + 1);
    this.#leads[number] = leadOf(row.outcome, effect);
    this.#changes[number] = effect.keep.some((keep) => keep !== 0xffff_ffff);
    this.#keep = grown(this.#keep, (number + 1) * width);
    this.#set = grown(this.#set, (number + 1) * width);
    this.#keep.set(effect.keep, number * width);
    this.#set.set(effect.set, number * width);
    return number;
  }

  /** Another table with the same rows. */
  copy(): TransitionTable {
    const copy = new TransitionTable(this.#layout, this.#roots.length);
    for (const [number, row] of this.#rows.entries()) {
      // A loose row is one that its own sample does not take.
      const isLoose = this.find(row.command, row.sample, 0) !== number;
      if (isLoose) copy.addLoose(row, this.effectOf(number));
      else copy.learn(row, this.effectOf(number));
    }
    return copy;
  }

  toJSON(): SerialTable {
    return {
      commands: this.#roots.length,
      words: this.#layout.words,
      rows: this.#rows.map(({ command, outcome, reads, sample }, number) => {
        const { keep, set } = this.effectOf(number);
        return {
          command,
          outcome,
          reads: reads.map(({ slot, index }) => [slot.index, index] as const),
          sample: [...sample],
          keep: [...keep],
          set: [...set],
        };
      }),
    };
  }

  /** The table that was serialised, for values of the same layout. */
  static from({ commands, rows }: SerialTable, layout: Layout<unknown>): TransitionTable {
    const table = new TransitionTable(layout, commands);
    for (const { command, outcome, reads, sample, keep, set } of rows)
      table.learn(
        {
          command,
          outcome,
          reads: reads.map(([slot, index]) => ({ slot: layout.slots[slot]!, index })),
          sample: Uint32Array.from(sample),
        },
        { keep: Uint32Array.from(keep), set: Uint32Array.from(set) },
      );
    return table;
  }
}

const leadOf = ({ result }: Outcome<unknown>, { keep }: Effect): number => {
  if (result === 'panic') return leads.panic;
  if (result === 'disabled') return leads.disabled;
  return keep.every((mask) => mask === 0xffff_ffff) ? leads.nowhere : leads.on;
};
