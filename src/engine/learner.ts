import type { Effect } from '../observe/effect.ts';
import { SpecError } from '../spec/errors.ts';
import { type Command, describeCommand } from '../spec/model.ts';
import { describeOutcome, type Outcome } from '../spec/outcome.ts';
import { sharingParts } from '../spec/update.ts';
import { thrown } from '../system/guarded.ts';
import { indexIn, type Layout } from '../system/layout.ts';
import { outcomeKey } from '../system/outcome.ts';
import { hole } from '../table/decision-trees.ts';
import { leads, TransitionTable } from '../table/transition-table.ts';
import { watchTransition } from '../table/watch.ts';
import { attempt, causes, LeftDomain, readable, type Task } from './task.ts';

/** The bits of 2, 8, 32, ... */
const oddPowers = 0xaaaa_aaaa;

/** What the plain function did: its outcome, and the state after, packed. */
interface Plain {
  readonly outcome: Outcome<unknown>;
  readonly next: Uint32Array;
}

/**
 * Fills a transition table with what a task's transitions do, call by call as they are asked for, and counts the calls. A row is learned
 * by watching a command run once on a packed state. Each row is also computed by the plain function on the plain state, when
 * it is learned and again whenever the number of its lookups is four times what it was then. A difference is an error.
 */
export class TransitionLearner {
  readonly table: TransitionTable;
  readonly #task: Task;
  readonly #layout: Layout<unknown>;
  /** By row: how often it was taken. */
  uses = new Float64Array(256);
  /** By row: how often `take` has looked it up. Compiled tables take rows without that; only a row that `take` looks up is checked again. */
  readonly #lookups: number[] = [];
  /** How often the model's function was run, and how long it took with what is made of it. */
  runs = 0;
  milliseconds = 0;

  /** `table`: what is known already, to which is added. */
  constructor(task: Task, layout: Layout<unknown>, table = new TransitionTable(layout, task.commands.length)) {
    this.#task = task;
    this.#layout = layout;
    this.table = table;
    this.#makeRoom();
  }

  /** The number of the row that a command takes from the state at `offset`, learned if need be. Counts the use. */
  take(command: number, words: Uint32Array, offset: number): number {
    const row = this.table.find(command, words, offset);
    if (row === hole) return this.#timed(() => this.#learn(command, this.#copy(words, offset)));
    this.#count(row);
    const lookups = this.#lookups[row]!;
    if ((lookups & (lookups - 1)) === 0 && (lookups & oddPowers) !== 0)
      this.#timed(() => this.#recheck(row, this.#copy(words, offset)));
    return row;
  }

  /** Every row with how often it was taken. */
  *taken(): Generator<{ readonly command: Command; readonly outcome: Outcome<unknown>; readonly times: number }> {
    for (let row = 0; row < this.table.size; row++) {
      const { command, outcome } = this.table.row(row);
      yield { command: this.#task.commands[command]!, outcome, times: this.uses[row] ?? 0 };
    }
  }

  /** How many calls were made: every use of a row that is not of a disabled command. */
  get calls(): number {
    let calls = 0;
    for (let row = 0; row < this.table.size; row++)
      if (this.table.leads(row) !== leads.disabled) calls += this.uses[row] ?? 0;
    return calls;
  }

  #makeRoom(): void {
    if (this.table.size <= this.uses.length) return;
    const larger = new Float64Array(2 * this.table.size);
    larger.set(this.uses);
    this.uses = larger;
  }

  #count(row: number): void {
    this.#makeRoom();
    this.uses[row]!++;
    this.#lookups[row] = (this.#lookups[row] ?? 0) + 1;
  }

  #timed<T>(run: () => T): T {
    const start = performance.now();
    const result = run();
    this.milliseconds += performance.now() - start;
    return result;
  }

  #learn(number: number, state: Uint32Array): number {
    const command = this.#task.commands[number]!;
    this.runs++;
    const seen = watchTransition(this.#task.system, this.#layout, state, command);
    const plain = this.#plain(state, command); // where the model is broken, this says so in its own words
    if ('error' in seen) throw this.#unwatchable(command, seen.error);
    const { outcome, effect } = seen.answer;
    if (!effect || !this.#agrees({ outcome, effect }, state, plain))
      throw this.#differs(command, state, outcome, plain, true);
    const reads = seen.reads.map((slot) => ({ slot, index: indexIn(slot, state, 0) }));
    try {
      const row = this.table.learn({ command: number, outcome, reads, sample: state }, effect);
      this.#count(row);
      return row;
    } catch (error) {
      throw error instanceof SpecError ? this.#impure(command, state, error.message) : error;
    }
  }

  #unwatchable(command: Command, error: unknown): SpecError {
    const { model, variant } = this.#task.scope;
    const call = `${model}@${variant}: ${describeCommand(command)}`;
    return new SpecError(`${call} ${error instanceof SpecError ? error.message : unwatchable(error)}`);
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
    // Random numbers may be the same once; they are not for many times.
    const again = (run: () => Plain, as: Plain) => Array.from({ length: 8 }, run).every((one) => isSame(one, as));
    if (!again(() => this.#plain(state, command), plain)) return this.#impure(command, state, what);
    const fresh = this.#plainly(state, command);
    if (!again(() => this.#plainly(state, command), fresh)) return this.#impure(command, state, what);
    if (!isSame(fresh, plain)) return this.#identity(command, what);
    if (!isNew) return this.#impure(command, state, what);
    return new SpecError(
      `${call} is impure, or looks at its state in a way that cannot be watched: ${what} (${causes}; or ${unsupported}); ` +
        `the state: ${JSON.stringify(this.#layout.decode(state))}`,
    );
  }

  #recheck(row: number, state: Uint32Array) {
    const { command: number, outcome } = this.table.row(row);
    const command = this.#task.commands[number]!;
    const plain = this.#plain(state, command);
    if (!this.#agrees({ outcome, effect: this.table.effectOf(row) }, state, plain))
      throw this.#differs(command, state, outcome, plain, false);
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

  #agrees(row: { readonly outcome: Outcome<unknown>; readonly effect: Effect }, state: Uint32Array, plain: Plain) {
    if (outcomeKey(plain.outcome) !== outcomeKey(row.outcome)) return false;
    const { keep, set } = row.effect;
    return (
      plain.outcome.result === 'disabled' ||
      plain.next.every((word, i) => word === ((state[i]! & keep[i]!) | set[i]!) >>> 0)
    );
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

const isSame = (one: Plain, other: Plain): boolean =>
  outcomeKey(one.outcome) === outcomeKey(other.outcome) && one.next.every((word, i) => word === other.next[i]);
