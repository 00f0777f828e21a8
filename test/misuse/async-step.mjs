import { invariant, range, record, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

export default suiteOf(
  () => ({
    state: record({ n: range(0, 3) }),
    command: variant({ go: {} }),
    initial: { n: 0 },
    step: async () => {
      throw new Error('x');
    },
  }),
  (model) => [invariant(model, { ...words, holds: () => true })],
);
