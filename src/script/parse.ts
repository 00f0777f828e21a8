import { known } from '../known.ts';
import type { Domain, Shape } from '../spec/domain.ts';
import { SpecError } from '../spec/errors.ts';
import type { Command, System } from '../spec/model.ts';

/*
 * A script is a text file of calls and expectations, one a line.
 *
 *   script    = { line newline }
 *   line      = [ call | expect ] [ "#" comment ]
 *   call      = name "(" [ argument { "," argument } ] ")" [ "->" result ]
 *   argument  = value | name "=" value                  positional ones first, in the order of the kernel function
 *   result    = "0" | "ok" | "-" errno | "panic" | "disabled", each with an optional "(" reason ")"
 *   expect    = "expect" [ path ":" ] field { field }
 *   field     = path "=" value                          no spaces around "="
 *   path      = name { "[" index "]" | "." name }
 *   value     = word | integer | "[" value { "," value } "]"
 *
 * A name may begin with `__` and what the kernel puts before it: `__pkvm_host_share_hyp(0)` is `host_share_hyp(0)`. A call
 * without a result may return anything. A comment that has the line to itself is a heading. A variant is compared by its kind.
 * `host=OWNED`, where `host` is an array at the top of the state, is `host[n]=OWNED` for the n that the latest call with an
 * argument `pfn` gave it. The whole script is read before its first call is made.
 */

/** What a call is expected to return. Without a reason, any. */
export type Expected = { readonly reason?: string } & (
  | { readonly result: 'ok' | 'panic' | 'disabled' }
  | { readonly result: 'refused'; readonly errno: string }
);

/** A place in the state and the value expected there. */
export interface Field {
  readonly path: readonly (string | number)[];
  readonly value: Value;
}
export type Value = string | number | boolean | readonly Value[];

export type Statement =
  | { readonly kind: 'heading'; readonly line: number; readonly text: string }
  | { readonly kind: 'call'; readonly line: number; readonly command: Command; readonly expected?: Expected }
  | { readonly kind: 'expect'; readonly line: number; readonly fields: readonly Field[] };

/** Reads a script for a system. Throws a SpecError `file:line: ...` at the first line that is wrong. */
export const parseScript = (text: string, file: string, system: System): Statement[] => {
  const statements: Statement[] = [];
  let pfn: number | undefined;
  for (const [i, source] of text.split(/\r?\n/).entries()) {
    const line = i + 1;
    try {
      const statement = parseLine(source, line, system, pfn);
      if (!statement) continue;
      statements.push(statement);
      if (statement.kind === 'call' && 'pfn' in statement.command && typeof statement.command.pfn === 'number')
        pfn = statement.command.pfn;
    } catch (error) {
      throw error instanceof SpecError ? new SpecError(`${file}:${line}: ${error.message}`) : error;
    }
  }
  if (!statements.some(({ kind }) => kind !== 'heading'))
    throw new SpecError(`${file}:1: there is no call; a line is, for example, ${exampleOf(system)} -> 0`);
  return statements;
};

