import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Monitor } from '../../../src/engine/engine.ts';
import { searchRandom } from '../../../src/engine/random/random.ts';
import { searchReference } from '../../../src/engine/reference/reference.ts';
import type { Result } from '../../../src/engine/result.ts';
import { taskOf } from '../../../src/engine/task.ts';
import { invariant, type Model, type Property } from '../../../src/spec/index.ts';
import { scopeOf } from '../../../src/system/scope.ts';
import { anyModel } from '../any-model.ts';
import { calls, canBeAt, graph, neverAt } from '../graph.ts';

const search = (model: Model, properties: readonly Property[], options = {}) =>
  searchRandom(taskOf(model, scopeOf(model), properties), { runs: 100, length: 20, seed: 1, ...options });

/** 0 -> 1 -> ... -> 9, and from everywhere back to 0. */
const line = graph(Object.fromEntries(Array.from({ length: 10 }, (_, i) => [i, i < 9 ? [i + 1, 0] : [0]])));

describe('random search', () => {
  it('finds a violation and lets fast-check shrink it', async () => {
    const [judged] = (await search(line, [neverAt(line, 3)])).judged;
    expect(judged?.verdict.kind === 'violated' && calls(judged.verdict.trace)).toBe('go(to=1) go(to=2) go(to=3)');
  });

  it('finds every violation there is, each with a trace of its own', async () => {
    const { judged } = await search(line, [neverAt(line, 1), neverAt(line, 2), neverAt(line, 3)]);
    const lengths = judged.map(({ verdict }) => verdict.kind === 'violated' && verdict.trace?.commands.length);
    expect(lengths).toEqual([1, 2, 3]);
  });

  it('never says proved of what it did not see broken', async () => {
    const { judged, covered } = await search(line, [{ ...neverAt(line, 0), judge: () => true } as Property]);
    expect(judged[0]?.verdict).toEqual({ kind: 'not found' });
    expect(covered.runs).toBe(100);
    expect(covered.states).toBeGreaterThan(3);
  });

  it('reaches witnesses, and does not call one unreachable', async () => {
    const { judged } = await search(line, [canBeAt(line, [1, 2, 3]), { ...canBeAt(line, [1, 90]), id: 'far' }]);
    expect(judged.map(({ verdict }) => verdict.kind)).toEqual(['proved', 'not found']);
  });

  it('does the same for the same seed, and something else for another', async () => {
    const covered = async (seed: number) => (await search(line, [], { seed })).covered;
    expect(await covered(5)).toEqual(await covered(5));
    expect(await covered(6)).not.toEqual(await covered(5));
  });

  it('reproduces a violation from its seed and path, without the runs before it', async () => {
    const properties = [neverAt(line, 6)];
    const first = await search(line, properties, { seed: 3, runs: 2000 });
    const verdict = first.judged[0]!.verdict;
    if (verdict.kind !== 'violated' || !verdict.trace) throw new Error('expected a violation');
    expect(Number(verdict.path)).toBeGreaterThan(0);
    const again = await search(line, properties, { seed: 3, runs: 2000, path: verdict.path });
    expect(again.judged[0]?.verdict).toEqual(verdict);
    expect(again.covered.transitions).toBeLessThan(first.covered.transitions);
    expect(again.covered.runs).toBe(first.covered.runs);
  });

  it('draws most calls from the likely commands, if a model has any', async () => {
    const path = graph({ 0: [1], 1: [2], 2: [500] });
    const biased: Model = {
      ...path,
      system: (config, switches) => ({
        ...path.system(config, switches),
        likely: [1, 2, 500].map((to) => ({ kind: 'go', to })),
      }),
    };
    const found = async (model: Model) => (await search(model, [neverAt(path, 500)])).judged[0]?.verdict.kind;
    expect([await found(line), await found(biased)]).toEqual(['not found', 'violated']);
  });

  it('refuses likely commands that are none', async () => {
    const stray: Model = {
      ...line,
      system: (config, switches) => ({ ...line.system(config, switches), likely: [{ kind: 'fly' }] }),
    };
    expect(() => taskOf(stray, scopeOf(stray), [])).toThrow(
      'model graph: fly(), which is to be likely, is not a command',
    );
  });

  it('finds what lies behind many calls, by beginning where other runs were', async () => {
    // Every second call leads back to the beginning.
    const steep = graph(Object.fromEntries(Array.from({ length: 15 }, (_, i) => [i, [i + 1, 0]])));
    const verdict = async (without: readonly 'guidance'[]) =>
      (await search(steep, [neverAt(steep, 15)], { runs: 250, length: 100, without })).judged[0]!.verdict;
    const found = await verdict([]);
    expect(found.kind === 'violated' && found.trace?.commands.length).toBe(15);
    expect((await verdict(['guidance'])).kind).toBe('not found');
  });

  it('shrinks the calls that a run began behind', async () => {
    const detours = graph(
      Object.fromEntries(Array.from({ length: 12 }, (_, i) => [i, i === 0 ? [1, 20] : [i + 1, 0, 20]])),
    );
    for (const seed of [1, 2, 3]) {
      const found = (await search(detours, [neverAt(detours, 12)], { seed, runs: 400 })).judged[0]!.verdict;
      expect(found.kind === 'violated' && found.trace?.commands.length).toBe(12);
    }
  });

  it('counts the calls that did what no other did', async () => {
    const { covered } = await search(line, [], { runs: 1, length: 1 });
    expect(covered.singleCalls).toBe(covered.transitions);
    expect((await search(line, [], { runs: 500 })).covered.singleCalls).toBe(0);
  });

  it('ends when its time is up, and says not found', async () => {
    const { judged, bound } = await search(line, [neverAt(line, 90)], { runs: 1e9, seconds: 1 });
    expect(judged[0]?.verdict).toEqual({ kind: 'not found' });
    expect(bound).toBeUndefined();
  });

  it('stops when it is told to', async () => {
    const { judged, bound } = await search(line, [neverAt(line, 9)], { monitor: async () => false });
    expect(bound).toEqual({ kind: 'interrupted' });
    expect(judged[0]?.verdict).toEqual({ kind: 'incomplete', bound });
  });

  it('does not generate the runs that it is not to make', async () => {
    let looks = 0;
    const start = performance.now();
    const { covered } = await search(line, [], { runs: 1e6, length: 100, monitor: async () => ++looks < 10 });
    expect(covered.runs).toBe(9);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it('keeps what it has found when it is told to stop while that is shrunk', async () => {
    // A run that breaks something is not finished: the next call is made while it is shrunk.
    let last: number | undefined = -1;
    const monitor: Monitor = async ({ runs }) => {
      const same = runs === last;
      last = runs;
      return !same;
    };
    const { judged, bound } = await search(line, [neverAt(line, 3), neverAt(line, 4)], { monitor });
    expect(bound).toEqual({ kind: 'interrupted' });
    expect(judged.map(({ verdict }) => verdict.kind)).toEqual(['violated', 'incomplete']);
  });

  it('reports a broken property at once instead of shrinking it', async () => {
    const bad = invariant(line, {
      id: 'bad',
      statement: '',
      source: '',
      holds: ({ node }) => (node === 2 ? JSON.parse('?') : true),
    });
    await expect(search(line, [bad])).rejects.toThrow('graph@only: property bad threw SyntaxError');
  });
});

/** By property: violated by a trace of so many calls, else the verdict. */
const said = ({ judged }: Pick<Result, 'judged'>) =>
  judged.map(({ property, verdict }) => `${property.id} ${verdict.kind}`);

describe('random search of any model', () => {
  it('finds what the reference finds, looked up in tables and run plainly, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(anyModel, fc.integer(), async ({ model, properties }, seed) => {
        const task = taskOf(model, scopeOf(model), properties);
        const reference = await searchReference(task, { maxStates: 300 });
        if (reference.bound) return;
        const expected = said(reference).map((one) => one.replace(/ proved$/, ' not found'));
        for (const isOpaque of [false, true]) {
          const found = await searchRandom(isOpaque ? { ...task, isOpaque } : task, { runs: 300, length: 20, seed });
          for (const [i, one] of said(found).entries()) {
            const { property, verdict } = found.judged[i]!;
            const truth = reference.judged[i]!.verdict;
            if (verdict.kind === 'violated') expect(one).toBe(expected[i]);
            if (verdict.kind === 'proved') expect(truth.kind).toBe('proved');
            // The reference does not say that its way into a loop is a shortest one.
            if (property.on === 'path') continue;
            if (verdict.kind === 'violated' && verdict.trace && truth.kind === 'violated' && truth.trace)
              expect(verdict.trace.commands.length).toBeGreaterThanOrEqual(truth.trace.commands.length);
          }
        }
      }),
      { numRuns: 12, seed: 1 },
    );
  });
});
