import { expect, it } from 'vitest';
import { models } from '../../model/index.ts';
import { suites } from '../../properties/index.ts';

it('every model has a suite, and every suite a witness', () => {
  expect(suites.map(({ model }) => model.id)).toEqual(models.map(({ id }) => id));
  for (const { properties } of suites) expect(properties.filter(({ witness }) => witness).length).toBeGreaterThan(0);
});

it.each(suites)(
  'what $model.id is known to violate is broken in some variant or, as its tests show, by a seeded fault',
  ({ properties, violates }) => {
    const broken = new Set(Object.values(violates).flat());
    const unbroken = properties.filter(({ id, witness }) => !witness && !broken.has(id)).map(({ id }) => id);
    expect(unbroken).toEqual(seeded[properties[0]!.model]);
  },
);

/** Properties that only the seeded faults in the model's own test break. */
const seeded: Readonly<Record<string, readonly string[]>> = {
  'pkvm-mmio': ['refcount-exact', 'no-table-leak'],
  'shadow-roots': [
    'third-failure-is-clean',
    'pages-accounted-for',
    'destroy-frees-all',
    'freed-encrypted',
    'pae-root-below-4gib',
  ],
  'shadow-reuse': [],
  spp: ['access-returns-pages', 'no-stale-tlb-right', 'sppt-reserved-bits-zero'],
  stage2: [
    'refcount-exact',
    'wrprotect-only-takes-w',
    'split-keeps-mappings',
    'failed-page-keeps-owner',
    'no-deadlock',
  ],
  idmap: [
    'range-holds-target',
    'range-in-region',
    'search-goes-deeper',
    'walks-bounded',
    'end-for-size-harmless',
    'search-ends',
  ],
  'pkvm-ownership': [
    'scrub-before-release',
    'touches-only-its-range',
    'tables-accounted',
    'tables-have-pages',
    'pins-are-held',
    'tables-are-private',
    'vm-kind',
    'poison-is-terminal',
    'reclaim-completes',
    'block-reclaim-completes',
    'guest-fault-served',
  ],
  'mte-tags': ['locks-released'],
  'mte-faults': [],
};
