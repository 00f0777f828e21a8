import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pkvmMmio } from '../../../model/pkvm-mmio/model.ts';
import { searchExhaustive } from '../../../src/engine/explicit/exhaustive.ts';
import { searchReference } from '../../../src/engine/reference/reference.ts';
import type { Dead } from '../../../src/engine/result.ts';
import { coverageKeys } from '../../../src/engine/tally.ts';
import { perform, type Task, taskOf } from '../../../src/engine/task.ts';
import {
  array,
  describeCommand,
  disabled,
  flag,
  type Model,
  ok,
  panic,
  range,
  record,
  refuse,
  update,
  variant,
  warn,
} from '../../../src/spec/index.ts';
import { scopeOf } from '../../../src/system/scope.ts';
import { anyModel } from '../any-model.ts';
import { counter, tiny } from '../tiny.ts';

const task = (model: Model, variant?: string) => taskOf(model, scopeOf(model, { variant }), []);

const deadOf = async (of: Task): Promise<Dead> => (await searchExhaustive(of, { dead: true })).dead!;

/** `command: result; call where values` each. */
const lines = ({ results }: Dead) =>
  results.map(({ command, result, example }) => {
    const where = example?.where.map(({ path, value }) => `${path}=${value}`).join(' ');
    return `${command}: ${result}${example ? `; ${describeCommand(example.command)} where ${where}` : ''}`;
  });

/** A lock that is taken and given back, and a count of 0 or 1 of it that is never anything else. */
const lock = tiny('lock', {
  state: record({ held: flag, count: range(0, 3), unused: range(0, 9) }),
  command: variant({ take: {}, give: {}, steal: {} }),
  initial: { held: false, count: 0, unused: 0 },
  step: (state, { kind }) => {
    if (kind === 'steal') return state.count > 2 ? ok(state) : refuse(state, 'EPERM', 'not yet');
    if (kind === 'take') {
      if (state.held) return refuse(state, 'EBUSY', 'held');
      if (state.count > 1) return panic(state, 'BUG: counted');
      return ok(update(state, (draft) => void Object.assign(draft, { held: true, count: 1 })));
    }
    if (!state.held) return state.count > 0 ? disabled(state, 'half given') : refuse(state, 'EINVAL', 'not held');
    const given = ok(update(state, (draft) => void Object.assign(draft, { held: false, count: 0 })));
    return state.count === 1 ? given : warn(given, 'miscounted');
  },
});

describe('what is dead', () => {
  it('is each kind of result that only unreachable states give, with a call and what it reads', async () => {
    const dead = await deadOf(task(lock));
    expect(lines(dead)).toEqual([
      'take: panic BUG: counted; take() where held=false count=2',
      'give: WARN miscounted; give() where held=true count=0',
      'give: disabled half given; give() where held=false count=1',
      'steal: ok; steal() where count=3',
    ]);
    expect(dead.complete).toBe(true);
  });

  it('does not include what no state of the domain gives, but for a command that never succeeds', async () => {
    const model = counter(3, (n, state) =>
      n > 3 ? refuse(state, 'ERANGE', 'never') : refuse(state, 'EPERM', 'always'),
    );
    const dead = await deadOf(task(model));
    expect(lines(dead)).toEqual(['tick: ok']);
    expect(dead).toMatchObject({ complete: true });
  });

  it('is found behind states in which the transition throws, leaves its domain, or does not end', async () => {
    const fragile = (endless: boolean) =>
      tiny('fragile', {
        state: record({ mode: range(0, 4), n: range(0, 3) }),
        command: variant({ go: {} }),
        initial: { mode: 0, n: 0 },
        step: (state) => {
          if (state.mode === 1) throw new Error('cannot be');
          if (state.mode === 2) return warn(ok(update(state, (draft) => void (draft.n = 4))), 'not of this domain');
          while (endless && state.mode === 3);
          if (state.mode === 4 && state.n === 2) return refuse(state, 'EIO', 'deep');
          return ok(state);
        },
      });
    for (const endless of [false, true]) {
      const dead = await deadOf(task(fragile(endless)));
      expect(lines(dead)).toEqual(['go: EIO deep; go() where mode=4 n=2']);
      expect(dead.complete).toBe(!endless);
    }
  });

  it('is found in a case of a variant that is never entered', async () => {
    const model = tiny('tree', {
      state: record({ pte: variant({ zero: {}, table: { entries: array(range(0, 2), 2) } }) }),
      command: variant({ walk: { i: range(0, 1) } }),
      initial: { pte: { kind: 'zero' } },
      step: (state, { i }) => {
        if (state.pte.kind === 'zero') return ok(state);
        return state.pte.entries[i] === 2 ? refuse(state, 'ELOOP', 'twice') : refuse(state, 'EEXIST', 'a table');
      },
    });
    expect(lines(await deadOf(task(model)))).toEqual([
      'walk: EEXIST a table; walk(i=0) where pte.kind=table pte.entries[0]=0',
      'walk: ELOOP twice; walk(i=0) where pte.kind=table pte.entries[0]=2',
    ]);
  });

  it('is not said to be all of it where there is too much to try', async () => {
    const wide = tiny('wide', {
      state: record({ n: range(0, 1000) }),
      command: variant({ go: {} }),
      initial: { n: 0 },
      step: (state) => (state.n > 500 ? refuse(state, 'EPERM', 'large') : ok(state)),
    });
    expect(await deadOf(task(wide))).toMatchObject({ complete: false, results: [] });

    const deep = tiny('deep', {
      state: record({ bits: array(flag, 24) }),
      command: variant({ go: {} }),
      initial: { bits: Array.from({ length: 24 }, () => false) },
      step: (state) => (state.bits.filter(Boolean).length % 2 === 1 ? refuse(state, 'EPERM', 'odd') : ok(state)),
    });
    const dead = await deadOf(task(deep));
    expect([dead.complete, dead.results.length]).toEqual([false, 1]);
  });

  it('is not asked of a search that was stopped, or unasked', async () => {
    const model = counter(9, (n) => ok({ n: (n + 1) % 10 }));
    expect((await searchExhaustive(task(model), { dead: true, maxStates: 5 })).dead).toBeUndefined();
    expect((await searchExhaustive(task(model))).dead).toBeUndefined();
    expect(await deadOf(task(model))).toMatchObject({ results: [], complete: true });
  });

  it('does not disturb what the search found', async () => {
    const without = await searchExhaustive(task(lock));
    const { dead, ...with_ } = await searchExhaustive(task(lock), { dead: true });
    expect(dead).toBeDefined();
    const figures = ({ covered, coverage, judged, engine }: typeof without) =>
      [covered, coverage, judged, engine!.rows, engine!.runs] as const;
    expect(figures(with_)).toEqual(figures(without));
  });
});

