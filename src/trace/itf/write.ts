import type { Step } from '../../spec/property.ts';
import { type Scope, scopeName } from '../../system/scope.ts';
import { fieldsOf, traceOf } from '../record.ts';
import { callText, modelText, resultText } from '../script/write.ts';
import { type Call, callsOf, type Field } from '../trace.ts';
import { description, meta, variables, version } from './names.ts';
import { expression } from './value.ts';

/** Steps that were made from a start state, and what is to be said of them. */
export interface Shown {
  readonly scope: Scope;
  readonly start: unknown;
  readonly steps: readonly Step[];
  /** The property that they break: its id and statement, and what is broken in the end. */
  readonly broken?: { readonly property: string; readonly statement: string; readonly words: string };
  /** The index of the step that an endless loop begins with. */
  readonly loop?: number | undefined;
}

/**
 * The steps in the Informal Trace Format: the fields of the state are variables, and two more hold the call that led to the state and its
 * result. An endless loop leaves out its last state, which is the one that the loop begins with: ITF says with `loop` that this state
 * follows.
 */
export const itf = ({ scope, start, steps, broken, loop }: Shown): object => {
  const trace = traceOf(scope, steps);
  const calls = callsOf(trace).map((call) => ({
    [variables.call]: callText(call.command),
    [variables.result]: resultOf(call),
  }));
  const states = [start, ...steps.map(({ outcome }) => outcome.state)].map(fieldsOf);
  const arrivals = [{ [variables.call]: 'init', [variables.result]: '' }, ...calls].map((call, i) => ({
    ...call,
    ...valuesOf(states[i]!),
  }));
  const closing = loop === undefined ? undefined : calls.at(-1);
  const shown = closing ? arrivals.slice(0, -1) : arrivals;
  return {
    '#meta': {
      format: 'ITF',
      'format-description': description,
      source: scopeName(scope),
      ...(broken && {
        description: `${broken.property}: ${broken.statement}`,
        status: 'violation',
        broken: broken.words,
        [meta.property]: broken.property,
      }),
      [meta.version]: String(version),
      [meta.model]: modelText(trace.origin),
      ...(closing && { [meta.loopCall]: closing[variables.call], [meta.loopResult]: closing[variables.result] }),
    },
    vars: Object.keys(shown[0]!),
    ...(loop !== undefined && { loop }),
    states: shown.map((values, index) => ({ '#meta': { index }, ...values })),
  };
};

const resultOf = ({ expected }: Call): string => (expected ? resultText(expected) : '');

const valuesOf = (fields: readonly Field[]): Record<string, unknown> =>
  Object.fromEntries(
    fields.map(({ path: [name = variables.state], value }) => [String(name), expression(value)] as const),
  );
