import { leads } from '../../table/transition-table.ts';
import { StateSet } from '../state-set.ts';
import { LeftDomain, perform } from '../task.ts';
import type { SearchState } from './search-state.ts';
import type { Traces } from './traces.ts';
import type { Workers } from './workers.ts';

/** Arrivals whose places in the state table are read before the first of them is put there. */
export const arrivalsInBatch = 256;

/** Makes the calls of a search in their order: judges them, and adds the states that they lead to. */
export class Arrivals {
  readonly #search: SearchState;
  readonly #traces: Traces;
  /** How many arrivals there is room for in a batch. */
  readonly room: number;
  // A batch of arrivals, in the order of states and commands. By arrival: the state that the call was made in; the row that it took, or
  // -1 - command if that is yet to be looked up; the words of the state that it leads to, `width` for each arrival; and their hash.
  readonly from: Uint32Array;
  readonly rows: Int32Array;
  readonly words: Uint32Array;
  readonly #hashes: Int32Array;
  count = 0;
  /** The state that a single call leads to. */
  readonly #after: Uint32Array;

  constructor(search: SearchState, traces: Traces) {
    this.#search = search;
    this.#traces = traces;
    this.room = arrivalsInBatch + search.task.commands.length;
    this.from = new Uint32Array(this.room);
    this.rows = new Int32Array(this.room);
    this.words = new Uint32Array(this.room * search.width);
    this.#hashes = new Int32Array(this.room);
    this.#after = new Uint32Array(search.width);
  }

  /** Makes the calls of the batch, and empties it. Stops where the search comes to a bound. */
  arriveAll(): void {
    const search = this.#search;
    const { from, rows, words } = this;
    const hashes = this.#hashes;
    search.states.touch(words, this.count, hashes);
    for (let i = 0; i < this.count && !search.bound; i++) {
      const [state, row] = [from[i]!, rows[i]!];
      search.expanded = state;
      if (row >= 0) this.#arrive(state, row, words, i * search.width, hashes[i]!);
      else this.call(state, -1 - row);
    }
    this.count = 0;
  }

  /** Looks one call up, or runs it where nothing is known of it. `workers`: those to which a new state is given, instead of the state set. */
  call(from: number, command: number, workers?: Workers): void {
    const { states, width, transitions, callJudgements, symmetry } = this.#search;
    const offset = from * width;
    const row = this.#take(from, command);
    if (row === undefined || transitions.leads(row) === leads.disabled) return;
    if (callJudgements.settles(row, states.words, offset)) this.#judge(from, command);
    const after = this.#after;
    if (transitions.leads(row) !== leads.on || !transitions.apply(row, states.words, offset, after)) return;
    symmetry?.canonical(after, 0);
    const hash = states.hash(after, 0);
    if (workers) workers.add(after, hash, { state: from, command });
    else this.#arrive(from, row, after, 0, hash);
  }

  /** The row of a call; undefined where the call leaves the domain, and the search ends. */
  #take(from: number, command: number): number | undefined {
    const search = this.#search;
    try {
      return search.learner.take(command, search.states.words, from * search.width);
    } catch (error) {
      if (!search.options.inTurn || !(error instanceof LeftDomain)) throw error;
      this.#judge(from, command);
      if (!search.findings.hasViolation && !search.options.mayLeaveDomain) throw error;
      search.bound = error.bound;
      return undefined;
    }
  }

  #judge(from: number, number: number): void {
    const { task, layout, states, width, findings } = this.#search;
    const command = task.commands[number]!;
    const before = layout.decode(states.words, from * width);
    const outcome = perform(task, before, command);
    findings.ofStep({ before, command, outcome }, (among) => this.#traces.showCall(from, command, among));
  }

  #arrive(from: number, row: number, words: Uint32Array, at: number, hash: number): void {
    const search = this.#search;
    const { states, maxStates, maxBytes } = search;
    if (states.count >= maxStates && states.find(words, at, hash) === undefined) {
      search.bound = { kind: 'states', limit: maxStates };
      return;
    }
    const found = states.add(words, at, hash, from);
    if (found === StateSet.full) search.bound = states.refusal ?? { kind: 'memory', limit: maxBytes };
    if (found < 0) return;
    search.depth = search.level + 1;
    // With symmetry the row wrote what it wrote before the parts were exchanged.
    this.judgeFound(found, search.symmetry ? undefined : row);
  }

  /** Judges a state that was found by a call that took `row`; of an unknown row everything is judged. */
  judgeFound(state: number, row: number | undefined): void {
    const { states, width, stateJudgements, findings, layout } = this.#search;
    if (stateJudgements.settles(states.words, state * width, row))
      findings.ofState(layout.decode(states.words, state * width), (among) => this.#traces.showState(state, among));
  }
}
