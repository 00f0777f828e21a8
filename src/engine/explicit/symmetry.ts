import { SpecError } from '../../spec/errors.ts';
import { describeCommand } from '../../spec/model.ts';
import { type Layout, maskOf, slotsOf } from '../../system/layout.ts';
import { type Column, type ResolvedGroup, resolveSymmetry } from '../../system/symmetry.ts';
import { collectRegions, type Regions } from '../../table/neighbours.ts';
import type { Task } from '../task.ts';

/** Bits that lie together in every column: by column the word and the shift, and how many. */
interface Piece {
  readonly words: readonly number[];
  readonly shifts: readonly number[];
  readonly width: number;
}

/** One bundle: its columns are permuted among themselves. A column's content is its pieces. */
interface Sorter {
  readonly group: ResolvedGroup;
  readonly columns: readonly Column[];
  readonly pieces: readonly Piece[];
}

/** The exchange of two neighbouring columns. All permutations are made of these. */
export interface Exchange {
  /** e.g. `host[0] and host[1] exchanged` */
  readonly what: string;
  readonly group: ResolvedGroup;
  /** Exchanges them in the packed state at `at`. */
  apply(words: Uint32Array, at: number): void;
  /** A command, or an instance of a property, with the indices in it exchanged. The very same if it names neither. */
  renamed<T>(named: T): T;
  /** By command: the command with its indices exchanged. */
  readonly commands: readonly number[];
}

/** The interchangeable parts of a task's states. Two states are alike if a permutation of the parts leads from one to the other. */
export interface Symmetry {
  /** What is interchangeable, e.g. `page`. */
  readonly labels: readonly string[];
  readonly exchanges: readonly Exchange[];
  /** Replaces the packed state at `at` by its representative: the same one for all states that are alike. */
  readonly canonical: (words: Uint32Array, at: number) => void;
  /** `canonical` as the text of a function expression. */
  readonly code: string;
  /** Replaces the packed state at the start by its representative, and returns the exchanges that lead there, in order. Slow. */
  readonly sort: (words: Uint32Array) => number[];
  /** How many states there are for which the `count` packed representatives stand. */
  readonly orbitSum: (words: Uint32Array, count: number) => bigint;
}

/** The symmetry that the model declares; undefined if it declares none, or none that exchanges anything. Throws a SpecError if it makes no sense. */
export const symmetryOf = (task: Task, layout: Layout<unknown>): Symmetry | undefined => {
  const { system, scope } = task;
  if (!system.symmetry) return undefined;
  const groups = resolveSymmetry(scope.model, layout, system.command, system.symmetry);
  const regions: Regions = new Map();
  collectRegions(layout.place, regions);
  const sorters = groups.flatMap((group) =>
    group.bundles.filter((columns) => columns.length > 1).map((columns) => sorterOf(group, columns, regions)),
  );
  if (sorters.length === 0) return undefined;

  const exchanges = sorters.flatMap((sorter) => sorter.columns.slice(1).map((_, i) => exchangeOf(task, sorter, i)));
  const initial = layout.encode(system.initial);
  for (const { what, group, apply } of exchanges) {
    const other = initial.slice();
    apply(other, 0);
    if (other.some((word, i) => word !== initial[i]))
      throw new SpecError(
        `${scope.model}@${scope.variant}: symmetry of ${group.label}: the initial state is another one with ${what}`,
      );
  }
  const code = codeOf(sorters, layout.words);
  return {
    labels: [...new Set(groups.map(({ label }) => label))],
    exchanges,
    code,
    canonical: new Function(`'use strict'; return (${code});`)() as Symmetry['canonical'],
    sort: sortBy(sorters, exchanges),
    orbitSum: orbitSumBy(sorters, layout.words),
  };
};

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

