import { type Draft, freeze, produce } from 'immer';

/**
 * What changes the draft of a value. What it returns, if anything, takes the draft's place, which must then be left as it was: so it
 * is with immer's `produce`.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a recipe with a body in braces returns nothing, which no other type says
export type Recipe<S> = (draft: Draft<S>) => Draft<S> | S | undefined | void;

/**
 * A value with a method of this name, or that holds one, is not changed by immer but by that method: how an observed state takes part
 * in `update`. `whole` is the value that is updated; `isNested`: inside of another recipe, where the result may still be written to.
 */
export const updates: unique symbol = Symbol.for('pagelaw.updates');

type UpdateOf = (whole: unknown, recipe: (draft: unknown) => unknown, isNested: boolean) => unknown;

interface Mode {
  /** How many recipes are running, one inside the other. */
  running: number;
  /** Whether the result has the parts in common that did not change, as immer has it. */
  sharesParts: boolean;
}

const place: unique symbol = Symbol.for('pagelaw.update');

/** There is one, which a model file's own copy of this module finds as well. */
const everywhere = globalThis as { [place]?: Mode };
everywhere[place] ??= { running: 0, sharesParts: false };
const mode: Mode = everywhere[place];

/** Runs a function with updates whose results share parts: what comes of it is different only if it compares parts with `===`. */
export const sharingParts = <T>(run: () => T): T => {
  const before = mode.sharesParts;
  mode.sharesParts = true;
  try {
    return run();
  } finally {
    mode.sharesParts = before;
  }
};

/**
 * The value with `recipe`'s changes made to it; the given value is left as it was. The result is always a new value, with new parts,
 * also where nothing was changed: whether two values are equal is asked of their fields, never with `===`.
 */
export const update = <S>(value: S, recipe: Recipe<S>): S => {
  const isNested = mode.running > 0;
  mode.running++;
  try {
    const observed = updateOfObserved(value);
    const plainly = (draft: unknown) => synchronous(recipe(draft as Draft<S>));
    if (observed) return observed(value, plainly, isNested) as S;
    const changed = produce(value, (draft) => plainly(draft) as undefined);
    return mode.sharesParts ? changed : copyOf(changed, !isNested);
  } finally {
    mode.running--;
  }
};

const synchronous = <T>(returned: T): T => {
  if (!(returned instanceof Promise)) return returned;
  returned.catch(() => undefined);
  throw new TypeError('the recipe of an update() is async');
};

/** The method of an observed value, or of the first one that lies in plain records and arrays: `update({ ...state }, …)`. */
const updateOfObserved = (value: unknown): UpdateOf | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const method: unknown = Reflect.get(value, updates);
  if (typeof method === 'function') return method as UpdateOf;
  if (Object.isFrozen(value)) return undefined; // a plain state: those that hold observed parts are made by the model, and not frozen
  for (const part of Object.values(value)) {
    const inner = updateOfObserved(part);
    if (inner) return inner;
  }
  return undefined;
};

/** A copy without parts in common with the value, or with itself. */
const copyOf = <S>(value: S, isFrozen: boolean): S => {
  if (typeof value !== 'object' || value === null) return value;
  const isPlain = Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value));
  if (!isPlain) return value; // no domain has it: the error says so, which would not know it again otherwise
  const copy: object = Array.isArray(value)
    ? value.map((part) => copyOf(part, isFrozen))
    : Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copyOf(part, isFrozen)]));
  return (isFrozen ? Object.freeze(copy) : copy) as S;
};

/** Freezes a state all the way down, so that a transition that writes outside `update` throws instead of lying. */
export const frozen = <S>(state: S): S => freeze(state, true);