const parseLine = (source: string, line: number, system: System, pfn: number | undefined): Statement | undefined => {
  const [, code = '', comment] = /^([^#]*)(?:#(.*))?$/.exec(source)!;
  const statement = code.trim();
  if (statement === '')
    return comment === undefined || comment.trim() === '' ? undefined : { kind: 'heading', line, text: comment.trim() };
  if (/^expect\b/.test(statement)) return { kind: 'expect', line, fields: fieldsOf(statement, system.state, pfn) };
  return { kind: 'call', line, ...callOf(statement, system) };
};

/** A call with every argument named, as an example to follow. */
const exampleOf = (system: System): string => {
  const [first] = system.command.values();
  const { kind, ...args } = first!;
  return `${kind}(${Object.entries(args).map(([name, value]) => `${name}=${value}`)})`;
};

type Fields = Readonly<Record<string, Domain>>;

const casesOf = ({ command }: System): Readonly<Record<string, Fields>> =>
  command.shape.kind === 'variant' ? command.shape.cases : {};

const callOf = (text: string, system: System): { command: Command; expected?: Expected } => {
  const [, written = '', afterName] = /^(-?\w+)\s*(.*)$/.exec(text) ?? [];
  if (afterName === undefined || !/^[A-Za-z_]/.test(written))
    throw new SpecError(`${text} is neither a call nor an expect; a call is, for example, ${exampleOf(system)} -> 0`);
  const cases = casesOf(system);
  const kind = kindOf(written, Object.keys(cases));
  const form = `${kind}(${Object.keys(cases[kind]!).join(', ')})`;
  if (!afterName.startsWith('(')) throw new SpecError(`${written} is not followed by its arguments; write ${form}`);
  const [args, rest] = bracketed(afterName, form);
  const command = commandOf(kind, cases[kind]!, args, form);
  const misfit = system.command.misfit(command);
  if (misfit) throw new SpecError(`${form}: ${misfit.path}: ${misfit.reason}`);
  if (rest === '') return { command };
  const [, result] = /^->\s*(.*)$/.exec(rest) ?? [];
  if (result === undefined) throw new SpecError(`${rest} after the call; a result is written -> 0 or -> -EPERM`);
  return { command, expected: expectedOf(result) };
};

/** The call's name, with or without what the kernel puts before it. */
const kindOf = (written: string, kinds: readonly string[]): string => {
  if (kinds.includes(written)) return written;
  const [longest] = kinds
    .filter((kind) => written.startsWith('__') && written.endsWith(`_${kind}`))
    .sort((a, b) => b.length - a.length);
  return longest ?? known('call', written.replace(/^__(pkvm_)?/, ''), kinds);
};

/** What is between a bracket at the start of `text` and its fellow, and what follows. */
const bracketed = (text: string, form: string): readonly [string, string] => {
  let depth = 0;
  for (const [i, char] of [...text].entries()) {
    if (char === '(' || char === '[') depth += 1;
    if (char === ')' || char === ']') depth -= 1;
    if (depth === 0) return [text.slice(1, i).trim(), text.slice(i + 1).trim()];
  }
  throw new SpecError(`a bracket is not closed; write ${form}`);
};

/** The parts between commas that are in no brackets. */
const partsOf = (text: string): string[] => {
  if (text.trim() === '') return [];
  const parts = [''];
  let depth = 0;
  for (const char of text) {
    if (char === '[') depth += 1;
    if (char === ']') depth -= 1;
    if (char === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += char;
  }
  return parts.map((part) => part.trim());
};

const commandOf = (kind: string, fields: Fields, args: string, form: string): Command => {
  const names = Object.keys(fields);
  const given = new Map<string, Value>();
  let named = false;
  for (const [i, part] of partsOf(args).entries()) {
    const [, name, text = ''] = /^(?:([A-Za-z_]\w*)\s*=\s*)?(.*)$/.exec(part)!;
    if (name === undefined && named)
      throw new SpecError(`${part} has no name but follows an argument that has; write ${form}`);
    if (name === undefined && i >= names.length) throw new SpecError(`${part} is one argument too many; write ${form}`);
    named ||= name !== undefined;
    const of = name === undefined ? names[i]! : known(`argument of ${kind}`, name, names);
    if (given.has(of)) throw new SpecError(`${of} is given twice; write ${form}`);
    given.set(of, readValue(text, fields[of]!.shape, of));
  }
  const missing = names.find((name) => !given.has(name));
  if (missing !== undefined) throw new SpecError(`${missing} is missing; write ${form}`);
  return { kind, ...Object.fromEntries(names.map((name) => [name, given.get(name)])) };
};

/** Reads a value of the shape, and says what would be right if it is none. */
const readValue = (text: string, shape: Shape, where: string): Value => {
  switch (shape.kind) {
    case 'flag':
      return known(`value of ${where}`, text, [false, true], String);
    case 'enum':
      return known(`value of ${where}`, text, shape.values, String);
    case 'range': {
      const value = /^(-?\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : Number.NaN;
      if (value >= shape.min && value <= shape.max) return value;
      throw new SpecError(`${where}=${text} is not an integer from ${shape.min} to ${shape.max}`);
    }
    case 'variant':
      return known(`kind of ${where}`, text, Object.keys(shape.cases));
    case 'array': {
      const [, inner] = /^\[(.*)\]$/.exec(text) ?? [];
      const parts = inner === undefined ? [] : partsOf(inner);
      if (parts.length !== shape.length)
        throw new SpecError(`${where} is an array of ${shape.length}; write [v, ...] for all of it, or ${where}[0]=v`);
      return parts.map((part, i) => readValue(part, shape.element.shape, `${where}[${i}]`));
    }
    case 'record':
      throw new SpecError(`${where} is a record; name one of its fields: ${Object.keys(shape.fields).join(', ')}`);
  }
};

const expectedOf = (text: string): Expected => {
  const [, result = '', reason] = /^(\S+)(?:\s+\((.*)\))?$/.exec(text) ?? [];
  const because = reason === undefined ? {} : { reason };
  if (result === '0' || result === 'ok') return { result: 'ok', ...because };
  if (result === 'panic' || result === 'disabled') return { result, ...because };
  if (/^-E[A-Z0-9]+$/.test(result)) return { result: 'refused', errno: result.slice(1), ...because };
  throw new SpecError(`${text || 'nothing'} is not a result; it is 0, -EPERM or another errno, panic or disabled`);
};

const fieldsOf = (text: string, state: Domain, pfn: number | undefined): Field[] => {
  const [, prefix, rest = ''] = /^expect\s*(?:([\w.[\]]+)\s*:)?\s*(.*)$/.exec(text)!;
  const base = prefix === undefined ? { path: [], shape: state.shape } : placeOf(prefix, state.shape, []);
  const words = rest
    .replaceAll(/\[[^\]=]*,[^\]=]*\]/g, (list) => list.replaceAll(/\s/g, ''))
    .split(/\s+/)
    .filter(Boolean);
  if (words.length === 0) throw new SpecError('expect what? write expect FIELD=VALUE');
  return words.map((word) => {
    const [, written, value] = /^([^=]+)=(.+)$/.exec(word) ?? [];
    if (written === undefined || value === undefined) throw new SpecError(`${word} is not FIELD=VALUE, without spaces`);
    const place = placeOf(written, base.shape, base.path);
    const { path, shape } = value.startsWith('[') ? place : elementOf(place, pfn);
    return { path, value: readValue(value, shape, pathText(path)) };
  });
};

interface Place {
  readonly path: readonly (string | number)[];
  readonly shape: Shape;
}

/** An array at the top that is compared with one value stands for the page that a call has named last. */
const elementOf = (place: Place, pfn: number | undefined): Place => {
  if (place.shape.kind !== 'array' || place.path.length !== 1) return place;
  const { length, element } = place.shape;
  const at = length === 1 ? 0 : pfn;
  if (at !== undefined && at < length) return { path: [...place.path, at], shape: element.shape };
  const name = pathText(place.path);
  throw new SpecError(
    `${name} is an array, and no call has named one of its ${length} elements as pfn; write ${name}[0]=`,
  );
};

const placeOf = (text: string, shape: Shape, base: Place['path']): Place => {
  if (!/^[A-Za-z_]\w*(\[\d+\]|\.[A-Za-z_]\w*)*$/.test(text))
    throw new SpecError(`${text} is not a place in the state; write it as name[0].name`);
  let place: Place = { path: base, shape };
  for (const [step] of text.matchAll(/[A-Za-z_]\w*|\d+/g)) place = within(place, step);
  return place;
};

const within = ({ path, shape }: Place, step: string): Place => {
  const here = path.length === 0 ? 'the state' : pathText(path);
  if (shape.kind === 'array') {
    if (!/^\d+$/.test(step)) throw new SpecError(`${here} is an array of ${shape.length}; write ${here}[0].${step}`);
    if (Number(step) >= shape.length)
      throw new SpecError(`${here} has the elements 0 to ${shape.length - 1}, not ${step}`);
    return { path: [...path, Number(step)], shape: shape.element.shape };
  }
  const fields = shape.kind === 'record' ? shape.fields : shape.kind === 'variant' ? fieldsOfCases(shape.cases) : {};
  if (/^\d+$/.test(step)) throw new SpecError(`${here} is not an array`);
  known(`field of ${here}`, step, Object.keys(fields));
  return { path: [...path, step], shape: fields[step]!.shape };
};

/** The fields of all cases: which exist is known when the expectation is looked at. */
const fieldsOfCases = (cases: Readonly<Record<string, Fields>>): Fields => Object.assign({}, ...Object.values(cases));

/** `vms[0].guest[1]` */
export const pathText = (path: readonly (string | number)[]): string =>
  path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');
