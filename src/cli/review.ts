import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Ablation, ablation } from '../audit/ablation.ts';
import { type MutationAudit, mutationAudit } from '../audit/mutation.ts';
import type { CheckResult } from '../job/check.ts';
import { newJob } from '../job/job.ts';
import { type Review, reviewBlocks } from '../report/review.ts';
import { reviewJson } from '../report/review-json.ts';
import { scopeName } from '../report/words.ts';
import { SpecError } from '../spec/errors.ts';
import { type Choices, scopeOf } from '../system/scope.ts';
import { systemOf } from '../system/system.ts';
import type { Console } from './console.ts';
import { commandLine, documentIn, type Format, formatOf, formats, jsonText } from './formats.ts';
import { givenChoices } from './given.ts';
import { endStatus, guardedLimitsOf, type LimitOptions, limitsOf } from './limits.ts';
import { runLocally } from './local-jobs.ts';
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
} from './options.ts';
import { monitorFor } from './progress.ts';
import { findTargets, type Target } from './suites.ts';

export interface ReviewOptions extends LimitOptions {
  readonly set?: readonly string[];
  readonly matrix: boolean;
  readonly mutate?: boolean;
  readonly sample?: number;
  readonly seed?: number;
  readonly budget?: number;
  readonly format?: Format<'document'>;
  readonly json?: boolean;
}

const defaults = { sample: 1000, seed: 1, budget: 200 };

const help = `
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

export const declareReview: Declare = (program, console, end) => {
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
    .addHelpText('after', help)
    .action(async (name: string, options: ReviewOptions) => {
      end(await reviewCommand(name, options, console));
    });
};

/** `pagelaw review`: which check of a patch bears which property, and with `--mutate` what the properties would not notice. */
const reviewCommand = async (name: string, options: ReviewOptions, console: Console): Promise<number> => {
  const format = formatOf(options.format, options.json && 'json');
  const target = await oneTarget(name);
  if (!options.mutate && (options.sample !== undefined || options.seed !== undefined))
    throw new SpecError('--sample and --seed are options of --mutate');
  const { model } = target.suite;
  const choices: Choices = {
    variant: target.variant ?? model.defaultVariant,
    config: givenChoices(model, { ...(options.set && { set: options.set }) }).config,
  };
  const scope = scopeOf(model, choices);
  systemOf(model, scope);

  const limits = guardedLimitsOf(options, console);
  const search = { ...limits, monitor: monitorFor(console, `${scopeName(scope)} switches`) };
  const matrix: CheckResult[] = [];
  const parts: { ablation?: Ablation; mutation?: MutationAudit } = {};
  const failures: { readonly error: unknown }[] = [];
  try {
    if (options.matrix) for await (const result of matrixOf(target, choices, options, console)) matrix.push(result);
    if (!console.interrupted.aborted)
      parts.ablation = await ablation(target.suite, choices, { ...search, budget: options.budget ?? defaults.budget });
    if (options.mutate && !console.interrupted.aborted)
      parts.mutation = await mutationAudit(target.suite, choices, {
        ...search,
        sample: options.sample ?? defaults.sample,
        seed: options.seed ?? defaults.seed,
        tell: async (done, all) => {
          console.progress?.(`${scopeName(scope)}: mutant ${done + 1} of ${all}`);
          if (done % 16 === 0) await setImmediate(); // lets ctrl-C through
          return !console.interrupted.aborted;
        },
      });
  } catch (error) {
    failures.push({ error });
  }
  console.progress?.('');
  const [failure] = failures;
  if (failure && matrix.length === 0 && !parts.ablation) throw failure.error;
  const review: Review = {
    matrix,
    ablation: parts.ablation,
    mutation: parts.mutation,
    unfinished: failure !== undefined,
  };
  const { matrix: isShown, set, mutate, sample, seed, budget, maxStates } = options;
  const command = commandLine(['review', name], {
    'no-matrix': !isShown,
    ...{ set, mutate, sample, seed, budget },
    'max-states': maxStates,
  });
  if (format === 'json') console.out(jsonText(reviewJson(review)));
  else {
    const blocks = reviewBlocks(review, format === 'text' ? undefined : command);
    console.out(documentIn(format, blocks, console.colour));
  }
  if (failure) throw failure.error;
  return endStatus(isBounded(review), options, console);
};

/** Whether a bound came before the end of one of the searches. That a budget of searches was spent is as it was asked for. */
const isBounded = ({ matrix, ablation }: Review): boolean =>
  [...matrix, ...(ablation ? [ablation, ...ablation.flips] : [])].some(({ bound }) => bound !== undefined) ||
  ablation?.combinations?.left?.why === 'bound';

/** The target that a name stands for. Throws a SpecError if a file has several models. */
export const oneTarget = async (name: string): Promise<Target> => {
  const [target, ...others] = await findTargets(name);
  if (!target || others.length > 0)
    throw new SpecError(`${name} has ${others.length + 1} models; name a file that has one`);
  return target;
};

/** Every variant, checked exhaustively. */
async function* matrixOf(
  { suite, module }: Target,
  { config = {} }: Choices,
  options: LimitOptions,
  console: Console,
): AsyncGenerator<CheckResult> {
  const search = { kind: 'exhaustive', ...limitsOf(options) } as const;
  const jobs = Object.keys(suite.model.variants).map((variant) =>
    newJob({
      model: { id: suite.model.id, ...(module !== undefined && { file: resolve(module) }) },
      config: { ...config },
      versions: [{ variant, switches: {} }],
      search,
    }),
  );
  for await (const { results } of runLocally(jobs, async () => suite, options, console)) yield* results;
}
