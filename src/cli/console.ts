import type { Readable } from 'node:stream';
import { printable } from '../spec/printable.ts';

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
  /** Aborted by ctrl-C. */
  readonly interrupted: AbortSignal;
}

/** Exit statuses. 130 is what shells give a program that ctrl-C ended. */
export const exit = { asExpected: 0, violated: 1, wrongUse: 2, interrupted: 130 } as const;

/** An error as it is printed: one line, whatever text from outside the message has in it. */
export const errorLine = (message: string): string => `pagelaw: ${printable(message)}\n`;
