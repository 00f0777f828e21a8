import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pkvmMmioSuite } from '../../properties/pkvm-mmio.ts';
import { perform, taskOf } from '../../src/engine/task.ts';
import { whyLines } from '../../src/report/why.ts';
import { type Command, defineModel, ok, range, record, refuse, variant } from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { replay } from '../../src/trace/replay.ts';
import { explain } from '../../src/trace/why.ts';

const pkvm = (variant: string) => taskOf(pkvmMmioSuite.model, scopeOf(pkvmMmioSuite.model, { variant }), []);
const call = (kind: string, pfn: number) => ({ kind, pfn }) as Command;

describe('why a call was refused', () => {
  it('names what it read, and what it needs to succeed', () => {
    const task = pkvm('v4-all-checks');
    const donate = call('host_donate_hyp_mmio', 0);
    const [first, second] = explain(task, replay(task, [donate, donate]));
    expect(first).toBeUndefined();
    expect(second).toEqual({
      decided: {
        path: 'tables[0].entries[0]',
        value: 'hyp',
        others: [
          { value: 'zero', result: '-EBUSY (already mapped at EL2)' },
          { value: 'leaf', result: '-EBUSY (already mapped at EL2)' },
        ],
      },
      nearest: { kind: 'after', commands: [call('hyp_donate_host_mmio', 0)] },
    });
  });

  it('prefers a value without which it would have succeeded to one without which it would have failed otherwise', () => {
    const task = pkvm('v4-all-checks');
    const calls = [call('host_donate_hyp_mmio', 0), call('host_donate_hyp_mmio', 2), call('host_access', 4)];
    const last = explain(task, replay(task, [...calls, call('host_access', 6)])).at(-1)!;
    expect(whyLines(last)).toEqual([
      'why: pool is 0; with 1, 2, 3 or 4: ok',
      'it succeeds after hyp_donate_host_mmio(pfn=0); hyp_donate_host_mmio(pfn=2), the shortest way from here',
    ]);
  });

  const lock = defineModel({
    id: 'lock',
    title: '',
    sources: [],
    config: {},
    switches: {},
    variants: { only: { doc: '', switches: {} } },
    defaultVariant: 'only',
    system: () => ({
      state: record({ a: range(0, 1), b: range(0, 1), steps: range(0, 30_000) }),
      command: variant({ both: {}, never: {}, step: {} }),
      initial: { a: 0, b: 0, steps: 0 },
      step: (state: { a: number; b: number; steps: number }, { kind }: { kind: 'both' | 'never' | 'step' }) => {
        if (kind === 'never') return refuse(state, 'ENOSYS', 'not there');
        if (kind === 'step')
          return state.steps < 30_000 ? ok({ ...state, steps: state.steps + 1 }) : refuse(state, 'E2BIG', 'over');
        return state.a + state.b < 2 ? refuse(state, 'EAGAIN', 'both are asked for') : ok(state);
      },
    }),
  });

  it('says when no single value decides, and when the search for a success came to its end', () => {
    const task = taskOf(lock, scopeOf(lock), []);
    const [both, never] = explain(task, replay(task, [{ kind: 'both' }, { kind: 'never' }]));
    expect(whyLines(both)).toEqual([
      'why: no single value decides: with any other one the result is the same',
      'it succeeds in none of the 20,000 states nearest to here; the search ends there',
    ]);
    expect(never!.decided).toBeUndefined();
  });

  it('is right of any trace: the values lead where it says, and the call succeeds after the commands', () => {
    const task = pkvm('v4');
    fc.assert(
      fc.property(fc.array(fc.nat({ max: task.commands.length - 1 }), { minLength: 1, maxLength: 12 }), (numbers) => {
        const calls: Command[] = [];
        let state = task.system.initial;
        for (const number of numbers) {
          const outcome = perform(task, state, task.commands[number]!);
          if (outcome.result === 'disabled') continue;
          calls.push(task.commands[number]!);
          if (outcome.result === 'panic') break;
          state = outcome.state;
        }
        const steps = replay(task, calls);
        for (const [i, why] of explain(task, steps).entries()) {
          const { before, command, outcome } = steps[i]!;
          expect(why === undefined).toBe(outcome.result === 'ok');
          if (why?.nearest?.kind !== 'after') continue;
          let at = before;
          for (const one of why.nearest.commands) at = perform(task, at, one).state;
          expect(perform(task, at, command).result).toBe('ok');
        }
      }),
      { numRuns: 15, seed: 1 },
    );
  });
});
