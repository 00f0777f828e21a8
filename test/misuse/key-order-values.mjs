import { array, invariant, ok, range, record, update, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

export default suiteOf(
  () => ({
    state: record({ ps: array(record({ a: range(0, 1), b: range(0, 1) }), 2), n: range(0, 3) }),
    command: variant({ go: {} }),
    initial: {
      ps: [
        { b: 0, a: 1 },
        { a: 0, b: 0 },
      ],
      n: 0,
    },
    step: (s) => ok(update(s, (d) => void (d.n = Object.values(s.ps[0])[0]))),
  }),
  (model) => [invariant(model, { ...words, holds: (s) => s.n === 0 })],
);
