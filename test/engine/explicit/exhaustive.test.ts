import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suites } from '../../../properties/index.ts';
import { searchExhaustive } from '../../../src/engine/explicit/exhaustive.ts';
import { searchReference } from '../../../src/engine/reference/reference.ts';
import type { Result } from '../../../src/engine/result.ts';
import { taskOf } from '../../../src/engine/task.ts';
import { check } from '../../../src/job/check.ts';
import {
  array,
  type Command,
  disabled,
  enumOf,
  flag,
  invariant,
  type Model,
  type Outcome,
  ok,
  type Property,
  panic,
  range,
  reachable,
  reachableStep,
  record,
  refuse,
  type SpecError,
  stepProperty,
  suite,
  update,
  variant,
  warn,
} from '../../../src/spec/index.ts';
import { scopeOf } from '../../../src/system/scope.ts';
import { anyModel } from '../any-model.ts';
import { graph, neverAt } from '../graph.ts';
import { counter, tiny } from '../tiny.ts';

const task = (model: Model, properties: readonly Property[], variant?: string) =>
  taskOf(model, scopeOf(model, { variant }), properties);

/** All but what only one of the two engines has. */
const comparable = ({ judged, covered, coverage, bound, deadEnd }: Result) => ({
  judged: judged.map(({ property, verdict }) => ({ id: property.id, verdict })),
  covered,
  coverage,
  bound,
  deadEnd,
});

/**
 * The reference takes its time: it makes about so many calls of the default variant, and fewer of the others. `pagelaw check` compares
 * more, each time: see its cross-check.
 */
const [many, some] = [20_000, 2_000];

/** A model of any-model.ts, in which a call that leads to this mode leaves the domain. */
const leavingIn = (mode: string, model: Model): Model => ({
  ...model,
  system: (config, switches) => {
    const system = model.system(config, switches);
    const step = (state: unknown, command: Command) => {
      const outcome = system.step(state, command);
      const after = outcome.state as { mode: string; count: number };
      if (outcome.result === 'disabled' || after.mode !== mode) return outcome;
      return { ...outcome, state: update(after, (draft) => void (draft.count = 4)) };
    };
    return { ...system, step };
  },
});

