import { SpecError } from '../../spec/errors.ts';
import { describeCommand } from '../../spec/model.ts';
import type { Layout } from '../../system/layout.ts';
import { type Column, type ResolvedGroup, resolveSymmetry } from '../../system/symmetry.ts';
import { collectRegions, type Regions } from '../../table/neighbours.ts';
import type { Task } from '../task.ts';
import { codeOf } from './symmetry-code.ts';
import { maskOfWidth, type Sorter, sorterOf } from './symmetry-columns.ts';
import { orbitSumBy, sortBy } from './symmetry-sort.ts';

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

/** Where a column lies in the group's first array, in words: `pairs[1].pages[0]`, or `host[0..1]` if the column is a block. */
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
