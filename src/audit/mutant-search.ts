import { CallJudgements } from '../engine/explicit/call-judgements.ts';
import { TransitionLearner } from '../engine/explicit/learner.ts';
import { StateJudgements } from '../engine/explicit/state-judgements.ts';
import { StateSet } from '../engine/explicit/state-set.ts';
import type { Exploration, PackedStates } from '../engine/exploration.ts';
import { type Explored, judgeExplored, noSuccessor } from '../engine/explored.ts';
import { decides, Findings, type Judgeable } from '../engine/findings.ts';
import { judge, type Obligation, type Task } from '../engine/task.ts';
import { SpecError } from '../spec/errors.ts';
import type { Command } from '../spec/model.ts';
import type { Property } from '../spec/property.ts';
import type { Layout } from '../system/layout.ts';
import { leads, type TransitionTable } from '../table/transition-table.ts';
import type { Mutant } from './mutants.ts';

/**
 * What became of a mutant.
 *
 * - `property`: it violates a property that holds without it.
 * - `witness`: it violates none, but a witness that was reached before is not any more.
 * - `error`: a state leaves its domain, or a function of the model or of a property throws: `check` would stop there.
 * - `equivalent`: no reachable call differs from what it was.
 * - `undecided`: it reaches more states than may be searched, none of which violates anything.
 * - `survived`: it does something else, and nothing notices.
 */
export type Fate =
  | { readonly kind: 'property' | 'witness'; readonly property: Property }
  | { readonly kind: 'error' | 'equivalent' | 'undecided' | 'survived' };

/** A mutant may reach so many times the states of the model itself, and at least `leastStates`. */
const mostGrowth = 4;
const leastStates = 20_000;

/** Successors are looked up once for all mutants where that takes less than so many numbers. */
const mostSuccessors = 1 << 25;

/** Calls that show a witness are remembered, at most so many of each. */
const mostEvidence = 16;

interface Judged {
  readonly fate: Fate;
  readonly trace?: readonly Command[];
}

/** A property that some mutant breaks, or an error that it runs into, ends its search. */
class Caught extends Error {
  readonly fate: Fate;

  constructor(fate: Fate) {
    super();
    this.fate = fate;
  }
}

interface Witness {
  readonly property: Property;
  /** Whether the call that takes the row from the state shows it; undefined for a witness of states. */
  readonly ofCall: CallJudgements | undefined;
  readonly ofState: ((words: Uint32Array, offset: number) => boolean) | undefined;
  readonly evidence: { readonly state: number; readonly command: number }[];
}

/** Searches a model with one row put wrong, on the tables of the search without it. */
export class MutantSearch {
  readonly #task: Task;
  readonly #layout: Layout<unknown>;
  /** The rows of the finished search and, behind them, those of mutants and of states that only mutants reach. */
  readonly #transitions: TransitionTable;
  readonly #learner: TransitionLearner;
  /** The states that the model itself reaches. In these, and in calls from them but the faulty one, every property holds. */
  readonly #known: PackedStates;
  readonly #obligations: readonly Obligation[];
  readonly #ofStates: StateJudgements;
  readonly #ofCalls: CallJudgements;
  readonly #safety: Findings;
  readonly #witnesses: readonly Witness[];
  /** By known state times commands: the state that the call leads to, or -1. Undefined where it would be too large. */
  readonly #successors: Int32Array | undefined;
  readonly #waits = new Map<string, (words: Uint32Array, offset: number) => boolean>();
  readonly #next: Uint32Array;
  readonly #most: number;

  // Of the mutant that is searched: states are numbered as the known ones are, then its own in the order in which they are found.
  /** By state: how many were found before it, or -1. */
  #place: Int32Array;
  #parents: Int32Array;
  #arrivals: Int32Array;
  #queue: number[] = [];
  #own: StateSet | undefined;
  /** By row: the faulty row that is in its place. */
  #faults = new Map<number, number>();
  /** By command: whether it has a faulty row. */
  #isFaulty: boolean[] = [];
  /** The commands up to the first faulty call that does anything else than the right one. */
  #differs: readonly Command[] | undefined;

