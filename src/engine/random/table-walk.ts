import type { Command } from '../../spec/model.ts';
import { type Layout, layoutOf } from '../../system/layout.ts';
import { hole } from '../../table/decision-trees.ts';
import { leads } from '../../table/transition-table.ts';
import { CallJudgements } from '../call-judgements.ts';
import type { Findings, Judgeable } from '../findings.ts';
import { TransitionLearner } from '../learner.ts';
import type { MemoryGuard } from '../memory.ts';
import type { Bound, Coverage } from '../result.ts';
import { StateJudgements } from '../state-judgements.ts';
import { StateSet } from '../state-set.ts';
import { Tally } from '../tally.ts';
import { isEnd, LeftDomain, perform, type Task } from '../task.ts';
import { judgeOpen } from './judging.ts';
import { type Arrival, Loops } from './loops.ts';
import { ResultNumbers } from './result-numbers.ts';
import { commandsAt, type Lead, type Position, type Walk } from './walk.ts';

/**
 * Looks each call up in the decision tables of transitions and judgements, and runs a function only where they have a hole, which is
 * learned then. What is found by a table is judged plainly before it is believed. A state that was judged before is not judged again.
 */
export class TableWalk implements Walk {
  readonly #task: Task;
  readonly #findings: Findings;
  readonly #layout: Layout<unknown>;
  readonly #width: number;
  readonly #learner: TransitionLearner;
  readonly #callJudgements: CallJudgements;
  readonly #stateJudgements: StateJudgements;
  readonly #states: StateSet;
  readonly #judgesEnds: boolean;
  /** The present state, and behind it the one that the call that was tried last leads to. */
  readonly #words: Uint32Array;
  readonly #initial: Uint32Array;
  #path: number[] = [];
  #tried = 0;
  #calls = 0;
  #longest = 0;
  readonly #loops: Loops;
  /** Of the present state. */
  readonly #arrival: Arrival;
  #row = 0;
  /** By row: the number of its result. */
  readonly #results: number[] = [];
  readonly #resultNumbers = new ResultNumbers();
  leftDomain: Bound | undefined;
  judges = true;