describe('the exhaustive search says what the reference search says', () => {
  it.each(
    suites.flatMap(({ model, properties }) =>
      Object.keys(model.variants).map((variant) => ({ model, properties, variant, name: `${model.id}@${variant}` })),
    ),
  )('of $name: verdicts, traces, counts, coverage', async ({ model, properties, variant }) => {
    const of = task(model, properties, variant);
    const options = {
      maxStates: Math.ceil((variant === model.defaultVariant ? many : some) / of.commands.length),
    };
    const fast = await searchExhaustive(of, options);
    expect(comparable(fast)).toEqual(comparable(await searchReference(of, options)));
  });

  it('of a few hundred random models', async () => {
    const seen = { violated: 0, panics: 0, large: 0, loops: 0, deadEnds: 0 };
    await fc.assert(
      fc.asyncProperty(
        anyModel,
        fc.option(fc.integer({ min: 1, max: 300 })),
        async ({ model, properties }, maxStates) => {
          const options = maxStates === null ? {} : { maxStates };
          const slow = await searchReference(task(model, properties), options);
          expect(comparable(await searchExhaustive(task(model, properties), options))).toEqual(comparable(slow));
          seen.violated += Number(slow.judged.some(({ verdict }) => verdict.kind === 'violated' && verdict.trace));
          seen.panics += Number(slow.coverage.get('call')!.results.has('panic BUG'));
          seen.large += Number(slow.covered.states > 30);
          seen.loops += Number(slow.judged.some(({ verdict }) => verdict.kind === 'violated' && verdict.trace?.loop));
          seen.deadEnds += Number(slow.deadEnd !== undefined);
        },
      ),
      { numRuns: 400 },
    );
    // Models in which nothing happens would agree on anything.
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(3);
  });

  it('of random models that leave their domain: an error, or behind a violation the end of the search', async () => {
    const seen = { errors: 0, bounds: 0, complete: 0 };
    const said = (result: Promise<Result>) => result.then(comparable, (error: SpecError) => error.message);
    await fc.assert(
      fc.asyncProperty(anyModel, fc.constantFrom(1, 1, 1, 2), async ({ model, properties }, workers) => {
        const leaving = leavingIn('dead', model);
        const slow = await said(searchReference(task(leaving, properties)));
        const options = { workers, callsWorthSharing: 0 };
        expect(await said(searchExhaustive(task(leaving, properties), options))).toEqual(slow);
        if (typeof slow === 'string') expect(slow).toContain("leaves the state's domain at count: 4 is not");
        else if (slow.bound) expect(slow.bound.kind).toBe('domain');
        seen[typeof slow === 'string' ? 'errors' : slow.bound ? 'bounds' : 'complete']++;
      }),
      { numRuns: 300 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(3);
  });

  it.each([1500, 1777])(
    'of a search that is stopped at %i states, when tables have been compiled',
    async (maxStates) => {
      const { model, properties } = suites[0]!;
      const fast = await searchExhaustive(task(model, properties, 'v4'), { maxStates });
      expect(comparable(fast)).toEqual(comparable(await searchReference(task(model, properties, 'v4'), { maxStates })));
      expect(fast.bound).toEqual({ kind: 'states', limit: maxStates });
    },
  );

  it('of a graph, with its shortest and first trace', async () => {
    const model = graph({ 0: [1, 2, 3], 1: [4], 2: [5], 3: [5], 4: [5], 5: [0] });
    const properties = [neverAt(model, 5), neverAt(model, 9)];
    expect(comparable(await searchExhaustive(task(model, properties)))).toEqual(
      comparable(await searchReference(task(model, properties))),
    );
  });
});

const below = (model: ReturnType<typeof counter>, most: number) =>
  invariant(model, { id: 'below', statement: '', source: '', holds: ({ n }) => n < most });

const same = async (model: Model, properties: readonly Property[]) => {
  const fast = await searchExhaustive(task(model, properties));
  expect(comparable(fast)).toEqual(comparable(await searchReference(task(model, properties))));
  return fast;
};

describe('what once told the two searches apart', () => {
  it('a variant made anew with compound parts of the old one', async () => {
    const model = tiny('rebuild', {
      state: record({ n: range(0, 9), pte: variant({ zero: {}, table: { w: flag, entries: array(range(0, 3), 1) } }) }),
      command: variant({ inc: {}, touch: {} }),
      initial: { n: 0, pte: { kind: 'table', w: false, entries: [0] } },
      step: (s, { kind }) =>
        kind === 'touch'
          ? ok(update(s, (d) => void Object.assign(d, { pte: { ...s.pte, w: true } })))
          : s.n >= 5
            ? refuse(s, 'EPERM', 'x')
            : ok(
                update(s, (d) => {
                  d.n++;
                  if (s.n === 4 && d.pte.kind === 'table') d.pte.entries[0] = 3;
                }),
              ),
    });
    const kept = invariant(model, {
      id: 'kept',
      statement: '',
      source: '',
      holds: ({ n, pte }) => n < 5 || (pte.kind === 'table' && pte.entries[0] === 3),
    });
    expect((await same(model, [kept])).judged[0]?.verdict.kind).toBe('proved');
  });

  it('a slot of one value behind 32 bits, in compiled tables', async () => {
    const model = tiny('edge', {
      state: record({ bits: array(flag, 32), one: enumOf('only') }),
      command: variant({ toggle: { bit: range(0, 10) } }),
      initial: { bits: Array.from({ length: 32 }, () => false), one: 'only' },
      step: (s, { bit }) =>
        s.one === 'only' ? ok(update(s, (d) => void (d.bits[bit] = !d.bits[bit]))) : disabled(s, 'never'),
    });
    expect((await same(model, [])).covered.states).toBe(2048);
  });

  it('calls that change nothing, asked for by ===, and panics', async () => {
    const model = tiny('still', {
      state: record({ n: range(0, 3) }),
      command: variant({ inc: {}, put: { n: range(0, 3) }, die: {} }),
      initial: { n: 0 },
      step: (s: { readonly n: number }, command) => {
        if (command.kind === 'die') return panic(s, 'BUG');
        return ok(update(s, (d) => void (d.n = command.kind === 'put' ? command.n : (d.n + 1) % 4)));
      },
    });
    const common = { statement: '', source: '' };
    await same(model, [
      stepProperty(model, { ...common, id: 'moves', holds: ({ before, outcome }) => outcome.state !== before }),
      reachableStep(model, {
        ...common,
        id: 'stays',
        when: ({ before, outcome, command }) => command.kind === 'put' && outcome.state === before,
      }),
      reachableStep(model, {
        ...common,
        id: 'dies-as-it-was',
        when: ({ before, outcome }) => outcome.result === 'panic' && outcome.state === before,
      }),
    ]);
  });

  it('warnings that print alike', async () => {
    const model = tiny('warns', {
      state: record({ n: range(0, 1) }),
      command: variant({ go: {} }),
      initial: { n: 0 },
      step: (s: { readonly n: number }) => (s.n === 0 ? warn(ok({ n: 1 }), 'a, WARN b') : warn(warn(ok(s), 'a'), 'b')),
    });
    const one = stepProperty(model, {
      id: 'one',
      statement: '',
      source: '',
      holds: ({ outcome }) => outcome.warnings.length < 2,
    });
    expect((await same(model, [one])).judged[0]?.verdict.kind).toBe('violated');
  });

  it('a property that never ends on states which cannot be reached', async () => {
    const model = tiny('list', {
      state: record({ head: range(0, 3), next: array(range(0, 3), 3) }),
      command: variant({ pop: {} }),
      initial: { head: 0, next: [1, 2, 3] },
      step: (s) =>
        s.head === 3 ? refuse(s, 'ENOENT', 'empty') : ok(update(s, (d) => void (d.head = s.next[s.head]!))),
    });
    const length = ({ head, next }: { readonly head: number; readonly next: readonly number[] }) => {
      let n = 0;
      for (let at = head; at !== 3; at = next[at]!) n++;
      return n;
    };
    const shrinks = stepProperty(model, {
      id: 'shrinks',
      statement: '',
      source: '',
      holds: ({ before, outcome }) => length(outcome.state) <= length(before),
    });
    expect((await same(model, [shrinks])).judged[0]?.verdict.kind).toBe('proved');
  });

  it.each([
    ['a transition', (s: object, t: object) => (t === s ? panic(t, 'BUG') : ok(t))],
    ['a transition that stays', (s: object, t: object) => (t === s ? ok(s) : panic(t, 'BUG'))],
  ])('an update makes a new value: %s that compares them is refused', async (_, end) => {
    const model = tiny<object, Command>('flagged', {
      state: record({ up: flag }),
      command: variant({ up: {}, down: {} }),
      initial: { up: true },
      step: (s, { kind }) =>
        kind === 'down'
          ? ok({ up: false })
          : end(
              s,
              update(s, (d) => void Object.assign(d, { up: true })),
            ),
    });
    await expect(searchExhaustive(task(model, []))).rejects.toThrow('flagged@only: up() compares states by identity');
    await expect(searchReference(task(model, []))).rejects.toThrow('flagged@only: up() compares states by identity');
  });

  it('a part that an update writes is a new one, also where it is written as it was', async () => {
    const model = tiny('parts', {
      state: record({ x: record({ v: range(0, 1) }), y: record({ v: range(0, 1) }), k: range(0, 3) }),
      command: variant({ set: {} }),
      initial: { x: { v: 1 }, y: { v: 0 }, k: 0 },
      step: (s) => {
        const t = update(s, (d) => {
          d.k = (s.k + 1) % 4;
          d.x.v = 1;
          d.y = d.x;
        });
        const twice = update(t, () => undefined);
        const seen = [
          t.x === s.x,
          t.y === s.y,
          t.y === s.x,
          t.x === t.y,
          t.x === t.x,
          twice.x === t.x,
          twice.x === twice.x,
        ];
        return warn(ok(t), seen.map(Number).join(''));
      },
    });
    await expect(searchExhaustive(task(model, []))).rejects.toThrow('parts@only: set() compares states by identity');
    await expect(searchReference(task(model, []))).rejects.toThrow('parts@only: set() compares states by identity');
  });

  it('identity where it is not defined is refused: a property of parts', async () => {
    const model = tiny('parts', {
      state: record({ n: range(0, 3), list: array(flag, 2) }),
      command: variant({ inc: {} }),
      initial: { n: 0, list: [false, true] },
      step: (s) => ok(update(s, (d) => void (d.n = (d.n + 1) % 4))),
    });
    const kept = stepProperty(model, {
      id: 'kept',
      statement: '',
      source: '',
      holds: ({ before, outcome }) => outcome.state.list === before.list,
    });
    await expect(searchExhaustive(task(model, [kept]))).rejects.toThrow(
      'parts@only: property kept compares parts of states by identity',
    );
  });
});

describe('the exhaustive search', () => {
  it.each(['pkvm-mmio', 'idmap', 'stage2'])('looks up most calls of a large model: %s', async (id) => {
    const { model, properties } = suites.find((one) => one.model.id === id)!;
    const { covered, engine } = await searchExhaustive(task(model, properties), { maxStates: 4000 });
    expect(covered.states).toBeGreaterThan(3000);
    expect(engine!.rows).toBeLessThan(covered.transitions / 3);
  });

  it('runs a function once for what it reads, not once for each state', async () => {
    const odd = counter(9999, (n) => ok({ n: (n + 1) % 10_000 }));
    const { engine, covered } = await searchExhaustive(task(odd, []));
    expect(covered.states).toBe(10_000);
    expect(engine!.rows).toBe(10_000); // it reads all of n, so every value is a row
    const graphs = graph(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [i, [(i + 1) % 50]])));
    expect((await searchExhaustive(task(graphs, []))).engine!.rows).toBe(50 * 50);
  });

  it('stops when its states may take no more memory, and says so', async () => {
    const model = counter(200_000, (n) => (n < 200_000 ? ok({ n: n + 1 }) : disabled({ n }, 'at the end')));
    const { bound, covered, judged } = await searchExhaustive(task(model, [below(model, 200_001)]), {
      maxBytes: 300_000,
    });
    expect(bound).toEqual({ kind: 'memory', limit: 300_000 });
    expect(covered.states).toBeGreaterThan(1000);
    expect(judged[0]?.verdict).toEqual({ kind: 'incomplete', bound });
  });

  it('stops when it is told to', async () => {
    const model = counter(60_000, (n) => (n < 60_000 ? ok({ n: n + 1 }) : disabled({ n }, 'at the end')));
    const { bound, judged } = await searchExhaustive(task(model, [below(model, 60_001)]), {
      monitor: async () => false,
    });
    expect(bound).toEqual({ kind: 'interrupted' });
    expect(judged[0]?.verdict).toEqual({ kind: 'incomplete', bound });
  });
});

