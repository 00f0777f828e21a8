import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { Interrupted } from '../audit/cancellation.ts';
import { type AuditOptions, auditCommand } from './audit.ts';
import { type CheckOptions, checkCommand } from './check.ts';
import { type ConformOptions, conformCommand } from './conform.ts';
import { type Console, errorLine, exit, gravest, shown, stoppedStatus } from './console.ts';
import { defaultDirectory } from './corpus.ts';
import { type DiffOptions, diffCommand } from './diff.ts';
import { failureWords } from './failure.ts';
import { formats } from './formats.ts';
import { helpCommand, topics } from './help.ts';
import { type BuildOptions, subjectBuildCommand } from './kernel.ts';
import { listCommand } from './list.ts';
import { replayCommand } from './replay.ts';
import { type ReviewOptions, reviewCommand } from './review.ts';
import { type RunOptions, runCommand } from './run.ts';

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
`;

const checkHelp = `
Without --search, every variant is searched exhaustively in the default
configuration and then, if the model has a larger one, at random in that
('pagelaw list' shows both); --set overrides either. 'reference' is the slow
search that defines the verdicts.

Exit status: 0 all as expected; 1 a property is violated that the variant does
not list as a known defect, or a known defect was not found; 2 wrong usage, a
broken model, or what was found could not be written; 3 incomplete: a bound came
first, and nothing is wrong so far; 130 interrupted, 143 terminated. Of several
the first of 130, 143, 2, 1, 3, 0. What was found by then is printed.

Examples:
  pagelaw check pkvm-mmio@fixed --search exhaustive --set pool=2
  pagelaw check pkvm-mmio@v4 --property no-panic --property single-owner
  pagelaw check --search random --seed 7 --runs 5000
  pagelaw check mte-tags --matrix --switch memory=sc,weak
`;

const runHelp = `
A line is a call with what it should return, or an expectation of the state:

  init vms[0].memcache=1                  # before the first call
  # a page that is shared cannot be donated
  host_share_hyp(pfn=0) -> 0
  host_donate_hyp(0, 1) -> -EPERM         # or -> -1, or = -1
  expect host[0]=SHARED_OWNED hyp[0]=SHARED_BORROWED
  show                                    # or: show host[0] vms[0].guest

Arguments are named, or in the order of the kernel function. 'pagelaw list
MODEL' shows the calls. -> 2 expects a returned value, -> panic a panic, and
-> -EIO, WARN text the WARN that fires on the way. A WARN that is not expected
fails its line; a call without a result may return anything but a panic.
README.md has the grammar.

Exit status: 0 every line is as expected; 1 one is not, and the script was
stopped there unless --keep-going is given; 2 wrong usage, a line that cannot be
read, or a broken model; 130 interrupted.

Examples:
  pagelaw run pkvm-ownership bug.script --set pages=512
  pagelaw run stage2@guest - < bug.script
`;

const auditHelp = `
Everything is read off the decision tables and the explored graph of one
variant: without a name, the default one. A long table is shown in outline, with
one row where all reachable cases have one result; json, csv and --command have
a row for each case (but --command counts those that no state takes, if they are
many). mermaid, dot and svg draw the life cycle.

Exit status: 0; 2 wrong usage or a broken model; 3 incomplete: a bound came
first; 130 interrupted, 143 terminated.

Examples:
  pagelaw audit pkvm-mmio@v4 --command host_access
  pagelaw audit pkvm-mmio --format svg > life.svg
`;

const reviewHelp = `
Prints the matrix of variants by properties; then, from one variant on, what
each switch alone breaks when it is set otherwise, and the minimal sets of
two-valued switches that keep every property. What breaks nothing is redundant
in this configuration only.

Exit status: 0; 2 wrong usage or a broken model; 3 incomplete: a bound came
first; 130 interrupted, 143 terminated.

Examples:
  pagelaw review pkvm-mmio
  pagelaw review ./my-model.mts@v2 --mutate --sample 5000 --seed 7
`;

const buildHelp = `
The tree is only read. The program is kept in the user's cache folder, by all
that went into it, and its path is printed: for check --subject and conform.
src/subject/README.md says how a program of your own becomes a subject.

Exit status: 0; 2 wrong usage, or what the build lacks.

