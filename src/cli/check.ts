import { existsSync, statSync } from 'node:fs';
import { match } from 'ts-pattern';
import type { OverMemory } from '../engine/explicit/memory.ts';
import { type CheckResult, check, type SearchChoice } from '../job/check.ts';
import { known } from '../known.ts';
import { corpusText, type Kept } from '../report/corpus.ts';
import { githubErrors } from '../report/github.ts';
import { checkJson } from '../report/json.ts';
import { matrixJson, matrixMail, matrixMarkdown, matrixText } from '../report/matrix.ts';
import { type Report, reportOf } from '../report/report.ts';
import { type Style, styleOf } from '../report/style.ts';
import { checkText, summaryOf, type Unfinished } from '../report/text.ts';
import { scopeName } from '../report/words.ts';
import { SpecError } from '../spec/errors.ts';
import { type Model, switchValues } from '../spec/model.ts';
import { scopeOf } from '../system/scope.ts';
import { systemOf } from '../system/system.ts';
import { canonical } from '../trace/canonical.ts';
import { counterexamplePath, prepareDirectory, saveCounterexample } from '../trace/saved.ts';
import { type Console, exit, gravest } from './console.ts';
import { corpusDirectory, replayCorpus } from './corpus.ts';
import { type Format, formatOf, formats, formatted, jsonText } from './formats.ts';
import { endStatus, type LimitOptions, limitsOf } from './limits.ts';
import { memoryGuard, memoryLimit } from './memory.ts';
import { checkPage, type Job, type Searched, writePage } from './page.ts';
import { pulseFor } from './pulse.ts';
import { allSuites, findTargets, isFile, type Target } from './suites.ts';

export interface CheckOptions extends LimitOptions {
  /** `name=value`, as given. */
  readonly set?: readonly string[];
  readonly switch?: readonly string[];
  readonly property?: readonly string[];
  readonly search?: SearchChoice['kind'];
  readonly runs: number;
  readonly length: number;
  readonly seed: number;
  readonly path?: string;
  readonly save?: string;
  /** Where counterexamples are kept that are replayed first. */
  readonly corpus?: string;
  readonly symmetry?: 'on' | 'off' | 'check';
  readonly coverage?: boolean;
  /** true: check proofs by the whole reference search; a number: the seed of the sample by which they are checked. */
  readonly crossCheck?: true | number;
  /** A file for the results as a page of HTML. */
  readonly report?: string;
  /** Variants by properties instead of a list, and of a switch every value that is named. */
  readonly matrix?: boolean;
  readonly json?: boolean;
  readonly format?: Format<'check'>;
}

const crossCheckOf = (crossCheck: CheckOptions['crossCheck']) => ({
  ...(crossCheck === true && { by: 'reference' as const }),
  ...(typeof crossCheck === 'number' && { seed: crossCheck }),
});

