import { SpecError } from '../../spec/errors.ts';
import { type Command, describeCommand } from '../../spec/model.ts';
import { describeOutcome, type Outcome } from '../../spec/outcome.ts';
import type { Step } from '../../spec/property.ts';
import { sharingParts } from '../../spec/update.ts';
import { layoutOf } from '../../system/layout.ts';
import type { Engine, RunOptions } from '../engine.ts';
import { type Explored, firstDeadEnd, judgeExplored, noSuccessor } from '../explored.ts';
import { Findings } from '../findings.ts';
import { checkIdentity } from '../identity.ts';
import type { Bound, CoveredStates, Result } from '../result.ts';
import { Tally } from '../tally.ts';
import { causes, judge, LeftDomain, perform, type Task } from '../task.ts';

export interface ReferenceOptions {
  /** Stop, as incomplete, before more than this many distinct states. */
  readonly maxStates?: number;
}

/** A reference search covers states. It keeps no `explored`. */
type ReferenceResult = Result & { readonly covered: CoveredStates };

const callsBetweenLooks = 2048;

export const reference: Engine<ReferenceOptions> = { run: (task, options) => searchReference(task, options) };

/**
 * Breadth-first search over plain states: what "proved" and "violated" mean, and what every faster engine is held against.
 *
 * States are visited in the order in which they were found, commands tried in the order of their domain. So the trace kept for
 * a property is a shortest one and, among the shortest, the first when traces are compared command by command in that order.
 * The search goes on behind a violation and does not go on behind a panic.
 */
export const searchReference = async (
  task: Task,
  options: ReferenceOptions & RunOptions = {},
): Promise<ReferenceResult> => {
  const { maxStates = Number.POSITIVE_INFINITY, memoryGuard, monitor = async () => true } = options;
  const { system, commands } = task;
  const layout = layoutOf(system.state);
  const tally = new Tally(commands);
  const findings = new Findings(task);

  // states[i] was first reached from states[parents[i]] by arrivals[i], `depths[i]` commands from the initial state.
  const states: unknown[] = [];
  const parents: number[] = [];
  const arrivals: Command[] = [];
  const depths: number[] = [];
  const numbers = new Map<string, number>();

  const traceTo = (index: number): Command[] => {
    const commands: Command[] = [];
    for (let at = index; at > 0; at = parents[at]!) commands.push(arrivals[at]!);
    return commands.reverse();
  };

  const visit = (state: unknown, key: string, parent: number, arrival: Command | undefined) => {
    const index = states.push(state) - 1;
    numbers.set(key, index);
    parents.push(parent);
    depths.push(parent < 0 ? 0 : depths[parent]! + 1);
    if (arrival) arrivals[index] = arrival;
    findings.ofState(state, () => traceTo(index));
  };

  let bound: Bound | undefined;
  /** The states of which every call was made are those before this one. */
  let expanded = 0;
  visit(system.initial, layout.encode(system.initial).join(), -1, undefined);

  search: for (let from = 0; from < states.length; expanded = ++from) {
    const before = states[from];
    for (const command of commands) {
      const outcome = perform(task, before, command);
      if (outcome.result === 'disabled') {
        tally.add(command, outcome);
        continue;
      }
      findings.ofStep({ before, command, outcome }, () => [...traceTo(from), command]);
      const key = outcome.state === before ? undefined : keyBehind(outcome.state, command);
      if (bound) break search;
      tally.add(command, outcome);
      const isFirst = tally.isFirst(command, outcome);
      // A refusal gives back the state that it was given; what succeeds may have compared parts of what it made.
      if (isFirst || outcome.result !== 'refused') checkRepeats(before, command, outcome, key);
      if (isFirst) checkComparisons({ before, command, outcome });
      if (outcome.result !== 'panic' && key !== undefined) {
        if (!numbers.has(key)) {
          checkComparisons({ before, command, outcome });
          if (states.length >= maxStates) {
            bound = { kind: 'states', limit: maxStates };
            break search;
          }
          visit(outcome.state, key, from, command);
        }
      }
      if (tally.transitions % callsBetweenLooks === 0) {
        bound = memoryGuard?.() ?? ((await monitor(covered())) ? undefined : { kind: 'interrupted' });
        if (bound) break search;
      }
    }
  }

  const graph = explored();
  judgeExplored(task, graph, findings);
  const deadEnd = firstDeadEnd(task, graph);
  return {
    judged: findings.verdicts(bound),
    covered: covered(),
    coverage: tally.coverage,
    ...(deadEnd && { deadEnd }),
    ...(bound && { bound }),
  };

  function covered() {
    return { states: states.length, transitions: tally.transitions, depth: depths.at(-1)! };
  }

  function explored(): Explored {
    return {
      states: states.length,
      plain: (state) => states[state],
      successor: (state, command) => {
        if (state >= expanded) return noSuccessor.unexplored;
        const outcome = perform(task, states[state], commands[command]!);
        if (outcome.result === 'disabled' || outcome.result === 'panic') return noSuccessor[outcome.result];
        return numbers.get(keyOf(outcome.state, commands[command]!)) ?? noSuccessor.unexplored;
      },
      waits: (judgeable) => (state) => judge(task, judgeable.property, states[state], judgeable.instance) === true,
      traceTo,
    };
  }

  /** Behind a violation the state may be outside its domain: then there is no key, and the search ends. */
  function keyBehind(state: unknown, command: Command): string | undefined {
    try {
      return keyOf(state, command);
    } catch (error) {
      if (!(error instanceof LeftDomain) || !findings.hasViolation) throw error;
      bound = error.bound;
      return undefined;
    }
  }

  function keyOf(state: unknown, command: Command): string {
    try {
      return layout.encode(state).join();
    } catch (error) {
      throw error instanceof SpecError ? new LeftDomain(task, command, state) : error;
    }
  }

  /** Tried where a call finds a new state, or has a result for the first time. */
  function checkComparisons(step: Step) {
    for (const { property, instances } of task.obligations)
      if (property.on === 'call') for (const instance of instances) checkIdentity(task, property, instance, step);
  }

  /**
   * A transition that depends on a clock, a random number or captured mutable state seldom does the same thing twice.
   */
  function checkRepeats(before: unknown, command: Command, outcome: Outcome<unknown>, key: string | undefined) {
    const isSame = (again: Outcome<unknown>) =>
      describeOutcome(again) === describeOutcome(outcome) &&
      (again.state === before ? undefined : keyOf(again.state, command)) === key;
    if (isSameSharing()) return;
    const call = `${task.scope.model}@${task.scope.variant}: ${describeCommand(command)}`;
    throw new SpecError(
      isSame(perform(task, before, command))
        ? `${call} compares states by identity: an update that changes nothing makes a difference; compare fields instead`
        : `${call} is impure: run twice in one state it did two things (${causes})`,
    );

    /** With updates whose results share parts, which makes a difference only to who compares parts with ===. */
    function isSameSharing() {
      try {
        return isSame(sharingParts(() => perform(task, before, command)));
      } catch {
        return false;
      }
    }
  }
};
