import { inspect } from 'node:util';
import { invariant, ok, range, record, update, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

// util.inspect() looks past a proxy at its target.
export default suiteOf(
  () => ({
    state: record({ n: range(0, 2999) }),
    command: variant({ go: {} }),
    initial: { n: 0 },
    step: (s) => ok(update(s, (d) => void (d.n = (s.n + 1) % 3000))),
  }),
  (model) => [invariant(model, { ...words, holds: (s) => !inspect(s).includes('n: 2011') })],
);
