import { array, ok, range, record, stepProperty, update, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

// The first call of its kind changes the part, the others do not.
export default suiteOf(
  () => ({
    state: record({ ps: array(record({ a: range(0, 1), b: range(0, 1) }), 2), n: range(0, 3) }),
    command: variant({ go: {} }),
    initial: {
      ps: [
        { a: 0, b: 0 },
        { a: 0, b: 0 },
      ],
      n: 0,
    },
    step: (s) =>
      ok(
        update(s, (d) => {
          if (d.ps[0].a === 0) d.ps[0].a = 1;
          else d.n = Math.min(3, d.n + 1);
        }),
      ),
  }),
  (model) => [
    stepProperty(model, {
      ...words,
      holds: ({ before, outcome }) => outcome.state === before || outcome.state.ps[0] !== before.ps[0],
    }),
  ],
);
