import Table from 'cli-table3';

/** Columns two spaces apart, no borders; `right` names the columns that hold numbers. Wide cells widen their column. */
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
): string => {
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
    head: [...head],
    chars: Object.fromEntries(
      [...bare, 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'].map((part) => [part, '']),
    ),
    colAligns: head.map((name) => (right.includes(name) ? 'right' : 'left')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  drawn.push(...rows.flatMap(linesOf));
  return trimmed(drawn.toString());
};

/** A row for each line of its cells: the library takes time that grows with the cube of a cell's lines. */
const linesOf = (row: readonly string[]): string[][] => {
  const cells = row.map((cell) => cell.split('\n'));
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => cells.map((lines) => lines[line] ?? ''));
};

const trimmed = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
