import Table from 'cli-table3';
import { fitted, widthOf } from './words.ts';

/**
 * Columns two spaces apart, no borders; `right` names the columns that hold numbers. Wide cells widen their column, as far as all fit
 * into `width`; the widest are broken into lines then.
 */
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
  width = 80,
): string => {
  const fitting = narrowed(
    [head, ...rows],
    [...head.keys()].filter((i) => !right.includes(head[i]!)),
    width,
  );
  const bare = [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
  ];
  const drawn = new Table({
    head: fitting[0]!,
    chars: Object.fromEntries(
      [...bare, 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'].map((part) => [part, '']),
    ),
    colAligns: head.map((name) => (right.includes(name) ? 'right' : 'left')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  drawn.push(...fitting.slice(1));
  return trimmed(drawn.toString());
};

const trimmed = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');

/** A column is not made narrower than this. */
const narrowest = 12;

/** The cells of rows, those of some columns broken into lines, the widest first, if else the rows were too wide. */
const narrowed = (rows: readonly (readonly string[])[], columns: readonly number[], width: number): string[][] => {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.flatMap((row) => row[i]!.split('\n').map(widthOf))));
  for (;;) {
    const excess = widths.reduce((sum, one) => sum + one + 2, -2) - width;
    const [widest = 0, second = 0] = columns.map((column) => widths[column]!).sort((a, b) => b - a);
    if (excess <= 0 || widest <= narrowest) return rows.map((row) => row.map((cell, i) => fitted(cell, widths[i]!)));
    const column = columns.find((one) => widths[one] === widest)!;
    widths[column] = Math.max(narrowest, Math.min(second, widest - 1), widest - excess);
  }
};
