import { describe, expect, it } from 'vitest';
import { suites } from '../../properties/index.ts';
import { crossCheck } from '../../src/engine/cross-check.ts';
import { explore } from '../../src/engine/explicit/exhaustive.ts';
import type { Exploration } from '../../src/engine/exploration.ts';
import { type CrossCheck, provedByExhaustion, type Result } from '../../src/engine/result.ts';
import { type Task, taskOf } from '../../src/engine/task.ts';
import { check } from '../../src/job/check.ts';
import { findingBlocks } from '../../src/report/findings.ts';
import { checkJson } from '../../src/report/json.ts';
import { mailText } from '../../src/report/render/text.ts';
import { reportOf } from '../../src/report/report.ts';
import {
  array,
  flag,
  invariant,
  type Model,
  ok,
  type Property,
  panic,
  progress,
  range,
  reachable,
  record,
  refuse,
  stepProperty,
  suite,
  update,
  variant,
} from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { tiny } from './tiny.ts';

const words = (id: string) => ({ id, statement: '', source: '' });

/** 4,096 states of three counters; what is on top cannot be raised. */
const counters = tiny('counters', {
  state: record({ n: array(range(0, 15), 3) }),
  command: variant({ raise: { i: range(0, 2) }, clear: { i: range(0, 2) }, crash: {} }),
  initial: { n: [0, 0, 0] },
  step: (s, command) => {
    if (command.kind === 'crash') return s.n[0] === 15 ? panic(s, 'BUG') : refuse(s, 'EPERM', 'not yet');
    const { kind, i } = command;
    if (kind === 'raise' && s.n[i] === 15) return refuse(s, 'EBUSY', 'on top');
    return ok(
      update(s, (d) => {
        d.n[i] = kind === 'raise' ? s.n[i]! + 1 : 0;
      }),
    );
  },
});

const properties = [
  invariant(counters, { ...words('bounded'), forEach: () => range(0, 2), holds: ({ n }, i) => n[i]! < 16 }),
  stepProperty(counters, {
    ...words('atomic'),
    holds: ({ before, outcome }) => outcome.result !== 'refused' || outcome.state === before,
  }),
  reachable(counters, { ...words('beyond'), when: ({ n }) => n[1]! > 15 }),
  progress(counters, {
    ...words('ends'),
    waiting: ({ n }) => n[2]! > 2,
    own: ({ kind }) => kind === 'crash' && false,
  }),
];

const explored = async (model: Model, of: readonly Property[]) => {
  const task = taskOf(model, scopeOf(model), of);
  const { explored: exploration, ...result } = await explore(task);
  return { task, result, exploration };
};

const checked = (
  { task, result, exploration }: { task: Task; result: Result; exploration: Exploration },
  options: { whole?: boolean; seed?: number } = {},
): Promise<CrossCheck | undefined> =>
  crossCheck(task, result, exploration, { whole: false, seed: 1, monitor: async () => true, ...options });

