import type { Dead, DeadResult, EngineCosts } from '../engine/result.ts';
import type { CheckedProperty, CheckResult } from '../job/check.ts';
import { describeCommand } from '../spec/model.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';
import { brokenText, instanceWords, stepsText } from './trace.ts';
import {
  boundWords,
  count,
  countOrDash,
  crossCheckWords,
  fitted,
  plural,
  scopeName,
  settings,
  statementOf,
  verdictWords,
  wrapped,
} from './words.ts';

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
  readonly inFull: boolean;
  readonly coverage: boolean;
  readonly unfinished?: Unfinished | undefined;
}

/** What ended the checks before the last one. */
export type Unfinished = 'error' | 'interrupted';

/** The same in words. */
export const unfinishedWords = (why: Unfinished): string =>
  `Not finished: ${why === 'error' ? 'an error ended the run' : 'interrupted'} before all that was asked for was checked.`;

/** The report of `check`: a table for each model and search, the traces that want to be seen, and a summary. */
export const checkText = (results: readonly CheckResult[], options: TextOptions): string => {
  const parts = [
    tablesText(results, options),
    detailsText(results, options),
    fitted(summaryText(results, options.style, options)),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
};

/** A table for each model and search. */
export const tablesText = (results: readonly CheckResult[], options: TextOptions): string =>
  fitted([...groupBy(results, tableKey).values()].map((group) => resultTable(group, options)).join('\n\n'));

/** The traces that want to be seen, and what was covered where that was asked for; '' if there are none. */
export const detailsText = (results: readonly CheckResult[], options: TextOptions): string => {
  const { style } = options;
  const blocks: string[] = [];
  for (const result of results) {
    const shown = result.properties.filter(
      (one) => one.standing !== 'ok' && (options.inFull || one.standing !== 'known'),
    );
    if (shown.length > 0) blocks.push([style.bold(scopeName(result.scope)), ...legendOf(result)].join('\n'));
    blocks.push(...shown.map((one) => violationText(result, one, style)));
  }
  if (options.coverage) blocks.push(...results.map(coverageText));
  return fitted(blocks.join('\n\n'));
};

/** Results with the same key are rows of one table. */
export const tableKey = ({ scope, search }: Pick<CheckResult, 'scope' | 'search'>): string =>
  `${scope.model} ${search.kind} ${settings(scope.config)}`;

const groupBy = <T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
};

const legendOf = ({ legend }: CheckResult) => (legend === undefined ? [] : [wrapped(legend, 78)]);

function resultTable(group: readonly CheckResult[], { style, inFull }: TextOptions): string {
  const { scope, title, search } = group[0]!;
  const how =
    search.kind === 'random'
      ? [`seed ${search.seed}`, `${count(search.runs)} runs of up to ${search.length} commands`]
      : [];
  const headline = [settings(scope.config), ...how].filter((part) => part !== '').join(', ');
  const rows = group.flatMap((result) => {
    const lines = inFull || result.search.kind !== 'random' ? rowsOf(result, inFull) : briefRowsOf(result);
    const { covered, scope } = result;
    const name = scopeName(scope).slice(scope.model.length + 1);
    return lines.map(({ property, verdict, trace, paint }, i) => [
      i === 0 ? name : '',
      property,
      style[paint](verdict),
      i === 0 ? countOrDash(covered.states) : '',
      i === 0 ? String(covered.depth ?? '-') : '',
      trace,
    ]);
  });
  // The depth of a random search is how long its longest run was.
  const head = ['variant', 'property', 'verdict', 'states', search.kind === 'random' ? 'longest' : 'depth', 'trace'];
  const starred = group.some(({ properties }) => properties.some(({ standing }) => standing === 'known'));
  return [
    `${style.bold(scope.model)}: ${title}`,
    wrapped(headline === '' ? search.kind : `${search.kind}: ${headline}`, 78),
    '',
    table(head, rows, head.slice(3)),
    style.dim(`${starred ? '* a known defect of the variant; ' : ''}trace: calls in the shortest one found`),
    ...group.flatMap((result) => symmetryWords(result).map((line) => style.dim(line))),
  ].join('\n');
}

