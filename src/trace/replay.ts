import { LoopWatch } from '../engine/explored.ts';
import { decides } from '../engine/findings.ts';
import type { Evidence } from '../engine/result.ts';
import { isEnd, judge, type Obligation, perform, type Runnable, type Task } from '../engine/task.ts';
import { SpecError } from '../spec/errors.ts';
import { type Command, describeCommand } from '../spec/model.ts';
import type { Step } from '../spec/property.ts';
import { layoutOf } from '../system/layout.ts';
import { startOf, type Trace } from './trace.ts';

/** The task with the start state of a trace for its initial state. */
export const startingAt = <R extends Runnable>(task: R, trace: Trace): R => {
  const start = startOf(trace);
  if (start === undefined) return task;
  return { ...task, system: { ...task.system, initial: task.system.state.canonical(start) } };
};

/** Makes the calls from the initial state with the plain model. Throws a SpecError at the first call that cannot be made. */
export const replay = (task: Runnable, commands: readonly Command[]): Step[] => {
  const steps: Step[] = [];
  let before = task.system.initial;
  for (const [i, command] of commands.entries()) {
    const wrong = (what: string) => new SpecError(`command ${i + 1}, ${describeCommand(command)}: ${what}`);
    const misfit = task.system.command.misfit(command);
    if (misfit) throw wrong(`the model has no such call (${misfit.path}: ${misfit.reason})`);
    if (steps.at(-1)?.outcome.result === 'panic') throw wrong('nothing can follow a panic');
    const outcome = perform(task, before, command);
    if (outcome.result === 'disabled') throw wrong(`not possible here: ${outcome.reason}`);
    steps.push({ before, command, outcome });
    before = outcome.state;
  }
  return steps;
};

/** Where along the commands the property breaks first; undefined if it never does. */
export const firstBreak = (task: Task, obligation: Obligation, commands: readonly Command[]): Evidence | undefined =>
  firstBreakIn(task, obligation, replay(task, commands));

/** Where along steps that were replayed the property breaks first; undefined if it never does. */
export const firstBreakIn = (
  task: Task,
  { property, instances }: Obligation,
  steps: readonly Step[],
): Evidence | undefined => {
  if (property.on === 'path') return firstLoop(task, { property, instances }, steps);
  for (let length = 0; length <= steps.length; length++) {
    const step = steps[length - 1];
    if (property.on === 'call' ? !step : step?.outcome.result === 'panic') continue;
    const subject = property.on === 'call' ? step : (step?.outcome.state ?? task.system.initial);
    if (property.on === 'end' && !isEnd(task, subject)) continue;
    for (const instance of instances) {
      const judgement = judge(task, property, subject, instance);
      if (decides(property, judgement))
        return {
          commands: steps.slice(0, length).map(({ command }) => command),
          instance,
          detail: typeof judgement === 'string' ? judgement : '',
        };
    }
  }
  return undefined;
};

/** Where along the steps a loop is closed first that breaks a property that is judged of paths. */
const firstLoop = (task: Task, { property, instances }: Obligation, steps: readonly Step[]): Evidence | undefined => {
  const layout = layoutOf(task.system.state);
  const watches = instances.map((instance) => ({ instance, watch: new LoopWatch(task, { property, instance }) }));
  for (let length = 0; length <= steps.length; length++) {
    const step = steps[length - 1];
    if (step?.outcome.result === 'panic') return undefined;
    const state = step?.outcome.state ?? task.system.initial;
    for (const { instance, watch } of watches) {
      const loop = watch.arrive(state, layout.encode(state).join(), length, step?.command);
      if (loop === undefined) continue;
      return { commands: steps.slice(0, length).map(({ command }) => command), instance, detail: '', loop };
    }
  }
  return undefined;
};
