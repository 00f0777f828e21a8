import type { Evidence } from '../engine/result.ts';
import type { Obligation, Task } from '../engine/task.ts';
import { SpecError } from '../spec/errors.ts';
import { type Command, describeCommand } from '../spec/model.ts';
import { firstBreak } from './replay.ts';

/**
 * Brings a trace into a normal form that does not depend on how it was found. A trace is better than another if both break the
 * property and it is shorter, or if they are equally long and it comes first when they are compared command by command, in the order
 * of the command domain. A trace is in the normal form if none of these changes makes it better:
 *
 * - to drop one or two commands, or to drop a command and replace another;
 * - to replace a command by an earlier command of the domain, so that no argument can be made smaller;
 * - to exchange two commands, or to move a command to an earlier place;
 * - to rename pages, that is, to swap two values of an argument in all commands.
 *
 * Every change that is accepted makes the trace better, and there are finitely many better traces; so this ends.
 */
export const minimise = (task: Task, obligation: Obligation, found: Evidence): Evidence => {
  const numbers = new Map(task.commands.map((command, i) => [describeCommand(command), i]));
  const number = (command: Command) => numbers.get(describeCommand(command))!;
  const smaller = (a: readonly Command[], b: readonly Command[]) => {
    if (a.length !== b.length) return a.length < b.length;
    const i = a.findIndex((command, at) => number(command) !== number(b[at]!));
    return i >= 0 && number(a[i]!) < number(b[i]!);
  };

  let best = found;
  for (let improved = true; improved; ) {
    improved = false;
    for (const candidate of candidates(task, best.commands, number)) {
      if (!smaller(candidate, best.commands)) continue;
      const broken = breaks(task, obligation, candidate);
      if (!broken) continue;
      best = broken;
      improved = true;
      break;
    }
  }
  return best;
};

/** A candidate that the model cannot follow, because a command is disabled there, breaks nothing. */
const breaks = (task: Task, obligation: Obligation, commands: readonly Command[]): Evidence | undefined => {
  try {
    return firstBreak(task, obligation, commands);
  } catch (error) {
    if (error instanceof SpecError) return undefined;
    throw error;
  }
};

/** Cheap changes first: the search for a better trace starts over after each success. */
function* candidates(
  task: Task,
  commands: readonly Command[],
  number: (command: Command) => number,
): Generator<readonly Command[]> {
  for (const i of commands.keys()) yield commands.toSpliced(i, 1);
  for (const [i, j] of pairs(commands.length)) yield commands.toSpliced(j, 1).toSpliced(i, 1);
  yield* renamings(task, commands);
  for (const [i, command] of commands.entries())
    for (const earlier of task.commands.slice(0, number(command))) yield commands.with(i, earlier);
  yield* exchanges(commands);
  for (const renamed of renamings(task, commands)) yield* exchanges(renamed);
  for (const dropped of commands.keys()) {
    const rest = commands.toSpliced(dropped, 1);
    for (const i of rest.keys()) for (const other of task.commands) yield rest.with(i, other);
  }
}

/** The sequences in which two commands are exchanged, or a command is moved to an earlier place. */
function* exchanges(commands: readonly Command[]): Generator<readonly Command[]> {
  for (const [i, j] of pairs(commands.length)) {
    yield commands.with(i, commands[j]!).with(j, commands[i]!);
    yield commands.toSpliced(j, 1).toSpliced(i, 0, commands[j]!);
  }
}

/** The commands with two values of an argument swapped wherever it occurs: pages renamed. */
function* renamings(task: Task, commands: readonly Command[]): Generator<readonly Command[]> {
  for (const [name, values] of argumentValues(task))
    for (const [i, j] of pairs(values.length)) {
      const [low, high] = [values[i], values[j]];
      const renamed = commands.map((command) => {
        const value: unknown = Reflect.get(command, name);
        return value === low ? { ...command, [name]: high } : value === high ? { ...command, [name]: low } : command;
      });
      if (renamed.every((command) => task.system.command.contains(command))) yield renamed;
    }
}

/** Each argument name with every number it takes, over all commands. */
const argumentValues = (task: Task): Map<string, number[]> => {
  const values = new Map<string, Set<number>>();
  for (const command of task.commands)
    for (const [name, value] of Object.entries(command))
      if (typeof value === 'number') values.set(name, (values.get(name) ?? new Set()).add(value));
  return new Map([...values].map(([name, set]) => [name, [...set].sort((a, b) => a - b)]));
};

function* pairs(length: number): Generator<[number, number]> {
  for (let i = 0; i < length; i++) for (let j = i + 1; j < length; j++) yield [i, j];
}
