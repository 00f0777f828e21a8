import { array, flag, invariant, ok, record, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

export default suiteOf(
  () => ({ state: record({ xs: array(flag, 1e7) }), command: variant({ go: {} }), initial: {}, step: (s) => ok(s) }),
  (model) => [invariant(model, { ...words, holds: () => true })],
);
