import { decides } from '../search/findings.ts';
import type { Trace } from '../search/result.ts';
import { judge, type Obligation, perform, type Task } from '../search/task.ts';
import { SpecError } from '../spec/errors.ts';
import { type Command, describeCommand } from '../spec/model.ts';
import type { Step } from '../spec/property.ts';

/** Runs commands from the initial state with the plain model. Throws a SpecError at one that cannot be given there. */
export const replay = (task: Task, commands: readonly Command[]): Step[] => {
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
export const firstBreak = (
  task: Task,
  { property, instances }: Obligation,
  commands: readonly Command[],
): Trace | undefined => {
  const steps = replay(task, commands);
  for (let length = 0; length <= steps.length; length++) {
    const step = steps[length - 1];
    if (property.on === 'call' ? !step : step?.outcome.result === 'panic') continue;
    const subject = property.on === 'call' ? step : (step?.outcome.state ?? task.system.initial);
    for (const instance of instances) {
      const judgement = judge(task, property, subject, instance);
      if (decides(property, judgement))
        return {
          commands: commands.slice(0, length),
          instance,
          detail: typeof judgement === 'string' ? judgement : '',
        };
    }
  }
  return undefined;
};
