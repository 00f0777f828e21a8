import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { searchExhaustive } from '../../src/engine/explicit/exhaustive.ts';
import { searchReference } from '../../src/engine/reference/reference.ts';
import type { Evidence } from '../../src/engine/result.ts';
import { taskOf } from '../../src/engine/task.ts';
import { check } from '../../src/job/check.ts';
import { type Model, ok, panic, progress, refuse, suite } from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { calls, graph } from './graph.ts';
import { counter } from './tiny.ts';

type Edges = Readonly<Record<number, readonly number[]>>;

/** No infinite path stays at `waiting` nodes by calls that go to `own` nodes. */
const moves = (model: ReturnType<typeof graph>, waiting: readonly number[], own = waiting) =>
  progress(model, {
    id: 'moves-on',
    statement: '',
    source: '',
    waiting: ({ node }) => waiting.includes(node),
    own: ({ to }) => own.includes(to),
  });

const engines = [
  ['reference', searchReference],
  ['exhaustive', searchExhaustive],
] as const;

describe.each(engines)('progress, judged by the %s search', (_, search) => {
  const lasso = async (edges: Edges, waiting: readonly number[], own?: readonly number[], options = {}) => {
    const model = graph(edges);
    const [judged] = (await search(taskOf(model, scopeOf(model), [moves(model, waiting, own)]), options)).judged;
    const { verdict } = judged!;
    if (verdict.kind !== 'violated') return verdict.kind;
    const trace = verdict.trace!;
    const part = (from: number, to?: number) => calls({ ...trace, commands: trace.commands.slice(from, to) });
    return `${part(0, trace.loop)} (${part(trace.loop!)})`;
  };

  it('is broken by a loop, shown with the way there', async () => {
    expect(await lasso({ 0: [1], 1: [2], 2: [3], 3: [2] }, [2, 3])).toBe('go(to=1) go(to=2) (go(to=3) go(to=2))');
  });

  it('is broken by a call that leads back to where it came from', async () => {
    expect(await lasso({ 0: [1], 1: [1] }, [1])).toBe('go(to=1) (go(to=1))');
    expect(await lasso({ 0: [0] }, [0])).toBe(' (go(to=0))');
  });

  it('holds if every loop passes a state that does not wait, or a call that is not the own', async () => {
    expect(await lasso({ 0: [1], 1: [2], 2: [3], 3: [1] }, [2, 3])).toBe('proved');
    expect(await lasso({ 0: [1], 1: [2], 2: [1] }, [0, 1, 2], [1])).toBe('proved');
  });

  it('holds on a path that only ends, and of loops that cannot be reached', async () => {
    expect(await lasso({ 0: [1], 1: [2], 2: [3] }, [0, 1, 2, 3])).toBe('proved');
    expect(await lasso({ 0: [1], 4: [4] }, [0, 1, 4])).toBe('proved');
  });

  it('takes the loop that is nearest, by its shortest way round, first in the order of commands', async () => {
    // Both 1 and 2 are on loops; 1 comes first, and its way by 4 is shorter than that by 2 and 3.
    const edges = { 0: [1, 2], 1: [2, 4], 2: [3], 3: [1], 4: [1] };
    expect(await lasso(edges, [1, 2, 3, 4])).toBe('go(to=1) (go(to=4) go(to=1))');
    expect(await lasso(edges, [1, 2, 3])).toBe('go(to=1) (go(to=2) go(to=3) go(to=1))');
  });

  it('is not found on a way out of a component', async () => {
    expect(await lasso({ 0: [1], 1: [2, 3], 2: [3], 3: [4], 4: [3] }, [1, 2, 3, 4])).toBe(
      'go(to=1) go(to=3) (go(to=4) go(to=3))',
    );
  });

  it('is incomplete where a bound was hit, unless a loop was found within it', async () => {
    expect(await lasso({ 0: [1], 1: [2], 2: [3], 3: [2] }, [2, 3], undefined, { maxStates: 3 })).toBe('incomplete');
    expect(await lasso({ 0: [1], 1: [0, 2], 2: [3] }, [0, 1], undefined, { maxStates: 3 })).toMatch(/\(/);
  });

  it('counts a refused retry, and no panic', async () => {
    const model = counter(3, (n, s) => (n < 2 ? ok({ n: n + 1 }) : refuse(s, 'EAGAIN', 'not yet')));
    const dying = counter(3, (n, s) => (n < 2 ? ok({ n: n + 1 }) : panic(s, 'BUG')));
    const property = (of: Model<{ readonly n: number }>) =>
      progress(of, { id: 'ends', statement: '', source: '', waiting: () => true, own: () => true });
    const kinds = [model, dying].map(async (of) => {
      const [judged] = (await search(taskOf(of, scopeOf(of), [property(of)]), {})).judged;
      return judged!.verdict;
    });
    expect(await kinds[0]).toMatchObject({ kind: 'violated', trace: { loop: 2, commands: { length: 3 } } });
    expect(await kinds[1]).toMatchObject({ kind: 'proved', proof: { by: 'exhaustion' } });
  });

  it('agrees with the transitive closure of random graphs', async () => {
    const seen = { loops: 0, none: 0 };
    const nodes = fc.integer({ min: 0, max: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(nodes, nodes), { minLength: 5, maxLength: 15 }),
        fc.subarray([0, 1, 2, 3, 4, 5, 6]),
        fc.subarray([0, 1, 2, 3, 4, 5, 6]),
        async (pairs, waiting, own) => {
          const edges: Record<number, number[]> = { 0: [] };
          for (const [from, to] of pairs) edges[from] = [...(edges[from] ?? []), to];
          const closure = (allowed: (from: number, to: number) => boolean) => {
            const ways = new Set(pairs.filter(([from, to]) => allowed(from, to)).map(([from, to]) => `${from} ${to}`));
            const all = [0, 1, 2, 3, 4, 5, 6];
            for (const via of all)
              for (const from of all)
                for (const to of all)
                  if (ways.has(`${from} ${via}`) && ways.has(`${via} ${to}`)) ways.add(`${from} ${to}`);
            return ways;
          };
          const reached = closure(() => true);
          const round = closure((from, to) => waiting.includes(from) && waiting.includes(to) && own.includes(to));
          const expected = [0, 1, 2, 3, 4, 5, 6].some(
            (node) => (node === 0 || reached.has(`0 ${node}`)) && round.has(`${node} ${node}`),
          );
          seen[expected ? 'loops' : 'none']++;
          expect((await lasso(edges, waiting, own)) !== 'proved').toBe(expected);
        },
      ),
      { numRuns: 300 },
    );
    expect(Math.min(seen.loops, seen.none)).toBeGreaterThan(10);
  });
});

