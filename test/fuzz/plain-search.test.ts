import { describe, expect, it } from 'vitest';
import {
  array,
  disabled,
  invariant,
  ok,
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
  warn,
} from '../../src/spec/index.ts';
import { tiny } from '../engine/tiny.ts';
import { searchPlainly, whyNotShown } from './plain-search.ts';

/** Two counters of 0..2: inc(i) counts one up, or is refused at the end; at [2, 2] nothing can be done. */
const model = {
  ...tiny('counters', {
    state: record({ xs: array(range(0, 2), 2) }),
    command: variant({ inc: { i: range(0, 1) } }),
    initial: { xs: [0, 0] },
    step: (state, { i }) => {
      if (state.xs.every((x) => x === 2)) return disabled(state, 'full');
      if (state.xs[i] === 2) return refuse(state, 'EPERM', 'at the end');
      const next = update(state, (draft) => void draft.xs[i]!++);
      return next.xs[i] === 2 ? warn(ok(next), 'last') : ok(next);
    },
  }),
  done: ({ xs }: { readonly xs: readonly number[] }) => xs[0] === 1,
};
const common = { statement: '', source: '' };
const properties = [
  invariant(model, { ...common, id: 'not-both', holds: ({ xs }) => xs[0]! + xs[1]! < 3 || `${xs.join()}` }),
  reachable(model, {
    ...common,
    id: 'reached',
    forEach: () => record({ x: range(1, 3) }),
    when: ({ xs }, { x }) => xs[0] === x,
  }),
  progress(model, { ...common, id: 'moves', waiting: ({ xs }) => xs[1] === 2, own: ({ i }) => i === 1 }),
  stepProperty(model, {
    ...common,
    id: 'refused-changes-nothing',
    holds: ({ before, outcome }) => (outcome.result === 'refused') === (outcome.state === before),
  }),
];
const counters = suite({ model, properties, violates: { only: [] } });
const inc = (i: number) => ({ kind: 'inc', i });

describe('the plain search', () => {
  it('counts states, calls, results and depth', () => {
    const { states, transitions, depth, coverage, deadEnd, bound } = searchPlainly(counters);
    expect({ states, transitions, depth }).toEqual({ states: 9, transitions: 16, depth: 4 });
    expect(coverage).toEqual({
      inc: { attempts: 18, ok: 12, 'WARN last': 6, 'EPERM at the end': 4, 'disabled full': 2 },
    });
    expect(deadEnd).toEqual([inc(0), inc(0), inc(1), inc(1)]);
    expect(bound).toBeUndefined();
  });

  it('finds the first of the shortest traces, an instance that is not reached, loops and ends', () => {
    expect(searchPlainly(counters).verdicts).toEqual({
      'not-both': {
        kind: 'violated',
        trace: { commands: [inc(0), inc(0), inc(1)], instance: undefined, detail: '2,1' },
      },
      reached: { kind: 'violated', missing: { x: 3 } },
      moves: {
        kind: 'violated',
        trace: { commands: [inc(1), inc(1), inc(1)], instance: undefined, detail: '', loop: 2 },
      },
      'refused-changes-nothing': { kind: 'proved' },
      'no-deadlock': {
        kind: 'violated',
        trace: {
          commands: [inc(0), inc(0), inc(1), inc(1)],
          instance: undefined,
          detail: 'no command can be given, and the model is not done',
        },
      },
    });
  });

  it('says what it has not seen where it may keep no more states', () => {
    const { states, bound, verdicts, transitions } = searchPlainly(counters, 3);
    expect({ states, bound, transitions }).toEqual({ states: 3, bound: 'states', transitions: 3 });
    expect(Object.values(verdicts).map(({ kind }) => kind)).toEqual(Array(5).fill('incomplete'));
  });

  it('does not go on behind a panic, nor where a state leaves its domain', () => {
    const counter = (step: (n: number) => ReturnType<typeof ok<{ readonly n: number }>>) =>
      suite({
        model: tiny('counter', {
          state: record({ n: range(0, 2) }),
          command: variant({ tick: {} }),
          initial: { n: 0 },
          step: ({ n }: { readonly n: number }) => step(n),
        }),
        properties: [],
        violates: { only: [] },
      });
    expect(searchPlainly(counter((n) => (n < 1 ? ok({ n: n + 1 }) : panic({ n: 2 }, 'BUG')))).states).toBe(2);
    expect(searchPlainly(counter((n) => ok({ n: n + 1 }))).broken).toBe('a state is outside its domain');
    expect(searchPlainly(counter(() => JSON.parse('?'))).broken).toMatch(/^a transition threw SyntaxError/);
  });

  it('tells a trace that shows its property broken from one that does not', () => {
    const notBoth = properties[0]!;
    const trace = { commands: [inc(0), inc(0), inc(1)], instance: undefined, detail: '2,1' };
    expect(whyNotShown(counters, notBoth, trace)).toBeUndefined();
    expect(whyNotShown(counters, notBoth, { ...trace, detail: '1,2' })).toBe('it says 2,1 and not 1,2');
    expect(whyNotShown(counters, notBoth, { ...trace, commands: [inc(0)] })).toMatch(/not decided/);
    expect(whyNotShown(counters, notBoth, { ...trace, commands: [0, 0, 1, 1, 1].map(inc) })).toBe('inc is disabled');
    const moves = properties[2]!;
    const loop = { commands: [inc(1), inc(1), inc(1)], instance: undefined, detail: '', loop: 2 };
    expect(whyNotShown(counters, moves, loop)).toBeUndefined();
    expect(whyNotShown(counters, moves, { ...loop, loop: 1 })).toBe('it does not come back');
    expect(whyNotShown(counters, moves, { ...loop, commands: [inc(1), inc(1), inc(0)], loop: 2 })).toBe(
      'it does not come back',
    );
  });
});
