import { setTimeout } from 'node:timers/promises';
import type { Progress } from '../engine.ts';
import type { Bound } from '../result.ts';
import { type Arrivals, arrivalsInBatch } from './arrivals.ts';
import { bytesForPaths } from './graph-judgements.ts';
import type { SearchState } from './search-state.ts';
import { type LeftCall, Workers } from './workers.ts';

/**
 * Work between looks at the clock and at the memory that is taken, some ten milliseconds: an attempt counts 1, a function that is run as
 * much as it takes. A word of a new state counts as well, so that wide states take no more than 4 MiB between two looks.
 */
const workBetweenLooks = 1 << 18;
const workOfRun = 400;
const workOfWord = 1 / 4;

/** Every so many states, a state is looked up in the tables even where there is compiled code: there rows are checked again now and then. */
const statesBetweenLookups = 256;

/** Some ten milliseconds of one thread: what it takes to start a stretch of a level on several, and to put it in order. */
const usuallyWorthSharing = 1 << 20;

/** A stretch is wasted if more than one call in so many is left to the main thread. After so many wasted stretches workers are not used any more. */
const mostLeftOneIn = 8;
const mostWastedStretches = 3;

/** How often the main thread looks at the clock while workers expand, and while it judges what they found. */
const millisecondsBetweenLooks = 20;
const statesBetweenLooks = 1 << 14;

/** What a worker thread takes, with its own heap and stack. */
const bytesOfWorker = { touched: 12 * 2 ** 20, reserved: 720 * 2 ** 20 };

/** Every so many states, a state is judged again plainly, by every judgement. */
const statesBetweenAudits = 4096;

