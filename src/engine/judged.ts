import { SpecError } from '../spec/errors.ts';
import type { Step } from '../spec/property.ts';
import type { Slot } from '../system/layout.ts';
import { decides, type Judgeable } from './findings.ts';
import { causes, judge, type Task } from './task.ts';

/** Judges what was observed and the same thing in plain form, and insists on one answer: whether it settles the judgement. */
export const judged = (
  task: Task,
  { property, instance }: Judgeable,
  observed: unknown,
  plain: unknown,
  exploring = false,
): boolean => {
  const { model, variant } = task.scope;
  let seen: boolean;
  try {
    seen = decides(property, judge(task, property, observed, instance));
  } catch (error) {
    if (!exploring) judge(task, property, plain, instance); // where the property is broken, this says so in its own words
    if (!(error instanceof SpecError)) throw error;
    const who = `${model}@${variant}: property ${property.id}`;
    throw new SpecError(
      error.message.startsWith(who)
        ? `${error.message} while its state was watched, and not on the plain state`
        : `${who} ${error.message}`,
    );
  }
  if (seen === decides(property, judge(task, property, plain, instance))) return seen;
  throw new SpecError(
    `${model}@${variant}: property ${property.id} is impure: judged twice on one state it gave two answers (${causes})`,
  );
};

/** Runs the learning of a judgement; where it contradicts what was learned before, the error says whose judgement it is. */
export const learned = (task: Task, { property }: Judgeable, learn: () => void): void => {
  try {
    learn();
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    const { model, variant } = task.scope;
    throw new SpecError(`${model}@${variant}: property ${property.id} is impure: ${error.message} (${causes})`);
  }
};

/** Is told of every row that a judgement learns; `real`: of a state or call that the search has seen. */
export interface JudgementWatch {
  judgedState(judgeable: Judgeable, reads: readonly Slot[], words: Uint32Array, seen: boolean): void;
  judgedCall(
    judgeable: Judgeable,
    call: { readonly command: number; readonly outcome: Step['outcome']; readonly same: boolean },
    reads: readonly Slot[],
    words: Uint32Array,
    seen: boolean,
    real: boolean,
  ): void;
}