  constructor(
    task: Task,
    { layout, states, transitions }: Exploration,
    obligations: readonly Obligation[],
    first: Int32Array,
  ) {
    this.#task = task;
    this.#layout = layout;
    this.#learner = new TransitionLearner(task, layout, transitions.copy());
    this.#transitions = this.#learner.table;
    this.#known = states;
    this.#obligations = obligations.filter(({ property }) => !property.witness);
    this.#safety = new Findings({ ...task, obligations: this.#obligations });
    this.#ofStates = new StateJudgements(task, layout, this.#transitions, this.#safety);
    this.#ofCalls = new CallJudgements(task, layout, this.#transitions, this.#safety);
    // What is judged of a state is what its predecessor lets expect, so every known state is judged once.
    for (let state = 0; state < states.count; state++) this.#ofStates.settles(states.words, state * layout.words);
    this.#next = new Uint32Array(layout.words);
    this.#most = Math.max(leastStates, mostGrowth * states.count);
    this.#place = new Int32Array(states.count + 64).fill(-1);
    this.#parents = new Int32Array(this.#place.length);
    this.#arrivals = new Int32Array(this.#place.length);
    this.#successors = states.count * task.commands.length <= mostSuccessors ? this.#allSuccessors() : undefined;
    this.#witnesses = obligations.flatMap(({ property, instances }) =>
      property.witness && (property.on === 'call' || property.on === 'state')
        ? instances.map((instance) => this.#witness(property, instance, first))
        : [],
    );
  }