describe('an impure model is caught', () => {
  const fails = (step: Parameters<typeof counter>[1]) => searchExhaustive(task(counter(99, step), []));
  const impure = /^counter@only: tick\(\) is impure: .*usual causes: a clock, random numbers/;

  it('that depends on a counter of its calls', async () => {
    let calls = 0;
    await expect(fails(() => ok({ n: calls++ % 100 }))).rejects.toThrow(impure);
  });

  it('that depends on random numbers, in its state or only in its errno', async () => {
    await expect(fails(() => ok({ n: Math.floor(Math.random() * 100) }))).rejects.toThrow(impure);
    let calls = 0;
    await expect(
      fails((n) => (calls++ % 2 === 0 ? ok({ n }) : { ...ok({ n }), result: 'refused', errno: 'EIO', reason: 'x' })),
    ).rejects.toThrow(impure);
  });

  it('that depends on a clock', async () => {
    const start = performance.now();
    await expect(
      fails((n) => ok({ n: n + 1 > 99 ? Math.floor((performance.now() - start) * 1e6) % 100 : n + 1 })),
    ).rejects.toThrow(impure);
  });

  it('that keeps a state from an earlier call', async () => {
    let kept: { readonly n: number } | undefined;
    const step = (_: number, state: { readonly n: number }) => {
      kept ??= state;
      return ok({ n: (kept.n + 1) % 100 });
    };
    await expect(fails(step)).rejects.toThrow(
      'counter@only: tick() threw TypeError: a state that was kept from an earlier call is read',
    );
  });

  it('that changes its mind when a row has long been learned', async () => {
    let calls = 0;
    const grid = tiny('grid', {
      state: record({ x: range(0, 50), y: range(0, 50) }),
      command: variant({ right: {}, up: {} }),
      initial: { x: 0, y: 0 },
      step: (s: { readonly x: number; readonly y: number }, { kind }: { readonly kind: 'right' | 'up' }) => {
        const by = ++calls > 300 ? 2 : 1;
        return ok(
          update(s, (d) => {
            d[kind === 'right' ? 'x' : 'y'] = (s[kind === 'right' ? 'x' : 'y'] + by) % 51;
          }),
        );
      },
    });
    await expect(searchExhaustive(task(grid, []))).rejects.toThrow(
      /^grid@only: (right|up)\(\) is impure: .*before: ok; now: ok, or another state/,
    );
  });

  it('and so is a property', async () => {
    const model = counter(9, (n) => ok({ n: (n + 1) % 10 }));
    let calls = 0;
    const moody = invariant(model, {
      id: 'moody',
      statement: '',
      source: '',
      holds: ({ n }) => n < 20 && calls++ % 2 === 0,
    });
    await expect(searchExhaustive(task(model, [moody]))).rejects.toThrow('counter@only: property moody is impure');
  });

  it('or one of calls', async () => {
    const model = counter(9, (n) => ok({ n: (n + 1) % 10 }));
    let calls = 0;
    const moody = stepProperty(model, {
      id: 'moody',
      statement: '',
      source: '',
      holds: ({ before }) => before.n < 20 && calls++ % 2 === 0,
    });
    await expect(searchExhaustive(task(model, [moody]))).rejects.toThrow('counter@only: property moody is impure');
  });
});

