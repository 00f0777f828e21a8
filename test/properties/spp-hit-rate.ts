import { sppSuite } from '../../properties/spp.ts';
import { searchRandom } from '../../src/engine/random/random.ts';
import { taskOf } from '../../src/engine/task.ts';
import type { Model } from '../../src/spec/index.ts';
import { type Choices, scopeOf } from '../../src/system/scope.ts';

/** The commands that random search is made from: any, or, in every second call, a likely one. */
export type Generator = 'uniform' | 'boundary-heavy';

/** The number of the first of so many runs that breaks a property, or undefined. Run 0 counts as 1. */
export const firstHit = async (
  choices: Choices,
  id: string,
  generator: Generator,
  { runs, length, seed }: { readonly runs: number; readonly length: number; readonly seed: number },
): Promise<number | undefined> => {
  const { model, properties } = sppSuite;
  const uniform: Model = {
    ...model,
    system: (config, switches) => {
      const { likely: _, ...system } = model.system(config, switches);
      return system;
    },
  };
  const searched = generator === 'uniform' ? uniform : model;
  const task = taskOf(
    searched,
    scopeOf(searched, choices),
    properties.filter((property) => property.id === id),
  );
  const verdict = (await searchRandom(task, { runs, length, seed })).judged[0]?.verdict;
  return verdict?.kind === 'violated' && verdict.trace ? Number(verdict.path) + 1 : undefined;
};
