import { printable } from '../printable.ts';
import { describeOutcome } from '../spec/outcome.ts';
import type { Scope } from '../system/scope.ts';
import type { Part } from '../trace/expectation.ts';
import type { Ran, Shown } from '../trace/run.ts';
import { marked } from './drawing.ts';
import { plainName } from './ktap.ts';
import { drawingText } from './render/drawing-text.ts';
import type { Style } from './render/style.ts';
import { fitted, wrapped } from './render/wrap.ts';
import { withoutRepeats } from './repeats.ts';
import { count, plural, scopeName, settings, valueWords } from './words.ts';

/** The statements of a trace that were run. */
interface RanScript {
  readonly scope: Scope;
  readonly title: string;
  readonly legend: string | undefined;
  readonly file: string;
  readonly lines: readonly Ran[];
  /** Whether every line was judged, or the first that was wrong was the last that was run. */
  readonly keptGoing: boolean;
  /** Whether ctrl-C came before the last line. */
  readonly interrupted: boolean;
}

/** Whether a line is judged. A heading, `model`, `init` and `show` are not, unless the model fails at them. */
const isJudged = ({ statement, isBroken }: Ran): boolean =>
  statement.kind === 'call' || statement.kind === 'expect' || isBroken === true;

/** The report of `run`: a line for each statement, and what was not as expected. */
export const scriptText = (script: RanScript, style: Style): string => {
  const { scope, title, legend, lines } = script;
  const head = [
    `${style.bold(scopeName(scope))}: ${printable(title)}`,
    settings(scope.config),
    ...(legend === undefined ? [] : [printable(legend)]),
  ].map((line) => wrapped(line, 78));
  const shown = lines.filter(({ standing }) => standing !== 'not run').map((ran) => lineText(ran, style));
  return `${fitted([head.join('\n'), shown.join('\n').replace(/^\n/, ''), closing(script, style)].join('\n\n'))}\n`;
};

const lineText = (ran: Ran, style: Style): string => {
  const { statement, text, standing, outcome, lane, problem } = ran;
  if (statement.kind === 'heading') return `\n${style.bold(legible(text))}`;
  const mark = !isJudged(ran) ? '      ' : standing === 'ok' ? style.green('ok    ') : style.red('not ok');
  const isFree = statement.kind === 'call' && !statement.expected && outcome && problem === undefined;
  const free = isFree ? `  ${printable(describeOutcome(outcome))}` : '';
  const step = lane ? `  ${style.dim(printable(`${lane.thread}: ${lane.step}`))}` : '';
  const line = `${mark} ${String(statement.line).padStart(4)}  ${legible(text)}${free}${step}`;
  const below = [
    ...(problem === undefined ? [] : [wrapped(legible(problem), 66, indent)]),
    ...unnamedWarnings(ran).map((words) => wrapped(legible(words), 66, indent)),
    ...(ran.shown ? shownLines(ran.shown, '    ') : []),
  ];
  return [line, ...below].join('\n');
};

/** A text of the script or of the model, cut where it is long: nobody reads more, and wrapping takes its time. */
const legible = (text: string): string => {
  if (text.length <= mostLegible) return printable(text);
  return `${printable(text.slice(0, mostLegible))}... (${count(text.length)} characters)`;
};

const mostLegible = 2000;

const indent = ' '.repeat(13);

/** The WARNs of a call that is as expected which the statement does not name. */
const unnamedWarnings = ({ statement, outcome, problem }: Ran): string[] => {
  if (statement.kind !== 'call' || !outcome || problem !== undefined) return [];
  return statement.expected?.warnings.includes(undefined) ? outcome.warnings.map((text) => `WARN ${text}`) : [];
};

/** A state as the model draws it, or the tree of its fields; the parts that were asked for. */
const shownLines = (shown: Shown, margin: string): string[] => {
  if (shown.of === 'parts') return shown.parts.flatMap(partLines).map((line) => margin + printable(line));
  const { state, drawings } = shown;
  if (drawings) {
    const whole = marked(withoutRepeats(drawings), undefined);
    return drawingText(whole, margin, 80, Number.POSITIVE_INFINITY).split('\n').map(printable);
  }
  const parts = typeof state === 'object' && state !== null ? Object.entries(state) : [];
  return parts.flatMap(([name, value]) => partLines({ name, value })).map((line) => margin + printable(line));
};

/** A longer value is told part by part. */
const mostInline = 60;

