import type { Expected, Statement } from '../script/parse.ts';
import type { Ran } from '../script/run.ts';
import { describeCommand, type Scope } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import type { Style } from './style.ts';
import { fitted, plural, scopeName, settings, wrapped } from './words.ts';

/** A script that was run. */
export interface RanScript {
  readonly scope: Scope;
  readonly title: string;
  readonly legend: string | undefined;
  readonly file: string;
  readonly lines: readonly Ran[];
}

/** The report of `run`: a line for each statement, and why the script was stopped. */
export const scriptText = ({ scope, title, legend, file, lines }: RanScript, style: Style): string => {
  const head = [
    `${style.bold(scopeName(scope))}: ${title}`,
    settings(scope.config),
    ...(legend === undefined ? [] : [legend]),
  ].map((line) => wrapped(line, 78));
  const shown = lines.filter(({ standing }) => standing !== 'not run').map((ran) => lineText(ran, style));
  return `${fitted([head.join('\n'), shown.join('\n').trimStart(), closing(file, lines, style)].join('\n\n'))}\n`;
};

const lineText = ({ statement, standing, outcome, lane, problem }: Ran, style: Style): string => {
  if (statement.kind === 'heading') return `\n${style.bold(`# ${statement.text}`)}`;
  const mark = standing === 'ok' ? style.green('ok    ') : style.red('not ok');
  const free = statement.kind === 'call' && !statement.expected && outcome ? `  ${describeOutcome(outcome)}` : '';
  const step = lane ? `  ${style.dim(`${lane.thread}: ${lane.step}`)}` : '';
  const line = `${mark} ${String(statement.line).padStart(4)}  ${statementText(statement)}${problem === undefined ? free : ''}${step}`;
  return problem === undefined ? line : `${line}\n${wrapped(problem, 66, ' '.repeat(13))}`;
};

const closing = (file: string, lines: readonly Ran[], style: Style): string => {
  const run = lines.filter(({ statement }) => statement.kind !== 'heading');
  const wrong = run.find(({ standing }) => standing === 'not ok');
  if (!wrong) return style.green(`${plural(run.length, 'line')}, all as expected.`);
  const left = run.filter(({ standing }) => standing === 'not run').length;
  const rest = left === 0 ? '' : `; ${plural(left, 'line')} not run`;
  return style.red(wrapped(`Stopped at ${file}:${wrong.statement.line}: ${wrong.problem}${rest}.`, 78));
};

/** The same for test harnesses. Kernel: Documentation/dev-tools/ktap.rst. */
export const scriptKtap = ({ scope, file, lines }: RanScript): string => {
  const tests = lines.filter(({ statement }) => statement.kind !== 'heading').length;
  let number = 0;
  const body = lines.flatMap(({ statement, standing, problem }) => {
    if (statement.kind === 'heading') return [`# ${statement.text}`];
    number += 1;
    const name = `${number} ${file}:${statement.line} ${statementText(statement)}`;
    if (standing === 'not run') return [`ok ${name} # SKIP not run`];
    return [`${standing} ${name}`, ...(problem === undefined ? [] : [`# ${problem}`])];
  });
  return ['KTAP version 1', `# ${scopeName(scope)} ${settings(scope.config)}`, `1..${tests}`, ...body, ''].join('\n');
};

/** The result of `run --json`. */
export const scriptJson = ({ scope, file, lines }: RanScript): object => ({
  format: 'pagelaw run',
  version: 1,
  model: scope.model,
  variant: scope.variant,
  config: scope.config,
  switches: scope.switches,
  flipped: scope.flipped,
  file,
  lines: lines.map(({ statement, standing, outcome, lane, problem }) => ({
    line: statement.line,
    text: statement.kind === 'heading' ? `# ${statement.text}` : statementText(statement),
    standing,
    ...lane,
    ...(statement.kind === 'call' && { command: statement.command }),
    ...(outcome && { result: describeOutcome(outcome), state: outcome.state }),
    ...(problem !== undefined && { problem }),
  })),
});

const statementText = (statement: Exclude<Statement, { kind: 'heading' }>): string => {
  if (statement.kind === 'expect')
    return `expect ${statement.fields.map(({ path, value }) => `${pathWords(path)}=${valueWords(value)}`).join(' ')}`;
  const { command, expected } = statement;
  return expected ? `${describeCommand(command)} -> ${expectedWords(expected)}` : describeCommand(command);
};

const expectedWords = (expected: Expected): string => {
  const result =
    expected.result === 'refused' ? `-${expected.errno}` : expected.result === 'ok' ? '0' : expected.result;
  return expected.reason === undefined ? result : `${result} (${expected.reason})`;
};

const pathWords = (path: readonly (string | number)[]): string =>
  path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');

const valueWords = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(valueWords).join(',')}]` : String(value);
