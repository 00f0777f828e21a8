import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { match } from 'ts-pattern';
import type { Search } from '../engine/index.ts';
import { runsWithoutEnd } from '../engine/random/random.ts';
import { itemNamed } from '../item-named.ts';
import { type Job, newJob } from '../job/job.ts';
import { SpecError } from '../spec/errors.ts';
import type { Model } from '../spec/model.ts';
import { defaultTimeout } from '../subject/program.ts';
import { applies } from '../system/callbacks.ts';
import { type Scope, scopeOf } from '../system/scope.ts';
import { givenChoices, type ScopeOptions } from './given.ts';
import { type LimitOptions, limitsOf } from './limits.ts';
import { scopeOfSubject } from './subject.ts';
import type { Target } from './suites.ts';

/** How to search, as given. */
interface SearchOptions extends LimitOptions {
  readonly search?: Search['kind'];
  readonly symmetry?: 'on' | 'off' | 'check';
  /** true: check proofs by the whole reference search; a number: the seed of the sample by which they are checked. */
  readonly crossCheck?: true | number;
  readonly runs?: number;
  /** Seconds. */
  readonly time?: number;
  readonly length?: number;
  readonly seed?: number;
  readonly path?: string;
}

/** What is asked for: in which scopes, for which properties, and how. */
export interface PlanOptions extends ScopeOptions, SearchOptions {
  readonly property?: readonly string[];
  /** Variants by properties instead of a list, and of a switch every value that is named. */
  readonly matrix?: boolean;
  readonly coverage?: boolean;
  /** A file for the results as a page of HTML. */
  readonly report?: string;
  /** The command line of a program that makes the calls in place of the model. */
  readonly subject?: string;
  /** Seconds of silence after which it counts as hanging. */
  readonly timeout?: number;
  /** The most preemptions with which pairs of its calls run on two CPUs. */
  readonly preemptions?: number;
}

/** A job with one version of the code, whose scope is given. */
export interface Planned {
  readonly target: Target;
  readonly job: Job;
  readonly scope: Scope;
}

/** The ids that are given, and those that match a pattern with `*`, each once. Throws a SpecError for what matches none. */
export const propertiesNamed = (targets: readonly Target[], given: readonly string[]): string[] => {
  const ids = [...new Set(targets.flatMap(({ suite }) => suite.properties.map(({ id }) => id)))];
  const matching = given.flatMap((pattern) => {
    if (!pattern.includes('*')) return [itemNamed('property', pattern, ids)];
    const parts = pattern.split('*').map((part) => part.replaceAll(/[^\w-]/g, '\\$&'));
    const found = ids.filter((id) => new RegExp(`^${parts.join('.*')}$`).test(id));
    if (found.length === 0) throw new SpecError(`no property matches ${pattern}; 'pagelaw list MODEL' shows them`);
    return found;
  });
  return [...new Set(matching)];
};

/** Every search, in order. Throws a SpecError for a name that is not known, or where there would be nothing to judge. */
export const plan = (targets: readonly Target[], options: PlanOptions): Planned[] => {
  if (options.preemptions !== undefined && options.subject === undefined)
    throw new SpecError('--preemptions is an option of --subject and --kernel');
  const jobs =
    options.subject === undefined
      ? targets.flatMap((target) => jobsOf(target, options))
      : [subjectJob(targets, options.subject, options)];
  if (!options.property) return jobs;
  const judging = jobs.filter(({ target: { suite }, scope }) =>
    suite.properties.some((one) => options.property!.includes(one.id) && applies(one, scope)),
  );
  if (judging.length === 0)
    throw new SpecError(`${options.property.join(', ')}: no meaning for the switches of what is to be checked`);
  return judging;
};

