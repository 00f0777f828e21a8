import { Option } from 'commander';
import type { CheckResult } from '../job/check.ts';
import { type Report, reportOf } from '../report/report.ts';
import { summaryOf, type Unfinished } from '../report/summary.ts';
import { SpecError } from '../spec/errors.ts';
import { prepareDirectory } from '../trace/saved.ts';
import { type OutputOptions, printCorpus, printFound, TextStream } from './check-output.ts';
import { type Console, exit, gravest } from './console.ts';
import { corpusDirectory, defaultDirectory, replayCorpus } from './corpus.ts';
import { type Format, formatOf, formats } from './formats.ts';
import { endStatus } from './limits.ts';
import { runLocally } from './local-jobs.ts';
import { memoryGuardFor, memoryLimit } from './memory.ts';
import {
  allowOption,
  bounded,
  collect,
  type Declare,
  duration,
  formatOption,
  integer,
  jsonOption,
  memoryOption,
  positive,
  runPath,
  timeoutOption,
} from './options.ts';
import { checkPage, type Searched, writePage } from './page.ts';
import { type Planned, type PlanOptions, plan, propertiesNamed } from './plan.ts';
import { checkedDirectory, saveAll } from './save.ts';
import { builtProgram, type FromKernel } from './subject.ts';
import { allSuites, findTargets } from './suites.ts';

interface CheckOptions extends PlanOptions {
  readonly save?: string;
  /** Where counterexamples are kept that are replayed first. */
  readonly corpus?: string;
  readonly json?: boolean;
  readonly format?: Format<'check'>;
}

