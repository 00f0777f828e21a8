import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/engine/explicit/compiled.ts';
import { explore } from '../../../src/engine/explicit/exhaustive.ts';
import { searchReference } from '../../../src/engine/reference/reference.ts';
import { taskOf } from '../../../src/engine/task.ts';
import { array, invariant, ok, range, record, refuse, update, variant } from '../../../src/spec/index.ts';
import { scopeOf } from '../../../src/system/scope.ts';
import { tiny } from '../tiny.ts';

/** Seven numbers, each of which goes up and down, in 1,458 states, and words between the first and the others; all numbers share a word. */
const grid = (words: number) =>
  tiny('grid', {
    state: record({ first: range(0, 1), still: array(range(0, 2 ** 30), words), others: array(range(0, 2), 6) }),
    command: variant({ up: { i: range(0, 6) }, down: { i: range(0, 6) } }),
    initial: { first: 0, still: Array.from({ length: words }, (_, i) => i), others: Array(6).fill(0) },
    step: (state, { kind, i }) => {
      const to = (i === 0 ? state.first : state.others[i - 1]!) + (kind === 'up' ? 1 : -1);
      if (to < 0 || to > (i === 0 ? 1 : 2)) return refuse(state, 'ERANGE', 'at the edge');
      return ok(
        update(state, (draft) => {
          if (i === 0) draft.first = to;
          else draft.others[i - 1] = to;
        }),
      );
    },
  });

const taskFor = (words: number) => {
  const model = grid(words);
  const still = invariant(model, {
    id: 'still',
    statement: '',
    source: '',
    holds: ({ still, first }) => still.at(-1) === words - 1 && first < 1,
  });
  return taskOf(model, scopeOf(model), [still]);
};

describe('the code of tables', () => {
  it.each([63, 64])('says of states with %i words and one what the reference search says', async (words) => {
    const task = taskFor(words);
    const { explored, ...exhaustive } = await explore(task);
    const { judged, covered, coverage } = await searchReference(task);
    expect(explored.layout.words).toBe(words + 1);
    expect(covered.states).toBe(1458);
    expect(exhaustive.covered).toEqual(covered);
    expect(exhaustive.coverage).toEqual(coverage);
    expect(exhaustive.judged).toEqual(judged);
  });

  it('does not grow with the width of a state', async () => {
    const lengths = await Promise.all(
      [80, 600].map(async (words) => {
        const task = taskFor(words);
        const { explored } = await explore(task, { maxStates: 300 });
        return compile(explored.transitions, task.commands.length, explored.layout.words, () => true)!.length;
      }),
    );
    expect(lengths[1]).toBeLessThan(1.1 * lengths[0]!);
  });
});
