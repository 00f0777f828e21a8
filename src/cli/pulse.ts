import { setImmediate } from 'node:timers/promises';
import { count } from '../report/words.ts';
import type { Covered, Pulse } from '../search/result.ts';
import type { Console } from './console.ts';

const millisecondsBetweenLines = 100;

/** Draws the progress of a search, lets ctrl-C through, and stops the search when it has come. */
export const pulseFor = ({ progress, interrupted }: Console, title: string): Pulse => {
  const start = performance.now();
  let last = start;
  return async (covered) => {
    const now = performance.now();
    if (now - last >= millisecondsBetweenLines) {
      last = now;
      progress?.(progressLine(title, covered, (now - start) / 1000));
      await setImmediate();
    }
    return !interrupted.aborted;
  };
};

const progressLine = (title: string, { states, transitions, depth, runs }: Covered, seconds: number): string => {
  const ran = runs === undefined ? '' : `, ${count(runs)} runs`;
  return `${title}: ${count(states)} states, depth ${depth}${ran}, ${count(Math.round(transitions / seconds / 1000))} k calls/s`;
};
