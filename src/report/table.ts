import stringWidth from 'string-width';

/**
 * Columns two spaces apart, no borders; `right` names the columns that hold numbers. Wide cells widen their column, cells of several
 * lines make their row as high.
 */
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
): string => {
  const lines = [head, ...rows].flatMap(linesOf);
  const widths = head.map((_, column) => lines.reduce((most, cells) => Math.max(most, widthOf(cells[column]!)), 0));
  const isRight = head.map((name) => right.includes(name));
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => {
          const space = ' '.repeat(widths[column]! - widthOf(cell));
          return isRight[column] ? space + cell : cell + space;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** Plain text is as wide as it is long; of anything else, the library knows. */
const widthOf = (text: string): number => (/^[ -~]*$/.test(text) ? text.length : stringWidth(text));

/** A row of the table as lines of its cells. */
const linesOf = (row: readonly string[]): string[][] => {
  const cells = row.map((cell) => cell.split('\n'));
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => cells.map((lines) => lines[line] ?? ''));
};
