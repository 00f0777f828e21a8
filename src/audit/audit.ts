import { type Inspected, searchExhaustive } from '../search/exhaustive.ts';
import type { Pulse } from '../search/result.ts';
import { taskOf } from '../search/task.ts';
import { SpecError } from '../spec/errors.ts';
import { type Choices, guarded, type Model, scopeOf } from '../spec/model.ts';
import { lifeCycleOf } from './life-cycle.ts';
import type { AuditResult } from './result.ts';
import { type FirstTaken, ruleTables } from './rules.ts';

export interface AuditOptions {
  /** Rule tables of these commands only; of all, if it is not given; of none, if it is empty. */
  readonly commands?: readonly string[];
  /** Whether a long table has a row for each case, or one where all reachable cases have one result. */
  readonly inFull?: boolean;
  readonly maxStates?: number;
  readonly maxBytes?: number;
  readonly workers?: number;
  readonly pulse?: Pulse;
}

/** Explores the model in full, and reads the rules and the life cycle of its pages off the tables and the graph. */
export const audit = async (model: Model, choices: Choices, options: AuditOptions = {}): Promise<AuditResult> => {
  const scope = scopeOf(model, choices);
  const task = taskOf(model, scope, []);
  const { commands: only, inFull = false, ...search } = options;
  let inspected: Inspected | undefined;
  const { covered, bound } = await searchExhaustive(task, {
    ...search,
    symmetry: false, // every state is to be seen, not one for all that are alike
    inspect: (one) => {
      inspected = one;
    },
  });
  if (!inspected) throw new SpecError(`${scope.model}@${scope.variant}: nothing was explored`);
  const depths = depthsOf(inspected);
  const kinds = [...new Set(task.commands.map(({ kind }) => kind))];
  return {
    scope,
    title: model.title,
    legend: guarded(`${model.id}: legend()`, () => model.legend?.(scope.config)),
    states: covered.states,
    depth: covered.depth,
    bound,
    tables: ruleTables(
      task,
      inspected,
      firstTakenIn(inspected, depths, task.commands.length),
      kinds.filter((kind) => only?.includes(kind) ?? true),
      inFull,
    ),
    life: lifeCycleOf(model, task, inspected, depths),
  };
};

/** By state: calls in a shortest trace to it. A state is found from one that was found before. */
const depthsOf = ({ states }: Inspected): Uint32Array => {
  const depths = new Uint32Array(states.count);
  for (let state = 1; state < states.count; state++) depths[state] = depths[states.parents[state]!]! + 1;
  return depths;
};

const firstTakenIn = (
  { states, layout, expanded, transitions }: Inspected,
  depths: Uint32Array,
  commands: number,
): (FirstTaken | undefined)[] => {
  const first: (FirstTaken | undefined)[] = Array.from({ length: transitions.size });
  for (let state = 0; state < expanded; state++)
    for (let command = 0; command < commands; command++) {
      const row = transitions.find(command, states.words, state * layout.words);
      if (row >= 0) first[row] ??= { state, depth: depths[state]! };
    }
  return first;
};
