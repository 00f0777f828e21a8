import { SpecError } from '../../spec/errors.ts';
import { comparableWords } from '../comparable.ts';
import type { Engine, RunOptions } from '../engine.ts';
import type { Task } from '../task.ts';
import { type ExhaustiveOptions, type ExhaustiveResult, searchExhaustive } from './exhaustive.ts';

export interface ExplicitOptions extends Omit<ExhaustiveOptions, 'symmetry'> {
  /** `check`: search with and without symmetry, and throw a SpecError if what they say differs. `on` if not given. */
  readonly symmetry?: 'on' | 'off' | 'check';
}

/** Exhaustive search of packed states by decision tables. */
export const explicit: Engine<ExplicitOptions> = {
  run: async (task, { symmetry = 'on', ...options }) => {
    const result = await searchExhaustive(task, { ...options, symmetry: symmetry === 'off' ? 'off' : 'on' });
    return symmetry === 'check' ? comparedWithoutSymmetry(task, result, options) : result;
  },
};

/** The result of a search with symmetry, compared with that of a search without it. */
const comparedWithoutSymmetry = async (
  task: Task,
  reduced: ExhaustiveResult,
  { keepExplored: _, dead: __, ...options }: ExhaustiveOptions & RunOptions,
): Promise<ExhaustiveResult> => {
  const { symmetry } = reduced;
  if (!symmetry || reduced.bound?.kind === 'interrupted') return reduced;
  const full = await searchExhaustive(task, { ...options, symmetry: 'off' });
  if (full.bound?.kind === 'interrupted') return full;
  if (reduced.bound || full.bound) return { ...reduced, symmetry: { ...symmetry, compared: 'bound' } };
  const [withIt, without] = [comparableWords(reduced, symmetry.states), comparableWords(full, full.covered.states)];
  const at = withIt.findIndex((words, i) => words !== without[i]);
  if (at < 0) return { ...reduced, symmetry: { ...symmetry, compared: 'same' } };
  throw new SpecError(
    `${task.scope.model}@${task.scope.variant}: symmetry of ${symmetry.of.join(', ')}: with it ${withIt[at]}, without it ${without[at]}`,
  );
};
