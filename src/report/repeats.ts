import type { Drawing, Line } from '../spec/drawing.ts';

/** So many lines in a row that differ in nothing but their names are all shown. */
const mostAlike = 4;

/** Shortens drawings: where many lines in a row are alike, only the first and the last of them are left. */
export const withoutRepeats = (drawings: readonly Drawing[]): Drawing[] =>
  drawings.map((drawing) => ({ ...drawing, lines: shortened(drawing.lines) }));

const shortened = (lines: readonly Line[]): Line[] => {
  const kept: Line[] = [];
  const keys = lines.map(({ name: _, ...rest }) => JSON.stringify(rest));
  for (let from = 0; from < lines.length; ) {
    let to = from;
    while (to + 1 < lines.length && keys[to + 1] === keys[from]) to++;
    const run = lines.slice(from, to + 1);
    const shown =
      run.length <= mostAlike ? run : [run[0]!, { name: `(${run.length - 2} alike)`, cells: [] }, run.at(-1)!];
    kept.push(...shown.map((line) => (line.below ? { ...line, below: shortened(line.below) } : line)));
    from = to + 1;
  }
  return kept;
};
