import { invariant, ok, range, record, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

export default suiteOf(
  () => ({ state: record({ n: range(0, 3) }), command: variant({ go: {} }), initial: { n: 0 }, step: (s) => ok(s) }),
  (model) => [{ ...invariant(model, { ...words, holds: () => true }), instances: () => 5 }],
);
