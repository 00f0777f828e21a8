import { invariant, range, record, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

export default suiteOf(
  () => ({
    state: record({ n: range(0, 3), p: record({ a: range(0, 1), b: range(0, 1) }) }),
    command: variant({ go: {} }),
    initial: { n: 0, p: { a: 0, b: 0 } },
    step: () => {
      throw {
        toString() {
          throw 1;
        },
      };
    },
  }),
  (model) => [invariant(model, { ...words, holds: (s) => s.n < 3 })],
);