/** The states of the table are not all there are. */
function symmetryWords({ scope, covered, symmetry }: CheckResult): string[] {
  if (!symmetry) return [];
  const name = scopeName(scope).slice(scope.model.length + 1);
  const compared = { same: '; the same without', bound: '; not compared', no: '' };
  return [
    wrapped(
      `${name}: ${countOrDash(covered.states)} visited stand for ${count(symmetry.states)} states (symmetry of ${symmetry.of.join(', ')}` +
        `${compared[symmetry.compared ?? 'no']})`,
      78,
    ),
  ];
}

interface Row {
  readonly property: string;
  readonly verdict: string;
  readonly trace: string;
  readonly paint: 'red' | 'yellow' | 'green' | 'dim';
}

/** A row for each violation, or with `each` for every property; the rest counted by verdict. */
function rowsOf(result: CheckResult, each: boolean): Row[] {
  const single = result.properties.filter(
    ({ property, verdict, standing }) =>
      standing !== 'ok' || verdict.kind === 'violated' || (each && !property.witness),
  );
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
    wrapped(statementOf(property), 76, '  '),
  ];
  if (standing === 'missing')
    lines.push(`  The suite lists it as violated by this variant; the verdict is ${verdict.kind}.`);
  if (verdict.kind === 'violated' && !verdict.trace) {
    const of = verdict.instance === undefined ? '' : ` for ${instanceWords(verdict.instance)}`;
    lines.push(
      `  No reachable state${property.on === 'call' ? ' and call' : ''} of this configuration is like this${of}.`,
    );
  }
  if (verdict.kind === 'violated' && verdict.trace && steps) {
    lines.push(stepsText(steps, verdict.trace, result.lane), brokenText(verdict.trace));
    if (result.search.kind === 'random')
      lines.push(style.dim(`  found with --search random --seed ${result.search.seed} --path ${verdict.path}`));
  }
  return lines.join('\n');
}

/** Command, how often it was tried, a result and how often it had it; the command only in its first row. */
export const coverageRows = ({ coverage }: CheckResult): [string, string, string, string][] =>
  [...coverage].flatMap(([command, { attempts, results }]) =>
    [...results].map(([result, calls], i): [string, string, string, string] => [
      i === 0 ? command : '',
      i === 0 ? count(attempts) : '',
      result,
      count(calls),
    ]),
  );

function coverageText(checked: CheckResult): string {
  const { scope, search, coverage, dead, covered, engine } = checked;
  const rows = coverageRows(checked);
  const succeeded = [...coverage.values()].reduce((sum, { results }) => sum + (results.get('ok') ?? 0), 0);
  const needed = engine && [
    wrapped(
      `${countOrDash(covered.states)} states up to ${plural(covered.depth ?? 0, 'call')} deep; ${countOrDash(covered.transitions)} calls, of which ${count(succeeded)} ` +
        `succeeded, looked up in ${plural(engine.rows, 'row')} of tables; functions of the model and of properties were run ` +
        `${plural(engine.runs, 'time')}. ${engine.bytesPerState.toFixed(1)} bytes a state, omission probability 0. ${timeWords(engine, dead)}${checked.crossCheck ? ` ${crossCheckWords(checked.crossCheck, covered)}` : ''}`,
      78,
    ),
  ];
  return [
    `${scopeName(scope)}, ${search.kind}: how often each command had each result`,
    table(['command', 'tried', 'result', 'times'], rows, ['tried', 'times']),
    ...(dead ? deadText(dead) : []),
    ...(needed ?? []),
  ].join('\n');
}

/** At most so many values of an unreachable state are shown; the last that are read decide. */
const mostShownValues = 3;

const exampleWords = ({ command, where }: NonNullable<DeadResult['example']>): string => {
  const last = where.slice(-mostShownValues).map(({ path, value }) => `${path}=${value}`);
  const others = where.length - last.length;
  return `${describeCommand(command)} where ${last.join(', ')}${others > 0 ? ` and ${count(others)} more` : ''}`;
};

