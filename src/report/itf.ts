import { describeCommand } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import { brokenWords, type Finding, type Report } from './report.ts';
import { scopeName } from './words.ts';

/** Where the format is described. */
const description = 'https://apalache-mc.org/docs/adr/015adr-trace.html';

/**
 * A counterexample in the Informal Trace Format: the fields of the state are variables, and two more hold the call that led to the
 * state and its result. An infinite path leaves out its last state, which is the one that the loop begins with: ITF says with `loop`
 * that this one follows.
 */
export const itf = (report: Report, finding: Finding): object => {
  const { steps, trace } = finding.counterexample!;
  const arrivals = [
    { call: 'init', result: '', state: report.initial },
    ...steps.map(({ command, outcome }) => ({
      call: describeCommand(command),
      result: describeOutcome(outcome),
      state: outcome.state,
    })),
  ];
  const closing = trace.loop === undefined ? undefined : arrivals.at(-1);
  const shown = closing ? arrivals.slice(0, -1) : arrivals;
  const variables = variablesOf(shown.map(({ state }) => state));
  return {
    '#meta': {
      format: 'ITF',
      'format-description': description,
      source: scopeName(report.scope),
      description: `${finding.property.id}: ${finding.property.statement}`,
      status: 'violation',
      broken: brokenWords(trace),
      ...(closing && { 'last call of the loop': `${closing.call} ${closing.result}` }),
    },
    vars: [callVariable, resultVariable, ...(variables ?? [wholeState])],
    ...(trace.loop !== undefined && { loop: trace.loop }),
    states: shown.map(({ call, result, state }, index) => ({
      '#meta': { index },
      [callVariable]: call,
      [resultVariable]: result,
      ...(variables ? (expression(state) as object) : { [wholeState]: expression(state) }),
    })),
  };
};

const callVariable = 'pagelaw::call';
const resultVariable = 'pagelaw::result';
const wholeState = 'state';

/** The fields that every state has; undefined if not all have the same, as in a state that is a variant. */
const variablesOf = (states: readonly unknown[]): string[] | undefined => {
  const keys = states.map((state) =>
    typeof state === 'object' && state !== null && !Array.isArray(state) ? Object.keys(state) : [],
  );
  const [first = []] = keys;
  return first.length > 0 && keys.every((one) => one.join('\n') === first.join('\n')) ? first : undefined;
};

/** An ITF expression: integers that JSON cannot be trusted with are written as `#bigint`. */
export const expression = (value: unknown): unknown => {
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isSafeInteger(value)))
    return { '#bigint': BigInt(value).toString() };
  if (Array.isArray(value)) return value.map(expression);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, expression(inner)]));
};
