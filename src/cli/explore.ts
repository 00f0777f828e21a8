import { spawn } from 'node:child_process';
import { linkText, linkTo } from '../explore/link.ts';
import { type PageServer, serve } from '../explore/server.ts';
import { sessionFor } from '../explore/session.ts';
import { watchedScript } from '../explore/watched.ts';
import { SpecError } from '../spec/errors.ts';
import type { Command } from '../spec/model.ts';
import { scopeOf } from '../system/scope.ts';
import { systemOf } from '../system/system.ts';
import { fieldsOf } from '../trace/record.ts';
import { statementText } from '../trace/script/write.ts';
import { callsOf, startOf, type Trace } from '../trace/trace.ts';
import { type Console, exit } from './console.ts';
import { givenChoices } from './given.ts';
import { bounded, collect, type Declare } from './options.ts';
import { findTargets } from './suites.ts';
import { loadTrace } from './trace-file.ts';

interface ExploreOptions {
  /** `name=value`, as given. */
  readonly set?: readonly string[];
  readonly switch?: readonly string[];
  readonly port?: number;
  readonly open: boolean;
}

const help = `
The page shows the way so far, the state, every call with what it would do here,
and the properties. Its address holds the model and the calls: it can be sent.
The page is served on 127.0.0.1, to this machine alone, until ctrl-C.

Examples:
  pagelaw explore pkvm-mmio@v4
  pagelaw explore stage2 --set tables=2
  pagelaw explore spp access.script       the page opens at the end of the script
`;

export const declareExplore: Declare = (program, console, end) => {
  program
    .command('explore')
    .description('choose calls in a browser, and see what each does')
    .argument('<model>', 'MODEL, MODEL@VARIANT or FILE')
    .argument('[trace]', 'a script, a saved counterexample or an ITF trace: the page opens at its end')
    .option('--set <name=value>', 'set a config parameter', collect)
    .option('--switch <name=value>', 'set a switch', collect)
    .option('--port <number>', 'serve on this port (a free one)', bounded(65_535))
    .option('--no-open', 'do not open the browser')
    .addHelpText('after', help)
    .action(async (name: string, trace: string | undefined, options: ExploreOptions) => {
      end(await exploreCommand(name, trace, options, console));
    });
};

/** `pagelaw explore`: serves the page until it is interrupted, which is its end: 0. */
const exploreCommand = async (
  name: string,
  file: string | undefined,
  options: ExploreOptions,
  console: Console,
): Promise<number> => {
  const { start, module } = await startingAt(name, file, options, console);
  const page = await watchedScript(module);
  try {
    const server = await serving({ page, start, module }, options.port ?? 0);
    await served(server, start, options.open, console);
  } finally {
    page.close();
  }
  return exit.asExpected;
};

const served = async (server: PageServer, start: string, open: boolean, console: Console) => {
  const address = `${server.origin}/${start}`;
  console.out(`${address}\n`);
  console.err('ctrl-C ends it\n');
  if (open && console.progress) opened(address);
  await ended(console.interrupted);
  await server.close();
};

/** The link that the page opens at, and the file of its model. */
const startingAt = async (name: string, file: string | undefined, options: ExploreOptions, console: Console) => {
  const [target] = await findTargets(name);
  const { model } = target!.suite;
  const { config, alternatives } = givenChoices(model, options);
  if (file === undefined) {
    const scope = scopeOf(model, { variant: target!.variant, config, switches: alternatives[0]! });
    systemOf(model, scope);
    return { start: linkText(linkTo(model, scope, [])), module: target!.module };
  }
  const { trace, scope } = await loadTrace(file, { ...options, name }, console);
  const calls: Command[] = callsOf(trace).map(({ command }) => command);
  const link = linkTo(model, scope, calls, initOf(trace));
  sessionFor([target!.suite], link); // A script may have sizes that only run can take: then this says so.
  return { start: linkText(link), module: target!.module };
};

/** The state before the first call, as the fields of one `init`. */
const initOf = (trace: Trace): string | undefined => {
  const state = startOf(trace);
  if (state === undefined) return undefined;
  return statementText({ kind: 'init', line: 0, fields: fieldsOf(state), state }).replace(/^init /, '');
};

const serving = async (...given: Parameters<typeof serve>) => {
  try {
    return await serve(...given);
  } catch (error) {
    throw new SpecError(
      `cannot serve on port ${given[1]} of 127.0.0.1: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
};

/** Asks the desktop for its browser. Where there is none, the address has been printed. */
const opened = (address: string) => {
  const child = spawn('xdg-open', [address], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
};

const ended = (signal: AbortSignal) =>
  new Promise<void>((done) => {
    if (signal.aborted) return done();
    signal.addEventListener('abort', () => done(), { once: true });
  });
