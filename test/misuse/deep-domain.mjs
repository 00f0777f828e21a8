import { invariant, ok, range, record, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

const state = Array.from({ length: 3000 }).reduce((inner) => record({ a: inner }), range(0, 1));
const initial = Array.from({ length: 3000 }).reduce((inner) => ({ a: inner }), 0);

export default suiteOf(
  () => ({ state, command: variant({ go: {} }), initial, step: (s) => ok(s) }),
  (model) => [invariant(model, { ...words, holds: () => true })],
);
