import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { searchReference } from '../../src/engine/reference/reference.ts';
import { type Obligation, type Task, taskOf } from '../../src/engine/task.ts';
import { searchFor } from '../../src/explore/search.ts';
import { describeCommand, invariant, type Model, ok, type Property } from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { replay } from '../../src/trace/replay.ts';
import { anyModel } from '../engine/any-model.ts';
import { canBeAt, graph, neverAt } from '../engine/graph.ts';
import { counter } from '../engine/tiny.ts';

const taskFor = (model: Model, properties: readonly Property[]): Task => taskOf(model, scopeOf(model, {}), properties);

const from = (task: Task, state: unknown): Task => ({ ...task, system: { ...task.system, initial: state } });

const answer = async (task: Task, at = 0, options = {}) => {
  const found = await searchFor(task, task.obligations[at]!, options);
  return found.kind === 'calls' ? found.commands.map(describeCommand).join(' ') : found;
};

const edges = { 0: [1, 2], 1: [3], 2: [4], 3: [5], 4: [5], 5: [0, 6], 6: [] };

describe('a search from a state on', () => {
  it('finds the shortest calls, the first of them, and says of how many states that there are none', async () => {
    const task = taskFor(graph(edges), [neverAt(graph(edges), 5), neverAt(graph(edges), 0)]);
    expect(await answer(task)).toBe('go(to=1) go(to=3) go(to=5)');
    expect(await answer(from(task, { node: 4 }))).toBe('go(to=5)');
    expect(await answer(from(task, { node: 5 }))).toBe('');
    expect(await answer(from(task, { node: 6 }))).toEqual({ kind: 'none', states: 1, isChecked: true });
    expect(await answer(from(task, { node: 4 }), 1)).toBe('go(to=5) go(to=0)');
  });

  it('finds the nearest instance of a witness', async () => {
    const task = taskFor(graph(edges), [canBeAt(graph(edges), [5, 6])]);
    expect(await searchFor(from(task, { node: 3 }), task.obligations[0]!)).toMatchObject({
      instance: { node: 5 },
      commands: [{ kind: 'go', to: 5 }],
    });
  });

  it('does not say that there are none where it gave up', async () => {
    const long = graph(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [i, [i + 1]])));
    const task = taskFor(long, [neverAt(long, 40)]);
    expect(await answer(task, 0, { most: 20 })).toEqual({ kind: 'too many', states: 20 });
    expect(await answer(task)).toMatch(/go\(to=40\)$/);
  });

  it('is not taken in by a model that hides a state from the tables', async () => {
    let calls = 0;
    const model = counter(3, (n) => ok({ n: n < 2 || calls++ % 3 === 0 ? Math.min(n + 1, 3) : n }));
    const atMost2 = invariant(model, { id: 'at-most-2', statement: '', source: '', holds: ({ n }) => n < 3 });
    const task = taskFor(model, [atMost2]);
    await expect(searchFor(task, task.obligations[0]!)).rejects.toThrow('impure');
  });

  it('agrees with the reference search, from any state', async () => {
    await fc.assert(
      fc.asyncProperty(anyModel, fc.array(fc.nat(50), { maxLength: 4 }), async ({ model, properties }, picks) => {
        const whole = taskFor(model, properties);
        const task = from(whole, stateAfter(whole, picks));
        for (const { property, instances } of task.obligations)
          for (const instance of instances) {
            const obligation: Obligation = { property, instances: [instance] };
            const { judged, covered, bound } = await searchReference({ ...task, obligations: [obligation] });
            if (bound) continue;
            const { verdict } = judged[0]!;
            const trace = verdict.kind === 'violated' || verdict.kind === 'proved' ? verdict.trace : undefined;
            const found = await searchFor(task, obligation);
            if (trace) expect(found).toMatchObject({ kind: 'calls', commands: trace.commands });
            else expect(found).toEqual({ kind: 'none', states: covered.states, isChecked: true });
          }
      }),
      { numRuns: 15 },
    );
  });
});

/** Where some of the calls that can be made lead. */
const stateAfter = (task: Task, picks: readonly number[]): unknown => {
  let commands: Parameters<typeof replay>[1] = [];
  for (const pick of picks) {
    const next = [...commands, task.commands[pick % task.commands.length]!];
    try {
      if (replay(task, next).at(-1)!.outcome.result !== 'panic') commands = next;
    } catch {
      // A call that cannot be made here is passed over.
    }
  }
  return replay(task, commands).at(-1)?.outcome.state ?? task.system.initial;
};
