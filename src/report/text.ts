import diff from 'microdiff';
import wrapAnsi from 'wrap-ansi';
import type { CheckedProperty, CheckResult } from '../check.ts';
import type { Trace } from '../search/result.ts';
import { describeCommand, describeFields } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';
import { boundWords, count, plural, scopeName, settings, valueWords, verdictWords } from './words.ts';

/** How a list of checks ended. A property that several searches of one variant speak of is counted once. */
export interface Summary {
  readonly proved: number;
  readonly known: number;
  readonly unexpected: number;
  readonly missing: number;
  readonly interrupted: boolean;
}

export const summaryOf = (results: readonly CheckResult[]): Summary => {
  const distinct = (counts: (one: CheckedProperty) => boolean) =>
    new Set(
      results.flatMap(({ scope, properties }) =>
        properties.filter(counts).map(({ property }) => `${scopeName(scope)} ${property.id}`),
      ),
    ).size;
  return {
    proved: distinct(({ verdict, property }) => verdict.kind === 'proved' && !property.witness),
    known: distinct(({ standing }) => standing === 'known'),
    unexpected: distinct(({ standing }) => standing === 'unexpected'),
    missing: distinct(({ standing }) => standing === 'missing'),
    interrupted: results.some(({ bound }) => bound?.kind === 'interrupted'),
  };
};

export interface TextOptions {
  readonly style: Style;
  /** Whether a result gets a row for each property and its traces in full, or only what is out of the ordinary. */
  readonly inFull: (result: CheckResult) => boolean;
  readonly coverage: boolean;
}

/** The report of `check`: a table for each model and search, the traces that want to be seen, and a summary. */
export const checkText = (results: readonly CheckResult[], options: TextOptions): string => {
  const { style } = options;
  const blocks = [...groupBy(results, tableKey).values()].map((group) => resultTable(group, options));
  for (const result of results) {
    const shown = result.properties.filter(
      (one) => one.standing !== 'ok' && (options.inFull(result) || one.standing !== 'known'),
    );
    if (shown.length > 0) blocks.push([style.bold(scopeName(result.scope)), ...legendOf(result)].join('\n'));
    blocks.push(...shown.map((one) => violationText(result, one, style)));
  }
  if (options.coverage) blocks.push(...results.map(coverageText));
  return `${[...blocks, summaryText(results, style)].join('\n\n')}\n`;
};

const tableKey = ({ scope, search }: CheckResult) => `${scope.model} ${search.kind} ${settings(scope.config)}`;

const groupBy = <T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
};

const legendOf = ({ legend }: CheckResult) => (legend === undefined ? [] : [wrapped(legend, 78)]);

function resultTable(group: readonly CheckResult[], { style, inFull }: TextOptions): string {
  const { scope, title, search } = group[0]!;
  const how =
    search.kind === 'exhaustive'
      ? []
      : [`seed ${search.seed}`, `${count(search.runs)} runs of up to ${search.length} commands`];
  const headline = [settings(scope.config), ...how].filter((part) => part !== '').join(', ');
  const rows = group.flatMap((result) => {
    const lines =
      inFull(result) || result.search.kind === 'exhaustive' ? rowsOf(result, inFull(result)) : briefRowsOf(result);
    const { covered, scope } = result;
    const name = scopeName(scope).slice(scope.model.length + 1);
    return lines.map(({ property, verdict, trace, paint }, i) => [
      i === 0 ? name : '',
      property,
      style[paint](verdict),
      i === 0 ? count(covered.states) : '',
      i === 0 ? String(covered.depth) : '',
      trace,
    ]);
  });
  const starred = group.some(({ properties }) => properties.some(({ standing }) => standing === 'known'));
  return [
    `${style.bold(scope.model)}: ${title}`,
    wrapped(headline === '' ? search.kind : `${search.kind}: ${headline}`, 78),
    '',
    table(['variant', 'property', 'verdict', 'states', 'depth', 'trace'], rows, ['states', 'depth', 'trace']),
    ...(starred ? [style.dim('* a known defect of the variant; trace: commands in the shortest one found')] : []),
  ].join('\n');
}

