import * as fc from 'fast-check';
import { SpecError } from '../../spec/errors.ts';
import type { Command } from '../../spec/model.ts';
import type { Step as Made, Property } from '../../spec/property.ts';
import { layoutOf } from '../../system/layout.ts';
import type { Engine, RunOptions } from '../engine.ts';
import { Findings } from '../findings.ts';
import type { MemoryGuard } from '../memory.ts';
import {
  type Bound,
  type Coverage,
  type CoveredStates,
  type Evidence,
  type Judged,
  type Result,
  reachedByExample,
  type Verdict,
} from '../result.ts';
import { randomNumbers } from '../seeded.ts';
import { type Task, TransitionsFailed } from '../task.ts';
import { Draw } from './draw.ts';
import { DrawingMachine, mostTries, RepeatingMachine, Step } from './machine.ts';
import { Novelty } from './novelty.ts';
import { PlainWalk } from './plain-walk.ts';
import { Pool } from './pool.ts';
import { shrunk } from './shrink.ts';
import { TableWalk } from './table-walk.ts';
import { Broken, type Walk } from './walk.ts';

export interface RandomOptions {
  /** How many runs. */
  readonly runs: number;
  /** At most so many steps in a run. One that begins where another run was has as many behind it at most. */
  readonly length: number;
  readonly seed: number;
  /** Begin no run when so many seconds are over. How many runs there are depends on the machine then; each is what it would be anyway. */
  readonly seconds?: number;
  /** Judge from this run of the seed on, instead of from run 0: the `path` of a violated verdict. */
  readonly path?: string;
  /** What to do without, to see what it is good for: all of these are on. */
  readonly without?: readonly ('tries' | 'guidance' | 'swarm')[];
}

/** So many runs are more than there is time for. */
export const runsWithoutEnd = 2 ** 31 - 1;

export const random: Engine<RandomOptions> = { run: (task, options) => searchRandom(task, options) };

/** Thrown out of a run to end the search: fast-check would generate all other runs, if only to skip them. */
class Ended extends Error {}

/** What random runs have seen; where what makes the calls fails, they end early. */
interface RandomResult extends Result {
  readonly covered: CoveredStates;
  readonly failure?: TransitionsFailed;
  /** What the calls of a trace did, by its list of commands; empty where the model makes them. */
  readonly steps: ReadonlyMap<readonly Command[], readonly Made[]>;
}

/**
 * fast-check's model-based runs. It generates a number for each step, which with the state that the run is in says which call is made;
 * every property is judged at each call and each state. When a run breaks a property, fast-check shrinks the run against that property
 * alone, on the plain functions, and the search makes the same run again for the others. Deterministic for a seed. A witness counts as
 * reached, not shrunk, when each of its instances has been seen.
 */
