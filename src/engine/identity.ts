import { SpecError } from '../spec/errors.ts';
import type { Property, Step } from '../spec/property.ts';
import { isEqual } from '../system/equal.ts';
import { withState } from '../system/outcome.ts';
import { decides } from './findings.ts';
import { judge, type Task } from './task.ts';

/**
 * Every state is made of parts of its own, so that a comparison of parts with === says nothing, and whoever writes one means something
 * else. It is found by judging a call once more, with the parts that did not change in common. Throws a SpecError if that is judged
 * otherwise; `settles` says how the call was judged, where that is known.
 */
export const checkIdentity = (
  task: Task,
  property: Property,
  instance: unknown,
  step: Step,
  settles?: boolean,
): void => {
  if (step.outcome.state === step.before) return; // all parts are in common already
  const outcome = withState(step.outcome, sharing(step.before, step.outcome.state));
  const judged = (one: Step) => decides(property, judge(task, property, one, instance));
  if (judged({ ...step, outcome }) === (settles ?? judged(step))) return;
  const { model, variant } = task.scope;
  throw new SpecError(
    `${model}@${variant}: property ${property.id} compares parts of states by identity; compare fields instead`,
  );
};

/** `after`, with every part that is as it was in `before` being the very part. */
const sharing = (before: unknown, after: unknown): unknown => {
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null) return after;
  if (isEqual(before, after)) return before;
  const part = (key: string, value: unknown) => sharing(Reflect.get(before, key), value);
  if (Array.isArray(after)) return after.map((value, i) => part(String(i), value));
  return Object.fromEntries(Object.entries(after).map(([key, value]) => [key, part(key, value)]));
};
