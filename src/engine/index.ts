import type { Engine, RunOptions } from './engine.ts';
import { type ExplicitOptions, explicit } from './explicit/explicit.ts';
import { type RandomOptions, random } from './random/random.ts';
import { type ReferenceOptions, reference } from './reference/reference.ts';
import type { Result } from './result.ts';
import type { Task } from './task.ts';

/** The options of each engine, by the name of the search that it makes. They are plain data. */
interface OptionsOf {
  readonly reference: ReferenceOptions;
  readonly exhaustive: ExplicitOptions;
  readonly random: RandomOptions;
}

/** Every engine, by the name of the search that it makes. */
const engines: { readonly [K in keyof OptionsOf]: Engine<OptionsOf[K]> } = { reference, exhaustive: explicit, random };

type SearchOf<K extends keyof OptionsOf> = { readonly kind: K } & OptionsOf[K];

/** Which search to make, and with which bounds: plain data. */
export type Search = { readonly [K in keyof OptionsOf]: SearchOf<K> }[keyof OptionsOf];

/** Runs a task on the engine that makes the search. */
export const run = (task: Task, search: Search, options: RunOptions = {}): Promise<Result> =>
  runOn(task, search, options);

const runOn = <K extends keyof OptionsOf>(task: Task, search: SearchOf<K>, options: RunOptions): Promise<Result> =>
  engines[search.kind].run(task, { ...search, ...options });
