import { type Draft, freeze, produce } from 'immer';

/**
 * A function that changes the draft of a value. If it returns a value, that value is the result, and the draft must have been left as it
 * was: the rule of immer's `produce`.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a recipe with a body in braces returns nothing, which no other type says
export type Recipe<S> = (draft: Draft<S>) => Draft<S> | S | undefined | void;

/**
 * The name of a method that observed states have. `update` of a value that has the method, or that holds a part which has it, calls the
 * method instead of immer. `whole` is the value that is updated. `isNested`: the update is made inside another recipe, where its result may
 * still be written to.
 */
export const updates: unique symbol = Symbol.for('pagelaw.updates');

type UpdateOf = (whole: unknown, recipe: (draft: unknown) => unknown, isNested: boolean) => unknown;

interface Mode {
  /** How many recipes are running, each inside another. */
  running: number;
  /** Whether a result shares with the given value the parts that did not change, as with immer. */
  sharesParts: boolean;
}

const place: unique symbol = Symbol.for('pagelaw.update');

/** The mode is kept in one place for the process: a model file may load a copy of this module of its own. */
const everywhere = globalThis as { [place]?: Mode };
everywhere[place] ??= { running: 0, sharesParts: false };
const mode: Mode = everywhere[place];

/** Runs a function with updates whose results share parts. The function's result differs only if it compares parts with `===`. */
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
 * A copy of the value with the changes that `recipe` makes. The given value is left as it was. The result is always a new value with new
 * parts, even where nothing was changed: compare fields to see whether two values are equal, and never use `===`. Throws a TypeError for an
 * async recipe.
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

/** The method of an observed value, or of the first observed part in plain records and arrays, as in `update({ ...state }, …)`. */
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

/** A copy that shares no part with the value, and in which no part is in two places. */
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
