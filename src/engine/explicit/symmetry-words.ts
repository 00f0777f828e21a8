import { SpecError } from '../../spec/errors.ts';
import { describeOutcome } from '../../spec/outcome.ts';
import type { Layout } from '../../system/layout.ts';
import type { Task } from '../task.ts';
import type { Symmetry } from './symmetry.ts';
import { applied, imageOf, type StateFunction, wrong } from './symmetry-functions.ts';

/** Says what a symmetry that is none does otherwise. */
export class SymmetryWords {
  readonly #task: Task;
  readonly #layout: Layout<unknown>;
  readonly #symmetry: Symmetry;

  constructor(task: Task, layout: Layout<unknown>, symmetry: Symmetry) {
    this.#task = task;
    this.#layout = layout;
    this.#symmetry = symmetry;
  }

  unverified(fn: StateFunction, exchange: number): SpecError {
    const { group, what } = this.#symmetry.exchanges[exchange]!;
    return wrong(
      this.#task,
      group.label,
      `too many states to tell whether ${fn.what} does the same with ${what}; check without it (--symmetry off)`,
    );
  }

  /** `words` is what the function reads: one state, or two. `error` is what the image threw, if it did. */
  refusal(fn: StateFunction, exchange: number, words: Uint32Array, error?: unknown): SpecError {
    if (error instanceof SpecError && error.message.includes(': symmetry of ')) return error;
    const { group, what } = this.#symmetry.exchanges[exchange]!;
    const state = words.slice(0, this.#layout.words);
    const image = imageOf(fn, exchange);
    const swapped = exchanged(this.#symmetry, this.#layout, exchange, words, words.length > this.#layout.words ? 2 : 1);
    const also = image !== fn ? image.what : image.words.length > 0 ? 'it' : 'the same call';
    return wrong(
      this.#task,
      group.label,
      `${fn.what} in ${JSON.stringify(this.#layout.decode(state))} ${this.#said(fn, words)}, but ${also} with ${what} ${this.#said(image, swapped)}`,
    );
  }

  #said(fn: StateFunction, words: Uint32Array): string | undefined {
    try {
      const { leaf } = fn.run(words);
      if (!leaf.outcome) return fn.words[Number(leaf.key === 'true')];
      const left = leaf.effect ? ` and leaves ${this.#differences(words, applied(leaf.effect, words))}` : '';
      return `does ${describeOutcome(leaf.outcome)}${left}`;
    } catch (thrown) {
      return `throws ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    }
  }

  /** The slots that a call changed, with their new values. */
  #differences(before: Uint32Array, after: Uint32Array): string {
    const changes = changesIn(this.#layout.decode(before), this.#layout.decode(after), '');
    return changes.length === 0 ? 'the state as it was' : changes.join(', ');
  }
}

/** Packed states, so many behind one another, with parts exchanged. */
export const exchanged = (
  { exchanges }: Symmetry,
  layout: Layout<unknown>,
  exchange: number,
  words: Uint32Array,
  states: 1 | 2,
): Uint32Array => {
  const result = words.slice();
  for (let i = 0; i < states; i++) exchanges[exchange]!.apply(result, i * layout.words);
  return result;
};

const changesIn = (before: unknown, after: unknown, path: string): string[] => {
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null)
    return before === after ? [] : [`${path}=${String(after)}`];
  if (Reflect.get(before, 'kind') !== Reflect.get(after, 'kind')) return [`${path}=${JSON.stringify(after)}`];
  return Object.entries(after).flatMap(([key, value]) =>
    changesIn(
      Reflect.get(before, key),
      value,
      Array.isArray(after) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`,
    ),
  );
};
