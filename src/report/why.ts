import { describeCommand } from '../spec/model.ts';
import type { Why } from '../trace/why.ts';
import { plural } from './words.ts';

/** Why a call did not succeed, a sentence a line; none for one that did. */
export const whyLines = (why: Why | undefined): string[] => {
  if (!why) return [];
  const { decided, nearest } = why;
  return [
    decided
      ? `why: ${decided.path} is ${decided.value}; ${otherwise(decided.others)}`
      : 'why: no single value decides: with any other one the result is the same',
    ...(nearest ? [nearestWords(nearest)] : []),
  ];
};

/** `with zero or leaf: ok` for each result. */
const otherwise = (others: NonNullable<Why['decided']>['others']): string =>
  [...new Set(others.map(({ result }) => result))]
    .map((result) => {
      const values = others.filter((one) => one.result === result).map(({ value }) => String(value));
      return `with ${anyOf(values)}: ${result}`;
    })
    .join('; ');

/** `a, b or c`; of many only the first. */
const anyOf = (values: readonly string[]): string => {
  const shown = values.slice(0, mostValues);
  if (shown.length < values.length) return `${shown.join(', ')} or ${plural(values.length - shown.length, 'other')}`;
  return shown.length === 1 ? shown[0]! : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`;
};

const mostValues = 6;

const nearestWords = (nearest: NonNullable<Why['nearest']>): string => {
  if (nearest.kind === 'after')
    return `it succeeds after ${nearest.commands.map(describeCommand).join('; ')}, the shortest way from here`;
  const states = plural(nearest.states, 'state');
  return nearest.kind === 'never'
    ? `it succeeds in no state that can be reached from here (${states})`
    : `it succeeds in none of the ${states} nearest to here; the search ends there`;
};
