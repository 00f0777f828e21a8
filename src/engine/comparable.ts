import type { Result } from './result.ts';

/**
 * What two complete searches of one task must agree on, in words: one line for each figure and verdict. `states`: how many there are,
 * those for which others stand included. Of an endless trace only the length of its beginning is told, since the loop may be another
 * one where states stand for others.
 */
export const comparableWords = (
  { judged, covered, deadEnd }: Result,
  states: bigint | number | undefined,
): string[] => [
  `${states} states`,
  `depth ${covered.depth}`,
  `${deadEnd?.length ?? 'no'} calls to a dead end`,
  ...judged.map(({ property, verdict }) => {
    const trace = 'trace' in verdict ? verdict.trace : undefined;
    return `${property.id} ${verdict.kind}${trace ? ` by ${trace.loop ?? trace.commands.length} calls` : ''}`;
  }),
];
