import type { Layout } from '../system/layout.ts';
import type { TransitionTable } from '../table/transition-table.ts';
import type { Explored } from './explored.ts';

/** The packed states of an exploration, by number: in the order in which they were found, breadth-first. */
export interface PackedStates {
  readonly count: number;
  /** By state number times the layout's words: the state's words. */
  readonly words: Uint32Array;
  /** By state number: the state that it was first reached from. */
  readonly parents: Uint32Array;
  /** The words of a state. */
  at(state: number): Uint32Array;
  hash(words: Uint32Array, at: number): number;
  /** The number of the state that is packed at `at`; undefined if it was not found. */
  find(words: Uint32Array, at: number, hash: number): number | undefined;
}

/** What a search has explored: the graph, its packed states, and the transitions that it was explored with. */
export interface Exploration {
  readonly graph: Explored;
  readonly layout: Layout<unknown>;
  readonly states: PackedStates;
  /** Every call was made in the states before this number. */
  readonly expanded: number;
  readonly transitions: TransitionTable;
  /** Replaces the packed state at `at` by the one that stands for it; absent where every state stands for itself. */
  readonly canonical?: (words: Uint32Array, at: number) => void;
}
