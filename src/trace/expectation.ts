import { describeOutcome, type Outcome } from '../spec/outcome.ts';
import { words } from './script/scanner.ts';
import { pathText } from './script/write.ts';
import { type Expected, type Field, isList, type Path, type Value } from './trace.ts';

/**
 * Says in one line what in an outcome is not as expected; undefined if all of it is. Without an expectation any result is right, but where the
 * machine ends, a WARN fires, or no call can be made, the trace goes astray.
 */
export const problemOfOutcome = (outcome: Outcome<unknown>, expected: Expected | undefined): string | undefined => {
  const { warnings } = outcome;
  const matches = expected ? matchesResult(outcome, expected) : outcome.result === 'ok' || outcome.result === 'refused';
  const { left, lacking } = compared(warnings, expected?.warnings ?? []);
  if (matches && left.length === 0 && lacking.length === 0) return undefined;
  const unexpected = left.map((text) => `unexpected WARN ${text}`);
  const missing = lacking.map((text) => (text === undefined ? 'no WARN' : `no WARN ${text}`));
  return [...(matches && expected ? [] : [resultWords(outcome)]), ...unexpected, ...missing].join('; ');
};

const resultWords = (outcome: Outcome<unknown>): string => {
  if (outcome.result === 'ok') return `it returned ${outcome.value ?? 0}`;
  const result = describeOutcome({ ...outcome, warnings: [] });
  if (outcome.result === 'refused') return `it returned ${result}`;
  return outcome.result === 'panic' ? result : `no such call can be made here (${outcome.reason})`;
};

/** Whether the result is as expected, whatever WARNs fired. */
export const matchesResult = (outcome: Outcome<unknown>, expected: Expected): boolean => {
  if (outcome.result === 'ok')
    return expected.result === 'ok' && (expected.value === undefined || expected.value === (outcome.value ?? 0));
  if (expected.result === 'ok' || outcome.result !== expected.result) return false;
  if (outcome.result === 'refused' && expected.result === 'refused' && outcome.errno !== expected.errno) return false;
  return expected.reason === undefined || words(outcome.reason) === words(expected.reason);
};

/** `left`: warnings that fired and were not expected. `lacking`: warnings that were expected and did not fire. Their order does not matter. */
const compared = (fired: readonly string[], expected: readonly (string | undefined)[]) => {
  const left = [...fired];
  const lacking: (string | undefined)[] = [];
  for (const text of expected.filter((one) => one !== undefined)) {
    const at = left.findIndex((one) => words(one) === words(text));
    if (at >= 0) left.splice(at, 1);
    else lacking.push(text);
  }
  for (const any of expected.filter((one) => one === undefined)) if (left.shift() === undefined) lacking.push(any);
  return { left, lacking };
};

/** More fields than this are not listed where they are wrong. */
const mostWrong = 5;

/** Says in one line which fields of the state are not as observed; undefined if all are. */
export const problemOfState = (fields: readonly Field[], state: unknown): string | undefined => {
  const wrong: string[] = [];
  let more = 0;
  for (const { path, value } of fields)
    for (const part of partsAt(state, path))
      if (!isSame(part.value, value)) {
        if (wrong.length === mostWrong) more++;
        else wrong.push(`${part.name} is ${shown(part.value, value)}`);
      }
  if (wrong.length === 0) return undefined;
  const others = more > 0 ? ` (and ${more} more ${more === 1 ? 'is' : 'are'} wrong)` : '';
  return `${wrong.join(', ')}${others}`;
};

/** A place in the state, and what is there; undefined where the case that a variant is in has no such field. */
export interface Part {
  /** `vms[0].guest[1]` */
  readonly name: string;
  readonly value: unknown;
}

/** What is at a path, for each element of a span. */
export function* partsAt(state: unknown, path: Path, at = 0): Generator<Part> {
  const step = path[at];
  if (step === undefined) yield { name: pathText(path) || 'the state', value: state };
  else if (typeof step === 'object')
    for (let i = step.from; i <= step.to; i++)
      yield* partsAt(state, [...path.slice(0, at), i, ...path.slice(at + 1)], at);
  else {
    const inner: unknown = typeof state === 'object' && state !== null ? Reflect.get(state, step) : undefined;
    yield* partsAt(inner, path, at + 1);
  }
}

/** Whether a value of the state agrees with a value that is told in part. */
export const isSame = (found: unknown, value: Value): boolean => {
  if (typeof value !== 'object')
    return (typeof found === 'object' && found !== null ? Reflect.get(found, 'kind') : found) === value;
  if (typeof found !== 'object' || found === null) return false;
  if (isList(value)) return Array.isArray(found) && value.every((inner, i) => isSame(found[i], inner));
  return Object.entries(value).every(([name, inner]) => isSame(Reflect.get(found, name), inner));
};

/** What was found, in as much detail as was asked for. */
const shown = (found: unknown, wanted: Value): string => {
  if (found === undefined) return 'not there';
  if (typeof found !== 'object' || found === null) return String(found);
  if (Array.isArray(found)) {
    const elements = isList(wanted) ? wanted : [];
    return `[${found.map((inner, i) => shown(inner, elements[i] ?? '')).join(', ')}]`;
  }
  if (typeof wanted !== 'object' || isList(wanted)) return String(Reflect.get(found, 'kind'));
  const names = new Set(['kind', ...Object.keys(wanted)].filter((name) => Object.hasOwn(found, name)));
  return `{${[...names].map((name) => `${name}: ${shown(Reflect.get(found, name), wanted[name] ?? '')}`).join(', ')}}`;
};
