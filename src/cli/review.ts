import { availableParallelism, totalmem } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { ablation } from '../audit/ablation.ts';
import { mutationAudit } from '../audit/mutation.ts';
import { type CheckResult, check } from '../check.ts';
import { type Review, reviewJson, reviewMail, reviewMarkdown, reviewText } from '../report/review.ts';
import { styleOf } from '../report/style.ts';
import { scopeName } from '../report/words.ts';
import { SpecError } from '../spec/errors.ts';
import { type Choices, scopeOf, systemOf } from '../spec/model.ts';
import { givenChoices, memoryShare } from './check.ts';
import { type Console, exit } from './console.ts';
import { commandLine, type Format, formatOf, jsonText } from './formats.ts';
import { pulseFor } from './pulse.ts';
import { findTargets, type Target } from './suites.ts';

export interface ReviewOptions {
  readonly set?: readonly string[];
  readonly matrix: boolean;
  readonly mutate?: boolean;
  readonly sample?: number;
  readonly seed?: number;
  readonly budget?: number;
  readonly maxStates?: number;
  readonly maxMemory?: number;
  readonly workers?: number;
  readonly format?: Format<'document'>;
  readonly json?: boolean;
}

const defaults = { sample: 1000, seed: 1, budget: 200 };

/** `pagelaw review`: which check of a patch bears which property, and with `--mutate` what the properties would not notice. */
export const reviewCommand = async (name: string, options: ReviewOptions, console: Console): Promise<number> => {
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

  const matrix = options.matrix ? await matrixOf(target, choices, options, console) : [];
  const search = { ...bounds(options), pulse: pulseFor(console, `${scopeName(scope)} switches`) };
  const review: Review = {
    matrix,
    ablation: console.interrupted.aborted
      ? undefined
      : await ablation(target.suite, choices, { ...search, budget: options.budget ?? defaults.budget }),
    mutation:
      options.mutate && !console.interrupted.aborted
        ? await mutationAudit(target.suite, choices, {
            ...search,
            sample: options.sample ?? defaults.sample,
            seed: options.seed ?? defaults.seed,
            tell: async (done, all) => {
              console.progress?.(`${scopeName(scope)}: mutant ${done + 1} of ${all}`);
              if (done % 16 === 0) await setImmediate(); // lets ctrl-C through
              return !console.interrupted.aborted;
            },
          })
        : undefined,
  };
  console.progress?.('');
  const { matrix: isShown, set, mutate, sample, seed, budget, maxStates } = options;
  const command = commandLine(['review', name], {
    'no-matrix': !isShown,
    ...{ set, mutate, sample, seed, budget },
    'max-states': maxStates,
  });
  if (format === 'json') console.out(jsonText(reviewJson(review)));
  else if (format === 'mail') console.out(reviewMail(review, command));
  else if (format === 'markdown') console.out(reviewMarkdown(review, command));
  else console.out(reviewText(review, styleOf(console.colour)));
  return console.interrupted.aborted ? exit.interrupted : exit.asExpected;
};

/** The target that a name stands for. Throws a SpecError if a file has several models. */
export const oneTarget = async (name: string): Promise<Target> => {
  const [target, ...others] = await findTargets(name);
  if (!target || others.length > 0)
    throw new SpecError(`${name} has ${others.length + 1} models; name a file that has one`);
  return target;
};

/** What an exhaustive search may take, by default and as given. */
export const bounds = ({
  maxStates,
  maxMemory,
  workers,
}: Pick<ReviewOptions, 'maxStates' | 'maxMemory' | 'workers'>) => ({
  ...(maxStates !== undefined && { maxStates }),
  maxBytes: maxMemory === undefined ? Math.floor(totalmem() * memoryShare) : maxMemory * 2 ** 20,
  workers: workers ?? availableParallelism(),
});

/** Every variant, checked exhaustively. */
const matrixOf = async (
  { suite }: Target,
  { config }: Choices,
  options: ReviewOptions,
  console: Console,
): Promise<CheckResult[]> => {
  const results: CheckResult[] = [];
  for (const variant of Object.keys(suite.model.variants)) {
    if (console.interrupted.aborted) break;
    const choices = { variant, ...(config && { config }) };
    const pulse = pulseFor(console, scopeName(scopeOf(suite.model, choices)));
    results.push(await check(suite, choices, { kind: 'exhaustive', ...bounds(options) }, { pulse }));
  }
  return results;
};
