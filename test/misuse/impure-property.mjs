import { invariant, ok, range, record, update, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

let calls = 0;

// A property that counts its calls, on 64 states.
export default suiteOf(
  () => {
    calls = 0;
    return {
      state: record({ n: range(0, 3), m: range(0, 3), o: range(0, 3) }),
      command: variant({ n: {}, m: {}, o: {} }),
      initial: { n: 0, m: 0, o: 0 },
      step: (s, { kind }) => ok(update(s, (d) => void (d[kind] = (d[kind] + 1) % 4))),
    };
  },
  (model) => [invariant(model, { ...words, holds: () => calls++ < 10 })],
);
