import type { MarkedCell, MarkedDrawing, MarkedLine } from '../document.ts';

/** More lines than this are not drawn in full, unless it is asked for: those that did not change are left out. */
const mostLines = 24;

const signs = { same: ' ', changed: '*', new: '+', gone: '-' } as const;

/** What the signs at the margin mean. */
export const drawingLegend = '* changed by the call, + new, - gone, ! stale';

/**
 * In plain text: a heading for each part, a line for each entry, the tree drawn with guides. `*`, `+`, `-`, `!` mark lines. What a
 * cell was stands before it, `old -> new`, or on a line of its own where that would be too wide.
 */
export const drawingText = (drawings: readonly MarkedDrawing[], indent: string, width = 80, most = mostLines): string =>
  drawings
    .flatMap((drawing) => {
      const [inline, below] = [partText(drawing, true, most), partText(drawing, false, most)];
      const fits = inline.every((line) => indent.length + line.length <= width);
      return (fits ? inline : below).map((line) => indent + line);
    })
    .join('\n');

function partText({ title, columns, isTree, lines }: MarkedDrawing, inline: boolean, most: number): string[] {
  const shown = lines.length <= most ? lines : lines.filter((line, i) => isWorthShowing(line, lines, i));
  const cellText = ({ text, was }: MarkedCell) =>
    inline && was !== undefined ? `${was || '-'} -> ${text || '-'}` : text;
  const rows = shown.flatMap((line) => {
    const sign = line.stale === undefined ? signs[line.mark] : '!';
    const cells = [guides(line, isTree) + line.name, ...line.cells.map(cellText)];
    const row = { sign, cells, behind: line.stale ?? '' };
    if (inline || line.mark !== 'changed') return [row];
    const was = line.cells.map((cell) => (cell.was === undefined ? '' : cell.was || '-'));
    return [row, { sign: ' ', cells: [`${guides(line, isTree).replaceAll(/[-`]/g, ' ')}  was`, ...was], behind: '' }];
  });
  const widths = [title, ...columns].map((head, i) =>
    rows.reduce((widest, { cells }) => Math.max(widest, cells[i]?.length ?? 0), head.length),
  );
  const padded = (cells: readonly string[]) => cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ');
  const left = lines.length - shown.length;
  return [
    `  ${padded([title, ...columns])}`.trimEnd(),
    ...rows.map(({ sign, cells, behind }) => `${sign} ${padded(cells)}  ${behind}`.trimEnd()),
    ...(left > 0 ? [`  (${left} lines as before)`] : []),
  ];
}

/** A line that is marked, or that has such a line below it. */
const isWorthShowing = (line: MarkedLine, lines: readonly MarkedLine[], i: number): boolean => {
  if (line.mark !== 'same' || line.stale !== undefined) return true;
  for (const other of lines.slice(i + 1)) {
    if (other.lasts.length <= line.lasts.length) return false;
    if (other.mark !== 'same' || other.stale !== undefined) return true;
  }
  return false;
};

/** The lines of the tree to the left of an entry's name. */
export const guides = ({ lasts }: MarkedLine, isTree: boolean): string =>
  isTree ? lasts.map((last, i) => (i < lasts.length - 1 ? (last ? '   ' : '|  ') : last ? '`- ' : '|- ')).join('') : '';
