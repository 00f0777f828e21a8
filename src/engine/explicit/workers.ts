import { Worker } from 'node:worker_threads';
import { SpecError } from '../../spec/errors.ts';
import { thrown } from '../../system/guarded.ts';
import { hashOf, type StateSet } from '../state-set.ts';
import { counters, type SharedTables, type Stretch, type StretchDone, serve } from './level-worker.ts';

/** A call that a worker left to the main thread. */
export interface LeftCall {
  readonly state: number;
  readonly command: number;
}

/** Numbers that a worker takes at once for the states that it finds. */
const numbersAtOnce = 256;

/** States that a worker takes at once, if they have few commands; a worker leaves at most so many pairs in one stretch. */
const mostInChunk = 64;
const callsInChunk = 1 << 13;
const usuallyLeft = 1 << 17;

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : thrown(error));

/** Threads, open files or memory ran out. */
const didNotStart = (error: unknown) =>
  error instanceof Error && Reflect.get(error, 'code') === 'ERR_WORKER_INIT_FAILED';
const cannotStart = (error: unknown) =>
  new SpecError(`a worker thread of the search cannot start (${wordsOf(error)}); --workers 1 needs none`);
const endedEarly = (why: string) =>
  new SpecError(`a worker thread of the search ended early (${why}); nothing is concluded`);

/**
 * Worker threads that expand the states of one level together. What they find is in the state set when a stretch has ended, out of
 * order; `order` then gives every state the number that a single thread would have given it.
 */
export class Workers {
  readonly #states: StateSet;
  readonly #width: number;
  readonly #commands: number;
  readonly #workers: readonly Worker[];
  readonly #lefts: readonly Uint32Array[];
  readonly #chunk: number;
  readonly #counters = new Uint32Array(new SharedArrayBuffer(4 * counters.length));
  /** By worker: the numbers that it holds. */
  #unused: (readonly [from: number, to: number])[] = [];
  #arrivals: Uint32Array = new Uint32Array(0);
  #base = 0;
  #tables: Omit<SharedTables, 'uses'> | undefined;
  #uses: Float64Array[] = [];
  /** What the workers know. */
  #sent: Partial<Pick<StateSet, 'words' | 'table'>> & { arrivals?: Uint32Array; tables?: Omit<SharedTables, 'uses'> } =
    {};
  #fail: ((error: Error) => void) | undefined;
  #failed: Error | undefined;

