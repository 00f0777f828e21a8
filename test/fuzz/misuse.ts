/**
 * What authors write though they should not, or seldom do. `alike`: every search says the same of it as the plain one. `may be
 * refused`: a search may say in one line that it does not work; what it may not do is say something else.
 */
export const misuses = {
  /** Literals with their keys in another order than the domain's. */
  'key order': 'alike',
  /** One object at two places. */
  'shared parts': 'alike',
  '-0': 'alike',
  'a field too many': 'alike',
  /** Copies by JSON, and parts without a prototype or with one of their own. */
  copies: 'alike',
  /** Recipes that return something. */
  'returning recipes': 'alike',
  /** Outcomes with more or less than an outcome has, answers of another type: a search may judge more than need be, and meet one. */
  'wrong types': 'may be refused',
  /** Thrown values of any kind. */
  throws: 'may be refused',
  /** Immer's own functions. */
  immer: 'may be refused',
  /** Parts compared with ===, or put into a Set. */
  identity: 'may be refused',
  /** Descriptors, prototypes, isFrozen(), structuredClone(), isDeepStrictEqual(): how the state is made. */
  reflection: 'may be refused',
  /** Drafts that are used after their update(). */
  'late drafts': 'may be refused',
} as const;

export type Misuse = keyof typeof misuses;
