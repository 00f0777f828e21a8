import { isDeepStrictEqual } from 'node:util';
import { array, ok, range, record, stepProperty, update, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

export default suiteOf(
  () => ({
    state: record({ n: range(0, 99), list: array(range(0, 1), 2) }),
    command: variant({ go: {} }),
    initial: { n: 0, list: [0, 0] },
    step: (s) =>
      ok(
        update(s, (d) => {
          d.n = (s.n + 1) % 100;
          if (s.n === 11) d.list[1] = 1;
        }),
      ),
  }),
  (model) => [
    stepProperty(model, {
      ...words,
      holds: ({ before, outcome }) => isDeepStrictEqual(before.list, outcome.state.list),
    }),
  ],
);
