import type { CheckedProperty, CheckResult } from '../check.ts';
import type { Style } from './style.ts';
import { summaryText } from './text.ts';
import { count, fitted, scopeName, settings, wrapped } from './words.ts';

/** The report of `check --matrix`: for each model and configuration, variants by properties. */
export const matrixText = (results: readonly CheckResult[], style: Style): string => {
  const groups = new Map<string, CheckResult[]>();
  for (const result of results) {
    const key = `${result.scope.model} ${settings(result.scope.config)}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  const blocks = [...groups.values()].map((group) => groupText(group, style));
  return `${fitted([...blocks, summaryText(results, style)].join('\n\n'))}\n`;
};

const groupText = (group: readonly CheckResult[], style: Style): string => {
  const { scope, title, search } = group[0]!;
  const config = settings(scope.config);
  return [
    `${style.bold(scope.model)}: ${title}`,
    wrapped(config === '' ? search.kind : `${search.kind}: ${config}`, 78),
    ...split(propertiesOf(group), group, style).flatMap((part) => ['', part]),
    '',
    style.dim(wrapped(key, 78)),
    ...group.flatMap(unreachedText),
  ].join('\n');
};

/** The ids of the properties that any of the checks judged, in the order of the suite. */
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

const key =
  'number: calls in the shortest trace that violates the property; .: proved; blank: it has no meaning there; ?: incomplete; ' +
  '!: not as the suite lists it';

/** The matrix in as many parts as it takes to stay within 80 columns. */
const split = (ids: readonly string[], group: readonly CheckResult[], style: Style): string[] => {
  const names = group.map(({ scope }) => scopeName(scope).slice(scope.model.length + 1));
  const states = group.map(({ covered }) => count(covered.states));
  const nameWidth = Math.max(...['variant', ...names].map(({ length }) => length));
  const statesWidth = Math.max(...['states', ...states].map(({ length }) => length));
  const margin = nameWidth + 2 + statesWidth + 2;
  const cells = group.map((result) => ids.map((id) => cellOf(result, id)));
  const cellWidth = Math.max(...cells.flat().map(({ text }) => text.length), 3) + 1;

  const parts: string[] = [];
  for (let from = 0, to = 0; from < ids.length || parts.length === 0; from = to) {
    // The names of columns are a staircase, of which each step must fit.
    for (to = from + 1; to < ids.length && margin + (to - from) * cellWidth + ids[to]!.length <= 80; ) to++;
    const shown = ids.slice(from, to);
    const bars = (n: number) => '|'.padEnd(cellWidth).repeat(n);
    const head = shown.map((id, i) => `${' '.repeat(margin)}${bars(i)}${id}`);
    const titles = `${'variant'.padEnd(nameWidth)}  ${'states'.padStart(statesWidth)}  ${bars(shown.length)}`.trimEnd();
    const rows = names.map((name, row) => {
      const line = cells[row]!.slice(from, to).map(({ text, paint }) => style[paint](text.padEnd(cellWidth)));
      return `${name.padEnd(nameWidth)}  ${states[row]!.padStart(statesWidth)}  ${line.join('')}`.trimEnd();
    });
    parts.push([...head, titles, ...rows].join('\n'));
  }
  return parts;
};

interface Cell {
  readonly text: string;
  readonly paint: 'red' | 'yellow' | 'green' | 'dim';
}

const cellOf = ({ properties, scope }: CheckResult, id: string): Cell => {
  const checked = properties.find(({ property }) => property.id === id);
  if (!checked) return { text: '', paint: 'dim' };
  const surprise = checked.standing === 'missing' || (checked.standing === 'unexpected' && scope.flipped.length === 0);
  const text = `${verdictText(checked)}${surprise ? '!' : ''}`;
  if (surprise) return { text, paint: 'red' };
  const { kind } = checked.verdict;
  return { text, paint: kind === 'violated' ? 'yellow' : kind === 'proved' ? 'green' : 'dim' };
};

const verdictText = ({ verdict, steps }: CheckedProperty): string => {
  if (verdict.kind === 'violated') return String(steps?.length ?? 0);
  return verdict.kind === 'proved' ? '.' : '?';
};

/** A green matrix of a model that does nothing would mean nothing. */
const unreachedText = ({ scope, properties }: CheckResult): string[] => {
  const unreached = properties.filter(({ property, standing }) => property.witness && standing === 'unexpected');
  if (unreached.length === 0) return [];
  return [wrapped(`${scopeName(scope)}: unreached: ${unreached.map(({ property }) => property.id).join(', ')}`, 78)];
};
