import type { Command } from '../../spec/model.ts';
import type { Step as Made, Property } from '../../spec/property.ts';
import type { Bound, Coverage, CoveredStates, Evidence } from '../result.ts';

/** Thrown by the call or state that breaks a property. */
export class Broken extends Error {
  readonly property: Property;
  readonly trace: Evidence;
  /** What the calls of the trace did, where they are a program's and may not be made again. */
  steps: readonly Made[] = [];

  constructor(property: Property, trace: Evidence) {
    super(property.id);
    this.property = property;
    this.trace = trace;
  }
}

/** What a call does: leads to another state; leads nowhere, because it is refused or changes nothing; is disabled; or panics. */
export type Lead = 'on' | 'nowhere' | 'disabled' | 'panic';

/** A state that a walk was in, and the calls that led there from the initial state. A walk of the same kind can begin there. */
export interface Position {
  readonly state: unknown;
  /** Numbers of commands. */
  readonly path: readonly number[];
}

/**
 * Goes from state to state by calls. Each call that it tries is judged, and so is the state that the call leads to, whether or not the
 * walk goes there. Throws `Broken` for a property that is broken, and a SpecError where the model breaks the rules of the vocabulary.
 */
export interface Walk {
  /** Whether what is tried is judged, and counts as covered. It makes no difference to where the walk goes. */
  judges: boolean;
  /** Goes to a position that `position()` gave or, without one, to the initial state. */
  restart(at?: Position): void;
  position(): Position;
  /** The present state's words. They change when the walk moves. */
  packed(): Uint32Array;
  /** Tries a call in the present state, by the number of its command. */
  attempt(command: number): Lead;
  /** A number for what the call that was tried last did: the row of its table or, where there is no table, its result. */
  readonly row: number;
  /** A number for the kind of the command that was tried last, with its result and warnings. */
  readonly result: number;
  /** Goes to where the call that was tried last leads. */
  follow(): void;
  /** The kinds of commands of which a call is known to lead on from the present state. '' where nothing is known without trying. */
  situation(): string;
  /** Calls of which no other took the same row; undefined where there are no rows. */
  singleCalls(): number | undefined;
  readonly covered: Pick<CoveredStates, 'states' | 'transitions' | 'depth'>;
  readonly coverage: Coverage;
  /** Where a call first left the domain behind a violation. */
  readonly leftDomain: Bound | undefined;
}

/** The commands with the numbers in `path`, and one more. */
export const commandsAt = (commands: readonly Command[], path: readonly number[], last?: Command): Command[] => {
  const made = path.map((number) => commands[number]!);
  return last ? [...made, last] : made;
};
