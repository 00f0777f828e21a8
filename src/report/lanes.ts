import { describeCommand, type Lane } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import { wrapped } from './words.ts';

/** Says whose step a call is; undefined for one that is nobody's, such as an event from outside. */
export type LaneOf = (step: Step) => Lane | undefined;

/** A trace as a drawing: a column for each thread, time downwards. */
export interface Lanes {
  /** The threads' names above their columns. */
  readonly head: string;
  /** A call, below its thread's name, with its result if that is not ok. */
  readonly row: (step: Step, i: number, paint?: (text: string) => string) => string;
}

const margin = 7;
const gap = 2;

/** How to draw the steps; undefined if none of them is a thread's. */
export const lanesOf = (steps: readonly Step[], laneOf: LaneOf | undefined): Lanes | undefined => {
  const names = [...new Set(steps.flatMap((step) => laneOf?.(step)?.thread ?? []))].sort();
  if (!laneOf || names.length === 0) return undefined;
  // As wide as the longest text, for as long as all fit into 80 columns.
  const texts = steps.flatMap((step) => [laneOf(step)?.step ?? '', resultOf(step)]);
  const widest = Math.max(...names.map(({ length }) => length), ...texts.map(({ length }) => length));
  const width = Math.min(widest, Math.max(10, Math.floor((80 - margin - gap * (names.length - 1)) / names.length)));
  const indent = (column: number) => ' '.repeat(margin + column * (width + gap));
  return {
    head: `${' '.repeat(margin)}${names.map((name) => name.padEnd(width)).join(' '.repeat(gap))}`.trimEnd(),
    row: (step, i, paint = (text) => text) => {
      const number = `  ${String(i + 1).padStart(3)}  `;
      const lane = laneOf(step);
      const result = resultOf(step);
      if (!lane) {
        const call = describeCommand(step.command);
        const event = `${number}-- ${paint(call)} --`;
        if (result === '') return event;
        const fits = number.length + call.length + result.length + 8 <= 80;
        return fits ? `${event}  ${result}` : `${event}\n${wrapped(result, 80 - margin, ' '.repeat(margin))}`;
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
const resultOf = ({ outcome }: Step): string => {
  const result = describeOutcome(outcome);
  return result === 'ok' ? '' : result;
};
