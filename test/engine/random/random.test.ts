import { describe, expect, it } from 'vitest';
import type { Monitor } from '../../../src/engine/engine.ts';
import { searchRandom } from '../../../src/engine/random/random.ts';
import { taskOf } from '../../../src/engine/task.ts';
import { invariant, type Model, type Property } from '../../../src/spec/index.ts';
import { scopeOf } from '../../../src/system/scope.ts';
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
