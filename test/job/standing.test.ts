import { expect, it } from 'vitest';
import { pkvmOwnershipSuite as owned } from '../../properties/pkvm-ownership.ts';
import { listedFor } from '../../src/job/standing.ts';
import { suite } from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';

const listed = (choices: Parameters<typeof scopeOf>[1]) =>
  listedFor(owned, scopeOf(owned.model, { variant: '7.2-hypercalls', ...choices })).includes('guest-fault-served');

it('a defect that only other configurations show is listed there, and not in the default one or for other switches', () => {
  expect(listed({})).toBe(false);
  expect(listed({ config: { attributes: 1 } })).toBe(true);
  expect(listed({ config: { attributes: 1 }, switches: { topsUpAtPermission: true } })).toBe(false);
});

it.each([
  [{ '9.9': [] }, 'violatesElsewhere names 9.9, which is not a variant'],
  [{ '6.2': ['no-such'] }, 'variant 6.2 violates no-such, which is not a property'],
  [{ '6.2': ['no-panic'] }, 'variant 6.2 lists no-panic in violates and in violatesElsewhere'],
])('violatesElsewhere of %j is refused', (violatesElsewhere, problem) => {
  const { model, properties, violates } = owned;
  expect(() => suite({ model, properties, violates, violatesElsewhere } as never)).toThrow(problem);
});
