import type { Judged } from '../engine/result.ts';
import type { Suite } from '../spec/suite.ts';
import type { Scope } from '../system/scope.ts';

/**
 * How a verdict compares with what the suite lists for the variant.
 *
 * - `ok`: nothing is broken, or nothing can be said.
 * - `known`: violated, and the suite says so.
 * - `unexpected`: violated, and the suite does not say so; or a witness was never reached.
 * - `missing`: proved by a complete search, though the suite lists it as violated for this very configuration.
 * - `vacuous`: a witness that is not reached, in another configuration than the default one. Nothing is wrong with the code.
 */
export type Standing = 'ok' | 'known' | 'unexpected' | 'missing' | 'vacuous';

/** The ids of the properties that the suite lists as violated by the version of the code that a scope is of, in its configuration. */
export const listedFor = ({ violates, violatesElsewhere = {} }: Suite, scope: Scope): readonly string[] => {
  if (scope.flipped.length > 0) return [];
  const here = violates[scope.variant] ?? [];
  return scope.resized.length === 0 ? here : [...here, ...(violatesElsewhere[scope.variant] ?? [])];
};

/** `isListed`: whether the suite lists the property as violated by this very version of the code. */
export const standingOf = ({ property, verdict }: Judged, isListed: boolean, isDefaultConfig: boolean): Standing => {
  if (verdict.kind === 'violated') {
    if (property.witness && !isDefaultConfig) return 'vacuous';
    return isListed ? 'known' : 'unexpected';
  }
  return isListed && isDefaultConfig && verdict.kind === 'proved' ? 'missing' : 'ok';
};
