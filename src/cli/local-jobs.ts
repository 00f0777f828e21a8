import type { CheckResult } from '../job/check.ts';
import type { Job } from '../job/job.ts';
import { runJobs } from '../job/local.ts';
import type { Suite } from '../spec/suite.ts';
import type { Console } from './console.ts';
import { type LimitOptions, limitsOf } from './limits.ts';
import { memoryGuardFor, memoryLimit } from './memory.ts';
import { monitorFor } from './progress.ts';
import type { ThreadOptions } from './thread.ts';

/**
 * Runs jobs on all cores, or on as many as `--workers` says, and yields the results of each in the order of the jobs. Shows how far they
 * have got.
 */
export async function* runLocally(
  jobs: readonly Job[],
  suiteOf: (job: Job) => Promise<Suite>,
  limits: LimitOptions,
  console: Console,
): AsyncGenerator<{ readonly job: number; readonly results: readonly CheckResult[] }> {
  const { maxMemory } = limits;
  const lines = new Map<number, string>();
  let done = 0;
  const show = (job: number, line: string) => {
    lines.set(job, line);
    const first = Math.min(...lines.keys());
    console.progress?.(`${jobs.length > 1 ? `${done}/${jobs.length} ` : ''}${lines.get(first)}`);
  };
  const more: ThreadOptions = { maxMemory, isWatched: console.progress !== undefined };
  const settled = runJobs(jobs, {
    threads: limitsOf(limits).workers,
    entry: new URL(`./thread${extension}`, import.meta.url),
    more,
    suiteOf,
    memoryGuard: memoryGuardFor(memoryLimit(maxMemory), console),
    monitorFor: (title, isWanted, job) =>
      monitorFor(
        {
          progress: console.progress && ((line) => show(job, line)),
          interrupted: {
            get aborted() {
              return !isWanted();
            },
          },
        },
        title,
      ),
    show,
    interrupted: console.interrupted,
  });
  for await (const one of settled) {
    done++;
    lines.delete(one.job);
    console.progress?.('');
    yield one;
  }
}

/** `.ts` in the sources, `.js` in a build. */
const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
