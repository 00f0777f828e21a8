import type { Exchange, Symmetry } from './symmetry.ts';
import { chunksOf, compareColumns, type Sorter } from './symmetry-columns.ts';

/** What `canonical` does, exchange by exchange. The exchanges are numbered through all sorters. */
export const sortBy = (sorters: readonly Sorter[], exchanges: readonly Exchange[]): Symmetry['sort'] => {
  const chunked = sorters.map(({ pieces }) => chunksOf(pieces));
  return (words) => {
    const made: number[] = [];
    let first = 0;
    for (const [i, { columns }] of sorters.entries()) {
      for (let column = 1; column < columns.length; column++)
        for (let to = column; to > 0 && compareColumns(chunked[i]!, to - 1, to, words) > 0; to--) {
          exchanges[first + to - 1]!.apply(words, 0);
          made.push(first + to - 1);
        }
      first += columns.length - 1;
    }
    return made;
  };
};

/** A representative stands for the ways to arrange the columns of each bundle, those with the same content not told apart. */
export const orbitSumBy = (sorters: readonly Sorter[], width: number): Symmetry['orbitSum'] => {
  const chunked = sorters.map(({ columns, pieces }) => ({ columns: columns.length, chunks: chunksOf(pieces) }));
  const factorials = [1n];
  for (let n = 1; n <= Math.max(...chunked.map(({ columns }) => columns)); n++)
    factorials.push(factorials[n - 1]! * BigInt(n));
  const order = chunked.reduce((product, { columns }) => product * factorials[columns]!, 1n);
  // Numbers are exact below 2^53, and ten times as fast.
  const exact = order < BigInt(Number.MAX_SAFE_INTEGER);
  const numbers = exact ? factorials.map(Number) : [];

  const divisor = <N extends number | bigint>(
    words: Uint32Array,
    at: number,
    table: readonly N[],
    times: (a: N, b: N) => N,
  ): N => {
    let product = table[0]!;
    for (const { columns, chunks } of chunked) {
      let alike = 1;
      for (let column = 1; column <= columns; column++)
        if (column < columns && compareColumns(chunks, column - 1, column, words, at) === 0) alike++;
        else {
          if (alike > 1) product = times(product, table[alike]!);
          alike = 1;
        }
    }
    return product;
  };
  return (words, count) => {
    let sum = 0n;
    let part = 0;
    for (let state = 0; state < count; state++) {
      if (!exact) sum += order / divisor(words, state * width, factorials, (a, b) => a * b);
      else part += Number(order) / divisor(words, state * width, numbers, (a, b) => a * b);
      if (part < Number.MAX_SAFE_INTEGER - Number(order)) continue;
      sum += BigInt(part);
      part = 0;
    }
    return sum + BigInt(part);
  };
};
