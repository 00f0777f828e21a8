import { perform, type Task } from '../search/task.ts';
import type { Lane } from '../spec/model.ts';
import type { Outcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import { type Expected, type Field, pathText, type Statement, type Value } from './parse.ts';

/** A statement after it was run; `problem` says what was wrong, in one line. */
export interface Ran {
  readonly statement: Statement;
  readonly standing: 'ok' | 'not ok' | 'not run';
  /** Of a call. */
  readonly outcome?: Outcome<unknown>;
  /** Of a call that is a thread's step: which. */
  readonly lane?: Lane;
  readonly problem?: string;
}

/** Runs a script with the plain model from its initial state, up to the first line that is not as expected. */
export const runScript = (
  statements: readonly Statement[],
  task: Task,
  laneOf?: (step: Step) => Lane | undefined,
): Ran[] => {
  let state = task.system.initial;
  let stopped = false;
  let panicked = false;
  return statements.map((statement): Ran => {
    if (stopped) return { statement, standing: 'not run' };
    if (statement.kind === 'heading') return { statement, standing: 'ok' };
    if (panicked && statement.kind === 'call') {
      stopped = true;
      return { statement, standing: 'not ok', problem: 'nothing can follow a panic' };
    }
    const ran = statement.kind === 'call' ? call(statement, state, task, laneOf) : expectation(statement, state);
    stopped = ran.standing === 'not ok';
    if (ran.outcome) state = ran.outcome.state;
    panicked ||= ran.outcome?.result === 'panic';
    return ran;
  });
};

const call = (
  statement: Extract<Statement, { kind: 'call' }>,
  state: unknown,
  task: Task,
  laneOf: ((step: Step) => Lane | undefined) | undefined,
): Ran => {
  const { command, expected } = statement;
  const outcome = perform(task, state, command);
  const lane = outcome.result === 'disabled' ? undefined : laneOf?.({ before: state, command, outcome });
  const ran = { statement, outcome, ...(lane && { lane }) };
  // Without an expectation any result is right; but where the machine ends, or no call can be made, the script goes astray.
  const fits = expected ? matches(outcome, expected) : outcome.result === 'ok' || outcome.result === 'refused';
  if (fits) return { ...ran, standing: 'ok' };
  return { ...ran, standing: 'not ok', problem: problemOf(outcome) };
};

const problemOf = (outcome: Outcome<unknown>): string => {
  if (outcome.result === 'ok') return 'it returned 0';
  if (outcome.result === 'refused') return `it returned -${outcome.errno} (${outcome.reason})`;
  return outcome.result === 'panic' ? `panic (${outcome.reason})` : `no such call can be made here (${outcome.reason})`;
};

const matches = (outcome: Outcome<unknown>, expected: Expected): boolean => {
  if (outcome.result !== expected.result) return false;
  if (outcome.result === 'refused' && expected.result === 'refused' && outcome.errno !== expected.errno) return false;
  return expected.reason === undefined || (outcome.result !== 'ok' && outcome.reason === expected.reason);
};

const expectation = (statement: Extract<Statement, { kind: 'expect' }>, state: unknown): Ran => {
  const wrong = statement.fields.flatMap((field) => {
    const found = at(state, field);
    return same(found, field.value) ? [] : `${pathText(field.path)} is ${shown(found)}`;
  });
  if (wrong.length === 0) return { statement, standing: 'ok' };
  return { statement, standing: 'not ok', problem: wrong.join(', ') };
};

/** Undefined for a field that the case, in which a variant is, does not have. */
const at = (state: unknown, { path }: Field): unknown =>
  path.reduce<unknown>(
    (value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined),
    state,
  );

const same = (found: unknown, value: Value): boolean => {
  if (Array.isArray(value)) return Array.isArray(found) && value.every((inner, i) => same(found[i], inner));
  if (typeof found === 'object' && found !== null) return Reflect.get(found, 'kind') === value;
  return found === value;
};

const shown = (found: unknown): string => {
  if (found === undefined) return 'not there';
  if (Array.isArray(found)) return `[${found.map(shown).join(', ')}]`;
  return typeof found === 'object' && found !== null ? String(Reflect.get(found, 'kind')) : String(found);
};
