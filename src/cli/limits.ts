import { availableParallelism } from 'node:os';
import { type Console, exit, stoppedStatus } from './console.ts';
import { memoryGuardFor, memoryLimit, workersThatFit } from './memory.ts';

/** What an exhaustive search may take, as given. */
export interface LimitOptions {
  readonly maxStates?: number;
  /** In MiB. */
  readonly maxMemory?: number;
  readonly workers?: number;
  /** Whether a bound that came first is no failure. */
  readonly allowIncomplete?: boolean;
}

/** The same with what holds where nothing is given. Throws a SpecError for more workers than there is room for. */
export const limitsOf = ({ maxStates, maxMemory, workers }: LimitOptions) => ({
  ...(maxStates !== undefined && { maxStates }),
  maxBytes: memoryLimit(maxMemory),
  workers: workersThatFit(workers, availableParallelism()),
});

/** The same with the guard that asks what the process has really taken. */
export const guardedLimitsOf = (options: LimitOptions, console: Console) => ({
  ...limitsOf(options),
  memoryGuard: memoryGuardFor(memoryLimit(options.maxMemory), console),
});

/** Of a command that has nothing to complain of: whether it was stopped, or a bound came first. */
export const endStatus = (isBounded: boolean, { allowIncomplete = false }: LimitOptions, console: Console): number => {
  if (console.interrupted.aborted) return stoppedStatus(console);
  return isBounded && !allowIncomplete ? exit.incomplete : exit.asExpected;
};
