import type { Drawing, Line } from '../../src/spec/index.ts';
import { nameOf, type Sizes, type State } from './state.ts';
import { getLeaf, granuleOf, lastLevel, type Pte, refcount, rootLevel, type TablePage } from './tree.ts';

/** The tables as a tree, level by level, and what some CPU's TLB holds of the way to the watched page. */
export const draw = (state: State, sizes: Sizes): readonly Drawing[] => {
  const { tlb, root, lost } = state;
  return [
    {
      title: 'stage-2',
      columns: ['level', 'entry', 'af', 'refcount'],
      lines: [
        {
          name: 'root',
          cells: ['', 'table', '', String(refcount(root))],
          below: entriesOf(root, rootLevel(sizes), 0, sizes),
        },
      ],
    },
    {
      title: 'TLB',
      columns: ['holds'],
      lines: [{ name: `page ${sizes.watched}`, cells: [heldWords(tlb)], stale: staleWords(state, sizes) }],
    },
    ...(lost === 0
      ? []
      : [{ title: 'table pages', columns: [], lines: [{ name: lost > 0 ? 'leaked' : 'freed twice', cells: ['1'] }] }]),
  ];
};

const entriesOf = ({ entries }: TablePage, level: number, first: number, sizes: Sizes): Line[] =>
  entries.map((pte, i) => {
    const size = granuleOf(level, sizes);
    const addr = first + i * size;
    const count = pte.kind === 'table' ? String(refcount(pte)) : '';
    return {
      name: `${size === 1 ? 'page' : 'pages'} ${nameOf({ addr, size })}`,
      cells: [String(level), pteWords(pte, level), pte.kind === 'leaf' ? (pte.af ? 'set' : 'clear') : '', count],
      ...(level < lastLevel && { below: pte.kind === 'table' ? entriesOf(pte, level + 1, addr, sizes) : [] }),
    };
  });

const permissions = ({ w, x }: { readonly w: boolean; readonly x: boolean }) => `r${w ? 'w' : ''}${x ? 'x' : ''}`;

const pteWords = (pte: Pte, level: number): string => {
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
const staleWords = ({ tlb, root }: State, sizes: Sizes): string | undefined => {
  if (tlb.kind === 'empty') return undefined;
  if (tlb.kind === 'hazard') return 'may never be';
  const { pte, level } = getLeaf(root, sizes.watched, sizes);
  if (tlb.kind === 'walk') return tlb.level < level ? undefined : 'outlives its table';
  if (pte.kind !== 'leaf' || level !== tlb.level) return 'outlives its mapping';
  return (tlb.w && !pte.w) || (tlb.x && !pte.x) ? 'allows more than its mapping' : undefined;
};