const done = (model: ReturnType<typeof graph>, nodes: readonly number[]) => ({
  ...model,
  done: ({ node }: { readonly node: number }) => nodes.includes(node),
});

describe('a deadlock', () => {
  const verdicts = async (model: ReturnType<typeof graph>) => {
    const all = suite({ model, properties: [], violates: { only: [] } });
    const of = async (kind: 'reference' | 'exhaustive') => {
      const result = await check(all, {}, { kind });
      const [only] = result.properties;
      const { verdict } = only ?? {};
      return {
        deadEnd: result.deadEnd?.length,
        verdict: verdict?.kind,
        trace: verdict?.kind === 'violated' ? calls(verdict.trace) : undefined,
      };
    };
    const [fast, slow] = [await of('exhaustive'), await of('reference')];
    expect(fast).toEqual(slow);
    return fast;
  };
  const edges = { 0: [1, 2], 1: [3], 2: [4], 4: [5], 5: [4] };

  it('is a state in which no command can be given and the model is not done; the nearest is shown', async () => {
    expect(await verdicts(done(graph(edges), []))).toEqual({ verdict: 'violated', trace: 'go(to=1) go(to=3)' });
    expect(await verdicts(done(graph({ 0: [] }), []))).toEqual({ verdict: 'violated', trace: '' });
  });

  it('is no state in which the model is done', async () => {
    expect(await verdicts(done(graph(edges), [3]))).toEqual({ verdict: 'proved' });
  });

  it('is mentioned, not judged, where the model does not say when it is done', async () => {
    expect(await verdicts(graph(edges))).toEqual({ deadEnd: 2 });
    expect(await verdicts(graph({ 0: [1], 1: [0] }))).toEqual({});
  });
});

it('random search finds loops and deadlocks, and shows them shrunk', async () => {
  const model = done(graph({ 0: [1, 2], 1: [2, 0], 2: [3], 3: [4, 5], 4: [3] }), []);
  const all = suite({ model, properties: [moves(model, [3, 4])], violates: { only: [] } });
  const { properties } = await check(all, {}, { kind: 'random', runs: 100, length: 20, seed: 1 });
  const trace = (id: string): Evidence | undefined => {
    const verdict = properties.find(({ property }) => property.id === id)?.verdict;
    return verdict?.kind === 'violated' ? verdict.trace : undefined;
  };
  expect(calls(trace('moves-on'))).toBe('go(to=2) go(to=3) go(to=4) go(to=3)');
  expect(trace('moves-on')?.loop).toBe(2);
  expect(calls(trace('no-deadlock'))).toBe('go(to=2) go(to=3) go(to=5)');
});
