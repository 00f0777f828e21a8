import { match } from 'ts-pattern';
import type { Drawing } from '../../src/spec/index.ts';
import { entryLines, pteWords } from '../stage2/draw.ts';
import { nameOf } from '../stage2/state.ts';
import { refcount } from '../stage2/tree.ts';
import { beforeFirst } from './search.ts';
import type { Cpu, Sizes, State } from './state.ts';

/** The host's table as a tree, how far the CPU is with its fault, and what is left of the pool. */
export const draw = (state: State, sizes: Sizes): readonly Drawing[] => [
  {
    title: 'host stage-2',
    columns: ['level', 'entry', 'refcount'],
    lines: [
      {
        name: 'root',
        cells: ['', 'table', String(refcount(state.root))],
        below: entryLines(state.root, sizes, (pte, level) => [
          String(level),
          pteWords(pte, level),
          pte.kind === 'table' ? String(refcount(pte)) : '',
        ]),
      },
    ],
  },
  {
    title: 'host CPU',
    columns: ['page', 'next', 'level', 'walks', 'range'],
    lines: [{ name: 'fault', cells: faultCells(state.cpu, sizes) }],
  },
  { title: 'host_s2_pool', columns: ['free pages'], lines: [{ name: 'for tables', cells: [String(state.pool)] }] },
];

/** The level is the one that the last walk named. */
const faultCells = (cpu: Cpu, sizes: Sizes): string[] => {
  if (cpu.kind === 'idle') return ['none', '', '', '', ''];
  const page = cpu.fetch ? `${cpu.page}, fetch` : `${cpu.page}`;
  return match(cpu)
    .with({ kind: 'searches' }, ({ level, walks }) => [
      page,
      'walk',
      level === beforeFirst(sizes) ? '' : String(level),
      String(walks),
      '',
    ])
    .with({ kind: 'maps' }, ({ start, size, walks }) => [page, 'map', '', String(walks), nameOf({ addr: start, size })])
    .with({ kind: 'retries' }, () => [page, 'retry', '', '', ''])
    .exhaustive();
};
