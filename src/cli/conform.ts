import { Option } from 'commander';
import { type Conformance, conformBlocks, conformJson, staleOf } from '../report/conform.ts';
import { shellWords } from '../report/render/command-line.ts';
import { SpecError } from '../spec/errors.ts';
import type { Command, Model } from '../spec/model.ts';
import { readAccepted } from '../subject/accepted.ts';
import { type Comparison, type ComparisonOptions, compareAll, compareRandomly } from '../subject/conform.ts';
import { defaultWalks } from '../subject/hidden.ts';
import { ModelSide, type Side, SubjectSide } from '../subject/sides.ts';
import { Subject } from '../subject/subject.ts';
import { presentationOf } from '../system/presentation.ts';
import { type Scope, scopeName, scopeOf } from '../system/scope.ts';
import { systemOf } from '../system/system.ts';
import { type Console, exit, gravest } from './console.ts';
import { commandLine, documentIn, type Format, formatOf, formats, jsonText } from './formats.ts';
import { givenChoices } from './given.ts';
import { endStatus, guardedLimitsOf, type LimitOptions } from './limits.ts';
import {
  allowOption,
  bounded,
  collect,
  type Declare,
  formatOption,
  integer,
  jsonOption,
  memoryOption,
  positive,
  timeoutOption,
} from './options.ts';
import { monitorFor } from './progress.ts';
import { oneTarget } from './review.ts';
import { builtProgram, type FromKernel, type SubjectOptions, scopeOfSubject } from './subject.ts';

interface ConformOptions extends LimitOptions, SubjectOptions, FromKernel {
  readonly set?: readonly string[];
  readonly switch?: readonly string[];
  readonly search?: 'exhaustive' | 'random';
  readonly runs?: number;
  readonly length?: number;
  readonly seed?: number;
  /** A file of differences that are known. */
  readonly accept?: string;
  /** Two programs to compare with each other. */
  readonly diff?: readonly string[];
  readonly coverage?: boolean;
  readonly format?: Format<'document'>;
  readonly json?: boolean;
}

/** Without --search and --max-states, what has more states than this is compared by random runs as well. */
const smallStates = 20_000;

const defaults = { runs: 1000, length: 100, seed: 1 };

