import { existsSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { match } from 'ts-pattern';
import { audit } from '../audit/audit.ts';
import { Interrupted } from '../audit/breath.ts';
import { type CheckResult, check, type SearchChoice } from '../check.ts';
import { canonical } from '../counterexample/canonical.ts';
import { counterexamplePath, prepareDirectory, saveCounterexample } from '../counterexample/file.ts';
import { explainer, type Why } from '../counterexample/why.ts';
import { known } from '../known.ts';
import { corpusText, type Kept } from '../report/corpus.ts';
import { githubErrors } from '../report/github.ts';
import { type Extra, html } from '../report/html.ts';
import { lifeExtras } from '../report/html-life.ts';
import { checkJson } from '../report/json.ts';
import { dotOf } from '../report/life-graph.ts';
import { matrixJson, matrixMail, matrixMarkdown, matrixText } from '../report/matrix.ts';
import { type Finding, type Report, reportOf } from '../report/report.ts';
import { type Style, styleOf } from '../report/style.ts';
import { svgOf } from '../report/svg.ts';
import { checkText, summaryOf } from '../report/text.ts';
import { scopeName } from '../report/words.ts';
import { taskOf } from '../search/task.ts';
import { SpecError } from '../spec/errors.ts';
import { type Choices, type Model, scopeOf, switchValues, systemOf } from '../spec/model.ts';
import { type Console, exit } from './console.ts';
import { corpusDirectory, replayCorpus } from './corpus.ts';
import { type Format, formatOf, formats, formatted, jsonText } from './formats.ts';
import { pulseFor } from './pulse.ts';
import { allSuites, findTargets, isFile, type Target } from './suites.ts';

export interface CheckOptions {
  /** `name=value`, as given. */
  readonly set?: readonly string[];
  readonly switch?: readonly string[];
  readonly property?: readonly string[];
  readonly search?: SearchChoice['kind'];
  readonly runs: number;
  readonly length: number;
  readonly seed: number;
  readonly path?: string;
  readonly maxStates?: number;
  readonly save?: string;
  /** Where counterexamples are kept that are replayed first. */
  readonly corpus?: string;
  readonly maxMemory?: number;
  readonly workers?: number;
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

/** One search of one variant. */
interface Job {
  readonly target: Target;
  readonly choices: Choices;
  readonly search: SearchChoice;
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

  if (options.report !== undefined) checkReport(options.report);

  const results: CheckResult[] = [];
  const reports: Report[] = [];
  const saved = new Set<string>();
  for (const { target, choices, search } of jobs) {
    const scope = scopeOf(target.suite.model, choices);
    const pulse = pulseFor(console, `${scopeName(scope)} ${search.kind}`);
    const properties = options.property ? { properties: options.property } : {};
    const result = await check(target.suite, choices, search, {
      ...properties,
      pulse,
      crossCheck: crossCheckOf(options.crossCheck),
      dead: (options.coverage ?? false) || options.report !== undefined,
    });
    console.progress?.('');
    results.push(result);
    reports.push(reportOf(result, target.module));
    if (options.save !== undefined) await saveAll(options.save, result, target, saved);
    if (console.interrupted.aborted) break;
  }

  const style = styleOf(console.colour);
  const named = names.some((name) => name.includes('@')) || options.switch !== undefined;
  const corpus = kept.length === 0 ? '' : `${corpusText(directory!, kept, style)}\n\n`;
  if (format === 'text') console.out(corpus);
  else if (format !== 'json') console.err(corpus);
  if (options.matrix) console.out(matrixIn(format, results, kept, style));
  else if (format === 'json') console.out(jsonText(checkJson(results, kept)));
  else if (format !== 'text') {
    const text = formatted(format, reports);
    if (text === '' && format === 'itf')
      console.err('pagelaw: no counterexample was found, so there is no trace to write\n');
    console.out(text);
  } else console.out(checkText(results, { style, inFull: named, coverage: options.coverage ?? false }));
  if (console.annotates && format !== 'github') console.err(githubErrors(reports));
  if (options.report !== undefined) {
    const searched = results.map((result, i) => ({ result, report: reports[i]! }));
    const lives = await livesOf(jobs, results, console);
    const whys = await whysOf(jobs, reports, console);
    const page = html(searched, {
      extras: (scope) => lives.get(JSON.stringify(scope)) ?? [],
      why: (finding) => whys.get(finding) ?? [],
    });
    writeReport(options.report, page);
    if (console.interrupted.aborted)
      console.err(
        'pagelaw: interrupted: what the report has of life cycles, and of why calls were refused, may lack some\n',
      );
    if (format === 'text') console.out(`Report: ${options.report}\n`);
  }
  if (saved.size > 0 && format === 'text')
    console.out(`Saved: pagelaw replay ${[...saved].join('\n       pagelaw replay ')}\n`);
  if (console.interrupted.aborted) return exit.interrupted;
  const status = statusOf(results);
  return status === exit.asExpected && kept.some(({ outcome }) => outcome === 'broken') ? exit.violated : status;
};

const matrixFormats: readonly string[] = formats.document;

const matrixIn = (
  format: Format<'check'>,
  results: readonly CheckResult[],
  kept: readonly Kept[],
  style: Style,
): string => {
  if (format === 'json') return jsonText(matrixJson(results, kept));
  if (format === 'mail') return matrixMail(results);
  return format === 'markdown' ? matrixMarkdown(results) : matrixText(results, style);
};

/** By scope: what the report shows of the life of a page, for variants that were named and for default ones. */
const livesOf = async (
  jobs: readonly Job[],
  results: readonly CheckResult[],
  console: Console,
): Promise<Map<string, Extra[]>> => {
  const lives = new Map<string, Extra[]>();
  for (const [i, { scope, search, bound }] of results.entries()) {
    const { target, choices } = jobs[i]!;
    const { model } = target.suite;
    const isAsked = target.variant !== undefined || scope.variant === model.defaultVariant;
    if (!model.classify || search.kind === 'random' || bound || !isAsked || console.interrupted.aborted) continue;
    const name = scopeName(scope);
    const pulse = pulseFor(console, `${name} life cycle`);
    const life = await audit(model, choices, { commands: [], pulse }).then(
      (audited) => audited.life,
      (error: unknown) => {
        if (!(error instanceof Interrupted)) throw error;
      },
    );
    console.progress?.('');
    if (life) lives.set(JSON.stringify(scope), lifeExtras(life, name, await svgOf(dotOf(life, name, false))));
  }
  return lives;
};

/** In a report there may be many calls that were refused: for each, only the states near to it are looked at. */
const statesNearCall = 5_000;

/** By finding: why calls of its counterexample were refused. */
const whysOf = async (
  jobs: readonly Job[],
  reports: readonly Report[],
  console: Console,
): Promise<Map<Finding, readonly (Why | undefined)[]>> => {
  const whys = new Map<Finding, readonly (Why | undefined)[]>();
  for (const [i, { scope, findings }] of reports.entries()) {
    const explain = explainer(taskOf(jobs[i]!.target.suite.model, scope, []), statesNearCall);
    for (const finding of findings) {
      if (!finding.counterexample) continue;
      console.progress?.(`${scopeName(scope)}: why calls were refused`);
      await setImmediate(); // lets ctrl-C through
      if (console.interrupted.aborted) return whys;
      whys.set(finding, explain(finding.counterexample.steps));
    }
  }
  console.progress?.('');
  return whys;
};

const statusOf = (results: readonly CheckResult[]): number => {
  const { interrupted, unexpected, missing } = summaryOf(results);
  if (interrupted) return exit.interrupted;
  // Where the domain was left, the model may be broken, whatever came before: that is not as expected, though the defect may be known.
  const left = results.some(({ bound }) => bound?.kind === 'domain');
  return unexpected + missing > 0 || left ? exit.violated : exit.asExpected;
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

/** Of the machine's memory, for the states of a search. */
export const memoryShare = 0.6;

/** Throws a SpecError for an option that the search does not have. */
const searchesOf = (options: CheckOptions): SearchChoice[] => {
  const { search, runs, length, seed, path, maxStates, maxMemory, workers, symmetry } = options;
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
    ...bounded,
    maxBytes: maxMemory === undefined ? Math.floor(totalmem() * memoryShare) : maxMemory * 2 ** 20,
    workers: workers ?? availableParallelism(),
    ...(symmetry !== undefined && { symmetry }),
  };
  return match(search)
    .with(undefined, () => [exhaustive, random])
    .with('exhaustive', () => [exhaustive])
    .with('reference', (kind): SearchChoice[] => [{ kind, ...bounded }])
    .with('random', () => [random])
    .exhaustive();
};

/** Throws a SpecError if the report could not be written: better before a search than after it. */
const checkReport = (file: string) => {
  if (!/\.html?$/.test(file)) throw new SpecError(`--report takes a file that ends in .html, not ${file || 'nothing'}`);
  if (!existsSync(dirname(file))) throw new SpecError(`cannot write ${file}: there is no directory ${dirname(file)}`);
};

const writeReport = (file: string, text: string) => {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new SpecError(`cannot write ${file}: ${(error as Error).message}`);
  }
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
