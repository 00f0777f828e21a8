/**
 * A group of parts of the state that can be told apart only by their index. If two parts change places, and the two indices change
 * places in every command, the model does the same. The elements of all arrays of the group move together.
 *
 * Elements are moved and never changed. An index that the state holds is therefore not renamed, and a model that holds one is refused.
 * The arrays of a group may lie inside an element of another group's arrays. Otherwise two groups must not share a part of the state.
 */
export interface Interchangeable {
  /**
   * Paths in the state: `host`. `pairs[].pages` is the array `pages` in every element of `pairs`; each of them is permuted independently.
   */
  readonly arrays: readonly string[];
  /**
   * The fields of commands and of `forEach` instances that hold the index of an element. For `pairs[].pages` the index either counts
   * through the pages of all pairs, or takes a field for each array on the path: `['pair', 'page']`. A value that is no index is left alone.
   */
  readonly names?: readonly (string | readonly string[])[];
  /** How many neighbours form a block. Blocks are exchanged as a whole; 1 if not given. */
  readonly block?: number;
  /** How many neighbours form a region. Elements are exchanged within a region only; the whole array is one region if not given. */
  readonly within?: number;
}
