import diff from 'microdiff';
import type { Trace } from '../engine/result.ts';
import { describeCommand, describeFields } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import { type LaneOf, lanesOf } from './lanes.ts';
import { valueWords, wrapped } from './words.ts';

/** Calls and their results, one call a line; the calls of threads are in columns. */
export const stepsText = (steps: readonly Step[], { loop }: Trace, laneOf?: LaneOf): string => {
  if (steps.length === 0) return '    in the initial state';
  const lanes = lanesOf(steps, laneOf);
  if (lanes)
    return [lanes.head, ...steps.flatMap((step, i) => [...(i === loop ? [loopLine] : []), lanes.row(step, i)])].join(
      '\n',
    );
  const width = Math.max(...steps.map(({ command }) => describeCommand(command).length));
  return steps
    .flatMap((step, i) => [
      ...(i === loop ? [loopLine] : []),
      callText(step, i, describeCommand(step.command).padEnd(width)),
    ])
    .join('\n');
};

/** Above the first call of an endless loop. */
export const loopLine = '       and from here on, over and over:';

/** `  3  call  result`, the result below the call where it does not fit beside it. `call` may be padded. */
export const callText = ({ outcome }: Step, i: number, call: string, paint = (text: string) => text): string => {
  const number = `  ${String(i + 1).padStart(3)}  `;
  const result = describeOutcome(outcome);
  if (number.length + call.length + 2 + result.length <= 80) return `${number}${paint(call)}  ${result}`;
  return `${number}${paint(call.trimEnd())}\n${wrapped(result, 66, ' '.repeat(11))}`;
};

/** What the last state or call of a trace breaks. */
export const brokenText = ({ instance, detail, loop }: Trace): string => {
  const of = instance === undefined ? '' : ` for ${instanceWords(instance)}`;
  if (loop !== undefined) return `  => never ends${of}: the state is again the one before call ${loop + 1}`;
  return wrapped(`=> broken${of}${detail === '' ? '' : `: ${detail}`}`, 76, '  ');
};

export const instanceWords = (instance: unknown) =>
  typeof instance === 'object' && instance !== null && !Array.isArray(instance)
    ? describeFields(instance)
    : valueWords(instance);

/** The changed fields of a state as `path  before -> after`, one field a line; '' if nothing changed. */
export const changesText = (step: Step, indent: string): string => changeTexts(step, indent, 80).join('\n');

/** The changed fields of a state, a text for each; a text that does not fit into the columns has several lines. */
export const changeTexts = (step: Step, indent: string, columns: number): string[] => {
  const changes = changesOf(step);
  const width = Math.max(0, ...changes.map(([path]) => path.length));
  return changes.map(([path, was, is]) => {
    const line = `${indent}${path.padEnd(width)}  ${was} -> ${is}`;
    return line.length <= columns
      ? line
      : `${indent}${path}\n${wrapped(`${was} -> ${is}`, columns - 4 - indent.length, `${indent}  `)}`;
  });
};

/** The changed fields of a state: which, and what it was and is; `-` for a field that is not there. */
export const changesOf = ({ before, outcome }: Step): (readonly [path: string, was: string, is: string])[] =>
  diff(before as object as unknown[], outcome.state as object as unknown[]).map((change) => {
    const path = change.path
      .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`))
      .join('');
    const was = change.type === 'CREATE' ? '-' : valueWords(change.oldValue);
    const is = change.type === 'REMOVE' ? '-' : valueWords(change.value);
    return [path, was, is] as const;
  });
