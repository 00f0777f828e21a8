import { SpecError } from '../../spec/errors.ts';
import type { Field } from '../trace.ts';
import { excerpt, type Scanner } from './scanner.ts';
import { type Place, readPath, readValue } from './values.ts';
import { pathText } from './write.ts';

/** The place before a colon, within which all others lie; `top` if there is none. */
export const readBase = (scanner: Scanner, top: Place): Place => {
  scanner.skipSpaces();
  const start = scanner.at;
  if (scanner.until(':=').length > 0 && scanner.next === ':') {
    scanner.backTo(start);
    const base = readPath(scanner, top);
    scanner.skipSpaces();
    if (scanner.take(':')) return base;
  }
  scanner.backTo(start);
  return top;
};

/**
 * Reads `path=value`, up to one of the characters in `ends`. `elementOf`: what stands for an array that is compared with one value.
 * Throws a SpecError that says what would be right.
 */
export const readField = (scanner: Scanner, base: Place, ends: string, elementOf: (place: Place) => Place): Field => {
  const start = scanner.at;
  const place = readPath(scanner, base);
  const isField = scanner.take('=') && !' \t'.includes(scanner.next);
  if (!isField) {
    scanner.backTo(start);
    throw new SpecError(`${excerpt(scanner.until(' \t'))} is not FIELD=VALUE, without spaces`);
  }
  const { path, shape } = scanner.next === '[' ? place : elementOf(place);
  return { path, value: readValue(scanner, shape, pathText(path), ends) };
};
