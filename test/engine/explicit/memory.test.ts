import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RunOptions } from '../../../src/engine/engine.ts';
import { type ExhaustiveOptions, searchExhaustive } from '../../../src/engine/explicit/exhaustive.ts';
import { isOutOfMemory, type MemoryGuard } from '../../../src/engine/memory.ts';
import { searchReference } from '../../../src/engine/reference/reference.ts';
import { taskOf } from '../../../src/engine/task.ts';
import { check } from '../../../src/job/check.ts';
import { array, invariant, ok, range, record, refuse, suite, update, variant } from '../../../src/spec/index.ts';
import { type Property, progress } from '../../../src/spec/property.ts';
import { scopeOf } from '../../../src/system/scope.ts';
import { tiny } from '../tiny.ts';

/** Six numbers, each of which goes up and down: 46,656 states. */
const grid = tiny('grid', {
  state: record({ cells: array(range(0, 5), 6) }),
  command: variant({ up: { i: range(0, 5) }, down: { i: range(0, 5) } }),
  initial: { cells: [0, 0, 0, 0, 0, 0] },
  step: (state, { kind, i }) => {
    const to = state.cells[i]! + (kind === 'up' ? 1 : -1);
    if (to < 0 || to > 5) return refuse(state, 'ERANGE', 'at the edge');
    return ok(update(state, (draft) => void (draft.cells[i] = to)));
  },
});
const low = invariant(grid, { id: 'low', statement: '', source: '', holds: ({ cells }) => cells[5]! < 3 });
const fine = invariant(grid, { id: 'fine', statement: '', source: '', holds: () => true });
const waits = progress(grid, { id: 'waits', statement: '', source: '', waiting: () => false, own: () => true });

const task = (properties: readonly Property[] = [low, fine]) => taskOf(grid, scopeOf(grid), properties);

const search = async (options: ExhaustiveOptions & RunOptions) => {
  const { judged, covered, coverage, bound } = await searchExhaustive(task(), options);
  return {
    verdicts: judged.map(({ property, verdict }) => [property.id, verdict.kind]),
    covered,
    coverage: JSON.stringify([...coverage].map(([kind, { attempts, results }]) => [kind, attempts, [...results]])),
    bound,
  };
};

const refusal = { kind: 'memory', limit: 5, of: 'resident set' } as const;

afterEach(() => vi.restoreAllMocks());

