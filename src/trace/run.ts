import { LeftDomain, perform, type Runnable } from '../engine/task.ts';
import type { Drawing } from '../spec/drawing.ts';
import { SpecError } from '../spec/errors.ts';
import type { Lane } from '../spec/model.ts';
import type { Outcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import { type Part, partsAt, problemOfOutcome, problemOfState } from './expectation.ts';
import { statementText } from './script/write.ts';
import type { Call, Path, Statement } from './trace.ts';

/** A statement after it was run; `problem` says what was wrong, in one line. */
export interface Ran {
  readonly statement: Statement;
  /** The statement as `statementText` writes it. */
  readonly text: string;
  readonly standing: 'ok' | 'not ok' | 'not run';
  /** What a call did; undefined for other statements. */
  readonly outcome?: Outcome<unknown>;
  /** The thread, and its step, that a call is; undefined for a call that is no thread's. */
  readonly lane?: Lane;
  /** What `show` asked for: the state, or parts of it. */
  readonly shown?: Shown;
  readonly problem?: string;
  /** The model itself is at fault: a function of it threw, or made a state that it has no room for. */
  readonly isBroken?: true;
}

export type Shown =
  /** Drawn, if the model says how. */
  | { readonly of: 'state'; readonly state: unknown; readonly drawings?: readonly Drawing[] | undefined }
  | { readonly of: 'parts'; readonly parts: readonly Part[] };

export interface RunOptions {
  /** Judges every line. Without it, the first that is not as expected is the last that is run. */
  readonly keepsGoing?: boolean;
  readonly laneOf?: ((step: Step) => Lane | undefined) | undefined;
  readonly draw?: ((state: unknown) => readonly Drawing[]) | undefined;
}

/** Runs the statements of a trace with the plain model, from its initial state or the one that `init` makes. */
export const runStatements = (
  statements: readonly Statement[],
  runnable: Runnable,
  options: RunOptions = {},
): Ran[] => [...runningStatements(statements, runnable, options)];

/** Runs the statements as `runStatements` does, and gives each as soon as it was run. */
export function* runningStatements(
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
        return verdictOf(problemOfState(statement.fields, state));
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

const call = ({ command, expected }: Call, state: unknown, runnable: Runnable, { laneOf }: RunOptions): Judged => {
  const outcome = perform(runnable, state, command);
  if (!['panic', 'disabled'].includes(outcome.result) && !runnable.system.state.contains(outcome.state))
    throw new LeftDomain(runnable, command, outcome.state);
  const lane = outcome.result === 'disabled' ? undefined : laneOf?.({ before: state, command, outcome });
  return { outcome, ...(lane && { lane }), ...verdictOf(problemOfOutcome(outcome, expected)) };
};

const verdictOf = (problem: string | undefined): Judged =>
  problem === undefined ? { standing: 'ok' } : { standing: 'not ok', problem };

const shownOf = (paths: readonly Path[], state: unknown, { draw }: RunOptions): Shown =>
  paths.length === 0
    ? { of: 'state', state, drawings: draw?.(state) }
    : { of: 'parts', parts: paths.flatMap((path) => [...partsAt(state, path)]) };
