import type { Command } from '../spec/model.ts';
import type { Term, Value } from './result.ts';

/** Divisors that are tried: entries in a table, pages in a block. */
const mostEntries = 8;

/** What gives each call its value: the one value they all have, else a term of their arguments; undefined if there is none. */
export const termFor = (commands: readonly Command[], values: readonly Value[]): Value | Term | undefined => {
  const first = values[0]!;
  if (values.every((value) => value === first)) return first;
  for (const name of Object.keys(commands[0]!)) {
    if (name === 'kind') continue;
    const args = commands.map((command): unknown => Reflect.get(command, name));
    if (args.every((arg, i) => arg === values[i])) return { term: name };
    if (!areNumbers(args) || !areNumbers(values)) continue;
    const [arg, value] = [args[0]!, values[0]!];
    for (const { term, of } of termsOf(name, arg, value))
      if (args.every((arg, i) => of(arg) === values[i])) return { term };
  }
  return undefined;
};

const areNumbers = (values: readonly unknown[]): values is number[] =>
  values.every((value) => typeof value === 'number');

interface Candidate {
  readonly term: string;
  of(arg: number): number;
}

/** Terms that give `value` for `arg`, or may. Division rounds down. */
function* termsOf(name: string, arg: number, value: number): Generator<Candidate> {
  const difference = value - arg;
  yield {
    term: difference < 0 ? `${name}-${-difference}` : `${name}+${difference}`,
    of: (arg) => arg + difference,
  };
  yield { term: `${value + arg}-${name}`, of: (other) => value + arg - other };
  for (let n = 2; n <= mostEntries; n++) {
    yield { term: `${name}/${n}`, of: (arg) => Math.floor(arg / n) };
    yield { term: `${name}%${n}`, of: (arg) => arg % n };
    yield { term: `${n - 1}-${name}%${n}`, of: (arg) => n - 1 - (arg % n) };
  }
}

/** Whether a remainder is used without the quotient: rather a coincidence than a table and a place in it. */
export const isFarFetched = (terms: readonly string[]): boolean =>
  terms.some((term) => {
    const [, name, n] = /(\w+)%(\d+)/.exec(term) ?? [];
    return name !== undefined && !terms.some((one) => one.includes(`${name}/${n}`));
  });
