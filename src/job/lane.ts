import { setImmediate } from 'node:timers/promises';
import type { Monitor } from '../engine/engine.ts';
import type { MemoryGuard } from '../engine/memory.ts';
import type { Suite } from '../spec/suite.ts';
import { scopeName, scopeOf } from '../system/scope.ts';
import { type CheckResult, check } from './check.ts';
import { choicesOf, type Job } from './job.ts';
import type { JobQueue } from './queue.ts';
import { checkSubject } from './subject.ts';

/** What a thread has to run jobs with. */
export interface Equipment {
  /** Finds the suite of a job's model. */
  readonly suiteOf: (job: Job) => Promise<Suite>;
  readonly memoryGuard: MemoryGuard;
  /** Follows a search, whose title is given, and ends it when `isWanted` says no. */
  readonly monitorFor: (title: string, isWanted: () => boolean, job: number) => Monitor;
}

/** What became of a job, by its number in the list. */
export type Settled =
  | { readonly job: number; readonly results: readonly CheckResult[] }
  | { readonly job: number; readonly error: unknown };

/** Runs one job: a result for each of its versions, or fewer if it was interrupted. `threads`: how many each search may use. */
export const runJob = async (
  job: Job,
  threads: number,
  equipment: Pick<Equipment, 'suiteOf' | 'memoryGuard'> & { readonly monitorFor: (title: string) => Monitor },
): Promise<CheckResult[]> => {
  const suite = await equipment.suiteOf(job);
  const { search } = job;
  const results: CheckResult[] = [];
  for (const choices of choicesOf(job)) {
    const title = `${scopeName(scopeOf(suite.model, choices))} ${search.kind}`;
    const request = {
      ...(job.properties && { properties: job.properties }),
      monitor: equipment.monitorFor(title),
      memoryGuard: equipment.memoryGuard,
      crossCheck: job.crossCheck,
      dead: job.dead,
    };
    const used = search.kind === 'exhaustive' ? { ...search, workers: Math.min(search.workers ?? 1, threads) } : search;
    const result = job.subject
      ? await checkSubject(suite, choices, search, job.subject, request)
      : await check(suite, choices, used, request);
    results.push({ ...result, search });
    if (result.bound?.kind === 'interrupted') break;
  }
  return results;
};

/**
 * Takes jobs from the queue and runs them, one after the other, until there are no more. `threads`: how many there are for all lanes
 * together.
 */
export const runLane = async (
  lane: number,
  jobs: readonly Job[],
  queue: JobQueue,
  { threads, lanes }: { readonly threads: number; readonly lanes: number },
  equipment: Equipment,
  settle: (settled: Settled) => void,
): Promise<void> => {
  queue.enter();
  for (let job = queue.take(lane); job !== undefined; job = queue.take(lane)) {
    const number = job;
    const sharing = queue.hasMore ? lanes : queue.active;
    try {
      const results = await runJob(jobs[number]!, Math.max(1, Math.floor(threads / sharing)), {
        ...equipment,
        monitorFor: (title) => equipment.monitorFor(title, () => queue.wants(number), number),
      });
      settle({ job, results });
    } catch (error) {
      queue.endAt(job);
      settle({ job, error });
    }
    await setImmediate(); // lets ctrl-C, timers and other threads' messages through
  }
  queue.leave(lane);
};
