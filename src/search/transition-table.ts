import { type Effect, effectOf } from '../observe/effect.ts';
import { Observation } from '../observe/observation.ts';
import { grown, hole, type Tree, Tries } from '../observe/tries.ts';
import { viewOf } from '../observe/view.ts';
import { SpecError } from '../spec/errors.ts';
import type { Layout, Slot } from '../spec/layout.ts';
import { type Command, describeCommand, thrown } from '../spec/model.ts';
import { describeOutcome, misfitOfOutcome, type Outcome, withState } from '../spec/outcome.ts';
import { sharingParts } from '../spec/update.ts';
import { attempt, causes, LeftDomain, readable, type Task } from './task.ts';

/** The bits of 2, 8, 32, ... */
const oddPowers = 0xaaaa_aaaa;

/** What a row leads to: another state, the same one, or none because the call is disabled or panics. */
export const leads = { on: 0, nowhere: 1, disabled: 2, panic: 3 } as const;

/** What a row says of the slots that it concerns. */
export interface Row {
  readonly command: number;
  /** Without its state. */
  readonly outcome: Outcome<unknown>;
  readonly reads: readonly { readonly slot: Slot; readonly index: number }[];
  /** The packed state that it was learned of. */
  readonly sample: Uint32Array;
}

/** What the plain function did: its outcome, and the state after, packed. */
interface Plain {
  readonly outcome: Outcome<unknown>;
  readonly next: Uint32Array;
}

/**
 * A task's transitions as decision tables. A row is learned by watching a command run once on a packed state; every state that
 * agrees in what was read takes that row from then on. Each row is also computed by the plain function on the plain state, when
 * it is learned and again whenever the number of its lookups is four times what it was then. A difference is an error.
 */
export class TransitionTable {
  readonly #task: Task;
  readonly #layout: Layout<unknown>;
  readonly #tries = new Tries();
  readonly #roots: readonly number[];
  readonly #rows: Row[] = [];
  /** By row: one of `leads`. */
  #leads: Int32Array = new Int32Array(256);
  /** By row times words: what is kept of a word, and what is set. */
  #keep: Int32Array = new Int32Array(256);
  #set: Int32Array = new Int32Array(256);
  /** By row: how often it was taken; and how often of these it was looked up here, where it may be checked again. */
  uses = new Float64Array(256);
  readonly #lookups: number[] = [];
  /** Where #agrees() has the state that a row leads to. */
  readonly #next: Uint32Array;
  /** How often the model's function was run, and how long it took with what is made of it. */
  runs = 0;
  milliseconds = 0;

  constructor(task: Task, layout: Layout<unknown>) {
    this.#task = task;
    this.#layout = layout;
    this.#roots = task.commands.map(() => this.#tries.add());
    this.#next = new Uint32Array(layout.words);
  }

  get size(): number {
    return this.#rows.length;
  }

  /** The number of the row that a command takes from the state at `offset`, learned if need be. Counts the use. */
  take(command: number, words: Uint32Array, offset: number): number {
    const row = this.find(command, words, offset);
    if (row === hole) return this.#timed(() => this.#learn(command, this.#copy(words, offset)));
    this.uses[row]!++;
    const lookups = ++this.#lookups[row]!;
    if ((lookups & (lookups - 1)) === 0 && (lookups & oddPowers) !== 0)
      this.#timed(() => this.#recheck(row, this.#copy(words, offset)));
    return row;
  }

  /** The same without learning or counting; `hole` if there is none. */
  find(command: number, words: Uint32Array, offset: number): number {
    return this.#tries.find(this.#roots[command]!, words, offset);
  }

