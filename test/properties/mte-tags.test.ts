import { describe, expect, it } from 'vitest';
import { isWritten, type State, type Tags } from '../../model/mte-tags/state.ts';
import { mteTagsSuite } from '../../properties/mte-tags.ts';
import type { CheckResult } from '../../src/job/check.ts';
import {
  type AtomicStep,
  enumOf,
  type Outcome,
  type Program,
  type Suite,
  type ThreadCommand,
  type Threaded,
  threads,
  update,
} from '../../src/spec/index.ts';
import type { Choices } from '../../src/system/scope.ts';
import { seedFault } from '../seeded-fault.ts';
import { broken, cell, exhaustive as exhaustiveOf, readmeTable } from './verdicts.ts';

const exhaustive = (choices: Choices, suite: Suite = mteTagsSuite) => exhaustiveOf(suite, choices);

/** The steps of the shortest trace that breaks a property, as they are drawn; else the verdict. */
const trace = (result: CheckResult, id: string): string => {
  const checked = result.properties.find(({ property }) => property.id === id);
  if (!checked?.steps) return checked?.verdict.kind ?? 'not judged';
  const lanes = checked.steps.map((step) => result.lane!(step)!);
  return lanes.map(({ thread, step }) => `${thread}: ${step}`).join('; ');
};

describe.each(Object.keys(mteTagsSuite.model.variants))('mte-tags@%s', (variant) => {
  it('breaks exactly the properties that the suite lists for it, and reaches every witness', async () => {
    const result = await exhaustive({ variant });
    expect(broken(result).sort()).toEqual([...mteTagsSuite.violates[variant]!].sort());
  });
});

describe('the table of the model README', () => {
  const rows = readmeTable('mte-tags', 'variant')
    .slice(1)
    .map(([variant = '', , ...cells]) => ({ variant, cells }));

  it('has every variant that is about M1 and M2', () => {
    const others = /^(winner|copy)-/;
    expect(rows.map(({ variant }) => variant)).toEqual(
      Object.keys(mteTagsSuite.model.variants).filter((variant) => !others.test(variant)),
    );
  });

  it.each(rows)('$variant $cells', async ({ variant, cells }) => {
    const run = (memory: string, actors: number) => exhaustive({ variant, switches: { memory }, config: { actors } });
    const found: string[] = [];
    for (const memory of ['sc', 'weak']) {
      const result = await run(memory, 2);
      const [stale, lost] = [cell(result, 'no-stale-tag'), cell(result, 'no-tag-lost')];
      found.push(stale, lost, String(result.covered.states));
    }
    const three = [await run('sc', 3), await run('weak', 3)];
    found.push(...three.map(({ covered }) => String(covered.states)));
    expect(found).toEqual(cells.map((text) => text.replace(',', '')));

    // What holds for two actors holds for three, with the one exception that the README names.
    for (const [i, result] of three.entries())
      for (const [j, id] of ['no-stale-tag', 'no-tag-lost'].entries()) {
        const exception = variant === 'vmm-page-lock-split' && i === 1 && j === 0;
        expect([id, cell(result, id) === 'holds']).toEqual([id, cells[i * 3 + j] === 'holds' && !exception]);
      }
  });
});

describe('the review', () => {
  it('is right under sequential consistency that v13 only loses tags, and wrong under weak memory', async () => {
    const sc = await exhaustive({ variant: 'split', switches: { memory: 'sc' } });
    expect(trace(sc, 'no-stale-tag')).toBe('proved');
    expect(trace(sc, 'no-tag-lost')).toBe(
      'vm1: test PG_mte_tagged; vm1: clear tags; vm2: test PG_mte_tagged; vm1: set PG_mte_tagged; vm1: map page; vm1: LDG; vm1: STG; vm2: clear tags',
    );
    expect(trace(await exhaustive({ variant: 'split' }), 'no-stale-tag')).toBe(
      'vm1: test PG_mte_tagged; vm1: clear tags; vm1: set PG_mte_tagged; vm2: test PG_mte_tagged; vm2: map page; vm2: LDG',
    );
  });

  it('is answered by the lock without a barrier for those who take it, not for other readers of the flag', async () => {
    const result = await exhaustive({ variant: 'global-lock' });
    expect(broken(result)).toEqual(['flag-means-tags']);
  });
});

describe('L3', () => {
  it('is a deadlock of one thread, or a loop where it spins', async () => {
    const inItsWay = 'vmm: copy: test_and_set PG_mte_lock; vmm: buffer fault: test_and_set PG_mte_lock';
    expect(trace(await exhaustive({ variant: 'copy-tags' }), 'flag-is-on-its-way')).toBe(inItsWay);
    const alone = await exhaustive({ variant: 'copy-tags', config: { actors: 1 } });
    expect(trace(alone, 'no-deadlock')).toBe(inItsWay);
    expect(trace(await exhaustive({ variant: 'copy-tags-spin' }), 'waiting-ends')).toBe(
      `${inItsWay}; vmm: buffer fault: wait for PG_mte_tagged`,
    );
  });
});

it('locks-released: broken by an unlock that is forgotten', async () => {
  const faulty = seedFault(mteTagsSuite, (outcome, command, before) => {
    const { at, locks } = before as State;
    const { kind, thread } = command as ThreadCommand;
    if (kind !== 'run' || at[thread] !== 'unlock mmu_lock') return outcome;
    return {
      ...outcome,
      state: update(outcome.state as State, (draft) => {
        draft.locks = { ...locks };
      }),
    } as Outcome<unknown>;
  });
  const result = await exhaustive({ variant: 'vcpus-split' }, faulty);
  expect(trace(result, 'locks-released')).toBe(
    'vcpu1: lock mmu_lock; vcpu1: test PG_mte_tagged; vcpu1: clear tags; vcpu1: set PG_mte_tagged; vcpu1: map page; vcpu1: unlock mmu_lock',
  );
  expect(trace(result, 'no-deadlock')).not.toBe('proved');
});

