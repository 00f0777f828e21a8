import { type Draft, freeze, produce } from 'immer';

/** The state with `recipe`'s changes made to it; the given state is left as it was. Immer's `produce`. */
export const update = <S>(state: S, recipe: (draft: Draft<S>) => void): S =>
  produce(state, (draft) => {
    recipe(draft);
  });

/** Freezes a state all the way down, so that a transition that writes outside `update` throws instead of lying. */
export const frozen = <S>(state: S): S => freeze(state, true);
