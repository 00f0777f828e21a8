import { LeftDomain, perform, type Runnable } from '../../engine/task.ts';
import type { Drawing } from '../../spec/drawing.ts';
import { SpecError } from '../../spec/errors.ts';
import type { Lane } from '../../spec/model.ts';
import { describeOutcome, type Outcome } from '../../spec/outcome.ts';
import type { Step } from '../../spec/property.ts';
import { words } from './scanner.ts';
import { type Expected, isList, type Path, pathText, type Statement, statementText, type Value } from './statement.ts';

/** A statement after it was run; `problem` says what was wrong, in one line. */
export interface Ran {
  readonly statement: Statement;
  /** The statement in one form, whatever way it was written in. */
  readonly text: string;
  readonly standing: 'ok' | 'not ok' | 'not run';
  /** Of a call. */
  readonly outcome?: Outcome<unknown>;
  /** Of a call that is a thread's step: which. */
  readonly lane?: Lane;
  /** Of `show`: the state, or the parts of it that were asked for. */
  readonly shown?: Shown;
  readonly problem?: string;
  /** The model itself is at fault: a function of it threw, or made a state that it has no room for. */
  readonly isBroken?: true;
}

export type Shown =
  /** Drawn, if the model says how. */
  | { readonly of: 'state'; readonly state: unknown; readonly drawings?: readonly Drawing[] | undefined }
  | { readonly of: 'parts'; readonly parts: readonly Part[] };

/** A place in the state, and what is there; undefined where the case that a variant is in has no such field. */
export interface Part {
  /** `vms[0].guest[1]` */
  readonly name: string;
  readonly value: unknown;
}

export interface RunOptions {
  /** Judges every line. Without it, the first that is not as expected is the last that is run. */
  readonly keepsGoing?: boolean;
  readonly laneOf?: ((step: Step) => Lane | undefined) | undefined;
  readonly draw?: ((state: unknown) => readonly Drawing[]) | undefined;
}

/** Runs a script with the plain model from its initial state. */
export const runScript = (statements: readonly Statement[], runnable: Runnable, options: RunOptions = {}): Ran[] => [
  ...runLines(statements, runnable, options),
];

/** The same, line by line. */
export function* runLines(
  statements: readonly Statement[],
  runnable: Runnable,
  options: RunOptions = {},
): Generator<Ran> {
  let state = runnable.system.initial;
  let stopped = false;
  /** Why no call can follow. */
  let end: string | undefined;
  for (const statement of statements) {
    if (stopped) {
      yield notRun(statement);
      continue;
    }
    if (statement.kind === 'init') state = runnable.system.state.canonical(statement.state);
    const judged: Judged =
      end !== undefined && statement.kind === 'call'
        ? { standing: 'not ok', problem: end }
        : judgedOf(statement, state, runnable, options);
    stopped = judged.standing === 'not ok' && !options.keepsGoing;
    if (judged.outcome) state = judged.outcome.state;
    if (judged.isBroken) end ??= 'nothing can follow a call that the model fails at';
    if (judged.outcome?.result === 'panic') end ??= 'nothing can follow a panic';
    yield { statement, text: statementText(statement), ...judged };
  }
}

export const notRun = (statement: Statement): Ran => ({
  statement,
  text: statementText(statement),
  standing: 'not run',
});

/** What is known of a statement once it was run. */
type Judged = Omit<Ran, 'statement' | 'text'>;

const judgedOf = (statement: Statement, state: unknown, runnable: Runnable, options: RunOptions): Judged => {
  try {
    switch (statement.kind) {
      case 'call':
        return call(statement, state, runnable, options);
      case 'expect':
        return expectation(statement, state);
      case 'show':
        return { standing: 'ok', shown: shownOf(statement.paths, state, options) };
      default:
        return { standing: 'ok' };
    }
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    return { standing: 'not ok', problem: error.message, isBroken: true };
  }
};

