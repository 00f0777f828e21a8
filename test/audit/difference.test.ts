import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedFields, type Difference, difference, isDifferent } from '../../src/audit/difference.ts';
import {
  defineModel,
  describeCommand,
  disabled,
  invariant,
  type Outcome,
  ok,
  range,
  record,
  refuse,
  type Suite,
  suite,
  update,
  variant,
} from '../../src/spec/index.ts';
import { layoutOf } from '../../src/system/layout.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { systemOf } from '../../src/system/system.ts';
import { anyModel } from '../engine/any-model.ts';

interface State {
  readonly n: number;
  readonly back: number;
}
type Call = { kind: 'tick' } | { kind: 'back' } | { kind: 'stop' };

const state = record({ n: range(0, 6), back: range(0, 1) });
const command = variant({ tick: {}, back: {}, stop: {} });
const initial: State = { n: 0, back: 0 };

/** A counter to 3 that may be taken back, refused from 2 on where it is `strict`; `lazy` forgets to count from 5 on, which never is. */
const counting = defineModel({
  id: 'counting',
  title: 'A counter',
  sources: [],
  config: {},
  switches: {
    strict: 'back() is refused from 2 on',
    lazy: 'tick() does nothing at 5',
    quiet: 'stop() gives another reason',
  },
  variants: {
    plain: { doc: '', switches: {} },
    strict: { doc: '', switches: { strict: true } },
    lazy: { doc: '', switches: { lazy: true } },
    quiet: { doc: '', switches: { quiet: true } },
  },
  defaultVariant: 'plain',
  system: (_, { strict, lazy, quiet }) => ({
    state,
    command,
    initial,
    step: (state: State, { kind }: Call): Outcome<State> => {
      if (kind === 'stop') return disabled(state, quiet ? 'no' : 'never');
      if (kind === 'back') {
        if (strict && state.n >= 2) return refuse(state, 'EBUSY', 'too far');
        return ok(update(state, (draft) => void Object.assign(draft, { n: 0, back: 1 })));
      }
      if (state.n === 3) return refuse(state, 'E2BIG', 'at the end');
      if (lazy && state.n === 5) return ok(state);
      return ok(
        update(state, (draft) => {
          draft.n += draft.n < 6 ? 1 : 0;
        }),
      );
    },
  }),
});
const countingSuite = suite({
  model: counting,
  properties: [
    invariant(counting, {
      id: 'never-back',
      statement: '',
      source: '',
      holds: ({ n, back }) => back === 0 || n < 3,
    }),
  ],
  violates: { plain: ['never-back'], strict: ['never-back'], lazy: ['never-back'], quiet: ['never-back'] },
});

const diff = (a: string, b: string, of: Suite = countingSuite) =>
  difference({ suite: of, choices: { variant: a } }, { suite: of, choices: { variant: b } });

const lines = ({ cases }: Difference) =>
  cases.map(
    ({ command, calls, trace, reads }) =>
      `${command} ${calls.both}/${calls.a}/${calls.b} ${trace ? `after ${trace.length}` : reads.map(({ path, value }) => `${path}=${value}`).join(' ')}`,
  );

