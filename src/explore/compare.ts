import { SpecError } from '../spec/errors.ts';
import { describeOutcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import { isEqual } from '../system/equal.ts';
import { scopeOf } from '../system/scope.ts';
import { callText } from '../trace/script/write.ts';
import { type Session, sessionOf, wayOf } from './session.ts';

/** The same calls under another variant of the model, of the same sizes, without the switches that were flipped. */
export interface Comparison {
  /** Under the other variant. */
  readonly session: Session;
  /** For each call what it does there; undefined from a call on that cannot be made there. */
  readonly there: readonly (Step | undefined)[];
  /** The call that cannot be made there, and why. */
  readonly stopped: string | undefined;
  /** For each call whether its result is another one there, or the state after it. */
  readonly differs: readonly boolean[];
  /** The index of the first call that differs. */
  readonly first: number | undefined;
}

const comparisonOf = (session: Session, steps: readonly Step[], variant: string): Comparison => {
  const { suite, scope, init } = session;
  const other = sessionOf(suite, scopeOf(suite.model, { variant, config: scope.config }), init);
  const { steps: made, stopped } = wayOf(
    other,
    steps.map(({ command }) => callText(command)),
  );
  const there = steps.map((_, i) => made[i]);
  const differs = steps.map((step, i) => isDifferent(step, made[i]));
  const first = differs.indexOf(true);
  return {
    session: other,
    there,
    stopped: stopped && `${stopped.call}: ${stopped.problem}`,
    differs,
    first: first < 0 ? undefined : first,
  };
};

const isDifferent = (here: Step, there: Step | undefined): boolean =>
  there === undefined ||
  describeOutcome(here.outcome) !== describeOutcome(there.outcome) ||
  !isEqual(here.outcome.state, there.outcome.state);

/** Or what is wrong with the other variant: it cannot be run, or has no such start state. */
export const compared = (session: Session, steps: readonly Step[], variant: string): Comparison | string => {
  try {
    return comparisonOf(session, steps, variant);
  } catch (error) {
    if (error instanceof SpecError) return error.message;
    throw error;
  }
};
