import type { Property } from '../spec/property.ts';

/**
 * What became of a mutant.
 *
 * - `property`: it violates a property that holds without it.
 * - `witness`: it violates none, but a witness that was reached before is not any more.
 * - `error`: a state leaves its domain, or a function of the model or of a property throws: `check` would stop there.
 * - `equivalent`: no reachable call differs from what it was.
 * - `undecided`: it reaches more states than may be searched, none of which violates anything.
 * - `survived`: it does something else, and nothing notices.
 */
export type Fate =
  | { readonly kind: 'property' | 'witness'; readonly property: Property }
  | { readonly kind: 'error' | 'equivalent' | 'undecided' | 'survived' };

/** A property that some mutant breaks, or an error that it runs into, ends its search. */
export class Caught extends Error {
  readonly fate: Fate;

  constructor(fate: Fate) {
    super();
    this.fate = fate;
  }
}
