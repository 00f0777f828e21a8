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
  equal,
  imageOf,
  type Leaf,
  type Node,
  type Orbit,
  type Row,
  type Subject,
  Subjects,
} from './symmetry-subjects.ts';
import { exchanged, SymmetryWords } from './symmetry-words.ts';

/** What the check may take before it gives up. */
export interface Effort {
  /** Steps of following one command's or judgement's rows to their images, before states are looked at one by one instead. */
  readonly steps: number;
  /** The same for each state that was visited: what takes long to search may take long to check. */
  readonly stepsForState: number;
  /** The same for the rows of all of them. */
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
  readonly #subjects: Subjects;
  readonly #words: SymmetryWords;
  readonly #queue: Row[] = [];
  /** What is to be looked at state by state: subjects and exchanges. */
  readonly #doubts = new Map<Subject, Set<number>>();
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
    this.#subjects = new Subjects(task, layout, symmetry, (subject, words) => this.#rowAt(subject, words));
  }

  /** How often a function of the model or of a property was run. */
  get runs(): number {
    return this.#subjects.runs;
  }

  /** Which instances of the judgeable's property are alike, as positions among its instances. */
  alike(judgeable: Pick<Judgeable, 'property' | 'instance'>): readonly number[] {
    return this.#subjects.alike(judgeable);
  }

  /** The position of the instance that takes the place of the one at `at`. */
  image(property: Judgeable['property'], at: number, exchange: number): number {
    return this.#subjects.image(property, at, exchange);
  }

  /** A state was judged: a row of the judgement, which read these slots. */
  judgedState(judgeable: Judgeable, reads: readonly Slot[], words: Uint32Array, seen: boolean): void {
    const at = this.#subjects.positionOf(judgeable);
    this.#know(this.#subjects.ofState(judgeable.property, at), reads, { key: String(seen) }, words.slice(), true);
  }

  /** A state of which a property was judged plainly: the search has no rows of it. */
  judgePlainly(judgeable: Judgeable, words: Uint32Array): void {
    this.#rowAt(this.#subjects.ofState(judgeable.property, this.#subjects.positionOf(judgeable)), words);
  }

  /** The same of a call: `words` are the states before and after it. `real`: it is one that the search has made. */
  judgedCall(
    judgeable: Judgeable,
    call: { readonly command: number; readonly outcome: Outcome<unknown>; readonly same: boolean },
    reads: readonly Slot[],
    words: Uint32Array,
    seen: boolean,
    real: boolean,
  ): void {
    const at = this.#subjects.positionOf(judgeable);
    const subject = this.#subjects.ofCall(judgeable.property, at, call.command, call.outcome, call.same);
    this.#know(subject, reads, { key: String(seen) }, words.slice(), real);
  }

  /** Looks at every row that was learned since; so many states have been visited. Throws a SpecError if one shows that the symmetry is none. */
  follow(transitions: TransitionTable, states: number): void {
    this.#steps = this.#effort.steps + this.#effort.stepsForState * states;
    for (; this.#fed < transitions.size; this.#fed++) {
      const { command, outcome, reads, sample } = transitions.row(this.#fed);
      const effect = transitions.effectOf(this.#fed);
      const slots = reads.map(({ slot }) => slot);
      this.#know(this.#subjects.commands[command]!, slots, { key: outcomeKey(outcome), outcome, effect }, sample, true);
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
    const settled = new Map<Subject, Set<number>>();
    let looks = 0;
    for (;;) {
      this.#followAll();
      const doubts = [...this.#doubts].flatMap(([subject, exchanges]) =>
        [...exchanges].filter((one) => !settled.get(subject)?.has(one)).map((one) => ({ subject, one })),
      );
      if (doubts.length === 0) return;
      for (let state = 0; state < count; state++)
        for (const alike of this.#orbitOf(words.slice(state * width, (state + 1) * width)))
          for (const { subject, one } of doubts) {
            if (++looks > this.#effort.looks || this.#rows > 2 * this.#effort.rows)
              throw this.#words.unverified(subject, one);
            this.#lookAt(subject, one, alike);
          }
      for (const { subject, one } of doubts) settled.set(subject, (settled.get(subject) ?? new Set()).add(one));
    }
  }

  #orbitWith(subject: Subject): Orbit {
    if (subject.orbit) return subject.orbit;
    const subjects = new Set([subject]);
    for (const one of subjects)
      for (const exchange of this.#symmetry.exchanges.keys()) subjects.add(imageOf(one, exchange));
    const orbit: Orbit = { subjects, steps: 0, tooMany: false };
    for (const one of subjects) one.orbit = orbit;
    return orbit;
  }

  /** The row that a state takes which is like a visited one, learned if need be. */
  #rowAt(subject: Subject, words: Uint32Array): Row {
    let node = subject.root;
    while (node?.slot) node = node.children.get(valueIn(node.slot, words));
    return node ?? this.#learn(subject, words, true);
  }

  #learn(subject: Subject, words: Uint32Array, real: boolean): Row {
    const { reads, leaf } = subject.run(words);
    return this.#know(subject, reads, leaf, words, real);
  }

  /** Puts a row where its reads lead. */
  #know(subject: Subject, reads: readonly Slot[], leaf: Leaf, sample: Uint32Array, real: boolean): Row {
    const mask = new Uint32Array(sample.length);
    for (const slot of reads) mask[slot.word]! |= maskOf(slot);
    const value = mask.map((bits, i) => bits & sample[i]!);
    const row: Row = { subject, leaf, mask, value, sample, real };
    let put = (node: Node) => {
      subject.root = node;
    };
    let node = subject.root;
    for (const slot of reads) {
      if (!node) {
        node = { slot, children: new Map() };
        put(node);
      }
      if (node.slot !== slot) throw this.#impure(subject);
      const { children } = node;
      const index = valueIn(slot, sample);
      node = children.get(index);
      put = (child) => {
        children.set(index, child);
      };
    }
    if (node?.slot) throw this.#impure(subject);
    if (node) {
      if (node.leaf.key !== leaf.key) throw this.#impure(subject);
      if (real && !node.real) this.#see(node, sample);
      return node;
    }
    put(row);
    this.#rows++;
    this.#queue.push(row);
    return row;
  }

  /** It was learned of a state that may not be reachable, and is now known of one that is like a visited one. */
  #see(row: Row, sample: Uint32Array) {
    row.real = true;
    row.sample = sample;
    this.#queue.push(row);
  }

  #impure(subject: Subject): SpecError {
    const { model, variant } = this.#task.scope;
    return new SpecError(
      `${model}@${variant}: ${subject.what} is impure: it does not always read the same in one state`,
    );
  }

  #exchanged(exchange: number, words: Uint32Array, states: 1 | 2): Uint32Array {
    return exchanged(this.#symmetry, this.#layout, exchange, words, states);
  }

  #followRow(row: Row, exchange: number) {
    const { subject } = row;
    if (this.#orbitWith(subject).tooMany) return;
    const swap = (words: Uint32Array) => this.#exchanged(exchange, words, subject.states);
    const image = imageOf(subject, exchange);
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
    if (image === subject && equal(pattern.mask, row.mask) && equal(pattern.value, row.value)) {
      if (!effect || (equal(swapped.effect!.keep, effect.keep) && equal(swapped.effect!.set, effect.set))) return;
    }
    this.#walk(row, exchange, image, image.root, swapped, pattern);
  }

  /** Follows the image's tree wherever states of the pattern may go, and compares what is there with the exchanged row. */
  #walk(row: Row, exchange: number, image: Subject, from: Node | undefined, swapped: Leaf, pattern: Pattern): void {
    let node = from;
    while (node?.slot && knows(pattern, node.slot)) node = node.children.get(valueIn(node.slot, pattern.value));
    const orbit = this.#orbitWith(row.subject);
    if (++orbit.steps > this.#steps || this.#rows > this.#effort.rows) this.#giveUp(orbit);
    if (orbit.tooMany) return;
    if (!node) {
      try {
        node = this.#learn(image, pattern.sample, pattern.real);
      } catch (error) {
        if (pattern.real) throw this.#words.refusal(row.subject, exchange, row.sample, error);
        this.#doubt(row.subject, exchange);
        return;
      }
      // The run may have read more than the pattern knows: other values of that lead elsewhere.
      node = nodeFrom(image, pattern);
    }
    if (!node.slot) {
      if (pattern.real && !node.real) this.#see(node, pattern.sample);
      if (agree(swapped, node.leaf, pattern)) return;
      if (pattern.real) throw this.#words.refusal(row.subject, exchange, row.sample);
      this.#doubt(row.subject, exchange);
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

  #doubt(subject: Subject, exchange: number) {
    const known = this.#doubts.get(subject) ?? new Set();
    this.#doubts.set(subject, known.add(exchange));
  }

  #giveUp(orbit: Orbit) {
    orbit.tooMany = true;
    for (const subject of orbit.subjects)
      for (const exchange of this.#symmetry.exchanges.keys()) this.#doubt(subject, exchange);
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

  #lookAt(subject: Subject, exchange: number, state: Uint32Array) {
    let words: Uint32Array | undefined;
    try {
      words = subject.subjectIn(state);
      if (!words) return;
      const swapped = this.#exchanged(exchange, words, subject.states);
      const [row, image] = [this.#rowAt(subject, words), this.#rowAt(imageOf(subject, exchange), swapped)];
      const same =
        row.leaf.key === image.leaf.key &&
        (!row.leaf.effect ||
          equal(this.#exchanged(exchange, applied(row.leaf.effect, words), 1), applied(image.leaf.effect!, swapped)));
      if (same) return;
    } catch (error) {
      throw this.#words.refusal(subject, exchange, words ?? state, error);
    }
    throw this.#words.refusal(subject, exchange, words);
  }
}

interface Pattern {
  readonly mask: Uint32Array;
  readonly value: Uint32Array;
  /** A state of the pattern, and whether it is known to be like a visited one. */
  readonly sample: Uint32Array;
  readonly real: boolean;
}

/** Of a pattern nothing is known within a variant whose kind is not. */
const noRegions: Regions = new Map();

const valueIn = ({ word, shift, width }: Slot, words: Uint32Array): number =>
  width === 0 ? 0 : ((words[word]! >>> shift) & (2 ** width - 1)) >>> 0;

/** The words with a slot set to a value; of a variant's kind, with the fields of the new case at their first values. */
const withValue = (words: Uint32Array, slot: Slot, index: number, regions: Regions): Uint32Array => {
  const result = words.slice();
  put(result, slot, index, regions);
  return result;
};

/** Where the pattern leads as far as it knows the way. */
const nodeFrom = (subject: Subject, pattern: Pattern): Node => {
  let node = subject.root!;
  while (node.slot && knows(pattern, node.slot)) node = node.children.get(valueIn(node.slot, pattern.value))!;
  return node;
};

const knows = ({ mask }: Pattern, slot: Slot): boolean => {
  const bits = maskOf(slot) >>> 0;
  return (mask[slot.word]! & bits) >>> 0 === bits;
};

/** Whether two rows say the same of every state of the pattern: bits that a row keeps are those of the pattern, where it knows them. */
const agree = (one: Leaf, other: Leaf, { mask, value }: Pattern): boolean => {
  if (one.key !== other.key) return false;
  if (!one.effect || !other.effect) return one.effect === other.effect;
  const [a, b] = [one.effect, other.effect];
  for (let i = 0; i < a.keep.length; i++) {
    const unknown = ~mask[i]!;
    if (((a.keep[i]! ^ b.keep[i]!) & unknown) !== 0) return false;
    if ((((a.keep[i]! & value[i]!) | a.set[i]!) ^ ((b.keep[i]! & value[i]!) | b.set[i]!)) !== 0) return false;
  }
  return true;
};
