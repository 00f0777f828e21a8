import { fitted, widthOf } from './wrap.ts';

/**
 * Columns two spaces apart, no borders; `right` names the columns that hold numbers. Wide cells widen their column. What does not fit
 * into `width` is set one space apart if that is enough, else the widest cells are broken into lines. Cells may hold colours and several
 * lines.
 */
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
  width = 80,
): string => {
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...all.flatMap((row) => row[i]!.split('\n').map(widthOf))));
  const gaps = head.length - 1;
  const excess = widths.reduce((sum, one) => sum + one, 0) + 2 * gaps - width;
  const gap = ' '.repeat(excess > 0 && excess <= gaps ? 1 : 2);
  const breakable = [...head.keys()].filter((i) => !right.includes(head[i]!));
  const narrow = narrowed(widths, breakable, width - gap.length * gaps);
  const broken = all.map((row) => row.map((cell, i) => fitted(cell, narrow[i]).split('\n')));
  const shownWidths = head.map((_, i) => Math.max(...broken.flatMap((row) => row[i]!.map(widthOf))));
  return broken
    .flatMap((cells) => {
      const height = Math.max(...cells.map(({ length }) => length));
      return Array.from({ length: height }, (_, line) =>
        cells
          .map((lines, i) => padded(lines[line] ?? '', shownWidths[i]!, right.includes(head[i]!)))
          .join(gap)
          .trimEnd(),
      );
    })
    .join('\n');
};

const padded = (text: string, width: number, toTheRight: boolean): string => {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return toTheRight ? space + text : text + space;
};

/** A column is not made narrower than this. */
const narrowest = 12;

/** The widths, those of some columns made less, the widest first, until their sum is at most `room` if that can be. */
const narrowed = (widths: readonly number[], columns: readonly number[], room: number): readonly number[] => {
  const excess = widths.reduce((sum, one) => sum + one, 0) - room;
  const [widest = 0, second = 0] = columns.map((column) => widths[column]!).sort((a, b) => b - a);
  if (excess <= 0 || widest <= narrowest) return widths;
  const less = Math.max(narrowest, Math.min(second, widest - 1), widest - excess);
  const column = columns.find((one) => widths[one] === widest)!;
  return narrowed(widths.with(column, less), columns, room);
};
