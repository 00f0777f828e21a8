import type { Command } from '../../spec/model.ts';
import type { Outcome } from '../../spec/outcome.ts';
import type { Step } from '../../spec/property.ts';
import { type Layout, layoutOf } from '../../system/layout.ts';
import type { Findings } from '../findings.ts';
import type { Bound } from '../result.ts';
import { Tally } from '../tally.ts';
import { isEnd, judge, LeftDomain, perform, type Task } from '../task.ts';
import { judgeOpen } from './judging.ts';
import { type Arrival, Loops } from './loops.ts';
import { ResultNumbers } from './result-numbers.ts';
import { Broken, commandsAt, type Lead, type Position, type Walk } from './walk.ts';

/** What a position of this walk holds: the state, and what the calls did that led there. */
interface Here {
  readonly state: unknown;
  readonly steps: readonly Step[];
}

/** Makes each call by running the task's functions: those of a program, which cannot be watched, and those of a run that is shrunk. */
export class PlainWalk implements Walk {
  readonly #task: Task;
  readonly #findings: Findings;
  readonly #layout: Layout<unknown>;
  readonly #judgesEnds: boolean;
  readonly #tally: Tally;
  readonly #seen = new Set<string>();
  readonly #toShrink: boolean;
  readonly #results = new ResultNumbers();
  #longest = 0;
  #state: unknown;
  #path: number[] = [];
  /** What the calls of the path did. */
  #steps: Step[] = [];
  readonly #loops: Loops;
  #tried: { readonly command: number; readonly outcome: Outcome<unknown>; readonly key: string } | undefined;
  result = 0;
  judges = true;
  leftDomain: Bound | undefined;

  /** `toShrink`: calls that lead outside the domain are no error; what is shrunk is a violation already. */
  constructor(task: Task, findings: Findings, toShrink = false) {
    this.#toShrink = toShrink;
    this.#task = task;
    this.#findings = findings;
    this.#layout = layoutOf(task.system.state);
    this.#judgesEnds = task.obligations.some(({ property }) => property.on === 'end');
    this.#tally = new Tally(task.commands);
    this.#loops = new Loops(task, findings);
  }

  get coverage() {
    return this.#tally.coverage;
  }

  get covered() {
    return { states: this.#seen.size, transitions: this.#tally.transitions, depth: this.#longest };
  }

  restart(at?: Position): void {
    const { state, steps } = (at?.state as Here | undefined) ?? { state: this.#task.system.initial, steps: [] };
    this.#state = state;
    this.#path = [...(at?.path ?? [])];
    this.#steps = [...steps];
    if (!this.judges) return;
    const key = this.#key(state);
    this.#showing(undefined, () => {
      this.#judgeState(state, key, this.#commands());
      this.#loops.begin(this.#arrivalAt(state, key), this.#path);
    });
  }

  position(): Position {
    return { state: { state: this.#state, steps: [...this.#steps] } satisfies Here, path: [...this.#path] };
  }

  singleCalls(): undefined {
    return undefined;
  }

  packed(): Uint32Array {
    return this.#layout.encode(this.#state);
  }

  get row(): number {
    return this.result;
  }

  situation(): string {
    return '';
  }

  attempt(number: number): Lead {
    const command = this.#task.commands[number]!;
    const before = this.#state;
    const outcome = perform(this.#task, before, command);
    if (this.judges) this.#tally.add(command, outcome);
    this.result = this.#results.of(command, outcome);
    if (outcome.result === 'disabled') return 'disabled';
    return this.#showing({ before, command, outcome }, () => this.#judged(number, before, outcome));
  }

  #judged(number: number, before: unknown, outcome: Outcome<unknown>): Lead {
    const command = this.#task.commands[number]!;
    if (this.judges)
      judgeOpen(this.#task, this.#findings, 'call', { before, command, outcome }, () => this.#commands(command));
    if (outcome.result === 'panic') return 'panic';
    if (outcome.state === before) {
      if (this.judges && !this.#loops.isEmpty) this.#loops.stay(this.#arrivalAt(before, ''), this.#path, number);
      return 'nowhere';
    }
    let key: string;
    try {
      key = this.#key(outcome.state);
    } catch {
      // Behind a violation that has been found already the call is not followed; without one the model is broken.
      if (!this.judges) return 'nowhere';
      const left = new LeftDomain(this.#task, command, outcome.state);
      if (!this.#findings.hasViolation && !this.#toShrink) throw left;
      this.leftDomain ??= left.bound;
      return 'nowhere';
    }
    if (this.judges) this.#judgeState(outcome.state, key, this.#commands(command));
    this.#tried = { command: number, outcome, key };
    return 'on';
  }

  follow(): void {
    const { command, outcome, key } = this.#tried!;
    const before = this.#state;
    this.#state = outcome.state;
    this.#steps.push({ before, command: this.#task.commands[command]!, outcome });
    this.#path.push(command);
    this.#longest = Math.max(this.#longest, this.#path.length);
    if (!this.judges || this.#loops.isEmpty) return;
    this.#showing(undefined, () => this.#loops.arrive(this.#arrivalAt(outcome.state, key), this.#path));
  }

  /** Runs what may break a property, whose error then says what the calls did: those of the path and, perhaps, one more. */
  #showing<T>(tried: Step | undefined, run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (error instanceof Broken) error.steps = tried ? [...this.#steps, tried] : [...this.#steps];
      throw error;
    }
  }

  #judgeState(state: unknown, key: string, commands: readonly Command[]): void {
    if (this.#seen.has(key)) return;
    judgeOpen(this.#task, this.#findings, 'state', state, () => commands);
    if (this.#judgesEnds && isEnd(this.#task, state))
      judgeOpen(this.#task, this.#findings, 'end', state, () => commands);
    this.#seen.add(key);
  }

  #arrivalAt(state: unknown, key: string): Arrival {
    return {
      waits: ({ property, instance }) => judge(this.#task, property, state, instance) === true,
      key: () => key,
    };
  }

  #key(state: unknown): string {
    return this.#layout.encode(state).join();
  }

  #commands(last?: Command): Command[] {
    return commandsAt(this.#task.commands, this.#path, last);
  }
}
