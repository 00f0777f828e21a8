import type { Change, RuleTable } from '../../src/audit/result.ts';
import { changeWords, conditionWords, resultWords } from '../../src/report/rule-words.ts';
import type { Command } from '../../src/spec/index.ts';

/** A state by path: `host[0].kind` is `leaf`. */
export type Flat = Readonly<Record<string, string>>;

export const flat = (value: unknown, path = ''): Flat => {
  if (typeof value !== 'object' || value === null) return { [path]: String(value) };
  const at = (key: string) => (Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`);
  return Object.assign({}, ...Object.entries(value).map(([key, inner]) => flat(inner, at(key))));
};

/** The numbers of the rules that apply to a call, as a reader of the words would find them. */
export const applying = (table: RuleTable, command: Command, state: Flat): number[] =>
  [...table.rules.keys()].filter((i) =>
    table.rules[i]!.conditions.every((condition) => holds(conditionWords(condition), table, command, state)),
  );

/** What the words of a rule say that a call does. */
export const performed = (table: RuleTable, number: number, command: Command, state: Flat) => {
  const { result, changes } = table.rules[number]!;
  return { result: resultWords(result), state: changed(changes, table, command, state) };
};

const holds = (words: string, table: RuleTable, command: Command, state: Flat): boolean => {
  const [, path, sign, set] = /^(\S+) (=|!=) (.+)$/.exec(words)!;
  const value = state[named(path!, command)];
  const isIn = set!.split('|').some((part) => {
    const [, first, last] = /^(-?\d+)\.\.(-?\d+)$/.exec(part) ?? [];
    if (first !== undefined) return Number(value) >= Number(first) && Number(value) <= Number(last);
    return operand(part, table, command) === value;
  });
  return value !== undefined && isIn === (sign === '=');
};

const changed = (changes: readonly Change[], table: RuleTable, command: Command, state: Flat): Flat => {
  const after: Record<string, string> = { ...state };
  for (const words of changes.map(changeWords)) {
    const [, path = '', by, to] =
      /^(\S+) ([+-]= \d+)$/.exec(words) ?? /^(\S+)( ):= (.+)$/.exec(words) ?? /^(\S+):( ).* -> (.+)$/.exec(words)!;
    const field = named(path, command);
    if (to === undefined) {
      const sign = by!.startsWith('-') ? -1 : 1;
      after[field] = String(Number(state[field]) + sign * Number(by!.slice(3)));
      continue;
    }
    // Another case of a variant: its fields are those that the changes after this one set.
    const [, variant] = /^(.*\.)kind$/.exec(field) ?? [];
    if (variant !== undefined) for (const key of Object.keys(after)) if (key.startsWith(variant)) delete after[key];
    const [, copied] = /^copy of (\S+)$/.exec(to) ?? [];
    after[field] = copied === undefined ? operand(to, table, command) : state[named(copied, command)]!;
  }
  return after;
};

/** `host[pfn]` is `host[0]` for pfn=0, `at[thread]` is `at.vm1` for thread=vm1. */
const named = (path: string, command: Command) =>
  path.replaceAll(/\[([^\]]+)\]/g, (_, term: string) => {
    const key = /^\d+$/.test(term) ? term : evaluated(term, command);
    return /^\d+$/.test(key) ? `[${key}]` : `.${key}`;
  });

/** A value, unless it is a term of the arguments that the table's calls differ in. */
const operand = (words: string, { parameters }: RuleTable, command: Command): string =>
  parameters.some((name) => new RegExp(`^(\\d+-)?${name}([-+/%]\\d+)?$`).test(words))
    ? evaluated(words, command)
    : words;

const evaluated = (term: string, command: Command): string => {
  const [, from, name, operator, n] = /^(?:(\d+)-)?([a-z_]+)(?:([-+/%])(\d+))?$/.exec(term)!;
  const arg: unknown = Reflect.get(command, name!);
  if (operator === undefined) return String(from === undefined ? arg : Number(from) - Number(arg));
  const value = { '-': -Number(n), '+': Number(n) }[operator];
  const result =
    value !== undefined
      ? Number(arg) + value
      : operator === '/'
        ? Math.floor(Number(arg) / Number(n))
        : Number(arg) % Number(n);
  return String(from === undefined ? result : Number(from) - result);
};
