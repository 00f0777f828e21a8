import { type Effect, effectOf } from '../observe/effect.ts';
import { Observation } from '../observe/observation.ts';
import { viewOf } from '../observe/view.ts';
import { SpecError } from '../spec/errors.ts';
import type { Command, System } from '../spec/model.ts';
import type { Outcome } from '../spec/outcome.ts';
import type { Layout, Slot } from '../system/layout.ts';
import { misfitOfOutcome, withState } from '../system/outcome.ts';

/** What a run of a function on a packed value read, in that order, and what it ended with. */
type Watched<A> = {
  readonly reads: readonly Slot[];
  /** Whether the function was stopped because it read too much. */
  readonly isExhausted: boolean;
} & ({ readonly answer: A } | { readonly error: unknown });

/**
 * Runs a function of packed words under observation, and takes what it throws for an answer of its own. The function makes itself views
 * of the observation's words (viewOf). More than `mostReadings` stop it: a function need not end on a value that it never meets.
 */
const watch = <A>(
  words: Uint32Array,
  run: (observation: Observation) => A,
  mostReadings?: number | undefined,
): Watched<A> => {
  const observation = new Observation(words, mostReadings);
  const ended = (): { readonly answer: A } | { readonly error: unknown } => {
    try {
      return { answer: run(observation) };
    } catch (error) {
      return { error };
    }
  };
  const end = ended();
  observation.close();
  return { reads: observation.reads, isExhausted: observation.isExhausted, ...end };
};

/** Runs a function as `watch` does, and throws what the function throws. */
export const answered = <A>(
  ...of: Parameters<typeof watch<A>>
): { readonly reads: readonly Slot[]; readonly answer: A } => {
  const seen = watch<A>(...of);
  if ('error' in seen) throw seen.error;
  return seen;
};

/** What a call does: its outcome without the state, and what it writes. */
interface Transition {
  readonly outcome: Outcome<unknown>;
  /** Undefined if the state after is outside its domain. */
  readonly effect: Effect | undefined;
}

/** Runs a command on a packed state under observation. */
export const watchTransition = (
  system: System,
  layout: Layout<unknown>,
  state: Uint32Array,
  command: Command,
  mostReadings?: number,
): Watched<Transition> =>
  watch(state, (observation) => transitionOf(system, layout, observation, command), mostReadings);

/** Runs a command under an observation that the caller has opened, and that may watch more than this call. */
export const transitionOf = (
  system: System,
  layout: Layout<unknown>,
  observation: Observation,
  command: Command,
): Transition => {
  const outcome = system.step(viewOf(observation, layout.place), command);
  const misfit = misfitOfOutcome(outcome);
  if (misfit !== undefined) throw new SpecError(misfit);
  const effect = outcome.result === 'disabled' ? noEffect(layout.words) : effectOf(layout, observation, outcome.state);
  return { outcome: withState(outcome, undefined), effect };
};

const noEffect = (words: number): Effect => ({
  keep: new Uint32Array(words).fill(0xffff_ffff),
  set: new Uint32Array(words),
});
