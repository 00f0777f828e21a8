import type { MemoryGuard } from './memory.ts';
import type { Covered, Result } from './result.ts';
import type { Task } from './task.ts';

/** What runs a task. `Options` are plain data: what belongs to this engine alone, as a number of states or of runs. */
export interface Engine<Options> {
  /**
   * Says of each of the task's obligations whether it holds. Throws a SpecError where the model or a property breaks the rules of the
   * vocabulary, e.g. is impure, or where the engine cannot run the task.
   */
  run(task: Task, options: Options & RunOptions): Promise<Result>;
}

/** What every engine is told by its caller. It is not plain data. */
export interface RunOptions {
  readonly monitor?: Monitor;
  /** Ends the run as incomplete when it says so. An engine whose memory does not grow need not ask. */
  readonly memoryGuard?: MemoryGuard;
  /** Whether the result keeps what was explored. That takes as much memory as the run itself. */
  readonly keepExplored?: boolean;
}

/** What an engine has done so far. */
export type Progress = Covered & {
  /** States that were found and not expanded yet. */
  readonly frontier?: number;
  /** Bytes of the state table. */
  readonly bytes?: number;
  /** Rows of the transitions' decision tables. */
  readonly rows?: number;
  /** What is made of what was found, in a few words, once the search itself has ended. */
  readonly doing?: string;
};

/** Is told now and then what was done so far. When it resolves to false, the engine stops and reports what it has. */
export type Monitor = (progress: Progress) => Promise<boolean>;
