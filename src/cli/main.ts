#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import { printable } from '../spec/printable.ts';
import { type Console, errorLine, exit } from './console.ts';
import { run } from './program.ts';

// Until the command has ended by itself, nothing that ends the process may look like success: a model file may call
// process.exit(), or wait for ever.
let ended = false;
process.exitCode = exit.wrongUse;
process.on('exit', () => {
  if (ended) return;
  process.stderr.write(
    'pagelaw: ended before it had finished; does a model file call process.exit(), or wait for ever?\n',
  );
  process.exitCode = exit.wrongUse;
});

const leave = (status: number): never => {
  ended = true;
  process.exit(status);
};

for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => {
    process.stderr.write(
      errorLine(`something that a model file left running failed: ${String(error).split('\n', 1)[0]}`),
    );
    leave(exit.wrongUse);
  });

const interruption = new AbortController();
process.on('SIGINT', () => {
  // The first ctrl-C lets the search report what it has; a second one does not wait.
  if (interruption.signal.aborted) leave(exit.interrupted);
  interruption.abort();
});

for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // `pagelaw check | head` is no error. A full disk is: what was printed is not all there is.
    if (error.code === 'EPIPE') leave(exit.asExpected);
    if (stream === process.stdout) process.stderr.write(errorLine(`cannot write the output: ${error.message}`));
    leave(exit.wrongUse);
  });

const watched = process.stderr.isTTY && process.env.TERM !== 'dumb';
const line = createLogUpdate(process.stderr, { showCursor: true });

const terminal: Console = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  colour: pc.isColorSupported && (process.stdout.isTTY || 'FORCE_COLOR' in process.env),
  annotates: process.env.GITHUB_ACTIONS === 'true',
  progress: watched ? (text) => (text === '' ? line.clear() : line(text)) : undefined,
  get input() {
    return process.stdin;
  },
  interrupted: interruption.signal,
};

/** From the package that this file belongs to: dist/src/cli/ in a build, src/cli/ in the sources. */
const version = (): string => {
  for (const up of ['../../', '../../../'])
    try {
      return JSON.parse(readFileSync(new URL(`${up}package.json`, import.meta.url), 'utf8')).version;
    } catch {}
  return 'unknown';
};

const stackOf = (error: unknown): string => (error instanceof Error && error.stack) || String(error);

try {
  process.exitCode = await run(process.argv.slice(2), version(), terminal);
} catch (error) {
  // Not something the user asked for wrongly: a fault of pagelaw, with the stack that finds it.
  process.stderr.write(
    `pagelaw: internal error, please report it\n${stackOf(error).split('\n').map(printable).join('\n')}\n`,
  );
  process.exitCode = exit.wrongUse;
}
ended = true;
