import { maskOf, slotsOf } from '../../system/layout.ts';
import type { Column, ResolvedGroup } from '../../system/symmetry.ts';
import type { Regions } from '../../table/neighbours.ts';

/** Bits that lie together in every column: by column the word and the shift, and how many. */
export interface Piece {
  readonly words: readonly number[];
  readonly shifts: readonly number[];
  readonly width: number;
}

/** A bundle of columns that may be permuted among themselves. The content of a column is its pieces. */
export interface Sorter {
  readonly group: ResolvedGroup;
  readonly columns: readonly Column[];
  readonly pieces: readonly Piece[];
}

/** The bits of a column, numbered through all words, in the same order for every column of a sorter. */
const bitsOf = ({ places }: Column, regions: Regions): number[] => {
  const bits: number[] = [];
  const add = (word: number, mask: number) => {
    for (let bit = 0; bit < 32; bit++) if ((mask >>> bit) & 1) bits.push(word * 32 + bit);
  };
  const seen = new Set<number>();
  for (const slot of places.flatMap(slotsOf)) {
    const parts: readonly { readonly word: number; readonly mask: number }[] = regions.get(slot) ?? [
      { word: slot.word, mask: maskOf(slot) },
    ];
    for (const { word, mask } of [...parts].sort((a, b) => a.word - b.word)) add(word, mask);
  }
  return bits.filter((bit) => !seen.has(bit) && seen.add(bit));
};

export const sorterOf = (group: ResolvedGroup, columns: readonly Column[], regions: Regions): Sorter => {
  const bits = columns.map((column) => bitsOf(column, regions));
  if (bits.some(({ length }) => length !== bits[0]!.length)) throw new Error('columns of different widths');
  const pieces: Piece[] = [];
  for (let from = 0; from < bits[0]!.length; ) {
    let width = 1;
    const goesOn = (of: readonly number[]) => of[from + width] === of[from]! + width && (of[from]! % 32) + width < 32;
    while (bits.every(goesOn)) width++;
    pieces.push({
      words: bits.map((of) => Math.floor(of[from]! / 32)),
      shifts: bits.map((of) => of[from]! % 32),
      width,
    });
    from += width;
  }
  return { group, columns, pieces };
};

/** A word with its lowest `width` bits set. */
export const maskOfWidth = (width: number): number => (width === 32 ? -1 : (1 << width) - 1);

/** Pieces in groups of at most 32 bits: each group is one number of a column's key. */
export const chunksOf = (pieces: readonly Piece[]): Piece[][] => {
  const chunks: Piece[][] = [];
  let room = 0;
  for (const piece of pieces) {
    if (piece.width > room) {
      chunks.push([]);
      room = 32;
    }
    chunks.at(-1)!.push(piece);
    room -= piece.width;
  }
  return chunks;
};

/** A chunk of a column's key, as the generated code has it. */
const keyIn = (chunk: readonly Piece[], column: number, words: Uint32Array, at: number): number => {
  let [key, shift] = [0, 0];
  for (const { words: of, shifts, width } of chunk) {
    key |= ((words[at + of[column]!]! >>> shifts[column]!) & maskOfWidth(width)) << shift;
    shift += width;
  }
  return key;
};

/** Above 0 if the content of the first column comes after that of the second. */
export const compareColumns = (
  chunks: readonly (readonly Piece[])[],
  one: number,
  other: number,
  words: Uint32Array,
  at = 0,
) => {
  for (const chunk of chunks) {
    const [a, b] = [keyIn(chunk, one, words, at), keyIn(chunk, other, words, at)];
    if (a !== b) return a > b ? 1 : -1;
  }
  return 0;
};
