import type { PackedStates } from '../engine/exploration.ts';
import { noSuccessor } from '../engine/explored.ts';
import { leads, type TransitionTable } from '../table/transition-table.ts';

/** Successors are looked up once for all mutants where that takes less than so many numbers. */
const mostSuccessors = 1 << 25;

/** Where each call leads from each state of a finished search, without any fault. */
export class KnownSuccessors {
  readonly #commands: number;
  readonly #states: PackedStates;
  readonly #transitions: TransitionTable;
  readonly #next: Uint32Array;
  /** By state times commands: what `of` returns. Undefined where it would be too large. */
  readonly #all: Int32Array | undefined;

  constructor(commands: number, wordsOfState: number, states: PackedStates, transitions: TransitionTable) {
    this.#commands = commands;
    this.#states = states;
    this.#transitions = transitions;
    this.#next = new Uint32Array(wordsOfState);
    if (states.count * commands <= mostSuccessors)
      this.#all = Int32Array.from({ length: states.count * commands }, (_, call) =>
        this.#find(Math.floor(call / commands), call % commands),
      );
  }

  /** The state that the call leads to, or one of `noSuccessor`. */
  of(state: number, command: number): number {
    return this.#all ? this.#all[state * this.#commands + command]! : this.#find(state, command);
  }

  #find(state: number, command: number): number {
    const { words } = this.#states;
    const offset = state * this.#next.length;
    const row = this.#transitions.find(command, words, offset);
    const lead = this.#transitions.leads(row);
    if (lead === leads.disabled) return noSuccessor.disabled;
    if (lead === leads.panic) return noSuccessor.panic;
    if (lead !== leads.on || !this.#transitions.apply(row, words, offset, this.#next)) return state;
    return this.#states.find(this.#next, 0, this.#states.hash(this.#next, 0))!;
  }
}
