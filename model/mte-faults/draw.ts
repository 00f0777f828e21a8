import type { Drawing, Line } from '../../src/spec/index.ts';
import { flagPage, type Patch, type Sizes, type State } from './state.ts';

/** The pages with their stage-2 entries, flags and tags, and what is where the memslot is. */
export const draw = (state: State, _: Sizes, patch: Patch): readonly Drawing[] => [
  {
    title: 'block',
    columns: ['stage 2', 'PG_mte_tagged', 'tags', 'swap'],
    lines: state.pages.map(({ tags, tagged, swap, s2 }, page): Line => {
      const flag = flagPage(page, patch) === page ? (tagged ? 'set' : 'clear') : 'that of page 0';
      const mapping = s2 === 'none' || !state.block ? s2 : `${s2}, block`;
      const saved = swap === 'in' ? '-' : swap === 'no-tags' ? 'out, no tags' : `out, ${swap} saved`;
      return { name: `page ${page}`, cells: [mapping, flag, tags, saved], stale: staleWords(state, page, patch) };
    }),
  },
  {
    title: 'memory',
    columns: [],
    lines: [
      { name: 'memslot', cells: [state.slot ? 'set' : 'none'] },
      { name: 'vma', cells: [state.vma === 'shared' ? 'VM_SHARED' : state.vma] },
      { name: 'folio', cells: [state.huge ? 'whole' : 'split'] },
      { name: 'dirty logging', cells: [state.logging ? 'on' : 'off'] },
      ...(['mmu_lock', 'mmap_lock'] as const)
        .filter((lock) => state.held[lock])
        .map((lock): Line => ({ name: lock, cells: ['held'], stale: 'never released' })),
    ],
  },
];

const staleWords = ({ pages, vma }: State, page: number, patch: Patch): string | undefined => {
  const { tags, s2 } = pages[page]!;
  const { tagged } = pages[flagPage(page, patch)]!;
  if (vma === 'device') return undefined;
  if (s2 !== 'none' && vma === 'untaggable') return 'can have no tags';
  if (tags === 'stale') return s2 !== 'none' ? 'mapped, never cleared' : tagged ? 'never cleared' : undefined;
  return tagged ? undefined : 'not flagged';
};
