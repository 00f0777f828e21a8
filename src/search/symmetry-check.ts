import type { Effect } from '../observe/effect.ts';
import type { Observation } from '../observe/observation.ts';
import { strict, viewOf } from '../observe/view.ts';
import { SpecError } from '../spec/errors.ts';
import { type Layout, maskOf, type Slot } from '../spec/layout.ts';
import { describeCommand, describeFields } from '../spec/model.ts';
import { describeOutcome, type Outcome, outcomeKey } from '../spec/outcome.ts';
import { collectRegions, put, type Regions } from '../table/neighbours.ts';
import type { TransitionTable } from '../table/transition-table.ts';
import { answered, transitionOf } from '../table/watch.ts';
import { decides, type Judgeable } from './findings.ts';
import type { Symmetry } from './symmetry.ts';
import { judge, owns, type Task } from './task.ts';

/** What a function did: its result as a key and, of a transition, what it writes. */
interface Leaf {
  readonly key: string;
  readonly outcome?: Outcome<unknown>;
  readonly effect?: Effect;
}

/** A function of states with its other arguments fixed, of which rows are known: a command, or a judgement. */
interface Subject {
  readonly what: string;
  /** Of a judgement: what to say if it decides nothing, and if it does. */
  readonly words: readonly string[];
  root: Node | undefined;
  /** How many states it reads: the state, or the states before and after a call. */
  readonly states: 1 | 2;
  /** Runs it on packed states. */
  run(words: Uint32Array): { readonly reads: readonly Slot[]; readonly leaf: Leaf };
  /** The subject with the indices in it exchanged, by number of the exchange. */
  makeImage(exchange: number): Subject;
  /** What it reads where the state at hand is `state`; undefined if it does not apply there. */
  subjectIn(state: Uint32Array): Uint32Array | undefined;
  /** By exchange: the image, once it was asked for. */
  readonly images: Subject[];
  /** It and all its images together, once one of them was followed. */
  orbit?: Orbit;
}

interface Orbit {
  readonly subjects: ReadonlySet<Subject>;
  steps: number;
  /** Their rows are too many to follow: states are looked at one by one instead. */
  tooMany: boolean;
}

type Node = Branch | Row;

interface Branch {
  readonly slot: Slot;
  readonly children: Map<number, Node>;
}

/** All states that agree in what was read. */
interface Row {
  readonly slot?: undefined;
  readonly subject: Subject;
  readonly leaf: Leaf;
  /** The bits that were read, and what they were. */
  readonly mask: Uint32Array;
  readonly value: Uint32Array;
  /** A state that takes the row; whether one that the search has visited is like it. */
  sample: Uint32Array;
  real: boolean;
}

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

