import type { Search } from '../engine/index.ts';
import type { CheckedProperty, CheckResult } from '../job/check.ts';
import type { Standing } from '../job/standing.ts';
import { columns } from './blocks.ts';
import type { Kept } from './corpus.ts';
import { inText, markdownTable } from './markdown-text.ts';
import { type Style, styleOf } from './style.ts';
import { summaryLines, summaryText, type Unfinished } from './text.ts';
import { countOrDash, fitted, scopeName, settings, wrapped } from './words.ts';

/** Variants by properties, of one model in one configuration. */
interface Matrix {
  readonly model: string;
  readonly title: string;
  readonly search: Search;
  readonly config: Readonly<Record<string, number>>;
  /** The ids of the properties that any of the variants is judged by, in the order of the suite. */
  readonly properties: readonly string[];
  readonly rows: readonly Row[];
}

interface Row {
  /** The variant, with the switches that differ from it. */
  readonly name: string;
  readonly result: CheckResult;
  /** For each property; undefined where it has no meaning. */
  readonly cells: readonly (Cell | undefined)[];
  /** The ids of witnesses that are not reached: a matrix without violations of a model that does nothing would mean nothing. */
  readonly unreached: readonly string[];
}

interface Cell {
  readonly verdict: CheckedProperty['verdict']['kind'];
  readonly standing: Standing;
  /** In the trace of a violation. */
  readonly calls: number | undefined;
  /** Whether the verdict is not what the suite lists of the variant. */
  readonly surprise: boolean;
}