describe('a field that is never there is not read as undefined', () => {
  const model = counter(3, (n) => ok({ n: (n + 1) % 4 }));
  const fields = { id: 'slip', statement: '', source: '' };

  it.each([
    ['by an invariant', invariant(model, { ...fields, holds: (state) => Reflect.get(state, 'm') !== 7 }), 'the state'],
    [
      'by a step property, of the state',
      stepProperty(model, { ...fields, holds: ({ before }) => Reflect.get(before, 'm') !== 7 }),
      'the state',
    ],
    [
      'by a step property, of the outcome',
      stepProperty(model, { ...fields, holds: ({ outcome }) => Reflect.get(outcome, 'm') !== 7 }),
      'an outcome',
    ],
  ])('%s', async (_, property, of) => {
    await expect(searchExhaustive(task(model, [property]))).rejects.toThrow(
      `counter@only: property slip reads the field m, which ${of} does not have`,
    );
  });

  it('by a transition', async () => {
    const slip = counter(3, (_, state) => ok({ n: Reflect.get(state, 'm') ?? 1 }));
    await expect(searchExhaustive(task(slip, []))).rejects.toThrow(
      'counter@only: tick() reads the field m, which the state does not have',
    );
  });
});

/** What a transition may look at or hand back in ways of which the tables might lose sight. */
describe('what a review of the tables has found', () => {
  const pair = {
    state: record({ a: range(0, 3), b: range(0, 3) }),
    initial: { a: 0, b: 1 },
  };

  it.each([
    [
      'a field of its own',
      { reason: 'bad' },
      'an outcome (ok) with the field reason; it has only result, state, warnings',
    ],
    ['a symbol', { [Symbol('mine')]: 1 }, 'an outcome (ok) with the field Symbol(mine)'],
    ['a warning that is NaN', { warnings: [Number.NaN] }, 'a warning that is no text: NaN'],
    ['a warning that is a bigint', { warnings: [1n] }, 'a warning that is no text: 1n'],
    ['a hole among the warnings', { warnings: new Array(1) }, 'a warning that is no text: undefined'],
    ['warnings that are no array', { warnings: 'a' }, 'an outcome whose warnings are not an array'],
    [
      'an unknown errno',
      { result: 'refused', errno: 'EWHATEVER', reason: '' },
      'the errno "EWHATEVER", which Linux does not',
    ],
    ['a reason that is no text', { result: 'panic', reason: 7 }, 'an outcome whose reason is no text: 7'],
    ['no reason', { result: 'disabled' }, 'an outcome (disabled) without reason'],
    ['a result that there is not', { result: 'maybe' }, 'did not return an outcome'],
  ])('an outcome with %s is refused by both', async (_, fields, message) => {
    const model = counter(9, (n) =>
      n === 4 ? ({ ...ok({ n: 5 }), ...fields } as Outcome<{ n: number }>) : ok({ n: Math.min(9, n + 1) }),
    );
    await expect(searchExhaustive(task(model, []))).rejects.toThrow(message);
    await expect(searchReference(task(model, []))).rejects.toThrow(message);
    await expect(searchExhaustive(task(model, []))).rejects.toThrow(/^counter@only: tick\(\) (returned|did not)/);
  });

  it('warnings that differ only when they are not joined', async () => {
    const warned = (n: number) =>
      n === 4 ? warn(warn(ok({ n: 5 }), 'a'), 'b') : warn(ok({ n: Math.min(9, n + 1) }), 'a\0b');
    const model = counter(9, warned);
    const one = stepProperty(model, {
      id: 'one',
      statement: '',
      source: '',
      holds: ({ outcome }) => outcome.warnings.length === 1,
    });
    expect((await same(model, [one])).judged[0]?.verdict.kind).toBe('violated');
  });

  it.each([1, 2])('a state that is made from another as its prototype, with %i workers', async (workers) => {
    const model = tiny('prototype', {
      ...pair,
      command: variant({ swap: {}, inc: {} }),
      step: (s: { a: number; b: number }, { kind }) =>
        kind === 'inc'
          ? ok({ ...s, a: Math.min(3, s.a + 1) })
          : ok(
              Object.create(s, {
                a: { get: () => s.b, enumerable: true },
                b: { get: () => s.a, enumerable: true },
              }) as typeof s,
            ),
    });
    const bounded = invariant(model, { id: 'bounded', statement: '', source: '', holds: ({ b }) => b < 3 });
    const fast = await searchExhaustive(task(model, [bounded]), { workers, callsWorthSharing: 0 });
    expect(comparable(fast)).toEqual(comparable(await searchReference(task(model, [bounded]))));
    expect(fast.judged[0]?.verdict.kind).toBe('violated');
  });

  it('a comparison by identity that would lead out of the domain', async () => {
    const model = tiny('identity', {
      state: record({ x: range(0, 1), y: range(0, 1) }),
      initial: { x: 0, y: 0 },
      command: variant({ tick: {}, set: {} }),
      step: (s: { x: number; y: number }, { kind }) => {
        if (kind === 'tick') return ok(update(s, (draft) => void (draft.y = 1)));
        const next = update(s, (draft) => void (draft.x = 1));
        return next === s ? ok({ ...s, x: 99 }) : ok(next);
      },
    });
    const identity = 'identity@only: set() compares states by identity';
    await expect(searchReference(task(model, []))).rejects.toThrow(identity);
    const { properties } = suite({
      model,
      properties: [reachable(model, { ...words, when: ({ x }) => x > 1 })],
      violates: { only: [] },
    });
    await expect(check({ model, properties, violates: { only: [] } }, {}, { kind: 'exhaustive' })).rejects.toThrow(
      identity,
    );
  });

  const words = { id: 'words', statement: '', source: '' };
  const own = { state: record({ own: array(range(0, 2), 2), n: range(0, 3) }), initial: { own: [0, 0], n: 0 } };
  const isZero = (model: Model<{ n: number }>) =>
    invariant(model, { id: 'zero', statement: '', source: '', holds: ({ n }) => n === 0 });

  it('a symmetric model of which another call than that on the trace leaves the domain', async () => {
    const model = tiny('sym', {
      ...own,
      command: variant({ seed: { p: range(0, 1) }, go: { p: range(0, 1) } }),
      symmetry: [{ arrays: ['own'], names: ['p'] }],
      step: (s: { own: readonly number[]; n: number }, { kind, p }) => {
        if (s.n !== (kind === 'seed' ? 0 : 1)) return disabled(s, 'later');
        return ok(
          update(s, (draft) => {
            if (kind === 'seed') draft.own[p] = 1;
            draft.n = kind === 'seed' ? 1 : s.own[p] === 1 ? 9 : 2;
          }),
        );
      },
    });
    expect((await same(model, [isZero(model)])).bound?.kind).toBe('domain');
  });

  it('a symmetric model whose symmetry is in doubt where no state comes', async () => {
    const model = tiny('doubt', {
      state: record({ own: array(flag, 2), n: range(0, 2), ghost: flag }),
      initial: { own: [false, false], n: 0, ghost: false },
      command: variant({ inc: {}, leave: { p: range(0, 1) } }),
      symmetry: [{ arrays: ['own'], names: ['p'] }],
      step: (s: { own: readonly boolean[]; n: number; ghost: boolean }, command) => {
        if (command.kind === 'inc') return ok(update(s, (draft) => void (draft.n = Math.min(2, s.n + 1))));
        if (command.p === 0 && s.ghost) return refuse(s, 'EPERM', 'ghost');
        return ok(s.n === 2 ? update(s, (draft) => void (draft.n = 9)) : s);
      },
    });
    expect((await same(model, [isZero(model)])).judged[0]?.verdict.kind).toBe('violated');
  });

  it('a call that breaks a step property and leaves the domain', async () => {
    const model = counter(3, (n) => ok({ n: n + 1 }));
    const few = stepProperty(model, { id: 'few', statement: '', source: '', holds: ({ before }) => before.n < 3 });
    const { judged, bound } = await same(model, [few]);
    expect([judged[0]?.verdict.kind, bound?.kind]).toEqual(['violated', 'domain']);
  });
});

describe('a broken model gets the words of the reference search', () => {
  it.each<[string, Parameters<typeof counter>[1]]>([
    ['a state outside its domain', () => ok({ n: 4 })],
    ['an exception', () => JSON.parse('?')],
    [
      'a draft that has left its update',
      (_, state) => {
        let escaped: typeof state = state;
        update(state, (draft) => {
          escaped = draft;
        });
        return ok(escaped);
      },
    ],
    ['no outcome', () => undefined as never],
    [
      'a write to the state',
      (_, state) => {
        Object.assign(state, { n: 1 });
        return ok(state);
      },
    ],
  ])('%s', async (_, step) => {
    const model = counter(3, step);
    const words = async (search: Promise<unknown>) =>
      search.then(
        () => 'no error',
        (error: Error) => error.message,
      );
    const expected = await words(searchReference(task(model, [below(model, 2)])));
    expect(expected).toMatch(/^counter@only: tick\(\) /);
    expect(await words(searchExhaustive(task(model, [below(model, 2)])))).toBe(expected);
  });
});
