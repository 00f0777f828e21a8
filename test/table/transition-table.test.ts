import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suites } from '../../properties/index.ts';
import { explore } from '../../src/engine/explicit/exhaustive.ts';
import { TransitionLearner } from '../../src/engine/learner.ts';
import { taskOf } from '../../src/engine/task.ts';
import { layoutOf } from '../../src/system/layout.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { TransitionTable } from '../../src/table/transition-table.ts';
import { anyModel } from '../engine/any-model.ts';

const explored = async (model: (typeof suites)[number]['model']) => {
  const task = taskOf(model, scopeOf(model), []);
  return { task, ...(await explore(task, { mayLeaveDomain: true, maxStates: 2000 })).explored };
};

/** What every call does in every explored state, by a table. */
const all = (table: TransitionTable, { task, states, layout, expanded }: Awaited<ReturnType<typeof explored>>) => {
  const next = new Uint32Array(layout.words);
  const calls: unknown[] = [];
  for (let state = 0; state < expanded; state++)
    for (const command of task.commands.keys()) {
      const row = table.find(command, states.words, state * layout.words);
      table.apply(row, states.words, state * layout.words, next);
      calls.push(row, table.row(row).outcome, table.leads(row), next.join());
    }
  return calls;
};

describe('a transition table is a value', () => {
  it.each(suites.filter(({ model }) => ['mte-tags', 'shadow-reuse', 'idmap'].includes(model.id)))(
    'of $model.id: serialised, made again and copied it says the same of every call',
    async ({ model }) => {
      const of = await explored(model);
      const again = TransitionTable.from(JSON.parse(JSON.stringify(of.transitions)), layoutOf(of.task.system.state));
      expect(all(again, of)).toEqual(all(of.transitions, of));
      expect(all(of.transitions.copy(), of)).toEqual(all(of.transitions, of));
      expect(again.toJSON()).toEqual(of.transitions.toJSON());
    },
  );

  it('of any model, whoever runs it: no function is called', async () => {
    await fc.assert(
      fc.asyncProperty(anyModel, async ({ model }) => {
        const of = await explored(model);
        const learner = new TransitionLearner(of.task, of.layout, of.transitions.copy());
        for (let state = 0; state < of.expanded; state++)
          for (const command of of.task.commands.keys())
            expect(learner.take(command, of.states.words, state * of.layout.words)).toBe(
              of.transitions.find(command, of.states.words, state * of.layout.words),
            );
        expect(learner.table.size).toBe(of.transitions.size);
      }),
      { numRuns: 20 },
    );
  });

  it('whose copy has rows of its own, which no state takes', async () => {
    const of = await explored(suites.find(({ model }) => model.id === 'mte-tags')!.model);
    const { size } = of.transitions;
    const copy = of.transitions.copy();
    const row = copy.row(0);
    const number = copy.addLoose({ ...row, outcome: { ...row.outcome, warnings: ['odd'] } }, copy.effectOf(0));
    expect([number, copy.size, of.transitions.size]).toEqual([size, size + 1, size]);
    expect(copy.row(number).outcome.warnings).toEqual(['odd']);
    expect(copy.find(row.command, row.sample, 0)).toBe(0);
    expect(copy.copy().toJSON()).toEqual(copy.toJSON());
  });

  it('that is not taught two things of one state', async () => {
    const of = await explored(suites.find(({ model }) => model.id === 'mte-tags')!.model);
    const row = of.transitions.row(0);
    expect(() => of.transitions.copy().learn(row, of.transitions.effectOf(0))).toThrow('it ended differently before');
    const reads = row.reads.toReversed();
    if (reads.length > 1)
      expect(() => of.transitions.copy().learn({ ...row, reads }, of.transitions.effectOf(0))).toThrow('it read');
  });
});
