import { sppSuite } from '../../properties/spp.ts';
import { searchRandom } from '../../src/engine/random/random.ts';
import { taskOf } from '../../src/engine/task.ts';
import { type Choices, scopeOf } from '../../src/system/scope.ts';

/** Calls drawn without a look at the state or at other runs, or as random search draws them. */
export type Drawing = 'plain' | 'guided';

/** The number of the first of so many runs that breaks a property, or undefined. Run 0 counts as 1. */
export const firstHit = async (
  choices: Choices,
  id: string,
  drawing: Drawing,
  { runs, length, seed }: { readonly runs: number; readonly length: number; readonly seed: number },
): Promise<number | undefined> => {
  const { model, properties } = sppSuite;
  const task = taskOf(
    model,
    scopeOf(model, choices),
    properties.filter((property) => property.id === id),
  );
  const without = drawing === 'plain' ? (['tries', 'guidance', 'swarm'] as const) : [];
  const verdict = (await searchRandom(task, { runs, length, seed, without })).judged[0]?.verdict;
  return verdict?.kind === 'violated' && verdict.trace ? Number(verdict.path) + 1 : undefined;
};
