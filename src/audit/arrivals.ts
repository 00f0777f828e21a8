/**
 * The states that a breadth-first search has reached, in the order in which they were found, and the call by which each was.
 * States are numbered by the caller, densely from 0.
 */
export class Arrivals {
  /** By state: how many were found before it, or -1. */
  #places: Int32Array;
  /** By state: the state from which it was found. */
  #parents: Int32Array;
  /** By state: the command by which it was found, or -1 for the initial state. */
  #commands: Int32Array;
  #states: number[] = [];

  /** `room`: for how many states there is room at first. */
  constructor(room: number) {
    this.#places = new Int32Array(room).fill(-1);
    this.#parents = new Int32Array(room);
    this.#commands = new Int32Array(room);
  }

  /** How many states were found. */
  get count(): number {
    return this.#states.length;
  }

  /** The states in the order in which they were found. */
  get states(): readonly number[] {
    return this.#states;
  }

  at(place: number): number {
    return this.#states[place]!;
  }

  /** How many states were found before this one, which was found. */
  placeOf(state: number): number {
    return this.#places[state]!;
  }

  has(state: number): boolean {
    return state < this.#places.length && this.#places[state]! >= 0;
  }

  add(state: number, parent: number, command: number) {
    if (state >= this.#places.length) this.#grow(2 * (state + 1));
    this.#places[state] = this.#states.push(state) - 1;
    this.#parents[state] = parent;
    this.#commands[state] = command;
  }

  /** The commands from the initial state to this one. */
  commandsTo(state: number): number[] {
    const commands: number[] = [];
    for (let at = state; this.#commands[at]! >= 0; at = this.#parents[at]!) commands.push(this.#commands[at]!);
    return commands.reverse();
  }

  clear() {
    this.#places.fill(-1);
    this.#states = [];
  }

  #grow(room: number) {
    const larger = (array: Int32Array, value: number) => {
      const grown = new Int32Array(room).fill(value);
      grown.set(array);
      return grown;
    };
    this.#places = larger(this.#places, -1);
    this.#parents = larger(this.#parents, 0);
    this.#commands = larger(this.#commands, 0);
  }
}
