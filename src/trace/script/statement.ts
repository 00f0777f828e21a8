import type { Errno } from '../../spec/errno.ts';
import { type Command, describeCommand } from '../../spec/model.ts';
import type { Returned } from '../../spec/outcome.ts';

/**
 * What a call is expected to do. A success without a `value` may return any, and 0 stands for functions that return nothing, too; without
 * a `reason`, any will do.
 */
export type Expected = (
  | { readonly result: 'ok'; readonly value?: Returned }
  | { readonly result: 'refused'; readonly errno: Errno; readonly reason?: string }
  | { readonly result: 'panic' | 'disabled'; readonly reason?: string }
) & {
  /** A text for each WARN that fires on the way; undefined for one of any text. */
  readonly warnings: readonly (string | undefined)[];
};

/** Elements of an array, both ends included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A place in the state, or several: every element of a span. */
export type Path = readonly (string | number | Span)[];

/** A variant is given by its kind alone, or by its kind and some of its fields, as a record is by some of its. */
export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

/** A place in the state and the value that it has, or is to have. */
export interface Field {
  readonly path: Path;
  readonly value: Value;
}

export type Statement =
  | { readonly kind: 'heading'; readonly line: number; readonly text: string }
  /** `state` is what the model has then. */
  | { readonly kind: 'init'; readonly line: number; readonly fields: readonly Field[]; readonly state: unknown }
  | { readonly kind: 'call'; readonly line: number; readonly command: Command; readonly expected?: Expected }
  | { readonly kind: 'expect'; readonly line: number; readonly fields: readonly Field[] }
  /** Without paths, the whole state. */
  | { readonly kind: 'show'; readonly line: number; readonly paths: readonly Path[] };

/** `vms[0].guest[1]`, `host[2-511]` */
export const pathText = (path: Path): string =>
  path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`;
      if (typeof step === 'object') return `[${step.from}-${step.to}]`;
      return i === 0 ? step : `.${step}`;
    })
    .join('');

/** As a script has it: `[OWNED, NOPAGE]`, `{kind: leaf, level: 3}`. */
export const valueText = (value: Value): string => {
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return `[${value.map(valueText).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([name, inner]) => `${name}: ${valueText(inner)}`)
    .join(', ')}}`;
};

/** The statement as a script may have it. */
export const statementText = (statement: Statement): string => {
  switch (statement.kind) {
    case 'call': {
      const { command, expected } = statement;
      return expected ? `${describeCommand(command)} -> ${expectedWords(expected)}` : describeCommand(command);
    }
    case 'heading':
      return `# ${statement.text}`;
    case 'show':
      return ['show', ...statement.paths.map(pathText)].join(' ');
    default:
      return [
        statement.kind,
        ...statement.fields.map(({ path, value }) => `${pathText(path)}=${valueText(value)}`),
      ].join(' ');
  }
};

const expectedWords = (expected: Expected): string => {
  const warnings = expected.warnings.map((text) => (text === undefined ? ', WARN' : `, WARN ${text}`)).join('');
  if (expected.result === 'ok') return `${expected.value ?? 'ok'}${warnings}`;
  const result = expected.result === 'refused' ? `-${expected.errno}` : expected.result;
  return `${result}${expected.reason === undefined ? '' : ` (${expected.reason})`}${warnings}`;
};
