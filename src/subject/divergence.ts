import type { Command } from '../spec/model.ts';
import type { Outcome } from '../spec/outcome.ts';
import type { Reply } from './sides.ts';

/** One call that two sides answer differently in one state. */
export interface Difference {
  readonly before: unknown;
  readonly command: Command;
  readonly a: Outcome<unknown>;
  readonly b: Outcome<unknown>;
  /** The fields of the state that differ afterwards. None is named after a panic, or where only the results differ. */
  readonly fields: readonly FieldDifference[];
}

interface FieldDifference {
  /** `pages[1]` */
  readonly path: string;
  /** Undefined where the side has no such field. */
  readonly a: unknown;
  readonly b: unknown;
}

/**
 * What two sides say differently of a call; undefined if they agree. Texts are not compared: the words of a reason, a panic and a WARN are
 * each side's own. Nothing can follow a panic, so that the state after it is not compared.
 */
export const differenceOf = (before: unknown, command: Command, a: Reply, b: Reply): Difference | undefined => {
  const isSameResult = resultWords(a.outcome) === resultWords(b.outcome);
  const isSameState = a.key === b.key || a.outcome.result === 'panic' || b.outcome.result === 'panic';
  if (isSameResult && isSameState) return undefined;
  const fields = isSameState ? [] : [...fieldDifferences(JSON.parse(a.key), JSON.parse(b.key), '')];
  return { before, command, a: a.outcome, b: b.outcome, fields };
};

/** A result without the words that are a side's own: `ok`, `ok 2`, `-EPERM, WARN`, `panic`, `disabled`. */
export const resultWords = (outcome: Outcome<unknown>): string => {
  const { result, warnings } = outcome;
  const plain =
    result === 'refused'
      ? `-${outcome.errno}`
      : result === 'ok' && outcome.value !== undefined && outcome.value !== 0
        ? `ok ${outcome.value}`
        : result;
  return warnings.length > 0 ? `${plain}, WARN` : plain;
};

/** Differences of one kind have one mistake behind them, as a rule: the call, both results, and the fields without their positions. */
export const kindOf = ({ command, a, b, fields }: Difference): string => {
  const paths = [...new Set(fields.map(({ path }) => path.replaceAll(/\[\d+\]/g, '[]')))];
  return [command.kind, resultWords(a), resultWords(b), ...paths].join(' ');
};

function* fieldDifferences(a: unknown, b: unknown, path: string): Generator<FieldDifference> {
  if (
    typeof a !== 'object' ||
    typeof b !== 'object' ||
    a === null ||
    b === null ||
    Array.isArray(a) !== Array.isArray(b)
  ) {
    if (a !== b) yield { path: path || 'the state', a, b };
    return;
  }
  const kind = (value: object): unknown => Reflect.get(value, 'kind');
  if (kind(a) !== kind(b)) {
    yield { path, a, b };
    return;
  }
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const inner = Array.isArray(a) ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
    yield* fieldDifferences(Reflect.get(a, name), Reflect.get(b, name), inner);
  }
}
