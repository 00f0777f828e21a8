import { ok, range, record, stepProperty, update, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

// A field of the outcome that no row could tell apart.
export default suiteOf(
  () => ({
    state: record({ n: range(0, 3) }),
    command: variant({ go: {} }),
    initial: { n: 0 },
    step: (s) => ({ ...ok(update(s, (d) => void (d.n = (s.n + 1) % 4))), freed: s.n }),
  }),
  (model) => [stepProperty(model, { ...words, holds: ({ outcome }) => outcome.freed < 2 })],
);
