import { controlIn } from '../../printable.ts';
import { describeCommand } from '../../spec/model.ts';
import {
  type Call,
  type Expected,
  type Field,
  isList,
  type Origin,
  type Path,
  type Statement,
  type Trace,
  type Value,
} from '../trace.ts';
import { words } from './scanner.ts';

/**
 * The trace as a script that begins with the model's name. A script cannot hold every text: where a reason or a WARN has unpaired
 * brackets or control characters, the script accepts any text.
 */
export const scriptOf = ({ origin, statements }: Trace): string => {
  const lines = statements.filter(({ kind }) => kind !== 'model').flatMap(writable);
  return [`model ${modelText(origin)}`, ...lines.map(statementText)].map((line) => `${line}\n`).join('');
};

/** What stands behind the word `model`: `pkvm-mmio@v4 pages=2 checksOwner=false`. A value with spaces is quoted. */
export const modelText = ({ model, variant, module = model, config, switches }: Origin): string =>
  [
    `${module}@${variant}`,
    // A parameter and a switch may have one name.
    ...[...Object.entries(config), ...Object.entries(switches)].map(([name, value]) => settingText(`${name}=${value}`)),
  ].join(' ');

/** The setting as the script has it: in quotes if its value has spaces, or what would end it. */
const settingText = (setting: string): string => {
  const at = setting.indexOf('=') + 1;
  const value = setting.slice(at);
  if (!/[\s#'"=]/.test(value)) return setting;
  const quote = value.includes("'") ? '"' : "'";
  return `${setting.slice(0, at)}${quote}${value}${quote}`;
};

/** The statement without what a script cannot say; nothing where nothing is left of it. */
const writable = (statement: Statement): Statement[] => {
  if (statement.kind === 'call') return [writableCall(statement)];
  if (statement.kind !== 'expect' && statement.kind !== 'init') return [statement];
  const fields = statement.fields.flatMap(writableField);
  return fields.length === 0 ? [] : [{ ...statement, fields }];
};

/** A path begins with a name: of the whole state, each field is written. */
const writableField = (field: Field): Field[] => {
  const { path, value } = field;
  if (path.length > 0) return [field];
  if (typeof value !== 'object' || isList(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => (name === 'kind' ? [] : { path: [name], value: inner }));
};

const writableCall = (call: Call): Call => {
  const { expected } = call;
  if (!expected) return call;
  const warnings = expected.warnings.map((text) => (text !== undefined && isWarning(text) ? text : undefined));
  if (expected.result === 'ok' || expected.reason === undefined || isReason(expected.reason))
    return { ...call, expected: { ...expected, warnings } };
  const { reason: _, ...rest } = expected;
  return { ...call, expected: { ...rest, warnings } };
};

const isLegible = (text: string) => words(text) === text && controlIn(text) < 0;

const isWarning = (text: string) => text !== '' && isLegible(text) && !/#|,\s*WARN\b/.test(text);

/** Whether every bracket in it has its fellow. */
const isReason = (text: string): boolean => {
  let depth = 0;
  for (const char of text) {
    if (char === '(') depth++;
    if (char === ')') depth--;
    if (depth < 0) return false;
  }
  return depth === 0 && isLegible(text);
};

/** The statement as a line of a script. */
export const statementText = (statement: Statement): string => {
  switch (statement.kind) {
    case 'heading':
      return `# ${statement.text}`;
    case 'model':
      return ['model', statement.name, ...statement.settings.map(settingText)].join(' ');
    case 'call': {
      const { command, expected } = statement;
      return expected ? `${callText(command)} -> ${expectedText(expected)}` : callText(command);
    }
    case 'show':
      return ['show', ...statement.paths.map(pathText)].join(' ');
    default:
      return [
        statement.kind,
        ...statement.fields.map(({ path, value }) => `${pathText(path)}=${valueText(value)}`),
      ].join(' ');
  }
};

/** `host_donate_hyp(pfn=0, nr=1)`: texts within lists and records without quotes. */
export const callText = (command: Call['command']): string => {
  const { kind, ...args } = command;
  const isQuoted = Object.values(args).some(
    (value) => typeof value === 'object' && JSON.stringify(value).includes('"'),
  );
  if (!isQuoted) return describeCommand(command);
  // Arguments are values of a domain, and so values of a script.
  return `${kind}(${Object.entries(args as Record<string, Value>)
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join(', ')})`;
};

const expectedText = (expected: Expected): string => {
  const warnings = warningsText(expected.warnings);
  return expected.result === 'ok' ? `${expected.value ?? 'ok'}${warnings}` : `${failureText(expected)}${warnings}`;
};

/** The expected result as `describeOutcome` words an outcome: `ok (returned 2)`, `-EPERM (no such page), WARN odd`. */
export const resultText = (expected: Expected): string => {
  const warnings = warningsText(expected.warnings);
  if (expected.result !== 'ok') return `${failureText(expected)}${warnings}`;
  return `ok${expected.value === undefined ? '' : ` (returned ${expected.value})`}${warnings}`;
};

const warningsText = (warnings: Expected['warnings']): string =>
  warnings.map((text) => (text === undefined ? ', WARN' : `, WARN ${text}`)).join('');

const failureText = (expected: Exclude<Expected, { result: 'ok' }>): string => {
  const result = expected.result === 'refused' ? `-${expected.errno}` : expected.result;
  // A function that gives no reason: `describeOutcome` writes none either.
  return `${result}${expected.reason ? ` (${expected.reason})` : ''}`;
};

/** `vms[0].guest[1]`, `host[2-511]` */
export const pathText = (path: Path): string =>
  path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`;
      if (typeof step === 'object') return `[${step.from}-${step.to}]`;
      return i === 0 ? step : `.${step}`;
    })
    .join('');

/** `[OWNED, NOPAGE]`, `{kind: leaf, level: 3}` */
const valueText = (value: Value): string => {
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return `[${value.map(valueText).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([name, inner]) => `${name}: ${valueText(inner)}`)
    .join(', ')}}`;
};
