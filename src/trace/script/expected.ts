import { itemNamed } from '../../item-named.ts';
import { type Errno, errnoNumbers, isErrno } from '../../spec/errno.ts';
import { SpecError } from '../../spec/errors.ts';
import type { Expected } from '../trace.ts';
import { excerpt, isName, Scanner, words } from './scanner.ts';
import { numberIn } from './values.ts';

/** Reads what stands behind the arrow: `-EIO (no pae_root), WARN pae_root is NULL`. */
export const readExpected = (scanner: Scanner): Expected => {
  scanner.skipSpaces();
  const text = scanner.until(' \t,(');
  const result = resultOf(text);
  scanner.skipSpaces();
  const reason = scanner.next === '(' ? reasonIn(scanner) : undefined;
  const warnings = warningsIn(scanner);
  if (reason === undefined) return { ...result, warnings };
  if (result.result !== 'ok') return { ...result, reason, warnings };
  const value = /^returned (\S+)$/.exec(reason)?.[1];
  const returned = value === undefined ? undefined : resultOf(value);
  if (text !== 'ok' || returned?.result !== 'ok')
    throw new SpecError(
      `${excerpt(text)} (${excerpt(reason)}): a success has no reason; what it returned is written -> 2`,
    );
  return { ...returned, warnings };
};

/** Reads a result with its reason, if it has one, and nothing behind it: of a query, which goes on with `and`. */
export const readResult = (scanner: Scanner): Expected => {
  scanner.skipSpaces();
  const result = resultOf(scanner.until(' \t,()'));
  const after = scanner.at;
  scanner.skipSpaces();
  if (scanner.next !== '(' || result.result === 'ok') {
    scanner.backTo(after);
    return { ...result, warnings: [] };
  }
  return { ...result, reason: reasonIn(scanner), warnings: [] };
};

/**
 * Reads a result as `describeOutcome` words it, whatever its reason and its WARNs have in them: `resultText` gives the same text back.
 * Throws a SpecError for a text that is no result.
 */
export const expectedIn = (text: string): Expected => {
  // The reason is as short as it can be while nothing but WARNs follows.
  const [, head = text, reason, rest = ''] = /^([^ ,]*)(?: \((.*?)\))?((?:, WARN .*)?)$/s.exec(text) ?? [];
  const result = resultOf(head);
  const warnings = rest.split(', WARN ').slice(1);
  if (reason === undefined) return { ...result, warnings };
  if (result.result !== 'ok') return { ...result, reason, warnings };
  const returned = resultOf(reason.replace(/^returned /, ''));
  if (returned.result !== 'ok' || !reason.startsWith('returned ')) throw noResult(text);
  return { ...returned, warnings };
};

type Result =
  | Pick<Extract<Expected, { result: 'ok' }>, 'result' | 'value'>
  | Pick<Extract<Expected, { result: 'refused' }>, 'result' | 'errno'>
  | Pick<Extract<Expected, { result: 'panic' | 'disabled' }>, 'result'>;

const resultOf = (text: string): Result => {
  if (text === 'ok') return { result: 'ok' };
  if (text === 'panic' || text === 'disabled') return { result: text };
  if (text.startsWith('-')) return { result: 'refused', errno: errnoOf(text.slice(1), text) };
  const value = numberIn(text);
  if (value !== undefined && !Number.isSafeInteger(value))
    throw new SpecError(
      `${excerpt(text)} is larger than ${Number.MAX_SAFE_INTEGER}, the largest number that a model knows`,
    );
  if (value !== undefined) return { result: 'ok', value };
  if (isWord(text) && !isErrno(text)) return { result: 'ok', value: text };
  throw noResult(text);
};

const isWord = (text: string): boolean => {
  const scanner = new Scanner(text);
  return isName(scanner.word()) && scanner.next === '';
};

const noResult = (text: string): SpecError =>
  new SpecError(
    `${excerpt(text) || 'nothing'} is not a result; it is 0, or what the call returns (2), -EPERM or another errno, panic or disabled`,
  );

/** Of `EBUSY` or `16`. */
const errnoOf = (text: string, written: string): Errno => {
  const names = Object.keys(errnoNumbers).filter(isErrno);
  const number = numberIn(text);
  if (number === undefined) {
    if (!isWord(text)) throw noResult(written);
    return itemNamed('errno', text, names);
  }
  const named = names.find((name) => errnoNumbers[name] === number);
  if (named !== undefined) return named;
  throw new SpecError(`Linux has no errno ${excerpt(text)}; one is, for example, -16, which is -EBUSY`);
};

const reasonIn = (scanner: Scanner): string => {
  const reason = scanner.bracketed();
  if (reason === undefined) throw new SpecError('the bracket of the reason is not closed; write -> -EPERM (reason)');
  return words(reason);
};

/** `, WARN text` as often as it comes; the text ends at the next one. */
const warningsIn = (scanner: Scanner): (string | undefined)[] => {
  const warnings: (string | undefined)[] = [];
  if (scanner.isAtEnd) return warnings;
  if (!takesWarn(scanner))
    throw new SpecError(`${excerpt(scanner.until(''))} after the result; what may follow is , WARN text`);
  for (let text = ''; ; ) {
    text += scanner.until(',');
    const isLast = scanner.next !== ',';
    if (isLast || takesWarn(scanner)) {
      warnings.push(words(text) || undefined);
      text = '';
      if (isLast) return warnings;
    } else if (scanner.take(',')) text += ',';
  }
};

/** Steps over `, WARN` if that comes next. */
const takesWarn = (scanner: Scanner): boolean => {
  const start = scanner.at;
  if (scanner.take(',')) {
    scanner.skipSpaces();
    if (scanner.word() === 'WARN') return true;
  }
  scanner.backTo(start);
  return false;
};
