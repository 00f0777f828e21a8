import type { Task } from '../engine/task.ts';
import type { Effect } from '../observe/effect.ts';
import type { Observation } from '../observe/observation.ts';
import type { Command } from '../spec/model.ts';
import type { Outcome } from '../spec/outcome.ts';
import type { Layout } from '../system/layout.ts';
import { outcomeKey } from '../system/outcome.ts';
import { type Case, DecisionTable } from '../table/decision-table.ts';
import { collectRegions, neighbours, type Regions } from '../table/neighbours.ts';
import { answered, transitionOf } from '../table/watch.ts';
import type { CancellationPoint } from './cancellation.ts';

/** A call that both sides have, by its number on either. */
export interface Pair {
  readonly command: Command;
  readonly a: number;
  readonly b: number;
}

interface Does {
  readonly outcome: Outcome<unknown>;
  readonly effect: Effect;
}

/** What both functions do where they read the same; undefined where one throws, or leaves the domain. */
export interface BothDo {
  readonly a: Does | undefined;
  readonly b: Does | undefined;
  /** Neither the results nor the writes differ. */
  readonly same: boolean;
  /** Only what is written tells them apart, which may be what is there. */
  readonly sameResult: boolean;
}

/** A slot with more values than this is not tried out. */
const widestTrial = 64;

/** Readings in a run on a state that is not reachable: a function need not end in a state that it never meets. */
const mostReadings = 10_000;

/** The decision tables of two versions of each call at once: one observation watches both. */
export class JointTable {
  readonly #left: Task;
  readonly #right: Task;
  readonly #layout: Layout<unknown>;
  readonly #pairs: readonly Pair[];
  readonly #tables: readonly DecisionTable<BothDo>[];
  #mostReadings = Number.POSITIVE_INFINITY;

  constructor(left: Task, right: Task, layout: Layout<unknown>, pairs: readonly Pair[]) {
    this.#left = left;
    this.#right = right;
    this.#layout = layout;
    this.#pairs = pairs;
    this.#tables = pairs.map(() => new DecisionTable<BothDo>());
  }

  /** What both do in the state, learned if need be. */
  caseOf(pair: number, words: Uint32Array): Case<BothDo> {
    return this.#tables[pair]!.find(words) ?? this.#learn(pair, words.slice());
  }

  /** Whether the two calls differ in the state. */
  differs(pair: number, words: Uint32Array): boolean {
    const { a, b, same, sameResult } = this.caseOf(pair, words).leaf;
    if (same || !sameResult || !a || !b) return !same;
    return words.some(
      (word, i) => ((word & a.effect.keep[i]!) | a.effect.set[i]!) !== ((word & b.effect.keep[i]!) | b.effect.set[i]!),
    );
  }

  #learn(pair: number, state: Uint32Array): Case<BothDo> {
    const { a, b } = this.#pairs[pair]!;
    const {
      reads,
      answer: [ofA, ofB],
    } = answered(
      state,
      (observation): readonly [Does | undefined, Does | undefined] => [
        this.#watched(this.#left, observation, this.#left.commands[a]!),
        this.#watched(this.#right, observation, this.#right.commands[b]!),
      ],
      this.#mostReadings,
    );
    const sameResult = ofA && ofB ? resultKey(ofA.outcome) === resultKey(ofB.outcome) : ofA === ofB;
    const sameEffect =
      ofA && ofB ? equal(ofA.effect.keep, ofB.effect.keep) && equal(ofA.effect.set, ofB.effect.set) : ofA === ofB;
    const leaf = { a: ofA, b: ofB, same: sameResult && sameEffect, sameResult };
    return this.#tables[pair]!.learn({ reads, leaf, sample: state });
  }

  #watched({ system }: Task, observation: Observation, command: Command): Does | undefined {
    try {
      const { outcome, effect } = transitionOf(system, this.#layout, observation, command);
      return effect && { outcome, effect };
    } catch {
      return undefined; // the other side's states need not be expected here
    }
  }

  /**
   * Sets one slot that was read to another value at a time, which leads to every path through the two functions, those nearest to
   * reachable ones first. `found` is told of cases in which the calls differ. Runs the functions at most `mostRuns` times.
   */
  async exploreBeyond(
    mostRuns: number,
    found: (pair: number, of: Case<BothDo>) => void,
    cancellation: CancellationPoint,
  ): Promise<{ readonly complete: boolean; readonly runs: number }> {
    const regions: Regions = new Map();
    collectRegions(this.#layout.place, regions);
    this.#mostReadings = mostReadings;
    let complete = true;
    let runs = 0;
    for (const [pair, table] of this.#tables.entries()) {
      const most = runs + Math.floor((mostRuns - runs) / (this.#pairs.length - pair));
      // A case that is learned on the way is explored in its turn.
      paths: for (const { sample, reads } of table.cases)
        for (const slot of reads) {
          if (slot.size > widestTrial) {
            complete = false;
            continue;
          }
          for (const other of neighbours(sample, slot, regions)) {
            if (table.find(other)) continue;
            if (runs >= most) {
              complete = false;
              break paths;
            }
            runs++;
            if (cancellation.isDue) await cancellation.check();
            try {
              if (!this.differs(pair, other)) continue;
            } catch {
              complete = false;
              continue;
            }
            const of = this.caseOf(pair, other);
            if (of.leaf.a && of.leaf.b) found(pair, of);
          }
        }
    }
    return { complete, runs };
  }
}

const equal = (a: Uint32Array, b: Uint32Array) => a.every((word, i) => word === b[i]);

/** A disabled call is none, for whatever reason. */
export const resultKey = (outcome: Outcome<unknown>): string =>
  outcome.result === 'disabled' ? outcome.result : outcomeKey(outcome);
