import type { Search } from '../engine/index.ts';
import type { CheckedProperty, CheckResult } from '../job/check.ts';
import type { Standing } from '../job/standing.ts';
import type { Kept } from './corpus.ts';
import { type Block, dim, paragraph, type Section, strong, type Tone, tightParagraph } from './document.ts';
import { groupedBy } from './grouped.ts';
import { summaryLines, type Unfinished } from './summary.ts';
import { countOrDash, scopeName, settings, variantName } from './words.ts';

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
  const groups = groupedBy(results, ({ scope }) => `${scope.model} ${settings(scope.config)}`);
  return groups.map((group) => {
    const { scope, title, search } = group[0]!;
    const properties = propertiesOf(group);
    return {
      model: scope.model,
      title,
      search,
      config: scope.config,
      properties,
      rows: group.map((result) => ({
        name: variantName(result.scope),
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
export const matrixBlocks = (results: readonly CheckResult[], unfinished?: Unfinished): Block[] => [
  ...matricesOf(results).map(matrixSection),
  paragraph(...summaryLines(results, unfinished)),
];

const matrixSection = (matrix: Matrix): Section => {
  const { model, title, search, config, properties, rows } = matrix;
  const searchWords = [search.kind, settings(config)].filter((part) => part !== '').join(': ');
  const unreached = rows.flatMap(({ result, unreached }) =>
    unreached.length > 0 ? [`${scopeName(result.scope)}: unreached: ${unreached.join(', ')}`] : [],
  );
  return {
    kind: 'section',
    title: [strong(model), `: ${title}`],
    blocks: [
      tightParagraph(searchWords),
      {
        kind: 'matrix',
        heads: 'staircase',
        lead: ['variant', 'states'],
        columns: properties,
        rows: rows.map(({ name, result, cells }) => ({
          lead: [name, countOrDash(result.covered.states)],
          cells: cells.map((cell) => [{ text: cellWords(cell), tone: toneOf(cell) }]),
        })),
        right: ['states', ...properties],
      },
      paragraph(dim(key)),
      ...(unreached.length > 0 ? [tightParagraph(...unreached)] : []),
    ],
  };
};

const toneOf = (cell: Cell | undefined): Tone => {
  if (cell?.surprise) return 'bad';
  return cell?.verdict === 'violated' ? 'doubtful' : cell?.verdict === 'proved' ? 'good' : 'dim';
};

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
