import { match } from 'ts-pattern';
import { granuleOf, lastLevel, type Pte, rootLevel, supportsBlock, type TablePage } from '../stage2/tree.ts';
import { type Found, type SearchCode, search } from './search.ts';
import { findMemRange, type Sizes } from './state.ts';

/** A content of the table, and a page that faults there. */
export interface Case {
  readonly root: TablePage;
  readonly page: number;
}

/** The answers of two versions of the search to the same cases, compared. */
export interface Comparison {
  readonly same: number;
  /** By the pair of answers that differ: how often the pair was given, and the first case. */
  readonly differs: ReadonlyMap<string, { readonly times: number; readonly first: Case }>;
}

const leaf = (x: boolean): Pte => ({ kind: 'leaf', w: true, x, af: true, skew: 0 });
const tableOf = (entries: readonly Pte[]): Pte => ({ kind: 'table', surplus: 0, entries });

/** Every list of `length` entries. */
const lists = (entries: readonly Pte[], length: number): Pte[][] =>
  length === 0 ? [[]] : lists(entries, length - 1).flatMap((rest) => entries.map((one) => [...rest, one]));

/** Every content that an entry of a level may have: zero, annotated at the last level, leaves with and without X, tables of all these. */
const everyEntry = (level: number, sizes: Sizes): Pte[] => {
  if (level === lastLevel) return [{ kind: 'zero' }, { kind: 'annotated', owner: 'hyp' }, leaf(true), leaf(false)];
  const below = everyEntry(level + 1, sizes);
  return [
    { kind: 'zero' },
    ...(supportsBlock(level, sizes) ? [leaf(true), leaf(false)] : []),
    ...lists(below, sizes.entriesPerTable).map(tableOf),
  ];
};

const zero: Pte = { kind: 'zero' };

/**
 * Every content of what is below a root entry, with every page there, beside each of `neighbours` in the other root entry, of two.
 * Only v3's walk reads the neighbours: it runs on beyond its range.
 */
export function* everyCase(sizes: Sizes, neighbours: readonly Pte[] = [zero]): Generator<Case> {
  const root = rootLevel(sizes);
  const granule = granuleOf(root, sizes);
  for (const mine of everyEntry(root, sizes))
    for (const other of neighbours)
      for (let page = 0; page < 2 * granule; page++)
        yield { root: { surplus: 0, entries: page < granule ? [mine, other] : [other, mine] }, page };
}

/** Entries of the root for a walk to run into: of the entries below, each is zero, a leaf, or a table with an annotation. */
export const neighbours = (sizes: Sizes): Pte[] => {
  const level = rootLevel(sizes) + 1;
  const leaves = supportsBlock(level, sizes) ? [leaf(true), leaf(false)] : [];
  const annotated: Pte = { kind: 'annotated', owner: 'hyp' };
  const table = level === lastLevel ? annotated : tableOf([annotated, zero]);
  return [zero, ...lists([zero, ...leaves, table], sizes.entriesPerTable).map(tableOf)];
};

/** A search's answer, as the range it found or the error. */
export const answer = (found: Found): string =>
  match(found)
    .with({ kind: 'range' }, ({ range }) => `[${range.start}, ${range.end})`)
    .with({ kind: 'deeper' }, () => '-EAGAIN')
    .with({ kind: 'error' }, ({ errno }) => `-${errno}`)
    .exhaustive();

/** The answer without the place: `page`, `block` or `2 blocks`, and whether it lies in the region. */
const shape = (found: Found, page: number, sizes: Sizes): string => {
  if (found.kind !== 'range') return answer(found);
  const { start, end } = found.range;
  const region = findMemRange(page, sizes);
  const size = end - start === 1 ? '1 page' : `${end - start} pages`;
  return region.start <= start && end <= region.end ? size : `${size}, not all in the region`;
};

/** Runs two versions of the search on the same cases. */
export const compare = (cases: Iterable<Case>, sizes: Sizes, one: SearchCode, other: SearchCode): Comparison => {
  let same = 0;
  const differs = new Map<string, { times: number; first: Case }>();
  for (const each of cases) {
    const [a, b] = [search(each.root, each.page, sizes, one), search(each.root, each.page, sizes, other)];
    if (answer(a) === answer(b)) {
      same++;
      continue;
    }
    const key = `${shape(a, each.page, sizes)} → ${shape(b, each.page, sizes)}`;
    const known = differs.get(key);
    differs.set(key, { times: (known?.times ?? 0) + 1, first: known?.first ?? each });
  }
  return { same, differs };
};

/** A content in a line: `.` zero, `A` annotated, `X` executable leaf, `W` one that is not, `(…)` a table; a block is `[X]`. */
export const drawn = (page: TablePage, level: number): string =>
  page.entries
    .map((pte) =>
      match(pte)
        .with({ kind: 'zero' }, () => '.')
        .with({ kind: 'annotated' }, () => 'A')
        .with({ kind: 'leaf' }, ({ x }) => (level < lastLevel ? `[${x ? 'X' : 'W'}]` : x ? 'X' : 'W'))
        .with({ kind: 'table' }, (table) => `(${drawn(table, level + 1)})`)
        .exhaustive(),
    )
    .join('');
