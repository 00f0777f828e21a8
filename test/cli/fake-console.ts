import { Readable } from 'node:stream';
import { run } from '../../src/cli/program.ts';

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  readonly lines: readonly string[];
}

interface Options {
  /** Ctrl-C at this progress line, counted from 1. */
  readonly interruptAfter?: number;
  /** Ctrl-C at the first progress line of which this is true. */
  readonly interruptAt?: (line: string) => boolean;
  /** What standard input has. */
  readonly input?: Readable;
  /** What the interruption says that the exit status is to be. */
  readonly reason?: number;
  /** Bytes of memory that the process has taken; none if not given. */
  readonly resident?: () => number;
}

/** Runs a command line as a pipe sees it: no colour, and progress only if it is to be interrupted. */
export const pagelaw = async (
  argv: readonly string[],
  { interruptAfter, interruptAt, input = Readable.from([]), reason, resident = () => 0 }: Options = {},
): Promise<Ran> => {
  let out = '';
  let err = '';
  const lines: string[] = [];
  const interruption = new AbortController();
  const progress = (line: string) => {
    lines.push(line);
    if (lines.length === interruptAfter || interruptAt?.(line)) interruption.abort(reason);
  };
  const status = await run(argv, '1.2.3', {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    colour: false,
    progress: interruptAfter || interruptAt ? progress : undefined,
    input,
    interrupted: interruption.signal,
    resident,
  });
  return { status, out, err, lines };
};

/** A command line as it is typed, without quoting. */
export const typed = (line: string, options = {}): Promise<Ran> => pagelaw(line.split(' '), options);