/** `host[2-511]=OWNED`: as `expect` has it. What is alike in neighbours is told once. */
const partLines = ({ name, value }: Part): string[] => {
  if (value === undefined) return [`${name} is not there`];
  const inline = `${name}=${valueWords(value)}`;
  if (typeof value !== 'object' || value === null || inline.length <= mostInline || isFlat(value)) return [inline];
  if (Array.isArray(value))
    return runsOf(value).flatMap(({ from, to }) =>
      partLines({ name: `${name}[${from === to ? from : `${from}-${to}`}]`, value: value[from] }),
    );
  return Object.entries(value).flatMap(([field, inner]) =>
    field === 'kind' ? [`${name}=${inner}`] : partLines({ name: `${name}.${field}`, value: inner }),
  );
};

/** Whether a record, or a case of a variant, has nothing but scalars. */
const isFlat = (value: object): boolean =>
  !Array.isArray(value) && Object.values(value).every((inner) => typeof inner !== 'object');

/** Where equal elements begin and end. */
const runsOf = (elements: readonly unknown[]): { from: number; to: number }[] => {
  const runs: { from: number; to: number }[] = [];
  const keys = elements.map((element) => JSON.stringify(element));
  for (const [i, key] of keys.entries()) {
    const last = runs.at(-1);
    if (last && keys[i - 1] === key) last.to = i;
    else runs.push({ from: i, to: i });
  }
  return runs;
};

const closing = ({ file, lines, keptGoing, interrupted }: RanScript, style: Style): string => {
  const judged = lines.filter(isJudged);
  const wrong = judged.filter(({ standing }) => standing === 'not ok');
  const [first] = wrong;
  const left = judged.filter(({ standing }) => standing === 'not run').length;
  const rest = left === 0 ? '' : `; ${plural(left, 'line')} not run`;
  if (!first && !interrupted) return style.green(`${plural(judged.length, 'line')}, all as expected.`);
  if (!first) return style.red(`Interrupted${rest}.`);
  const where = `${printable(file)}:${first.statement.line}: ${legible(first.problem ?? '')}`;
  if (!keptGoing) return style.red(wrapped(`Stopped at ${where}${rest}.`, 78));
  const all = `${wrong.length} of ${plural(judged.length, 'line')} ${wrong.length === 1 ? 'is' : 'are'} not as expected`;
  return style.red(wrapped(`${interrupted ? 'Interrupted; ' : ''}${all}; the first is ${where}${rest}.`, 78));
};

/** The report of `run` in KTAP, for test harnesses: a test for each line that is judged. Format: Documentation/dev-tools/ktap.rst of Linux. */
export const scriptKtap = ({ scope, file, lines }: RanScript): string => {
  let number = 0;
  const body = lines.flatMap((ran) => {
    const { statement, text, standing, problem, outcome } = ran;
    if (statement.kind === 'heading') return [text];
    if (!isJudged(ran)) {
      if (standing === 'not run') return [];
      const shown = ran.shown ? shownLines(ran.shown, '') : [];
      return [`${file}:${statement.line} ${text}`, ...shown].map((line) => `# ${line}`);
    }
    number += 1;
    const name = `${number} ${plainName(`${file}:${statement.line} ${text}`)}`;
    if (standing === 'not run') return [`ok ${name} # SKIP not run`];
    const warnings = (outcome?.warnings ?? []).map((words) => `WARN ${words}`);
    return [...warnings, ...(problem === undefined ? [] : [problem])]
      .map((line) => `# ${line}`)
      .concat(`${standing} ${name}`);
  });
  const head = ['KTAP version 1', `# ${scopeName(scope)} ${settings(scope.config)}`, `1..${number}`];
  return `${[...head, ...body].map(printable).join('\n')}\n`;
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
  lines: lines.map(({ statement, text, standing, outcome, lane, problem, shown }) => ({
    line: statement.line,
    text,
    standing,
    ...lane,
    ...(statement.kind === 'call' && { command: statement.command }),
    ...(statement.kind === 'init' && { state: statement.state }),
    ...(outcome && {
      result: describeOutcome(outcome),
      ...(outcome.result === 'ok' && outcome.value !== undefined && { value: outcome.value }),
      warnings: outcome.warnings,
      state: outcome.state,
    }),
    ...(shown?.of === 'state' && { state: shown.state }),
    ...(shown?.of === 'parts' && {
      parts: shown.parts.map(({ name, value }) => ({ name, value: value ?? null })),
    }),
    ...(problem !== undefined && { problem }),
  })),
});
