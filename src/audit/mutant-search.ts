import { CallJudgements } from '../engine/call-judgements.ts';
import type { Exploration, PackedStates } from '../engine/exploration.ts';
import { type Explored, judgeExplored, noSuccessor } from '../engine/explored.ts';
import { decides, Findings, type Judgeable } from '../engine/findings.ts';
import { TransitionLearner } from '../engine/learner.ts';
import { StateJudgements } from '../engine/state-judgements.ts';
import { StateSet } from '../engine/state-set.ts';
import { judge, type Obligation, type Task } from '../engine/task.ts';
import { SpecError } from '../spec/errors.ts';
import type { Command } from '../spec/model.ts';
import type { Layout } from '../system/layout.ts';
import { leads, type TransitionTable } from '../table/transition-table.ts';
import { Arrivals } from './arrivals.ts';
import { Caught, type Fate } from './fate.ts';
import { KnownSuccessors } from './known-successors.ts';
import type { Mutant } from './mutants.ts';
import { type Evidence, type Witness, witnessOf } from './witness-evidence.ts';

/** A mutant may reach so many times the states of the model itself, and at least `leastStates`. */
const mostGrowth = 4;
const leastStates = 20_000;

interface Judged {
  readonly fate: Fate;
  readonly trace?: readonly Command[];
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
  readonly #successors: KnownSuccessors;
  readonly #waits = new Map<string, (words: Uint32Array, offset: number) => boolean>();
  readonly #next: Uint32Array;
  readonly #most: number;

  // What follows is of the mutant that is searched.
  #arrivals: Arrivals;
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
    this.#arrivals = new Arrivals(states.count + 64);
    this.#successors = new KnownSuccessors(task.commands.length, layout.words, states, this.#transitions);
    const searched = { task, layout, states, transitions: this.#transitions };
    this.#witnesses = obligations.flatMap(({ property, instances }) =>
      property.witness && (property.on === 'call' || property.on === 'state')
        ? instances.map((instance) => witnessOf(searched, property, instance, this.#ofStates, first))
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
    this.#arrivals.clear();
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
    const arrivals = this.#arrivals;
    arrivals.add(0, 0, -1);
    for (let head = 0; head < arrivals.count; head++) {
      if (arrivals.count > this.#most) return false;
      const state = arrivals.at(head);
      for (let command = 0; command < this.#task.commands.length; command++) {
        const to = this.#call(state, command, true);
        if (to >= 0 && !arrivals.has(to)) arrivals.add(to, state, command);
      }
    }
    return true;
  }

  /** The state that the call leads to, or one of `noSuccessor`. With `judging`, what the model itself does not do is judged. */
  #call(state: number, command: number, judging: boolean): number {
    if (state < this.#known.count && !this.#isFaulty[command]) return this.#successors.of(state, command);
    const { row, right } = this.#rowOf(state, command);
    if (state < this.#known.count && row === right) return this.#successors.of(state, command);
    const lead = this.#transitions.leads(row);
    if (lead === leads.disabled) return noSuccessor.disabled;
    const [words, offset] = this.#wordsOf(state);
    if (judging && row !== right && !this.#differs && this.#isFault(row, right, words, offset))
      this.#differs = [...this.#arrivals.commandsTo(state), command].map((of) => this.#task.commands[of]!);
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

  /** Ends and infinite paths, which the whole graph decides. */
  #judgePaths() {
    const obligations = this.#obligations.filter(({ property }) => property.on === 'end' || property.on === 'path');
    if (obligations.length === 0) return;
    const findings = new Findings({ ...this.#task, obligations });
    const graph: Explored = {
      states: this.#arrivals.count,
      plain: (place) => this.#layout.decode(...this.#wordsOf(this.#arrivals.at(place))),
      successor: (place, command) => {
        const to = this.#call(this.#arrivals.at(place), command, false);
        return to >= 0 ? this.#arrivals.placeOf(to) : to;
      },
      waits: (judgeable) => {
        const waits = this.#waitsOf(judgeable);
        return (place) => !waits(...this.#wordsOf(this.#arrivals.at(place)));
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

  /** Whether a state or call that the mutant reaches is the one that the witness asks for. */
  #reaches(witness: Witness): boolean {
    const isStill = ({ state, command }: Evidence) =>
      this.#arrivals.has(state) && (command < 0 || !this.#faults.has(this.#rowOf(state, command).right));
    return witness.evidence.some(isStill) || this.#arrivals.states.some((state) => this.#shows(witness, state));
  }

  #shows({ ofCall, ofState }: Witness, state: number): boolean {
    const [words, offset] = this.#wordsOf(state);
    if (ofState) return ofState(words, offset);
    return this.#task.commands.some((_, command) => {
      const { row } = this.#rowOf(state, command);
      if (this.#transitions.leads(row) === leads.disabled || ofCall!.isQuiet(row)) return false;
      return ofCall!.settles(row, words, offset);
    });
  }
}