/** Expands level after level, alone or with worker threads. What is found, and in which order, does not depend on that. */
export class LevelLoop {
  readonly #search: SearchState;
  readonly #arrivals: Arrivals;
  readonly #commands: number;
  readonly #bytesForPaths: number;
  /** Calls that were looked at, disabled ones included. */
  #attempts = 0;
  #lastLook = 0;
  #wastedStretches = 0;
  /** The states that workers found and that are still to be judged, with the commands that they were found by. */
  #unjudged: { readonly from: number; readonly to: number; readonly commands: Uint32Array } = {
    from: 0,
    to: 0,
    commands: new Uint32Array(0),
  };

  constructor(search: SearchState, arrivals: Arrivals) {
    this.#search = search;
    this.#arrivals = arrivals;
    this.#commands = search.task.commands.length;
    this.#bytesForPaths = bytesForPaths(search);
  }

  /** Goes on until there is no state left to expand, or the search comes to a bound. */
  async run(): Promise<void> {
    const search = this.#search;
    const { workers = 1, callsWorthSharing = usuallyWorthSharing } = search.options;
    for (let from = 0; from < search.states.count && !search.bound; search.level++) {
      const end = search.states.count;
      if (workers > 1 && (end - from) * this.#commands >= callsWorthSharing)
        from = await this.#expandTogether(from, end, workers, callsWorthSharing);
      from = await this.#expandAlone(from, end);
    }
    if (!search.bound) await this.#judgeFound();
  }

  /** Expands the states from `from` to before `end`, in order. Returns the first that it did not expand. */
  async #expandAlone(first: number, end: number): Promise<number> {
    const search = this.#search;
    const arrivals = this.#arrivals;
    const { states, width, learner, compilation, stateJudgements } = search;
    const commands = this.#commands;
    let from = first;
    if (from < end) await this.#judgeFound();
    for (; from < end && !search.bound; from++) {
      compilation.refresh(from);
      if (from % statesBetweenAudits === 0) stateJudgements.audit(states.words, from * width);
      const count = arrivals.count;
      const { expand } = compilation;
      // Compiled tables count the calls of a whole batch; close to the bound each call is counted as it comes, as by the reference.
      if (expand && !search.options.inTurn && from % statesBetweenLookups !== 0 && this.#hasRoom())
        arrivals.count = expand(states.words, from * width, arrivals.words, arrivals.rows, learner.uses, count);
      else for (let command = 0; command < commands; command++) arrivals.rows[arrivals.count++] = -1 - command;
      arrivals.from.fill(from, count, arrivals.count);
      if (from + 1 === end || arrivals.count >= arrivalsInBatch) arrivals.arriveAll();
      this.#attempts += commands;
      const work = this.#attempts + search.runs * workOfRun + states.count * width * workOfWord;
      if (work - this.#lastLook >= workBetweenLooks && !search.bound) {
        this.#lastLook = work;
        arrivals.arriveAll();
        search.bound ??= await this.#look();
      }
    }
    return from;
  }

  /** Whether there is room for a whole batch. What is refused then, and not in the middle of a batch, leaves the counts right. */
  #hasRoom(): boolean {
    const { states, mostStates, options } = this.#search;
    const { room } = this.#arrivals;
    return states.count + room < mostStates && (!options.memoryGuard || states.reserve(states.count + room));
  }

  /** Tells the monitor, and asks whether to end here. */
  async #look(): Promise<Bound | undefined> {
    const { memoryGuard, monitor } = this.#search.options;
    const refusal = memoryGuard?.(this.#bytesNeededYet());
    if (refusal || !monitor) return refusal;
    return (await monitor(this.#progress())) ? undefined : { kind: 'interrupted' };
  }

  /** Bytes that are needed yet for what was found, to put it in order and to judge it. */
  #bytesNeededYet(): number {
    const { workers, states } = this.#search;
    return (workers?.bytesToOrder ?? 0) + this.#bytesForPaths * states.count;
  }

  #progress(): Progress {
    const { states, workers, covered, expanded, transitions } = this.#search;
    const found = Math.max(states.count, workers?.numbers ?? 0);
    return { ...covered, states: found, frontier: found - expanded, bytes: states.bytes, rows: transitions.size };
  }

  /** As `#expandAlone`, on worker threads. Stops early where a bound is near, or where workers are of no use. */
  async #expandTogether(first: number, end: number, count: number, callsWorthSharing: number): Promise<number> {
    if (this.#wastedStretches >= mostWastedStretches) return first;
    const search = this.#search;
    const { states, learner, compilation, mostStates } = search;
    if (compilation.code === undefined) compilation.compile();
    else compilation.refresh(first);
    const workers = this.#startWorkers(count);
    if (!workers) return first;
    let from = first;
    workers.begin();
    const firstFound = states.count;
    while (from < end && !search.bound) {
      const ceiling = Math.min(states.capacity, mostStates) - workers.overshoot;
      if (workers.numbers >= ceiling) {
        const isNear = workers.numbers + workers.overshoot >= mostStates;
        if (isNear || !states.reserve(workers.numbers + 2 * workers.overshoot)) break;
        continue;
      }
      const stretch = workers.expand(from, end, ceiling, statesBetweenLookups);
      const { end: reached, left } = await this.#whileExpanding(workers, stretch);
      workers.count(learner.uses);
      for (const { state, command } of left) this.#arrivals.call(state, command, workers);
      const calls = (reached - from) * this.#commands;
      this.#attempts += calls;
      if (callsWorthSharing > 0 && left.length * mostLeftOneIn > calls + mostLeftOneIn * this.#commands)
        this.#wastedStretches++;
      from = search.expanded = reached;
      compilation.refresh(from);
      if (this.#wastedStretches >= mostWastedStretches) break;
    }
    await this.#judgeFound(); // what the level before has brought, if there was no room for a stretch
    this.#unjudged = { from: firstFound, commands: workers.order(), to: states.count };
    if (states.count > firstFound) search.depth = search.level + 1;
    return from;
  }

  /** The workers of the search; undefined if there is no code for them, or no memory. */
  #startWorkers(count: number): Workers | undefined {
    const search = this.#search;
    const { code } = search.compilation;
    if (code === undefined) return undefined;
    if (search.workers) return search.workers;
    const { memoryGuard, callsToLeave } = search.options;
    if (memoryGuard?.(count * bytesOfWorker.touched, count * bytesOfWorker.reserved)) {
      this.#wastedStretches = mostWastedStretches;
      return undefined;
    }
    search.workers = new Workers(count, search.states, search.width, this.#commands, callsToLeave);
    search.workers.use(code, search.transitions.commands());
    return search.workers;
  }

  /** Judges what the level before has brought while workers expand, and tells the monitor. Resolves to what the stretch does. */
  async #whileExpanding(workers: Workers, stretch: Promise<{ end: number; left: LeftCall[] }>) {
    const search = this.#search;
    let ended = false;
    const end = stretch.finally(() => {
      ended = true;
    });
    end.catch(() => undefined); // it is awaited below, unless judging throws before
    await this.#judgeFound();
    while (!ended) {
      await Promise.race([end, setTimeout(millisecondsBetweenLooks)]);
      if (!ended) search.bound ??= await this.#look();
      if (search.bound) workers.stop();
    }
    return end;
  }

  /** Judges the states that workers have found, in order. */
  async #judgeFound(): Promise<void> {
    const search = this.#search;
    const { states, transitions, width, symmetry, stateJudgements } = search;
    const { from, to, commands } = this.#unjudged;
    this.#unjudged = { from: to, to, commands };
    const base = to - commands.length;
    for (let state = from; state < to && !search.bound; state++) {
      const row = symmetry
        ? undefined
        : transitions.find(commands[state - base]!, states.words, states.parents[state]! * width);
      this.#arrivals.judgeFound(state, row);
      if (state % statesBetweenAudits === 0) stateJudgements.audit(states.words, state * width);
      if (state % statesBetweenLooks === 0) search.bound = await this.#look();
    }
  }
}
