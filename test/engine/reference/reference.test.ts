import { describe, expect, it } from 'vitest';
import { searchReference } from '../../../src/engine/reference/reference.ts';
import { taskOf } from '../../../src/engine/task.ts';
import { disabled, invariant, type Model, ok, panic, refuse, stepProperty, warn } from '../../../src/spec/index.ts';
import { scopeOf } from '../../../src/system/scope.ts';
import { calls, canBeAt, graph, neverAt } from '../graph.ts';
import { counter } from '../tiny.ts';

const search = (model: Model, properties: Parameters<typeof taskOf>[2], options = {}) =>
  searchReference(taskOf(model, scopeOf(model), properties), options);

describe('the reference search', () => {
  it('visits what can be reached and no more, and measures how far away it is', async () => {
    const model = graph({ 0: [1, 2], 1: [3], 2: [3], 3: [0], 4: [5] });
    const { covered, judged } = await search(model, [neverAt(model, 4)]);
    expect(covered).toEqual({ states: 4, transitions: 5, depth: 2 });
    expect(judged[0]?.verdict).toEqual({ kind: 'proved', proof: { by: 'exhaustion', holdsFor: 'configuration' } });
  });

  it('finds a shortest trace, and of those the one whose commands come first', async () => {
    const model = graph({ 0: [1, 2, 3], 1: [4], 2: [5], 3: [5], 4: [5] });
    const [judged] = (await search(model, [neverAt(model, 5)])).judged;
    expect(judged?.verdict).toMatchObject({ kind: 'violated', trace: { detail: 'at 5' } });
    expect(calls(judged?.verdict.kind === 'violated' ? judged.verdict.trace : undefined)).toBe('go(to=2) go(to=5)');
  });

  it('judges the initial state', async () => {
    const model = graph({ 0: [1] });
    const [judged] = (await search(model, [neverAt(model, 0)])).judged;
    expect(judged?.verdict).toMatchObject({ kind: 'violated', trace: { commands: [] } });
  });

  it('lets a property see the switches', async () => {
    const model: Model<{ readonly n: number }> = {
      ...counter(3, (n) => ok({ n: Math.min(n + 1, 3) })),
      switches: { strict: '' },
    };
    const bounded = invariant(model, {
      id: 'bounded',
      statement: '',
      source: '',
      holds: ({ n }, _, __, { strict }) => strict === false || n < 3,
    });
    const verdict = async (strict: boolean) => {
      const scope = scopeOf(model, { switches: { strict } });
      return (await searchReference(taskOf(model, scope, [bounded]))).judged[0]!.verdict.kind;
    };
    expect([await verdict(false), await verdict(true)]).toEqual(['proved', 'violated']);
  });

  it('goes on behind a violation', async () => {
    const model = graph({ 0: [1], 1: [2], 2: [3] });
    const { judged, covered } = await search(model, [neverAt(model, 1), neverAt(model, 3)]);
    expect(judged.map(({ verdict }) => verdict.kind)).toEqual(['violated', 'violated']);
    expect(covered.states).toBe(4);
  });

  it('reaches a witness for each of its instances, or names one that it did not', async () => {
    const model = graph({ 0: [1], 1: [2], 2: [0], 4: [3] });
    const { judged } = await search(model, [canBeAt(model, [1, 2]), { ...canBeAt(model, [1, 4]), id: 'no' }]);
    expect(judged[0]?.verdict).toMatchObject({
      kind: 'proved',
      proof: { by: 'example' },
      trace: { instance: { node: 2 } },
    });
    expect(judged[1]?.verdict).toEqual({ kind: 'violated', instance: { node: 3 } });
  });

  it('does not go on behind a panic, whose state is no state of the machine', async () => {
    const model = counter(3, (n) => (n < 2 ? ok({ n: n + 1 }) : panic({ n: 3 }, 'BUG')));
    const at3 = invariant(model, { id: 'below-3', statement: '', source: '', holds: ({ n }) => n < 3 });
    const { judged, covered } = await search(model, [at3]);
    expect(covered.states).toBe(3);
    expect(judged[0]?.verdict.kind).toBe('proved');
  });

  it('counts a refusal that changes the state as a way to go on', async () => {
    const model = counter(3, (n) =>
      n < 3 ? refuse({ n: n + 1 }, 'EAGAIN', 'half done') : disabled({ n }, 'at the end'),
    );
    const atomic = stepProperty(model, {
      id: 'atomic',
      statement: '',
      source: '',
      holds: ({ before, outcome }) =>
        outcome.result !== 'refused' || outcome.state.n === before.n || `${before.n} became ${outcome.state.n}`,
    });
    const { judged, covered, coverage } = await search(model, [atomic]);
    expect(covered).toEqual({ states: 4, transitions: 3, depth: 3 });
    expect(judged[0]?.verdict).toMatchObject({ kind: 'violated', trace: { detail: '0 became 1' } });
    expect([...coverage.get('tick')!.results]).toEqual([
      ['EAGAIN half done', 3],
      ['disabled at the end', 1],
    ]);
  });

  it('counts warnings beside the result', async () => {
    const model = counter(1, (n) => (n === 0 ? warn(ok({ n: 1 }), 'odd') : ok({ n })));
    const { coverage } = await search(model, []);
    expect(coverage.get('tick')).toEqual({
      attempts: 2,
      results: new Map([
        ['ok', 2],
        ['WARN odd', 1],
      ]),
    });
  });

  it('says that it is incomplete when it may keep no more states, and still reports what it found', async () => {
    const model = graph({ 0: [1], 1: [2], 2: [3] });
    const { judged, covered, bound } = await search(
      model,
      [neverAt(model, 1), neverAt(model, 3), canBeAt(model, [3])],
      { maxStates: 2 },
    );
    expect(bound).toEqual({ kind: 'states', limit: 2 });
    expect(covered.states).toBe(2);
    expect(judged.map(({ verdict }) => verdict.kind)).toEqual(['violated', 'incomplete', 'incomplete']);
  });

  it('is complete when the bound is exactly what there is', async () => {
    const model = graph({ 0: [1], 1: [2], 2: [0] });
    expect((await search(model, [neverAt(model, 7)], { maxStates: 3 })).judged[0]?.verdict.kind).toBe('proved');
  });

  it('stops when it is told to, and does not call that proved', async () => {
    const model = counter(60_000, (n) => (n < 60_000 ? ok({ n: n + 1 }) : disabled({ n }, 'at the end')));
    const below = invariant(model, { id: 'below', statement: '', source: '', holds: ({ n }) => n <= 60_000 });
    const { judged, bound, covered } = await search(model, [below], { monitor: async () => false });
    expect(bound).toEqual({ kind: 'interrupted' });
    expect(covered.states).toBeLessThan(60_000);
    expect(judged[0]?.verdict).toEqual({ kind: 'incomplete', bound });
  });

  it('follows a trace of any length', async () => {
    const model = counter(30_000, (n) => (n < 30_000 ? ok({ n: n + 1 }) : disabled({ n }, 'at the end')));
    const below = invariant(model, { id: 'below', statement: '', source: '', holds: ({ n }) => n < 30_000 });
    const [judged] = (await search(model, [below])).judged;
    expect(judged?.verdict.kind === 'violated' && judged.verdict.trace?.commands.length).toBe(30_000);
  });
});

