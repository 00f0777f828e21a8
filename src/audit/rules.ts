import type { Exploration } from '../engine/exploration.ts';
import type { Task } from '../engine/task.ts';
import { leads } from '../table/transition-table.ts';
import type { CancellationPoint } from './cancellation.ts';
import { casesOf } from './case-tree.ts';
import { type Call, foldLikeCalls } from './like-calls.ts';
import { Reducer, rowsOf, rowTaken } from './reduce.ts';
import type { RuleTable } from './result.ts';
import { outlined } from './table-outline.ts';

/** Runs of calls in states that are not reachable, some seconds. Every command gets its share, and what others have left of theirs. */
const mostTrials = 10_000;

/** By row of the transition tables: the first state that takes it, and in how many calls it is reached. */
export interface FirstTaken {
  readonly state: number;
  readonly depth: number;
}

/** The reduced decision tables of the commands whose kind is one of `kinds`, calls folded that differ only in names; long ones in outline, or in full. */
export const ruleTables = async (
  task: Task,
  { layout, states, transitions }: Exploration,
  firstTaken: readonly (FirstTaken | undefined)[],
  kinds: readonly string[],
  inFull: boolean,
  cancellation: CancellationPoint,
  most = mostTrials,
): Promise<RuleTable[]> => {
  let left = most;
  const rowsOfCommand: number[][] = task.commands.map(() => []);
  for (const row of firstTaken.keys()) if (firstTaken[row]) rowsOfCommand[transitions.row(row).command]!.push(row);

  const callOf = async (number: number, trials: number): Promise<Call> => {
    const taken = rowsOfCommand[number]!.map((row) => {
      const { state, depth } = firstTaken[row]!;
      return { words: states.at(state).slice(), calls: depth + Number(transitions.leads(row) !== leads.disabled) };
    });
    // A bound may leave a command without a call; the initial state is as good as any to begin with.
    const from = taken.length > 0 ? taken.map(({ words }) => words) : [states.at(0).slice()];
    const { cases, runs } = await casesOf(task, layout, number, from, trials, cancellation);
    left -= runs;
    const rows = rowsOf(new Reducer().reduce(cases));
    const witnesses: (number | undefined)[] = rows.map(() => undefined);
    for (const { words, calls } of taken) {
      if (cancellation.isDue) await cancellation.check();
      const row = rowTaken(rows, words);
      witnesses[row] = Math.min(witnesses[row] ?? calls, calls);
    }
    const witnessed = rows.map((row, i) => ({ ...row, witness: witnesses[i] }));
    return { command: task.commands[number]!, rows: inFull ? witnessed : outlined(witnessed) };
  };

  const tables: RuleTable[] = [];
  for (const [i, kind] of kinds.entries()) {
    const numbers = [...task.commands.keys()].filter((number) => task.commands[number]!.kind === kind);
    const share = Math.floor(left / (kinds.length - i) / numbers.length);
    const calls: Call[] = [];
    for (const number of numbers) calls.push(await callOf(number, share));
    tables.push(...foldLikeCalls(calls));
  }
  return tables;
};