  /** `mostLeft`: room for so many calls that a worker leaves in one stretch, or for those of one chunk if these are more. */
  constructor(count: number, states: StateSet, width: number, commands: number, mostLeft = usuallyLeft) {
    this.#states = states;
    this.#width = width;
    this.#commands = commands;
    this.#chunk = Math.max(1, Math.min(mostInChunk, Math.floor(callsInChunk / commands)));
    const code = `(${serve.toString()})(require('node:worker_threads').parentPort, ${hashOf.toString()}, ${JSON.stringify(counters)});`;
    const started: Worker[] = [];
    try {
      while (started.length < count) started.push(this.#start(code));
    } catch (error) {
      this.#failed = cannotStart(error);
      for (const worker of started) void worker.terminate();
      throw this.#failed;
    }
    this.#workers = started;
    const room = 2 * Math.max(mostLeft, this.#chunk * commands);
    this.#lefts = this.#workers.map(() => new Uint32Array(new SharedArrayBuffer(4 * room)));
  }

  /** New tables: from the next stretch on. */
  use(code: string, commands: Int32Array): void {
    this.#tables = { code, commands, count: this.#commands };
  }

  /** A new level: states found from now on get numbers from the set's count on. */
  begin(): void {
    this.#base = this.#states.count;
    this.#arrivals = new Uint32Array(0);
    this.#unused = [];
    Atomics.store(this.#counters, counters.fresh, this.#base);
  }

  /** How many numbers have been given away; a bit more than there are states. */
  get numbers(): number {
    return Atomics.load(this.#counters, counters.fresh);
  }

  /** Numbers that may be given away beyond the limit of a stretch: what was begun is finished, and what was left is added. */
  get overshoot(): number {
    const left = this.#lefts[0]!.length / 2;
    return this.#workers.length * (this.#chunk * this.#commands + 2 * numbersAtOnce + left);
  }

  /** Memory that `order` will take for a while. */
  get bytesToOrder(): number {
    return 4 * (this.#width + 5) * (this.numbers - this.#base);
  }

  /**
   * Expands the states from `from` to before `end`, or fewer, always the first ones. `limit`: how many numbers may be given away in
   * all, not counting the overshoot; there must be room for them. Returns the first state that was not expanded, and the calls in it
   * that are left to do, in order.
   */
  async expand(from: number, end: number, limit: number, between: number): Promise<{ end: number; left: LeftCall[] }> {
    if (this.#failed) throw this.#failed;
    const states = this.#shared();
    const tables = this.#tables!;
    const isNew = this.#sent.tables !== tables;
    if (isNew)
      this.#uses = this.#workers.map(
        () => new Float64Array(new SharedArrayBuffer(8 * Math.max(1, tables.commands.length))),
      );
    this.#sent.tables = tables;
    Atomics.store(this.#counters, counters.next, from);
    Atomics.store(this.#counters, counters.stop, 0);
    const done = await new Promise<StretchDone[]>((resolve, reject) => {
      this.#fail = reject;
      const ends: Promise<StretchDone>[] = this.#workers.map(
        (worker, i) =>
          new Promise((ended) => {
            worker.once('message', ended);
            const message: Stretch = {
              ...(states && { states }),
              ...(isNew && { tables: { ...tables, uses: this.#uses[i]! } }),
              end,
              limit,
              chunk: this.#chunk,
              left: this.#lefts[i]!,
              between,
            };
            worker.postMessage(message);
          }),
      );
      Promise.all(ends).then(resolve, reject);
    });
    this.#fail = undefined;
    this.#unused = done.map(({ unused }) => unused);
    const left = done.flatMap((one, i) => {
      const pairs = this.#lefts[i]!;
      return Array.from({ length: one.left / 2 }, (_, at) => ({ state: pairs[2 * at]!, command: pairs[2 * at + 1]! }));
    });
    left.sort((a, b) => a.state - b.state || a.command - b.command);
    return { end: Math.min(end, Atomics.load(this.#counters, counters.next)), left };
  }

  /** Ends the stretch early. */
  stop(): void {
    Atomics.store(this.#counters, counters.stop, 1);
  }

  /** Adds what the workers have counted since the last time to `uses`. */
  count(uses: Float64Array): void {
    for (const counted of this.#uses) {
      for (let row = 0; row < counted.length; row++) uses[row]! += counted[row]!;
      counted.fill(0);
    }
  }

  /** Adds a state between two stretches, found by a call that was left over. There must be room. */
  add(words: Uint32Array, hash: number, { state: parent, command }: LeftCall): void {
    const { parents } = this.#states;
    const known = this.#states.find(words, 0, hash);
    if (known === undefined) {
      const number = Atomics.add(this.#counters, counters.fresh, 1);
      this.#states.put(words, number, hash, parent);
      this.#arrivals[number - this.#base] = command;
    } else if (known >= this.#base) {
      const earlier = parents[known]! - parent || this.#arrivals[known - this.#base]! - command;
      if (earlier <= 0) return;
      parents[known] = parent;
      this.#arrivals[known - this.#base] = command;
    }
  }

  /** Ends the level, or what has been done of it: the set's count and order are right again. Returns the new states' commands. */
  order(): Uint32Array {
    const gaps = [...this.#unused].sort(([a], [b]) => a - b);
    const numbers = new Uint32Array(this.numbers - this.#base - gaps.reduce((sum, [from, to]) => sum + to - from, 0));
    let filled = 0;
    let number = this.#base;
    for (const [from, to] of [...gaps, [this.numbers, this.numbers]] as const) {
      while (number < from) numbers[filled++] = number++;
      number = Math.max(number, to);
    }
    const first = this.#base;
    this.#base = this.numbers;
    return this.#states.order(first, numbers, this.#arrivals);
  }

  async close(): Promise<void> {
    this.#failed = new Error('the workers were closed');
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(code: string): Worker {
    const worker = new Worker(code, { eval: true });
    worker.unref();
    const die = (error: SpecError) => {
      if (this.#failed) return;
      this.#failed = error;
      this.#fail?.(error);
    };
    worker.on('error', (error) => die(didNotStart(error) ? cannotStart(error) : endedEarly(wordsOf(error))));
    worker.on('exit', (code) => die(endedEarly(`exit ${code}`)));
    return worker;
  }

  /** The arrays that the workers see, if they have changed. */
  #shared(): Stretch['states'] {
    const { words, parents, table, capacity } = this.#states;
    if (this.#arrivals.length < capacity - this.#base) {
      const larger = new Uint32Array(new SharedArrayBuffer(4 * (capacity - this.#base)));
      larger.set(this.#arrivals);
      this.#arrivals = larger;
    }
    const sent = this.#sent;
    if (sent.words === words && sent.table === table && sent.arrivals === this.#arrivals) return undefined;
    this.#sent = { ...sent, words, table, arrivals: this.#arrivals };
    return {
      width: this.#width,
      words,
      parents,
      table,
      arrivals: this.#arrivals,
      base: this.#base,
      counters: this.#counters,
    };
  }
}
