import type { Task } from '../engine/task.ts';
import type { Command } from '../spec/model.ts';
import { disabled, type Outcome } from '../spec/outcome.ts';
import type { Property } from '../spec/property.ts';
import { layoutOf } from '../system/layout.ts';
import type { Place } from './lane.ts';
import type { Printed } from './protocol.ts';
import { outcomeOf, type Subject, stateAfter } from './subject.ts';

/**
 * The task with the subject's calls for transitions: what runs single calls, as random search, replay and shrinking do, need not know
 * that they are no functions. Calls that the subject does not have are no commands. `onUnobserved` is told of each property that
 * cannot be judged.
 */
export const subjectTask = (task: Task, subject: Subject, onUnobserved: (property: Property) => void): Task => {
  const { states } = subject;
  /** The place that a state was reached at first. */
  const places = new Map<Printed, Place>([[subject.initial.answer.printed!, subject.initial]]);
  const own = new Map(subject.commands.map((command) => [JSON.stringify(command), command]));
  const [lane] = subject.lanes;

  const step = (state: unknown, command: Command): Outcome<unknown> => {
    const known = own.get(JSON.stringify(command));
    if (!known) return disabled(state, 'the subject has no such call');
    const before = states.find(state);
    const place = before && places.get(before);
    if (!place) throw lane!.failure('is asked for a call in a state that it has not been in');
    const answer = lane!.step(place, known);
    const after = stateAfter(answer, before);
    const outcome = outcomeOf(answer.head, after === before ? state : after.state);
    if (outcome.result === 'disabled' || outcome.result === 'panic') return outcome;
    if (after.misfit === undefined && !places.has(after)) places.set(after, { from: place, command: known, answer });
    if (after === before) lane!.arrive(place);
    else if (places.get(after)?.from === place && places.get(after)?.command === known)
      lane!.arrive(places.get(after)!);
    return outcome;
  };

  const initial = subject.initial.answer.printed!.state;
  layoutOf(task.system.state).encode(initial);
  const { likely } = task.system;
  return {
    ...task,
    system: {
      ...task.system,
      initial,
      step,
      ...(likely && { likely: likely.filter((command) => own.has(JSON.stringify(command))) }),
    },
    isOpaque: true,
    commands: subject.commands,
    obligations: task.obligations.map(({ property, instances }) => ({
      property: states.masked(property, onUnobserved),
      instances,
    })),
  };
};