  /** By row: its command. */
  commands(): Int32Array {
    return Int32Array.from(this.#rows, ({ command }) => command);
  }

  row(number: number): Row {
    return this.#rows[number]!;
  }

  leads(row: number): number {
    return this.#leads[row]!;
  }

  /** Writes the next state to `next` from index `to`. Returns whether it differs. */
  apply(row: number, words: Uint32Array, offset: number, next: Uint32Array, to = 0): boolean {
    const width = this.#layout.words;
    let differs = 0;
    for (let i = 0, at = row * width; i < width; i++, at++) {
      const word = words[offset + i]!;
      const after = (word & this.#keep[at]!) | this.#set[at]!;
      next[to + i] = after;
      differs |= after ^ word;
    }
    return differs !== 0;
  }

  /** Whether the row writes anything. */
  changes(row: number): boolean {
    const width = this.#layout.words;
    return this.#keep.subarray(row * width, (row + 1) * width).some((keep) => keep !== -1);
  }

  /** The bits of a word that a row leaves as they are, and those that it sets. */
  effectOn(row: number, word: number): { readonly keep: number; readonly set: number } {
    const at = row * this.#layout.words + word;
    return { keep: this.#keep[at]!, set: this.#set[at]! };
  }

  /** A command's rows as a tree; undefined if it is too large to be worth compiling. */
  tree(command: number): Tree | undefined {
    return this.#tries.tree(this.#roots[command]!, mostCompiledChildren);
  }

  /** Every row with how often it was taken. */
  *taken(): Generator<{ readonly command: Command; readonly outcome: Outcome<unknown>; readonly times: number }> {
    for (const [i, { command, outcome }] of this.#rows.entries())
      yield { command: this.#task.commands[command]!, outcome, times: this.uses[i]! };
  }

  /** How many calls were made: every use of a row that is not of a disabled command. */
  get calls(): number {
    let calls = 0;
    for (let row = 0; row < this.size; row++) if (this.#leads[row] !== leads.disabled) calls += this.uses[row]!;
    return calls;
  }

  #timed<T>(run: () => T): T {
    const start = performance.now();
    const result = run();
    this.milliseconds += performance.now() - start;
    return result;
  }

  /** A row that no state takes: what `row` would be if it had this outcome and effect. For asking what a fault there would do. */
  addFaulty(row: number, outcome: Outcome<unknown>, effect: Effect): number {
    return this.#add({ ...this.#rows[row]!, outcome }, leadOf(outcome, effect), effect);
  }

  #add(row: Row, lead: number, effect: Effect | undefined): number {
    const number = this.#rows.length;
    this.#rows.push(row);
    if (number >= this.uses.length) {
      const larger = new Float64Array(2 * number);
      larger.set(this.uses);
      this.uses = larger;
    }
    this.#lookups.push(0);
    this.#leads = grown(this.#leads, number + 1);
    this.#leads[number] = lead;
    const width = this.#layout.words;
    this.#keep = grown(this.#keep, (number + 1) * width);
    this.#set = grown(this.#set, (number + 1) * width);
    if (effect) {
      this.#keep.set(effect.keep, number * width);
      this.#set.set(effect.set, number * width);
    }
    return number;
  }

  #learn(number: number, state: Uint32Array): number {
    const command = this.#task.commands[number]!;
    const observation = new Observation(state);
    const [outcome, effect] = this.#watched(command, observation, state);
    const plain = this.#plain(state, command);
    const reads = observation.reads.map((slot) => ({ slot, index: observation.indexOf(slot) }));
    const row = this.#add({ command: number, outcome, reads, sample: state }, leadOf(outcome, effect), effect);
    this.uses[row] = 1;
    this.#lookups[row] = 1;
    if (!effect || !this.#agrees(row, state, plain)) throw this.#differs(command, state, outcome, plain, true);
    try {
      this.#tries.learn(this.#roots[number]!, observation.reads, observation.indexOf, row);
    } catch (error) {
      throw error instanceof SpecError ? this.#impure(command, state, error.message) : error;
    }
    observation.close();
    return row;
  }

  #watched(command: Command, observation: Observation, state: Uint32Array): ReturnType<typeof watch> {
    try {
      this.runs++;
      return watch(this.#task, this.#layout, observation, command);
    } catch (error) {
      this.#plain(state, command); // where the model is broken, this says so in its own words
      const { model, variant } = this.#task.scope;
      const call = `${model}@${variant}: ${describeCommand(command)}`;
      throw new SpecError(`${call} ${error instanceof SpecError ? error.message : unwatchable(error)}`);
    }
  }

  /**
   * The error for a call that did one thing under observation, now or when its row was learned, and another one plainly. Which of the
   * possible reasons it has is tried out.
   */
  #differs(command: Command, state: Uint32Array, known: Outcome<unknown>, plain: Plain, isNew: boolean): SpecError {
    const [before, now] = isNew ? ['observed', 'plain'] : ['before', 'now'];
    const what = `${before}: ${describeOutcome(known)}; ${now}: ${describeOutcome(plain.outcome)}, or another state`;
    const { model, variant } = this.#task.scope;
    const call = `${model}@${variant}: ${describeCommand(command)}`;
    if (!isSame(this.#plain(state, command), plain)) return this.#impure(command, state, what);
    if (!isSame(this.#plainly(state, command), plain)) return this.#identity(command, what);
    if (!isNew) return this.#impure(command, state, what);
    return new SpecError(
      `${call} is impure, or looks at its state in a way that cannot be watched: ${what} (${causes}; or ${unsupported}); ` +
        `the state: ${JSON.stringify(this.#layout.decode(state))}`,
    );
  }

  #recheck(row: number, state: Uint32Array) {
    const { command, outcome } = this.#rows[row]!;
    const plain = this.#plain(state, this.#task.commands[command]!);
    if (!this.#agrees(row, state, plain))
      throw this.#differs(this.#task.commands[command]!, state, outcome, plain, false);
  }

  /**
   * The transition run plainly. Throws what the reference search would throw. Observed updates always make new parts, and these share
   * what did not change: whoever compares parts with === is found out.
   */
  #plain(state: Uint32Array, command: Command): Plain {
    try {
      return sharingParts(() => this.#plainly(state, command));
    } catch (error) {
      this.#plainly(state, command);
      throw this.#identity(command, `${thrown(error)}, or nothing of the kind`);
    }
  }

  #plainly(state: Uint32Array, command: Command): Plain {
    this.runs++;
    const before = this.#layout.decode(state);
    const outcome = attempt(this.#task, before, command);
    if (outcome.result === 'disabled' || outcome.state === before) return { outcome, next: state };
    try {
      return { outcome, next: this.#layout.encode(outcome.state) };
    } catch {
      throw readable(this.#task, command, () => new LeftDomain(this.#task, command, outcome.state));
    }
  }

  #identity(command: Command, what: string): SpecError {
    const { model, variant } = this.#task.scope;
    return new SpecError(
      `${model}@${variant}: ${describeCommand(command)} compares states by identity: an update that changes nothing makes a difference ` +
        `(${what}); compare fields instead`,
    );
  }

  #agrees(row: number, state: Uint32Array, { outcome, next }: Plain): boolean {
    if (outcomeKey(outcome) !== outcomeKey(this.#rows[row]!.outcome)) return false;
    this.apply(row, state, 0, this.#next);
    return outcome.result === 'disabled' || next.every((word, i) => word === this.#next[i]);
  }

  #impure(command: Command, state: Uint32Array, what: string): SpecError {
    const { model, variant } = this.#task.scope;
    return new SpecError(
      `${model}@${variant}: ${describeCommand(command)} is impure: it does not always do the same in one state; ${what} (${causes}); ` +
        `the state: ${JSON.stringify(this.#layout.decode(state))}`,
    );
  }

  #copy(words: Uint32Array, offset: number): Uint32Array {
    return words.slice(offset, offset + this.#layout.words);
  }
}

const unsupported =
  'property descriptors, Object.freeze() and isFrozen(), functions of immer; what works is reading, destructuring, spread, array ' +
  'methods and update()';

/** What code did that works on a plain state and not on an observed one, as the end of a sentence about the call. */
const unwatchable = (error: unknown): string => {
  const words = thrown(error);
  if (/^DataCloneError/.test(words))
    return 'copies its state with structuredClone(), which cannot copy a state that is watched; write { ...state } or update()';
  if (/^TypeError: '\w+' on proxy/.test(words) || words.includes('[Immer]'))
    return 'changes or freezes its state with a function of immer or with Object.freeze(), which a state that is watched does not bear; write update()';
  return `threw ${words} while it was watched, and not on the plain state (usual causes: ${unsupported})`;
};

/** A larger tree would make more code than the processor's caches like. */
const mostCompiledChildren = 1000;

const isSame = (one: Plain, other: Plain): boolean =>
  outcomeKey(one.outcome) === outcomeKey(other.outcome) && one.next.every((word, i) => word === other.next[i]);

/**
 * Runs a command under observation. The outcome comes without its state, the effect says what that is; it is undefined if the state is
 * outside the domain.
 */
export const watch = (
  { system }: Task,
  layout: Layout<unknown>,
  observation: Observation,
  command: Command,
): [Outcome<unknown>, Effect | undefined] => {
  const outcome = system.step(viewOf(observation, layout.place), command);
  const misfit = misfitOfOutcome(outcome);
  if (misfit !== undefined) throw new SpecError(misfit);
  const effect = outcome.result === 'disabled' ? noEffect(layout.words) : effectOf(layout, observation, outcome.state);
  return [withState(outcome, undefined), effect];
};

/** What tells two outcomes apart, without their states. */
export const outcomeKey = (outcome: Outcome<unknown>): string => {
  const {
    result,
    errno,
    reason,
    warnings,
  }: { result: string; errno?: string; reason?: string; warnings: readonly string[] } = outcome;
  return JSON.stringify([result, errno, reason, warnings]);
};

const noEffect = (words: number): Effect => ({
  keep: new Uint32Array(words).fill(0xffff_ffff),
  set: new Uint32Array(words),
});

const leadOf = ({ result }: Outcome<unknown>, effect: Effect | undefined): number => {
  if (result === 'panic') return leads.panic;
  if (result === 'disabled') return leads.disabled;
  return effect?.keep.every((mask) => mask === 0xffff_ffff) ? leads.nowhere : leads.on;
};
