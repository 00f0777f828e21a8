import type { Position } from './walk.ts';

/** So many positions of each sort are kept, the latest. */
const mostPositions = 1 << 12;

/** Every second draw of a sort is from so many, the latest. */
const latest = 32;

/** Runs that begin in the initial state; the others begin where another run has done something new. */
const share = { initial: 0.5, byValues: 0.75 };

/** Positions at which a run did what none had done before. */
export class Pool {
  /** Where two values came together that never had. */
  readonly #byValues: Position[] = [];
  /**
   * Where a row or a pair of results was new, by what can be done there: many positions from which little can be done do not hide the few
   * others.
   */
  readonly #bySituation = new Map<string, Position[]>();
  readonly #situations: Position[][] = [];

  addByValues(position: Position): void {
    push(this.#byValues, position);
  }

  addBySituation(position: Position, situation: string): void {
    const known = this.#bySituation.get(situation);
    if (known) push(known, position);
    else {
      const made = [position];
      this.#bySituation.set(situation, made);
      this.#situations.push(made);
    }
  }

  /** A position to begin at; undefined for the initial state. */
  draw(random: () => number): Position | undefined {
    const one = <T>(among: readonly T[]): T | undefined => among[Math.floor(random() * among.length)];
    if (random() < share.initial) return undefined;
    if (random() >= share.byValues) return one(one(this.#situations) ?? []);
    return one(random() < 0.5 ? this.#byValues.slice(-latest) : this.#byValues);
  }
}

const push = (positions: Position[], position: Position): void => {
  positions.push(position);
  if (positions.length > mostPositions) positions.shift();
};
