import { Worker } from 'node:worker_threads';
import { SpecError } from '../spec/errors.ts';
import type { Suite } from '../spec/suite.ts';
import { thrown } from '../system/guarded.ts';
import type { Job } from './job.ts';
import type { Settled } from './lane.ts';
import type { JobQueue } from './queue.ts';
import { decodeResult, type ResultData } from './result.ts';

/** What a thread that runs jobs is started with; `more` is for its own program. */
export interface ThreadData {
  readonly lane: number;
  readonly lanes: number;
  readonly threads: number;
  readonly jobs: readonly Job[];
  readonly queue: SharedArrayBuffer;
  readonly more: unknown;
}

/** What such a thread sends. An error comes as the line that is printed for it. */
export type ThreadMessage =
  | { readonly kind: 'progress'; readonly job: number; readonly line: string }
  | { readonly kind: 'done'; readonly job: number; readonly results: readonly ResultData[] }
  | { readonly kind: 'failed'; readonly job: number; readonly words: string };

/**
 * Runs a lane in a thread of its own, whose program is at `entry`. Resolves when the thread has ended, of itself or not. A thread that
 * ends in the middle of a job makes that job fail. One that cannot start is no loss: other lanes take the jobs.
 */
export const runThread = (
  entry: URL,
  data: ThreadData,
  queue: JobQueue,
  suiteOf: (job: Job) => Promise<Suite>,
  { settle, show }: { readonly settle: (settled: Settled) => void; readonly show: (job: number, line: string) => void },
): Promise<void> => {
  let thread: Worker;
  try {
    thread = new Worker(entry, { workerData: data });
  } catch {
    return Promise.resolve();
  }
  let received = Promise.resolve();
  const receive = async (message: Exclude<ThreadMessage, { readonly kind: 'progress' }>) => {
    const { job } = message;
    if (message.kind === 'failed') return settle({ job, error: new SpecError(message.words) });
    const suite = await suiteOf(data.jobs[job]!);
    settle({ job, results: message.results.map((result) => decodeResult(result, suite)) });
  };
  thread.on('message', (message: ThreadMessage) => {
    if (message.kind === 'progress') show(message.job, message.line);
    else received = received.then(() => receive(message)).catch((error) => settle({ job: message.job, error }));
  });
  return new Promise((ended) => {
    let failure: string | undefined;
    thread.on('error', (error) => {
      failure = `a thread that runs searches failed: ${thrown(error)}; --workers 1 needs none`;
    });
    thread.on('exit', async () => {
      const job = queue.runs(data.lane);
      await received;
      if (job !== undefined) {
        queue.endAt(job);
        failure ??= 'a thread that runs searches ended early; does a model file call exit(), or wait for ever?';
        settle({ job, error: new SpecError(failure) });
        queue.leave(data.lane);
      }
      ended();
    });
  });
};
