import type { TraceStep } from '../document.ts';
import { wrapped } from './wrap.ts';

/** A trace in plain text as a drawing: a column for each thread, time downwards. */
export interface Lanes {
  /** The threads' names above their columns. */
  readonly head: string;
  /** A call, below its thread's name, with its result if that is not ok. */
  readonly row: (step: LaneStep, i: number, paint?: (text: string) => string) => string;
}

type LaneStep = Pick<TraceStep, 'call' | 'lane' | 'result'>;

const margin = 7;
const gap = 2;

/** How to draw the steps in so many columns of text; undefined if none of them is a thread's. */
export const lanesOf = (steps: readonly LaneStep[], columns: number): Lanes | undefined => {
  const names = [...new Set(steps.flatMap(({ lane }) => lane?.thread ?? []))].sort();
  if (names.length === 0) return undefined;
  // As wide as the longest text, for as long as all fit.
  const texts = steps.flatMap((step) => [step.lane?.step ?? '', shownResult(step)]);
  const widest = Math.max(...names.map(({ length }) => length), ...texts.map(({ length }) => length));
  const room = Math.floor((columns - margin - gap * (names.length - 1)) / names.length);
  const width = Math.min(widest, Math.max(10, room));
  const indent = (column: number) => ' '.repeat(margin + column * (width + gap));
  return {
    head: `${' '.repeat(margin)}${names.map((name) => name.padEnd(width)).join(' '.repeat(gap))}`.trimEnd(),
    row: (step, i, paint = (text) => text) => {
      const number = `  ${String(i + 1).padStart(3)}  `;
      const { call, lane } = step;
      const result = shownResult(step);
      if (!lane) {
        const event = `${number}-- ${paint(call)} --`;
        if (result === '') return event;
        const fits = number.length + call.length + result.length + 8 <= columns;
        return fits ? `${event}  ${result}` : `${event}\n${wrapped(result, columns - margin, ' '.repeat(margin))}`;
      }
      const column = indent(names.indexOf(lane.thread));
      const lines = wrapped(lane.step, width)
        .split('\n')
        .map((line, n) => `${n === 0 ? number + column.slice(margin) : column}${paint(line)}`);
      return [...lines, ...(result === '' ? [] : [wrapped(result, width, column)])].join('\n');
    },
  };
};

/** What a call did, unless it just succeeded. */
const shownResult = ({ result }: LaneStep): string => (result === 'ok' ? '' : result);
