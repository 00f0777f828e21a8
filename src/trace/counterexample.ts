import { dirname, join, relative, resolve } from 'node:path';
import * as v from 'valibot';
import { SpecError } from '../spec/errors.ts';
import { expectedIn } from './script/expected.ts';
import { resultText } from './script/write.ts';
import { type Counterexample, callsOf, type Expected } from './trace.ts';

/** Raised when a field changes its meaning. A file of an earlier version stays readable; one of a later version is refused. */
const version = 1;

const schema = v.strictObject({
  format: v.literal('pagelaw counterexample'),
  version: v.literal(version),
  /** Where the suite comes from, relative to this file; absent for one that pagelaw brings. */
  module: v.optional(v.string()),
  model: v.string(),
  variant: v.string(),
  config: v.record(v.string(), v.number()),
  switches: v.record(v.string(), v.union([v.boolean(), v.string()])),
  property: v.string(),
  search: v.variant('kind', [
    v.strictObject({ kind: v.literal('exhaustive') }),
    v.strictObject({
      kind: v.literal('random'),
      seed: v.number(),
      path: v.string(),
      runs: v.number(),
      length: v.number(),
      config: v.optional(v.record(v.string(), v.number())),
    }),
  ]),
  /** The calls, with the result that each had, as `describeOutcome` words it. */
  steps: v.array(v.strictObject({ command: v.looseObject({ kind: v.string() }), result: v.string() })),
});

/** The counterexample as the text of a file in `directory`. */
export const counterexampleText = (counterexample: Counterexample, directory: string): string => {
  const { origin, claim } = counterexample;
  const { module, ...rest } = origin;
  const saved: v.InferInput<typeof schema> = {
    format: 'pagelaw counterexample',
    version,
    ...rest,
    ...claim,
    steps: callsOf(counterexample).map(({ command, expected }) => ({
      command: { ...command },
      result: expected ? resultText(expected) : 'ok',
    })),
    ...(module !== undefined && { module: relative(resolve(directory), resolve(module)) }),
  };
  return `${JSON.stringify(saved, null, 2)}\n`;
};

/** The counterexample in the text of the file at `path`. Throws a SpecError that names the file and what is wrong with it. */
export const parseCounterexample = (text: string, path: string): Counterexample =>
  counterexampleIn(jsonIn(text, path), path);

/** Parsed JSON. Throws a SpecError that names the file. */
export const jsonIn = (text: string, path: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(path, `not JSON (${(error as Error).message})`);
  }
};

const damaged = (path: string, what: string) =>
  new SpecError(`${path} is not a counterexample that can be replayed: ${what}`);

/** The counterexample in the JSON of the file at `path`. Throws as `parseCounterexample` does. */
export const counterexampleIn = (json: unknown, path: string): Counterexample => {
  const { format, version: found }: { format?: unknown; version?: unknown } = Object(json);
  if (typeof format === 'string' && /^pagelaw (?!counterexample$)/.test(format))
    throw damaged(path, `it is what ${format} --json prints; check --save writes what can be replayed`);
  if (typeof found === 'number' && found > version)
    throw damaged(path, `it has version ${found}, from a newer pagelaw; this one reads version ${version}`);
  const parsed = v.safeParse(schema, json, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw damaged(path, `${v.getDotPath(issue) ?? 'the top level'}: ${issue.message}`);
  }
  const { model, variant, config, switches, module, property, search, steps } = parsed.output;
  return {
    origin: { model, variant, config, switches, ...(module !== undefined && { module: join(dirname(path), module) }) },
    claim: { property, search },
    statements: steps.map(({ command, result }, i) => ({
      kind: 'call',
      line: i + 1,
      command,
      expected: resultIn(result, `steps.${i}.result`, path),
    })),
  };
};

const resultIn = (result: string, where: string, path: string): Expected => {
  try {
    return expectedIn(result);
  } catch (error) {
    throw error instanceof SpecError ? damaged(path, `${where}: ${error.message}`) : error;
  }
};
