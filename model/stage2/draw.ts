import { match } from 'ts-pattern';
import type { Drawing, Line } from '../../src/spec/index.ts';
import { nameOf, type Sizes, type State } from './state.ts';
import { type Geometry, getLeaf, granuleOf, lastLevel, type Pte, refcount, rootLevel, type TablePage } from './tree.ts';

/** The tables as a tree, level by level, and what some CPU's TLB holds of the way to the watched page. */
export const draw = (state: State, sizes: Sizes): readonly Drawing[] => {
  const { tlb, root, lost, usedAfterFree } = state;
  const wrongs = [
    ...(lost === 0 ? [] : [lost > 0 ? 'leaked' : 'freed twice']),
    ...(usedAfterFree ? ['walked after it was freed'] : []),
  ];
  return [
    {
      title: 'stage-2',
      columns: ['level', 'entry', 'af', 'refcount'],
      lines: [
        {
          name: 'root',
          cells: ['', 'table', '', String(refcount(root))],
          below: entryLines(root, sizes, (pte, level) => [
            String(level),
            pteWords(pte, level),
            pte.kind === 'leaf' ? (pte.af ? 'set' : 'clear') : '',
            pte.kind === 'table' ? String(refcount(pte)) : '',
          ]),
        },
      ],
    },
    {
      title: 'TLB',
      columns: ['holds'],
      lines: [{ name: `page ${sizes.watched}`, cells: [heldWords(tlb)], stale: staleWords(state, sizes) }],
    },
    ...(wrongs.length === 0
      ? []
      : [{ title: 'table pages', columns: [], lines: wrongs.map((name) => ({ name, cells: ['1'] })) }]),
  ];
};

/** A line for each entry of a table's root, those of tables below them; `cells` says what of an entry is drawn. */
export const entryLines = (
  root: TablePage,
  geometry: Geometry,
  cells: (pte: Pte, level: number) => readonly string[],
): Line[] => {
  const linesOf = ({ entries }: TablePage, level: number, first: number): Line[] =>
    entries.map((pte, i) => {
      const size = granuleOf(level, geometry);
      const addr = first + i * size;
      return {
        name: `${size === 1 ? 'page' : 'pages'} ${nameOf({ addr, size })}`,
        cells: cells(pte, level),
        ...(level < lastLevel && { below: pte.kind === 'table' ? linesOf(pte, level + 1, addr) : [] }),
      };
    });
  return linesOf(root, rootLevel(geometry), 0);
};

const permissions = ({ w, x }: { readonly w: boolean; readonly x: boolean }) => `r${w ? 'w' : ''}${x ? 'x' : ''}`;

/** `annotated hyp`, `block rw`, `table`. */
export const pteWords = (pte: Pte, level: number): string =>
  match(pte)
    .with({ kind: 'zero' }, { kind: 'table' }, ({ kind }) => kind)
    .with({ kind: 'annotated' }, ({ owner }) => `annotated ${owner}`)
    .with({ kind: 'leaf' }, (leaf) => {
      const skew = leaf.skew === 0 ? '' : `, ${leaf.skew} pages off`;
      return `${level === lastLevel ? 'page' : 'block'} ${permissions(leaf)}${skew}`;
    })
    .exhaustive();

const heldWords = (tlb: State['tlb']): string =>
  match(tlb)
    .with({ kind: 'empty' }, () => 'nothing')
    .with({ kind: 'leaf' }, (leaf) => `level ${leaf.level} leaf ${permissions(leaf)}`)
    .with({ kind: 'walk' }, ({ level }) => `walk cache: table at level ${level}`)
    .with({ kind: 'hazard' }, ({ what }) => what)
    .exhaustive();

/** How the TLB differs from the tables; undefined if it does not. The difference breaks no property while a TLBI is still to come. */
export const staleWords = ({ tlb, root }: State, sizes: Sizes): string | undefined => {
  const found = () => getLeaf(root, sizes.watched, sizes);
  return match(tlb)
    .with({ kind: 'empty' }, () => undefined)
    .with({ kind: 'hazard' }, () => 'may never be')
    .with({ kind: 'walk' }, ({ level }) => (level < found().level ? undefined : 'outlives its table'))
    .with({ kind: 'leaf' }, (held) => {
      const { pte, level } = found();
      if (pte.kind !== 'leaf' || level !== held.level) return 'outlives its mapping';
      if ((held.w && !pte.w) || (held.x && !pte.x)) return 'allows more than its mapping';
      return held.w !== pte.w || held.x !== pte.x ? 'allows less than its mapping' : undefined;
    })
    .exhaustive();
};
