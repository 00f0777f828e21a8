import type * as fc from 'fast-check';
import { randomNumbers } from '../seeded.ts';
import type { Draw, Style } from './draw.ts';
import type { Novelty, RunNovelty } from './novelty.ts';
import type { Pool } from './pool.ts';
import { Broken, type Position, type Walk } from './walk.ts';

/** Calls that are tried for a step before the run goes on without one. */
export const mostTries = 12;

/** What fast-check calls the model: what makes the calls of a run. */
interface Machine {
  /** Chooses the call of a step. Returns whether there is one that leads on or breaks something. */
  choose(step: Step): boolean;
  /** Makes the call that was chosen. Throws `Broken` where it breaks something. */
  make(): void;
}

/**
 * A step of a run: a number, of which a call is made in the state that the run is in. From then on the step is that call, so that what is
 * left of a run when fast-check has dropped other steps is what it was.
 */
export class Step implements fc.Command<Machine, undefined> {
  readonly number: number;
  readonly #describe: (command: number) => string;
  /** The number of the command that is called; undefined if no call led on. */
  command: number | undefined;

  constructor(number: number, describe: (command: number) => string) {
    this.number = number;
    this.#describe = describe;
  }

  check(machine: Machine): boolean {
    return machine.choose(this);
  }

  run(machine: Machine): void {
    machine.make();
  }

  toString(): string {
    return this.command === undefined ? 'no call' : this.#describe(this.command);
  }
}

/** Draws the calls of a run. Those that are tried and lead nowhere are judged, and not part of the run. */
export class DrawingMachine implements Machine {
  readonly #walk: Walk;
  readonly #draw: Draw;
  readonly #style: Style;
  readonly #tries: number;
  readonly #novelty: RunNovelty | undefined;
  readonly #first: number;
  readonly #path: number[];
  #broken: Broken | undefined;
  /** Whether the call that was chosen, or one that was tried for its step, does what no run has done. */
  #isNews = false;
  /** Where the run last did that, and what can be done there. */
  #news: { readonly position: Position; readonly situation: string } | undefined;
  /** Where the run last came to two values that never were together. */
  #fresh: Position | undefined;

  constructor(walk: Walk, draw: Draw, style: Style, tries: number, start: Position | undefined, novelty?: Novelty) {
    this.#walk = walk;
    this.#draw = draw;
    this.#style = style;
    this.#tries = tries;
    this.#novelty = novelty?.begin();
    this.#path = [...(start?.path ?? [])];
    this.#first = this.#path.length;
    walk.restart(start);
    this.#novelty?.arrives(walk.packed());
  }

  choose(step: Step): boolean {
    try {
      step.command = this.#chosen(randomNumbers(step.number), step);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      // fast-check shrinks only steps that were run: this one is, and breaks what it breaks then.
      this.#broken = error;
      return true;
    }
    if (step.command === undefined && this.#isNews) this.#keepNews();
    return step.command !== undefined;
  }

  /** `step` gets to know each call that is tried: one may break something. */
  #chosen(random: () => number, step: Step): number | undefined {
    const [walk, novelty] = [this.#walk, this.#novelty];
    this.#isNews = false;
    let best: number | undefined;
    let bestRow = 0;
    for (let tries = this.#tries; tries > 0; tries--) {
      const command = this.#draw.call(random, this.#style, this.#path);
      step.command = command;
      const lead = walk.attempt(command);
      const { row } = walk;
      if (lead !== 'disabled' && novelty?.tries(row)) this.#isNews = true;
      if (lead !== 'on') continue;
      if (best !== undefined && novelty!.timesFollowed(row) >= novelty!.timesFollowed(bestRow)) break;
      const isSecond = best !== undefined;
      [best, bestRow] = [command, row];
      if (isSecond || !novelty || !this.#style.prefersRare) break;
    }
    if (best === undefined) return undefined;
    if (step.command !== best) walk.attempt(best);
    if (novelty?.follows(bestRow, walk.result)) this.#isNews = true;
    this.#path.push(best);
    return best;
  }

  make(): void {
    if (this.#broken) throw this.#broken;
    this.#walk.follow();
    if (this.#isNews) this.#keepNews();
    if (this.#novelty?.arrives(this.#walk.packed())) this.#fresh = this.#walk.position();
  }

  #keepNews(): void {
    this.#news = { position: this.#walk.position(), situation: this.#walk.situation() };
  }

  /** The run is over. What it did is not new from now on, and later runs may begin where it did that, within `length` calls. */
  end(pool: Pool, length: number): void {
    this.#novelty?.end();
    for (const command of this.#path.slice(this.#first)) this.#draw.follow(command);
    const isNear = ({ path }: Position) => path.length <= length;
    if (this.#news && isNear(this.#news.position)) pool.addBySituation(this.#news.position, this.#news.situation);
    if (this.#fresh && isNear(this.#fresh)) pool.addByValues(this.#fresh);
  }
}

/** Makes the calls again that a run has made, as far as they lead on, for fast-check to shrink it. */
export class RepeatingMachine implements Machine {
  readonly #walk: Walk;
  #broken: Broken | undefined;

  /** `path`: calls that the run began behind, as numbers of commands. */
  constructor(walk: Walk, path: readonly number[]) {
    this.#walk = walk;
    walk.restart();
    for (const command of path) if (walk.attempt(command) === 'on') walk.follow();
  }

  choose({ command }: Step): boolean {
    if (command === undefined) return false;
    try {
      return this.#walk.attempt(command) === 'on';
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      this.#broken = error;
      return true;
    }
  }

  make(): void {
    if (this.#broken) throw this.#broken;
    this.#walk.follow();
  }
}
