import type { Command } from '../spec/model.ts';
import type { Outcome } from '../spec/outcome.ts';
import type { Coverage } from './result.ts';

/** Counts calls and their results, command by command. */
export class Tally {
  readonly #commands = new Map<string, { attempts: number; results: Map<string, number> }>();
  transitions = 0;

  constructor(commands: readonly Command[]) {
    for (const { kind } of commands) this.#commands.set(kind, { attempts: 0, results: new Map() });
  }

  add({ kind }: Command, outcome: Outcome<unknown>, times = 1) {
    const { results } = this.#commands.get(kind)!;
    this.#commands.get(kind)!.attempts += times;
    for (const key of coverageKeys(outcome)) results.set(key, (results.get(key) ?? 0) + times);
    if (outcome.result !== 'disabled') this.transitions += times;
  }

  /** Whether the call was the first of its command to have its result. */
  isFirst({ kind }: Command, outcome: Outcome<unknown>): boolean {
    return this.#commands.get(kind)!.results.get(coverageKey(outcome)) === 1;
  }

  get coverage(): Coverage {
    return this.#commands;
  }
}

/** The key under which the coverage counts an outcome: `ok`, `ok (returned 3)`, `EPERM reason`, `panic reason`, `disabled reason`. */
export const coverageKey = (outcome: Outcome<unknown>): string => {
  if (outcome.result === 'ok') return outcome.value === undefined ? 'ok' : `ok (returned ${outcome.value})`;
  return `${outcome.result === 'refused' ? outcome.errno : outcome.result} ${outcome.reason}`.trimEnd();
};

/** The keys under which the coverage counts an outcome: `coverageKey`, and `WARN id` for each of its warnings. */
export const coverageKeys = (outcome: Outcome<unknown>): string[] => [
  coverageKey(outcome),
  ...outcome.warnings.map((id) => `WARN ${id}`),
];
