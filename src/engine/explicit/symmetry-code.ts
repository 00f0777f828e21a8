import { chunksOf, maskOfWidth, type Piece, type Sorter } from './symmetry-columns.ts';

/**
 * Sorts each bundle's columns by their content, read as signed numbers, bundles inside others first: the content of an outer column
 * is then the same for all that are alike. A successor differs from a sorted state in a column or two, which is what insertion sort
 * likes. The state's words stay in registers; a bundle that was in order is not written back.
 */
export const codeOf = (sorters: readonly Sorter[], width: number): string => {
  const words = Array.from({ length: width }, (_, i) => i);
  return `function canonical(words, at) {
let moved = false${words.map((i) => `, w${i} = words[at + ${i}]`).join('')};
${sorters.map(sorterCode).join('\n')}
if (moved) { ${words.map((i) => `words[at + ${i}] = w${i};`).join(' ')} }
}`;
};

/** The content of a column as expressions, one for each chunk. */
const keyCode = (chunk: readonly Piece[], column: number): string => {
  let shift = 0;
  const parts = chunk.map(({ words, shifts, width }) => {
    const bits =
      width === 32 ? `w${words[column]}` : `(w${words[column]} >>> ${shifts[column]} & ${maskOfWidth(width)})`;
    const part = shift === 0 ? bits : `${bits} << ${shift}`;
    shift += width;
    return part;
  });
  return `(${parts.join(' | ')}) | 0`;
};

/** Puts a chunk of a key back to where the column has it. */
const depositCode = (chunk: readonly Piece[], column: number, key: string): string => {
  let shift = 0;
  const parts = chunk.map(({ words, shifts, width }) => {
    const [word, to, mask] = [words[column]!, shifts[column]!, maskOfWidth(width)];
    const part = `w${word} = w${word} & ${~(mask << to)} | (${key} >>> ${shift} & ${mask}) << ${to};`;
    shift += width;
    return part;
  });
  return parts.join(' ');
};

const sorterCode = ({ columns, pieces }: Sorter): string => {
  const chunks = chunksOf(pieces);
  if (chunks.length === 0) return '';
  const key = (chunk: number, column: number) => `k${column}_${chunk}`;
  const all = columns.map((_, column) => column);
  const load = all.map((column) =>
    chunks.map((chunk, i) => `${key(i, column)} = ${keyCode(chunk, column)}`).join(', '),
  );
  const greater = (a: number, b: number): string =>
    chunks.reduceRight(
      (rest, _, i) =>
        rest === ''
          ? `${key(i, a)} > ${key(i, b)}`
          : `(${key(i, a)} > ${key(i, b)} || ${key(i, a)} === ${key(i, b)} && ${rest})`,
      '',
    );
  const swap = (a: number, b: number) =>
    chunks.map((_, i) => `t = ${key(i, a)}; ${key(i, a)} = ${key(i, b)}; ${key(i, b)} = t;`).join(' ');
  // Sinks column after column to its place among those before it.
  const sink = (column: number): string =>
    column === 0 ? '' : `if (${greater(column - 1, column)}) { ${swap(column - 1, column)} ${sink(column - 1)} }`;
  const inOrder = all.slice(1).map((column) => greater(column - 1, column));
  const store = all.flatMap((column) => chunks.map((chunk, i) => depositCode(chunk, column, key(i, column))));
  return `{ let t = 0, ${load.join(',\n')};
if (${inOrder.join(' || ')}) { moved = true;
${all.map(sink).join('\n')}
${store.join('\n')} } }`;
};
