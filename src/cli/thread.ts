// The program of a thread that runs jobs. Like main.ts, it is the only one that knows the process behind it.
import { parentPort, workerData } from 'node:worker_threads';
import type { Job } from '../job/job.ts';
import { type Equipment, runLane, type Settled } from '../job/lane.ts';
import { JobQueue } from '../job/queue.ts';
import { encodeResult } from '../job/result.ts';
import type { ThreadData, ThreadMessage } from '../job/thread.ts';
import { failureWords } from './failure.ts';
import { memoryGuardFor, memoryLimit } from './memory.ts';
import { monitorFor } from './progress.ts';
import { allSuites, suitesOf } from './suites.ts';

/** What a thread needs to know of the command line. */
export interface ThreadOptions {
  readonly maxMemory: number | undefined;
  /** Whether somebody watches how far the searches get. */
  readonly isWatched: boolean;
}

const { lane, lanes, threads, jobs, queue: buffer, more } = workerData as ThreadData;
const { maxMemory, isWatched } = more as ThreadOptions;
const queue = JobQueue.shared(buffer);
const send = (message: ThreadMessage) => parentPort!.postMessage(message);

const files = new Map<string, ReturnType<typeof suitesOf>>();

const suiteOf = async ({ model: { id, file } }: Job) => {
  if (file !== undefined && !files.has(file)) files.set(file, suitesOf(file));
  const located = file === undefined ? allSuites() : await files.get(file)!;
  return located.find(({ suite }) => suite.model.id === id)!.suite;
};

const equipment: Equipment = {
  suiteOf,
  memoryGuard: memoryGuardFor(memoryLimit(maxMemory), { resident: () => process.memoryUsage.rss() }),
  monitorFor: (title, isWanted, job) =>
    monitorFor(
      {
        progress: isWatched ? (line) => send({ kind: 'progress', job, line }) : undefined,
        interrupted: {
          get aborted() {
            return !isWanted();
          },
        },
      },
      title,
    ),
};

const settle = (settled: Settled) => {
  const { job } = settled;
  if ('error' in settled) send({ kind: 'failed', job, words: failureWords(settled.error) });
  else send({ kind: 'done', job, results: settled.results.map(encodeResult) });
};

await runLane(lane, jobs, queue, { threads, lanes }, equipment, settle);
// What a model file leaves running must not keep the thread alive.
process.exit();
