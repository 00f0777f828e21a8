import type { Drawing } from '../../src/spec/index.ts';
import type { State } from './state.ts';

/** The MMU's special roots, from the top of the chain down, with what entry 0 of each points to. */
export const draw = (state: State): readonly Drawing[] => [
  {
    title: 'special roots',
    columns: ['pointer', 'entry 0'],
    lines: [
      { name: 'pml5_root', cells: [state.pml5Root, state.pml5Entry ? 'pml4_root' : '-'] },
      { name: 'pml4_root', cells: [state.pml4Root, state.pml4Entry ? 'pae_root' : '-'] },
      { name: 'pae_root', cells: [state.paeRoot, state.paeEntries ? 'level-2 roots' : '-'] },
    ].map((line) => ({ ...line, stale: line.cells[0] === 'garbage' ? 'never set' : undefined })),
  },
  {
    title: 'mmu',
    columns: [],
    lines: [
      { name: 'root_hpa', cells: [state.rootHpa] },
      { name: 'root_level', cells: [String(state.rootLevel)] },
      { name: 'shadow_root_level', cells: [String(state.shadowRootLevel)] },
      { name: 'pages taken', cells: [String(state.pages)] },
    ],
  },
];
