import { viewOf } from '../observe/view.ts';
import { SpecError } from '../spec/errors.ts';
import { indexIn, type Layout, maskOf } from '../system/layout.ts';
import { DecisionTrees, hole } from '../table/decision-trees.ts';
import type { TransitionTable } from '../table/transition-table.ts';
import { answered } from '../table/watch.ts';
import { decides, type Findings, type Judgeable } from './findings.ts';
import { type JudgementWatch, judged, learned } from './judged.ts';
import { causes, judge, type Task } from './task.ts';

interface StateEntry {
  readonly judgeable: Judgeable;
  readonly tree: number;
  /** By word: the bits that were ever read. */
  readonly reads: Int32Array;
}

/**
 * Judgements of states, as decision tables. A state is judged when it is found, and only by those judgements that have ever read
 * a bit which the row that led to it writes: the others read in it what they read in its predecessor, which settled nothing.
 */
export class StateJudgements {
  readonly #task: Task;
  readonly #layout: Layout<unknown>;
  readonly #transitions: TransitionTable;
  readonly #watch: JudgementWatch | undefined;
  readonly #trees = new DecisionTrees();
  readonly #entries: readonly StateEntry[];
  /** By row: the entries that may be settled by a state that it leads to, as of `#version`. */
  readonly #affected: { readonly version: number; readonly entries: readonly StateEntry[] }[] = [];
  /** Grows when an entry has read a new slot or is settled. */
  #version = 0;
  /** How often a property's function was run, and how long it took with what is made of it. */
  runs = 0;
  milliseconds = 0;

  constructor(
    task: Task,
    layout: Layout<unknown>,
    transitions: TransitionTable,
    findings: Findings,
    watch?: JudgementWatch,
  ) {
    this.#task = task;
    this.#layout = layout;
    this.#transitions = transitions;
    this.#watch = watch;
    this.#entries = [...findings.open('state')].map((judgeable) => ({
      judgeable,
      tree: this.#trees.add(),
      reads: new Int32Array(layout.words),
    }));
  }

  /** Whether the new state at `offset` settles anything, having been reached by `row`, or being the initial one. */
  settles(words: Uint32Array, offset: number, row?: number): boolean {
    let settles = false;
    for (const entry of row === undefined ? this.#entries : this.#affectedBy(row))
      if (!entry.judgeable.settled && this.#settled(entry, words, offset)) settles = true;
    if (settles) this.#version++;
    return settles;
  }

  /** Judges a state that has been found in full and plainly. Throws a SpecError if that settles anything now: it did not before. */
  audit(words: Uint32Array, offset: number): void {
    const state = this.#layout.decode(words, offset);
    for (const { judgeable } of this.#entries) {
      if (judgeable.settled) continue;
      this.runs++;
      const { property, instance } = judgeable;
      if (!decides(property, judge(this.#task, property, state, instance))) continue;
      const { model, variant } = this.#task.scope;
      throw new SpecError(
        `${model}@${variant}: property ${property.id} is impure: judged again it gave another answer (${causes})`,
      );
    }
  }

  /** The judgement of any state, as a table of its own. */
  table(judgeable: Judgeable): (words: Uint32Array, offset: number) => boolean {
    const entry: StateEntry = { judgeable, tree: this.#trees.add(), reads: new Int32Array(this.#layout.words) };
    return (words, offset) => this.#settled(entry, words, offset);
  }

  #settled(entry: StateEntry, words: Uint32Array, offset: number): boolean {
    const known = this.#trees.find(entry.tree, words, offset);
    if (known !== hole) return known === 1;
    const start = performance.now();
    const seen = this.#learn(entry, words, offset);
    this.milliseconds += performance.now() - start;
    return seen;
  }

  #learn(entry: StateEntry, words: Uint32Array, offset: number): boolean {
    const state = words.slice(offset, offset + this.#layout.words);
    this.runs += 2;
    const { reads, answer: seen } = answered(state, (observation) =>
      judged(this.#task, entry.judgeable, viewOf(observation, this.#layout.place), this.#layout.decode(state)),
    );
    learned(this.#task, entry.judgeable, () =>
      this.#trees.learn(entry.tree, reads, (slot) => indexIn(slot, state, 0), Number(seen)),
    );
    this.#watch?.judgedState(entry.judgeable, reads, state, seen);
    for (const slot of reads) {
      const mask = maskOf(slot);
      if ((entry.reads[slot.word]! & mask) === mask) continue;
      entry.reads[slot.word]! |= mask;
      this.#version++;
    }
    return seen;
  }

  #affectedBy(row: number): readonly StateEntry[] {
    const known = this.#affected[row];
    if (known?.version === this.#version) return known.entries;
    const entries = this.#entries.filter(
      ({ judgeable, reads }) =>
        !judgeable.settled && reads.some((bits, word) => (bits & ~this.#transitions.effectOn(row, word).keep) !== 0),
    );
    this.#affected[row] = { version: this.#version, entries };
    return entries;
  }
}
