import type { Findings, Judgeable } from '../findings.ts';
import { owns, type Task } from '../task.ts';
import { Broken, commandsAt } from './walk.ts';

/** A property that is judged of paths, for one of its instances. */
interface Watch {
  readonly judgeable: Judgeable;
  /** By state, of the last stretch of waiting states and own calls: how many calls led there. */
  readonly stretch: Map<string, number>;
  /** By command: whether it is the system's own; undefined before it is asked for. */
  readonly owns: (boolean | undefined)[];
}

/** The state that a walk has come to: whether it waits, and what it is known by. */
export interface Arrival {
  waits(judgeable: Judgeable): boolean;
  key(): string;
}

/** Watches a walk for loops of waiting states and own calls. */
export class Loops {
  readonly #task: Task;
  readonly #watches: readonly Watch[];

  constructor(task: Task, findings: Findings) {
    this.#task = task;
    this.#watches = [...findings.open('path')].map((judgeable) => ({ judgeable, stretch: new Map(), owns: [] }));
  }

  get isEmpty(): boolean {
    return this.#watches.length === 0;
  }

  /** The walk begins somewhere. */
  begin(arrival: Arrival, path: readonly number[]): void {
    for (const { stretch } of this.#watches) stretch.clear();
    this.arrive(arrival, path);
  }

  /** The walk has come by `path` to another state. Throws `Broken` for a loop that is closed now. */
  arrive(arrival: Arrival, path: readonly number[]): void {
    for (const watch of this.#watches) {
      const { judgeable, stretch } = watch;
      if (judgeable.settled) continue;
      if (path.length > 0 && stretch.size > 0 && !this.#owns(watch, path.at(-1)!)) stretch.clear();
      if (!arrival.waits(judgeable)) {
        stretch.clear();
        continue;
      }
      const key = arrival.key();
      const loop = stretch.get(key);
      if (loop !== undefined) throw this.#broken(judgeable, path, loop);
      stretch.set(key, path.length);
    }
  }

  /** A call leaves the state that `path` led to as it is. Throws `Broken` where that is a loop of its own. */
  stay(arrival: Arrival, path: readonly number[], command: number): void {
    for (const watch of this.#watches) {
      const { judgeable } = watch;
      if (!judgeable.settled && this.#owns(watch, command) && arrival.waits(judgeable))
        throw this.#broken(judgeable, [...path, command], path.length);
    }
  }

  #owns({ judgeable: { property, instance }, owns: known }: Watch, command: number): boolean {
    known[command] ??= owns(this.#task, property, this.#task.commands[command]!, instance);
    return known[command];
  }

  #broken({ property, instance }: Judgeable, path: readonly number[], loop: number): Broken {
    return new Broken(property, { commands: commandsAt(this.#task.commands, path), instance, detail: '', loop });
  }
}
