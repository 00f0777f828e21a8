import type { CheckResult } from './check.ts';
import type { Job } from './job.ts';
import { type Equipment, runJob, runLane, type Settled } from './lane.ts';
import { JobQueue } from './queue.ts';
import { runThread } from './thread.ts';

export interface LocalOptions extends Omit<Equipment, 'monitorFor'> {
  /** How many threads there may be at a time, those that the searches start included. */
  readonly threads: number;
  /** The program of a thread that runs jobs, and what it is given as `more`. */
  readonly entry: URL;
  readonly more: unknown;
  readonly monitorFor: Equipment['monitorFor'];
  /** Shows how far the job has got. */
  readonly show: (job: number, line: string) => void;
  readonly interrupted: AbortSignal;
  /** How long the first searches run before threads are started; 300 if not given. */
  readonly millisecondsBeforeThreads?: number;
}

/** Most checks are over by then, and are not worth the quarter of a second that it takes a thread to load the program. */
const usuallyBeforeThreads = 300;

/**
 * Runs jobs on this machine, several at a time, and yields their results in the order of the jobs, each as soon as it and those before
 * it are there. What it yields does not depend on how many threads there are. The first job that fails ends it: it throws what that
 * job threw, once the results before it are out. After ctrl-C it yields what the searches have found by then, and ends.
 */
export async function* runJobs(
  jobs: readonly Job[],
  options: LocalOptions,
): AsyncGenerator<{ readonly job: number; readonly results: readonly CheckResult[] }> {
  const lanes = Math.max(1, Math.min(options.threads, jobs.length));
  const sharing = { threads: options.threads, lanes };
  const queue = JobQueue.of(jobs.length, lanes);
  const settled = new Map<number, Settled>();
  const toRepeat = new Map<number, Settled>();
  let wake = () => {};
  let running = 0;
  let hadThreads = false;

  const settle = (one: Settled) => {
    // Beside other searches it may have found less memory than there is: it is run again when they have ended.
    const isFinal = 'error' in one || !hadThreads || !one.results.some(isShortOfMemory);
    (isFinal ? settled : toRepeat).set(one.job, one);
    wake();
  };
  const started = (lane: Promise<void>) => {
    running++;
    void lane.finally(() => {
      running--;
      wake();
    });
  };
  const startThreads = () => {
    for (let lane = 1; lane < lanes && queue.hasMore; lane++) {
      hadThreads = true;
      const data = { lane, ...sharing, jobs, queue: queue.buffer, more: options.more };
      started(runThread(options.entry, data, queue, options.suiteOf, { settle, show: options.show }));
    }
  };
  const stop = () => queue.stop();
  options.interrupted.addEventListener('abort', stop);
  if (options.interrupted.aborted) stop();
  const { millisecondsBeforeThreads = usuallyBeforeThreads } = options;
  const timer = lanes > 1 ? setTimeout(startThreads, millisecondsBeforeThreads) : undefined;
  started(runLane(0, jobs, queue, sharing, options, settle));

  try {
    for (const [job, data] of jobs.entries()) {
      while (!settled.has(job) && running > 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (!settled.has(job) && !queue.isStopped) await runAlone(job, data);
      const one = settled.get(job) ?? toRepeat.get(job);
      if (!one) return;
      settled.delete(job);
      if ('error' in one) throw one.error;
      yield one;
    }
  } finally {
    clearTimeout(timer);
    options.interrupted.removeEventListener('abort', stop);
    queue.stop();
    while (running > 0)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }

  async function runAlone(job: number, data: Job): Promise<void> {
    hadThreads = false;
    const monitorFor = (title: string) => options.monitorFor(title, () => !queue.isStopped, job);
    try {
      settle({ job, results: await runJob(data, options.threads, { ...options, monitorFor }) });
    } catch (error) {
      settle({ job, error });
    }
  }
}

/** Whether a search ended because of what the whole process had taken. */
const isShortOfMemory = ({ bound }: CheckResult): boolean => bound?.kind === 'memory' && bound.of !== undefined;
