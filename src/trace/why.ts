import { TransitionLearner } from '../engine/learner.ts';
import { coverageKey } from '../engine/tally.ts';
import { perform, type Task } from '../engine/task.ts';
import { SpecError } from '../spec/errors.ts';
import type { Command } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import { indexIn, type Layout, layoutOf, type Slot } from '../system/layout.ts';
import { collectRegions, neighbours, type Regions } from '../table/neighbours.ts';
import { leads } from '../table/transition-table.ts';
import { watchTransition } from '../table/watch.ts';

type Value = boolean | number | string;

/** Why a call did not succeed, and what would have to happen first. */
export interface Why {
  /**
   * The value that decided: the last value that the call read without which it succeeds, the rest of the state being as it was. If no
   * value is like that, the last value without which it has another result. Undefined if no single value decides.
   */
  readonly decided?: {
    readonly path: string;
    readonly value: Value;
    /** The values that lead on, with what they lead to. Such a state need not be reachable. */
    readonly others: readonly { readonly value: Value; readonly result: string }[];
  };
  /** What the same call needs to succeed, found breadth-first from the state in which it did not. */
  readonly nearest?:
    | { readonly kind: 'after'; readonly commands: readonly Command[] }
    /** In no state that can be reached from there. */
    | { readonly kind: 'never'; readonly states: number }
    /** In none of so many states, the nearest ones. */
    | { readonly kind: 'not near'; readonly states: number };
}

/** So many states are looked at for one in which the call succeeds, unless less is asked for. */
const mostStates = 20_000;

/** A slot with more values than this is not tried out. */
const widestTrial = 64;

/** Says for each step why it was refused or panicked; undefined for a step that succeeded. */
export const explain = (task: Task, steps: readonly Step[]): (Why | undefined)[] => explainer(task, mostStates)(steps);

/** Explains several traces of one system, which share what is learned. `most`: how many states are looked at for each call. */
export const explainer = (task: Task, most: number): ((steps: readonly Step[]) => (Why | undefined)[]) => {
  const layout = layoutOf(task.system.state);
  const learner = new TransitionLearner(task, layout);
  return (steps) =>
    steps.map((step) => {
      if (step.outcome.result === 'ok') return undefined;
      const decided = decidedBy(task, layout, step);
      const nearest = nearestSuccess(task, layout, learner, step, most);
      return { ...(decided && { decided }), ...(nearest && { nearest }) };
    });
};

/** Watches the call once more, and tries every other value of what it read. */
const decidedBy = (task: Task, layout: Layout<unknown>, { before, command, outcome }: Step): Why['decided'] => {
  const words = layout.encode(before);
  const reads = [...watchTransition(task.system, layout, words, command).reads];
  const regions: Regions = new Map();
  collectRegions(layout.place, regions);
  const candidates = reads.reverse().flatMap((slot) => {
    const others = otherResults(task, layout, words, slot, regions, command).filter(
      ({ key }) => key !== coverageKey(outcome),
    );
    return others.length === 0 ? [] : [{ slot, others }];
  });
  const found = candidates.find(({ others }) => others.some(({ key }) => key === 'ok')) ?? candidates[0];
  return (
    found && {
      path: found.slot.path,
      value: found.slot.valueAt(indexIn(found.slot, words, 0)),
      others: found.others.map(({ value, result }) => ({ value, result })),
    }
  );
};

/** What the call does with each other value of the slot. Values are left out with which the model fails. */
const otherResults = (
  task: Task,
  layout: Layout<unknown>,
  words: Uint32Array,
  slot: Slot,
  regions: Regions,
  command: Command,
) => {
  if (slot.size > widestTrial) return [];
  return [...neighbours(words, slot, regions)].flatMap((other) => {
    try {
      const outcome = perform(task, layout.decode(other), command);
      if (outcome.result === 'disabled' || !task.system.state.contains(outcome.state)) return [];
      const value = slot.valueAt(indexIn(slot, other, 0));
      return [{ value, result: describeOutcome(outcome), key: coverageKey(outcome) }];
    } catch {
      return [];
    }
  });
};

const nearestSuccess = (
  task: Task,
  layout: Layout<unknown>,
  learner: TransitionLearner,
  { before, command }: Step,
  most: number,
): Why['nearest'] => {
  const wanted = task.commands.findIndex((one) => JSON.stringify(one) === JSON.stringify(command));
  const start = layout.encode(before);
  const arrivals = new Map<string, { readonly from: string; readonly command: number } | undefined>();
  arrivals.set(start.join(), undefined);
  const commandsTo = (key: string): Command[] => {
    const commands: Command[] = [];
    for (let at = arrivals.get(key); at; at = arrivals.get(at.from)) commands.push(task.commands[at.command]!);
    return commands.reverse();
  };
  const queue = [start];
  try {
    for (const words of queue) {
      const key = words.join();
      if (learner.table.row(learner.take(wanted, words, 0)).outcome.result === 'ok')
        return { kind: 'after', commands: commandsTo(key) };
      if (queue.length >= most) continue;
      for (const number of task.commands.keys()) {
        const row = learner.take(number, words, 0);
        if (learner.table.leads(row) !== leads.on) continue;
        const next = new Uint32Array(layout.words);
        if (!learner.table.apply(row, words, 0, next) || arrivals.has(next.join())) continue;
        arrivals.set(next.join(), { from: key, command: number });
        queue.push(next);
      }
    }
  } catch (error) {
    // A model that is broken somewhere near can still be replayed.
    if (error instanceof SpecError) return undefined;
    throw error;
  }
  return { kind: queue.length >= most ? 'not near' : 'never', states: queue.length };
};