export const searchRandom = async (task: Task, options: RandomOptions & RunOptions): Promise<RandomResult> => {
  const { runs, length, seed, without = [], monitor = async () => true } = options;
  const first = Number(options.path?.split(':')[0] ?? 0);
  if (first >= runs) throw new SpecError(`run ${first} is not one of the ${runs} runs from 0 on`);
  const search = new RandomRuns(task, length, new Set(without), options.memoryGuard);
  const violated = new Map<Property, Verdict>();
  const made = new Map<readonly Command[], readonly Made[]>();
  const end = performance.now() + 1000 * (options.seconds ?? Number.POSITIVE_INFINITY);
  let interrupted = false;
  let ended = false;

  const numbers = fc.noShrink(fc.noBias(fc.nat()));
  const steps = fc.commands([numbers.map((number) => search.step(number))], { maxCommands: length, size: 'max' });
  const property = fc.asyncProperty(numbers, steps, async (number, commands) => {
    if (ended || search.brokenModel || search.failure) return;
    if (performance.now() >= end && !search.isShrinking) {
      ended = true;
      throw new Ended();
    }
    interrupted ||= !(await monitor(search.covered));
    // fast-check wraps each step in an object of its own, which it hands the machine through.
    if (!interrupted) search.run(number, commands as Iterable<Step>);
    else if (!search.isShrinking) {
      ended = true;
      throw new Ended();
    }
  });

  const until = async (end: number, from: number) =>
    fc.check(property, { seed, path: String(from), numRuns: end - from });

  // Where a run begins and what it draws depends on the runs before it: they are made again, and not judged.
  search.judges = false;
  if (first > 0) await until(first, 0);
  search.judges = true;
  for (let from = first; from < runs && !ended; ) {
    if (search.brokenModel) throw search.brokenModel;
    search.beginAt(from);
    const details = await until(runs, from);
    if (search.brokenModel) throw search.brokenModel;
    if (!details.failed || ended) break;
    from = Number(details.counterexamplePath!.split(':')[0]);
    // Where the calls end while fast-check shrinks, the shortest run that it had by then is kept.
    const last = search.failure ? search.smallest : details.errorInstance;
    if (search.failure && !last) break;
    if (!(last instanceof Broken)) throw details.errorInstance;
    const { property: broken, trace, steps: calls } = search.shrunk(last);
    made.set(trace.commands, calls);
    violated.set(broken, { kind: 'violated', trace, path: String(from) });
    search.settle(broken, trace);
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
  const singleCalls = search.singleCalls;
  const covered = { ...search.covered, ...(singleCalls !== undefined && { singleCalls }) };
  return {
    judged,
    covered,
    coverage: search.coverage,
    ...(bound && { bound }),
    ...(failure && { failure }),
    steps: made,
  };
};

/** The runs' common knowledge: which properties are open, what was covered, where to begin. */
class RandomRuns {
  readonly #task: Task;
  readonly #length: number;
  readonly #without: ReadonlySet<string>;
  readonly #findings: Findings;
  readonly #draw: Draw;
  readonly #walk: Walk;
  readonly #novelty: Novelty | undefined;
  readonly #pool = new Pool();
  #from = 0;
  #finished = 0;
  /** While fast-check shrinks, only the property that broke first counts, and nothing is covered. */
  #shrinking: { readonly walk: PlainWalk; readonly path: readonly number[] } | undefined;
  /** A model that breaks the vocabulary's rules is not shrunk but reported. */
  brokenModel: unknown;
  /** What ended the calls for all runs. */
  failure: TransitionsFailed | undefined;
  /** While fast-check shrinks, the last run that broke the property: fast-check goes on from each to a smaller one. */
  smallest: Broken | undefined;

  constructor(task: Task, length: number, without: ReadonlySet<string>, memoryGuard?: MemoryGuard) {
    this.#task = task;
    this.#length = length;
    this.#without = without;
    this.#findings = new Findings(task);
    this.#draw = new Draw(task);
    this.#walk = task.isOpaque ? new PlainWalk(task, this.#findings) : new TableWalk(task, this.#findings, memoryGuard);
    this.#novelty = without.has('guidance') ? undefined : new Novelty(layoutOf(task.system.state), memoryGuard);
  }

  get covered(): CoveredStates {
    return { ...this.#walk.covered, runs: this.#from + this.#finished };
  }

  get singleCalls(): number | undefined {
    return this.#walk.singleCalls();
  }

  get coverage(): Coverage {
    return this.#walk.coverage;
  }

  get leftDomain(): Bound | undefined {
    return this.#walk.leftDomain;
  }

  /** Whether runs are judged, and count as covered. */
  set judges(judges: boolean) {
    this.#walk.judges = judges;
  }

  get isShrinking(): boolean {
    return this.#shrinking !== undefined;
  }

  /** The step of a run for a number that fast-check has generated. */
  step(number: number): Step {
    return new Step(number, (command) => this.#draw.describe(command));
  }

  beginAt(run: number): void {
    this.#from = run;
    this.#finished = 0;
    this.#shrinking = undefined;
    this.smallest = undefined;
  }

  settle(property: Property, trace: Evidence): void {
    this.#findings.settle(property, trace);
  }

  wasReached(property: Property): boolean {
    return property.witness && [...this.#findings.open(property.on)].every((open) => open.property !== property);
  }

  run(number: number, steps: Iterable<Step>): void {
    try {
      if (this.#shrinking) modelRun(new RepeatingMachine(this.#shrinking.walk, this.#shrinking.path), steps);
      else this.#draws(number, steps);
    } catch (error) {
      if (error instanceof Broken) this.smallest = error;
      else if (error instanceof TransitionsFailed) this.failure = error;
      else this.brokenModel = error;
      throw error;
    }
  }

  #draws(number: number, steps: Iterable<Step>): void {
    const random = randomNumbers(number);
    const start = this.#novelty && this.#pool.draw(random);
    const style = this.#without.has('swarm') ? this.#draw.plain : this.#draw.style(random);
    const tries = this.#without.has('tries') ? 1 : mostTries;
    try {
      const machine = new DrawingMachine(this.#walk, this.#draw, style, tries, start, this.#novelty);
      modelRun(machine, steps);
      machine.end(this.#pool, this.#length);
      this.#finished++;
    } catch (error) {
      if (error instanceof Broken) this.#shrinking = { walk: this.#walkFor(error.property), path: start?.path ?? [] };
      throw error;
    }
  }

  /** A walk that judges one property. */
  #walkFor(property: Property): PlainWalk {
    const alone = { ...this.#task, obligations: this.#task.obligations.filter((one) => one.property === property) };
    return new PlainWalk(alone, new Findings(alone), true);
  }

  /** What fast-check has shrunk, without calls before the run that are not needed. */
  shrunk(found: Broken): Broken {
    const { walk, path } = this.#shrinking!;
    if (path.length === 0) return found;
    const numbers = new Map(this.#task.commands.map((command, number) => [command, number]));
    const calls = found.trace.commands.map((command) => numbers.get(command)!);
    return shrunk(found, calls, (shorter) => {
      if (this.failure) return undefined;
      try {
        new RepeatingMachine(walk, shorter);
      } catch (error) {
        if (error instanceof Broken) return error;
        if (!(error instanceof TransitionsFailed)) throw error;
        this.failure = error;
      }
      return undefined;
    });
  }
}

const modelRun = (machine: Parameters<Step['check']>[0], steps: Iterable<Step>): void =>
  fc.modelRun(() => ({ model: machine, real: undefined }), steps);
