import { strict, viewOf } from '../observe/view.ts';
import { SpecError } from '../spec/errors.ts';
import { indexIn, type Layout, maskOf, type Place, type Slot, slotsOf } from '../system/layout.ts';
import { outcomeFields, outcomeKey, withState } from '../system/outcome.ts';
import { DecisionTrees, hole, type SlotValues } from '../table/decision-trees.ts';
import { collectRegions, neighbours, type Regions } from '../table/neighbours.ts';
import type { TransitionTable } from '../table/transition-table.ts';
import { answered } from '../table/watch.ts';
import type { Findings, Judgeable } from './findings.ts';
import { checkIdentity } from './identity.ts';
import { type JudgementWatch, judged, learned } from './judged.ts';
import type { Task } from './task.ts';

/** Judgements of the calls that one command makes with one result. */
interface CallClass {
  readonly entries: readonly { readonly judgeable: Judgeable; readonly tree: number }[];
  /** Grows when an entry has learned something. */
  version: number;
  /** How many calls were judged. */
  calls: number;
}

/** At most so many pairs of states, reachable or not, are tried to learn a judgement's whole table at once. */
const mostTrials = 64;

/** Calls of a class before that is worth its trouble: of a small model most classes see fewer. */
const callsBeforeTrials = 512;

/** Readings of a state in one trial. */
const mostReadings = 10_000;

/** A slot with more values than this is not tried out. */
const widestTrial = 16;

/**
 * Judgements of calls, as decision tables over the state before and the state after. A judgement is left out where the row that the
 * call takes cannot settle it, whatever the state: that is read off the judgement's table and the row's reads and writes.
 */
