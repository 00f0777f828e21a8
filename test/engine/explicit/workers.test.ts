import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { suites } from '../../../properties/index.ts';
import type { RunOptions } from '../../../src/engine/engine.ts';
import {
  type ExhaustiveOptions,
  type ExhaustiveResult,
  searchExhaustive,
} from '../../../src/engine/explicit/exhaustive.ts';
import { Workers } from '../../../src/engine/explicit/workers.ts';
import { StateSet } from '../../../src/engine/state-set.ts';
import { taskOf } from '../../../src/engine/task.ts';
import {
  array,
  invariant,
  type Model,
  ok,
  type Property,
  range,
  record,
  SpecError,
  update,
  variant,
} from '../../../src/spec/index.ts';
import { scopeOf } from '../../../src/system/scope.ts';
import { pkvmPages, pkvmPagesProperties } from '../../bench/pkvm-pages.ts';
import { anyModel } from '../any-model.ts';
import { tiny } from '../tiny.ts';

/** All that may not depend on how many threads there are. */
const comparable = ({ judged, covered, coverage, bound, deadEnd }: ExhaustiveResult) => ({
  judged: judged.map(({ property, verdict }) => ({ id: property.id, verdict })),
  covered,
  coverage,
  bound,
  deadEnd,
});

interface Job {
  readonly model: Model;
  readonly properties: readonly Property[];
  readonly variant?: string;
  readonly config?: Readonly<Record<string, number>>;
}

/** Threads from the first level on, however small. */
const search = async (
  { model, properties, variant, config = {} }: Job,
  workers: number,
  options: ExhaustiveOptions & RunOptions = {},
) =>
  comparable(
    await searchExhaustive(taskOf(model, scopeOf(model, { variant, config }), properties), {
      workers,
      callsWorthSharing: 0,
      ...options,
    }),
  );

/** Three pages; breaks where many paths of one length meet, so that the trace shows which of them was taken. */
const pages: Job = {
  model: pkvmPages,
  properties: [
    ...pkvmPagesProperties,
    invariant(pkvmPages, {
      id: 'not-all-annotated',
      statement: '',
      source: '',
      holds: ({ host }) => host.some((entry) => !entry.startsWith('annotated')),
    }),
    invariant(pkvmPages, {
      id: 'not-all-shared',
      statement: '',
      source: '',
      holds: ({ host }) => host.filter((entry) => entry.startsWith('shared')).length < 3,
    }),
  ],
  config: { pages: 4, tables: 2 },
};

/** Of a model with very many states a smaller configuration will do. */
const smaller: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'pkvm-mmio': { mmioTables: 2, pool: 3 },
  'pkvm-ownership': { pages: 1, gfns: 1 },
  stage2: { watched: 0 },
};

describe('however many workers there are and whoever is faster', () => {
  it.each(suites)(
    'the verdicts, traces, counts and coverage of $model.id are the same',
    async ({ model, properties }) => {
      const config = smaller[model.id] ?? {};
      const alone = await search({ model, properties, config }, 1);
      const large = alone.covered.states > 300;
      for (const workers of large ? [3] : [2, 3])
        expect(await search({ model, properties, config }, workers)).toEqual(alone);
    },
  );

  it('those of a model whose paths meet often are', async () => {
    const alone = await search(pages, 1);
    expect(alone.judged.map(({ verdict }) => verdict.kind)).toContain('violated');
    for (let round = 0; round < 2; round++)
      for (const workers of [2, 3]) expect(await search(pages, workers)).toEqual(alone);
  });

  it('those of random models are', async () => {
    await fc.assert(
      fc.asyncProperty(anyModel, fc.constantFrom(2, 3), async (job, workers) => {
        expect(await search(job, workers)).toEqual(await search(job, 1));
      }),
      { numRuns: 20 },
    );
  });

  const larger = { ...pages, config: { pages: 6, tables: 2 } };

  /** Workers stop where the bound is near, and the main thread goes on alone; `far`: they are of use before. */
  const sameNear = async (bound: ExhaustiveOptions, far: boolean) => {
    const alone = await search(larger, 1, bound);
    for (const workers of [2, 3]) {
      const stretches = vi.spyOn(Workers.prototype, 'expand');
      expect(await search(larger, workers, { ...bound, callsToLeave: 1 })).toEqual(alone);
      if (far) expect(stretches).toHaveBeenCalled();
      stretches.mockRestore();
    }
    return alone.bound;
  };

  it.each([1, 500, 20_000, 60_000])('so is where a search stops that may see %i states', async (maxStates) => {
    expect(await sameNear({ maxStates }, maxStates >= 60_000)).toEqual({ kind: 'states', limit: maxStates });
  });

  it.each([100_000, 1_000_000, 2_500_000])('and one that may use %i bytes', async (maxBytes) => {
    expect(await sameNear({ maxBytes }, maxBytes >= 2_500_000)).toEqual({ kind: 'memory', limit: maxBytes });
  });
});

/** Six numbers that grow: after each level so many states are known. */
const counts = [1, 7, 28, 84, 210];
const grid = tiny('grid', {
  state: record({ cells: array(range(0, 3), 6) }),
  command: variant({ inc: { i: range(0, 5) } }),
  initial: { cells: [0, 0, 0, 0, 0, 0] },
  step: (state, { i }) => ok(update(state, (draft) => void (draft.cells[i] = Math.min(3, state.cells[i]! + 1)))),
});

describe('a bound near which workers stop', () => {
  it.each([2, 3, 4])(
    'loses no judgement of the states of level %i, after which there is room for no other',
    async (sum) => {
      const never = invariant(grid, {
        id: 'never',
        statement: '',
        source: '',
        holds: ({ cells }) => cells.reduce((a, b) => a + b, 0) !== sum,
      });
      const two = new Workers(2, new StateSet(1, Number.POSITIVE_INFINITY), 1, 6);
      await two.close();
      const job = { model: grid, properties: [never] };
      const options = { maxStates: two.overshoot + counts[sum]! };
      const together = await search(job, 2, options);
      expect(together.judged[0]?.verdict.kind).toBe('violated');
      expect(together).toEqual(await search(job, 1, options));
    },
  );
});

describe('a state table', () => {
  it('has no more slots than 32 bits with a sign can tell apart, whatever the memory', () => {
    expect(new StateSet(1, 2 ** 60).most).toBeLessThan(2 ** 31);
  });
});

describe('a search with workers', () => {
  it('can be interrupted in the middle of a level', async () => {
    let looks = 0;
    const larger = { ...pages, config: { pages: 6, tables: 2 } };
    const { bound, covered } = await search(larger, 2, { monitor: async () => ++looks < 3 });
    expect(bound).toEqual({ kind: 'interrupted' });
    expect(covered.states).toBeLessThan(60_000);
  });

  it('ends with an error when a worker dies, and with no verdict', async () => {
    const states = new StateSet(1, Number.POSITIVE_INFINITY);
    const first = new Uint32Array(1);
    states.add(first, 0, states.hash(first, 0), 0);
    const workers = new Workers(2, states, 1, 1);
    workers.use('throw new Error("out of luck")', new Int32Array(1));
    workers.begin();
    states.reserve(2 * workers.overshoot);
    await expect(workers.expand(0, 1, states.capacity - workers.overshoot, 256)).rejects.toThrow(
      new SpecError('a worker thread of the search ended early (out of luck); nothing is concluded'),
    );
    await expect(workers.expand(0, 1, states.capacity - workers.overshoot, 256)).rejects.toThrow('ended early');
    await workers.close();
  });
});
