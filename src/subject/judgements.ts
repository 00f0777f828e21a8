import { decides, type Findings, type Judgeable } from '../engine/findings.ts';
import { judge, type Task } from '../engine/task.ts';
import { strict, viewOf } from '../observe/view.ts';
import { SpecError } from '../spec/errors.ts';
import type { Command } from '../spec/model.ts';
import type { Outcome } from '../spec/outcome.ts';
import { indexIn, type Layout, layoutOf } from '../system/layout.ts';
import { outcomeFields } from '../system/outcome.ts';
import { DecisionTrees, hole } from '../table/decision-trees.ts';
import { answered } from '../table/watch.ts';
import type { Head, Printed } from './protocol.ts';
import type { PrintedStates } from './states.ts';
import { outcomeOf } from './subject.ts';

/** Calls of one command that had one result, and that all changed the state or all did not. */
export interface CallClass {
  readonly command: Command;
  /** Of the first call of the class. */
  readonly outcome: Outcome<unknown>;
  readonly same: boolean;
  calls: number;
  /** What may be settled by a call of the class. */
  entries: readonly Entry[];
}

interface Entry {
  readonly judgeable: Judgeable;
  readonly tree: number;
  /** Whether the property reads nothing of the states in this class, and is not settled. */
  isQuiet: boolean;
  /** Whether the property is judged plainly every time, as it did something else when it was watched. */
  isPlain: boolean;
}

/**
 * Judgements of a subject's calls, as decision tables over the state before and the state after, for each command and result. What a
 * subject does cannot be watched, but what a property reads can: a judgement is run once for each combination of values that it reads.
 * That properties do not compare parts of states by identity is checked when the model itself is searched.
 */
export class SubjectJudgements {
  readonly #task: Task;
  readonly #states: PrintedStates;
  readonly #findings: Findings;
  readonly #layout: Layout<unknown>;
  readonly #trees = new DecisionTrees();
  readonly #packed = new Map<Printed, Uint32Array>();
  /** By head; in it by twice the number of the command, plus 1 for calls that change nothing. */
  readonly #byHead = new Map<Head, CallClass[]>();
  readonly #classes: CallClass[] = [];
  /** The state before, and behind it the state after. */
  readonly #pair: Uint32Array;
  #before: Printed | undefined;

  constructor(task: Task, states: PrintedStates, findings: Findings) {
    this.#task = task;
    this.#states = states;
    this.#findings = findings;
    this.#layout = layoutOf(task.system.state);
    this.#pair = new Uint32Array(2 * this.#layout.words);
  }

  /** In the order of their first calls. */
  get classes(): readonly CallClass[] {
    return this.#classes;
  }

  /** The class of a call: `command` is its number. */
  classOf(command: number, head: Head, before: Printed, after: Printed): CallClass {
    const byCommand = this.#byHead.get(head) ?? [];
    if (byCommand.length === 0) this.#byHead.set(head, byCommand);
    const same = before === after;
    const at = 2 * command + Number(same);
    const known = byCommand[at];
    if (known) return known;
    const made: CallClass = {
      command: this.#task.commands[command]!,
      outcome: outcomeOf(head, after.state),
      same,
      calls: 0,
      entries: [...this.#findings.open('call')].map((judgeable) => ({
        judgeable,
        tree: this.#trees.add(),
        isQuiet: false,
        isPlain: false,
      })),
    };
    byCommand[at] = made;
    this.#classes.push(made);
    return made;
  }

  /** Whether the call settles anything. Both states are of the domain. */
  settles(of: CallClass, head: Head, before: Printed, after: Printed): boolean {
    if (of.entries.length === 0) return false;
    if (before !== this.#before) {
      this.#pair.set(this.#wordsOf(before));
      this.#before = before;
    }
    this.#pair.set(of.same ? this.#pair.subarray(0, this.#layout.words) : this.#wordsOf(after), this.#layout.words);
    let [settles, isOver] = [false, false];
    for (const entry of of.entries) {
      if (entry.judgeable.settled) isOver = true;
      else if (this.#settledBy(of, entry, head, before, after)) settles = true;
      if (entry.isQuiet) isOver = true;
    }
    if (isOver) of.entries = of.entries.filter(({ isQuiet, judgeable }) => !isQuiet && !judgeable.settled);
    return settles;
  }

  #settledBy(of: CallClass, entry: Entry, head: Head, before: Printed, after: Printed): boolean {
    const leaf = entry.isPlain ? hole : this.#trees.find(entry.tree, this.#pair, 0);
    return leaf === hole ? this.#judged(of, entry, head, before, after) : leaf === 1;
  }

  /** Judges plainly, and learns by judging a second time under observation. */
  #judged(of: CallClass, entry: Entry, head: Head, { state: before }: Printed, { state: after }: Printed): boolean {
    const { property, instance } = entry.judgeable;
    const step = { before, command: of.command, outcome: outcomeOf(head, after) };
    const seen = decides(property, judge(this.#task, property, step, instance));
    if (entry.isPlain) return seen;
    const whole = this.#states.unmasked(property);
    const words = this.#pair.slice();
    try {
      const { reads, answer } = answered(words, (observation) => {
        const viewBefore = viewOf(observation, this.#layout.place);
        const state = of.same ? viewBefore : viewOf(observation, this.#layout.after);
        const outcome = strict({ ...step.outcome, state }, outcomeFields, 'an outcome');
        return decides(whole, judge(this.#task, whole, { before: viewBefore, command: of.command, outcome }, instance));
      });
      entry.isPlain = answer !== seen; // so where a property asks for what is not observed
      if (entry.isPlain) return seen;
      this.#trees.learn(entry.tree, reads, (slot) => indexIn(slot, words, 0), Number(seen));
      entry.isQuiet = reads.length === 0 && !seen;
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      entry.isPlain = true;
    }
    return seen;
  }

  #wordsOf(printed: Printed): Uint32Array {
    const known = this.#packed.get(printed) ?? this.#layout.encode(printed.state);
    this.#packed.set(printed, known);
    return known;
  }
}
