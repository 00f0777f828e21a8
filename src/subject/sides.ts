import { perform, type Runnable } from '../engine/task.ts';
import type { Command } from '../spec/model.ts';
import type { Outcome } from '../spec/outcome.ts';
import type { Place } from './lane.ts';
import { outcomeOf, type Subject, stateAfter } from './subject.ts';

/** What one side of a comparison says of a call. */
export interface Reply {
  readonly outcome: Outcome<unknown>;
  /** The state afterwards as a text: the part of it that both sides observe. */
  readonly key: string;
  /** Where the side is afterwards. */
  readonly at: Spot;
}

/** Where one side is: its own business. */
export type Spot = { readonly state: unknown; readonly key: string };

/** One of two that are compared, call by call. */
export interface Side {
  readonly initial: Spot;
  /** Asks for calls, each from the spot. The replies are complete, in the order of the calls, once `settle` has returned them. */
  ask(spot: Spot, commands: readonly Command[]): Reply[];
  settle(replies: Reply[], count: number): readonly Reply[];
  /** Calls from the initial state, one after the other. */
  walk(commands: readonly Command[]): readonly Reply[];
}

/** The model, run plainly. `project`: keeps of a state what the other side observes. */
export class ModelSide implements Side {
  readonly initial: Spot;
  readonly #runnable: Runnable;
  readonly #project: (state: unknown) => unknown;
  readonly #keys = new WeakMap<object, string>();

  constructor(runnable: Runnable, project: (state: unknown) => unknown) {
    this.#runnable = runnable;
    this.#project = project;
    const state = runnable.system.initial;
    this.initial = { state, key: this.#keyOf(state) };
  }

  ask(spot: Spot, commands: readonly Command[]): Reply[] {
    return commands.map((command) => this.#call(spot, command));
  }

  settle(replies: Reply[]): readonly Reply[] {
    return replies;
  }

  walk(commands: readonly Command[]): readonly Reply[] {
    const replies: Reply[] = [];
    let at = this.initial;
    for (const command of commands) {
      const reply = this.#call(at, command);
      replies.push(reply);
      at = reply.at;
    }
    return replies;
  }

  #call({ state }: Spot, command: Command): Reply {
    const outcome = perform(this.#runnable, state, command);
    const key = this.#keyOf(outcome.state);
    return { outcome, key, at: { state: outcome.state, key } };
  }

  #keyOf(state: unknown): string {
    if (typeof state !== 'object' || state === null) return JSON.stringify(state);
    const known = this.#keys.get(state);
    if (known !== undefined) return known;
    const key = JSON.stringify(this.#project(state));
    this.#keys.set(state, key);
    return key;
  }
}

interface SubjectSpot extends Spot {
  readonly place: Place;
}

/** A program. */
export class SubjectSide implements Side {
  readonly initial: SubjectSpot;
  readonly #subject: Subject;
  #asked = 0;
  readonly #lanes = new WeakMap<Reply[], Subject['lanes'][number]>();

  constructor(subject: Subject) {
    this.#subject = subject;
    const { state, key } = subject.initial.answer.printed!;
    this.initial = { state, key, place: subject.initial };
  }

  ask(spot: Spot, commands: readonly Command[]): Reply[] {
    const { lanes } = this.#subject;
    const lane = lanes[this.#asked++ % lanes.length]!;
    const { place } = spot as SubjectSpot;
    const before = place.answer.printed!;
    const replies: Reply[] = [];
    this.#lanes.set(replies, lane);
    lane.expand(place, commands, (answer, command) => {
      const after = answer.head.result === 'disabled' ? before : stateAfter(answer, before);
      const outcome = outcomeOf(answer.head, after.state);
      const at: SubjectSpot = { state: after.state, key: after.key, place: { from: place, command, answer } };
      replies.push({ outcome, key: after.key, at });
    });
    lane.flush();
    return replies;
  }

  settle(replies: Reply[], count: number): readonly Reply[] {
    this.#lanes.get(replies)!.drain(() => replies.length === count);
    return replies;
  }

  walk(commands: readonly Command[]): readonly Reply[] {
    const replies: Reply[] = [];
    let before = this.#subject.initial.answer.printed!;
    this.#subject.lanes[0]!.walk(commands, (answer) => {
      const after = stateAfter(answer, before);
      before = after;
      replies.push({
        outcome: outcomeOf(answer.head, after.state),
        key: after.key,
        at: { state: after.state, key: after.key },
      });
    });
    return replies;
  }
}