describe('programs of fixed length, in which a skipped step counts as a step', () => {
  interface Fixed extends Threaded<Tags> {
    readonly tags: Tags;
    readonly tagged: boolean;
    readonly must: Readonly<Record<string, boolean>>;
  }
  type Step = AtomicStep<Fixed, Tags>;
  const test: Step = (state, self) =>
    self.next(state, (draft) => {
      draft.must[self.name] = !draft.tagged;
    });
  const clear: Step = (state, self) =>
    self.next(state, (draft) => {
      if (draft.must[self.name]) self.write(draft, 'zero');
    });
  const barrier: Step = (state, self) => self.next(state, (draft) => self.barrier(draft));
  const set: Step = (state, self) =>
    self.next(state, (draft) => {
      draft.tagged = true;
    });
  const testAndSet: Step = (state, self) =>
    self.next(state, (draft) => {
      draft.must[self.name] = !draft.tagged;
      draft.tagged = true;
    });
  const fast: Step = (state, self) => (state.tagged ? self.goto('map', state) : self.next(state));
  const load: Step = (state, self) => self.next(state);
  const store: Step = (state, self) =>
    self.next(state, (draft) => {
      draft.tags = self.name;
    });
  const use = { map: barrier, LDG: load, STG: store, 'LDG again': load };
  const lock: Step = (state, self) => self.acquire(state, 'lock');
  const unlock: Step = (state, self) => self.release(state, 'lock');
  const protocols: Record<string, Program<Fixed, Tags>> = {
    'set-first': { testAndSet, clear },
    split: { test, clear, set },
    'split-barrier': { test, clear, barrier, set },
    'global-lock': { lock, test, clear, set, unlock },
    'global-fast': { fast, lock, test, clear, set, unlock },
  };

  const start = (program: Program<Fixed, Tags>, memory: 'sc' | 'weak') => {
    const made = threads<Fixed, Tags>({
      programs: { a: program, b: program },
      locks: ['lock'],
      stores: {
        memory,
        write: enumOf<string>('zero'),
        commit: (draft, tags) => {
          draft.tags = tags;
        },
      },
    });
    return { made, initial: { ...made.initial, tags: 'stale', tagged: false, must: { a: false, b: false } } as Fixed };
  };

  const successors = ({ made }: ReturnType<typeof start>, state: Fixed) =>
    (['run', 'drain'] as const).flatMap((kind) =>
      ['a', 'b'].flatMap((name) => {
        const outcome = made[kind](state, name);
        if (outcome.result === 'disabled') return [];
        const stale = kind === 'run' && /^LDG/.test(state.at[name]!) && state.tags === 'stale';
        const lost = isWritten(state.tags) && !isWritten(outcome.state.tags);
        return [{ state: outcome.state, stale, lost }];
      }),
    );

  /** How many steps away the first stale load and the first loss are. */
  const nearest = (protocol: string, memory: 'sc' | 'weak') => {
    const from = start({ ...protocols[protocol]!, ...use }, memory);
    const seen = new Map([[JSON.stringify(from.initial), 0]]);
    const found: { stale?: number; lost?: number } = {};
    for (const queue = [from.initial]; queue.length > 0; ) {
      const state = queue.shift()!;
      const depth = seen.get(JSON.stringify(state))! + 1;
      for (const next of successors(from, state)) {
        if (next.stale) found.stale ??= depth;
        if (next.lost) found.lost ??= depth;
        const key = JSON.stringify(next.state);
        if (seen.has(key)) continue;
        seen.set(key, depth);
        queue.push(next.state);
      }
    }
    return found;
  };

  it.each([
    ['set-first', 'sc', { stale: 5, lost: 7 }],
    ['split', 'sc', { lost: 8 }],
    ['split', 'weak', { stale: 8, lost: 9 }],
    ['split-barrier', 'weak', { lost: 10 }],
    ['global-lock', 'sc', {}],
    ['global-lock', 'weak', {}],
    ['global-fast', 'sc', {}],
    ['global-fast', 'weak', { stale: 8, lost: 10 }],
  ] as const)('%s, %s: %j', (protocol, memory, expected) => {
    expect(nearest(protocol, memory)).toEqual(expected);
  });

  /** Of all complete interleavings of two actors that end in `last`: how many there are, and how many end or pass badly. */
  const interleavings = (protocol: string, last: 'STG' | 'LDG') => {
    const from = start({ ...protocols[protocol]!, map: barrier, [last]: last === 'STG' ? store : load }, 'sc');
    const count = (state: Fixed, bad: boolean): [number, number] => {
      const next = successors(from, state);
      if (next.length === 0) return [1, bad ? 1 : 0];
      return next.reduce<[number, number]>(
        ([all, wrong], one) => {
          const [a, w] = count(one.state, bad || one.stale || one.lost);
          return [all + a, wrong + w];
        },
        [0, 0],
      );
    };
    return count(from.initial, false);
  };

  it.each([
    ['split', 'STG', [252, 6]],
    ['split', 'LDG', [252, 0]],
    ['set-first', 'STG', [70, 2]],
    ['set-first', 'LDG', [70, 2]],
  ] as const)('%s, ending in %s: all and bad interleavings %j', (protocol, last, expected) => {
    expect(interleavings(protocol, last)).toEqual(expected);
  });
});
