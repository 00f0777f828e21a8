import type { Drawing, Line } from '../spec/drawing.ts';
import type { MarkedDrawing, MarkedLine } from './document.ts';

/** The drawing of a state, marked with what differs from the state before; without one, nothing is marked. */
export const marked = (now: readonly Drawing[], before: readonly Drawing[] | undefined): MarkedDrawing[] =>
  now.map(({ title, columns, lines }) => ({
    title,
    columns,
    isTree: lines.some(({ below }) => below !== undefined),
    lines: markedLines(lines, before && (before.find((one) => one.title === title)?.lines ?? []), []),
  }));

function markedLines(
  now: readonly Line[],
  before: readonly Line[] | undefined,
  above: readonly boolean[],
): MarkedLine[] {
  const gone = (before ?? []).filter(({ name }) => !now.some((line) => line.name === name));
  const all = [...now, ...gone];
  return all.flatMap((line, i) => {
    const lasts = [...above, i === all.length - 1];
    if (gone.includes(line))
      return [
        { name: line.name, lasts, cells: line.cells.map((text) => ({ text })), mark: 'gone', stale: undefined },
        ...markedLines([], line.below ?? [], lasts),
      ];
    const was = before?.find(({ name }) => name === line.name);
    const cells = line.cells.map((text, column) => {
      const old = was?.cells[column];
      return was && old !== text ? { text, was: old ?? '' } : { text };
    });
    const mark = before && !was ? 'new' : cells.some((cell) => 'was' in cell) ? 'changed' : 'same';
    return [
      { name: line.name, lasts, cells, mark, stale: line.stale },
      ...markedLines(line.below ?? [], before && (was?.below ?? []), lasts),
    ];
  });
}