describe('a proof is checked again', () => {
  it('by the reference search where that is cheap, or asked for', async () => {
    const small = tiny('small', {
      state: record({ up: flag }),
      command: variant({ up: {} }),
      initial: { up: false },
      step: (s) => ok({ ...s, up: true }),
    });
    const one = await explored(small, [invariant(small, { ...words('any'), holds: () => true })]);
    expect(await checked(one)).toEqual({ by: 'reference' });
    expect(await checked(await explored(counters, properties), { whole: true })).toEqual({ by: 'reference' });
  });

  it('else on random states, the same for the same seed, and as many on every machine', async () => {
    const one = await explored(counters, properties);
    // Seven calls; three judgements of a state, seven of calls, a witness and who waits: 19 in a state.
    const sample = { by: 'sample', seed: 1, states: 210, calls: 7 * 210 };
    expect(await checked(one)).toMatchObject(sample);
    const seconds = { search: 1e9, functions: 0, paths: 0 };
    const slow = { ...one, result: { ...one.result, engine: { ...one.result.engine!, seconds } } };
    expect(await checked(slow)).toEqual(await checked(one));
    expect(await checked(one, { seed: 2 })).toMatchObject({ ...sample, seed: 2 });
  });

  it('of which there are at least 16, and one in a thousand', async () => {
    const bits = tiny('bits', {
      state: record({ set: array(flag, 15) }),
      command: variant({ flip: { i: range(0, 14) } }),
      initial: { set: Array(15).fill(false) },
      step: (s, { i }) =>
        ok(
          update(s, (d) => {
            d.set[i] = !s.set[i];
          }),
        ),
    });
    // 32,768 states; in each 15 calls and 15 * 21 judgements, so that 4,000 are reached with 12 states.
    const any = (model: Model, last: number) =>
      stepProperty(model, { ...words('any'), forEach: () => range(0, last), holds: () => true });
    expect(await checked(await explored(bits, [any(bits, 20)]))).toMatchObject({ states: 32 });
    expect(await checked(await explored(counters, [any(counters, 99)]))).toMatchObject({ states: 16 });
  });

  it('and ends where it is interrupted', async () => {
    const { task, result, exploration } = await explored(counters, properties);
    let looks = 0;
    const monitor = async () => ++looks < 3;
    expect(await crossCheck(task, result, exploration, { whole: false, seed: 1, monitor })).toBeUndefined();
    expect(looks).toBe(3);
  });

  it('in every state and call of it: a verdict, a state or a row that is wrong is found', async () => {
    const honest = await explored(counters, properties);
    const { exploration } = honest;
    const { states, transitions } = exploration;
    const lies: Record<string, Partial<Exploration> | { judged: Result['judged'] }> = {
      'a state that is not there': {
        states: Object.assign(Object.create(states), {
          words: states.words,
          count: states.count,
          hash: states.hash.bind(states),
          find: (of: Uint32Array, at: number, hash: number) => {
            const found = states.find(of, at, hash);
            return found !== undefined && found % 5 === 3 ? undefined : found;
          },
        }),
      },
      'a row with another outcome': {
        transitions: Object.assign(Object.create(transitions), {
          find: transitions.find.bind(transitions),
          row: (number: number) => {
            const row = transitions.row(number);
            return row.outcome.result === 'refused' ? { ...row, outcome: { ...row.outcome, errno: 'EIO' } } : row;
          },
        }),
      },
      'a successor that is another': {
        graph: { ...exploration.graph, successor: (state, command) => exploration.graph.successor(state, command) - 1 },
      },
      'waiting that is not seen': { graph: { ...exploration.graph, waits: () => () => false } },
    };
    for (const [name, lie] of Object.entries(lies))
      await expect(checked({ ...honest, exploration: { ...exploration, ...lie } }), name).rejects.toThrow(
        /^counters@only: cross-check: .*or pagelaw is wrong/,
      );
    expect(await checked(honest)).toMatchObject({ by: 'sample' });
  });

  it.each([
    ['a state', invariant(counters, { ...words('low'), holds: ({ n }) => n[0]! < 9 })],
    ['a call', stepProperty(counters, { ...words('alive'), holds: ({ outcome }) => outcome.result !== 'panic' })],
    ['a witness', reachable(counters, { ...words('high'), when: ({ n }) => n[0]! > 9 })],
  ])('a false verdict on %s is found by either', async (_, property) => {
    const one = await explored(counters, [property]);
    const verdict = property.witness
      ? ({ kind: 'violated', instance: undefined } as const)
      : ({ kind: 'proved', proof: provedByExhaustion } as const);
    const lie = { ...one, result: { ...one.result, judged: [{ property, verdict }] } };
    await expect(checked(lie)).rejects.toThrow(`cross-check: property ${property.id} is judged otherwise`);
    await expect(checked(lie, { whole: true })).rejects.toThrow(
      `cross-check: the exhaustive search says ${property.id} ${verdict.kind}, the reference search ${property.id} `,
    );
  });

  it('and a property that counts its calls', async () => {
    let calls = 0;
    const moody = invariant(counters, { ...words('moody'), holds: () => ++calls < 15 });
    const all = suite({ model: counters, properties: [moody], violates: { only: [] } });
    await expect(check(all, {}, { kind: 'exhaustive' })).rejects.toThrow('property moody is judged otherwise');
  });

  it('also where states stand for others', async () => {
    const alike: Model = {
      ...counters,
      system: (config, switches) => ({
        ...counters.system(config, switches),
        command: variant({ raise: { i: range(0, 2) }, clear: { i: range(0, 2) } }),
        symmetry: [{ arrays: ['n'], names: ['i'] }],
      }),
    };
    const one = await explored(alike, [invariant(alike, { ...words('any'), holds: () => true })]);
    expect(one.result.covered.states).toBe(816); // 16 values, 3 of them, in any order
    expect(await checked(one, { whole: true })).toEqual({ by: 'reference' });
    expect(await checked(one)).toMatchObject({ by: 'sample' });
  });

  it.each(suites.filter(({ model }) => ['mte-tags', 'shadow-roots'].includes(model.id)))(
    'of $model.id',
    async (one) => {
      const { crossCheck: by, properties } = await check(one, {}, { kind: 'exhaustive' });
      expect(by).toBeDefined();
      expect(properties.length).toBeGreaterThan(3);
    },
  );

  it('which the reports say, and how much', async () => {
    const all = suite({ model: counters, properties: properties.slice(0, 2), violates: { only: [] } });
    const whole = await check(all, {}, { kind: 'exhaustive' }, { crossCheck: { by: 'reference' } });
    expect(mailText(findingBlocks([reportOf(whole)]))).toContain(
      'Cross-checked: the reference search as a whole says the same.',
    );
    expect(checkJson([whole])).toMatchObject({ results: [{ crossCheck: { by: 'reference' } }] });
    const sample = { by: 'sample', seed: 7, states: 64, calls: 448, judgements: 900 } as const;
    expect(mailText(findingBlocks([reportOf({ ...whole, crossCheck: sample })])).replaceAll(/\s+/g, ' ')).toContain(
      'Cross-checked in 64 of 4,096 states (seed 7): 448 calls and 900 judgements made again plainly, no difference.',
    );
    const random = await check(all, {}, { kind: 'random', runs: 1, length: 5, seed: 1 });
    expect(checkJson([random])).toMatchObject({ results: [{ crossCheck: null }] });
  });

  it('not at all where nothing was proved, or a bound came first', async () => {
    const broken = invariant(counters, { ...words('low'), holds: ({ n }) => n[0]! < 1 });
    const all = suite({ model: counters, properties: [broken], violates: { only: ['low'] } });
    expect((await check(all, {}, { kind: 'exhaustive' })).crossCheck).toBeUndefined();
    const bounded = await check(all, {}, { kind: 'exhaustive', maxStates: 9 });
    expect(bounded.crossCheck).toBeUndefined();
  });
});
