import type { Command } from '../spec/model.ts';
import { describeCommand } from '../spec/model.ts';
import type { Scope } from '../system/scope.ts';
import { HiddenStateError, type SubjectProcess } from './program.ts';
import {
  type Answer,
  callPart,
  type Hello,
  helloRequest,
  Misspoken,
  type Reader,
  readHello,
  request,
} from './protocol.ts';

/** A state by the calls that led there first. The same for every process of a subject. */
export interface Place {
  /** Undefined for the initial state. */
  readonly from: Place | undefined;
  /** The call that led here, and what it answered. */
  readonly command: Command | undefined;
  readonly answer: Answer;
}

/** The calls from the initial state to the place. */
export const commandsTo = (place: Place): Command[] => {
  const commands: Command[] = [];
  for (let at: Place | undefined = place; at?.command; at = at.from) commands.push(at.command);
  return commands.reverse();
};

/** A call was made twice, and did two things. */
export interface Unsteady {
  readonly place: Place;
  readonly command: Command | undefined;
  readonly first: Answer;
  readonly second: Answer;
}

/** Slots that one process is asked to keep. README.md promises fewer than 65,536. */
const mostSlots = 20_000;

interface Pending {
  readonly id: number;
  readonly text: string;
  readonly take: (answer: Answer) => void;
}

/**
 * One process of a subject, and the places that it can go back to. Requests are written at once and answered in order; what an answer
 * means is settled when it is read.
 */
export class Lane {
  readonly #program: SubjectProcess;
  readonly #reader: Reader;
  readonly #onUnsteady: (unsteady: Unsteady) => void;
  readonly #parts = new Map<Command, string>();
  /** The slot of each place that is kept; the one that was filled first comes first. */
  readonly #slots = new Map<Place, number>();
  readonly #pending: Pending[] = [];
  #read = 0;
  #unsent = '';
  #lastId = 0;
  /** The place that the process is in once all requests are answered. */
  #at: Place | undefined;
  #hasSlots = false;
  /** Requests that were answered. */
  calls = 0;

  constructor(program: SubjectProcess, reader: Reader, onUnsteady: (unsteady: Unsteady) => void) {
    this.#program = program;
    this.#reader = reader;
    this.#onUnsteady = onUnsteady;
  }

  hello(scope: Scope): Hello {
    const id = ++this.#lastId;
    this.#program.asked = 'hello';
    this.#program.send(`${helloRequest(id, scope)}\n`);
    const line = this.#program.line();
    const hello = this.#heard(() => readHello(line, id));
    this.#hasSlots = hello.snapshots;
    return hello;
  }

