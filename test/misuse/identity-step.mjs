import { disabled, ok, panic, range, record, stepProperty, update, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

// Whether `t.x` is `s.x` depends on what was there before it was written.
export default suiteOf(
  () => ({
    state: record({ x: record({ v: range(0, 1) }), k: range(0, 3), r: range(0, 7) }),
    command: variant({ set: {}, reset: {}, roll: {} }),
    initial: { x: { v: 0 }, k: 0, r: 0 },
    step: (s, { kind }) => {
      if (kind === 'reset') return s.k === 0 ? disabled(s, '') : ok(update(s, (d) => void (d.k = 0)));
      if (kind === 'roll') return s.r < 7 ? ok(update(s, (d) => void d.r++)) : disabled(s, '');
      if (s.k > 0) return disabled(s, 'once');
      const t = update(s, (d) => {
        d.k = s.k + 1;
        d.x.v = 1;
      });
      return t.x === s.x ? panic(t, 'already') : ok(t);
    },
  }),
  (model) => [stepProperty(model, { ...words, holds: ({ outcome }) => outcome.result !== 'panic' })],
);
