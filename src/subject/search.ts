import type { Monitor } from '../engine/engine.ts';
import { type Explored, firstDeadEnd, judgeExplored, noSuccessor } from '../engine/explored.ts';
import { Findings } from '../engine/findings.ts';
import type { MemoryGuard } from '../engine/memory.ts';
import type { Bound, Result } from '../engine/result.ts';
import { Tally } from '../engine/tally.ts';
import { judge, type Task } from '../engine/task.ts';
import { SpecError } from '../spec/errors.ts';
import type { Command } from '../spec/model.ts';
import type { Step } from '../spec/property.ts';
import { SubjectJudgements } from './judgements.ts';
import type { Place } from './lane.ts';
import type { Answer, Printed } from './protocol.ts';
import { outcomeOf, type Subject, stateAfter } from './subject.ts';

interface SubjectSearchOptions {
  /** Stop, as incomplete, before more than this many distinct states. */
  readonly maxStates?: number;
  /** Stop, as incomplete, when this says so. */
  readonly memoryGuard?: MemoryGuard;
  readonly monitor?: Monitor;
}

/** What a search of a subject has seen; a subject that fails ends it early. */
export interface SubjectSearchResult extends Result {
  readonly covered: { readonly states: number; readonly transitions: number; readonly depth: number };
  readonly failure?: unknown;
  /** Whether the search was interrupted while the subject was silent: nothing more can be asked of it. */
  readonly abandoned: boolean;
  readonly places: readonly Place[];
  /** What the calls of a trace did, by its list of commands; of a trace that ends with a loop nothing. */
  readonly steps: ReadonlyMap<readonly Command[], readonly Step[]>;
}

const callsBetweenPulses = 4096;

/** Expansions that are asked for of each process ahead of the one that is judged. */
const expansionsAhead = 3;

/**
 * Breadth-first search over the states that a subject prints, as the reference search is over those of a model: the same order, so
 * the same traces and counts. The subject computes the next states while what it has answered is judged. A state outside its domain
 * is judged, as far as properties can, and not expanded.
 */
