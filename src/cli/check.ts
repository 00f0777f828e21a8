import { type CheckResult, check, type SearchChoice } from '../check.ts';
import { counterexamplePath, saveCounterexample } from '../counterexample/file.ts';
import { checkJson } from '../report/json.ts';
import { styleOf } from '../report/style.ts';
import { checkText, summaryOf } from '../report/text.ts';
import { scopeName } from '../report/words.ts';
import { SpecError } from '../spec/errors.ts';
import { type Choices, type Model, scopeOf, switchValues } from '../spec/model.ts';
import { type Console, exit } from './console.ts';
import { pulseFor } from './pulse.ts';
import { allSuites, findTargets, known, type Target } from './suites.ts';

export interface CheckOptions {
  /** `name=value`, as given. */
  readonly set: readonly string[];
  readonly switch: readonly string[];
  readonly property: readonly string[];
  readonly search?: 'exhaustive' | 'random';
  readonly runs: number;
  readonly length: number;
  readonly seed: number;
  readonly path?: string;
  readonly maxStates?: number;
  readonly save?: string;
  readonly coverage: boolean;
  readonly json: boolean;
}

/** One search of one variant. */
interface Job {
  readonly target: Target;
  readonly choices: Choices;
  readonly search: SearchChoice;
}

/** `pagelaw check`: plans every search before the first one starts, so that a wrong name costs no time. */
export const checkCommand = async (
  names: readonly string[],
  options: CheckOptions,
  console: Console,
): Promise<number> => {
  const targets =
    names.length === 0
      ? allSuites().map((one) => ({ ...one, variant: undefined }))
      : (await Promise.all(names.map(findTargets))).flat();
  if (options.save !== undefined && allSuites().some(({ suite }) => suite.model.id === options.save!.split('@')[0]))
    throw new SpecError(
      `--save takes ${options.save} for its directory; write --save after the targets, or --save=DIR`,
    );
  const jobs = targets.flatMap((target) => jobsOf(target, options));
  checkProperties(targets, options.property);

  const results: CheckResult[] = [];
  const saved = new Set<string>();
  for (const { target, choices, search } of jobs) {
    const scope = scopeOf(target.suite.model, choices);
    const pulse = pulseFor(console, `${scopeName(scope)} ${search.kind}`);
    const properties = options.property.length > 0 ? { properties: options.property } : {};
    const result = await check(target.suite, choices, search, { ...properties, pulse });
    console.progress?.('');
    results.push(result);
    if (options.save !== undefined) await saveAll(options.save, result, target.module, saved);
    if (console.interrupted.aborted) break;
  }

  const named = names.some((name) => name.includes('@')) || options.switch.length > 0;
  console.out(
    options.json
      ? `${JSON.stringify(checkJson(results), null, 2)}\n`
      : checkText(results, { style: styleOf(console.colour), inFull: () => named, coverage: options.coverage }),
  );
  if (saved.size > 0 && !options.json)
    console.out(`Saved: pagelaw replay ${[...saved].join('\n       pagelaw replay ')}\n`);
  return statusOf(results);
};

const statusOf = (results: readonly CheckResult[]): number => {
  const { interrupted, unexpected, missing } = summaryOf(results);
  if (interrupted) return exit.interrupted;
  return unexpected + missing > 0 ? exit.violated : exit.asExpected;
};

/** Every variant of the target, exhaustively on the default configuration and at random on the large one, unless options say less. */
const jobsOf = (target: Target, options: CheckOptions): Job[] => {
  const { model } = target.suite;
  const config = assignments('--set', options.set, (text) => {
    if (!/^-?\d+$/.test(text)) throw new SpecError(`--set takes integers, not ${text}`);
    return Number(text);
  });
  const switches = assignments('--switch', options.switch, (text) =>
    text === 'true' ? true : text === 'false' ? false : text,
  );
  for (const name of Object.keys(config)) known(`config parameter of ${model.id}`, name, Object.keys(model.config));
  for (const [name, value] of Object.entries(switches)) {
    known(`switch of ${model.id}`, name, Object.keys(model.switches));
    known(`value of ${name}`, String(value), switchValues(model.switches[name]!), String);
  }
  const all = target.variant === undefined && options.switch.length === 0;
  const variants = all ? Object.keys(model.variants) : [target.variant ?? model.defaultVariant];
  const { runs, length, seed, path, maxStates } = options;
  const searches: Record<'exhaustive' | 'random', SearchChoice> = {
    exhaustive: { kind: 'exhaustive', ...(maxStates !== undefined && { maxStates }) },
    random: { kind: 'random', runs, length, seed, ...(path !== undefined && { path }) },
  };
  const kinds = options.search ? [options.search] : (['exhaustive', 'random'] as const);
  return kinds.flatMap((kind) =>
    variants.map((variant) => {
      const choices = { variant, switches, config: kind === 'random' ? { ...largeConfig(model), ...config } : config };
      scopeOf(model, choices);
      return { target, choices, search: searches[kind] };
    }),
  );
};

const largeConfig = (model: Model): Record<string, number> =>
  Object.fromEntries(Object.entries(model.config).map(([name, spec]) => [name, spec.large ?? spec.default]));

const assignments = <T>(option: string, given: readonly string[], parse: (text: string) => T): Record<string, T> =>
  Object.fromEntries(
    given.map((text) => {
      const [name = '', value = '', ...more] = text.split('=');
      if (name === '' || value === '' || more.length > 0) throw new SpecError(`${option} ${text} is not NAME=VALUE`);
      return [name, parse(value)];
    }),
  );

const checkProperties = (targets: readonly Target[], ids: readonly string[]) => {
  const all = [...new Set(targets.flatMap(({ suite }) => suite.properties.map(({ id }) => id)))];
  for (const id of ids) known('property', id, all);
};

/** Saves the violations. The first file of a name stays: exhaustive search comes first, and its trace is a shortest one. */
const saveAll = async (directory: string, result: CheckResult, module: string | undefined, saved: Set<string>) => {
  for (const { counterexample } of result.properties) {
    if (!counterexample) continue;
    const path = counterexamplePath(directory, result.scope, counterexample.property);
    if (!saved.has(path)) await saveCounterexample(path, counterexample, module);
    saved.add(path);
  }
};
