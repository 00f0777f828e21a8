import * as fc from 'fast-check';
import { SpecError } from '../../spec/errors.ts';
import { type Command, describeCommand } from '../../spec/model.ts';
import type { Outcome } from '../../spec/outcome.ts';
import type { Property, Step } from '../../spec/property.ts';
import { layoutOf } from '../../system/layout.ts';
import type { Engine, RunOptions } from '../engine.ts';
import { LoopWatch } from '../explored.ts';
import { decides, type Judgeable } from '../findings.ts';
import {
  type Bound,
  type CoveredStates,
  type Evidence,
  type Judged,
  type Result,
  reachedByExample,
  type Verdict,
} from '../result.ts';
import { Tally } from '../tally.ts';
import { isEnd, judge, LeftDomain, type Obligation, perform, type Task, TransitionsFailed } from '../task.ts';

export interface RandomOptions {
  /** How many runs. */
  readonly runs: number;
  /** At most so many commands in a run. */
  readonly length: number;
  readonly seed: number;
  /** Start at this run of the seed instead of at run 0: the `path` of a violated verdict. */
  readonly path?: string;
}

export const random: Engine<RandomOptions> = { run: (task, options) => searchRandom(task, options) };

/**
 * A generated command that leads nowhere from the state it meets, because it changes nothing or panics, is dropped from the
 * run, but for one in so many: refusals must be atomic too, and a panic must be found, but should not end every run early.
 */
const keepsOneIdleCommandIn = 4;

/** Thrown out of a run by the call or state that settles a property. fast-check shrinks the run that it ends. */
class Broken extends Error {
  readonly property: Property;
  readonly trace: Evidence;
  /** What the calls of the trace did. */
  readonly steps: readonly Step[];

  constructor(property: Property, steps: readonly Step[], found: Omit<Evidence, 'commands'>) {
    super(property.id);
    this.property = property;
    this.steps = steps;
    this.trace = { commands: steps.map(({ command }) => command), ...found };
  }
}

/** Thrown out of a run to end the search: fast-check would generate all other runs, if only to skip them. */
class Interrupted extends Error {}

/** What random runs have seen; where what makes the calls fails, they end early. */
interface RandomResult extends Result {
  readonly covered: CoveredStates;
  readonly failure?: TransitionsFailed;
  /** What the calls of a trace did, by its list of commands. */
  readonly steps: ReadonlyMap<readonly Command[], readonly Step[]>;
}

/**
 * fast-check's model-based runs: random commands from the initial state, every property judged after each. When a run breaks
 * a property, fast-check shrinks the run against that property alone, and the search goes on from the same run for the others.
 * Deterministic for a seed. A witness counts as reached, not shrunk, when each of its instances has been seen.
 */
