import { run } from '../../src/cli/program.ts';

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  readonly lines: readonly string[];
}

/** Runs a command line as a pipe sees it: no colour, and progress only if it is asked for. `interruptAfter`: ctrl-C at that progress line. */
export const pagelaw = async (argv: readonly string[], { interruptAfter = 0 } = {}): Promise<Ran> => {
  let out = '';
  let err = '';
  const lines: string[] = [];
  const interruption = new AbortController();
  const progress = (line: string) => {
    lines.push(line);
    if (lines.length === interruptAfter) interruption.abort();
  };
  const status = await run(argv, '1.2.3', {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    colour: false,
    progress: interruptAfter > 0 ? progress : undefined,
    interrupted: interruption.signal,
  });
  return { status, out, err, lines };
};

/** A command line as it is typed, without quoting. */
export const typed = (line: string, options = {}): Promise<Ran> => pagelaw(line.split(' '), options);
