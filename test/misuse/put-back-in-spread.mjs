import { invariant, ok, range, record, update, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

// A part of a state that was copied by spread is assigned where it was already, and changed.
export default suiteOf(
  () => ({
    state: record({ p: record({ q: record({ a: range(0, 1), b: range(0, 1) }) }) }),
    command: variant({ go: {} }),
    initial: { p: { q: { a: 0, b: 0 } } },
    step: (s) =>
      ok(
        update({ ...s }, (d) => {
          d.p.q.a = 1;
          d.p.q = s.p.q;
          d.p.q.b = 1;
        }),
      ),
  }),
  (model) => [invariant(model, { ...words, holds: ({ p }) => p.q.a === 0 })],
);
