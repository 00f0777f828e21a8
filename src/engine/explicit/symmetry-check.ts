import { SpecError } from '../../spec/errors.ts';
import type { Outcome } from '../../spec/outcome.ts';
import { type Layout, maskOf, type Slot } from '../../system/layout.ts';
import { outcomeKey } from '../../system/outcome.ts';
import { collectRegions, put, type Regions } from '../../table/neighbours.ts';
import type { TransitionTable } from '../../table/transition-table.ts';
import type { Judgeable } from '../findings.ts';
import type { Task } from '../task.ts';
import type { Symmetry } from './symmetry.ts';
import {
  applied,
  type CheckedRow,
  equal,
  imageOf,
  type Leaf,
  type Node,
  type Orbit,
  type StateFunction,
  StateFunctions,
} from './symmetry-functions.ts';
import { agree, knows, nodeFrom, noRegions, type Pattern, valueIn, withValue } from './symmetry-pattern.ts';
import { exchanged, SymmetryWords } from './symmetry-words.ts';

/** What the check may take before it gives up. */
interface Effort {
  /** Steps of following one command's or judgement's rows to their images, before states are looked at one by one instead. */
  readonly steps: number;
  /** Such steps that each visited state adds: what takes long to search may take long to check. */
  readonly stepsForState: number;
  /** Rows of all commands and judgements together. */
  readonly rows: number;
  /** Looks into tables when states are looked at one by one, before the symmetry is refused for not being verified. */
  readonly looks: number;
}

const usualEffort: Effort = { steps: 300_000, stepsForState: 20, rows: 1_000_000, looks: 20_000_000 };

/** Slots with more values than this are not branched over. */
const widest = 4096;

/**
 * Whether exchanging parts makes no difference, from the decision tables. Every row that the search has learned, with the parts
 * exchanged, must be what the function does when the parts are exchanged; the rows found on the way are rows of their own, whose
 * images are looked at in turn. Where the function reads more there, every value is followed. So, in the end, every state that is
 * like one that was visited takes, for every command and judgement, a row whose images agree with it. A difference that shows only in
 * states which may not be reachable, and what is too much to follow, is put off until all states are known, and looked at in those.
 */
export class SymmetryCheck {
  readonly #task: Task;
  readonly #layout: Layout<unknown>;
  readonly #symmetry: Symmetry;
  readonly #regions: Regions = new Map();
  readonly #functions: StateFunctions;
  readonly #words: SymmetryWords;
  readonly #queue: CheckedRow[] = [];
  /** What is to be looked at state by state: functions and exchanges. */
  readonly #doubts = new Map<StateFunction, Set<number>>();
  readonly #effort: Effort;
  #fed = 0;
  #rows = 0;
  #steps = 0;

