import { distance } from 'fastest-levenshtein';
import { SpecError } from './spec/errors.ts';

/** The item of that name. Throws a SpecError that suggests the nearest one. */
export const itemNamed = <T>(
  what: string,
  name: string,
  items: readonly T[],
  nameOf: (item: T) => string = String,
): T => {
  const found = items.find((item) => nameOf(item) === name);
  if (found !== undefined) return found;
  const names = items.map(nameOf);
  const nearest = nearestOf(name, names);
  const hint =
    nearest === undefined
      ? `there ${names.length === 1 ? 'is' : 'are'} ${listed(names) || 'none'}`
      : `did you mean ${nearest}?`;
  throw new SpecError(
    `there is no ${what} called ${name.length > longest ? `${name.slice(0, longest)}...` : name}; ${hint}`,
  );
};

/** A longer name is nobody's slip of a finger, and is cut in the message. */
const longest = 80;

/** Longer lists are cut. */
const mostNames = 40;

const nearestOf = (name: string, names: readonly string[]): string | undefined => {
  if (name.length > longest) return undefined;
  const near = names.map((one) => ({ one, away: distance(one, name) }));
  const [nearest] = near.filter(({ away }) => away <= Math.max(2, name.length / 3)).sort((a, b) => a.away - b.away);
  return nearest?.one;
};

const listed = (names: readonly string[]): string =>
  names.length <= mostNames
    ? names.join(', ')
    : `${names.slice(0, mostNames / 2).join(', ')}, ... (${names.length} in all)`;
