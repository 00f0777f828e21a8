import * as v from 'valibot';
import { SpecError } from '../../spec/errors.ts';
import type { System } from '../../spec/model.ts';
import type { Scope } from '../../system/scope.ts';
import { isSame } from '../expectation.ts';
import { commandIn } from '../script/call.ts';
import { expectedIn } from '../script/expected.ts';
import { withField } from '../script/init.ts';
import type { Call, Field, Origin, Statement, Trace } from '../trace.ts';
import { type Hint, matchedCalls } from './match.ts';
import { meta, variables, version } from './names.ts';
import { observationOf } from './observation.ts';

const schema = v.looseObject({
  '#meta': v.optional(v.looseObject({})),
  vars: v.optional(v.array(v.string())),
  states: v.pipe(v.array(v.looseObject({})), v.minLength(1)),
  loop: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
});

/** A file in the Informal Trace Format, not yet read for a model. */
type Itf = v.InferOutput<typeof schema>;

/** Whether JSON is meant to be ITF, damaged or not. */
export const isItf = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && 'states' in json && !('format' in json && 'steps' in json);

/** Throws a SpecError that says what is wrong with the file, as the end of a sentence about it. */
export const itfIn = (json: unknown): Itf => {
  const parsed = v.safeParse(schema, json, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new SpecError(`${v.getDotPath(issue) ?? 'the top level'}: ${issue.message}`);
  }
  const { loop = 0, states } = parsed.output;
  if (loop >= states.length)
    throw new SpecError(`loop: ${loop} is not the index of one of the ${states.length} states`);
  const found = textIn(parsed.output, meta.version);
  if (found !== undefined && Number(found) > version)
    throw new SpecError(`it has version ${found}, from a newer pagelaw; this one reads version ${version}`);
  return parsed.output;
};

/** An entry of `#meta` that is a text. */
export const textIn = ({ '#meta': entries }: Itf, name: string): string | undefined => {
  const found = entries && Object.hasOwn(entries, name) ? entries[name] : undefined;
  return typeof found === 'string' ? found : undefined;
};

/**
 * The trace of the file for a system. Variables that are called as fields of the state are observations; all others are passed over. A
 * call is given by `pagelaw::call`, or by Quint's action and its picks. Where they leave it open, calls are tried until a call leads from
 * state to state. Throws a SpecError that says what is wrong, as the end of a sentence about the file.
 */
export const itfTrace = (file: Itf, origin: Origin, scope: Scope, system: System): Trace => {
  const property = textIn(file, meta.property);
  const observations = file.states.map((state, i) => observationOf(state, system, `states[${i}]`));
  const start = startOf(observations[0]!, system);
  const arrivals = [...file.states.keys()]
    .slice(1)
    .map((i) => ({ ...hintOf(file.states[i]!, i, system), fields: observations[i]! }));
  const calls = matchedCalls({ scope, system }, start ? start.state : system.initial, [
    ...arrivals,
    ...closingOf(file, observations, system),
  ]);
  return {
    origin,
    ...(property !== undefined && { claim: { property, search: { kind: 'exhaustive' } } }),
    statements: [
      ...(start ? [start] : []),
      ...calls.flatMap(({ command, expected, fields }, i): Statement[] => [
        { kind: 'call', line: i + 1, command, ...(expected && { expected }) },
        ...(fields.length > 0 ? [{ kind: 'expect', line: i + 1, fields } as const] : []),
      ]),
    ],
  };
};

/** The statement that makes the file's first state of the model's initial state; undefined where they agree. */
const startOf = (fields: readonly Field[], { state: domain, initial }: System) => {
  const other = fields.filter(
    ({ path: [name], value }) =>
      !isSame(name === undefined ? initial : Reflect.get(initial as object, name as string), value),
  );
  if (other.length === 0) return undefined;
  const state = other.reduce((made, field) => withField(made, field, domain), initial);
  const misfit = domain.misfit(state);
  if (misfit) throw new SpecError(`states[0]: ${misfit.path}: ${misfit.reason}`);
  return { kind: 'init', line: 0, fields: other, state } as const;
};

/** What the file says of the call that led to a state. */
const hintOf = (state: Readonly<Record<string, unknown>>, index: number, system: System): Hint => {
  const where = `states[${index}]`;
  const call = state[variables.call];
  if (typeof call === 'string') return { where, ...saidCall(call, state[variables.result], where, system) };
  const [action, picks] = [state[variables.quintAction], state[variables.quintPicks]];
  return { where, ...(typeof action === 'string' && { action, picks }) };
};

const saidCall = (call: string, result: unknown, where: string, system: System): Pick<Call, 'command' | 'expected'> => {
  try {
    const command = commandIn(call, system);
    return typeof result === 'string' && result !== '' ? { command, expected: expectedIn(result) } : { command };
  } catch (error) {
    throw error instanceof SpecError ? new SpecError(`${where}: ${error.message}`) : error;
  }
};

/** The call from the last state back to where the loop begins. */
const closingOf = (file: Itf, observations: readonly (readonly Field[])[], system: System) => {
  if (file.loop === undefined) return [];
  const where = 'loop';
  const fields = observations[file.loop]!;
  const call = textIn(file, meta.loopCall);
  if (call === undefined) return [{ where, fields }];
  return [{ where, fields, ...saidCall(call, textIn(file, meta.loopResult), where, system) }];
};
