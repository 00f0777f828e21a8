import type { Command } from '../spec/model.ts';
import type { Outcome } from '../spec/outcome.ts';

/** A call that a subject is to make: a command, given in the state that has this number. */
export interface SubjectCall {
  readonly from: number;
  readonly command: Command;
}

/**
 * What makes a task's calls in place of the model's `step()`: say a program in another process that holds the kernel's own code. The
 * domains, commands and properties are still those of the model.
 *
 * States are known to a subject by numbers that the engine gives. Number 0 is the state after a reset. A subject that has snapshots
 * keeps one for each number; a subject without goes there again from a reset, by the calls that led there.
 */
export interface Subject {
  /** What messages call it, e.g. `./guest --leaf`. */
  readonly name: string;
  /** Resets the subject, which forgets all numbers but 0. Resolves to its state then, a value of the model's domain. */
  reset(): Promise<unknown>;
  /**
   * Makes calls, each in the state that it names, whatever was called before. Resolves to their outcomes in the same order, with states
   * that are values of the model's domain. An engine hands over as many calls at once as it has. Rejects with a SpecError if the
   * subject has ended, does not answer, or answers what is no answer.
   */
  perform(calls: readonly SubjectCall[]): Promise<readonly Outcome<unknown>[]>;
  /** Gives a number to the state that a call of the last batch led to, so that calls can be made in it. `call` counts from 0. */
  keep(call: number, state: number): void;
  /** No call will be made any more in the state that has this number. */
  release(state: number): void;
}
