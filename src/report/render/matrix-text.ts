import { type Matrix, plainWords, type Words } from '../document.ts';
import { table } from './table.ts';

/** How a cell's words become text. */
type Paint = (words: Words) => string;

/** A matrix in plain text: in parts, one below the other, that fit into the columns. */
export const matrixText = (matrix: Matrix, paint: Paint, width: number): string =>
  (matrix.heads === 'staircase' ? staircaseParts : tableParts)(matrix, paint, width).join('\n\n');

const lengthOf = (words: Words) => plainWords(words).length;

/** The leading columns, each as wide as its widest text. */
const leadColumns = ({ lead, rows, right = [] }: Matrix) =>
  lead.map((head, i) => {
    const width = Math.max(head.length, ...rows.map((row) => row.lead[i]!.length));
    return (text: string) => (right.includes(head) ? text.padStart(width) : text.padEnd(width));
  });

/** Each head on a line of its own, with a bar from it down to its column. */
const staircaseParts = (matrix: Matrix, paint: Paint, width: number): string[] => {
  const { lead, columns, rows } = matrix;
  const padded = leadColumns(matrix);
  const leading = (cells: readonly string[]) => cells.map((cell, i) => `${padded[i]!(cell)}  `).join('');
  const margin = leading(lead).length;
  const cellWidth = Math.max(3, ...rows.flatMap(({ cells }) => cells.map((cell) => lengthOf(cell[0] ?? '')))) + 1;
  const parts: string[] = [];
  for (let from = 0, to = 0; from < columns.length || parts.length === 0; from = to) {
    // The names of columns are a staircase, of which each step must fit.
    for (to = from + 1; to < columns.length && margin + (to - from) * cellWidth + columns[to]!.length <= width; ) to++;
    const shown = columns.slice(from, to);
    const bars = (n: number) => '|'.padEnd(cellWidth).repeat(n);
    const steps = shown.map((head, i) => `${' '.repeat(margin)}${bars(i)}${head}`);
    const lines = rows.map((row) => {
      const cells = row.cells
        .slice(from, to)
        .map(([words = '']) => paint(words) + ' '.repeat(cellWidth - lengthOf(words)));
      return `${leading(row.lead)}${cells.join('')}`.trimEnd();
    });
    parts.push([...steps, `${leading(lead)}${bars(shown.length)}`.trimEnd(), ...lines].join('\n'));
  }
  return parts;
};

/** Heads broken into lines within their columns. */
const tableParts = ({ lead, columns, rows, right }: Matrix, paint: Paint, width: number): string[] => {
  const heads = columns.map(brokenHead);
  const leadWidth = lead.reduce(
    (sum, head, i) => sum + Math.max(head.length, ...rows.map((row) => row.lead[i]!.length)) + 2,
    0,
  );
  const parts: number[][] = [];
  let left = 0;
  for (const [i, head] of heads.entries()) {
    const lengths = [...head.map(({ length }) => length), ...rows.flatMap(({ cells }) => cells[i]!.map(lengthOf))];
    const needed = Math.max(...lengths) + 2;
    if (left < needed || parts.length === 0) {
      parts.push([]);
      left = width - leadWidth;
    }
    parts.at(-1)!.push(i);
    left -= needed;
  }
  return parts.map((part) =>
    table(
      [...lead, ...part.map((i) => heads[i]!.join('\n'))],
      rows.map((row) => [...row.lead, ...part.map((i) => row.cells[i]!.map(paint).join('\n'))]),
      right,
      width,
    ),
  );
};

/** A name broken at underscores and spaces into lines of some ten characters. */
const brokenHead = (name: string): string[] => {
  const lines: string[] = [];
  for (const word of name.split(/(?<=[_ ])/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.trimEnd().length <= 12) lines[lines.length - 1] = last + word;
    else lines.push(word);
  }
  return lines.map((line) => line.trimEnd());
};
