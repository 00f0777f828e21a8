import { expect, it } from 'vitest';
import { searchExhaustive } from '../../src/engine/explicit/exhaustive.ts';
import { taskOf } from '../../src/engine/task.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { searchPackedPages } from './packed-pages.ts';
import { searchPackedTree } from './packed-tree.ts';
import { pkvmPages, pkvmPagesProperties, pkvmPagesStates } from './pkvm-pages.ts';
import { stage2Tree, stage2TreeProperties, stage2TreeStates } from './stage2-tree.ts';

it.each([
  [4, 1],
  [4, 2],
  [6, 2],
])('pkvm-pages(%i, %i) has the states of its closed form, by the tables and by hand', async (pages, tables) => {
  const scope = scopeOf(pkvmPages, { config: { pages, tables } });
  const { covered, judged } = await searchExhaustive(taskOf(pkvmPages, scope, pkvmPagesProperties));
  expect(judged.map(({ verdict }) => verdict.kind)).toEqual(['proved', 'proved', 'proved', 'proved']);
  expect(covered.states).toBe(pkvmPagesStates(pages, tables));
  const { states, transitions } = covered;
  expect(searchPackedPages(pages, tables)).toEqual({ states, transitions });
});

it('pkvm-pages(8, 2) would have 2,278,912', () => {
  expect(pkvmPagesStates(8, 2)).toBe(2_278_912);
});

it.each([
  [2, 2, 3],
  [2, 3, 1],
  [3, 2, 1],
])('stage2-tree(%i, %i, %i) has the states of its closed form', async (levels, entries, prots) => {
  const scope = scopeOf(stage2Tree, { config: { levels, entries, prots } });
  const { covered, judged } = await searchExhaustive(taskOf(stage2Tree, scope, stage2TreeProperties));
  expect(judged.map(({ verdict }) => verdict.kind)).toEqual(['proved', 'proved']);
  expect(covered.states).toBe(stage2TreeStates(levels, entries, prots));
  const { states, transitions } = covered;
  if (levels === 2) expect(searchPackedTree(entries, prots)).toEqual({ states, transitions });
});