export const searchSubject = async (
  task: Task,
  subject: Subject,
  options: SubjectSearchOptions = {},
): Promise<SubjectSearchResult> => {
  const { maxStates = Number.POSITIVE_INFINITY, memoryGuard, monitor = async () => true } = options;
  const { commands } = task;
  const tally = new Tally(commands);
  const findings = new Findings(task);

  // places[i] is how states[i] was reached first; `depths[i]` calls from the initial state.
  const places: Place[] = [];
  const states: Printed[] = [];
  const depths: number[] = [];
  const numbers = new Map<Printed, number>();
  const parents: number[] = [];
  /** successors[i][command]: the number of a state, or one of `noSuccessor`; of the states that were expanded. */
  const successors: Int32Array[] = [];
  const judgements = new SubjectJudgements(task, subject.states, findings);
  let transitions = 0;

  let bound: Bound | undefined;
  let failure: unknown;
  let abandoned = false;
  let asked = 0;
  /** answers[i]: of the state i, until it is judged. */
  const answers = new Map<number, Answer[]>();

  const traceTo = (index: number): Command[] => {
    const trace: Command[] = [];
    for (let at = index; at > 0; at = parents[at]!) trace.push(places[at]!.command!);
    return trace.reverse();
  };
  /** The calls to a state and what they did, and then one more. */
  const stepsTo = (index: number, last?: Step): Step[] => {
    const made = last ? [last] : [];
    for (let at = index; at > 0; at = parents[at]!) {
      const { command, answer } = places[at]!;
      made.push({
        before: states[parents[at]!]!.state,
        command: command!,
        outcome: outcomeOf(answer.head, states[at]!.state),
      });
    }
    return made.reverse();
  };
  const steps = new Map<readonly Command[], readonly Step[]>();
  const recorded = (index: number, last?: Step) => () => {
    const commands = last ? [...traceTo(index), last.command] : traceTo(index);
    steps.set(commands, stepsTo(index, last));
    return commands;
  };
  const covered = () => ({ states: states.length, transitions, depth: depths.at(-1)! });

  const visit = (printed: Printed, place: Place, parent: number) => {
    const index = states.push(printed) - 1;
    numbers.set(printed, index);
    places.push(place);
    parents.push(parent);
    depths.push(parent < 0 ? 0 : depths[parent]! + 1);
    findings.ofState(printed.state, recorded(index));
  };

  visit(subject.initial.answer.printed!, subject.initial, -1);
  const ahead = expansionsAhead * subject.lanes.length;
  let sincePulse = 0;
  for (let from = 0; from < states.length; from++) {
    try {
      for (; asked < states.length && asked < from + ahead; asked++) ask(asked);
      const lane = subject.lanes[from % subject.lanes.length]!;
      for (const one of subject.lanes) one.flush();
      const goesOn = () => monitor({ ...covered(), frontier: states.length - from });
      if (!(await lane.drainWhile(goesOn, () => answers.get(from)!.length === commands.length))) {
        abandoned = true;
        bound = { kind: 'interrupted' };
      }
    } catch (error) {
      // What the subject has answered before is worth more than the search.
      failure = error;
      bound = { kind: 'failure' };
    }
    const given = answers.get(from) ?? [];
    judgeAll(from, given);
    answers.delete(from);
    if (bound) break;
    sincePulse += commands.length;
    if (sincePulse < callsBetweenPulses) continue;
    sincePulse = 0;
    bound =
      memoryGuard?.() ??
      ((await monitor({ ...covered(), frontier: states.length - from })) ? undefined : { kind: 'interrupted' });
    if (bound) break;
  }

  for (const { command, outcome, calls } of judgements.classes) tally.add(command, outcome, calls);
  const graph = explored();
  judgeExplored(task, graph, findings);
  const deadEnd = firstDeadEnd(task, graph);
  return {
    judged: findings.verdicts(bound),
    covered: covered(),
    coverage: tally.coverage,
    ...(deadEnd && { deadEnd }),
    ...(bound && { bound }),
    ...(failure !== undefined && { failure }),
    abandoned,
    places,
    steps,
  };

  function ask(index: number): void {
    const given: Answer[] = [];
    answers.set(index, given);
    subject.lanes[index % subject.lanes.length]!.expand(places[index]!, commands, (answer) => given.push(answer));
  }

  function judgeAll(from: number, given: readonly Answer[]): void {
    const before = states[from]!;
    const to = new Int32Array(commands.length).fill(noSuccessor.unexplored);
    successors[from] = to;
    for (const [i, answer] of given.entries()) {
      const command = commands[i]!;
      const printed = stateAfter(answer, before);
      const { head } = answer;
      const of = judgements.classOf(i, head, before, head.result === 'disabled' ? before : printed);
      of.calls++;
      if (head.result === 'disabled') {
        to[i] = noSuccessor.disabled;
        continue;
      }
      transitions++;
      if (printed.misfit !== undefined) ofStray(stepOf(before, command, answer, printed), from, printed);
      else if (judgements.settles(of, head, before, printed)) {
        const step = stepOf(before, command, answer, printed);
        findings.ofStep(step, recorded(from, step));
      }
      if (head.result === 'panic') {
        to[i] = noSuccessor.panic;
        continue;
      }
      if (printed.misfit !== undefined) {
        bound ??= { kind: 'domain', command, misfit: printed.misfit };
        continue;
      }
      let number = numbers.get(printed);
      if (number === undefined) {
        if (states.length >= maxStates) {
          bound = { kind: 'states', limit: maxStates };
          return;
        }
        number = states.length;
        visit(printed, { from: places[from]!, command, answer }, from);
      }
      to[i] = number;
    }
  }

  function stepOf(before: Printed, command: Command, { head }: Answer, { state }: Printed): Step {
    return { before: before.state, command, outcome: outcomeOf(head, state) };
  }

  /** A property need not be able to judge a state that is outside the domain. */
  function ofStray(step: Step, from: number, { state }: Printed): void {
    const trace = recorded(from, step);
    try {
      findings.ofStep(step, trace);
      if (step.outcome.result !== 'panic') findings.ofState(state, trace);
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
    }
  }

  function explored(): Explored {
    return {
      states: states.length,
      plain: (state) => states[state]!.state,
      successor: (state, command) => successors[state]?.[command] ?? noSuccessor.unexplored,
      waits: (judgeable) => (state) =>
        judge(task, judgeable.property, states[state]!.state, judgeable.instance) === true,
      traceTo,
    };
  }
};
