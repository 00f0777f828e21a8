import { array, enumOf, flag, ok, range, record, type System, variant } from '../../../src/spec/index.ts';

/** Two pages, a table, and calls with arguments of every kind. */
export const system: System = {
  state: record({
    host: array(enumOf('OWNED', 'SHARED'), 2),
    only: array(range(0, 3), 1),
    busy: flag,
    word: enumOf('one', 'one two'),
    table: record({
      count: range(0, 9),
      entries: array(variant({ zero: {}, leaf: { pfn: range(0, 1), young: flag } }), 2),
    }),
  }),
  command: variant({
    host_share: { pfn: range(0, 1), nr: enumOf(1, 2), young: flag, prot: enumOf('RWX', 'R') },
    share: { gfn: range(-1, 2) },
    set: { values: array(range(0, 3), 2) },
    wait: { for: enumOf('the', 'the page', 'the page, 2') },
    tick: {},
  }),
  initial: {
    host: ['OWNED', 'OWNED'],
    only: [0],
    busy: false,
    word: 'one',
    table: { count: 0, entries: [{ kind: 'zero' }, { kind: 'leaf', pfn: 0, young: true }] },
  },
  step: (state) => ok(state),
};
