import type { Comparison, FieldChange, Trace, TraceStep } from '../document.ts';
import { drawingLegend, drawingText } from './drawing-text.ts';
import { type Lanes, lanesOf } from './lanes.ts';
import type { Style } from './style.ts';
import { wrapped, wrappedBelow } from './wrap.ts';

/** Calls and their results in plain text, one a line; the calls of threads in columns. */
export const traceText = (trace: Trace, style: Style, columns: number): string => {
  const { steps, loop, broken, detail } = trace;
  const lanes = lanesOf(steps, columns);
  const width = detail === 'calls' ? Math.max(0, ...steps.map(({ call }) => call.length)) : 0;
  const drawn = (drawings: TraceStep['drawing']) => drawingText(drawings, '       ', columns);
  const lines = steps.flatMap((step, i) => [
    ...(i === loop ? ['       and from here on, over and over:'] : []),
    stepText(step, i, { lanes, width, paint: detail === 'calls' ? (text) => text : style.bold, columns }),
    ...step.remarks.map((line) => style.yellow(wrappedBelow(line, columns - 2, 9))),
    ...(detail === 'calls' ? [] : [changesText(step.changes, style, columns)]),
    ...(detail === 'states' ? step.why.map((line) => wrappedBelow(line, columns - 2, 9)) : []),
    ...(detail === 'states' && step.drawing.length > 0 && step.changes.length > 0 ? [drawn(step.drawing)] : []),
  ]);
  return [
    ...(detail === 'states' && trace.initial.length > 0
      ? [`  initial state (below: ${drawingLegend})\n${drawn(trace.initial)}\n`]
      : []),
    ...(lanes ? [lanes.head] : []),
    ...(steps.length === 0 ? ['    in the initial state'] : lines),
    ...(broken === undefined ? [] : [brokenText(broken, columns)]),
    ...(detail === 'changes' ? lastStateLines(trace, columns) : []),
  ].join('\n');
};

/** The state that a trace ends in, as far as it fits. */
const lastStateLines = ({ steps, initial }: Trace, columns: number): string[] => {
  const fitting = (steps.at(-1)?.drawing ?? initial)
    .map((part) => drawingText([part], '  ', columns))
    .filter((text) => text.split('\n').every((line) => line.length <= columns));
  return fitting.length === 0 ? [] : [`\n  The state then (${drawingLegend}):`, ...fitting];
};

const brokenText = (broken: string, columns: number): string => wrapped(`=> ${broken}`, columns - 4, '  ');

interface StepLayout {
  readonly lanes: Lanes | undefined;
  /** Of the column of calls; a longer call stands out of it. */
  readonly width: number;
  readonly paint: (text: string) => string;
  readonly columns: number;
}

/** `  3  call  result`, the result below the call where it does not fit beside it. */
const stepText = (step: TraceStep, i: number, { lanes, width, paint, columns }: StepLayout): string => {
  if (lanes) return lanes.row(step, i, paint);
  const { call, result } = step;
  const number = `  ${String(i + 1).padStart(3)}  `;
  const wide = Math.max(width, call.length);
  if (number.length + wide + 2 + result.length <= columns)
    return `${number}${paint(call)}${' '.repeat(wide - call.length)}  ${result}`;
  return `${number}${paint(call)}\n${wrapped(result, columns - 14, ' '.repeat(11))}`;
};

const changesText = (changes: readonly FieldChange[], style: Style, columns: number): string =>
  changes.length === 0 ? style.dim('         changes nothing') : changeLines(changes, '         ', columns).join('\n');

/** The changed fields, before -> after, each a text; what does not fit into the columns has several lines. */
const changeLines = (changes: readonly FieldChange[], indent: string, columns: number): string[] => {
  const width = Math.max(0, ...changes.map(({ path }) => path.length));
  return changes.map(({ path, was, is }) => {
    const line = `${indent}${path.padEnd(width)}  ${was} -> ${is}`;
    return line.length <= columns
      ? line
      : `${indent}${path}\n${wrapped(`${was} -> ${is}`, columns - 4 - indent.length, `${indent}  `)}`;
  });
};

/** Changed fields that are shown of each side. */
const mostChanges = 6;

/** The result on each side and what it changes, beside the side's label. */
export const comparisonText = ({ sides }: Comparison, style: Style, columns: number): string => {
  const width = Math.max(...sides.map(({ label }) => label.length));
  return sides
    .map(({ label, result, remark, changes }) => {
      const lines = changeLines(changes, '', Math.max(20, columns - 4 - width));
      const shown =
        lines.length > mostChanges
          ? [...lines.slice(0, mostChanges - 1), `and ${lines.length - mostChanges + 1} more`]
          : lines;
      const [first, ...more] = wrapped(result, Math.max(20, columns - 6 - width)).split('\n');
      return [
        `  ${style.bold(label.padEnd(width))}  ${first}`,
        ...[...more, ...(remark === undefined ? [] : [remark]), ...shown].map((text) =>
          text.replaceAll(/^/gm, ' '.repeat(width + 4)),
        ),
      ].join('\n');
    })
    .join('\n');
};
