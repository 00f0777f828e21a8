import { enumOf, ok, progress, range, record, update, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

export default suiteOf(
  () => ({
    state: record({ n: range(0, 3), mode: enumOf('idle', 'busy') }),
    command: variant({ go: {} }),
    initial: { n: 0, mode: 'busy' },
    step: (s) => ok(update(s, (d) => void (d.n = (d.n + 1) % 4))),
  }),
  (model) => [progress(model, { ...words, waiting: (s) => s.n >= 0 && s.mode, own: () => true })],
);
