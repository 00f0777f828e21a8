import type { Drawing, Line } from '../../src/spec/index.ts';
import { mmioPages, type Sizes, type State } from './state.ts';

/** The host's stage-2 over MMIO as a tree beside what EL2 maps, memory page by page, and the pool. */
export const draw = (state: State, sizes: Sizes): readonly Drawing[] => [
  {
    title: 'host stage-2, MMIO',
    columns: ['refcount', 'host entry', 'EL2 maps'],
    lines: state.tables.map((table, i): Line => {
      const first = i * sizes.entriesPerTable;
      const pages = state.el2.slice(first, first + sizes.entriesPerTable).map(
        (el2, n): Line => ({
          name: `pfn ${first + n}`,
          cells: ['', table.kind === 'present' ? table.entries[n]! : '', el2],
        }),
      );
      // Below a table that is not there, only what EL2 maps all the same.
      const below = table.kind === 'present' ? pages : pages.filter((_, n) => state.el2[first + n] !== 'none');
      return {
        name: `table ${i}`,
        cells: [table.kind === 'present' ? String(table.refcount) : 'absent', '', ''],
        below,
      };
    }),
  },
  {
    title: 'memory',
    columns: ['host entry', 'host', 'hyp', 'guest', 'EL2 maps'],
    lines: state.ram.map(({ entry, host, hyp, guest }, i) => ({
      name: `pfn ${mmioPages(sizes) + i}`,
      cells: [entry, host, hyp, guest, state.el2[mmioPages(sizes) + i]!],
    })),
  },
  { title: 'host_s2_pool', columns: ['free pages'], lines: [{ name: 'for MMIO', cells: [String(state.pool)] }] },
];