/** `pagelaw check`: plans every search before the first one starts, so that a wrong name costs no time. */
export const checkCommand = async (
  names: readonly string[],
  options: CheckOptions,
  console: Console,
): Promise<number> => {
  const format = formatOf(options.format, options.json && 'json');
  if (options.matrix && !matrixFormats.includes(format))
    throw new SpecError(`--matrix has no format ${format}; it has ${formats.document.join(', ')}`);
  const targets =
    names.length === 0
      ? allSuites().map((one) => ({ ...one, variant: undefined }))
      : (await Promise.all(names.map(findTargets))).flat();
  const jobs = plan(targets, options);
  if (options.save !== undefined) await prepareDirectory(checkedDirectory(options.save));

  const directory = corpusDirectory(options.corpus, options.save);
  const kept =
    directory === undefined
      ? []
      : await replayCorpus(directory, { targets, property: options.property, switch: options.switch });

  if (options.report !== undefined) checkPage(options.report);

  const overMemory = memoryGuard(memoryLimit(options.maxMemory), console);
  const found = await searchAll(jobs, options, overMemory, console);
  const page = { ...found, jobs, overMemory };
  // Whatever fails from here on is told at the end, behind what was found.
  const failures = [...found.failures];
  const attempt = async (act: () => void | Promise<void>) => {
    try {
      await act();
    } catch (error) {
      failures.push({ error });
    }
  };
  const { results, saved } = found;
  const named = names.some((name) => name.includes('@')) || options.switch !== undefined;
  const printed = { format, directory, kept, named };
  await attempt(() => printFound(found, printed, options, console));
  if (options.report !== undefined && results.length > 0) {
    const { report } = options;
    await attempt(async () => {
      for (const error of await writePage(report, page, console)) failures.push({ error });
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

/** What the searches have found, and what ended them before the last one. */
interface Found extends Searched {
  /** The files of counterexamples. */
  readonly saved: ReadonlySet<string>;
  readonly failures: readonly { readonly error: unknown }[];
  readonly unfinished: Unfinished | undefined;
}

const searchAll = async (
  jobs: readonly Job[],
  options: CheckOptions,
  overMemory: OverMemory,
  console: Console,
): Promise<Found> => {
  const results: CheckResult[] = [];
  const reports: Report[] = [];
  const saved = new Set<string>();
  const failures: { error: unknown }[] = [];
  for (const { target, choices, search } of jobs) {
    try {
      const scope = scopeOf(target.suite.model, choices);
      const result = await check(target.suite, choices, search, {
        ...(options.property && { properties: options.property }),
        pulse: pulseFor(console, `${scopeName(scope)} ${search.kind}`),
        overMemory,
        crossCheck: crossCheckOf(options.crossCheck),
        dead: (options.coverage ?? false) || options.report !== undefined,
      });
      results.push(result);
      reports.push(reportOf(result, target.module));
      if (options.save !== undefined) await saveAll(options.save, result, target, saved);
    } catch (error) {
      failures.push({ error });
    }
    console.progress?.('');
    if (failures.length > 0 || console.interrupted.aborted) break;
  }
  const unfinished = failures.length > 0 ? 'error' : results.length < jobs.length ? 'interrupted' : undefined;
  return { results, reports: unfinished ? reports.map(unfinishedReport) : reports, saved, failures, unfinished };
};

const unfinishedReport = (report: Report): Report => ({
  ...report,
  notChecked: [...report.notChecked, 'What else was asked for: the run ended before that.'],
});

interface Printed {
  readonly format: Format<'check'>;
  /** Of the counterexamples that were kept, and what became of them. */
  readonly directory: string | undefined;
  readonly kept: readonly Kept[];
  /** Whether what was checked was asked for by name, so that all is told of it. */
  readonly named: boolean;
}

const printFound = (
  { results, reports, unfinished }: Found,
  { format, directory, kept, named }: Printed,
  options: CheckOptions,
  console: Console,
) => {
  const style = styleOf(console.colour);
  const corpus = kept.length === 0 ? '' : `${corpusText(directory!, kept, style)}\n\n`;
  if (format === 'text') console.out(corpus);
  else if (format !== 'json') console.err(corpus);
  if (results.length === 0) return;
  const text = () => checkText(results, { style, inFull: named, coverage: options.coverage ?? false, unfinished });
  try {
    if (options.matrix) console.out(matrixIn(format, results, kept, style, unfinished));
    else if (format === 'json') console.out(jsonText(checkJson(results, kept, unfinished)));
    else if (format === 'text') console.out(text());
    else {
      const made = formatted(format, reports);
      if (made === '' && format === 'itf')
        console.err('pagelaw: no counterexample was found, so there is no trace to write\n');
      console.out(made);
    }
  } catch (error) {
    if (format !== 'text' && format !== 'itf') console.err(text()); // that ITF has room for one trace is no fault of what was found
    throw error;
  }
  if (console.annotates && format !== 'github') console.err(githubErrors(reports));
};

const matrixFormats: readonly string[] = formats.document;

const matrixIn = (
  format: Format<'check'>,
  results: readonly CheckResult[],
  kept: readonly Kept[],
  style: Style,
  unfinished: Unfinished | undefined,
): string => {
  if (format === 'json') return jsonText(matrixJson(results, kept, unfinished));
  if (format === 'mail') return matrixMail(results, unfinished);
  return format === 'markdown' ? matrixMarkdown(results, unfinished) : matrixText(results, style, { unfinished });
};

/** Whether a bound came first: in the search, or in another one that was asked for to compare it with. */
const isBounded = ({ search, bound, symmetry, crossCheck }: CheckResult, options: CheckOptions): boolean =>
  bound !== undefined ||
  symmetry?.compared === 'bound' ||
  (options.crossCheck === true && search.kind === 'exhaustive' && !crossCheck);

const isAsExpected = (results: readonly CheckResult[]): boolean => {
  const { unexpected, missing } = summaryOf(results);
  // Where the domain was left, the model may be broken, whatever came before: that is not as expected, though the defect may be known.
  return unexpected + missing === 0 && results.every(({ bound }) => bound?.kind !== 'domain');
};

/** Every search, in order. Throws a SpecError for a name that is not known, or where there would be nothing to judge. */
const plan = (targets: readonly Target[], options: CheckOptions): Job[] => {
  const ids = [...new Set(targets.flatMap(({ suite }) => suite.properties.map(({ id }) => id)))];
  for (const id of options.property ?? []) known('property', id, ids);
  const jobs = targets.flatMap((target) => jobsOf(target, options));
  if (!options.property) return jobs;
  const judging = jobs.filter(({ target: { suite }, choices }) => {
    const { switches, config } = scopeOf(suite.model, choices);
    return suite.properties.some((one) => options.property!.includes(one.id) && one.applies(switches, config));
  });
  if (judging.length === 0)
    throw new SpecError(`${options.property.join(', ')}: no meaning for the switches of what is to be checked`);
  return judging;
};

/** Every variant of the target, exhaustively on the default configuration and at random on the large one, unless options say less. */
const jobsOf = (target: Target, options: CheckOptions): Job[] => {
  const { model } = target.suite;
  const { config, alternatives } = givenChoices(model, options);
  const all = target.variant === undefined && (options.switch === undefined || options.matrix === true);
  const variants = all ? Object.keys(model.variants) : [target.variant ?? model.defaultVariant];
  const searches = searchesOf(options);
  // Where nothing is larger at random, it would only see again what was proved.
  const useful = Object.values(model.config).some(({ large }) => large !== undefined) ? searches : searches.slice(0, 1);
  return useful.flatMap((search) =>
    variants.flatMap((variant) =>
      alternatives.map((switches) => {
        const choices = {
          variant,
          switches,
          config: search.kind === 'random' ? { ...largeConfig(model), ...config } : config,
        };
        systemOf(model, scopeOf(model, choices));
        return { target, choices, search };
      }),
    ),
  );
};

/**
 * What `--set` and `--switch` say: with `--matrix`, where a switch may have several values, one alternative for each combination.
 * Throws a SpecError for a name or value that the model does not have.
 */
export const givenChoices = (model: Model, options: Pick<CheckOptions, 'set' | 'switch' | 'matrix'>) => {
  const config = assignments('--set', options.set ?? [], (text) => {
    if (!/^-?\d+$/.test(text)) throw new SpecError(`--set takes integers, not ${text}`);
    return Number(text);
  });
  const switches = assignments('--switch', options.switch ?? [], (text) =>
    (options.matrix ? text.split(',') : [text]).map((one) => (one === 'true' ? true : one === 'false' ? false : one)),
  );
  for (const name of Object.keys(config)) known(`config parameter of ${model.id}`, name, Object.keys(model.config));
  for (const [name, values] of Object.entries(switches)) {
    known(`switch of ${model.id}`, name, Object.keys(model.switches));
    for (const value of values) known(`value of ${name}`, String(value), switchValues(model.switches[name]!), String);
  }
  return { config, alternatives: combinationsOf(switches) };
};

/** One value for each name, in every way. */
const combinationsOf = <T>(values: Readonly<Record<string, readonly T[]>>): Record<string, T>[] =>
  Object.entries(values).reduce<Record<string, T>[]>(
    (made, [name, each]) => made.flatMap((one) => each.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );

const defaults = { runs: 1000, length: 100, seed: 1 };

/** Throws a SpecError for an option that the search does not have. */
const searchesOf = (options: CheckOptions): SearchChoice[] => {
  const { search, runs, length, seed, path, maxStates, symmetry } = options;
  const misplaced = (names: readonly (keyof CheckOptions)[], other: string) => {
    const given = names.find((name) => options[name] !== undefined);
    if (given)
      throw new SpecError(
        `--${given.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)} is an option of ${other} search`,
      );
  };
  if (options.matrix && search === 'random') throw new SpecError('--matrix is an option of exhaustive search');
  if (options.matrix && options.coverage) throw new SpecError('--coverage is not an option of --matrix');
  if (options.matrix && search === undefined) return searchesOf({ ...options, search: 'exhaustive' });
  if (search === 'random') misplaced(['maxStates', 'maxMemory', 'workers', 'symmetry'], 'exhaustive');
  if (search === 'reference') misplaced(['maxMemory', 'workers', 'symmetry'], 'exhaustive');
  if (search === 'exhaustive' || search === 'reference') misplaced(['runs', 'length', 'seed', 'path'], 'random');
  const random: SearchChoice = {
    kind: 'random',
    runs: runs ?? defaults.runs,
    length: length ?? defaults.length,
    seed: seed ?? defaults.seed,
    ...(path !== undefined && { path }),
  };
  if (path !== undefined && Number(path) >= random.runs)
    throw new SpecError(`--path ${path} is not one of the ${random.runs} runs from 0 on`);
  const bounded = maxStates === undefined ? {} : { maxStates };
  const exhaustive: SearchChoice = {
    kind: 'exhaustive',
    ...limitsOf(options),
    ...(symmetry !== undefined && { symmetry }),
  };
  return match(search)
    .with(undefined, () => [exhaustive, random])
    .with('exhaustive', () => [exhaustive])
    .with('reference', (kind): SearchChoice[] => [{ kind, ...bounded }])
    .with('random', () => [random])
    .exhaustive();
};

/** Not a target that was taken for the option's value. */
const checkedDirectory = (directory: string): string => {
  const taken = isFile(directory)
    ? existsSync(directory) && !statSync(directory).isDirectory()
    : allSuites().some(({ suite }) => suite.model.id === directory.split('@')[0]);
  if (directory !== '' && !taken) return directory;
  throw new SpecError(
    `--save takes ${directory || 'nothing'} for its directory; write --save after the targets, or --save=DIR`,
  );
};

const largeConfig = (model: Model): Record<string, number> =>
  Object.fromEntries(Object.entries(model.config).map(([name, spec]) => [name, spec.large ?? spec.default]));

/** `name=value` each, no name twice. */
const assignments = <T>(option: string, given: readonly string[], parse: (text: string) => T): Record<string, T> => {
  const assigned: Record<string, T> = {};
  for (const text of given) {
    const [name = '', value = '', ...more] = text.split('=');
    if (name === '' || value === '' || more.length > 0) throw new SpecError(`${option} ${text} is not NAME=VALUE`);
    if (Object.hasOwn(assigned, name)) throw new SpecError(`${option} ${name} is given twice`);
    assigned[name] = parse(value);
  }
  return assigned;
};

/** Saves the violations. The first file of a name stays: exhaustive search comes first, and its trace is a shortest one. */
const saveAll = async (directory: string, result: CheckResult, { suite, module }: Target, saved: Set<string>) => {
  for (const { property, counterexample } of result.properties) {
    if (!counterexample) continue;
    const canonicalOne = canonical(suite.model, property, result.scope, counterexample);
    const path = counterexamplePath(directory, canonicalOne);
    if (!saved.has(path)) await saveCounterexample(path, canonicalOne, module);
    saved.add(path);
  }
};