interface Row {
  readonly property: string;
  readonly verdict: string;
  readonly trace: string;
  readonly paint: 'red' | 'yellow' | 'green' | 'dim';
}

/** A row for each violation, or with `each` for every property; the rest counted by verdict. */
function rowsOf(result: CheckResult, each: boolean): Row[] {
  const single = result.properties.filter(({ property, standing }) => standing !== 'ok' || (each && !property.witness));
  const rest = result.properties.filter((one) => !single.includes(one));
  return [...single.map(rowOf), ...countedRows(rest)];
}

/** Random search on every variant of a suite: what was expected is counted, what was not has a row. */
function briefRowsOf({ properties }: CheckResult): Row[] {
  const rows = properties.filter(({ standing }) => standing === 'unexpected').map(rowOf);
  const known = properties.filter(({ standing }) => standing === 'known');
  if (known.length > 0)
    rows.push({
      property: plural(known.length, 'known defect'),
      verdict: 'violated *',
      trace: `<=${Math.max(...known.map(({ steps }) => steps!.length))}`,
      paint: 'yellow',
    });
  return [...rows, ...countedRows(properties.filter(({ standing }) => standing === 'ok'))];
}

function rowOf({ property, verdict, standing, steps }: CheckedProperty): Row {
  const words = verdictWords(verdict, property.witness);
  return {
    property: property.id,
    verdict: standing === 'known' ? `${words} *` : words,
    trace: steps ? String(steps.length) : '',
    paint: standing === 'known' ? 'yellow' : standing !== 'ok' ? 'red' : verdict.kind === 'proved' ? 'green' : 'dim',
  };
}

function countedRows(properties: readonly CheckedProperty[]): Row[] {
  const groups = groupBy(
    properties,
    ({ property, verdict }) => `${property.witness} ${verdictWords(verdict, property.witness)}`,
  );
  return [...groups.values()].map((group) => {
    const { property, verdict } = group[0]!;
    const longest = Math.max(
      ...group.map((one) => (one.verdict.kind === 'proved' ? (one.verdict.trace?.commands.length ?? 0) : 0)),
    );
    return {
      property: property.witness
        ? plural(group.length, 'witness', 'witnesses')
        : plural(group.length, 'property', 'properties'),
      verdict: verdictWords(verdict, property.witness),
      trace: property.witness && longest > 0 ? `<=${longest}` : '',
      paint: verdict.kind === 'proved' ? 'green' : 'dim',
    };
  });
}

/** One violation: the statement, the trace as calls with results, and what is broken. */
function violationText(
  result: CheckResult,
  { property, verdict, standing, steps }: CheckedProperty,
  style: Style,
): string {
  const paint = standing === 'known' ? style.yellow : style.red;
  const lines = [
    `${style.bold(property.id)}: ${paint(verdictWords(verdict, property.witness))}${standing === 'known' ? ' (known)' : ''}`,
    wrapped(`${property.statement} [${property.source}]`, 76, '  '),
  ];
  if (standing === 'missing') lines.push('  The suite lists it as violated by this variant, and it is proved.');
  if (verdict.kind === 'violated' && !verdict.trace) {
    const of = verdict.instance === undefined ? '' : ` for ${instanceWords(verdict.instance)}`;
    lines.push(
      `  No reachable state${property.on === 'call' ? ' and call' : ''} of this configuration is like this${of}.`,
    );
  }
  if (verdict.kind === 'violated' && verdict.trace && steps) {
    lines.push(stepsText(steps), brokenText(verdict.trace));
    if (result.search.kind === 'random')
      lines.push(style.dim(`  found with --seed ${result.search.seed} --path ${verdict.path}`));
  }
  return lines.join('\n');
}

