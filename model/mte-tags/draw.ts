import type { Drawing, Line } from '../../src/spec/index.ts';
import { usesOfPage } from './programs.ts';
import type { State } from './state.ts';

/** The page's flags and tags, locks that are held, and where each thread is, with what it has written that others do not see. */
export const draw = (state: State): readonly Drawing[] => {
  const { tags, tagged, locked, locks, at, buffers } = state;
  return [
    {
      title: 'page',
      columns: [],
      lines: [
        { name: 'PG_mte_lock', cells: [locked ? 'set' : 'clear'] },
        { name: 'PG_mte_tagged', cells: [tagged ? 'set' : 'clear'] },
        { name: 'tags', cells: [tags], stale: staleWords(state) },
        ...Object.entries(locks)
          .filter(([, holder]) => holder !== 'free')
          .map(([lock, holder]): Line => ({ name: lock, cells: [`held by ${holder}`] })),
      ],
    },
    {
      title: 'threads',
      columns: ['next step', 'buffered write'],
      lines: Object.entries(at).map(([thread, step]) => {
        const buffer = buffers[thread]!;
        return { name: thread, cells: [step, buffer.kind === 'holds' ? `${buffer.write}, not seen yet` : '-'] };
      }),
    },
  ];
};

const staleWords = ({ tags, tagged, at }: State): string | undefined => {
  if (tags !== 'stale') return undefined;
  const user = Object.keys(at).find((thread) => usesOfPage.includes(at[thread]!));
  if (user !== undefined) return `${user} has the page mapped`;
  return tagged ? 'PG_mte_tagged is set' : undefined;
};
