import type { Command } from '../../spec/model.ts';
import { indexIn, type Layout, type Slot } from '../../system/layout.ts';
import { DecisionTable } from '../../table/decision-table.ts';
import { hole } from '../../table/decision-trees.ts';
import { collectRegions, neighbours, put, type Regions } from '../../table/neighbours.ts';
import type { TransitionTable } from '../../table/transition-table.ts';
import { watchTransition } from '../../table/watch.ts';
import type { Coverage, Dead, DeadResult } from '../result.ts';
import { coverageKeys } from '../tally.ts';
import { perform, type Task } from '../task.ts';

/**
 * Work that may be done for one task, some 0.2 s: a look into the tables counts 1, a run of a transition as much as it usually takes.
 * Counted, not timed, so that what is found does not depend on the machine.
 */
const mostWork = 1 << 16;
const workOfRun = 40;

/** A slot with more values than this is not tried out. */
const widestTrial = 256;

/** Readings of a state in one run: a transition need not end in a state that it never meets. */
const mostReadings = 10_000;

/** A state, reachable or not, and what a run of a command on it read. */
interface Point {
  readonly state: Uint32Array;
  readonly reads: readonly Slot[];
}

/** The paths of a command that were tried and that no reachable state takes. They are kept apart from the search's own tables. */
type Tried = DecisionTable<undefined>;

/**
 * The results that commands have in states of the domain, but in none that is reachable. To be asked when every reachable state
 * has been expanded: `transitions` then has a row for every path that a reachable state takes, so that a state for which it has
 * none is not reachable, nor is any other that agrees with it in what a run on it reads. With symmetry it is so only of visited
 * states; but what the others have for results, the visited ones have as well.
 *
 * From the rows on, one slot that was read is set to another value at a time, which leads to every path of a command there is: any
 * two paths part at the first slot in which they differ. Paths nearest to reachable ones come first. A run that throws, or leaves
 * the domain, is no fault of the model here, and gives no result.
 */
export const findDead = (
  task: Task,
  layout: Layout<unknown>,
  transitions: TransitionTable,
  coverage: Coverage,
): Dead => {
  const start = performance.now();
  const paths = new UnreachablePaths(task, layout, transitions, coverage);
  for (const number of task.commands.keys()) paths.explore(number);
  const results = [...coverage].flatMap(([command, { results }]) => {
    const found = paths.found.get(command) ?? new Map<string, DeadResult>();
    const succeeds = results.has('ok') || found.has('ok');
    return [...(succeeds ? [] : [{ command, result: 'ok' }]), ...found.values()];
  });
  return { results, complete: paths.complete, runs: paths.runs, seconds: (performance.now() - start) / 1000 };
};

class UnreachablePaths {
  readonly #task: Task;
  readonly #layout: Layout<unknown>;
  readonly #transitions: TransitionTable;
  readonly #coverage: Coverage;
  readonly #regions: Regions = new Map();
  /** By command: its rows. */
  readonly #rows: readonly number[][];
  /** The dead results, by kind of command and then by result. */
  readonly found = new Map<string, Map<string, DeadResult>>();
  complete = true;
  runs = 0;
  #work = mostWork;

  constructor(task: Task, layout: Layout<unknown>, transitions: TransitionTable, coverage: Coverage) {
    this.#task = task;
    this.#layout = layout;
    this.#transitions = transitions;
    this.#coverage = coverage;
    collectRegions(layout.place, this.#regions);
    this.#rows = task.commands.map(() => []);
    for (let row = 0; row < transitions.size; row++) this.#rows[transitions.row(row).command]!.push(row);
  }

  /** Tries the paths of one command. What it leaves of its share of the work is left to those after it. */
  explore(number: number): void {
    const least = this.#work - Math.floor(this.#work / (this.#task.commands.length - number));
    const tried: Tried = new DecisionTable();
    const found: Point[] = [];
    for (const { state, reads } of this.#points(number, found))
      for (const slot of reads) {
        if (slot.size > widestTrial) {
          this.complete = false;
          continue;
        }
        for (const other of neighbours(state, slot, this.#regions)) {
          if (this.#work <= least) {
            this.complete = false;
            return;
          }
          this.#work--;
          if (this.#transitions.find(number, other, 0) !== hole || tried.find(other)) continue;
          this.#work -= workOfRun;
          const reads = this.#run(number, tried, other);
          if (reads) found.push({ state: other, reads });
        }
      }
  }

  /** A state for each row, then those that are found on the way. */
  *#points(number: number, found: readonly Point[]): Generator<Point> {
    const initial = this.#layout.encode(this.#task.system.initial);
    for (const row of this.#rows[number]!) {
      const state = initial.slice();
      const { reads } = this.#transitions.row(row);
      // A variant's kind is read before its fields.
      for (const { slot, index } of reads) put(state, slot, index, this.#regions);
      yield { state, reads: reads.map(({ slot }) => slot) };
    }
    yield* found;
  }

  /** Runs a command on a state that is not reachable. Returns what it read; undefined if it read otherwise before. */
  #run(number: number, tried: Tried, state: Uint32Array): readonly Slot[] | undefined {
    const command = this.#task.commands[number]!;
    this.runs++;
    const seen = watchTransition(this.#task.system, this.#layout, state, command, mostReadings);
    // It need not expect this state.
    const results = 'answer' in seen && seen.answer.effect ? coverageKeys(seen.answer.outcome) : [];
    if (seen.isExhausted) this.complete = false; // who knows what comes in the end
    const { reads } = seen;
    try {
      tried.learn({ reads, leaf: undefined, sample: state });
    } catch {
      this.complete = false;
      return undefined;
    }
    for (const result of results) this.#note(command, result, state, reads);
    return reads;
  }

  /** Keeps a result with its example. Among several examples it keeps the first of those with the fewest values. */
  #note(command: Command, result: string, state: Uint32Array, reads: readonly Slot[]) {
    if (this.#coverage.get(command.kind)!.results.has(result)) return;
    const dead = this.found.get(command.kind) ?? new Map<string, DeadResult>();
    this.found.set(command.kind, dead);
    const known = dead.get(result)?.example;
    if (known && known.where.length <= reads.length) return;
    if (!this.#givesPlainly(command, result, state)) {
      this.complete = false;
      return;
    }
    const where = reads.map((slot) => ({ path: slot.path, value: slot.valueAt(indexIn(slot, state, 0)) }));
    dead.set(result, { command: command.kind, result, example: { command, where } });
  }

  /** Whether the plain function gives the result as well. */
  #givesPlainly(command: Command, result: string, state: Uint32Array): boolean {
    this.runs++;
    try {
      const outcome = perform(this.#task, this.#layout.decode(state), command);
      const isInside = outcome.result === 'disabled' || this.#task.system.state.contains(outcome.state);
      return isInside && coverageKeys(outcome).includes(result);
    } catch {
      return false;
    }
  }
}
