import type { Monitor } from '../engine/engine.ts';
import { decides } from '../engine/findings.ts';
import { judge, type Obligation, type Task } from '../engine/task.ts';
import type { Command } from '../spec/model.ts';
import { commandsTo, type Place } from './lane.ts';
import { type Answer, callPart, type Head, type Printed } from './protocol.ts';
import { describeAnswer, type Subject } from './subject.ts';

/** What two calls did together that they do not do one after the other. */
export interface Race {
  /** The id of the property that the state afterwards breaks; or the text of the panic or the WARN. */
  readonly what: string;
  /** From the initial state to the one in which both calls begin. */
  readonly calls: readonly Command[];
  readonly first: Command;
  readonly second: Command;
  /** The points, from 1 on, before which the other CPU goes on. */
  readonly preempt: readonly number[];
  /** What the first call and the second one gave. */
  readonly results: readonly [string, string];
}

export interface Interleavings {
  /** The most preemptions of a run. */
  readonly most: number;
  /** Ordered pairs of calls that can run at the same time, each in a state in which neither is disabled: how many were run in every way. */
  readonly pairs: number;
  readonly runs: number;
  /** States in which pairs of calls began. */
  readonly states: number;
  /** States that only runs with preemptions led to. They are judged, and nothing is called in them. */
  readonly newStates: number;
  readonly races: readonly Race[];
  readonly interrupted: boolean;
}

interface InterleavingOptions {
  readonly monitor?: Monitor;
}

/**
 * Runs every ordered pair of the subject's rivals in each of the places, with every list of at most `most` preemptions, as CHESS does.
 * Judged are the states afterwards, by the properties of states that are given, panics and WARNs: the first of each kind, that is, one with the fewest
 * calls before it and then the fewest preemptions. What happens without a preemption is no race, and left to the search of single calls.
 */
export const searchInterleavings = (
  task: Task,
  subject: Subject,
  places: readonly Place[],
  most: number,
  { monitor = async () => true }: InterleavingOptions = {},
): Promise<Interleavings> => new InterleavingSearch(task, subject, places, most).run(monitor);

interface Run {
  readonly first: Command;
  readonly second: Command;
  readonly preempt: readonly number[];
}

class InterleavingSearch {
  readonly #subject: Subject;
  readonly #places: readonly Place[];
  readonly #most: number;
  readonly #task: Task;
  readonly #obligations: readonly Obligation[];
  readonly #rivals: readonly Command[];
  readonly #judged: Set<Printed>;
  readonly #races = new Map<string, Race>();
  /** Panics and WARNs of calls that run one after the other. */
  readonly #usual = new Set<string>();
  #pairs = 0;
  #runs = 0;
  #newStates = 0;

  constructor(task: Task, subject: Subject, places: readonly Place[], most: number) {
    this.#task = task;
    this.#subject = subject;
    this.#places = places;
    this.#most = most;
    this.#obligations = task.obligations.filter(({ property: { on, witness } }) => on === 'state' && !witness);
    this.#rivals = task.commands.filter(({ kind }) => subject.hello.rivals.includes(kind));
    this.#judged = new Set(places.map(({ answer }) => answer.printed!));
  }

  async run(monitor: Monitor): Promise<Interleavings> {
    const pairs = this.#rivals.flatMap((first) => this.#rivals.map((second) => ({ first, second, preempt: [] })));
    let states = 0;
    let interrupted = false;
    for (const place of this.#places) {
      const progress = { states, transitions: this.#runs, doing: 'two calls at a time' };
      interrupted = !(await monitor(progress));
      if (interrupted) break;
      for (let runs: readonly Run[] = pairs; runs.length > 0; ) runs = this.#runAll(place, runs);
      states++;
    }
    return {
      most: this.#most,
      pairs: this.#pairs,
      runs: this.#runs,
      states,
      newStates: this.#newStates,
      races: [...this.#races.values()],
      interrupted,
    };
  }

  /** Returns the runs with one more preemption. */
  #runAll(place: Place, runs: readonly Run[]): Run[] {
    const { lanes } = this.#subject;
    const longer: Run[] = [];
    const answers: Answer[] = [];
    for (const [i, { first, second, preempt }] of runs.entries()) {
      const part = `${callPart(first)},"_preempt":${JSON.stringify(preempt)},"_rival":{${callPart(second)}}`;
      lanes[i % lanes.length]!.together(place, part, (answer) => {
        answers[i] = answer;
      });
    }
    for (const lane of lanes) lane.flush();
    for (const lane of lanes) lane.drain();
    for (const [i, one] of runs.entries()) {
      const { head, printed } = answers[i]!;
      this.#runs++;
      const { rival, points } = head;
      if (!rival || points === undefined)
        throw this.#subject.lanes[0]!.failure('answers two calls at a time without rival and points');
      if (one.preempt.length === 0) {
        if (head.result === 'disabled' || rival.result === 'disabled') continue;
        this.#pairs++;
      }
      this.#judge(place, one, head, printed);
      if (one.preempt.length === this.#most) continue;
      for (let point = (one.preempt.at(-1) ?? 0) + 1; point <= points; point++)
        longer.push({ ...one, preempt: [...one.preempt, point] });
    }
    return longer;
  }

  #judge(place: Place, run: Run, head: Head, printed: Printed | undefined): void {
    const both = [head, head.rival!];
    const texts = both.flatMap(({ result, reason, warnings }) => [
      ...(result === 'panic' ? [`panic: ${reason}`] : []),
      ...warnings.map((text) => `WARN: ${text}`),
    ]);
    for (const text of texts)
      if (run.preempt.length === 0) this.#usual.add(text);
      else if (!this.#usual.has(text)) this.#found(text, place, run, head);
    if (!printed || this.#judged.has(printed) || both.some(({ result }) => result === 'panic')) return;
    this.#judged.add(printed);
    this.#newStates++;
    if (printed.misfit !== undefined) {
      this.#found(`a state that is none of the model's: ${printed.misfit}`, place, run, head);
      return;
    }
    for (const { property, instances } of this.#obligations)
      if (instances.some((one) => decides(property, judge(this.#task, property, printed.state, one))))
        this.#found(property.id, place, run, head);
  }

  #found(what: string, place: Place, { first, second, preempt }: Run, head: Head): void {
    if (this.#races.has(what)) return;
    const said = (one: Head) => describeAnswer({ head: one, printed: undefined });
    const results = [said(head), said(head.rival!)] as const;
    this.#races.set(what, { what, calls: commandsTo(place), first, second, preempt, results });
  }
}
