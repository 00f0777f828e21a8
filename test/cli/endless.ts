/**
 * A model file of 2^32 states, each of so many words and one, no search of which comes to its end. It breaks a property after three
 * calls. `underWay`: statements that are run when a search has come to states that are five calls deep.
 */
export const endless = (words: number, underWay = ''): string => `
  import * as spec from 'pagelaw';
  let isUnderWay = false;
  const model = spec.defineModel({ id: 'grid', title: 'A grid', sources: [], config: {}, switches: {},
    variants: { only: { doc: '', switches: {} } }, defaultVariant: 'only',
    system: () => ({ state: spec.record({ at: spec.array(spec.range(0, 15), 8), still: spec.array(spec.range(0, 2 ** 30), ${words}) }),
      command: spec.variant({ up: { i: spec.range(0, 7) }, down: { i: spec.range(0, 7) } }), initial: { at: Array(8).fill(0), still: Array(${words}).fill(1) },
      step: (state, { kind, i }) => {
        const to = state.at[i] + (kind === 'up' ? 1 : -1);
        if (to === 5 && !isUnderWay) { isUnderWay = true; ${underWay} }
        if (to < 0 || to > 15) return spec.refuse(state, 'EINVAL', 'at the edge');
        return spec.ok(spec.update(state, (draft) => { draft.at[i] = to; }));
      } }) });
  const low = spec.invariant(model, { id: 'low', statement: 'It is low.', source: '', holds: ({ at }) => at[7] < 3 });
  export default spec.suite({ model, properties: [low], violates: { only: [] } });`;

/** What a model file prints on stderr when a search is under way. */
export const underWay = "process.stderr.write('under way\\n');";
