import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Console } from './console.ts';

/**
 * Declares a command: its arguments, its options, its help, and what is done when it is called. `end` takes the exit status of the
 * command.
 */
export type Declare = (program: Command, console: Console, end: (status: number) => void) => void;

export const formatOption = (names: readonly string[]) =>
  new Option('--format <name>', 'how to print it (text)').choices(names);

export const jsonOption = 'short for --format json';

export const memoryOption = "stop, as incomplete, when the process takes more (60 % of RAM, or of the container's)";

export const timeoutOption = 'a program that is silent for so long hangs (10)';

export const allowOption = 'exit with 0, not 3, where a bound came first and nothing is wrong so far';

/** Of an option that may be given several times: all its values. */
export const collect = (value: string, before: string[] = []) => [...before, value];

export const integer = (text: string): number => {
  if (!/^-?\d{1,10}$/.test(text)) throw new InvalidArgumentError('It is an integer.');
  return Number(text);
};

export const positive = (text: string): number => {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It is an integer from 1 on.');
  return Number(text);
};

/** Seconds of a duration such as `90s`, `5m`, `1h`. */
export const duration = (text: string): number => {
  const [, number, unit] = /^([1-9]\d{0,5})([smh])$/.exec(text) ?? [];
  if (!number) throw new InvalidArgumentError('It is a number with s, m or h, as 90s, 5m or 1h.');
  return Number(number) * { s: 1, m: 60, h: 3600 }[unit as 's' | 'm' | 'h'];
};

export const bounded =
  (most: number) =>
  (text: string): number => {
    if (positive(text) > most) throw new InvalidArgumentError(`It is at most ${most}.`);
    return Number(text);
  };

export const runPath = (text: string): string => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is the number of a run.');
  return text;
};