const call = (
  statement: Extract<Statement, { kind: 'call' }>,
  state: unknown,
  runnable: Runnable,
  { laneOf }: RunOptions,
): Judged => {
  const { command, expected } = statement;
  const outcome = perform(runnable, state, command);
  if (!['panic', 'disabled'].includes(outcome.result) && !runnable.system.state.contains(outcome.state))
    throw new LeftDomain(runnable, command, outcome.state);
  const lane = outcome.result === 'disabled' ? undefined : laneOf?.({ before: state, command, outcome });
  const ran = { outcome, ...(lane && { lane }) };
  const problem = problemOf(outcome, expected);
  return problem === undefined ? { ...ran, standing: 'ok' } : { ...ran, standing: 'not ok', problem };
};

/**
 * Without an expectation any result is right; but where the machine ends, a WARN fires, or no call can be made, the script goes astray.
 */
const problemOf = (outcome: Outcome<unknown>, expected: Expected | undefined): string | undefined => {
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

const matchesResult = (outcome: Outcome<unknown>, expected: Expected): boolean => {
  if (outcome.result === 'ok')
    return expected.result === 'ok' && (expected.value === undefined || expected.value === (outcome.value ?? 0));
  if (expected.result === 'ok' || outcome.result !== expected.result) return false;
  if (outcome.result === 'refused' && expected.result === 'refused' && outcome.errno !== expected.errno) return false;
  return expected.reason === undefined || words(outcome.reason) === expected.reason;
};

/** The warnings that fired and were not expected, and those that were expected and did not fire. In which order they came is all one. */
const compared = (fired: readonly string[], expected: readonly (string | undefined)[]) => {
  const left = [...fired];
  const lacking: (string | undefined)[] = [];
  for (const text of expected.filter((one) => one !== undefined)) {
    const at = left.findIndex((one) => words(one) === text);
    if (at >= 0) left.splice(at, 1);
    else lacking.push(text);
  }
  for (const any of expected.filter((one) => one === undefined)) if (left.shift() === undefined) lacking.push(any);
  return { left, lacking };
};

/** More fields than this are not listed where they are wrong. */
const mostWrong = 5;

const expectation = (statement: Extract<Statement, { kind: 'expect' }>, state: unknown): Judged => {
  const wrong: string[] = [];
  let more = 0;
  for (const { path, value } of statement.fields)
    for (const part of partsAt(state, path))
      if (!same(part.value, value)) {
        if (wrong.length === mostWrong) more++;
        else wrong.push(`${part.name} is ${shown(part.value, value)}`);
      }
  if (wrong.length === 0) return { standing: 'ok' };
  const others = more > 0 ? ` (and ${more} more ${more === 1 ? 'is' : 'are'} wrong)` : '';
  return { standing: 'not ok', problem: `${wrong.join(', ')}${others}` };
};

const shownOf = (paths: readonly Path[], state: unknown, { draw }: RunOptions): Shown =>
  paths.length === 0
    ? { of: 'state', state, drawings: draw?.(state) }
    : { of: 'parts', parts: paths.flatMap((path) => [...partsAt(state, path)]) };

/** What is at a path, for each element of a span. */
function* partsAt(state: unknown, path: Path, at = 0): Generator<Part> {
  const step = path[at];
  if (step === undefined) yield { name: pathText(path), value: state };
  else if (typeof step === 'object')
    for (let i = step.from; i <= step.to; i++)
      yield* partsAt(state, [...path.slice(0, at), i, ...path.slice(at + 1)], at);
  else {
    const inner: unknown = typeof state === 'object' && state !== null ? Reflect.get(state, step) : undefined;
    yield* partsAt(inner, path, at + 1);
  }
}

const same = (found: unknown, value: Value): boolean => {
  if (typeof value !== 'object')
    return (typeof found === 'object' && found !== null ? Reflect.get(found, 'kind') : found) === value;
  if (typeof found !== 'object' || found === null) return false;
  if (isList(value)) return Array.isArray(found) && value.every((inner, i) => same(found[i], inner));
  return Object.entries(value).every(([name, inner]) => same(Reflect.get(found, name), inner));
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
