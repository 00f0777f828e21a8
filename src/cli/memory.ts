import { totalmem } from 'node:os';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { MemoryGuard } from '../engine/memory.ts';
import { SpecError } from '../spec/errors.ts';
import type { Console } from './console.ts';
import { containerMemory } from './container.ts';
import { addressSpace, spaceFor } from './ulimit.ts';

/** Of the memory there is, for all that the process takes. */
const share = 0.6;

/** Of V8's heap. Near its end V8 collects garbage for most of the time, and then ends the process with a stack trace. */
const heapShare = 0.85;

/** Of address space: what V8 takes without asking, for code that it compiles, ends the process where there is none left. */
const spareAddressSpace = 128 * 2 ** 20;

/** Asked again within this time, what a collection has left is not garbage. */
const millisecondsBetweenCollections = 1000;

/** In bytes: what was given, in MiB, or a share of what the machine has, or of what its container may take where that is less. */
export const memoryLimit = (mebibytes: number | undefined): number =>
  mebibytes === undefined ? Math.floor(Math.min(totalmem(), containerMemory()) * share) : mebibytes * 2 ** 20;

/**
 * Ends a search when the process, all its threads and arrays, has come to `limit` bytes, or to what V8 or `ulimit -v` lets it have.
 * Garbage is collected before it is believed.
 */
export const memoryGuardFor = (limit: number, { resident }: Pick<Console, 'resident'>): MemoryGuard => {
  const heap = getHeapStatistics().heap_size_limit;
  const { limit: space } = addressSpace();
  const collect = collector();
  let collected = Number.NEGATIVE_INFINITY;
  const over: MemoryGuard = (touched = 0, reserved = touched) => {
    if (resident() + touched > limit) return { kind: 'memory', limit, of: 'resident set' };
    if (getHeapStatistics().used_heap_size > heapShare * heap) return { kind: 'memory', limit: heap, of: 'heap' };
    if (Number.isFinite(space) && addressSpace().taken + reserved + spareAddressSpace > space)
      return { kind: 'memory', limit: space, of: 'address space' };
    return undefined;
  };
  return (touched, reserved) => {
    const refusal = over(touched, reserved);
    if (!refusal || performance.now() - collected < millisecondsBetweenCollections) return refusal;
    collect();
    collect(); // which waits for what the first one has handed to other threads to be freed
    collected = performance.now();
    return over(touched, reserved);
  };
};

/** Worker threads get a `gc` of their own from then on. */
const collector = (): (() => void) => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
};

/**
 * How many worker threads to use: as many as are given, else one for each core, but no more than `ulimit -v` leaves room for, since V8
 * ends the process where it has none for a thread. Throws a SpecError if more are given.
 */
export const workersThatFit = (given: number | undefined, cores: number): number => {
  const { limit, taken } = addressSpace();
  const most = Math.max(1, Math.floor((limit - taken - spareAddressSpace) / spaceFor.worker));
  if (given !== undefined && given > most)
    throw new SpecError(
      `--workers ${given}: ulimit -v leaves address space for ${most}; each takes ${Math.floor(spaceFor.worker / 2 ** 20)} MiB of it`,
    );
  return given ?? Math.min(cores, most);
};
