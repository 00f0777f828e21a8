import type { Readable } from 'node:stream';
import { printable } from '../printable.ts';

/** What a command sees of the world. Only `main.ts` knows the process behind it. */
export interface Console {
  /** Results. */
  out(text: string): void;
  /** Errors and hints. */
  err(text: string): void;
  /** Whether results may be coloured. */
  readonly colour: boolean;
  /** Whether what fails is to be said once more, on the side, as an annotation of a GitHub Actions run. */
  readonly annotates?: boolean;
  /** Shows a line that replaces the one before, or with '' removes it; undefined where nobody watches. */
  readonly progress: ((line: string) => void) | undefined;
  /** Standard input. */
  readonly input: Readable;
  /** Aborted by ctrl-C, or by SIGTERM; the reason is then the exit status. */
  readonly interrupted: AbortSignal;
  /** The user's folder for what can be made again; undefined: .cache in the home folder. */
  readonly cache?: string;
  /** Bytes of memory that the process has taken, all threads together. */
  resident(): number;
}

/** Exit statuses. Those above 128 are what shells give a program that a signal ended: SIGINT, SIGPIPE, SIGTERM. */
export const exit = {
  asExpected: 0,
  violated: 1,
  wrongUse: 2,
  incomplete: 3,
  interrupted: 130,
  closedPipe: 141,
  terminated: 143,
} as const;

/** Where several statuses apply, the first of these counts: what ended the run, what is wrong, what is not known. */
const byGravity: readonly number[] = [
  exit.interrupted,
  exit.terminated,
  exit.wrongUse,
  exit.violated,
  exit.incomplete,
  exit.asExpected,
];

export const gravest = (...statuses: readonly number[]): number =>
  byGravity.find((one) => statuses.includes(one)) ?? exit.asExpected;

/** The status of a command that was told to stop: 130, 143, or 2 where something else had failed. */
export const stoppedStatus = ({ interrupted: { reason } }: Pick<Console, 'interrupted'>): number =>
  reason === exit.terminated || reason === exit.wrongUse ? reason : exit.interrupted;

/** A longer message is cut: with its name and the ellipsis it fills a screen. */
const longestMessage = 1600;

/** An error as it is printed: one line, of at most a screen, whatever text from outside the message has in it. */
export const errorLine = (message: string): string => {
  const line = printable(message.trim().replaceAll(/\s*[\r\n]+\s*/g, ' '));
  return `pagelaw: ${line.length > longestMessage ? `${line.slice(0, longestMessage)}...` : line}\n`;
};

/** What is kept of control characters: ends of lines, tabs, and colours where there are any. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the one that begins a colour is meant
const ours = /(\x1b\[[\d;]*m|\r?\n|\t)/;

/** Any text that is printed: nothing that a model, a file or an argument brings in may steer the terminal. */
export const shown = (text: string, coloured: boolean): string =>
  text
    .split(ours)
    .map((part, i) => (i % 2 === 1 && (coloured || !part.endsWith('m')) ? part : printable(part)))
    .join('');