/** Calls and their results, one a line; a result that does not fit beside its call follows below it. */
export const stepsText = (steps: readonly Step[]): string => {
  if (steps.length === 0) return '    in the initial state';
  const calls = steps.map(({ command }) => describeCommand(command));
  const width = Math.max(...calls.map((call) => call.length));
  return steps
    .map(({ outcome }, i) => {
      const [call, result] = [calls[i]!, describeOutcome(outcome)];
      const number = `  ${String(i + 1).padStart(3)}  `;
      const beside = `${number}${call.padEnd(width)}  ${result}`;
      return beside.length <= 80 ? beside : `${number}${call}\n${wrapped(result, 66, ' '.repeat(11))}`;
    })
    .join('\n');
};

/** What the last state or call of a trace breaks. */
export const brokenText = ({ instance, detail }: Trace): string => {
  const of = instance === undefined ? '' : ` for ${instanceWords(instance)}`;
  return `  => broken${of}${detail === '' ? '' : `: ${detail}`}`;
};

const instanceWords = (instance: unknown) =>
  typeof instance === 'object' && instance !== null && !Array.isArray(instance)
    ? describeFields(instance)
    : valueWords(instance);

/** The changed fields of a state, before -> after, one a line; '' if nothing changed. */
export const changesText = ({ before, outcome }: Step, indent: string): string => {
  const changes = diff(before as object as unknown[], outcome.state as object as unknown[]).map((change) => {
    const path = change.path
      .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`))
      .join('');
    const was = change.type === 'CREATE' ? '-' : valueWords(change.oldValue);
    const is = change.type === 'REMOVE' ? '-' : valueWords(change.value);
    return [path, was, is] as const;
  });
  const width = Math.max(0, ...changes.map(([path]) => path.length));
  return changes.map(([path, was, is]) => `${indent}${path.padEnd(width)}  ${was} -> ${is}`).join('\n');
};

function coverageText({ scope, search, coverage }: CheckResult): string {
  const rows = [...coverage].flatMap(([command, { attempts, results }]) =>
    [...results].map(([result, calls], i) => [
      i === 0 ? command : '',
      i === 0 ? count(attempts) : '',
      result,
      count(calls),
    ]),
  );
  return [
    `${scopeName(scope)}, ${search.kind}: how often each command had each result`,
    table(['command', 'tried', 'result', 'times'], rows, ['tried', 'times']),
  ].join('\n');
}

function summaryText(results: readonly CheckResult[], style: Style): string {
  const { proved, known, unexpected, missing } = summaryOf(results);
  const bounds = new Set(results.flatMap(({ bound }) => (bound ? boundWords(bound) : [])));
  const lines: string[] = [];
  if (unexpected > 0) lines.push(style.red(`${plural(unexpected, 'violation')} that no variant lists as known.`));
  if (missing > 0)
    lines.push(style.red(`${plural(missing, 'known defect')} not found: the suite lists what is proved.`));
  if (unexpected === 0 && missing === 0) {
    const soFar = bounds.size > 0 ? 'Nothing unexpected so far' : 'All as expected';
    lines.push(style.green(`${soFar}: ${count(proved)} proved, ${plural(known, 'known defect')} found.`));
  }
  for (const bound of bounds)
    lines.push(style.yellow(`Incomplete (${bound}): nothing is proved beyond what the table says.`));
  if (proved > 0) lines.push('Proved: for every reachable state of the configuration shown, and of no other.');
  if (results.some(({ search }) => search.kind === 'random'))
    lines.push('Not found: no violation in these random runs; no proof.');
  return lines.join('\n');
}

/** Broken into lines of at most `width` at spaces, each indented. */
export const wrapped = (text: string, width: number, indent = ''): string =>
  wrapAnsi(text, width)
    .split('\n')
    .map((line) => indent + line)
    .join('\n');
