import { array, invariant, ok, range, record, variant } from '../../src/index.ts';
import { suiteOf, words } from './model.mjs';

export default suiteOf(
  () => ({
    state: record({ ps: array(record({ a: range(0, 1), b: range(0, 1) }), 2), n: range(0, 3) }),
    command: variant({ go: {} }),
    initial: {
      ps: [
        { a: 0, b: 0 },
        { a: 0, b: 0 },
      ],
      n: 0,
    },
    step: (s) => ok({ n: Math.min(3, s.n + 1), ps: [{ b: s.ps[0].b, a: s.ps[0].a }, s.ps[1]] }),
  }),
  (model) => [
    invariant(model, {
      ...words,
      holds: (s) => JSON.stringify(s.ps[0]) === JSON.stringify(s.ps[1]) && Object.keys(s).join() === 'ps,n',
    }),
  ],
);