/** What occurs in no reachable state, and where it would occur. Says no more than was tried. */
export function deadText({ results, complete, runs }: Dead): string[] {
  const lines = results.flatMap(({ command, result, example }) => [
    wrapped(`${command}${result === 'ok' ? ' never succeeds' : `: ${result}`}`, 76, '  '),
    wrapped(
      example ? exampleWords(example) : `in no ${complete ? '' : 'tried '}state of the domain either`,
      72,
      '      ',
    ),
  ]);
  const tried = `${plural(runs, 'run')} on unreachable states`;
  const limit = complete
    ? `Every path through the transitions was tried, with ${tried}: nothing else that they can do in a state of the domain is dead.`
    : `The list may be incomplete: not every path through the transitions was tried in ${tried}.`;
  const headline =
    lines.length > 0
      ? 'Dead in this configuration: no reachable state gives these results; shown are unreachable ones that do.'
      : `Dead in this configuration: nothing${complete ? '' : ' that was found'}.`;
  return [wrapped(headline, 78), ...lines, wrapped(limit, 78)];
}

/** Where the time went. */
function timeWords({ seconds: { search, functions, paths }, workers }: EngineCosts, dead: Dead | undefined): string {
  const threads = workers > 1 ? ` with ${plural(workers, 'worker')}` : '';
  return `${search.toFixed(1)} s of search${threads}, ${functions.toFixed(1)} s of them to run functions; ${paths.toFixed(1)} s for ends and paths${dead ? `; ${dead.seconds.toFixed(1)} s for what is dead` : ''}.`;
}

/** How the checks ended, and what a verdict among them does not say. */
export const summaryText = (
  results: readonly CheckResult[],
  style: Style,
  { unfinished, width = 80 }: { readonly unfinished?: Unfinished | undefined; readonly width?: number } = {},
): string =>
  summaryLines(results, style, unfinished)
    .map((line) => wrapped(line, width - 2))
    .join('\n');

/** The same, a sentence a line. */
export function summaryLines(results: readonly CheckResult[], style: Style, unfinished?: Unfinished): string[] {
  const { proved, known, unexpected, missing } = summaryOf(results);
  const bounds = new Set(results.flatMap(({ bound }) => (bound ? boundWords(bound) : [])));
  const verdicts = new Set(results.flatMap(({ properties }) => properties.map(({ verdict }) => verdict.kind)));
  const lines: string[] = [];
  if (unexpected > 0) lines.push(style.red(`${plural(unexpected, 'violation')} that no variant lists as known.`));
  if (missing > 0) lines.push(style.red(`${plural(missing, 'known defect')} not found.`));
  if (unexpected === 0 && missing === 0) {
    const soFar = bounds.size > 0 || unfinished ? 'Nothing unexpected so far' : 'All as expected';
    lines.push(style.green(`${soFar}: ${count(proved)} proved, ${plural(known, 'known defect')} found.`));
  }
  for (const bound of bounds)
    lines.push(style.yellow(`Incomplete (${bound}): nothing is proved beyond what the table says.`));
  if (unfinished) lines.push(style.red(unfinishedWords(unfinished)));
  lines.push(...results.flatMap(silentPanics).map(style.yellow), ...results.flatMap(silentEnds).map(style.yellow));
  if (proved > 0) lines.push('Proved: for every reachable state of the configuration shown, and of no other.');
  if (verdicts.has('not found')) lines.push('Not found: no violation in these random runs; no proof.');
  const vacuous = results.filter(({ properties }) => properties.some(({ standing }) => standing === 'vacuous'));
  for (const { scope } of vacuous)
    lines.push(
      `${scopeName(scope)}: some witnesses cannot be reached in this configuration; the default one can show them.`,
    );
  return lines;
}

/** A panic that no property rules out would pass for success. */
function silentPanics({ scope, coverage, properties, filtered }: CheckResult): string[] {
  const panics = [...coverage.values()].flatMap(({ results }) =>
    [...results].filter(([result]) => result.startsWith('panic ')),
  );
  const seen = properties.some(({ steps }) => steps?.at(-1)?.outcome.result === 'panic');
  if (filtered || panics.length === 0 || seen) return [];
  const calls = panics.reduce((sum, [, times]) => sum + times, 0);
  const panicking = plural(calls, 'call panics', 'calls panic');
  return [`${scopeName(scope)}: ${panicking}, and no property forbids it (noPanic() does).`];
}

/** Nor does a state in which nothing can happen say by itself that it is one to end in. */
function silentEnds({ scope, deadEnd }: CheckResult): string[] {
  if (!deadEnd) return [];
  const after = deadEnd.length === 0 ? 'in the initial state' : `after ${deadEnd.map(describeCommand).join('; ')}`;
  return [
    `${scopeName(scope)}: ${after} no command can be given, and the model does not say with done() where it may end.`,
  ];
}
