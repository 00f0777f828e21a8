import { perform, type Task } from '../../src/engine/task.ts';

/** What one writes first: plain states, a Set of their JSON, a queue. No properties, no traces. */
export const searchNaively = (task: Task): { states: number; transitions: number } => {
  const seen = new Set([JSON.stringify(task.system.initial)]);
  const queue = [task.system.initial];
  let transitions = 0;
  for (const state of queue)
    for (const command of task.commands) {
      const outcome = perform(task, state, command);
      if (outcome.result === 'disabled') continue;
      transitions++;
      if (outcome.result === 'panic' || outcome.state === state) continue;
      const key = JSON.stringify(outcome.state);
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push(outcome.state);
    }
  return { states: queue.length, transitions };
};
