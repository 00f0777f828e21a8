import { array, invariant, ok, range, record, update, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

const page = { a: 0, b: 0 };
export default suiteOf(
  () => ({
    state: record({ ps: array(record({ a: range(0, 1), b: range(0, 1) }), 2), n: range(0, 3) }),
    command: variant({ go: {} }),
    initial: { ps: [page, page], n: 0 },
    step: (s) => ok(update(s, (d) => void (d.n = s.ps.indexOf(s.ps[1])))),
  }),
  (model) => [invariant(model, { ...words, holds: (s) => s.n === 0 })],
);
