import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { mteTagsSuite } from '../../properties/mte-tags.ts';
import { pkvmMmioSuite } from '../../properties/pkvm-mmio.ts';
import { type Job, newJob } from '../../src/job/job.ts';
import { type LocalOptions, runJobs } from '../../src/job/local.ts';
import { JobQueue } from '../../src/job/queue.ts';
import { encodeResult } from '../../src/job/result.ts';
import { SpecError } from '../../src/spec/errors.ts';

const suites = [pkvmMmioSuite, mteTagsSuite];

const jobOf = (id: string, variant: string): Job =>
  newJob({
    model: { id },
    config: {},
    versions: [{ variant, switches: {} }],
    search: { kind: 'exhaustive', workers: 4 },
    seed: 1,
  });

/** The first takes some tenths of a second, the others next to nothing. */
const jobs = [
  jobOf('pkvm-mmio', 'fixed'),
  ...Object.keys(mteTagsSuite.model.variants)
    .slice(0, 3)
    .map((variant) => jobOf('mte-tags', variant)),
];

const options = (more: Partial<LocalOptions> = {}): LocalOptions => ({
  threads: 1,
  entry: new URL('../../src/cli/thread.ts', import.meta.url),
  more: { maxMemory: undefined, isWatched: true },
  suiteOf: async (job) => suites.find(({ model }) => model.id === job.model.id)!,
  memoryGuard: () => undefined,
  monitorFor: () => async () => true,
  show: () => {},
  interrupted: new AbortController().signal,
  millisecondsBeforeThreads: 0,
  ...more,
});

/** The monitor of a search that takes so long that threads are there before it has ended. */
const slowly = () => {
  let waits = 0;
  return async () => {
    if (waits++ < 3) await setTimeout(200);
    return true;
  };
};

/** What is yielded, without what depends on how long things take, and the error at the end. */
const ran = async (all: readonly Job[], more: Partial<LocalOptions>) => {
  const yielded: { readonly job: number; readonly results: unknown[] }[] = [];
  try {
    for await (const { job, results } of runJobs(all, options(more)))
      yielded.push({
        job,
        results: results.map((one) => ({ ...encodeResult(one), engine: undefined })),
      });
  } catch (error) {
    return { yielded, error: error instanceof SpecError ? error.message : String(error) };
  }
  return { yielded };
};

describe('jobs that are run side by side', () => {
  it('have the results that they have one after the other, in their order', async () => {
    const alone = await ran(jobs, { threads: 1 });
    expect(alone.yielded.map(({ job }) => job)).toEqual([0, 1, 2, 3]);
    let here = 0;
    const together = await ran(jobs, {
      threads: 3,
      monitorFor: () => {
        here++;
        return slowly();
      },
    });
    expect(together).toEqual(alone);
    expect(here).toBeLessThan(jobs.length);
  });

  it('end with the first that fails, once the results before it are out', async () => {
    const failing = jobs.map((job, i) => (i === 2 ? jobOf('mte-tags', 'no-such-variant') : job));
    for (const threads of [1, 3]) {
      const { yielded, error } = await ran(failing, { threads });
      expect(yielded.map(({ job }) => job)).toEqual([0, 1]);
      expect(error).toMatch(/^mte-tags: there is no variant no-such-variant/);
    }
  });

  it('are run again alone where the memory of all of them was too much', async () => {
    let refusals = 0;
    let pulses = 0;
    const { yielded } = await ran(jobs, {
      threads: 2,
      monitorFor: () => {
        const wait = slowly();
        return () => {
          pulses++;
          return wait();
        };
      },
      memoryGuard: () => {
        if (pulses < 2 || refusals > 0) return undefined;
        refusals++;
        return { kind: 'memory', limit: 1, of: 'resident set' };
      },
    });
    expect(refusals).toBe(1);
    expect(yielded).toEqual((await ran(jobs, { threads: 1 })).yielded);
  });

  it('yield what was found by the time of ctrl-C', async () => {
    const interruption = new AbortController();
    const { yielded, error } = await ran(jobs, {
      threads: 2,
      interrupted: interruption.signal,
      monitorFor: (_, isWanted) => async () => {
        interruption.abort();
        return isWanted();
      },
    });
    expect(error).toBe(undefined);
    expect(yielded.map(({ job }) => job)).toEqual([0]);
    expect(yielded[0]!.results).toMatchObject([{ bound: { kind: 'interrupted' } }]);
  });

  const program = (body: string) =>
    new URL(
      `data:text/javascript,${encodeURIComponent(`
        import { workerData } from 'node:worker_threads';
        import { JobQueue } from ${JSON.stringify(new URL('../../src/job/queue.ts', import.meta.url).href)};
        const queue = JobQueue.shared(workerData.queue);
        queue.enter();
        queue.take(workerData.lane);
        ${body}`)}`,
    );

  it.each([
    ['process.exit(3);', 'a thread that runs searches ended early; does a model file call exit()'],
    ["throw new Error('out of luck');", 'a thread that runs searches failed: Error: out of luck'],
  ])('fail, in one line, with a thread that dies in the middle of one: %s', async (body, words) => {
    const { yielded, error } = await ran(jobs, { threads: 2, entry: program(body), monitorFor: slowly });
    expect(error).toContain(words);
    expect(yielded.map(({ job }) => job)).toEqual([0]);
  });

  it('do not need the threads that cannot start', async () => {
    const { yielded } = await ran(jobs, { threads: 2, entry: new URL('data:text/javascript,no such program') });
    expect(yielded).toEqual((await ran(jobs, { threads: 1 })).yielded);
  });
});

describe('the queue', () => {
  it('gives each job to one lane, in order, and none behind one that failed', () => {
    const queue = JobQueue.of(5, 2);
    const other = JobQueue.shared(queue.buffer);
    expect([queue.take(0), other.take(1), queue.take(0)]).toEqual([0, 1, 2]);
    expect([queue.runs(0), queue.runs(1)]).toEqual([2, 1]);
    other.endAt(3);
    queue.endAt(4);
    expect([queue.wants(2), queue.wants(3), queue.hasMore, queue.take(0), queue.runs(0)]).toEqual([
      true,
      false,
      false,
      undefined,
      undefined,
    ]);
    expect(other.wants(1)).toBe(true);
    queue.stop();
    expect([other.wants(1), other.take(1)]).toEqual([false, undefined]);
  });
});
