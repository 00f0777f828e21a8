/**
 * Parts of the state that can be told apart only by their index: exchanging two of them, and the index wherever a command names it,
 * makes no difference to what the model does. The elements of all the arrays move together, in the same way.
 *
 * Values are moved, not changed: an index that is kept in the state is not renamed, so such a model is refused. The arrays of one
 * group may lie inside an element of another's; otherwise groups must not share any part of the state.
 */
export interface Interchangeable {
  /** Paths, e.g. `host`. `pairs[].pages` is the array `pages` in every element of `pairs`, exchanged in each independently. */
  readonly arrays: readonly string[];
  /**
   * Fields of commands, and of `forEach` instances, that hold the index of an element. For `pairs[].pages` that is a number counted
   * through all pairs or, written `['pair', 'page']`, one for each array on the path. Another value than an index stands for itself.
   */
  readonly names?: readonly (string | readonly string[])[];
  /** Only blocks of so many neighbours are exchanged, each as a whole; 1 if not given. */
  readonly block?: number;
  /** Exchanged are only elements within one block of so many neighbours, in each independently; the whole array if not given. */
  readonly within?: number;
}
