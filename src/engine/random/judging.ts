import type { Command } from '../../spec/model.ts';
import type { Property } from '../../spec/property.ts';
import { decides, type Findings } from '../findings.ts';
import { judge, type Task } from '../task.ts';
import { Broken } from './walk.ts';

/**
 * Judges a state or a call plainly by every property that is open. An instance of a witness that is reached is settled. Throws `Broken`
 * for a property that is broken, and leaves it open: how its trace is shown is not known yet. `commands`: the calls that led to this.
 */
export const judgeOpen = (
  task: Task,
  findings: Findings,
  on: Property['on'],
  subject: unknown,
  commands: () => readonly Command[],
): void => {
  for (const judgeable of findings.open(on)) {
    const { property, instance } = judgeable;
    const judgement = judge(task, property, subject, instance);
    if (!decides(property, judgement)) continue;
    if (!property.witness)
      throw new Broken(property, {
        commands: commands(),
        instance,
        detail: typeof judgement === 'string' ? judgement : '',
      });
    judgeable.settled = true;
  }
};
