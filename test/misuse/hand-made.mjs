import { ok, range, record, variant } from '../../src/index.ts';
import { suiteOf } from './model.mjs';

// A property that no constructor made: without `witness` it would be proved whatever it says.
export default suiteOf(
  () => ({ state: record({ n: range(0, 3) }), command: variant({ go: {} }), initial: { n: 0 }, step: (s) => ok(s) }),
  () => [{ id: 'p', model: 'm', on: 'state', applies: () => true, instances: () => [undefined], judge: () => false }],
);