export class CallJudgements {
  readonly #task: Task;
  readonly #layout: Layout<unknown>;
  readonly #transitions: TransitionTable;
  readonly #watch: JudgementWatch | undefined;
  readonly #findings: Findings;
  readonly #trees = new DecisionTrees();
  /** The state before is packed in the first words of a pair, the state after in the following. */
  readonly #after: Place;
  /** By slot of the state after: the same slot of the state before. */
  readonly #twins = new Map<Slot, Slot>();
  readonly #regions: Regions = new Map();
  readonly #classes = new Map<string, CallClass>();
  /** By twice the row, plus 1 for calls that change nothing: the class of the call, its version then, and the entries that the row may settle. */
  readonly #relevant: { readonly of: CallClass; readonly version: number; readonly entries: CallClass['entries'] }[] =
    [];
  readonly #pair: Uint32Array;
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
    this.#findings = findings;
    this.#after = layout.after;
    this.#pair = new Uint32Array(2 * layout.words);
    const [before, after] = [slotsOf(layout.place), slotsOf(this.#after)];
    for (const [i, slot] of after.entries()) this.#twins.set(slot, before[i]!);
    collectRegions(layout.place, this.#regions);
    collectRegions(this.#after, this.#regions);
  }

  /** Whether the call that takes `row` from the state at `offset` settles anything. */
  settles(row: number, words: Uint32Array, offset: number): boolean {
    for (let i = 0; i < this.#layout.words; i++) this.#pair[i] = words[offset + i]!;
    const same = !this.#transitions.apply(row, words, offset, this.#pair, this.#layout.words);
    const { of, entries } = this.#relevantTo(row, same);
    if (++of.calls === callsBeforeTrials) this.#exploreAll(of, row, same);
    let settles = false;
    for (const entry of entries) {
      if (entry.judgeable.settled) continue;
      const leaf = this.#trees.find(entry.tree, this.#pair, 0);
      if (leaf === 1 || (leaf === hole && this.#timed(() => this.#learn(of, entry, row, same, this.#pair))))
        settles = true;
    }
    return settles;
  }

  /** Whether no call that takes `row`, and changes the state if the row changes anything, can settle anything. */
  isQuiet(row: number): boolean {
    const known = this.#relevant[2 * row + Number(!this.#transitions.changes(row))];
    return known !== undefined && known.version === known.of.version && known.entries.length === 0;
  }

  #relevantTo(row: number, same: boolean) {
    const at = 2 * row + Number(same);
    const known = this.#relevant[at];
    if (known && known.version === known.of.version) return known;
    const of = known?.of ?? this.#classOf(row, same);
    const entries = of.entries.filter(
      ({ judgeable, tree }) => !judgeable.settled && this.#trees.canReach(tree, 1, this.#valuesIn(row)),
    );
    const relevant = { of, version: of.version, entries };
    this.#relevant[at] = relevant;
    return relevant;
  }

  /** What a row knows of the two states: what it read, what it wrote, and that the rest is in both the same. */
  #valuesIn(row: number): SlotValues {
    const known = new Map(this.#transitions.row(row).reads.map(({ slot, index }) => [slot, index]));
    const assumed = new Map<Slot, number>();
    const canonical = (slot: Slot): Slot | number => {
      const twin = this.#twins.get(slot);
      if (!twin) return slot;
      const mask = maskOf(twin);
      const { keep, set } = this.#transitions.effectOn(row, twin.word);
      if ((keep & mask) === mask) return twin;
      return (keep & mask) === 0 ? ((set & mask) >>> twin.shift) >>> 0 : slot;
    };
    return {
      get: (slot) => {
        const same = canonical(slot);
        return typeof same === 'number' ? same : (known.get(same) ?? assumed.get(same));
      },
      set: (slot, index) => {
        const same = canonical(slot);
        if (typeof same === 'number') return;
        if (index === undefined) assumed.delete(same);
        else assumed.set(same, index);
      },
    };
  }

  /** The class of the call that `#pair` shows. */
  #classOf(row: number, same: boolean): CallClass {
    const { command, outcome } = this.#transitions.row(row);
    const key = `${command} ${same} ${outcomeKey(outcome)}`;
    const known = this.#classes.get(key);
    if (known) return known;
    const entries = [...this.#findings.open('call')].map((judgeable) => ({ judgeable, tree: this.#trees.add() }));
    const made: CallClass = { entries, version: 0, calls: 0 };
    this.#classes.set(key, made);
    return made;
  }

  /** Learns as much as can be had of the tables that all calls of a class share, so that rows that settle nothing can be told. */
  #exploreAll(of: CallClass, row: number, same: boolean) {
    this.#timed(() => {
      for (const entry of of.entries)
        if (!entry.judgeable.settled) this.#explore(of, entry, row, same, this.#pair.slice());
    });
  }

  #timed<T>(run: () => T): T {
    const start = performance.now();
    const result = run();
    this.milliseconds += performance.now() - start;
    return result;
  }

  /** Learns the judgement's table as far as it is small, from this pair of states and from pairs that differ in what is read. */
  #explore(of: CallClass, entry: CallClass['entries'][number], row: number, same: boolean, first: Uint32Array) {
    const untried = [first];
    try {
      for (let trials = 0; untried.length > 0 && trials < mostTrials; ) {
        const pair = untried.pop()!;
        if (pair !== first && this.#trees.find(entry.tree, pair, 0) !== hole) continue;
        trials++;
        const reads: Slot[] = [];
        this.#learn(of, entry, row, same, pair, reads, pair === first);
        if (reads.every(({ size }) => size <= widestTrial))
          untried.push(...reads.flatMap((slot) => [...neighbours(pair, slot, this.#regions)]));
      }
    } catch (error) {
      // A property need not expect a pair that cannot be reached. One that can be is judged again when it comes.
      if (!(error instanceof SpecError)) throw error;
    }
  }

  #learn(
    of: CallClass,
    { judgeable, tree }: CallClass['entries'][number],
    row: number,
    same: boolean,
    pair: Uint32Array,
    explored?: Slot[],
    real = explored === undefined,
  ): boolean {
    const { command: number, outcome } = this.#transitions.row(row);
    const command = this.#task.commands[number]!;
    const width = this.#layout.words;
    const words = pair.slice();
    const plainBefore = this.#layout.decode(words);
    const plainAfter = same ? plainBefore : this.#layout.decode(words, width);
    const plain = { before: plainBefore, command, outcome: withState(outcome, plainAfter) };
    this.runs += 2;
    const { reads, answer: seen } = answered(
      words,
      (observation) => {
        const before = viewOf(observation, this.#layout.place);
        const after = same ? before : viewOf(observation, this.#after);
        const observed = {
          before,
          command,
          outcome: strict({ ...outcome, state: after }, outcomeFields, 'an outcome'),
        };
        return judged(this.#task, judgeable, observed, plain, explored !== undefined);
      },
      // A made-up pair of states may send a property round in circles.
      explored && mostReadings,
    );
    checkIdentity(this.#task, judgeable.property, judgeable.instance, plain, seen);
    learned(this.#task, judgeable, () =>
      this.#trees.learn(tree, reads, (slot) => indexIn(slot, words, 0), Number(seen)),
    );
    this.#watch?.judgedCall(judgeable, { command: number, outcome, same }, reads, pair, seen, real);
    explored?.push(...reads);
    of.version++;
    return seen;
  }
}
