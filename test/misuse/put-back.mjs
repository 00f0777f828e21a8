import { invariant, ok, range, record, update, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

// A part that was drafted is put back as it was, and drafted again.
export default suiteOf(
  () => ({
    state: record({ p: record({ a: range(0, 1), b: range(0, 1) }) }),
    command: variant({ go: {} }),
    initial: { p: { a: 0, b: 0 } },
    step: (s) =>
      ok(
        update(s, (d) => {
          d.p.a = 1;
          d.p = s.p;
          d.p.b = 1;
        }),
      ),
  }),
  (model) => [invariant(model, { ...words, holds: ({ p }) => p.a === 0 })],
);
