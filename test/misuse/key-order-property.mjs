import { array, invariant, ok, range, record, update, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

export default suiteOf(
  () => ({
    state: record({ ps: array(record({ a: range(0, 1), b: range(0, 1) }), 2), n: range(0, 3) }),
    command: variant({ go: {} }),
    initial: {
      ps: [
        { a: 0, b: 0 },
        { b: 0, a: 0 },
      ],
      n: 0,
    },
    step: (s) => ok(update(s, (d) => void (d.n = Math.min(3, d.n + 1)))),
  }),
  (model) => [invariant(model, { ...words, holds: (s) => JSON.stringify(s.ps[0]) === JSON.stringify(s.ps[1]) })],
);