describe('with workers', () => {
  it('the same is dead, and the examples are the same', async () => {
    const { seconds: _, ...alone } = await deadOf(task(pkvmMmio, 'v4'));
    for (const callsWorthSharing of [0, 5000]) {
      const { dead } = await searchExhaustive(task(pkvmMmio, 'v4'), { workers: 3, callsWorthSharing, dead: true });
      expect(dead).toMatchObject(alone);
    }
  });
});

/** Every result that a command has in any state of the domain, found by trying each. */
const everywhere = (of: Task): Set<string> => {
  const results = new Set<string>();
  for (const state of of.system.state.values())
    for (const command of of.commands)
      for (const result of coverageKeys(perform(of, state, command))) results.add(`${command.kind}: ${result}`);
  return results;
};

describe('of random models', () => {
  it('exactly what plain enumeration of the domain shows and the reference search does not is dead', async () => {
    const seen = { complete: 0, some: 0, none: 0 };
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(anyModel, async ({ model }) => {
        const of = task(model);
        const { coverage } = await searchReference(of);
        const reached = new Set(
          [...coverage].flatMap(([command, { results }]) =>
            [...results.keys()].map((result) => `${command}: ${result}`),
          ),
        );
        const all = everywhere(of);
        const { results, complete } = await deadOf(of);
        const listed = results.map(({ command, result }) => `${command}: ${result}`);
        const never = all.has('call: ok') ? [] : ['call: ok'];
        const dead = new Set([...never, ...[...all].filter((result) => !reached.has(result))]);
        for (const result of listed) expect([result, reached.has(result)]).toEqual([result, false]);
        // Where not every path was tried, something may be missed, or a success be taken for impossible: that is not listed as found.
        for (const { command, result, example } of results)
          if (example) expect(dead).toContain(`${command}: ${result}`);
        if (complete) expect(new Set(listed)).toEqual(dead);
        seen.complete += Number(complete && dead.size > never.length);
        seen[results.length > 0 ? 'some' : 'none']++;
        for (const result of listed) kinds.add(result);
      }),
      { numRuns: 60 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(0);
    expect(kinds.size).toBeGreaterThan(3);
  });
});

describe('of pkvm-mmio@v4', () => {
  it('is the -EBUSY of host_donate_hyp_mmio(): the host annotation is met first', async () => {
    const { results } = await deadOf(task(pkvmMmio, 'v4'));
    expect(results[0]).toEqual({
      command: 'host_donate_hyp_mmio',
      result: 'EBUSY already mapped at EL2',
      example: {
        command: { kind: 'host_donate_hyp_mmio', pfn: 0 },
        where: [
          { path: 'tables[0].kind', value: 'absent' },
          { path: 'el2[0]', value: 'device' },
        ],
      },
    });
  });
});