export const searchRandom = async (task: Task, options: RandomOptions & RunOptions): Promise<RandomResult> => {
  const { runs, length, seed, monitor = async () => true } = options;
  const first = Number(options.path?.split(':')[0] ?? 0);
  if (first >= runs) throw new SpecError(`run ${first} is not one of the ${runs} runs from 0 on`);
  const search = new RandomRuns(task);
  const violated = new Map<Property, Verdict>();
  const steps = new Map<readonly Command[], readonly Step[]>();
  let interrupted = false;
  let ended = false;

  const { command, likely } = task.system;
  const calls = fc
    .tuple(
      likely?.length
        ? fc.oneof(command.arbitrary(), { arbitrary: fc.constantFrom(...likely), weight: 3 })
        : command.arbitrary(),
      fc.nat(keepsOneIdleCommandIn - 1),
    )
    .map(([command, dice]) => new Call(task, task.system.command.canonical(command)!, dice === 0));
  const property = fc.asyncProperty(fc.commands([calls], { maxCommands: length, size: 'max' }), async (commands) => {
    if (ended || search.brokenModel || search.failure) return;
    interrupted ||= !(await monitor(search.covered));
    if (!interrupted) search.run(commands);
    else if (!search.isShrinking) {
      ended = true;
      throw new Interrupted();
    }
  });

  for (let from = first; from < runs; ) {
    search.beginAt(from);
    const details = await fc.check(property, { seed, path: String(from), numRuns: runs - from });
    if (search.brokenModel) throw search.brokenModel;
    if (!details.failed || ended) break;
    from = Number(details.counterexamplePath!.split(':')[0]);
    // Where the calls end while fast-check shrinks, the shortest run that it had by then is kept.
    const last = search.failure ? search.smallest : details.errorInstance;
    if (search.failure && !last) break;
    if (!(last instanceof Broken)) throw details.errorInstance;
    const { property: broken, trace } = last;
    violated.set(broken, { kind: 'violated', trace, path: String(from) });
    steps.set(trace.commands, last.steps);
    search.settle(broken);
    if (interrupted || search.failure) break;
  }

  const { failure } = search;
  const cut: Bound | undefined = failure ? { kind: 'failure' } : interrupted ? { kind: 'interrupted' } : undefined;
  const bound = cut ?? search.leftDomain;
  const judged = task.obligations.map(({ property }): Judged => {
    if (search.wasReached(property)) return { property, verdict: { kind: 'proved', proof: reachedByExample } };
    return {
      property,
      verdict: violated.get(property) ?? (bound ? { kind: 'incomplete', bound } : { kind: 'not found' }),
    };
  });
  return {
    judged,
    covered: search.covered,
    coverage: search.coverage,
    ...(bound && { bound }),
    ...(failure && { failure }),
    steps,
  };
};

/** What fast-check calls the model: the state a run is in, and the call that is being considered. */
interface Machine {
  state: unknown;
  /** What the call that is being considered would do. */
  outcome: Outcome<unknown> | undefined;
  readonly done: Step[];
  readonly loops: readonly {
    readonly judgeable: Pick<Judgeable, 'property' | 'instance'>;
    readonly watch: LoopWatch;
  }[];
  readonly search: RandomRuns;
  /** After a panic nothing follows. */
  stopped: boolean;
}

class Call implements fc.Command<Machine, undefined> {
  readonly #task: Task;
  readonly #command: Command;
  readonly #keptWhenIdle: boolean;

  constructor(task: Task, command: Command, keptWhenIdle: boolean) {
    this.#task = task;
    this.#command = command;
    this.#keptWhenIdle = keptWhenIdle;
  }

