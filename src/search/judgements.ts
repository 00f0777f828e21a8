import { strict, viewOf } from '../observe/view.ts';
import { SpecError } from '../spec/errors.ts';
import { indexIn, type Layout, maskOf, type Place, type Slot, slotsOf } from '../spec/layout.ts';
import { outcomeKey, withState } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import { collectRegions, neighbours, type Regions } from '../table/neighbours.ts';
import type { TransitionTable } from '../table/transition-table.ts';
import { hole, type SlotValues, Tries } from '../table/tries.ts';
import { answered } from '../table/watch.ts';
import { decides, type Findings, type Judgeable } from './findings.ts';
import { checkIdentity } from './identity.ts';
import { causes, judge, type Task } from './task.ts';

/** Judges what was observed and the same thing in plain form, and insists on one answer: whether it settles the judgement. */
const judged = (
  task: Task,
  { property, instance }: Judgeable,
  observed: unknown,
  plain: unknown,
  exploring = false,
): boolean => {
  const { model, variant } = task.scope;
  let seen: boolean;
  try {
    seen = decides(property, judge(task, property, observed, instance));
  } catch (error) {
    if (!exploring) judge(task, property, plain, instance); // where the property is broken, this says so in its own words
    if (!(error instanceof SpecError)) throw error;
    const who = `${model}@${variant}: property ${property.id}`;
    throw new SpecError(
      error.message.startsWith(who)
        ? `${error.message} while its state was watched, and not on the plain state`
        : `${who} ${error.message}`,
    );
  }
  if (seen === decides(property, judge(task, property, plain, instance))) return seen;
  throw new SpecError(
    `${model}@${variant}: property ${property.id} is impure: judged twice on one state it gave two answers (${causes})`,
  );
};

/** Runs the learning of a judgement; where it contradicts what was learned before, the error says whose judgement it is. */
const learned = (task: Task, { property }: Judgeable, learn: () => void): void => {
  try {
    learn();
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    const { model, variant } = task.scope;
    throw new SpecError(`${model}@${variant}: property ${property.id} is impure: ${error.message} (${causes})`);
  }
};

/** Is told of every row that a judgement learns; `real`: of a state or call that the search has seen. */
export interface JudgementWatch {
  judgedState(judgeable: Judgeable, reads: readonly Slot[], words: Uint32Array, seen: boolean): void;
  judgedCall(
    judgeable: Judgeable,
    call: { readonly command: number; readonly outcome: Step['outcome']; readonly same: boolean },
    reads: readonly Slot[],
    words: Uint32Array,
    seen: boolean,
    real: boolean,
  ): void;
}

interface StateEntry {
  readonly judgeable: Judgeable;
  readonly trie: number;
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
  readonly #tries = new Tries();
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
      trie: this.#tries.add(),
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
    const entry: StateEntry = { judgeable, trie: this.#tries.add(), reads: new Int32Array(this.#layout.words) };
    return (words, offset) => this.#settled(entry, words, offset);
  }

  #settled(entry: StateEntry, words: Uint32Array, offset: number): boolean {
    const known = this.#tries.find(entry.trie, words, offset);
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
      this.#tries.learn(entry.trie, reads, (slot) => indexIn(slot, state, 0), Number(seen)),
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

/** Judgements of the calls that one command makes with one result. */
interface CallClass {
  readonly entries: readonly { readonly judgeable: Judgeable; readonly trie: number }[];
  /** Grows when an entry has learned something. */
  version: number;
  /** How many calls were judged. */
  calls: number;
}

const outcomeFields = ['result', 'state', 'warnings', 'errno', 'reason'];

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
  readonly #tries = new Tries();
  /** The state before is packed in the first words of a pair, the state after in the following. */
  readonly #after: Place;
  /** By slot of the state after: the same slot of the state before. */
  readonly #twins = new Map<Slot, Slot>();
  readonly #regions: Regions = new Map();
  readonly #classes = new Map<string, CallClass>();
  /** By twice the row, plus 1 for calls that change nothing: its class, and the entries that it may settle as of the class's version. */
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
      const leaf = this.#tries.find(entry.trie, this.#pair, 0);
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
      ({ judgeable, trie }) => !judgeable.settled && this.#tries.canReach(trie, 1, this.#valuesIn(row)),
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
    const entries = [...this.#findings.open('call')].map((judgeable) => ({ judgeable, trie: this.#tries.add() }));
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
        if (pair !== first && this.#tries.find(entry.trie, pair, 0) !== hole) continue;
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
    { judgeable, trie }: CallClass['entries'][number],
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
      this.#tries.learn(trie, reads, (slot) => indexIn(slot, words, 0), Number(seen)),
    );
    this.#watch?.judgedCall(judgeable, { command: number, outcome, same }, reads, pair, seen, real);
    explored?.push(...reads);
    of.version++;
    return seen;
  }
}