describe('a search that is told that memory runs out', () => {
  /** The arrays of a new state table have room for so many states. */
  const first = 2048;

  it.each([1, 2, 3])('ends where its arrays would have to grow, and counts right, with %i workers', async (workers) => {
    const memoryGuard: MemoryGuard = (touched = 0) => (touched > 0 && touched < 2 ** 20 ? refusal : undefined);
    const { bound, ...ended } = await search({ memoryGuard, workers, callsWorthSharing: 0, callsToLeave: 1 });
    expect(bound).toEqual(refusal);
    const { bound: other, ...bounded } = await search({ maxStates: first });
    expect(other).toEqual({ kind: 'states', limit: first });
    expect(ended).toEqual(bounded);
    expect(ended.verdicts).toEqual([
      ['low', 'violated'],
      ['fine', 'incomplete'],
    ]);
  });

  it('ends at the next look', async () => {
    let looks = 0;
    const memoryGuard: MemoryGuard = (touched = 0) => (touched === 0 && ++looks > 1 ? refusal : undefined);
    const { bound, covered } = await search({ memoryGuard });
    expect(bound).toEqual(refusal);
    expect(covered.states).toBeLessThan(6 ** 6);
  });

  it('looks the more often, the wider states are: 4 MiB of them are found between two looks', async () => {
    const wide = tiny('wide', {
      state: record({ cells: array(range(0, 5), 6), still: array(range(0, 2 ** 30), 600) }),
      command: variant({ up: { i: range(0, 5) } }),
      initial: { cells: Array(6).fill(0), still: Array(600).fill(1) },
      step: (state, { i }) =>
        state.cells[i] === 5
          ? refuse(state, 'ERANGE', 'at the edge')
          : ok(update(state, (draft) => void (draft.cells[i]! += 1))),
    });
    const found: number[] = [0];
    const { covered } = await searchExhaustive(taskOf(wide, scopeOf(wide), []), {
      maxStates: 10_000,
      monitor: async ({ states }) => {
        found.push(states!);
        return true;
      },
    });
    const bytes = found.slice(1).map((states, i) => 4 * 600 * (states - found[i]!));
    expect(covered.states).toBe(10_000);
    expect(found.at(-1)).toBeGreaterThan(8_000);
    expect(Math.max(...bytes)).toBeLessThan(5 * 2 ** 20);
  });

  it('asks for what is written at once and for what is reserved', async () => {
    const asked: (readonly [number, number])[] = [];
    await search({ memoryGuard: (touched = 0, reserved = touched) => void asked.push([touched, reserved]) });
    const grown = asked.filter(([touched]) => touched > 0);
    // 65,536 states of one word and a parent are the last that the arrays double to; of 131,072 slots all are written.
    expect(grown).toContainEqual([32768 * 8, 65536 * 8]);
    expect(grown).toContainEqual([131072 * 4, 131072 * 4]);
  });

  it('does without workers where there is no memory for them', async () => {
    const memoryGuard: MemoryGuard = (_, reserved = 0) => (reserved >= 2 ** 29 ? refusal : undefined);
    const { engine, bound } = await searchExhaustive(task(), { memoryGuard, workers: 2, callsWorthSharing: 0 });
    expect([engine!.workers, bound]).toEqual([1, undefined]);
  });

  it('says so where the machine has no room for an array', async () => {
    class Full extends SharedArrayBuffer {
      constructor(bytes: number) {
        if (bytes > 2 ** 16) throw new RangeError('Array buffer allocation failed');
        super(bytes);
      }
    }
    vi.stubGlobal('SharedArrayBuffer', Full);
    try {
      const { bound } = await search({});
      expect(bound).toEqual({ kind: 'memory', limit: expect.any(Number), of: 'address space' });
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('keeps what it has found where there is no room to judge paths', async () => {
    vi.spyOn(Uint8Array, 'from').mockImplementation(() => {
      throw new RangeError('Array buffer allocation failed');
    });
    const { judged, bound } = await searchExhaustive(task([low, waits]));
    expect(judged.map(({ verdict }) => verdict.kind)).toEqual(['violated', 'incomplete']);
    expect(bound).toMatchObject({ kind: 'memory', of: 'address space' });
  });

  it('so does the reference search', async () => {
    const { judged, covered, bound } = await searchReference(task(), { memoryGuard: () => refusal });
    expect(judged.map(({ verdict }) => verdict.kind)).toEqual(['violated', 'incomplete']);
    expect(bound).toEqual(refusal);
    expect(covered.states).toBeLessThan(6 ** 6);
  });

  it('and a cross-check, which then has not been made', async () => {
    const checked = suite({ model: grid, properties: [fine], violates: { only: [] } });
    let asked = 0;
    const { bound, crossCheck, properties } = await check(
      checked,
      {},
      { kind: 'exhaustive' },
      {
        crossCheck: { by: 'reference' },
        monitor: async () => {
          asked++;
          return true;
        },
        memoryGuard: (touched = 0) => (touched === 0 && asked > 20 ? refusal : undefined),
      },
    );
    expect([bound, crossCheck, properties[0]!.verdict.kind]).toEqual([undefined, undefined, 'proved']);
  });
});

it('tells a lack of memory from other errors', () => {
  for (const make of [() => new Uint8Array(2 ** 53), () => new Array(-1), () => new ArrayBuffer(2 ** 52)])
    expect(make).toThrow(expect.toSatisfy(isOutOfMemory));
  const deep = (): number => deep() + 1;
  expect(deep).toThrow(expect.not.toSatisfy(isOutOfMemory));
  for (const other of [undefined, null, 'out of memory', new Error('no')]) expect(isOutOfMemory(other)).toBe(false);
});
