import { setImmediate } from 'node:timers/promises';
import type { Monitor, Progress } from '../engine/engine.ts';
import type { Console } from './console.ts';

const millisecondsBetweenLines = 100;

/** Draws the progress of a search, lets ctrl-C through, and stops the search when it has come. */
export const monitorFor = (
  { progress, interrupted }: Pick<Console, 'progress'> & { readonly interrupted: Pick<AbortSignal, 'aborted'> },
  title: string,
): Monitor => {
  const start = performance.now();
  let last = start;
  return async (searched) => {
    const now = performance.now();
    if (now - last >= millisecondsBetweenLines) {
      last = now;
      progress?.(progressLine(title, searched, (now - start) / 1000));
      await setImmediate();
    }
    return !interrupted.aborted;
  };
};

const progressLine = (title: string, progress: Progress, seconds: number): string => {
  const { states, transitions, depth, runs, frontier, bytes, rows, doing } = progress;
  if (doing !== undefined) return `${title}: ${doing}`;
  const parts: string[] = [];
  if (states !== undefined) parts.push(`${short(states)} states`);
  if (runs !== undefined) parts.push(`${short(runs)} runs`);
  if (frontier !== undefined) parts.push(`${short(frontier)} waiting`);
  if (depth !== undefined) parts.push(`depth ${depth}`);
  if (transitions !== undefined) parts.push(`${short(transitions / seconds)} calls/s`);
  if (bytes !== undefined) parts.push(`${Math.ceil(bytes / 2 ** 20)} MiB`);
  if (rows !== undefined) parts.push(`${short(rows)} rows`);
  return `${title}: ${parts.join(', ')}`;
};

/** 1234567 as 1.2 M. */
const short = (n: number): string =>
  new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(n);
