const cells = { next: 0, end: 1, stopped: 2, active: 3, current: 4 } as const;

/**
 * Which job is to be run next. Several lanes, each in a thread of its own, take jobs from one queue in the order of their numbers, by
 * way of shared memory. A lane is known by its number, from 0 on.
 */
export class JobQueue {
  readonly #cells: Int32Array;

  private constructor(buffer: SharedArrayBuffer) {
    this.#cells = new Int32Array(buffer);
  }

  static of(jobs: number, lanes: number): JobQueue {
    const queue = new JobQueue(new SharedArrayBuffer(4 * (cells.current + lanes)));
    queue.#cells[cells.end] = jobs;
    return queue;
  }

  /** The queue that another thread has made. */
  static shared(buffer: SharedArrayBuffer): JobQueue {
    return new JobQueue(buffer);
  }

  get buffer(): SharedArrayBuffer {
    return this.#cells.buffer as SharedArrayBuffer;
  }

  /** A lane that takes jobs from now on. */
  enter(): void {
    Atomics.add(this.#cells, cells.active, 1);
  }

  /** The lane takes no more jobs. */
  leave(lane: number): void {
    Atomics.store(this.#cells, cells.current + lane, 0);
    Atomics.sub(this.#cells, cells.active, 1);
  }

  /** The number of the next job, which the lane is to run now; undefined if there is none, or none is wanted. */
  take(lane: number): number | undefined {
    Atomics.store(this.#cells, cells.current + lane, 0);
    if (this.isStopped) return undefined;
    const job = Atomics.add(this.#cells, cells.next, 1);
    if (!this.wants(job)) return undefined;
    Atomics.store(this.#cells, cells.current + lane, job + 1);
    return job;
  }

  /** The number of the job that the lane runs; undefined if it runs none. */
  runs(lane: number): number | undefined {
    const job = Atomics.load(this.#cells, cells.current + lane) - 1;
    return job < 0 ? undefined : job;
  }

  /** Whether the result of the job is still of use. */
  wants(job: number): boolean {
    return !this.isStopped && job < Atomics.load(this.#cells, cells.end);
  }

  /** Whether there are jobs that no lane has taken. */
  get hasMore(): boolean {
    return this.wants(Atomics.load(this.#cells, cells.next));
  }

  /** How many lanes take jobs. */
  get active(): number {
    return Atomics.load(this.#cells, cells.active);
  }

  /** A job has failed: jobs behind it are of no use. */
  endAt(job: number): void {
    for (;;) {
      const end = Atomics.load(this.#cells, cells.end);
      if (end <= job || Atomics.compareExchange(this.#cells, cells.end, end, job) === end) return;
    }
  }

  /** Ctrl-C: what runs ends early, and nothing more is begun. */
  stop(): void {
    Atomics.store(this.#cells, cells.stopped, 1);
  }

  get isStopped(): boolean {
    return Atomics.load(this.#cells, cells.stopped) === 1;
  }
}