  constructor(task: Task, layout: Layout<unknown>, symmetry: Symmetry, effort = usualEffort) {
    this.#task = task;
    this.#effort = effort;
    this.#layout = layout;
    this.#symmetry = symmetry;
    collectRegions(layout.place, this.#regions);
    collectRegions(layout.after, this.#regions);
    this.#words = new SymmetryWords(task, layout, symmetry);
    this.#functions = new StateFunctions(task, layout, symmetry, (fn, words) => this.#rowAt(fn, words));
  }

  /** How often a function of the model or of a property was run. */
  get runs(): number {
    return this.#functions.runs;
  }

  /** Which instances of the judgeable's property are alike, as positions among its instances. */
  alike(judgeable: Pick<Judgeable, 'property' | 'instance'>): readonly number[] {
    return this.#functions.alike(judgeable);
  }

  /** The position of the instance that takes the place of the one at `at`. */
  image(property: Judgeable['property'], at: number, exchange: number): number {
    return this.#functions.image(property, at, exchange);
  }

  /** A state was judged: a row of the judgement, which read these slots. */
  judgedState(judgeable: Judgeable, reads: readonly Slot[], words: Uint32Array, seen: boolean): void {
    const at = this.#functions.positionOf(judgeable);
    this.#know(this.#functions.ofState(judgeable.property, at), reads, { key: String(seen) }, words.slice(), true);
  }

  /** A state of which a property was judged plainly: the search has no rows of it. */
  judgePlainly(judgeable: Judgeable, words: Uint32Array): void {
    this.#rowAt(this.#functions.ofState(judgeable.property, this.#functions.positionOf(judgeable)), words);
  }

  /** A call was judged, of which `words` are the states before and after. `real`: whether the search has made this call. */
  judgedCall(
    judgeable: Judgeable,
    call: { readonly command: number; readonly outcome: Outcome<unknown>; readonly same: boolean },
    reads: readonly Slot[],
    words: Uint32Array,
    seen: boolean,
    real: boolean,
  ): void {
    const at = this.#functions.positionOf(judgeable);
    const fn = this.#functions.ofCall(judgeable.property, at, call.command, call.outcome, call.same);
    this.#know(fn, reads, { key: String(seen) }, words.slice(), real);
  }

  /** Looks at every row that was learned since; so many states have been visited. Throws a SpecError if one shows that the symmetry is none. */
  follow(transitions: TransitionTable, states: number): void {
    this.#steps = this.#effort.steps + this.#effort.stepsForState * states;
    for (; this.#fed < transitions.size; this.#fed++) {
      const { command, outcome, reads, sample } = transitions.row(this.#fed);
      const effect = transitions.effectOf(this.#fed);
      const slots = reads.map(({ slot }) => slot);
      this.#know(
        this.#functions.commands[command]!,
        slots,
        { key: outcomeKey(outcome), outcome, effect },
        sample,
        true,
      );
    }
    this.#followAll();
  }

  /** Whether nothing was put off: what was learned so far shows that the symmetry is one. */
  get hasNoDoubts(): boolean {
    return this.#doubts.size === 0;
  }

  #followAll() {
    for (let row = this.#queue.pop(); row; row = this.#queue.pop())
      for (const exchange of this.#symmetry.exchanges.keys()) this.#followRow(row, exchange);
  }

  /**
   * Looks at what was put off in all states that are like one of the `count` packed ones. Throws a SpecError if the symmetry is none
   * there, or there are too many to tell.
   */
  settleDoubts(words: Uint32Array, count: number): void {
    const width = this.#layout.words;
    const settled = new Map<StateFunction, Set<number>>();
    let looks = 0;
    for (;;) {
      this.#followAll();
      const doubts = [...this.#doubts].flatMap(([fn, exchanges]) =>
        [...exchanges].filter((one) => !settled.get(fn)?.has(one)).map((one) => ({ fn, one })),
      );
      if (doubts.length === 0) return;
      for (let state = 0; state < count; state++)
        for (const alike of this.#orbitOf(words.slice(state * width, (state + 1) * width)))
          for (const { fn, one } of doubts) {
            if (++looks > this.#effort.looks || this.#rows > 2 * this.#effort.rows)
              throw this.#words.unverified(fn, one);
            this.#lookAt(fn, one, alike);
          }
      for (const { fn, one } of doubts) settled.set(fn, (settled.get(fn) ?? new Set()).add(one));
    }
  }

  #orbitWith(fn: StateFunction): Orbit {
    if (fn.orbit) return fn.orbit;
    const functions = new Set([fn]);
    for (const one of functions)
      for (const exchange of this.#symmetry.exchanges.keys()) functions.add(imageOf(one, exchange));
    const orbit: Orbit = { functions, steps: 0, tooMany: false };
    for (const one of functions) one.orbit = orbit;
    return orbit;
  }

  /** The row that a state takes which is like a visited one, learned if need be. */
  #rowAt(fn: StateFunction, words: Uint32Array): CheckedRow {
    let node = fn.root;
    while (node?.slot) node = node.children.get(valueIn(node.slot, words));
    return node ?? this.#learn(fn, words, true);
  }

  #learn(fn: StateFunction, words: Uint32Array, real: boolean): CheckedRow {
    const { reads, leaf } = fn.run(words);
    return this.#know(fn, reads, leaf, words, real);
  }

  /** Puts a row where its reads lead. */
  #know(fn: StateFunction, reads: readonly Slot[], leaf: Leaf, sample: Uint32Array, real: boolean): CheckedRow {
    const mask = new Uint32Array(sample.length);
    for (const slot of reads) mask[slot.word]! |= maskOf(slot);
    const value = mask.map((bits, i) => bits & sample[i]!);
    const row: CheckedRow = { fn, leaf, mask, value, sample, real };
    let put = (node: Node) => {
      fn.root = node;
    };
    let node = fn.root;
    for (const slot of reads) {
      if (!node) {
        node = { slot, children: new Map() };
        put(node);
      }
      if (node.slot !== slot) throw this.#impure(fn);
      const { children } = node;
      const index = valueIn(slot, sample);
      node = children.get(index);
      put = (child) => {
        children.set(index, child);
      };
    }
    if (node?.slot) throw this.#impure(fn);
    if (node) {
      if (node.leaf.key !== leaf.key) throw this.#impure(fn);
      if (real && !node.real) this.#see(node, sample);
      return node;
    }
    put(row);
    this.#rows++;
    this.#queue.push(row);
    return row;
  }

  /** It was learned of a state that may not be reachable, and is now known of one that is like a visited one. */
  #see(row: CheckedRow, sample: Uint32Array) {
    row.real = true;
    row.sample = sample;
    this.#queue.push(row);
  }

  #impure(fn: StateFunction): SpecError {
    const { model, variant } = this.#task.scope;
    return new SpecError(`${model}@${variant}: ${fn.what} is impure: it does not always read the same in one state`);
  }

  #exchanged(exchange: number, words: Uint32Array, states: 1 | 2): Uint32Array {
    return exchanged(this.#symmetry, this.#layout, exchange, words, states);
  }

  #followRow(row: CheckedRow, exchange: number) {
    const { fn } = row;
    if (this.#orbitWith(fn).tooMany) return;
    const swap = (words: Uint32Array) => this.#exchanged(exchange, words, fn.states);
    const image = imageOf(fn, exchange);
    const { effect } = row.leaf;
    const swapped: Leaf = effect
      ? {
          ...row.leaf,
          effect: {
            keep: this.#exchanged(exchange, effect.keep, 1),
            set: this.#exchanged(exchange, effect.set, 1),
          },
        }
      : row.leaf;
    const pattern = { mask: swap(row.mask), value: swap(row.value), sample: swap(row.sample), real: row.real };
    if (image === fn && equal(pattern.mask, row.mask) && equal(pattern.value, row.value)) {
      if (!effect || (equal(swapped.effect!.keep, effect.keep) && equal(swapped.effect!.set, effect.set))) return;
    }
    this.#walk(row, exchange, image, image.root, swapped, pattern);
  }

  /** Follows the image's tree wherever states of the pattern may go, and compares what is there with the exchanged row. */
  #walk(
    row: CheckedRow,
    exchange: number,
    image: StateFunction,
    from: Node | undefined,
    swapped: Leaf,
    pattern: Pattern,
  ): void {
    let node = from;
    while (node?.slot && knows(pattern, node.slot)) node = node.children.get(valueIn(node.slot, pattern.value));
    const orbit = this.#orbitWith(row.fn);
    if (++orbit.steps > this.#steps || this.#rows > this.#effort.rows) this.#giveUp(orbit);
    if (orbit.tooMany) return;
    if (!node) {
      try {
        node = this.#learn(image, pattern.sample, pattern.real);
      } catch (error) {
        if (pattern.real) throw this.#words.refusal(row.fn, exchange, row.sample, error);
        this.#doubt(row.fn, exchange);
        return;
      }
      // The run may have read more than the pattern knows: other values of that lead elsewhere.
      node = nodeFrom(image, pattern);
    }
    if (!node.slot) {
      if (pattern.real && !node.real) this.#see(node, pattern.sample);
      if (agree(swapped, node.leaf, pattern)) return;
      if (pattern.real) throw this.#words.refusal(row.fn, exchange, row.sample);
      this.#doubt(row.fn, exchange);
      return;
    }
    const { slot, children } = node;
    if (slot.size > widest) {
      this.#giveUp(orbit);
      return;
    }
    const current = valueIn(slot, pattern.sample);
    for (let index = 0; index < slot.size; index++) {
      const wider = {
        mask: pattern.mask.slice(),
        value: pattern.value.slice(),
        sample: index === current ? pattern.sample : withValue(pattern.sample, slot, index, this.#regions),
        real: pattern.real && index === current,
      };
      wider.mask[slot.word]! |= maskOf(slot);
      put(wider.value, slot, index, noRegions);
      this.#walk(row, exchange, image, children.get(index), swapped, wider);
    }
  }

  #doubt(fn: StateFunction, exchange: number) {
    const known = this.#doubts.get(fn) ?? new Set();
    this.#doubts.set(fn, known.add(exchange));
  }

  #giveUp(orbit: Orbit) {
    orbit.tooMany = true;
    for (const fn of orbit.functions) for (const exchange of this.#symmetry.exchanges.keys()) this.#doubt(fn, exchange);
  }

  // States, one by one

  #orbitOf(state: Uint32Array): Uint32Array[] {
    const found = [state];
    const keys = new Set([state.join()]);
    for (const one of found)
      for (const exchange of this.#symmetry.exchanges.keys()) {
        const image = this.#exchanged(exchange, one, 1);
        const key = image.join();
        if (keys.has(key)) continue;
        keys.add(key);
        found.push(image);
      }
    return found;
  }

  #lookAt(fn: StateFunction, exchange: number, state: Uint32Array) {
    let words: Uint32Array | undefined;
    try {
      words = fn.argumentIn(state);
      if (!words) return;
      const swapped = this.#exchanged(exchange, words, fn.states);
      const [row, image] = [this.#rowAt(fn, words), this.#rowAt(imageOf(fn, exchange), swapped)];
      const same =
        row.leaf.key === image.leaf.key &&
        (!row.leaf.effect ||
          equal(this.#exchanged(exchange, applied(row.leaf.effect, words), 1), applied(image.leaf.effect!, swapped)));
      if (same) return;
    } catch (error) {
      throw this.#words.refusal(fn, exchange, words ?? state, error);
    }
    throw this.#words.refusal(fn, exchange, words);
  }
}
