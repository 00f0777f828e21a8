import { describe, expect, it } from 'vitest';
import { check } from '../../src/job/check.ts';
import { type Job, newJob, parseJob } from '../../src/job/job.ts';
import { decodeResult, encodeResult } from '../../src/job/result.ts';
import { sampleSuite } from '../report/sample.ts';

const job = newJob({
  model: { id: 'sample', file: '/models/sample.mts' },
  config: { top: 2 },
  versions: [{ variant: 'only', switches: { stops: true } }],
  properties: ['below-2'],
  search: { kind: 'random', runs: 5, length: 6, seed: -7, path: '3' },
  seed: 1,
});

const viaJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('a job', () => {
  it('is the same by way of JSON', () => {
    expect(parseJob(viaJson(job))).toEqual(job);
  });

  it.each<[Partial<Record<keyof Job, unknown>>, string]>([
    [{ version: 2 }, 'this is no job: version: '],
    [{ versions: [] }, 'this is no job: versions: '],
    [{ search: { kind: 'exhaustive', workers: 0 } }, 'this is no job: search.workers: '],
    [{ search: { kind: 'guess' } }, 'this is no job: search.kind: '],
    [{ config: { top: 1.5 } }, 'this is no job: config.top: '],
    [{ run: 'process.exit()' } as object, 'this is no job: run: '],
  ])('with %j is refused in one line that says where', (change, words) => {
    expect(() => parseJob({ ...job, ...change })).toThrow(words);
  });
});

describe('a result', () => {
  it.each([
    ['an exhaustive search', { kind: 'exhaustive' } as const],
    ['a random search', { kind: 'random', runs: 20, length: 5, seed: 1 } as const],
    ['a search that a bound ended', { kind: 'exhaustive', maxStates: 3 } as const],
  ])('of %s is the same by way of JSON', async (_, search) => {
    const result = await check(sampleSuite, {}, search, { dead: true });
    const {
      lane: _l,
      draw,
      ...again
    } = decodeResult(viaJson(encodeResult(result)) as ReturnType<typeof encodeResult>, sampleSuite);
    expect(result).toMatchObject(again);
    expect(draw!(again.initial)).toEqual(result.draw!(result.initial));
    const steps = result.properties.flatMap((one) => one.steps ?? []);
    const stepsAgain = again.properties.flatMap((one) => one.steps ?? []);
    expect(stepsAgain).toEqual(steps);
    // Reports tell by the states' identity whether a call changed anything, and models may count on states that cannot be written to.
    const unchanged = (all: typeof steps) => all.map(({ before, outcome }) => before === outcome.state);
    expect(unchanged(stepsAgain)).toEqual(unchanged(steps));
    expect(stepsAgain.every(({ before, outcome }) => Object.isFrozen(before) && Object.isFrozen(outcome.state))).toBe(
      true,
    );
  });

  it('keeps a number of states that JSON has no number for', async () => {
    const result = await check(sampleSuite, {}, { kind: 'exhaustive' });
    const states = 2n ** 70n + 1n;
    const large = { ...result, symmetry: { of: ['page'], states } };
    const again = decodeResult(viaJson(encodeResult(large)) as ReturnType<typeof encodeResult>, sampleSuite);
    expect(again.symmetry!.states).toBe(states);
  });
});