const matricesOf = (results: readonly CheckResult[]): Matrix[] => {
  const groups = new Map<string, CheckResult[]>();
  for (const result of results) {
    const key = `${result.scope.model} ${settings(result.scope.config)}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()].map((group) => {
    const { scope, title, search } = group[0]!;
    const properties = propertiesOf(group);
    return {
      model: scope.model,
      title,
      search,
      config: scope.config,
      properties,
      rows: group.map((result) => ({
        name: scopeName(result.scope).slice(result.scope.model.length + 1),
        result,
        cells: properties.map((id) => cellOf(result, id)),
        unreached: result.properties.flatMap(({ property, standing }) =>
          property.witness && standing === 'unexpected' ? property.id : [],
        ),
      })),
    };
  });
};

const propertiesOf = (group: readonly CheckResult[]): string[] => {
  const ids: string[] = [];
  for (const { properties } of group) {
    let at = ids.length; // what is new goes before the next that is not
    for (const { property } of properties.filter(({ property }) => !property.witness).reverse()) {
      if (!ids.includes(property.id)) ids.splice(at, 0, property.id);
      at = ids.indexOf(property.id);
    }
  }
  return ids;
};

const cellOf = ({ properties, scope }: CheckResult, id: string): Cell | undefined => {
  const checked = properties.find(({ property }) => property.id === id);
  if (!checked) return undefined;
  const { verdict, standing, steps } = checked;
  return {
    verdict: verdict.kind,
    standing,
    calls: verdict.kind === 'violated' ? (steps?.length ?? 0) : undefined,
    surprise: standing === 'missing' || (standing === 'unexpected' && scope.flipped.length === 0),
  };
};

const cellWords = (cell: Cell | undefined): string => {
  if (!cell) return '';
  const { verdict, calls, surprise } = cell;
  return `${calls ?? (verdict === 'proved' ? '.' : '?')}${surprise ? '!' : ''}`;
};

const key =
  'number: calls in the shortest trace that violates the property; .: proved; blank: it has no meaning there; ?: incomplete; ' +
  '!: not as the suite lists it';

/** The report of `check --matrix`: for each model and configuration, variants by properties. */
export const matrixText = (
  results: readonly CheckResult[],
  style: Style,
  { unfinished, width = columns.text }: { readonly unfinished?: Unfinished | undefined; readonly width?: number } = {},
): string => {
  const blocks = matricesOf(results).map((one) => blockText(one, style, width));
  return `${fitted([...blocks, summaryText(results, style, { unfinished, width })].join('\n\n'), width)}\n`;
};

/** For a mailing list: the same in 72 columns and without colour. */
export const matrixMail = (results: readonly CheckResult[], unfinished?: Unfinished): string =>
  matrixText(results, styleOf(false), { unfinished, width: columns.mail });

const searchWords = ({ search, config }: Matrix) =>
  [search.kind, settings(config)].filter((part) => part !== '').join(': ');

const blockText = (matrix: Matrix, style: Style, width: number): string =>
  [
    `${style.bold(matrix.model)}: ${matrix.title}`,
    wrapped(searchWords(matrix), width - 2),
    ...split(matrix, style, width).flatMap((part) => ['', part]),
    '',
    style.dim(wrapped(key, width - 2)),
    ...unreachedWords(matrix).map((words) => wrapped(words, width - 2)),
  ].join('\n');

const unreachedWords = ({ rows }: Matrix): string[] =>
  rows.flatMap(({ result, unreached }) =>
    unreached.length === 0 ? [] : [`${scopeName(result.scope)}: unreached: ${unreached.join(', ')}`],
  );

/** The matrix in as many parts as it takes to stay within the columns. */
const split = ({ properties: ids, rows }: Matrix, style: Style, width: number): string[] => {
  const names = rows.map(({ name }) => name);
  const states = rows.map(({ result }) => countOrDash(result.covered.states));
  const nameWidth = Math.max(...['variant', ...names].map(({ length }) => length));
  const statesWidth = Math.max(...['states', ...states].map(({ length }) => length));
  const margin = nameWidth + 2 + statesWidth + 2;
  const texts = rows.map(({ cells }) => cells.map(cellWords));
  const cellWidth = Math.max(...texts.flat().map(({ length }) => length), 3) + 1;

  const parts: string[] = [];
  for (let from = 0, to = 0; from < ids.length || parts.length === 0; from = to) {
    // The names of columns are a staircase, of which each step must fit.
    for (to = from + 1; to < ids.length && margin + (to - from) * cellWidth + ids[to]!.length <= width; ) to++;
    const shown = ids.slice(from, to);
    const bars = (n: number) => '|'.padEnd(cellWidth).repeat(n);
    const head = shown.map((id, i) => `${' '.repeat(margin)}${bars(i)}${id}`);
    const titles = `${'variant'.padEnd(nameWidth)}  ${'states'.padStart(statesWidth)}  ${bars(shown.length)}`.trimEnd();
    const lines = rows.map(({ name, cells }, row) => {
      const line = cells
        .slice(from, to)
        .map((cell, i) => style[paintOf(cell)](texts[row]![from + i]!.padEnd(cellWidth)));
      return `${name.padEnd(nameWidth)}  ${states[row]!.padStart(statesWidth)}  ${line.join('')}`.trimEnd();
    });
    parts.push([...head, titles, ...lines].join('\n'));
  }
  return parts;
};

const paintOf = (cell: Cell | undefined): 'red' | 'yellow' | 'green' | 'dim' => {
  if (cell?.surprise) return 'red';
  return cell?.verdict === 'violated' ? 'yellow' : cell?.verdict === 'proved' ? 'green' : 'dim';
};

/** For an issue or a merge request: a table for each model and configuration; bold is what the suite does not list. */
export const matrixMarkdown = (results: readonly CheckResult[], unfinished?: Unfinished): string =>
  `${[
    ...matricesOf(results).flatMap((one) => [
      `## ${inText(one.model)}: ${inText(one.title)}`,
      inText(searchWords(one)),
      markdownTable(
        ['variant', 'states', ...one.properties.map(inText)],
        one.rows.map(({ name, result, cells }) => [
          inText(name),
          countOrDash(result.covered.states),
          ...cells.map((cell) => (cell?.surprise ? `**${cellWords(cell)}**` : cellWords(cell))),
        ]),
        ['states', ...one.properties.map(inText)],
      ),
      inText(key),
      ...unreachedWords(one).map(inText),
    ]),
    summaryLines(results, styleOf(false), unfinished).map(inText).join('\n\n'),
  ].join('\n\n')}\n`;

/** The result of `check --matrix --json`. */
export const matrixJson = (
  results: readonly CheckResult[],
  kept: readonly Kept[] = [],
  unfinished?: Unfinished,
): object => ({
  format: 'pagelaw matrix',
  version: 1,
  ...(unfinished && { unfinished }),
  ...(kept.length > 0 && { corpus: kept }),
  matrices: matricesOf(results).map(({ model, title, search, config, properties, rows }) => ({
    model,
    title,
    search,
    config,
    properties,
    rows: rows.map(({ name, result, cells, unreached }) => ({
      name,
      variant: result.scope.variant,
      switches: result.scope.switches,
      flipped: result.scope.flipped,
      states: result.covered.states,
      bound: result.bound ?? null,
      cells: Object.fromEntries(
        cells.map((cell, i) => [
          properties[i]!,
          cell ? { verdict: cell.verdict, standing: cell.standing, calls: cell.calls ?? null } : null,
        ]),
      ),
      unreached,
    })),
  })),
});