  /** Makes the initial state. */
  reset(): Answer {
    let answer: Answer | undefined;
    this.#ask('"_reset":true', undefined, undefined, (given) => {
      answer = given;
    });
    this.drain();
    this.#at = undefined;
    return answer!;
  }

  /** Asks for calls, each from the place. Their answers come, in order, when the requests are settled. */
  expand(place: Place, commands: readonly Command[], take: (answer: Answer, command: Command) => void): void {
    const slot = this.#hasSlots ? this.#slotOf(place) : undefined;
    for (const command of commands) {
      if (slot === undefined && this.#at !== place) this.#goTo(place);
      this.#ask(this.#part(command), slot, undefined, (answer) => take(answer, command));
      this.#at = undefined;
    }
  }

  /** One call from the place, now. Where it leads is where the process is from then on: `arrive`. */
  step(place: Place, command: Command): Answer {
    let answer: Answer | undefined;
    this.expand(place, [command], (given) => {
      answer = given;
    });
    this.drain();
    return answer!;
  }

  /** A request of several calls that begins at the initial state and does not go back between them. */
  walk(commands: readonly Command[], take: (answer: Answer, i: number) => void): void {
    this.#ask('"_reset":true', undefined, undefined, () => undefined);
    for (const [i, command] of commands.entries())
      this.#ask(this.#part(command), undefined, undefined, (answer) => take(answer, i));
    this.#at = undefined;
    this.drain();
  }

  /** A call with another one on a second CPU. */
  together(place: Place, part: string, take: (answer: Answer) => void): void {
    const slot = this.#hasSlots ? this.#slotOf(place) : undefined;
    if (slot === undefined) this.#goTo(place);
    this.#ask(part, slot, undefined, take);
    this.#at = undefined;
  }

  /** The process has come to the place by its last call. */
  arrive(place: Place): void {
    this.#at = place;
  }

  flush(): void {
    if (this.#unsent === '') return;
    const text = this.#unsent;
    this.#unsent = '';
    this.#program.asked = this.#pending[this.#read]!.text;
    this.#program.send(text);
  }

  /** Reads answers until one is settled that makes `isDone` true, or none is left. */
  drain(isDone: () => boolean = () => false): void {
    this.flush();
    while (this.#read < this.#pending.length && !isDone()) this.#settleNext();
  }

  /** The same, but while the program is silent other things go on, and it ends, with false, where `goesOn` says no. */
  async drainWhile(goesOn: () => Promise<boolean>, isDone: () => boolean): Promise<boolean> {
    this.flush();
    while (this.#read < this.#pending.length && !isDone()) {
      if (!this.#program.hasLine()) {
        this.#program.asked = this.#pending[this.#read]!.text;
        if (!(await this.#program.awaitLine(goesOn))) return false;
      }
      this.#settleNext();
    }
    return true;
  }

  #settleNext(): void {
    const { id, text, take } = this.#pending[this.#read++]!;
    this.#program.asked = text;
    const line = this.#program.line();
    const answer = this.#heard(() => this.#reader.answer(line, id));
    this.calls++;
    take(answer);
    if (this.#read === this.#pending.length || this.#read > 4096) {
      this.#pending.splice(0, this.#read);
      this.#read = 0;
    }
  }

  failure(what: string) {
    return this.#program.failure(what);
  }

  hiddenState(what: string) {
    return this.#program.failure(what, HiddenStateError);
  }

  close(): void {
    this.#program.close();
  }

  #heard<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof Misspoken) throw this.#program.failure(`${error.message}${this.#program.describeAsked()}`);
      throw error;
    }
  }

  #part(command: Command): string {
    const part = this.#parts.get(command) ?? callPart(command);
    this.#parts.set(command, part);
    return part;
  }

  #ask(part: string, from: number | undefined, to: number | undefined, take: Pending['take']): void {
    const id = ++this.#lastId;
    const text = request(id, part, { from, to });
    this.#pending.push({ id, text, take });
    this.#unsent += `${text}\n`;
    if (this.#unsent.length > 1 << 15) this.flush();
  }

  /** Goes to a place by the calls that lead there, from the initial state. */
  #goTo(place: Place): void {
    const way: Place[] = [];
    for (let at: Place | undefined = place; at; at = at.from) way.push(at);
    for (const at of way.reverse()) this.#ask(this.#wayPart(at), undefined, undefined, this.#expects(at));
    this.#at = place;
  }

  /** The slot in which the place is kept; it is asked to be kept if it is not yet. */
  #slotOf(place: Place): number {
    const known = this.#slots.get(place);
    if (known !== undefined) return known;
    const way: Place[] = [];
    let from: number | undefined;
    for (let at: Place | undefined = place; at; at = at.from) {
      from = this.#slots.get(at);
      if (from !== undefined) break;
      way.push(at);
    }
    for (const at of way.reverse()) {
      const to = this.#freeSlot();
      this.#ask(this.#wayPart(at), from, to, this.#expects(at));
      this.#slots.set(at, to);
      from = to;
    }
    this.#at = undefined;
    return from!;
  }

  #freeSlot(): number {
    if (this.#slots.size < mostSlots) return this.#slots.size + 1;
    const [oldest, slot] = this.#slots.entries().next().value!;
    this.#slots.delete(oldest);
    return slot;
  }

  #wayPart({ command }: Place): string {
    return command ? this.#part(command) : '"_reset":true';
  }

  /** A call that was made before has to do the same again. */
  #expects(place: Place): (answer: Answer) => void {
    return (second) => {
      const { answer: first, command, from } = place;
      if (!isSameAnswer(first, second)) this.#onUnsteady({ place: from ?? place, command, first, second });
    };
  }
}

/** Whether two answers to the same call in the same state say the same. */
export const isSameAnswer = (one: Answer, other: Answer): boolean =>
  one.printed === other.printed && (one.head === other.head || JSON.stringify(one.head) === JSON.stringify(other.head));

export const describePlace = (place: Place): string => {
  const commands = commandsTo(place);
  return commands.length === 0 ? 'in the initial state' : `after ${commands.map(describeCommand).join('; ')}`;
};
