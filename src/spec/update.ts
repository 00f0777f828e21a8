import { type Draft, freeze, produce } from 'immer';

/** A value with a method of this name is not changed by immer but by that method: how an observed state takes part in `update`. */
export const updates: unique symbol = Symbol.for('pagelaw.updates');

interface Updatable {
  [updates](recipe: (draft: unknown) => void): unknown;
}

const isUpdatable = (state: unknown): state is Updatable =>
  typeof state === 'object' && state !== null && typeof Reflect.get(state, updates) === 'function';

/** The state with `recipe`'s changes made to it; the given state is left as it was. Immer's `produce`, on a plain state. */
export const update = <S>(state: S, recipe: (draft: Draft<S>) => void): S => {
  if (isUpdatable(state)) return state[updates]((draft) => recipe(draft as Draft<S>)) as S;
  return produce(state, (draft) => {
    recipe(draft);
  });
};

/** Freezes a state all the way down, so that a transition that writes outside `update` throws instead of lying. */
export const frozen = <S>(state: S): S => freeze(state, true);