/** Every variant of the target, exhaustively on the default configuration and at random on the large one, unless options say less. */
const jobsOf = (target: Target, options: PlanOptions): Planned[] => {
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
        const used = search.kind === 'random' ? { ...largeConfig(model), ...config } : config;
        const job = newJob({
          model: { id: model.id, ...(target.module !== undefined && { file: resolve(target.module) }) },
          config: used,
          versions: [{ variant, switches }],
          ...(options.property && { properties: [...options.property] }),
          search,
          by: options.crossCheck === true ? 'reference' : 'auto',
          ...(typeof options.crossCheck === 'number' && { seed: options.crossCheck }),
          dead: (options.coverage ?? false) || options.report !== undefined,
        });
        return { target, job, scope: scopeOf(model, { variant, config: used, switches }) };
      }),
    ),
  );
};

/** One variant of one model, exhaustively unless random search is asked for. */
const subjectJob = (targets: readonly Target[], program: string, options: PlanOptions): Planned => {
  const misplaced = (['matrix', 'symmetry', 'crossCheck', 'report'] as const).find(
    (name) => options[name] !== undefined,
  );
  if (misplaced)
    throw new SpecError(`--${misplaced === 'crossCheck' ? 'cross-check' : misplaced} is not an option of --subject`);
  const [target, ...more] = targets;
  if (!target || more.length > 0)
    throw new SpecError('--subject is of one model; name it: pagelaw check MODEL --subject ...');
  const { model } = target.suite;
  const { config, alternatives } = givenChoices(model, options);
  const given = { variant: target.variant, config, switches: alternatives[0]! };
  const choices = scopeOfSubject(model, given, program, options);
  const [search] = searchesOf({ search: 'exhaustive', ...options });
  if (options.preemptions !== undefined && search?.kind !== 'exhaustive')
    throw new SpecError('--preemptions is an option of exhaustive search');
  const variant = choices.variant ?? model.defaultVariant;
  const [planned] = jobsOf({ ...target, variant }, { ...options, search: search!.kind });
  const job: Job = {
    ...planned!.job,
    config: { ...choices.config },
    search: search!,
    dead: false,
    subject: {
      program,
      timeout: 1000 * (options.timeout ?? defaultTimeout / 1000),
      processes: options.workers ?? Math.max(1, availableParallelism() - 1),
      ...(options.preemptions !== undefined && { preemptions: options.preemptions }),
    },
  };
  return { target, job, scope: scopeOf(model, choices) };
};

const defaults = { runs: 3000, length: 100, seed: 1 };

/** Throws a SpecError for an option that the search does not have. */
const searchesOf = (options: PlanOptions): Search[] => {
  const { search, runs, time, length, seed, path, maxStates, symmetry } = options;
  const misplaced = (names: readonly (keyof PlanOptions)[], other: string) => {
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
  if (search === 'exhaustive' || search === 'reference')
    misplaced(['runs', 'time', 'length', 'seed', 'path'], 'random');
  if (runs !== undefined && time !== undefined)
    throw new SpecError('--runs and --time both say how long to search; give one');
  const random: Search = {
    kind: 'random',
    runs: runs ?? (time === undefined ? defaults.runs : runsWithoutEnd),
    ...(time !== undefined && { seconds: time }),
    length: length ?? defaults.length,
    seed: seed ?? defaults.seed,
    ...(path !== undefined && { path }),
  };
  if (path !== undefined && Number(path) >= random.runs)
    throw new SpecError(`--path ${path} is not one of the ${random.runs} runs from 0 on`);
  const bounded = maxStates === undefined ? {} : { maxStates };
  const exhaustive: Search = {
    kind: 'exhaustive',
    ...limitsOf(options),
    ...(symmetry !== undefined && { symmetry }),
  };
  return match(search)
    .with(undefined, () => [exhaustive, random])
    .with('exhaustive', () => [exhaustive])
    .with('reference', (kind): Search[] => [{ kind, ...bounded }])
    .with('random', () => [random])
    .exhaustive();
};

const largeConfig = (model: Model): Record<string, number> =>
  Object.fromEntries(Object.entries(model.config).map(([name, spec]) => [name, spec.large ?? spec.default]));
