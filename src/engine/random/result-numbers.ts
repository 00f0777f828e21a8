import type { Command } from '../../spec/model.ts';
import type { Outcome } from '../../spec/outcome.ts';
import { coverageKeys } from '../tally.ts';

/** Numbers for what calls do: one for each kind of command, its result and its warnings. */
export class ResultNumbers {
  readonly #numbers = new Map<string, number>();

  of({ kind }: Command, outcome: Outcome<unknown>): number {
    const key = [kind, ...coverageKeys(outcome)].join('\n');
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}
