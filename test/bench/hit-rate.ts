/**
 * How much of what exhaustive search finds in the default configurations random search finds in the large ones:
 * `npm run hit-rate -- [--models a,b] [--seeds 1,2] [--runs 3000] [--without tries,guidance,swarm]`. It prints a line for each model and seed.
 */
import { parseArgs } from 'node:util';
import { suites } from '../../properties/index.ts';
import { run } from '../../src/engine/index.ts';
import { taskOf } from '../../src/engine/task.ts';
import type { Model, Suite } from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: suites.map(({ model }) => model.id).join() },
    seeds: { type: 'string', default: '1' },
    runs: { type: 'string', default: '3000' },
    without: { type: 'string', default: '' },
  },
});

const largeConfig = ({ config }: Model) =>
  Object.fromEntries(Object.entries(config).map(([name, spec]) => [name, spec.large ?? spec.default]));

const taskFor = ({ model, properties }: Suite, variant: string, config = {}) =>
  taskOf(model, scopeOf(model, { variant, config }), properties);

const violatedIn = async (...of: Parameters<typeof run>): Promise<{ ids: string[]; calls: number }> => {
  const { judged, covered } = await run(...of);
  const violated = judged.filter(({ verdict }) => verdict.kind === 'violated' && verdict.trace);
  return { ids: violated.map(({ property }) => property.id), calls: covered.transitions ?? 0 };
};

const without = values.without.split(',').filter((one) => one !== '') as ('tries' | 'guidance' | 'swarm')[];
for (const suite of suites.filter(({ model }) => values.models.split(',').includes(model.id))) {
  const variants = Object.keys(suite.model.variants);
  const all = new Map<string, string[]>();
  for (const variant of variants)
    all.set(variant, (await violatedIn(taskFor(suite, variant), { kind: 'exhaustive' })).ids);
  for (const seed of values.seeds.split(',').map(Number)) {
    const missed: string[] = [];
    let [found, calls] = [0, 0];
    const before = process.cpuUsage().user;
    for (const [variant, ids] of all) {
      const search = { kind: 'random', runs: Number(values.runs), length: 100, seed, without } as const;
      const seen = await violatedIn(taskFor(suite, variant, largeConfig(suite.model)), search);
      calls += seen.calls;
      found += ids.filter((id) => seen.ids.includes(id)).length;
      missed.push(...ids.filter((id) => !seen.ids.includes(id)).map((id) => `${variant}:${id}`));
    }
    const seconds = (process.cpuUsage().user - before) / 1e6;
    console.log(
      `${suite.model.id} seed ${seed}: ${found} of ${found + missed.length}, ${calls} calls in ${seconds.toFixed(1)} s of a processor, ` +
        `${Math.round(calls / seconds)} a second${missed.length > 0 ? `; missed ${missed.join(' ')}` : ''}`,
    );
  }
}
