import type { Drawing } from '../../src/spec/index.ts';
import { gfnOfLeaf } from './rmap.ts';
import { gfns, memslotOf, type State } from './state.ts';

/** The guest's directory entry above the shadow page that is linked for it, and the reverse map, gfn by gfn. */
export const draw = (state: State): readonly Drawing[] => {
  const { child } = state;
  const leaves =
    child.kind === 'none'
      ? []
      : child.leaves.map((leaf, i) => ({
          name: `leaf ${i}`,
          cells: [leaf === 'none' || leaf === 'mmio' ? leaf : `gfn ${leaf}`, `gfn ${gfnOfLeaf(child, i)}`],
          stale: typeof leaf === 'number' && gfnOfLeaf(child, i) !== leaf ? 'rmap entry elsewhere' : undefined,
        }));
  const pointsTo = (gfn: number) => [0, 1].filter((i) => state.rmap[gfn]![i]).map((i) => `leaf ${i}`);
  return [
    {
      title: 'paging',
      columns: ['maps', 'dropped at'],
      lines: [
        { name: 'guest entry', cells: [`${state.pde}${state.swapped ? ', swapped' : ''}`, ''] },
        child.kind === 'none'
          ? { name: 'child', cells: ['none', ''], below: [] }
          : {
              name: 'child',
              cells: [`${child.direct ? 'direct' : 'indirect'}, gfn ${child.gfn}`, ''],
              below: leaves,
            },
      ],
    },
    {
      title: 'reverse map',
      columns: ['memslot', 'entries'],
      lines: gfns.map((gfn) => ({
        name: `gfn ${gfn}`,
        cells: [
          state.memslots[memslotOf(gfn)] ? String(memslotOf(gfn)) : `${memslotOf(gfn)}, deleted`,
          pointsTo(gfn).join(', ') || '-',
        ],
        stale: state.stale[memslotOf(gfn)] ? 'points into a freed page' : undefined,
      })),
    },
  ];
};