  check(machine: Machine): boolean {
    if (machine.stopped) return false;
    const outcome = perform(this.#task, machine.state, this.#command);
    machine.outcome = outcome;
    if (outcome.result === 'disabled') return false;
    const leadsOn = outcome.result !== 'panic' && outcome.state !== machine.state;
    return leadsOn || this.#keptWhenIdle;
  }

  run(machine: Machine): void {
    machine.search.call(machine, this.#command);
  }

  toString(): string {
    return describeCommand(this.#command);
  }
}

/** The runs' common knowledge: which properties are open, what was covered. */
class RandomRuns {
  readonly #task: Task;
  readonly #layout;
  readonly #tally: Tally;
  readonly #seen = new Set<string>();
  readonly #open: Set<Obligation>;
  readonly #unreached = new Map<Property, Set<unknown>>();
  readonly #judgesEnds: boolean;
  #longest = 0;
  #from = 0;
  #finished = 0;
  /** While fast-check shrinks, only the property that broke first counts, and nothing is tallied. */
  #shrinking: Property | undefined;
  #hasViolation = false;
  /** Where a run first left the domain behind a violation. */
  leftDomain: Bound | undefined;
  /** A model that breaks the vocabulary's rules is not shrunk but reported. */
  brokenModel: unknown;
  /** What ended the calls for all runs. */
  failure: TransitionsFailed | undefined;
  /** While fast-check shrinks, the last run that broke the property: fast-check goes on from each to a smaller one. */
  smallest: Broken | undefined;

  constructor(task: Task) {
    this.#task = task;
    this.#layout = layoutOf(task.system.state);
    this.#tally = new Tally(task.commands);
    this.#open = new Set(task.obligations);
    this.#judgesEnds = task.obligations.some(({ property }) => property.on === 'end');
    for (const { property, instances } of task.obligations)
      if (property.witness) this.#unreached.set(property, new Set(instances));
  }

  get covered() {
    const runs = this.#from + this.#finished;
    return { states: this.#seen.size, transitions: this.#tally.transitions, depth: this.#longest, runs };
  }

  get coverage() {
    return this.#tally.coverage;
  }

  beginAt(run: number) {
    this.#from = run;
    this.#finished = 0;
    this.#shrinking = undefined;
    this.smallest = undefined;
  }

  get isShrinking(): boolean {
    return this.#shrinking !== undefined;
  }

  settle(property: Property) {
    this.#hasViolation = true;
    for (const obligation of this.#open) if (obligation.property === property) this.#open.delete(obligation);
  }

  wasReached(property: Property): boolean {
    return this.#unreached.get(property)?.size === 0;
  }

  run(commands: Iterable<fc.Command<Machine, undefined>>) {
    try {
      const machine: Machine = {
        state: this.#task.system.initial,
        outcome: undefined,
        done: [],
        loops: this.#loops(),
        search: this,
        stopped: false,
      };
      this.#arrive(machine);
      fc.modelRun(() => ({ model: machine, real: undefined }), commands);
    } catch (error) {
      if (error instanceof Broken) {
        this.#shrinking ??= error.property;
        this.smallest = error;
      } else if (error instanceof TransitionsFailed) this.failure = error;
      else this.brokenModel = error;
      throw error;
    }
    if (!this.#shrinking) this.#finished++;
  }

  call(machine: Machine, command: Command) {
    const before = machine.state;
    const outcome = machine.outcome!;
    if (!this.#shrinking) this.#tally.add(command, outcome);
    const step = { before, command, outcome };
    machine.done.push(step);
    this.#judge('call', step, machine);
    machine.state = outcome.state;
    if (outcome.result === 'panic') machine.stopped = true;
    else this.#arrive(machine, outcome.state !== before, command);
  }

  #loops(): Machine['loops'] {
    return [...this.#open].flatMap(({ property, instances }) =>
      property.on !== 'path' || (this.#shrinking && this.#shrinking !== property)
        ? []
        : instances.map((instance) => {
            const judgeable = { property, instance };
            return { judgeable, watch: new LoopWatch(this.#task, judgeable) };
          }),
    );
  }

  #arrive(machine: Machine, isNew = true, command?: Command) {
    const { state, done, loops } = machine;
    if (!isNew && loops.length === 0) return;
    let key: string;
    try {
      key = this.#layout.encode(state).join();
    } catch {
      // Behind a violation that has been found already the run ends here; without one the model is broken.
      const left = new LeftDomain(this.#task, done.at(-1)!.command, state);
      if (!this.#hasViolation && !this.#shrinking) throw left;
      if (!this.#shrinking) this.leftDomain ??= left.bound;
      machine.stopped = true;
      return;
    }
    if (!this.#shrinking) {
      this.#seen.add(key);
      this.#longest = Math.max(this.#longest, done.length);
    }
    for (const { judgeable, watch } of loops) {
      const loop = watch.arrive(state, key, done.length, command);
      if (loop !== undefined)
        throw new Broken(judgeable.property, [...done], { instance: judgeable.instance, detail: '', loop });
    }
    if (!isNew) return;
    this.#judge('state', state, machine);
    if (this.#judgesEnds && isEnd(this.#task, state)) this.#judge('end', state, machine);
  }

  #judge(on: Property['on'], subject: unknown, { done }: Machine) {
    for (const { property, instances } of this.#open) {
      if (property.on !== on || (this.#shrinking && this.#shrinking !== property)) continue;
      for (const instance of this.#unreached.get(property) ?? instances) {
        const judgement = judge(this.#task, property, subject, instance);
        if (!decides(property, judgement)) continue;
        if (property.witness) this.#unreached.get(property)!.delete(instance);
        else
          throw new Broken(property, [...done], {
            instance,
            detail: typeof judgement === 'string' ? judgement : '',
          });
      }
    }
  }
}