const help = `
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

export const declareCheck: Declare = (program, console, end) => {
  program
    .command('check')
    .description('search models for violations of their properties')
    .argument('[target...]', 'MODEL, MODEL@VARIANT or FILE; without it, everything')
    .option('--set <name=value>', 'set a config parameter', collect)
    .option('--switch <name=value>', 'set a switch, of the default variant if none is named', collect)
    .option('--property <id>', "judge only this property, or those that match 'no-*'", collect)
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
    .option('--runs <n>', 'random: how many runs (3000)', positive)
    .option('--time <duration>', 'random: instead, until that is over, as 90s, 5m or 1h', duration)
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
    .option('--preemptions <n>', 'run pairs of its calls on two CPUs, with up to so many preemptions', bounded(8))
    .option('--timeout <seconds>', timeoutOption, positive)
    .option('--coverage', 'show how often each command had each result')
    .option('--report <file>', 'write the results to an HTML file as well')
    .addOption(formatOption(formats.check))
    .option('--json', jsonOption)
    .addHelpText('after', help)
    .action(async (names: string[], options: Omit<CheckOptions, 'save'> & { readonly save?: string | true }) => {
      const { save, ...rest } = options;
      const directory = save === undefined ? {} : { save: save === true ? defaultDirectory : save };
      end(await checkCommand(names, { ...rest, ...directory }, console));
    });
};

/** `pagelaw check`: plans every search before the first one starts, so that a wrong name costs no time. */
const checkCommand = async (
  names: readonly string[],
  given: CheckOptions & FromKernel,
  console: Console,
): Promise<number> => {
  const format = formatOf(given.format, given.json && 'json');
  if (given.matrix && !matrixFormats.includes(format))
    throw new SpecError(`--matrix has no format ${format}; it has ${formats.document.join(', ')}`);
  const targets =
    names.length === 0
      ? allSuites().map((one) => ({ ...one, variant: undefined }))
      : (await Promise.all(names.map(findTargets))).flat();
  if (given.kernel !== undefined && given.subject !== undefined)
    throw new SpecError('--kernel builds the program that --subject names; give one of them');
  const named = given.property && { property: propertiesNamed(targets, given.property) };
  const options =
    given.kernel === undefined
      ? { ...given, ...named }
      : { ...given, ...named, subject: await builtProgram(targets, given.kernel, given, console) };
  const planned = plan(targets, options);
  const misplaced = (['save', 'corpus'] as const).find((name) => options[name] !== undefined);
  if (options.subject !== undefined && misplaced)
    throw new SpecError(
      `--${misplaced} is not an option of --subject or --kernel: what is saved would be replayed on the model`,
    );
  if (options.save !== undefined) await prepareDirectory(checkedDirectory(options.save));

  // A saved counterexample is replayed on the model, which says nothing of the code.
  const directory = options.subject === undefined ? corpusDirectory(options.corpus, options.save) : undefined;
  const asked = { targets, property: options.property, switch: options.switch };
  const kept = directory === undefined ? [] : await replayCorpus(directory, asked);
  if (options.report !== undefined) checkPage(options.report);

  const output: OutputOptions = {
    format,
    matrix: options.matrix ?? false,
    coverage: options.coverage ?? false,
    inFull: names.some((name) => name.includes('@')) || options.switch !== undefined,
  };
  if (directory !== undefined) printCorpus(directory, kept, format, console);
  const stream = format === 'text' && !output.matrix ? new TextStream(planned, output, console) : undefined;
  const { searched, saved, unfinished, ...found } = await searchAll(planned, options, stream, console);
  const results = searched.map(({ result }) => result);
  const reports = searched.map(({ report }) => report);

  // Whatever fails from here on is told at the end, behind what was found.
  const failures = [...found.failures];
  const attempt = async (act: () => void | Promise<void>) => {
    try {
      await act();
    } catch (error) {
      failures.push({ error });
    }
  };
  await attempt(() => stream?.end(results, unfinished));
  if (results.length > 0) await attempt(() => printFound({ results, reports, unfinished }, kept, output, console));
  if (options.report !== undefined && results.length > 0) {
    const { report, maxMemory } = options;
    await attempt(async () => {
      const memoryGuard = memoryGuardFor(memoryLimit(maxMemory), console);
      for (const error of await writePage(report, { searched, memoryGuard, unfinished }, console))
        failures.push({ error });
      if (format === 'text') console.out(`Report: ${report}\n`);
    });
  }
  if (saved.size > 0 && format === 'text')
    console.out(`Saved: pagelaw replay ${[...saved].join('\n       pagelaw replay ')}\n`);
  const [first] = failures;
  if (first) throw first.error;
  const isBroken = kept.some(({ outcome }) => outcome === 'broken');
  return gravest(
    endStatus(
      results.some((result) => isBounded(result, options)),
      options,
      console,
    ),
    isAsExpected(results) && !isBroken ? exit.asExpected : exit.violated,
  );
};

const matrixFormats: readonly string[] = formats.document;

/** What the searches have found, and what ended them before the last one. */
interface Found {
  readonly searched: readonly Searched[];
  /** The files of counterexamples. */
  readonly saved: ReadonlySet<string>;
  readonly failures: readonly { readonly error: unknown }[];
  readonly unfinished: Unfinished | undefined;
}

const searchAll = async (
  planned: readonly Planned[],
  options: CheckOptions & { readonly kernel?: string | undefined },
  stream: TextStream | undefined,
  console: Console,
): Promise<Found> => {
  const searched: Searched[] = [];
  const saved = new Set<string>();
  const failures: { error: unknown }[] = [];
  const code = options.kernel === undefined ? undefined : ['--kernel', options.kernel];
  const jobs = planned.map(({ job }) => job);
  const suites = new Map(planned.map(({ job, target }) => [job, target.suite]));
  try {
    for await (const { job, results } of runLocally(jobs, async (one) => suites.get(one)!, options, console)) {
      const { target } = planned[job]!;
      for (const result of results) {
        searched.push({ target, result, report: reportOf(result, target.module, code) });
        if (result.subject?.failure !== undefined) failures.push({ error: new SpecError(result.subject.failure) });
        try {
          stream?.add(result);
        } finally {
          if (options.save !== undefined) await saveAll(options.save, result, target, saved);
        }
      }
    }
  } catch (error) {
    failures.push({ error });
  }
  console.progress?.('');
  const unfinished = failures.length > 0 ? 'error' : searched.length < planned.length ? 'interrupted' : undefined;
  return { searched: unfinished ? searched.map(unfinishedOne) : searched, saved, failures, unfinished };
};

const unfinishedOne = ({ report, ...one }: Searched): Searched => ({ ...one, report: unfinishedReport(report) });

const unfinishedReport = (report: Report): Report => ({
  ...report,
  notChecked: [...report.notChecked, 'What else was asked for: the run ended before that.'],
});

/** Whether a bound came first: in the search, or in another one that was asked for to compare it with. */
const isBounded = ({ search, bound, symmetry, crossCheck }: CheckResult, options: CheckOptions): boolean =>
  bound !== undefined ||
  symmetry?.compared === 'bound' ||
  (options.crossCheck === true && search.kind === 'exhaustive' && !crossCheck);

const isAsExpected = (results: readonly CheckResult[]): boolean => {
  const { unexpected, missing, races } = summaryOf(results);
  // Where the domain was left, the model may be broken, whatever came before: that is not as expected, though the defect may be known.
  return unexpected + missing + races === 0 && results.every(({ bound }) => bound?.kind !== 'domain');
};
