import { distance } from 'fastest-levenshtein';
import { SpecError } from './spec/errors.ts';

/** The item of that name. Throws a SpecError that suggests the nearest one. */
export const known = <T>(what: string, name: string, items: readonly T[], nameOf: (item: T) => string = String): T => {
  const found = items.find((item) => nameOf(item) === name);
  if (found !== undefined) return found;
  const names = items.map(nameOf);
  const [nearest] = names
    .filter((one) => distance(one, name) <= Math.max(2, name.length / 3))
    .sort((a, b) => distance(a, name) - distance(b, name));
  const hint =
    nearest === undefined
      ? `there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ') || 'none'}`
      : `did you mean ${nearest}?`;
  throw new SpecError(`there is no ${what} called ${name}; ${hint}`);
};