describe('what two variants do differently', () => {
  it('is each kind of call with how many there are, and the shortest way to one', async () => {
    const found = await diff('plain', 'strict');
    // States: n of 0 to 3, with or without having been taken back; back() differs at n = 2 and 3.
    expect([found.a.states, found.b.states, found.common]).toEqual([8, 8, 8]);
    expect(lines(found)).toEqual(['back 4/0/0 after 2']);
    expect(found.first?.commands.map(describeCommand)).toEqual(['tick()', 'tick()', 'back()']);
    expect([found.first?.last.a?.result, found.first?.last.b?.result]).toEqual(['ok', 'refused']);
    expect([found.complete, found.verdicts]).toEqual([true, []]);
  });

  it('is nothing where only unreachable states differ, which are named', async () => {
    const found = await diff('plain', 'lazy');
    expect(lines(found)).toEqual(['tick 0/0/0 n=5']);
    expect([found.first, found.complete, found.common]).toEqual([undefined, true, 8]);
  });

  it('does not ask why a call that is disabled is none', async () => {
    expect((await diff('plain', 'quiet')).cases).toEqual([]);
  });

  it('says of a property which side breaks it', async () => {
    const model = defineModel({
      ...counting,
      system: (_, { strict }) => ({
        state,
        command,
        initial,
        step: (state: State, { kind }: Call) =>
          kind === 'tick' && !strict
            ? ok(
                update(state, (draft) => {
                  draft.n = 1;
                }),
              )
            : ok(state),
      }),
    });
    const never = invariant(model, { id: 'zero', statement: '', source: '', holds: ({ n }) => n === 0 });
    const found = await diff(
      'plain',
      'strict',
      suite({ model, properties: [never], violates: { plain: ['zero'], strict: [], lazy: [], quiet: [] } }),
    );
    expect(found.verdicts.map(({ property, a, b }) => [property.id, a?.kind, b?.kind])).toEqual([
      ['zero', 'violated', 'proved'],
    ]);
    // State 1 is reached by the one side only; there too the other would do something else.
    expect(lines(found)).toEqual(['tick 1/0/0 after 0']);
    expect([found.a.states, found.b.states, found.common]).toEqual([2, 1, 1]);
  });

  it('cannot be said of states with other fields', async () => {
    const other = defineModel({
      ...counting,
      system: () => ({
        state: record({ n: range(0, 5), back: range(0, 1) }),
        command,
        initial,
        step: (state: State) => ok(state),
      }),
    });
    const b = suite({ model: other, properties: [], violates: { plain: [], strict: [], lazy: [], quiet: [] } });
    await expect(difference({ suite: countingSuite, choices: {} }, { suite: b, choices: {} })).rejects.toThrow(
      'counting@plain and counting@plain cannot be compared: their states do not have the same domain at n',
    );
  });
});

const sideOf = (of: Pick<Suite, 'model' | 'properties'>) => ({ suite: { ...of, violates: {} }, choices: {} });

/** Every reachable state, by plain calls. */
const reachableStates = (of: Pick<Suite, 'model'>) => {
  const system = systemOf(of.model, scopeOf(of.model));
  const layout = layoutOf(system.state);
  const found = new Map([[layout.encode(system.initial).join(), system.initial]]);
  for (const state of found.values())
    for (const command of system.command.values()) {
      const outcome = system.step(state, command);
      if (outcome.result === 'disabled' || outcome.result === 'panic') continue;
      const key = layout.encode(outcome.state).join();
      if (!found.has(key)) found.set(key, outcome.state);
    }
  return { system, found };
};

it('agrees with comparing the two functions in every state that either reaches', async () => {
  await fc.assert(
    fc.asyncProperty(anyModel, anyModel, async (one, other) => {
      const found = await difference(sideOf(one), sideOf(other));
      const [a, b] = [reachableStates(one), reachableStates(other)];
      const counts = { both: 0, a: 0, b: 0 };
      for (const [key, state] of new Map([...a.found, ...b.found]))
        for (const command of a.system.command.values()) {
          const [left, right] = [a.system.step(state, command), b.system.step(state, command)] as Outcome<unknown>[];
          if (isDifferent({ a: left, b: right })) counts[!b.found.has(key) ? 'a' : !a.found.has(key) ? 'b' : 'both']++;
        }
      const sum = (of: keyof typeof counts) => found.cases.reduce((total, { calls }) => total + calls[of], 0);
      expect({ both: sum('both'), a: sum('a'), b: sum('b') }).toEqual(counts);
      expect([found.a.states, found.b.states]).toEqual([a.found.size, b.found.size]);
      // The first difference is real, and what comes before it is not one.
      if (!found.first) expect(counts.both + counts.a).toBe(0);
      let state: unknown = a.system.initial;
      for (const [i, command] of (found.first?.commands ?? []).entries()) {
        const [left, right] = [a.system.step(state, command), b.system.step(state, command)];
        expect(isDifferent({ a: left, b: right })).toBe(i === found.first!.commands.length - 1);
        state = left.state;
      }
    }),
    { numRuns: 40, seed: 3 },
  );
});

it('names the fields in which two values differ', () => {
  expect(changedFields({ a: [1, { b: 2 }], c: 3 }, { a: [1, { b: 4 }], c: 3, d: 5 })).toEqual(['a[1].b', 'd']);
});
