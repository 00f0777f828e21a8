import type { MessagePort } from 'node:worker_threads';
import type { hashOf } from '../state-set.ts';
import type { Expand } from './compiled.ts';

/** What the workers of a search share, as indices into one array of counters. */
export const counters = { next: 0, fresh: 1, stop: 2, lock: 3, length: 4 } as const;

/** Where states and their table are now, for the workers; sent again when they have grown. */
interface SharedStates {
  readonly width: number;
  readonly words: Uint32Array;
  readonly parents: Uint32Array;
  readonly table: Uint32Array;
  /** By state number less `base`: the command that it was first reached by. */
  readonly arrivals: Uint32Array;
  /** The first number that a state found in this level may have. */
  readonly base: number;
  readonly counters: Uint32Array;
}

/** The transitions, compiled. */
export interface SharedTables {
  readonly code: string;
  /** By row: its command. */
  readonly commands: Int32Array;
  /** By row: how often it was taken; the worker adds to it. */
  readonly uses: Float64Array;
  /** How many commands there are. */
  readonly count: number;
}

/** A stretch of a level, as it is sent to a worker. A part is absent if it is as it was in the stretch before. */
export interface Stretch {
  readonly states?: SharedStates;
  readonly tables?: SharedTables;
  /** States before this number are to be expanded. */
  readonly end: number;
  /** No more states are begun when numbers from this one on are given away. */
  readonly limit: number;
  /** States that a worker takes at a time. */
  readonly chunk: number;
  /** Pairs of a state and a command that are left to the main thread. Shared. */
  readonly left: Uint32Array;
  /** Every so many states, a state is left to the main thread with all its calls. */
  readonly between: number;
}

export interface StretchDone {
  /** Numbers that the worker has taken and not used. */
  readonly unused: readonly [from: number, to: number];
  /** How much of `left` was written: twice the pairs. */
  readonly left: number;
  /** Keeps the reads that touch a place ahead of time from being optimised away. */
  readonly touched: number;
}

/**
 * The worker's whole program. It is sent as text, so it uses nothing but its parameters: a worker knows neither the model nor its
 * functions, only words, tables and numbers. What the tables do not tell is left to the main thread.
 *
 * A state is put into its place before the table names it, with one compare-and-exchange. Two that find the same state at once
 * agree on the parent and command that come first, so that the result does not depend on who was faster.
 */
export const serve = (port: Pick<MessagePort, 'on' | 'postMessage'>, hash: typeof hashOf, counter: typeof counters) => {
  const batchSize = 256;
  let states: SharedStates;
  let tables: SharedTables;
  let expand: Expand;
  let next = 0;
  let blockEnd = 0;
  const blockSize = 256;
  let batch: {
    readonly words: Uint32Array;
    readonly rows: Int32Array;
    readonly from: Uint32Array;
    readonly hashes: Int32Array;
  };
  let touched = 0;
  /** Frees what is not used any more; there only where the command line watches its memory. */
  const collect: (() => void) | undefined = Reflect.get(globalThis, 'gc');

  const arrive = (count: number) => {
    const { width, words, parents, table, arrivals, base, counters } = states;
    const { words: found, rows, from, hashes } = batch;
    const { commands } = tables;
    const mask = table.length - 1;
    for (let i = 0; i < count; i++) {
      const h = hash(found, i * width, width);
      hashes[i] = h;
      touched ^= table[h & mask]!;
    }
    for (let i = 0; i < count; i++) {
      const known = table[hashes[i]! & mask]!;
      if (known !== 0) touched ^= words[(known - 1) * width]!;
    }
    for (let i = 0; i < count; i++) {
      const at = i * width;
      const parent = from[i]!;
      for (let place = hashes[i]! & mask; ; place = (place + 1) & mask) {
        let known = table[place]!;
        // What was there before this level is settled. A state of this level is read after its number, which wants an atomic read.
        if (known > base) known = Atomics.load(table, place);
        if (known === 0) {
          if (next === blockEnd) {
            next = Atomics.add(counters, counter.fresh, blockSize);
            blockEnd = next + blockSize;
          }
          for (let w = 0; w < width; w++) words[next * width + w] = found[at + w]!;
          parents[next] = parent;
          arrivals[next - base] = commands[rows[i]!]!;
          known = Atomics.compareExchange(table, place, 0, next + 1);
          if (known === 0) {
            next++;
            break;
          }
        }
        const state = known - 1;
        let w = 0;
        while (w < width && words[state * width + w] === found[at + w]) w++;
        if (w < width) continue;
        if (state >= base && parent < parents[state]!) {
          while (Atomics.compareExchange(counters, counter.lock, 0, 1) !== 0);
          if (parent < parents[state]!) {
            parents[state] = parent;
            arrivals[state - base] = commands[rows[i]!]!;
          }
          Atomics.store(counters, counter.lock, 0);
        }
        break;
      }
    }
  };

  const stretch = ({ end, limit, chunk, left, between }: Stretch): StretchDone => {
    const { width, words, counters } = states;
    const { words: found, rows, from } = batch;
    const { uses, count: commands } = tables;
    let lefts = 0;
    let count = 0;
    for (;;) {
      if (Atomics.load(counters, counter.stop) !== 0 || Atomics.load(counters, counter.fresh) >= limit) break;
      if (lefts + 2 * chunk * commands > left.length) {
        Atomics.store(counters, counter.stop, 1);
        break;
      }
      const first = Atomics.add(counters, counter.next, chunk);
      const last = Math.min(first + chunk, end);
      if (first >= end) break;
      for (let state = first; state < last; state++) {
        if (state % between === 0) {
          for (let command = 0; command < commands; command++) {
            left[lefts++] = state;
            left[lefts++] = command;
          }
          continue;
        }
        const filled = expand(words, state * width, found, rows, uses, count);
        for (let i = count; i < filled; i++) {
          const row = rows[i]!;
          if (row < 0) {
            left[lefts++] = state;
            left[lefts++] = -1 - row;
            continue;
          }
          if (count !== i) {
            rows[count] = row;
            for (let w = 0; w < width; w++) found[count * width + w] = found[i * width + w]!;
          }
          from[count++] = state;
        }
        if (count >= batchSize) {
          arrive(count);
          count = 0;
        }
      }
    }
    arrive(count);
    return { unused: [next, blockEnd], left: lefts, touched };
  };

  port.on('message', (message: Stretch) => {
    if (message.tables) {
      tables = message.tables;
      expand = new Function(tables.code)() as Expand;
    }
    if (message.states) {
      if (states?.base !== message.states.base) next = blockEnd = 0;
      states = message.states;
      collect?.(); // a thread that makes no garbage would keep the arrays that these replace
    }
    const room = batchSize + tables.count;
    if (batch?.rows.length !== room)
      batch = {
        words: new Uint32Array(room * states.width),
        rows: new Int32Array(room),
        from: new Uint32Array(room),
        hashes: new Int32Array(room),
      };
    port.postMessage(stretch(message));
  });
};
