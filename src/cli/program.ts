import { Command, CommanderError } from 'commander';
import { Cancelled } from '../audit/cancellation.ts';
import { declareAudit } from './audit.ts';
import { declareCheck } from './check.ts';
import { declareConform } from './conform.ts';
import { type Console, errorLine, exit, gravest, shown, stoppedStatus } from './console.ts';
import { declareDiff } from './diff.ts';
import { declareExplore } from './explore.ts';
import { failureWords } from './failure.ts';
import { declareFind } from './find.ts';
import { declareHelp } from './help.ts';
import { declareSubject } from './kernel.ts';
import { declareList } from './list.ts';
import type { Declare } from './options.ts';
import { declareReplay } from './replay.ts';
import { declareReview } from './review.ts';
import { declareRun } from './run.ts';

/** In the order of `pagelaw --help`. */
const commands: readonly Declare[] = [
  declareList,
  declareCheck,
  declareAudit,
  declareReview,
  declareDiff,
  declareConform,
  declareReplay,
  declareRun,
  declareFind,
  declareExplore,
  declareSubject,
  declareHelp,
];

const examples = `
Examples:
  pagelaw check                              every variant of every model
  pagelaw check pkvm-mmio@v4                 one variant, with its traces
  pagelaw check pkvm-mmio --switch donateChecksMmio=false
                                             the default variant less one check
  pagelaw check pkvm-mmio@before --save      keep the counterexamples in .pagelaw/
  pagelaw replay '.pagelaw/pkvm-mmio@before.annotation-durable.'*
  pagelaw check ./my-model.mts               a model of your own
  pagelaw audit pkvm-mmio@v4                 its rules, ownership matrix and life cycle
  pagelaw review pkvm-mmio                   are these checks necessary?
  pagelaw diff pkvm-mmio@v4 pkvm-mmio@fixed  what does a change change?
  pagelaw find pkvm-mmio@before '-> panic'     can this happen, and how?
  pagelaw explore pkvm-mmio@v4               what can be called now, and what if?
`;

/** Runs a command line, without the program's name, and returns the exit status. Never throws: an error is a line on the side. */
export const run = async (argv: readonly string[], version: string, world: Console): Promise<number> => {
  const console: Console = Object.create(world, {
    out: { value: (text: string) => world.out(shown(text, world.colour)) },
    err: { value: (text: string) => world.err(shown(text, false)) },
  });
  let status: number = exit.asExpected;
  const program = new Command('pagelaw')
    .description('Checks the laws that kernel page-table code must keep.')
    .version(version)
    .addHelpText('after', examples)
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ helpWidth: 80 })
    .configureOutput({
      writeOut: (text) => console.out(text),
      writeErr: (text) => console.err(text),
      outputError: (text, write) => write(errorLine(text.replace(/^error: /, ''))),
    });

  for (const declare of commands)
    declare(program, console, (given) => {
      status = given;
    });

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    console.progress?.('');
    if (isA(CommanderError, error)) return error.exitCode === 0 ? exit.asExpected : exit.wrongUse;
    const stopped = console.interrupted.aborted ? stoppedStatus(console) : exit.asExpected;
    if (isA(Cancelled, error)) {
      console.err(errorLine(error.message));
      return stopped;
    }
    console.err(errorLine(failureWords(error)));
    return gravest(stopped, exit.wrongUse);
  }
};

/** A model can throw what cannot even be asked what it is. */
const isA = <T>(kind: new (...given: never[]) => T, error: unknown): error is T => {
  try {
    return error instanceof kind;
  } catch {
    return false;
  }
};
