import * as fc from 'fast-check';
import { array, type Domain, enumOf, flag, range, record, variant } from '../../src/spec/index.ts';

const fieldName = fc.constantFrom('owner', 'pfn', 'entries', 'refcount', 'prot', 'level');

/** Any domain of modest depth: what the laws of domains, layouts and, later, engines are tried on. */
export const anyDomain: fc.Arbitrary<Domain> = fc.letrec<{ domain: Domain; fields: Record<string, Domain> }>((tie) => ({
  domain: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant<Domain>(flag),
    fc
      .uniqueArray(fc.oneof(fc.constantFrom('host', 'hyp', 'guest', ''), fc.integer({ min: -3, max: 40 })), {
        minLength: 1,
        maxLength: 5,
      })
      .map((values) => enumOf(...values)),
    fc.tuple(fc.integer(), fc.oneof(fc.nat(9), fc.nat())).map(([min, more]) => range(min, min + more)),
    tie('fields').map((fields) => record(fields)),
    fc.tuple(tie('domain'), fc.nat(4)).map(([element, length]) => array(element, length)),
    fc
      .dictionary(fieldName, tie('fields'), { minKeys: 1, maxKeys: 4, noNullPrototype: true })
      .map((cases) => variant(cases)),
  ),
  fields: fc.dictionary(fieldName, tie('domain'), { maxKeys: 4, noNullPrototype: true }),
})).domain;

/** A domain with two of its values. */
export const anyDomainWithValues = anyDomain.chain((domain) =>
  fc.tuple(fc.constant(domain), domain.arbitrary(), domain.arbitrary()),
);
