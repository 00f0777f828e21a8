import { ok, range, record, stepProperty, update, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

export default suiteOf(
  () => ({
    state: record({ n: range(0, 3) }),
    command: variant({ go: {} }),
    initial: { n: 0 },
    step: (s) => ({
      ...ok(update(s, (d) => void (d.n = Math.min(3, s.n + 1)))),
      warnings: [s.n === 2 ? Number.NaN : null],
    }),
  }),
  (model) => [stepProperty(model, { ...words, holds: ({ outcome }) => !Number.isNaN(outcome.warnings[0]) })],
);