/** Readings of a state in one run: a state that cannot be reached may send a function round in circles. */
const mostReadings = 100_000;

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
  readonly #after: Layout<unknown>['place'];
  readonly #commands: readonly Subject[];
  readonly #judgements = new Map<string, Subject>();
  readonly #instances = new Map<Judgeable['property'], Map<string, number>>();
  readonly #queue: Row[] = [];
  /** What is to be looked at state by state: subjects and exchanges. */
  readonly #doubts = new Map<Subject, Set<number>>();
  readonly #effort: Effort;
  #fed = 0;
  #rows = 0;
  #steps = 0;
  /** How often a function of the model or of a property was run. */
  runs = 0;

  constructor(task: Task, layout: Layout<unknown>, symmetry: Symmetry, effort = usualEffort) {
    this.#task = task;
    this.#effort = effort;
    this.#layout = layout;
    this.#symmetry = symmetry;
    this.#after = layout.after;
    collectRegions(layout.place, this.#regions);
    collectRegions(this.#after, this.#regions);
    for (const { property, instances } of task.obligations)
      this.#instances.set(property, new Map(instances.map((instance, i) => [instanceKey(instance), i])));
    this.#commands = task.commands.map((_, command) => this.#commandSubject(command));
    this.#checkOwners();
  }

  /** Which instances of the judgeable's property are alike, as positions among its instances. */
  alike({ property, instance }: Pick<Judgeable, 'property' | 'instance'>): readonly number[] {
    const known = this.#instances.get(property)!;
    const found = [known.get(instanceKey(instance))!];
    for (const at of found)
      for (const exchange of this.#symmetry.exchanges.keys()) {
        const image = this.image(property, at, exchange);
        if (!found.includes(image)) found.push(image);
      }
    return found.sort((a, b) => a - b);
  }

  /** A state was judged: a row of the judgement, which read these slots. */
  judgedState(judgeable: Judgeable, reads: readonly Slot[], words: Uint32Array, seen: boolean): void {
    const at = this.#instances.get(judgeable.property)!.get(instanceKey(judgeable.instance))!;
    this.#know(this.#stateSubject(judgeable.property, at), reads, { key: String(seen) }, words.slice(), true);
  }

  /** A state of which a property was judged plainly: the search has no rows of it. */
  judgePlainly({ property, instance }: Judgeable, words: Uint32Array): void {
    this.#rowAt(this.#stateSubject(property, this.#instances.get(property)!.get(instanceKey(instance))!), words);
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
    const at = this.#instances.get(judgeable.property)!.get(instanceKey(judgeable.instance))!;
    const subject = this.#callSubject(judgeable.property, at, call.command, call.outcome, call.same);
    this.#know(subject, reads, { key: String(seen) }, words.slice(), real);
  }

  /** Looks at every row that was learned since; so many states have been visited. Throws a SpecError if one shows that the symmetry is none. */
  follow(transitions: TransitionTable, states: number): void {
    this.#steps = this.#effort.steps + this.#effort.stepsForState * states;
    for (; this.#fed < transitions.size; this.#fed++) {
      const { command, outcome, reads, sample } = transitions.row(this.#fed);
      const effect = transitions.effectOf(this.#fed);
      const slots = reads.map(({ slot }) => slot);
      this.#know(this.#commands[command]!, slots, { key: outcomeKey(outcome), outcome, effect }, sample, true);
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
              throw this.#unverified(subject, one);
            this.#lookAt(subject, one, alike);
          }
      for (const { subject, one } of doubts) settled.set(subject, (settled.get(subject) ?? new Set()).add(one));
    }
  }

  // Subjects

  #commandSubject(command: number): Subject {
    const { commands, system } = this.#task;
    const call = commands[command]!;
    return {
      what: describeCommand(call),
      words: [],
      root: undefined,
      states: 1,
      images: [],
      makeImage: (exchange) => this.#commands[this.#symmetry.exchanges[exchange]!.commands[command]!]!,
      subjectIn: (state) => state,
      run: (words) =>
        this.#observed(words, (observation) => {
          const { outcome, effect } = transitionOf(system, this.#layout, observation, call);
          if (!effect) throw new SpecError(`${describeCommand(call)} leaves the state's domain`);
          return { key: outcomeKey(outcome), outcome, effect };
        }),
    };
  }

  #stateSubject(property: Judgeable['property'], at: number): Subject {
    const key = `${property.id} ${at}`;
    const known = this.#judgements.get(key);
    if (known) return known;
    const instance = this.#instanceAt(property, at);
    const made: Subject = {
      what: this.#judgementWords(property, instance),
      words: judgementWords(property),
      root: undefined,
      states: 1,
      images: [],
      makeImage: (exchange) => this.#stateSubject(property, this.image(property, at, exchange)),
      subjectIn: (state) => state,
      run: (words) =>
        this.#observed(words, (observation) => {
          const view = viewOf(observation, this.#layout.place);
          return { key: String(decides(property, judge(this.#task, property, view, instance))) };
        }),
    };
    this.#judgements.set(key, made);
    return made;
  }

  #callSubject(
    property: Judgeable['property'],
    at: number,
    command: number,
    outcome: Outcome<unknown>,
    same: boolean,
  ): Subject {
    const key = `${property.id} ${at} ${command} ${same} ${outcomeKey(outcome)}`;
    const known = this.#judgements.get(key);
    if (known) return known;
    const instance = this.#instanceAt(property, at);
    const call = this.#task.commands[command]!;
    const width = this.#layout.words;
    const made: Subject = {
      what: `${this.#judgementWords(property, instance)} of ${describeCommand(call)}`,
      words: judgementWords(property),
      root: undefined,
      states: 2,
      images: [],
      makeImage: (exchange) =>
        this.#callSubject(
          property,
          this.image(property, at, exchange),
          this.#symmetry.exchanges[exchange]!.commands[command]!,
          outcome,
          same,
        ),
      subjectIn: (state) => {
        const { leaf } = this.#rowAt(this.#commands[command]!, state);
        if (leaf.key !== outcomeKey(outcome)) return undefined;
        const after = applied(leaf.effect!, state);
        if (equal(state, after) !== same) return undefined;
        const pair = new Uint32Array(2 * width);
        pair.set(state);
        pair.set(after, width);
        return pair;
      },
      run: (words) =>
        this.#observed(words, (observation) => {
          const before = viewOf(observation, this.#layout.place);
          const after = same ? before : viewOf(observation, this.#after);
          const seen = {
            before,
            command: call,
            outcome: strict({ ...outcome, state: after }, outcomeFields, 'an outcome'),
          };
          return { key: String(decides(property, judge(this.#task, property, seen, instance))) };
        }),
    };
    this.#judgements.set(key, made);
    return made;
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

  #instanceAt(property: Judgeable['property'], at: number): unknown {
    return this.#task.obligations.find((one) => one.property === property)!.instances[at];
  }

  /** The position of the instance that takes the place of the one at `at`. */
  image(property: Judgeable['property'], at: number, exchange: number): number {
    const { renamed, group, what } = this.#symmetry.exchanges[exchange]!;
    const instance = this.#instanceAt(property, at);
    const image = renamed(instance);
    if (image === instance) return at;
    const found = this.#instances.get(property)!.get(instanceKey(image));
    if (found !== undefined) return found;
    throw this.#wrong(
      group.label,
      `property ${property.id} is judged for ${instanceWords(instance)} but, with ${what}, not for ${instanceWords(image)}`,
    );
  }

  #judgementWords(property: Judgeable['property'], instance: unknown): string {
    return `property ${property.id}${instance === undefined ? '' : ` for ${instanceWords(instance)}`}`;
  }

  /** Which commands are a property's own must not depend on the index either. */
  #checkOwners() {
    for (const { property, instances } of this.#task.obligations) {
      if (property.on !== 'path') continue;
      for (const [at, instance] of instances.entries())
        for (const [number, exchange] of this.#symmetry.exchanges.entries()) {
          const image = instances[this.image(property, at, number)];
          for (const [i, command] of this.#task.commands.entries()) {
            const other = this.#task.commands[exchange.commands[i]!]!;
            if (owns(this.#task, property, command, instance) === owns(this.#task, property, other, image)) continue;
            throw this.#wrong(
              exchange.group.label,
              `${this.#judgementWords(property, instance)} takes ${describeCommand(command)} and, with ${exchange.what}, not ${describeCommand(other)} for its own, or the other way round`,
            );
          }
        }
    }
  }

  // Rows

  #observed(words: Uint32Array, run: (observation: Observation) => Leaf) {
    this.runs++;
    const { reads, answer } = answered(words, run, mostReadings);
    return { reads, leaf: answer };
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
    const result = words.slice();
    for (let i = 0; i < states; i++) this.#symmetry.exchanges[exchange]!.apply(result, i * this.#layout.words);
    return result;
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
        if (pattern.real) throw this.#refusal(row.subject, exchange, row.sample, error);
        this.#doubt(row.subject, exchange);
        return;
      }
      // The run may have read more than the pattern knows: other values of that lead elsewhere.
      node = nodeFrom(image, pattern);
    }
    if (!node.slot) {
      if (pattern.real && !node.real) this.#see(node, pattern.sample);
      if (agree(swapped, node.leaf, pattern)) return;
      if (pattern.real) throw this.#refusal(row.subject, exchange, row.sample);
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
      throw this.#refusal(subject, exchange, words ?? state, error);
    }
    throw this.#refusal(subject, exchange, words);
  }

  // Words

  #wrong(label: string, what: string): SpecError {
    const { model, variant } = this.#task.scope;
    return new SpecError(`${model}@${variant}: symmetry of ${label}: ${what}`);
  }

  #unverified(subject: Subject, exchange: number): SpecError {
    const { group, what } = this.#symmetry.exchanges[exchange]!;
    return this.#wrong(
      group.label,
      `too many states to tell whether ${subject.what} does the same with ${what}; check without it (--symmetry off)`,
    );
  }

  /** `words` is what the subject reads: one state, or two. `error` is what the image threw, if it did. */
  #refusal(subject: Subject, exchange: number, words: Uint32Array, error?: unknown): SpecError {
    if (error instanceof SpecError && error.message.includes(': symmetry of ')) return error;
    const { group, what } = this.#symmetry.exchanges[exchange]!;
    const state = words.slice(0, this.#layout.words);
    const image = imageOf(subject, exchange);
    const swapped = this.#exchanged(exchange, words, words.length > this.#layout.words ? 2 : 1);
    const also = image !== subject ? image.what : image.words.length > 0 ? 'it' : 'the same call';
    return this.#wrong(
      group.label,
      `${subject.what} in ${JSON.stringify(this.#layout.decode(state))} ${this.#said(subject, words)}, but ${also} with ${what} ${this.#said(image, swapped)}`,
    );
  }

  #said(subject: Subject, words: Uint32Array): string | undefined {
    try {
      const { leaf } = subject.run(words);
      if (!leaf.outcome) return subject.words[Number(leaf.key === 'true')];
      const left = leaf.effect ? ` and leaves ${this.#differences(words, applied(leaf.effect, words))}` : '';
      return `does ${describeOutcome(leaf.outcome)}${left}`;
    } catch (thrown) {
      return `throws ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    }
  }

  /** The slots that a call changed, with their new values. */
  #differences(before: Uint32Array, after: Uint32Array): string {
    const changes = changesIn(this.#layout.decode(before), this.#layout.decode(after), '');
    return changes.length === 0 ? 'the state as it was' : changes.join(', ');
  }
}

interface Pattern {
  readonly mask: Uint32Array;
  readonly value: Uint32Array;
  /** A state of the pattern, and whether it is known to be like a visited one. */
  readonly sample: Uint32Array;
  readonly real: boolean;
}

const outcomeFields = ['result', 'state', 'warnings', 'errno', 'reason'];

const imageOf = (subject: Subject, exchange: number): Subject =>
  (subject.images[exchange] ??= subject.makeImage(exchange));

const judgementWords = ({ on, witness }: Judgeable['property']): readonly string[] => {
  if (on === 'path') return ['waits', 'does not wait'];
  return witness ? ['is not reached', 'is reached'] : ['holds', 'is violated'];
};

/** Of a pattern nothing is known within a variant whose kind is not. */
const noRegions: Regions = new Map();

const instanceKey = (instance: unknown): string => JSON.stringify(instance) ?? 'undefined';

const instanceWords = (instance: unknown): string =>
  typeof instance === 'object' && instance !== null ? describeFields(instance) : String(instance);

const changesIn = (before: unknown, after: unknown, path: string): string[] => {
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null)
    return before === after ? [] : [`${path}=${String(after)}`];
  if (Reflect.get(before, 'kind') !== Reflect.get(after, 'kind')) return [`${path}=${JSON.stringify(after)}`];
  return Object.entries(after).flatMap(([key, value]) =>
    changesIn(
      Reflect.get(before, key),
      value,
      Array.isArray(after) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`,
    ),
  );
};

const equal = (a: Uint32Array, b: Uint32Array): boolean => a.length === b.length && a.every((word, i) => word === b[i]);

const applied = ({ keep, set }: Effect, words: Uint32Array): Uint32Array =>
  keep.map((bits, i) => (words[i]! & bits) | set[i]!);

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
