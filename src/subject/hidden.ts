import { isDeepStrictEqual } from 'node:util';
import { randomNumbers } from '../engine/seeded.ts';
import { type Command, describeCommand } from '../spec/model.ts';
import type { Step } from '../spec/property.ts';
import { commandsTo, isSameAnswer, type Place } from './lane.ts';
import type { Answer, Printed } from './protocol.ts';
import { describeAnswer, outcomeOf, type Subject, stateAfter } from './subject.ts';

/** Two ways to one printed state from which one call does two things: the state that is printed is not all there is. */
interface HiddenState {
  /** The calls by which the state was reached first, and what the last call of `walk` did from there. */
  readonly first: readonly Command[];
  readonly expected: Answer;
  /** Calls without going back between them; the last one does something else than it did after `first`. */
  readonly walk: readonly Command[];
  readonly found: Answer;
}

interface WalkOptions {
  readonly walks: number;
  readonly length: number;
  readonly seed: number;
}

/** As many calls as this are made to look for hidden state, unless fewer were made by the search. */
export const defaultWalks: WalkOptions = { walks: 300, length: 40, seed: 1 };

/**
 * Walks at random from the initial state without going back, and compares each answer with that of the same call in the same printed
 * state when it was reached by its first path. Returns the shortest calls that show a difference, and undefined where none does.
 * `places` are the states that a search has found.
 */
export const findHiddenState = (
  subject: Subject,
  places: readonly Place[],
  { walks, length, seed }: WalkOptions = defaultWalks,
): HiddenState | undefined => {
  const random = randomNumbers(seed);
  const looker = new Looker(subject, places);
  for (let i = 0; i < walks; i++) {
    const calls = Array.from({ length }, () => subject.commands[Math.floor(random() * subject.commands.length)]!);
    const hidden = looker.walk(calls);
    if (hidden) return looker.shortened(hidden);
  }
  return undefined;
};

class Looker {
  readonly #subject: Subject;
  readonly #places: ReadonlyMap<Printed, Place>;
  /** What a call did in a state when it was asked for by itself. */
  readonly #known = new Map<Place, Map<Command, Answer>>();

  constructor(subject: Subject, places: readonly Place[]) {
    this.#subject = subject;
    this.#places = new Map(places.map((place) => [place.answer.printed!, place]));
  }

  /**
   * The walk is known call by call before it is made: where a call is disabled or panics, or leads to a state that the search has not
   * found, it is left out.
   */
  walk(wanted: readonly Command[]): HiddenState | undefined {
    const calls: Command[] = [];
    const states: Place[] = [];
    const expected: Answer[] = [];
    let place = this.#subject.initial;
    for (const command of wanted) {
      const answer = this.#answer(place, command);
      const { result } = answer.head;
      const next = this.#places.get(answer.printed ?? place.answer.printed!);
      if (result === 'disabled' || result === 'panic' || !next) continue;
      calls.push(command);
      states.push(place);
      expected.push(this.#whole(answer, place));
      place = next;
    }
    let found: HiddenState | undefined;
    let before = this.#subject.initial.answer.printed!;
    this.#subject.lanes[0]!.walk(calls, (answer, i) => {
      if (found) return;
      const given = { head: answer.head, printed: answer.printed ?? before };
      before = given.printed;
      if (isSameAnswer(given, expected[i]!)) return;
      const first = commandsTo(states[i]!);
      found = { first, expected: expected[i]!, walk: calls.slice(0, i + 1), found: given };
    });
    return found;
  }

  /** The same with calls left out, as long as some call still does two things. */
  shortened(hidden: HiddenState): HiddenState {
    for (let at = 0; at < hidden.walk.length - 1; at++) {
      const shorter = this.walk(hidden.walk.toSpliced(at, 1));
      if (shorter && shorter.walk.length < hidden.walk.length) return this.shortened(shorter);
    }
    return hidden;
  }

  #answer(place: Place, command: Command): Answer {
    const known = this.#known.get(place) ?? new Map<Command, Answer>();
    this.#known.set(place, known);
    const answer = known.get(command) ?? this.#subject.lanes[0]!.step(place, command);
    known.set(command, answer);
    return answer;
  }

  #whole({ head, printed }: Answer, place: Place): Answer {
    return { head, printed: printed ?? place.answer.printed };
  }
}

/** Makes the calls one after the other without going back. Throws a HiddenStateError if one does not do what it did in `steps`. */
export const mustRepeat = (subject: Subject, steps: readonly Step[]): void => {
  const [lane] = subject.lanes;
  const commands = steps.map(({ command }) => command);
  let before = subject.initial.answer.printed!;
  let differs: string | undefined;
  lane!.walk(commands, (answer, i) => {
    const after = stateAfter(answer, before);
    const expected = steps[i]!.outcome;
    const found = outcomeOf(answer.head, after.state);
    before = after;
    if (differs !== undefined || isDeepStrictEqual({ ...found }, { ...expected })) return;
    const call = describeCommand(commands[i]!);
    differs = `${call} ${placeAfter(commands.slice(0, i))} gives ${describeAnswer(answer)} where the calls are made one after the other, and ${expected.result} from a snapshot`;
  });
  if (differs !== undefined) throw lane!.hiddenState(`has hidden state: ${differs}`);
};

const placeAfter = (commands: readonly Command[]) =>
  commands.length === 0 ? 'in the initial state' : `after ${commands.map(describeCommand).join('; ')}`;

/** In one line. */
export const describeHidden = ({ first, expected, walk, found }: HiddenState): string => {
  const last = describeCommand(walk.at(-1)!);
  return (
    `has hidden state: ${placeAfter(first)} and ${placeAfter(walk.slice(0, -1))} it prints the same state, in which ${last} gives ` +
    `${describeAnswer(expected)} and ${describeAnswer(found)}`
  );
};
