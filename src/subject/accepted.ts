import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { itemNamed } from '../item-named.ts';
import { SpecError } from '../spec/errors.ts';
import { type Difference, resultWords } from './divergence.ts';

const scalar = v.union([v.string(), v.number(), v.boolean()]);
const text = v.pipe(v.string(), v.nonEmpty());
const schema = v.array(
  v.strictObject({
    /** The name of the call. */
    call: text,
    /** Where the difference is accepted: all that is named must be so. */
    condition: v.pipe(
      v.strictObject({
        arguments: v.optional(v.record(v.string(), scalar)),
        /** Results: `ok`, `ok 2`, `-EPERM`, `panic`, with `, WARN` if one fired. */
        model: v.optional(text),
        code: v.optional(text),
        /** A field that differs afterwards; `[]` stands for any position: `pages[].owner`. */
        field: v.optional(text),
        /** Fields of the state before the call: `{"pages[0]": "shared"}`. */
        before: v.optional(v.record(v.string(), scalar)),
      }),
      v.check((condition) => Object.keys(condition).length > 0, 'it must name something'),
    ),
    /** Why the difference is right, or whose mistake it is. */
    reason: text,
  }),
);

/** A difference between model and code that is known, and accepted. */
export type Accepted = v.InferOutput<typeof schema>[number];

/** Reads a file of accepted differences. Throws a SpecError that names the place. `calls`: those of the model. */
export const readAccepted = (file: string, calls: readonly string[]): Accepted[] => {
  const wrong = (what: string) => new SpecError(`${file}: ${what}`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw wrong(words.replace(/, open '.*'$/, '')); // the file has been named
  }
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw wrong(
      `${v.getDotPath(issue) ?? 'the top'}: ${issue.message}; it is a list of { "call", "condition", "reason" }`,
    );
  }
  for (const { call } of parsed.output) itemNamed(`call in ${file}`, call, calls);
  return parsed.output;
};

/** Whether the difference is the one that is accepted. */
export const accepts = ({ call, condition }: Accepted, { command, a, b, before, fields }: Difference): boolean => {
  const { arguments: given = {}, model, code, field, before: values = {} } = condition;
  return (
    call === command.kind &&
    Object.entries(given).every(([name, value]) => Reflect.get(command, name) === value) &&
    (model === undefined || model === resultWords(a)) &&
    (code === undefined || code === resultWords(b)) &&
    (field === undefined || fields.some(({ path }) => path === field || path.replaceAll(/\[\d+\]/g, '[]') === field)) &&
    Object.entries(values).every(([path, value]) => valueAt(before, path) === value)
  );
};

/** In words, for a report. */
export const describeAccepted = ({ call, condition, reason }: Accepted): string =>
  `${call} ${JSON.stringify(condition)}: ${reason}`;

/** What is at `vms[0].phase`; undefined where there is nothing. */
const valueAt = (state: unknown, path: string): unknown => {
  let value = state;
  for (const [part] of path.matchAll(/\w+/g)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
};