  judge(mutant: Mutant): Judged {
    this.#faults = new Map();
    this.#isFaulty = [];
    for (const { row, outcome, effect } of [mutant, ...mutant.also]) {
      this.#faults.set(row, this.#transitions.addLoose({ ...this.#transitions.row(row), outcome }, effect));
      this.#isFaulty[this.#transitions.row(row).command] = true;
    }
    this.#place.fill(-1);
    this.#queue = [];
    this.#own = undefined;
    this.#differs = undefined;
    try {
      if (!this.#search()) return { fate: { kind: 'undecided' } };
      if (!this.#differs) return { fate: { kind: 'equivalent' } };
      this.#judgePaths();
      const unreached = this.#witnesses.find((witness) => !this.#reaches(witness));
      if (unreached) return { fate: { kind: 'witness', property: unreached.property } };
      return { fate: { kind: 'survived' }, trace: this.#differs };
    } catch (error) {
      if (error instanceof Caught) return { fate: error.fate };
      if (error instanceof SpecError) return { fate: { kind: 'error' } };
      throw error;
    }
  }

  /** Breadth-first from the initial state. Returns false where there are too many states; throws what the mutant is caught by. */
  #search(): boolean {
    this.#arrive(0, 0, -1);
    for (let head = 0; head < this.#queue.length; head++) {
      if (this.#queue.length > this.#most) return false;
      const state = this.#queue[head]!;
      for (let command = 0; command < this.#task.commands.length; command++) {
        const to = this.#call(state, command, true);
        if (to >= 0 && this.#place[to] === -1) this.#arrive(to, state, command);
      }
    }
    return true;
  }

  #arrive(state: number, parent: number, command: number) {
    if (state >= this.#place.length) {
      const grow = (array: Int32Array, value: number) => {
        const larger = new Int32Array(2 * (state + 1)).fill(value);
        larger.set(array);
        return larger;
      };
      this.#place = grow(this.#place, -1);
      this.#parents = grow(this.#parents, 0);
      this.#arrivals = grow(this.#arrivals, 0);
    }
    this.#place[state] = this.#queue.push(state) - 1;
    this.#parents[state] = parent;
    this.#arrivals[state] = command;
  }

  /** The state that the call leads to, or one of `noSuccessor`. With `judging`, what the model itself does not do is judged. */
  #call(state: number, command: number, judging: boolean): number {
    if (state < this.#known.count && !this.#isFaulty[command]) return this.#successor(state, command);
    const { row, right } = this.#rowOf(state, command);
    if (state < this.#known.count && row === right) return this.#successor(state, command);
    const lead = this.#transitions.leads(row);
    if (lead === leads.disabled) return noSuccessor.disabled;
    const [words, offset] = this.#wordsOf(state);
    if (judging && row !== right && !this.#differs && this.#isFault(row, right, words, offset))
      this.#differs = [...this.#traceTo(state), this.#task.commands[command]!];
    if (judging) this.#judgeCall(row, words, offset, command);
    if (lead === leads.panic) return noSuccessor.panic;
    const next = this.#next;
    if (lead !== leads.on || !this.#transitions.apply(row, words, offset, next)) return state;
    return this.#numberOf(next, row, row !== right);
  }

  /** The row that the call takes, and the one that it would take without the fault. */
  #rowOf(state: number, command: number): { readonly row: number; readonly right: number } {
    const [words, offset] = this.#wordsOf(state);
    const right =
      state < this.#known.count
        ? this.#transitions.find(command, words, offset)
        : this.#learner.take(command, words, offset);
    return { row: this.#faults.get(right) ?? right, right };
  }

  #wordsOf(state: number): readonly [Uint32Array, number] {
    const { words } = this.#layout;
    if (state < this.#known.count) return [this.#known.words, state * words];
    return [this.#own!.words, (state - this.#known.count) * words];
  }

  #judgeCall(row: number, words: Uint32Array, offset: number, command: number) {
    if (!this.#ofCalls.settles(row, words, offset)) return;
    const before = this.#layout.decode(words, offset);
    const next = new Uint32Array(this.#layout.words);
    const changed = this.#transitions.apply(row, words, offset, next);
    const outcome = {
      ...this.#transitions.row(row).outcome,
      state: changed ? this.#layout.decode(next) : before,
    };
    this.#catch('call', { before, command: this.#task.commands[command]!, outcome });
  }

  /** Whether the faulty call does anything else in the state than the right one. */
  #isFault(row: number, right: number, words: Uint32Array, offset: number): boolean {
    if (this.#transitions.row(row).outcome !== this.#transitions.row(right).outcome) return true;
    const next = new Uint32Array(this.#layout.words);
    this.#transitions.apply(right, words, offset, next);
    this.#transitions.apply(row, words, offset, this.#next);
    return next.some((word, i) => word !== this.#next[i]);
  }

  /** The number of the state in `next`, which is judged if it is new. */
  #numberOf(next: Uint32Array, row: number, isFaulty: boolean): number {
    const hash = this.#known.hash(next, 0);
    const known = this.#known.find(next, 0, hash) ?? -1;
    if (known >= 0) return known;
    this.#own ??= new StateSet(this.#layout.words, Number.POSITIVE_INFINITY);
    const own = this.#own.find(next, 0, hash);
    if (own !== undefined) return this.#known.count + own;
    if (isFaulty && !this.#isState(next)) throw new Caught({ kind: 'error' });
    const added = this.#own.add(next, 0, hash, 0);
    const { words } = this.#layout;
    if (this.#ofStates.settles(this.#own.words, added * words, row))
      this.#catch('state', this.#layout.decode(this.#own.words, added * words));
    return this.#known.count + added;
  }

  /** The effect of one row on a state of another may be no state at all. */
  #isState(words: Uint32Array): boolean {
    try {
      return this.#layout.encode(this.#layout.decode(words)).every((word, i) => word === words[i]);
    } catch {
      return false;
    }
  }

  #catch(on: 'state' | 'call', subject: unknown) {
    for (const { property, instances } of this.#obligations)
      if (property.on === on)
        for (const instance of instances)
          if (decides(property, judge(this.#task, property, subject, instance)))
            throw new Caught({ kind: 'property', property });
    throw new Error('a property is broken and none is');
  }

  #successor(state: number, command: number): number {
    if (this.#successors) return this.#successors[state * this.#task.commands.length + command]!;
    const [words, offset] = this.#wordsOf(state);
    const row = this.#transitions.find(command, words, offset);
    const lead = this.#transitions.leads(row);
    if (lead === leads.disabled) return noSuccessor.disabled;
    if (lead === leads.panic) return noSuccessor.panic;
    if (lead !== leads.on || !this.#transitions.apply(row, words, offset, this.#next)) return state;
    return this.#known.find(this.#next, 0, this.#known.hash(this.#next, 0))!;
  }

  #allSuccessors(): Int32Array {
    const { length } = this.#task.commands;
    const all = new Int32Array(this.#known.count * length);
    for (let state = 0; state < this.#known.count; state++)
      for (let command = 0; command < length; command++)
        all[state * length + command] = this.#successor(state, command);
    return all;
  }

  /** Ends and infinite paths, which the whole graph decides. */
  #judgePaths() {
    const obligations = this.#obligations.filter(({ property }) => property.on === 'end' || property.on === 'path');
    if (obligations.length === 0) return;
    const findings = new Findings({ ...this.#task, obligations });
    const graph: Explored = {
      states: this.#queue.length,
      plain: (place) => this.#layout.decode(...this.#wordsOf(this.#queue[place]!)),
      successor: (place, command) => {
        const to = this.#call(this.#queue[place]!, command, false);
        return to >= 0 ? this.#place[to]! : to;
      },
      waits: (judgeable) => {
        const waits = this.#waitsOf(judgeable);
        return (place) => !waits(...this.#wordsOf(this.#queue[place]!));
      },
      traceTo: () => [],
    };
    judgeExplored(this.#task, graph, findings);
    for (const { property, verdict } of findings.verdicts(undefined))
      if (verdict.kind === 'violated') throw new Caught({ kind: 'property', property });
  }

  #waitsOf({ property, instance }: Judgeable) {
    const key = `${property.id} ${JSON.stringify(instance)}`;
    const known = this.#waits.get(key) ?? this.#ofStates.table({ property, instance, settled: false });
    this.#waits.set(key, known);
    return known;
  }

  #witness(property: Property, instance: unknown, first: Int32Array): Witness {
    const findings = new Findings({ ...this.#task, obligations: [{ property, instances: [instance] }] });
    const [judgeable] = [...findings.open(property.on)];
    const ofCall =
      property.on === 'call' ? new CallJudgements(this.#task, this.#layout, this.#transitions, findings) : undefined;
    const witness: Witness = {
      property,
      ofCall,
      ofState: ofCall ? undefined : this.#ofStates.table(judgeable!),
      evidence: [],
    };
    const { words } = this.#layout;
    if (ofCall)
      for (const [row, state] of first.entries()) {
        if (witness.evidence.length >= mostEvidence) break;
        if (this.#transitions.leads(row) !== leads.disabled && ofCall.settles(row, this.#known.words, state * words))
          witness.evidence.push({ state, command: this.#transitions.row(row).command });
      }
    else
      for (let state = 0; state < this.#known.count && witness.evidence.length < mostEvidence; state++)
        if (witness.ofState!(this.#known.words, state * words)) witness.evidence.push({ state, command: -1 });
    return witness;
  }

  /** Whether a state or call that the mutant reaches is the one that the witness asks for. */
  #reaches({ evidence, ofCall, ofState }: Witness): boolean {
    const still = evidence.some(
      ({ state, command }) =>
        this.#place[state]! >= 0 && (command < 0 || !this.#faults.has(this.#rowOf(state, command).right)),
    );
    if (still) return true;
    return this.#queue.some((state) => {
      const [words, offset] = this.#wordsOf(state);
      if (ofState) return ofState(words, offset);
      return this.#task.commands.some((_, command) => {
        const { row } = this.#rowOf(state, command);
        if (this.#transitions.leads(row) === leads.disabled || ofCall!.isQuiet(row)) return false;
        return ofCall!.settles(row, words, offset);
      });
    });
  }

  #traceTo(state: number): Command[] {
    const trace: Command[] = [];
    for (let at = state; this.#arrivals[at]! >= 0; at = this.#parents[at]!)
      trace.push(this.#task.commands[this.#arrivals[at]!]!);
    return trace.reverse();
  }
}
