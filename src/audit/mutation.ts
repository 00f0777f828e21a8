import type { Monitor } from '../engine/engine.ts';
import { explore } from '../engine/explicit/exhaustive.ts';
import type { Exploration } from '../engine/exploration.ts';
import type { MemoryGuard } from '../engine/memory.ts';
import type { Bound } from '../engine/result.ts';
import { type Task, taskOf } from '../engine/task.ts';
import type { Errno } from '../spec/errno.ts';
import { SpecError } from '../spec/errors.ts';
import { type Command, describeCommand } from '../spec/model.ts';
import type { Outcome } from '../spec/outcome.ts';
import type { Property } from '../spec/property.ts';
import type { Suite } from '../spec/suite.ts';
import { type Choices, type Scope, scopeOf } from '../system/scope.ts';
import type { TransitionTable } from '../table/transition-table.ts';
import type { Fate } from './fate.ts';
import { sampled } from './mutant-sample.ts';
import { MutantSearch } from './mutant-search.ts';
import { errnoMutants, type Fault, type Mutant, mutantsOf } from './mutants.ts';
import type { Value } from './result.ts';

export type { Fate } from './fate.ts';

/** A mutant as one reads it: the calls that it changes, and how. */
export interface MutantCase {
  readonly command: Command;
  /** What the row reads, in that order. */
  readonly where: readonly { readonly path: string; readonly value: Value }[];
  readonly outcome: Outcome<unknown>;
  readonly fault: Fault;
  /** Of a dropped refusal with the effect of another row: what that row reads. */
  readonly like: MutantCase['where'] | undefined;
  /** The commands to a state in which the fault shows first, and the faulty call; undefined unless it survived. */
  readonly trace: readonly Command[] | undefined;
}

export interface Judgment {
  readonly mutant: MutantCase;
  readonly fate: Fate;
}

export interface MutationAudit {
  readonly scope: Scope;
  readonly states: number;
  readonly rows: number;
  /** Rows without mutants: of calls that are disabled or panic. */
  readonly rowsLeftOut: number;
  /** Mutants there are; `judged` may be a sample of them. */
  readonly mutants: number;
  readonly seed: number | undefined;
  readonly judged: readonly Judgment[];
  /** Properties that hold, in whose name mutants are caught. */
  readonly properties: readonly Property[];
  /** Properties that are violated without any fault, and can catch none. */
  readonly violated: readonly Property[];
  readonly interrupted: boolean;
}

interface MutationOptions {
  /** At most so many mutants are judged, drawn with `seed`. */
  readonly sample: number;
  readonly seed: number;
  readonly maxStates?: number;
  readonly maxBytes?: number;
  readonly memoryGuard?: MemoryGuard;
  readonly monitor?: Monitor;
  /** Called before each mutant; false: no more. */
  readonly tell?: (done: number, all: number) => Promise<boolean>;
}

/**
 * Puts one row of the decision tables wrong at a time and searches again, on the tables: functions of the model run only where a
 * mutant leads to states that the model itself does not reach. Throws a SpecError if the model cannot be searched completely first.
 */
export const mutationAudit = async (
  suite: Suite,
  choices: Choices,
  options: MutationOptions,
): Promise<MutationAudit> => {
  const scope = scopeOf(suite.model, choices);
  const task = taskOf(suite.model, scope, suite.properties);
  const { explored: ground, ...result } = await explore(task, {
    ...options,
    symmetry: 'off',
    workers: 1, // with more, rows would be numbered in an order of chance
  });
  if (result.bound && result.bound.kind !== 'interrupted') throw unsearched(scope, result.bound);
  const proved = result.judged.flatMap(({ property, verdict }) => (verdict.kind === 'proved' ? property : []));
  const holding = task.obligations.filter(({ property }) => proved.includes(property));

  const rows = ground.transitions.size;
  const first = firstTakers(task, ground);
  const mutants = result.bound ? [] : allMutants(task, ground, first);
  const chosen = sampled(task, ground.transitions, mutants, options.sample, options.seed);
  const search = new MutantSearch(task, ground, holding, first);
  const judged: Judgment[] = [];
  let interrupted = result.bound !== undefined;
  for (const mutant of chosen) {
    if (options.tell && !(await options.tell(judged.length, chosen.length))) {
      interrupted = true;
      break;
    }
    const { fate, trace } = search.judge(mutant);
    judged.push({ mutant: caseOf(task, ground.transitions, mutant, trace), fate });
  }
  const withMutants = new Set(mutants.flatMap((mutant) => [mutant, ...mutant.also].map(({ row }) => row)));
  return {
    scope,
    states: ground.states.count,
    rows,
    rowsLeftOut: rows - withMutants.size,
    mutants: mutants.length,
    seed: chosen.length < mutants.length ? options.seed : undefined,
    judged,
    properties: proved,
    violated: result.judged.flatMap(({ property, verdict }) => (verdict.kind === 'violated' ? property : [])),
    interrupted,
  };
};

const unsearched = ({ model, variant }: Scope, bound: Exclude<Bound, { readonly kind: 'interrupted' }>) =>
  new SpecError(
    bound.kind === 'domain'
      ? `${model}@${variant} has no mutants: ${describeCommand(bound.command)} leaves the state's domain at ${bound.misfit}`
      : `${model}@${variant} has more ${bound.kind === 'states' ? `than ${bound.limit} states` : 'states than there is memory for'}; mutants need all of them`,
  );

/** By row: the first state that takes it. */
const firstTakers = ({ commands }: Task, { states, transitions, layout }: Exploration): Int32Array => {
  const first = new Int32Array(transitions.size).fill(-1);
  for (let state = 0; state < states.count; state++)
    for (let command = 0; command < commands.length; command++) {
      const row = transitions.find(command, states.words, state * layout.words);
      if (first[row] === -1) first[row] = state;
    }
  return first;
};

const allMutants = ({ commands }: Task, { states, transitions, layout }: Exploration, first: Int32Array): Mutant[] => {
  const rowsOf: number[][] = commands.map(() => []);
  const errnos = new Set<Errno>();
  for (const row of first.keys()) {
    if (first[row] === -1) continue;
    const { command, outcome } = transitions.row(row);
    rowsOf[command]!.push(row);
    if (outcome.result === 'refused') errnos.add(outcome.errno);
  }
  const ofRows = rowsOf.flatMap((rows) =>
    rows.flatMap((row) => mutantsOf(transitions, layout, row, states.at(first[row]!).slice(), rows)),
  );
  const kinds = [...new Set(commands.map(({ kind }) => kind))];
  return [
    ...ofRows,
    ...kinds.flatMap((kind) => {
      const rows = rowsOf.flatMap((of, command) => (commands[command]!.kind === kind ? of : []));
      return errnoMutants(transitions, rows, [...errnos].sort());
    }),
  ];
};

const caseOf = (
  task: Task,
  transitions: TransitionTable,
  { row, fault }: Mutant,
  trace: readonly Command[] | undefined,
): MutantCase => {
  const whereOf = (number: number) =>
    transitions.row(number).reads.map(({ slot, index }) => ({ path: slot.path, value: slot.valueAt(index) }));
  const { command, outcome } = transitions.row(row);
  return {
    command: task.commands[command]!,
    where: whereOf(row),
    outcome: { ...outcome, state: undefined },
    fault,
    like: fault.kind === 'refusal dropped' && fault.like !== undefined ? whereOf(fault.like) : undefined,
    trace,
  };
};
