#!/usr/bin/env node
// Nothing of pagelaw is imported here but types, so that what goes wrong in loading the rest is told like any other error.
import { readFileSync } from 'node:fs';
import type { Console, exit } from './console.ts';

const wrongUse: (typeof exit)['wrongUse'] = 2;

/** Of the command, when it has ended by itself. */
let status: number | undefined;
/** What went wrong beside it: the first such thing. */
let failure: string | undefined;
/** Whether the command has printed a line of its own on stderr. */
let hasSaid = false;
/** Of standard output, from the first thing on that could not be written. */
let lost: NodeJS.ErrnoException | undefined;
/** As soon as they are loaded. */
let loaded: typeof import('./console.ts') | undefined;

const errorLine = (message: string): string =>
  loaded?.errorLine(message) ?? `pagelaw: ${message.replaceAll(/\s+/g, ' ')}\n`;

// Until the command has ended by itself, nothing that ends the process may look like success: a model file may call
// process.exit(), or wait for ever.
process.exitCode = wrongUse;
process.on('exit', () => {
  if (lost && lost.code !== 'EPIPE') failure ??= `cannot write the output: ${lost.message}`;
  if (status === undefined)
    failure ??= 'ended before it had finished; does a model file call process.exit(), or wait for ever?';
  // A command that ends in an error has said so in one line; what a broken file does beside it is no news.
  if (failure !== undefined && !(hasSaid && status === wrongUse)) process.stderr.write(errorLine(failure));
  process.exitCode = loaded ? finalStatus(loaded) : wrongUse;
});

const finalStatus = ({ exit, gravest }: typeof import('./console.ts')): number => {
  const ended = gravest(status ?? wrongUse, failure === undefined ? exit.asExpected : wrongUse);
  // A program that SIGPIPE may end is ended by it where nobody reads on. Node ignores that signal.
  return lost?.code === 'EPIPE' && ended < exit.interrupted ? exit.closedPipe : ended;
};

const stop = new AbortController();

/** What was found by then is printed. */
const stopOn = (signal: 'SIGINT' | 'SIGTERM', reason: number) =>
  process.on(signal, () => {
    for (const one of ['SIGINT', 'SIGTERM']) process.removeAllListeners(one); // a second signal does not wait for that
    stop.abort(reason);
  });
stopOn('SIGINT', 130 satisfies (typeof exit)['interrupted']);
stopOn('SIGTERM', 143 satisfies (typeof exit)['terminated']);

/** For the command to print what it has, when something else has failed. */
const millisecondsToEnd = 3000;

for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => {
    failure ??= `something that a model file left running failed: ${thrown(error)}`;
    stop.abort(wrongUse);
    setTimeout(() => process.exit(), millisecondsToEnd).unref();
  });

let thrown = (error: unknown): string => {
  try {
    return String(error);
  } catch {
    return 'something that cannot be shown';
  }
};

// What cannot be written is told at the end: `--save` and `--report` still keep what was found.
process.stdout.on('error', (error) => {
  lost ??= error;
});
process.stderr.on('error', () => undefined);

/** From the package that this file belongs to: dist/src/cli/ in a build, src/cli/ in the sources. */
const version = (): string => {
  for (const up of ['../../', '../../../'])
    try {
      return JSON.parse(readFileSync(new URL(`${up}package.json`, import.meta.url), 'utf8')).version;
    } catch {}
  return 'unknown';
};

let lastResident = 0;

/** It is read from a file, which cannot be opened where too many are open already. */
const resident = (): number => {
  try {
    lastResident = process.memoryUsage.rss();
  } catch {}
  return lastResident;
};

const terminal = async (): Promise<Console> => {
  const [{ default: pc }, { createLogUpdate }] = await Promise.all([import('picocolors'), import('log-update')]);
  const watched = process.stderr.isTTY && process.env.TERM !== 'dumb';
  const line = createLogUpdate(process.stderr, { showCursor: true });
  return {
    out: (text) => {
      if (!lost) process.stdout.write(text);
    },
    err: (text) => {
      hasSaid ||= text.startsWith('pagelaw: ');
      process.stderr.write(text);
    },
    colour: pc.isColorSupported && (process.stdout.isTTY || 'FORCE_COLOR' in process.env),
    annotates: process.env.GITHUB_ACTIONS === 'true',
    progress: watched ? (text) => (text === '' ? line.clear() : line(text)) : undefined,
    get input() {
      return process.stdin;
    },
    interrupted: stop.signal,
    ...(process.env.XDG_CACHE_HOME && { cache: process.env.XDG_CACHE_HOME }),
    resident,
  };
};

let hint = '';

try {
  const { enoughFiles, needSpace, openFiles, spaceFor } = await import('./ulimit.ts');
  const files = openFiles();
  if (files < enoughFiles) hint = `; ulimit -n allows ${files} open files, and pagelaw may need ${enoughFiles}`;
  needSpace(spaceFor.start, 'pagelaw');
  loaded = await import('./console.ts');
  ({ thrown } = await import('../system/guarded.ts'));
  const { run } = await import('./program.ts');
  status = await run(process.argv.slice(2), version(), await terminal());
} catch (error) {
  failure ??= `cannot start: ${error instanceof Error ? error.message : thrown(error)}${hint}`;
}

// What a model file leaves running must not keep the process alive when everything is said.
const written = (stream: NodeJS.WriteStream) => new Promise((done) => stream.write('', done));
await Promise.all([written(process.stdout), written(process.stderr)]);
process.exit();