Examples:
  pagelaw subject build stage2 --kernel ~/linux
  pagelaw subject build stage2@host-7.1 --kernel ~/linux --set entriesPerTable=4
  pagelaw subject build pkvm-ownership --kernel ~/linux --cc clang
`;

const conformHelp = `
Every call is made on both sides in every state that both reach by the same
calls; where there are more than 20,000, random runs follow. Differences are
grouped by kind, each with its shortest calls. 'pagelaw help subjects' has the
protocol that a program speaks.

Exit status: 0 no difference that is not accepted; 1 there is one, or one that
is accepted does not occur; 2 wrong usage, or the program failed; 3 incomplete:
a bound came first; 130 interrupted, 143 terminated.

Examples:
  pagelaw conform stage2@guest -- ./pgtable-subject
  pagelaw conform stage2 --diff './before -v' ./after
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

  program
    .command('list')
    .description('show models, their configuration, switches, variants and properties')
    .argument('[model...]', 'only these: MODEL or FILE')
    .addOption(formatOption(formats.list))
    .option('--json', jsonOption)
    .action(async (names: string[], options) => {
      status = await listCommand(names, options, console);
    });

  program
    .command('check')
    .description('search models for violations of their properties')
    .argument('[target...]', 'MODEL, MODEL@VARIANT or FILE; without it, everything')
    .option('--set <name=value>', 'set a config parameter', collect)
    .option('--switch <name=value>', 'set a switch, of the default variant if none is named', collect)
    .option('--property <id>', 'judge only this property', collect)
    .addOption(new Option('--search <kind>', 'only this search').choices(['exhaustive', 'random', 'reference']))
    .option('--max-states <n>', 'exhaustive: stop, as incomplete, at so many states', positive)
    .option('--max-memory <MiB>', `exhaustive: ${memoryOption}`, positive)
    .option('--allow-incomplete', allowOption)
    .option('--workers <n>', 'exhaustive: how many threads (as many as there are cores)', bounded(256))
    .addOption(
      new Option(
        '--symmetry <use>',
        'exhaustive: visit one state for all that are alike; check: also without (on)',
      ).choices(['on', 'off', 'check']),
    )
    .addOption(
      new Option(
        '--cross-check [seed]',
        'exhaustive: check proofs by the whole reference search, or with this seed',
      ).argParser(integer),
    )
    .option('--runs <n>', 'random: how many runs (1000)', positive)
    .option('--length <n>', 'random: at most so many commands in a run (100)', bounded(100_000))
    .option('--seed <n>', 'random: the seed (1)', integer)
    .addOption(new Option('--path <n>', 'random: begin at this run, as printed with a violation').argParser(runPath))
    .addOption(new Option('--save [dir]', 'save counterexamples (in .pagelaw)').argParser((dir: string) => dir))
    .option('--corpus <dir>', 'replay the counterexamples kept there first (.pagelaw, if it is there)')
    .option(
      '--matrix',
      `variants by properties (${formats.document.join(', ')}); --switch NAME=A,B then takes each value`,
    )
    .option('--subject <command>', 'judge the calls of this program in place of those of the model')
    .option('--kernel <path>', 'build that program from the code of this kernel tree')
    .option('--cc <compiler>', 'the compiler for that (cc)')
    .option('--cflag <flag>', 'a flag for the compiler, as in --cflag=-fsanitize=undefined', collect)
    .option('--timeout <seconds>', timeoutOption, positive)
    .option('--coverage', 'show how often each command had each result')
    .option('--report <file>', 'write the results to an HTML file as well')
    .addOption(formatOption(formats.check))
    .option('--json', jsonOption)
    .addHelpText('after', checkHelp)
    .action(async (names: string[], options: Omit<CheckOptions, 'save'> & { readonly save?: string | true }) => {
      const { save, ...rest } = options;
      const directory = save === undefined ? {} : { save: save === true ? defaultDirectory : save };
      status = await checkCommand(names, { ...rest, ...directory }, console);
    });

  program
    .command('audit')
    .description("show each call's rules, who may do what with a page, and a page's life cycle")
    .argument('<target>', 'MODEL, MODEL@VARIANT or FILE')
    .option('--command <name>', 'rules of this command only, and all of its cases', collect)
    .option('--refusals', 'show refused calls in the life cycle')
    .option('--set <name=value>', 'set a config parameter', collect)
    .option('--switch <name=value>', 'set a switch, of the default variant if none is named', collect)
    .option('--max-states <n>', 'stop, as incomplete, at so many states', positive)
    .option('--max-memory <MiB>', memoryOption, positive)
    .option('--allow-incomplete', allowOption)
    .option('--workers <n>', 'how many threads (as many as there are cores)', bounded(256))
    .addOption(formatOption(formats.audit))
    .option('--json', jsonOption)
    .addHelpText('after', auditHelp)
    .action(async (name: string, options: AuditOptions) => {
      status = await auditCommand(name, options, console);
    });

  program
    .command('review')
    .description('which switch bears which property, and what the properties would not notice')
    .argument('<target>', 'MODEL, MODEL@VARIANT or FILE; without a variant, the default one')
    .option('--set <name=value>', 'set a config parameter', collect)
    .option('--no-matrix', 'leave out the matrix, which takes a search of every variant')
    .option('--mutate', 'put one row of the decision tables wrong at a time, and see what catches it')
    .option('--sample <n>', 'judge at most so many mutants (1000)', positive)
    .option('--seed <n>', 'draw the sample with this seed (1)', integer)
    .option('--budget <n>', 'at most so many searches for minimal sets of switches (200)', positive)
    .option('--max-states <n>', 'stop each search, as incomplete, at so many states', positive)
    .option('--max-memory <MiB>', memoryOption, positive)
    .option('--allow-incomplete', allowOption)
    .option('--workers <n>', 'how many threads (as many as there are cores)', bounded(256))
    .addOption(formatOption(formats.document))
    .option('--json', jsonOption)
    .addHelpText('after', reviewHelp)
    .action(async (name: string, options: ReviewOptions) => {
      status = await reviewCommand(name, options, console);
    });

  program
    .command('diff')
    .description('what two variants, or two versions of a model file, do differently')
    .argument('<a>', 'MODEL@VARIANT or FILE@VARIANT')
    .argument('<b>', 'the same, with the same states')
    .option('--set <name=value>', 'set a config parameter, on both sides', collect)
    .option('--max-states <n>', 'stop, as incomplete, at so many states', positive)
    .option('--max-memory <MiB>', memoryOption, positive)
    .option('--allow-incomplete', allowOption)
    .option('--workers <n>', 'how many threads (as many as there are cores)', bounded(256))
    .addOption(formatOption(formats.document))
    .option('--json', jsonOption)
    .addHelpText(
      'after',
      '\nExit status: 0 no reachable call differs; 1 one does; 2 they cannot be compared;\n3 incomplete: a bound came first, and none differs so far; 130 interrupted, 143\nterminated.\n',
    )
    .action(async (a: string, b: string, options: DiffOptions) => {
      status = await diffCommand(a, b, options, console);
    });

  program
    .command('conform')
    .description('hold a program against a model, or against another program, call by call')
    .argument('<target>', 'MODEL, MODEL@VARIANT or FILE; without a variant, that of the program')
    .argument('[program...]', 'behind --: the program and its arguments')
    .option('--diff <programs...>', 'two programs to compare with each other, each in quotes')
    .option('--kernel <path>', 'build the program from the code of this kernel tree')
    .option('--cc <compiler>', 'the compiler for that (cc)')
    .option('--cflag <flag>', 'a flag for the compiler, as in --cflag=-fsanitize=undefined', collect)
    .option('--accept <file>', 'differences that are known, in JSON: [{ "call", "condition", "reason" }]')
    .addOption(new Option('--search <kind>', 'only this search').choices(['exhaustive', 'random']))
    .option('--set <name=value>', 'set a config parameter', collect)
    .option('--switch <name=value>', 'set a switch', collect)
    .option('--max-states <n>', 'exhaustive: stop, as incomplete, at so many states', positive)
    .option('--max-memory <MiB>', memoryOption, positive)
    .option('--allow-incomplete', allowOption)
    .option('--workers <n>', 'how many processes of each program (1)', bounded(256))
    .option('--timeout <seconds>', timeoutOption, positive)
    .option('--runs <n>', 'random: how many runs (1000)', positive)
    .option('--length <n>', 'random: at most so many calls in a run (100)', bounded(100_000))
    .option('--seed <n>', 'random: the seed (1)', integer)
    .option('--coverage', 'show which results were compared, and how often')
    .addOption(formatOption(formats.document))
    .option('--json', jsonOption)
    .addHelpText('after', conformHelp)
    .action(async (name: string, words: string[], options: ConformOptions) => {
      status = await conformCommand(name, words, options, console);
    });

  program
    .command('replay')
    .description('show a saved counterexample step by step')
    .argument('<file>', 'as written by check --save')
    .option('--model <file>', 'take the model from this file')
    .addOption(formatOption(formats.check))
    .option('--json', jsonOption)
    .addHelpText(
      'after',
      '\nExit status: 1 it still breaks the property; 0 it no longer does; 2 it no\nlonger applies.\n',
    )
    .action(async (file: string, options) => {
      status = await replayCommand(file, options, console);
    });

  program
    .command('run')
    .description('make the calls of a script, and compare their results and the state')
    .usage('[options] [target] <trace>')
    .argument('<target>', 'MODEL, MODEL@VARIANT or FILE; not needed where the trace says it')
    .argument(
      '[trace]',
      'a script: a call or an expectation a line; a saved counterexample; or an ITF trace; - is standard input',
    )
    .option('--set <name=value>', 'set a config parameter, to more than a search takes as well', collect)
    .option('--switch <name=value>', 'set a switch', collect)
    .option('--keep-going', 'after a line that is not as expected, go on with the state that was reached')
    .addOption(formatOption(formats.run))
    .option('--json', jsonOption)
    .option('--ktap', 'short for --format ktap, the format of kernel self-tests')
    .addHelpText('after', runHelp)
    .action(async (first: string, second: string | undefined, options: RunOptions) => {
      const [name, trace] = second === undefined ? [undefined, first] : [first, second];
      status = await runCommand(name, trace, options, console);
    });

  program
    .command('subject')
    .description('code in place of a model')
    .command('build')
    .description("compile a kernel tree's own code into a program that check and conform can ask")
    .argument('<target>', 'MODEL or MODEL@VARIANT')
    .requiredOption('--kernel <path>', 'the kernel tree')
    .option('--set <name=value>', 'build for this config parameter', collect)
    .option('--switch <name=value>', 'build for this switch', collect)
    .option('--cc <compiler>', 'the compiler (cc)')
    .option('--cflag <flag>', 'a flag for the compiler, as in --cflag=-fsanitize=undefined', collect)
    .option(
      '--harness <dir>',
      'the folder of a harness, with its subject.json, in place of the one that pagelaw brings',
    )
    .option('--verbose', "print the compiler's command lines")
    .addHelpText('after', buildHelp)
    .action(async (name: string, options: BuildOptions) => {
      status = await subjectBuildCommand(name, options, console);
    });

  program
    .command('help')
    .description('this, the help of a command, or a text to read')
    .argument('[topic]', `a command, or ${Object.keys(topics()).join(', ')}`)
    .action((topic: string | undefined) => {
      const command = topic === undefined ? program : program.commands.find((one) => one.name() === topic);
      if (command) command.outputHelp();
      else status = helpCommand(topic!, console);
    });

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    console.progress?.('');
    if (isA(CommanderError, error)) return error.exitCode === 0 ? exit.asExpected : exit.wrongUse;
    const stopped = console.interrupted.aborted ? stoppedStatus(console) : exit.asExpected;
    if (isA(Interrupted, error)) {
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

const formatOption = (names: readonly string[]) =>
  new Option('--format <name>', 'how to print it (text)').choices(names);

const jsonOption = 'short for --format json';

const memoryOption = "stop, as incomplete, when the process takes more (60 % of RAM, or of the container's)";

const timeoutOption = 'a program that is silent for so long hangs (10)';

const allowOption = 'exit with 0, not 3, where a bound came first and nothing is wrong so far';

const collect = (value: string, before: string[] = []) => [...before, value];

const integer = (text: string): number => {
  if (!/^-?\d{1,10}$/.test(text)) throw new InvalidArgumentError('It is an integer.');
  return Number(text);
};

const positive = (text: string): number => {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It is an integer from 1 on.');
  return Number(text);
};

const bounded =
  (most: number) =>
  (text: string): number => {
    if (positive(text) > most) throw new InvalidArgumentError(`It is at most ${most}.`);
    return Number(text);
  };

const runPath = (text: string): string => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is the number of a run.');
  return text;
};