describe('a broken model', () => {
  const fails = (step: Parameters<typeof counter>[1]) => search(counter(3, step), []);

  it('is told where its state leaves the domain', async () => {
    await expect(fails((n) => ok({ n: n + 1 }))).rejects.toThrow(
      "counter@only: tick() leaves the state's domain at n: 4 is not an integer from 0 to 3",
    );
  });

  it('is not told so behind a violation, which may be why: the search ends there', async () => {
    const model = counter(3, (n) => ok({ n: n + 1 }));
    const below = (most: number) =>
      invariant(model, { id: `below-${most}`, statement: '', source: '', holds: ({ n }) => n < most });
    const { judged, bound, covered } = await search(model, [below(2), below(9)]);
    expect(bound).toEqual({ kind: 'domain', command: { kind: 'tick' }, misfit: 'n: 4 is not an integer from 0 to 3' });
    expect(judged.map(({ verdict }) => verdict)).toEqual([
      { kind: 'violated', trace: expect.objectContaining({ commands: [{ kind: 'tick' }, { kind: 'tick' }] }) },
      { kind: 'incomplete', bound },
    ]);
    expect(covered).toMatchObject({ states: 4, transitions: 3 });
  });

  it('is told which command threw', async () => {
    await expect(fails(() => JSON.parse('?'))).rejects.toThrow('counter@only: tick() threw SyntaxError');
  });

  it('is told when it returns no outcome', async () => {
    await expect(fails(() => ({ n: 1 }) as never)).rejects.toThrow('counter@only: tick() did not return an outcome');
    await expect(fails(() => undefined as never)).rejects.toThrow('counter@only: tick() did not return an outcome');
  });

  it('is caught writing to the state it was given', async () => {
    const model = counter(3, ok as never);
    const system = model.system({}, {});
    const writes = {
      ...model,
      system: () => ({
        ...system,
        step: (state: { n: number }) => {
          state.n++;
          return ok(state);
        },
      }),
    };
    await expect(search(writes as unknown as Model, [])).rejects.toThrow(
      'tick() threw TypeError: Cannot assign to read only property',
    );
  });

  it('is caught depending on something else than its state', async () => {
    let clock = 1;
    await expect(fails(() => ok({ n: clock++ % 4 }))).rejects.toThrow(
      'counter@only: tick() is impure: run twice in one state',
    );
  });

  it('is told which property threw', async () => {
    const model = graph({ 0: [1] });
    const bad = invariant(model, { id: 'bad', statement: '', source: '', holds: () => JSON.parse('?') });
    await expect(search(model, [bad])).rejects.toThrow('graph@only: property bad threw SyntaxError');
  });
});