  /** `memoryGuard`: where it refuses, states are judged again that were judged before. */
  constructor(task: Task, findings: Findings, memoryGuard?: MemoryGuard) {
    this.#task = task;
    this.#findings = findings;
    this.#layout = layoutOf(task.system.state);
    this.#width = this.#layout.words;
    this.#learner = new TransitionLearner(task, this.#layout);
    const { table } = this.#learner;
    this.#callJudgements = new CallJudgements(task, this.#layout, table, findings);
    this.#stateJudgements = new StateJudgements(task, this.#layout, table, findings);
    this.#states = new StateSet(this.#width, Number.POSITIVE_INFINITY, memoryGuard);
    this.#judgesEnds = task.obligations.some(({ property }) => property.on === 'end');
    this.#words = new Uint32Array(2 * this.#width);
    this.#initial = this.#layout.encode(task.system.initial);
    this.#loops = new Loops(task, findings);
    const waits = new Map<Judgeable, (words: Uint32Array, offset: number) => boolean>();
    for (const judgeable of findings.open('path')) waits.set(judgeable, this.#stateJudgements.table(judgeable));
    this.#arrival = {
      // A table says whether a judgement settles something, and a state that waits settles nothing.
      waits: (judgeable) => !waits.get(judgeable)!(this.#words, 0),
      key: () => this.packed().join(),
    };
  }

  get row(): number {
    return this.#row;
  }

  get result(): number {
    return this.#results[this.#row] ?? this.#resultOf(this.#row);
  }

  situation(): string {
    const { table } = this.#learner;
    const kinds = new Set<string>();
    for (const [command, { kind }] of this.#task.commands.entries()) {
      if (kinds.has(kind)) continue;
      const row = table.find(command, this.#words, 0);
      if (row !== hole && table.leads(row) === leads.on) kinds.add(kind);
    }
    return [...kinds].join();
  }

  get covered() {
    return { states: this.#states.count, transitions: this.#calls, depth: this.#longest };
  }

  get coverage(): Coverage {
    const tally = new Tally(this.#task.commands);
    for (const { command, outcome, times } of this.#learner.taken()) if (times > 0) tally.add(command, outcome, times);
    return tally.coverage;
  }

  restart(at?: Position): void {
    this.#words.set((at?.state as Uint32Array | undefined) ?? this.#initial);
    this.#path = at ? [...at.path] : [];
    if (!this.judges) return;
    this.#judgeState(0);
    if (!this.#loops.isEmpty) this.#loops.begin(this.#arrival, this.#path);
  }

  position(): Position {
    return { state: this.#words.slice(0, this.#width), path: [...this.#path] };
  }

  singleCalls(): number {
    let calls = 0;
    for (const { outcome, times } of this.#learner.taken()) if (times === 1 && outcome.result !== 'disabled') calls++;
    return calls;
  }

  packed(): Uint32Array {
    return this.#words.subarray(0, this.#width);
  }

  attempt(command: number): Lead {
    const words = this.#words;
    let row: number;
    try {
      row = this.#learner.take(command, words, 0);
    } catch (error) {
      if (!(error instanceof LeftDomain)) throw error;
      return this.#outside(command, error);
    }
    const { table } = this.#learner;
    this.#row = row;
    const lead = table.leads(row);
    if (lead === leads.disabled) return 'disabled';
    if (this.judges) {
      this.#calls++;
      if (!this.#callJudgements.isQuiet(row) && this.#callJudgements.settles(row, words, 0)) this.#judgeCall(command);
    }
    if (lead === leads.panic) return 'panic';
    if (lead === leads.nowhere || !table.apply(row, words, 0, words, this.#width)) {
      if (this.judges && !this.#loops.isEmpty) this.#loops.stay(this.#arrival, this.#path, command);
      return 'nowhere';
    }
    this.#tried = command;
    if (this.judges) this.#judgeState(this.#width, row);
    return 'on';
  }

  follow(): void {
    this.#words.copyWithin(0, this.#width);
    this.#path.push(this.#tried);
    if (this.#path.length > this.#longest) this.#longest = this.#path.length;
    if (this.judges && !this.#loops.isEmpty) this.#loops.arrive(this.#arrival, this.#path);
  }

  /** Judges the state at `offset`, which `row` leads to, if it was not judged before. */
  #judgeState(offset: number, row?: number): void {
    const hash = this.#states.hash(this.#words, offset);
    if (this.#states.find(this.#words, offset, hash) !== undefined) return;
    const commands = () => this.#commands(row === undefined ? undefined : this.#task.commands[this.#tried]);
    if (this.#stateJudgements.settles(this.#words, offset, row))
      judgeOpen(this.#task, this.#findings, 'state', this.#layout.decode(this.#words, offset), commands);
    if (this.#judgesEnds) {
      const state = this.#layout.decode(this.#words, offset);
      if (isEnd(this.#task, state)) judgeOpen(this.#task, this.#findings, 'end', state, commands);
    }
    this.#states.add(this.#words, offset, hash, 0);
  }

  #judgeCall(number: number): void {
    const command = this.#task.commands[number]!;
    const before = this.#layout.decode(this.#words);
    const outcome = perform(this.#task, before, command);
    judgeOpen(this.#task, this.#findings, 'call', { before, command, outcome }, () => this.#commands(command));
  }

  /** A call that leads outside the domain is judged and not followed. Without a violation that may be the reason, the model is broken. */
  #outside(command: number, error: LeftDomain): Lead {
    if (this.judges) {
      this.#judgeCall(command);
      if (!this.#findings.hasViolation) throw error;
      this.leftDomain ??= error.bound;
    }
    return 'disabled';
  }

  #resultOf(row: number): number {
    const { command, outcome } = this.#learner.table.row(row);
    const number = this.#resultNumbers.of(this.#task.commands[command]!, outcome);
    this.#results[row] = number;
    return number;
  }

  #commands(last?: Command): Command[] {
    return commandsAt(this.#task.commands, this.#path, last);
  }
}
