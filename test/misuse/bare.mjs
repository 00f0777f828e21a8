import { invariant, ok, range, record, suite, update, variant } from '../../src/index.ts';

// All that a model needs: everything else has a default.
const model = {
  id: 'm',
  system: () => ({
    state: record({ n: range(0, 3) }),
    command: variant({ go: {} }),
    initial: { n: 0 },
    step: (s) =>
      ok(
        update(s, (draft) => {
          draft.n = Math.min(3, draft.n + 1);
        }),
      ),
  }),
};
const property = invariant(model, { id: 'p', statement: 'n is small.', source: '', holds: ({ n }) => n < 2 });
export default suite({ model, properties: [property] });
