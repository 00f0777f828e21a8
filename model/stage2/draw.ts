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
export const pteWords = (pte: Pte, level: number): string => {
  if (pte.kind === 'annotated') return `annotated ${pte.owner}`;
  if (pte.kind !== 'leaf') return pte.kind;
  const skew = pte.skew === 0 ? '' : `, ${pte.skew} pages off`;
  return `${level === lastLevel ? 'page' : 'block'} ${permissions(pte)}${skew}`;
};

const heldWords = (tlb: State['tlb']): string => {
  if (tlb.kind === 'leaf') return `level ${tlb.level} leaf ${permissions(tlb)}`;
  if (tlb.kind === 'walk') return `walk cache: table at level ${tlb.level}`;
  return tlb.kind === 'hazard' ? tlb.what : 'nothing';
};

/** What is held and is no longer so in the tree. That need not break a property: a TLBI may be due only later. */
export const staleWords = ({ tlb, root }: State, sizes: Sizes): string | undefined => {
  if (tlb.kind === 'empty') return undefined;
  if (tlb.kind === 'hazard') return 'may never be';
  const { pte, level } = getLeaf(root, sizes.watched, sizes);
  if (tlb.kind === 'walk') return tlb.level < level ? undefined : 'outlives its table';
  if (pte.kind !== 'leaf' || level !== tlb.level) return 'outlives its mapping';
  if ((tlb.w && !pte.w) || (tlb.x && !pte.x)) return 'allows more than its mapping';
  return tlb.w !== pte.w || tlb.x !== pte.x ? 'allows less than its mapping' : undefined;
};