const help = `
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

export const declareConform: Declare = (program, console, end) => {
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
    .addHelpText('after', help)
    .action(async (name: string, words: string[], options: ConformOptions) => {
      end(await conformCommand(name, words, options, console));
    });
};

/** `pagelaw conform`: 0 if both sides do the same, 1 if they differ or an accepted difference is gone. */
const conformCommand = async (
  name: string,
  programWords: readonly string[],
  options: ConformOptions,
  console: Console,
): Promise<number> => {
  const format = formatOf(options.format, options.json && 'json');
  const target = await oneTarget(name);
  const { model } = target.suite;
  const programs =
    options.kernel !== undefined && programWords.length === 0 && !options.diff
      ? [await builtProgram([target], options.kernel, options, console)]
      : programsOf(programWords, options);
  const { config, alternatives } = givenChoices(model, options);
  const choices = { variant: target.variant, config, switches: alternatives[0]! };
  const scope = scopeOf(model, scopeOfSubject(model, choices, programs[0]!, options));
  const subjects: Subject[] = [];
  try {
    for (const program of programs)
      subjects.push(
        new Subject(model, scope, {
          program,
          timeout: options.timeout && options.timeout * 1000,
          processes: options.workers ?? 1,
        }),
      );
    const found = await compared(model, scope, subjects, options, console);
    console.progress?.('');
    const command = commandLine(['conform', name], {
      set: options.set,
      switch: options.switch,
      search: options.search,
      accept: options.accept,
      kernel: options.kernel,
      'max-states': options.maxStates,
      ...(options.diff && { diff: options.diff }),
    });
    const whole = programWords.length === 0 ? command : [...command, '--', ...programWords];
    if (format === 'json') console.out(jsonText(conformJson(found)));
    else {
      const blocks = conformBlocks(found, {
        command: format === 'text' ? undefined : whole,
        coverage: options.coverage ?? false,
      });
      console.out(documentIn(format, blocks, console.colour));
    }
    if (found.failure !== undefined) throw found.failure;
    const isBounded = found.bound !== undefined;
    const isAsExpected = found.divergences.length === 0 && staleOf(found).length === 0;
    return gravest(endStatus(isBounded, options, console), isAsExpected ? exit.asExpected : exit.violated);
  } finally {
    for (const subject of subjects) subject.close();
  }
};

/** One program to compare with the model, or two with each other. */
const programsOf = (words: readonly string[], { diff, kernel }: ConformOptions): readonly string[] => {
  if (diff) {
    if (kernel !== undefined)
      throw new SpecError(
        '--diff compares two programs, and --kernel builds one; give either. pagelaw subject build makes a program of each tree',
      );
    if (diff.length !== 2 || words.length > 0)
      throw new SpecError('--diff takes two programs, each in quotes with its arguments, and nothing behind them');
    return diff;
  }
  if (words.length > 0 && kernel !== undefined)
    throw new SpecError('--kernel builds the program that stands behind --; give one of them');
  if (words.length === 0)
    throw new SpecError('there is no program; write it behind --: pagelaw conform MODEL -- PROGRAM ARGS');
  return [shellWords(words)];
};

const compared = async (
  model: Model,
  scope: Scope,
  subjects: readonly Subject[],
  options: ConformOptions,
  console: Console,
): Promise<Conformance> => {
  const [first, second] = subjects;
  const system = systemOf(model, scope);
  if (second && String(first!.hello.unobserved) !== String(second.hello.unobserved))
    throw new SpecError('the two subjects do not observe the same parts of the state');
  const [a, b]: [Side, Side] = second
    ? [new SubjectSide(first!), new SubjectSide(second)]
    : [new ModelSide({ scope, system }, (state) => first!.states.projected(state)), new SubjectSide(first!)];
  const commands = first!.commands.filter(({ kind }) => !second || second.hello.calls.includes(kind));
  const accepted =
    options.accept === undefined ? [] : readAccepted(options.accept, kindsOf([...system.command.values()]));
  const { memoryGuard } = guardedLimitsOf({ ...(options.maxMemory && { maxMemory: options.maxMemory }) }, console);
  const watch = { accepted, memoryGuard, monitor: monitorFor(console, scopeName(scope)) };
  const shown = presentationOf(model, scope, system.initial);
  const about = {
    shown,
    labels: second ? (['a', 'b'] as const) : (['model', 'code'] as const),
    names: second ? ([`a: ${first!.name}`, `b: ${second.name}`] as const) : ([scopeName(scope), first!.name] as const),
    lacks: [...new Set(subjects.flatMap(({ lacks }) => lacks))],
    unobserved: first!.hello.unobserved,
  };
  const random = async (): Promise<Conformance> => {
    const { runs = defaults.runs, length = defaults.length, seed = defaults.seed } = options;
    const likely = (system.likely ?? []).filter(({ kind }) => commands.some((one) => one.kind === kind));
    const found = await compareRandomly(a, b, { commands, likely }, { ...watch, runs, length, seed });
    return {
      ...found,
      ...about,
      how: `random, seed ${seed}, ${runs} runs of up to ${length} calls`,
      isExhaustive: false,
    };
  };
  if (options.search === 'random') return random();
  const isAsked = options.search !== undefined || options.maxStates !== undefined;
  const found: Comparison = await compareAll(a, b, commands, !second, {
    ...watch,
    ...(isAsked ? options.maxStates !== undefined && { maxStates: options.maxStates } : { maxStates: smallStates }),
  });
  const whole: Conformance = { ...found, ...about, how: 'exhaustive', isExhaustive: true };
  const isLarge = !isAsked && found.bound?.kind === 'states' && found.failure === undefined;
  if (found.divergences.length > 0 || found.failure !== undefined) return whole;
  if (!found.bound) return { ...whole, ...(await walked(a, b, { commands, likely: [] }, found, watch)) };
  if (!isLarge) return whole;
  const more = await random();
  return {
    ...more,
    how: `exhaustive in the ${smallStates} states that come first, then ${more.how}`,
    states: Math.max(found.states, more.states),
    compared: found.compared + more.compared,
    depth: Math.max(found.depth, more.depth),
    accepted: new Map([...found.accepted].map(([one, times]) => [one, times + more.accepted.get(one)!])),
  };
};

/**
 * What walks that do not go back to a state say beyond the comparison of all states: code may do something else in a state that was
 * reached another way. Their calls are not counted.
 */
const walked = async (
  a: Side,
  b: Side,
  calls: { readonly commands: readonly Command[]; readonly likely: readonly Command[] },
  found: Comparison,
  watch: ComparisonOptions,
): Promise<Pick<Comparison, 'divergences' | 'bound' | 'failure'>> => {
  const { walks: runs, length, seed } = defaultWalks;
  const accepted = [...found.accepted.keys()];
  const { divergences, bound, failure } = await compareRandomly(a, b, calls, {
    ...watch,
    accepted,
    runs,
    length,
    seed,
  });
  return { divergences, ...(bound && { bound }), ...(failure !== undefined && { failure }) };
};

const kindsOf = (commands: readonly Command[]): string[] => [...new Set(commands.map(({ kind }) => kind))];
