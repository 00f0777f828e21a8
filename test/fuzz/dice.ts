import type * as fc from 'fast-check';
import type { Misuse } from './misuse.ts';

/** Random choices, all from one seed. */
export interface Dice {
  /** Both ends included. */
  int(min: number, max: number): number;
  /** True once in so many throws. */
  oneIn(times: number): boolean;
  pick<T>(items: readonly [T, ...T[]] | readonly T[]): T;
  /**
   * What one of the makers makes, taken as often as its weight says. A maker that returns undefined cannot make anything here, and
   * another one is taken; at least one must be able to.
   */
  choose<T>(...makers: Makers<T>): T;
  /** The same; undefined if none can. */
  maybe<T>(...makers: Makers<T>): T | undefined;
  /** The weight, if the program is one with this misuse; else 0. */
  where(misuse: Misuse, weight: number): number;
  /** A name that no other variable has. */
  fresh(letter: string): string;
}

type Makers<T> = readonly (readonly [weight: number, make: () => T | undefined])[];

export const diceOf = (random: fc.Random, misuse: string): Dice => {
  let names = 0;
  const int = (min: number, max: number) => random.nextInt(min, max);
  const maybe = <T>(...makers: Makers<T>): T | undefined => {
    const left = makers.filter(([weight]) => weight > 0);
    while (left.length > 0) {
      let at = int(
        1,
        left.reduce((sum, [weight]) => sum + weight, 0),
      );
      const chosen = left.findIndex(([weight]) => {
        at -= weight;
        return at <= 0;
      });
      const made = left.splice(chosen, 1)[0]![1]();
      if (made !== undefined) return made;
    }
    return undefined;
  };
  return {
    int,
    oneIn: (times) => int(1, times) === 1,
    pick: (items) => {
      if (items.length === 0) throw new Error('there is nothing to pick from');
      return items[int(0, items.length - 1)]!;
    },
    maybe,
    where: (one, weight) => (one === misuse ? weight : 0),
    choose: (...makers) => {
      const made = maybe(...makers);
      if (made === undefined) throw new Error('none of the makers can make anything');
      return made;
    },
    fresh: (letter) => `${letter}${++names}`,
  };
};