const sorterOf = (group: ResolvedGroup, columns: readonly Column[], regions: Regions): Sorter => {
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

const maskOfWidth = (width: number): number => (width === 32 ? -1 : (1 << width) - 1);

const exchangeOf = (task: Task, { group, columns, pieces }: Sorter, left: number): Exchange => {
  const [one, other] = [columns[left]!, columns[left + 1]!];
  const indices = new Map<number, number>();
  for (const [i, index] of one.indices.entries()) {
    indices.set(index, other.indices[i]!);
    indices.set(other.indices[i]!, index);
  }
  const renamed = <T>(named: T): T =>
    group.names.reduce((result, name) => rename(result, name, group.lengths, indices), named);
  const numbers = new Map(task.commands.map((command, i) => [describeCommand(command), i]));
  const commands = task.commands.map((command) => {
    const image = numbers.get(describeCommand(renamed(command)));
    if (image !== undefined) return image;
    const { model } = task.scope;
    throw new SpecError(
      `model ${model}: symmetry of ${group.label}: ${describeCommand(command)} is a command, ${describeCommand(renamed(command))} is not`,
    );
  });
  return {
    what: `${placesWords(group, one)} and ${placesWords(group, other)} exchanged`,
    group,
    apply: (words, at) => {
      for (const { words: of, shifts, width } of pieces) {
        const [a, b] = [at + of[left]!, at + of[left + 1]!];
        const [from, to] = [shifts[left]!, shifts[left + 1]!];
        const differs = ((words[a]! >>> from) ^ (words[b]! >>> to)) & maskOfWidth(width);
        words[a]! ^= differs << from;
        words[b]! ^= differs << to;
      }
    },
    renamed,
    commands,
  };
};

/** Of the first array only: `pairs[1].pages[0]`, or `host[0..1]` of a block. */
const placesWords = ({ arrays, lengths }: ResolvedGroup, { indices }: Column): string => {
  const digits: number[] = [];
  let rest = indices[0]!;
  for (const length of lengths.toReversed()) {
    digits.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  const last = digits.at(-1)!;
  const shown = [
    ...digits.slice(0, -1).map(String),
    indices.length > 1 ? `${last}..${last + indices.length - 1}` : String(last),
  ];
  let next = 0;
  return `${arrays[0]!.replaceAll('[]', () => `[${shown[next++]}]`)}[${shown.at(-1)}]`;
};

/** The record with the index that the fields hold together replaced, if it is one of `indices`. */
const rename = <T>(
  named: T,
  fields: readonly string[],
  lengths: readonly number[],
  indices: ReadonlyMap<number, number>,
): T => {
  if (typeof named !== 'object' || named === null) return named;
  const digits: unknown[] = fields.map((field) => Reflect.get(named, field));
  const radices = fields.length === 1 ? [lengths.reduce((a, b) => a * b, 1)] : lengths;
  let index = 0;
  for (const [i, digit] of digits.entries()) {
    if (typeof digit !== 'number' || digit < 0 || digit >= radices[i]!) return named;
    index = index * radices[i]! + digit;
  }
  let image = indices.get(index);
  if (image === undefined) return named;
  const result = { ...named } as Record<string, unknown>;
  for (const [i, field] of [...fields.entries()].reverse()) {
    result[field] = image % radices[i]!;
    image = Math.floor(image / radices[i]!);
  }
  return result as T;
};

/** Pieces in groups of at most 32 bits: each group is one number of a column's key. */
const chunksOf = (pieces: readonly Piece[]): Piece[][] => {
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

/**
 * Sorts each bundle's columns by their content, read as signed numbers, bundles inside others first: the content of an outer column
 * is then the same for all that are alike. A successor differs from a sorted state in a column or two, which is what insertion sort
 * likes. The state's words stay in registers; a bundle that was in order is not written back.
 */
const codeOf = (sorters: readonly Sorter[], width: number): string => {
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
const compareColumns = (
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

/** What `canonical` does, exchange by exchange. The exchanges are numbered through all sorters. */
const sortBy = (sorters: readonly Sorter[], exchanges: readonly Exchange[]): Symmetry['sort'] => {
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
const orbitSumBy = (sorters: readonly Sorter[], width: number): Symmetry['orbitSum'] => {
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
