import { isInteger, show } from '../spec/domain.ts';
import { isErrno } from '../spec/errno.ts';
import type { Outcome, Returned } from '../spec/outcome.ts';

/** By result: the fields that an outcome has beside `result`, `state` and `warnings`. It has no others, and all but `value` are there. */
const fieldsOf: Readonly<Record<Outcome<unknown>['result'], readonly string[]>> = {
  ok: ['value'],
  refused: ['errno', 'reason'],
  panic: ['reason'],
  disabled: ['reason'],
};

/** Whether a call may return the value. A name that a script takes for another result, such as 'EPERM', is refused. */
const isReturned = (value: unknown): value is Returned =>
  typeof value === 'number'
    ? isInteger(value) && value >= 0
    : typeof value === 'string' && /^[A-Za-z_]\w*$/.test(value) && !isResult(value) && !isErrno(value);

/** Every field that some outcome has. */
export const outcomeFields: readonly string[] = [
  'state',
  'warnings',
  'result',
  ...new Set(Object.values(fieldsOf).flat()),
];

const isResult = (value: unknown): value is Outcome<unknown>['result'] =>
  typeof value === 'string' && Object.hasOwn(fieldsOf, value);

/** What is wrong with what a transition returned, as the end of a sentence about the call; undefined if it is an outcome. */
export const misfitOfOutcome = (value: unknown): string | undefined => {
  if (value instanceof Promise) {
    value.catch(() => undefined); // its failure is nobody's
    return 'returned a promise; a transition must not be async';
  }
  if (typeof value !== 'object' || value === null || !isResult(Reflect.get(value, 'result')))
    return 'did not return an outcome; use ok(), refuse(), panic() or disabled()';
  const outcome = value as Outcome<unknown>;
  const fields = fieldsOf[outcome.result];
  const allowed = ['result', 'state', 'warnings', ...fields];
  const stray = Reflect.ownKeys(outcome).find((key) => typeof key !== 'string' || !allowed.includes(key));
  if (stray !== undefined)
    return `returned an outcome (${outcome.result}) with the field ${String(stray)}; it has only ${allowed.join(', ')}`;
  const missing = allowed.find((name) => name !== 'value' && !Object.hasOwn(outcome, name));
  if (missing !== undefined) return `returned an outcome (${outcome.result}) without ${missing}`;
  if (!Array.isArray(outcome.warnings)) return 'returned an outcome whose warnings are not an array';
  // A hole of the array is undefined here; every() would pass over it.
  const warning = [...outcome.warnings].findIndex((one) => typeof one !== 'string' || one === '');
  if (warning >= 0)
    return `returned an outcome with a warning that is no text: ${show(outcome.warnings[warning])}; use warn(outcome, 'text')`;
  if (outcome.result === 'ok' && Object.hasOwn(outcome, 'value') && !isReturned(outcome.value))
    return `returned the value ${show(outcome.value)}; a value is a number from 0 on, or a name of letters, digits and underscores`;
  if (outcome.result !== 'ok' && typeof outcome.reason !== 'string')
    return `returned an outcome whose reason is no text: ${show(outcome.reason)}`;
  if (outcome.result === 'refused' && !isErrno(outcome.errno))
    return `returned the errno ${show(outcome.errno)}, which Linux does not have; one is, for example, 'EPERM'`;
  return undefined;
};

/** 0 for -0, as in states. */
const canonicalValue = (value: Returned): Returned => (value === 0 ? 0 : value);

/** An outcome that leads to `state`, in the one form in which everybody sees it: frozen, its fields in this order. */
export const withState = <S>(outcome: Outcome<unknown>, state: S): Outcome<S> => {
  const { result, warnings } = outcome;
  const common = { state, warnings: Object.freeze([...warnings]) };
  if (result === 'ok')
    return Object.freeze(
      outcome.value === undefined ? { result, ...common } : { result, value: canonicalValue(outcome.value), ...common },
    );
  if (result === 'refused') return Object.freeze({ result, errno: outcome.errno, reason: outcome.reason, ...common });
  return Object.freeze({ result, reason: outcome.reason, ...common });
};

/** A text that two outcomes have in common if and only if they differ in nothing but their states. */
export const outcomeKey = (outcome: Outcome<unknown>): string => {
  const {
    result,
    value,
    errno,
    reason,
    warnings,
  }: {
    result: string;
    value?: Returned;
    errno?: string;
    reason?: string;
    warnings: readonly string[];
  } = outcome;
  return JSON.stringify([result, value, errno, reason, warnings]);
};
