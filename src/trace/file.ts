import { createHash } from 'node:crypto';
import { access, constants, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import * as v from 'valibot';
import { SpecError } from '../spec/errors.ts';
import type { Command } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import type { Scope } from '../system/scope.ts';
import { replaceFile } from './replace-file.ts';

const version = 1;

const schema = v.strictObject({
  format: v.literal('pagelaw counterexample'),
  version: v.literal(version),
  /** Where the suite comes from, relative to this file; absent for one that pagelaw brings. */
  module: v.optional(v.string()),
  model: v.string(),
  variant: v.string(),
  config: v.record(v.string(), v.number()),
  /** Every switch, so that the file means the same if the variant's definition changes. */
  switches: v.record(v.string(), v.union([v.boolean(), v.string()])),
  property: v.string(),
  /** How it was found; a random search reproduces it from its seed and path. */
  search: v.variant('kind', [
    v.strictObject({ kind: v.literal('exhaustive') }),
    v.strictObject({
      kind: v.literal('random'),
      seed: v.number(),
      path: v.string(),
      runs: v.number(),
      length: v.number(),
      /** Of that search, if the counterexample was found to need less. */
      config: v.optional(v.record(v.string(), v.number())),
    }),
  ]),
  /** The calls, with the result each had. */
  steps: v.array(v.strictObject({ command: v.looseObject({ kind: v.string() }), result: v.string() })),
});

/** A violated property, with all that is needed to show it again. */
export type Counterexample = v.InferOutput<typeof schema>;

export const counterexampleOf = (
  scope: Scope,
  property: string,
  steps: readonly Step[],
  search: Counterexample['search'],
): Counterexample => ({
  format: 'pagelaw counterexample',
  version,
  model: scope.model,
  variant: scope.variant,
  config: { ...scope.config },
  switches: { ...scope.switches },
  property,
  search,
  steps: steps.map(({ command, outcome }) => ({ command: { ...command }, result: describeOutcome(outcome) })),
});

export const commandsOf = (counterexample: Counterexample): Command[] =>
  counterexample.steps.map(({ command }) => command);

/**
 * Where a counterexample is kept. The name ends in digits that stand for its identity: version of the code, configuration, property
 * and calls. So the same one is kept once, whatever found it, and another one of the same property beside it.
 */
export const counterexamplePath = (directory: string, counterexample: Counterexample): string => {
  const { model, variant, config, switches, property, steps } = counterexample;
  const sorted = (values: object) => Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  const calls = steps.map(({ command }) => sorted(command));
  const identity = JSON.stringify([model, variant, sorted(switches), sorted(config), property, calls]);
  const digits = createHash('sha256').update(identity).digest('hex').slice(0, 8);
  return join(directory, `${model}@${variant}.${property}.${digits}.json`);
};

/** Makes the directory if need be. Throws a SpecError if nothing can be written there: better before a search than after it. */
export const prepareDirectory = async (directory: string): Promise<void> => {
  try {
    await makeDirectory(resolve(directory));
    await access(directory, constants.W_OK);
  } catch (error) {
    throw new SpecError(`cannot save to ${directory}: ${(error as Error).message}`);
  }
};

/** One level at a time: a recursive mkdir never comes back from a file system, such as /proc, that denies having made a level. */
const makeDirectory = async (path: string): Promise<void> => {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return;
  if (!found) await makeDirectory(dirname(path));
  await mkdir(path);
};

/**
 * Writes the counterexample to `path`, whose directory is made if need be. The file is complete or not there. `module` is the
 * file that the suite came from, relative to the working directory.
 */
export const saveCounterexample = async (
  path: string,
  counterexample: Counterexample,
  module?: string,
): Promise<void> => {
  const directory = dirname(path);
  const located =
    module === undefined
      ? counterexample
      : { ...counterexample, module: relative(resolve(directory), resolve(module)) };
  try {
    await makeDirectory(resolve(directory));
  } catch (error) {
    throw new SpecError(`cannot write ${path}: ${(error as Error).message}`);
  }
  await replaceFile(path, `${JSON.stringify(located, null, 2)}\n`);
};

/** Reads a counterexample. Throws a SpecError that names the file and what is wrong with it. */
export const loadCounterexample = async (path: string): Promise<Counterexample> => {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new SpecError(`cannot read ${path}: ${error.message}`);
  });
  const damaged = (what: string) => new SpecError(`${path} is not a counterexample that can be replayed: ${what}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw damaged(`not JSON (${(error as Error).message})`);
  }
  const found = (json as { version?: unknown } | null)?.version;
  if (typeof found === 'number' && found > version)
    throw damaged(`it has version ${found}, from a newer pagelaw; this one reads version ${version}`);
  const parsed = v.safeParse(schema, json, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw damaged(`${v.getDotPath(issue) ?? 'the top level'}: ${issue.message}`);
  }
  const { module } = parsed.output;
  return module === undefined ? parsed.output : { ...parsed.output, module: join(dirname(path), module) };
};
