import { invariant, ok, range, record, update, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

export default suiteOf(
  () => ({
    state: record({ n: range(-3, 3), p: record({ a: range(0, 1), b: range(0, 1) }) }),
    command: variant({ go: {} }),
    initial: { n: 0, p: { a: 0, b: 0 } },
    step: (s) => ok(update(s, (d) => void (d.n = d.n * -1))),
  }),
  (model) => [invariant(model, { ...words, holds: (s) => Object.is(s.n, 0) })],
);
