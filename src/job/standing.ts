import type { Judged } from '../engine/result.ts';

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

/** `isListed`: whether the suite lists the property as violated by this very version of the code. */
export const standingOf = ({ property, verdict }: Judged, isListed: boolean, isDefaultConfig: boolean): Standing => {
  if (verdict.kind === 'violated') {
    if (property.witness && !isDefaultConfig) return 'vacuous';
    return isListed ? 'known' : 'unexpected';
  }
  return isListed && isDefaultConfig && verdict.kind === 'proved' ? 'missing' : 'ok';
};
