import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { SpecError } from '../spec/errors.ts';

export interface Run {
  /** The exit status; undefined if the program could not be started. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, with messages in English. */
export const runProgram = (program: string, args: readonly string[]): Promise<Run> =>
  new Promise((done) => {
    execFile('env', ['LC_ALL=C', program, ...args], { maxBuffer: 256 * 1024 * 1024 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
      // env(1): 127 if there is no such program, 126 if it cannot be run.
      done({ status: status === 126 || status === 127 ? undefined : status, stdout, stderr });
    });
  });

/** A command line that can be copied into a shell. */
export const shellLine = (program: string, args: readonly string[]): string =>
  [program, ...args]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');

/** The compiler's own name and version. Throws a SpecError if there is no such compiler. */
export const compilerVersion = async (cc: string): Promise<string> => {
  const { status, stdout } = await runProgram(cc, ['--version']);
  if (status !== 0)
    throw new SpecError(
      `there is no compiler called ${cc}; --cc names another one, as in --cc ${cc === 'clang' ? 'gcc' : 'clang'}`,
    );
  return stdout.split('\n')[0]!;
};

/** Where a compiler's complaint is, and of what: the symbol that a header of the kernel would have declared. */
interface Lack {
  readonly what: string;
  readonly kind: 'header' | 'symbol' | 'member' | 'definition';
}

const name = '[\'`‘"]([^\'`’"]+)[\'’"]';
const lacks: readonly { readonly pattern: RegExp; readonly kind: Lack['kind'] }[] = [
  { pattern: /fatal error: ([^:\n]+): No such file/, kind: 'header' },
  { pattern: new RegExp(`fatal error: ${name} file not found`), kind: 'header' },
  { pattern: new RegExp(`implicit declaration of function ${name}`), kind: 'symbol' },
  { pattern: new RegExp(`call to undeclared function ${name}`), kind: 'symbol' },
  { pattern: new RegExp(`use of undeclared identifier ${name}`), kind: 'symbol' },
  { pattern: new RegExp(`${name} undeclared`), kind: 'symbol' },
  { pattern: new RegExp(`unknown type name ${name}`), kind: 'symbol' },
  { pattern: new RegExp(`(?:has no|no) member named ${name}`), kind: 'member' },
  { pattern: new RegExp(`undefined type ${name}`), kind: 'symbol' },
  { pattern: new RegExp(`incomplete type ${name}`), kind: 'symbol' },
  { pattern: new RegExp(`undefined reference to ${name}`), kind: 'definition' },
  { pattern: /undefined symbol: (\S+)/, kind: 'definition' },
];

const lackIn = (line: string): Lack | undefined => {
  for (const { pattern, kind } of lacks) {
    const what = pattern.exec(line)?.[1];
    if (what !== undefined) return { what, kind };
  }
  return undefined;
};

/**
 * What a failed build lacks, and where to add it, as one line; `kernel` and `shim` are paths. Without anything that is known, the
 * compiler's first error.
 */
export const explainFailure = (stderr: string, kernel: string, shim: string, manifest: string): string => {
  const lines = stderr.split('\n').filter((line) => / error: |undefined (?:reference|symbol)/.test(line));
  const first = lines.find((line) => lackIn(line)) ?? lines[0] ?? stderr.trim().split('\n').at(-1) ?? '';
  const place = /^([^:\s]+):(\d+)/.exec(first);
  const file = place?.[1];
  const within = file?.startsWith(kernel) ? file.slice(kernel.length).replace(/^\/+/, '') : file && basename(file);
  const where = within === undefined ? '' : ` (${within}:${place![2]})`;
  const lack = lackIn(first);
  if (!lack) return /#error "?([^"]*)/.exec(first)?.[1] ?? first.trim();
  const { what, kind } = lack;
  if (kind === 'header')
    return `there is no header ${what}${where}: list it in emptyHeaders of ${manifest}, and declare what is used of it in ${shim}`;
  if (kind === 'member') return `the shim lacks the member ${what}${where}: add it to the structure in ${shim}`;
  if (kind === 'definition') return `nothing defines ${what}: define it in the harness, or as a macro in ${shim}`;
  return `the shim lacks ${what}${where}: add it to ${shim}`;
};
