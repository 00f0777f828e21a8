import * as v from 'valibot';
import { SpecError } from '../spec/errors.ts';
import type { Choices } from '../system/scope.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const integer = v.pipe(v.number(), v.integer());

const searchSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('reference'), maxStates: v.exactOptional(count) }),
  v.strictObject({
    kind: v.literal('exhaustive'),
    maxStates: v.exactOptional(count),
    maxBytes: v.exactOptional(count),
    workers: v.exactOptional(count),
    symmetry: v.exactOptional(v.picklist(['on', 'off', 'check'])),
  }),
  v.strictObject({
    kind: v.literal('random'),
    runs: count,
    length: count,
    seed: integer,
    path: v.exactOptional(v.string()),
    seconds: v.exactOptional(count),
  }),
]);

const jobSchema = v.strictObject({
  format: v.literal('pagelaw job'),
  version: v.literal(1),
  /** The id of the model. `file`: the absolute path of the file that exports its suite; absent for a model that pagelaw brings. */
  model: v.strictObject({ id: v.string(), file: v.exactOptional(v.string()) }),
  /** What differs from the default configuration, for all versions. */
  config: v.record(v.string(), integer),
  /** The versions of the code to search, in this order: a variant, and the switches that differ from it. They may share what they learn. */
  versions: v.pipe(
    v.array(
      v.strictObject({ variant: v.string(), switches: v.record(v.string(), v.union([v.boolean(), v.string()])) }),
    ),
    v.minLength(1),
  ),
  /** A program that makes the calls in place of the model: its command line, milliseconds of silence, how many processes of it, and preemptions of two calls. */
  subject: v.exactOptional(
    v.strictObject({ program: v.string(), timeout: count, processes: count, preemptions: v.exactOptional(count) }),
  ),
  /** The ids of the properties to judge; absent for all. */
  properties: v.exactOptional(v.array(v.string())),
  search: searchSchema,
  /** How proofs are checked again: by the whole reference search or by a sample, which has a seed. */
  crossCheck: v.strictObject({ by: v.picklist(['auto', 'reference']), seed: integer }),
  /** Whether to look for results that no reachable state gives. */
  dead: v.boolean(),
});

/**
 * The unit of a check: which versions of a model are searched, how, and for which properties. It is plain data and stays the same by
 * way of JSON. A job that is run twice gives the same result, but for times and for bounds on what the process takes.
 */
export type Job = v.InferOutput<typeof jobSchema>;

/**
 * A job of the present format. `by`: how proofs are checked again, `auto` if not given. `seed`: of the sample that they are checked by;
 * drawn if not given. `dead`: false if not given.
 */
export const newJob = ({
  by = 'auto',
  seed = Math.floor(Math.random() * 2 ** 31),
  dead = false,
  ...job
}: Pick<Job, 'model' | 'config' | 'versions' | 'properties' | 'search'> &
  Partial<Job['crossCheck'] & Pick<Job, 'dead'>>): Job => ({
  format: 'pagelaw job',
  version: 1,
  ...job,
  crossCheck: { by, seed },
  dead,
});

/** A job that comes from a file or over a wire. Throws a SpecError that names the first field that is wrong. */
export const parseJob = (value: unknown): Job => {
  const parsed = v.safeParse(jobSchema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new SpecError(`this is no job: ${v.getDotPath(issue) ?? 'the top'}: ${issue.message}`);
};

/** What each version of the job is searched as, in order. */
export const choicesOf = ({ config, versions }: Job): Choices[] =>
  versions.map(({ variant, switches }) => ({ variant, config, switches }));
