import { match } from 'ts-pattern';
import wrapAnsi from 'wrap-ansi';
import type { Bound, Verdict } from '../search/result.ts';
import { describeCommand } from '../spec/model.ts';
import type { Property } from '../spec/property.ts';

export { scopeName } from '../spec/model.ts';

/** 1234567 as 1,234,567, whatever the locale. */
export const count = (n: number | bigint): string => String(n).replaceAll(/\B(?=(\d{3})+$)/g, ',');

/** `1 command`, `3 commands`; `2 properties`. */
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

export const settings = (values: Readonly<Record<string, number | boolean | string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');

export const boundWords = (bound: Bound): string =>
  match(bound)
    .with({ kind: 'states' }, ({ limit }) => `stopped at ${count(limit)} states`)
    .with({ kind: 'memory' }, ({ limit }) => `stopped at ${count(Math.floor(limit / 2 ** 20))} MiB of states`)
    .with(
      { kind: 'domain' },
      ({ command, misfit }) => `behind a violation ${describeCommand(command)} leaves the state's domain at ${misfit}`,
    )
    .with({ kind: 'interrupted' }, () => 'interrupted')
    .exhaustive();

/** The verdict in one word or two; a witness that is proved was reached. */
export const verdictWords = (verdict: Verdict, witness: boolean): string => {
  if (!witness) return verdict.kind;
  if (verdict.kind === 'proved') return 'reached';
  return verdict.kind === 'violated' ? 'unreached' : verdict.kind;
};

/** The statement and, in brackets, where it comes from. */
export const statementOf = ({ statement, source }: Property): string =>
  source === '' ? statement : `${statement} [${source}]`;

/** A state or a part of it: `{kind: present, refcount: 2, entries: [hyp, zero]}`. */
export const valueWords = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(valueWords).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{${Object.entries(value)
    .map(([name, inner]) => `${name}: ${valueWords(inner)}`)
    .join(', ')}}`;
};

/** Broken into lines of at most `width` at spaces, each indented. */
export const wrapped = (text: string, width: number, indent = ''): string =>
  wrapAnsi(text, width)
    .split('\n')
    .map((line) => indent + line)
    .join('\n');

/** The same for text in which a word may be longer than a line: it is broken. */
export const wrappedHard = (text: string, width: number, indent = ''): string =>
  wrapAnsi(text, width, { hard: true })
    .split('\n')
    .map((line) => indent + line)
    .join('\n');

/** Broken into lines of at most `width`, each indented, those below the first by four more. */
export const wrappedBelow = (text: string, width: number, indent: number): string =>
  ' '.repeat(indent) + wrapped(text, width - indent - 4, ' '.repeat(indent + 4)).trimStart();
