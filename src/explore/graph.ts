import { TransitionLearner } from '../engine/learner.ts';
import type { Command } from '../spec/model.ts';
import type { Step } from '../spec/property.ts';
import { pageClassOf, pagesOf } from '../system/callbacks.ts';
import { layoutOf } from '../system/layout.ts';
import { leads } from '../table/transition-table.ts';
import { type Session, stateAfter } from './session.ts';

/** States whose pages are in the same classes: one node of the graph. */
export interface Group {
  /** A line for each class with the pages that are in it: `hyp: 0, 2`. */
  readonly lines: readonly string[];
  /** How many states that were found are in it. */
  readonly states: number;
  /** Calls from where the graph begins to the nearest of them. */
  readonly distance: number;
  /** The first shortest way to it from where the graph begins. */
  readonly commands: readonly Command[];
  readonly isHere: boolean;
  readonly isOnWay: boolean;
}

/** Calls that lead from a state of one group to a state of another, by the positions of the groups. */
export interface Arrow {
  readonly from: number;
  readonly to: number;
  /** The names of the calls, in the order in which they were found. */
  readonly calls: readonly string[];
}

export interface StateGraph {
  readonly groups: readonly Group[];
  readonly arrows: readonly Arrow[];
  /** How many states were found. */
  readonly states: number;
  /** `start`: every state that can be reached from the start state. `here`: the nearest to the state here. */
  readonly from: 'start' | 'here';
}

/** So many states are drawn; a model that has no more is drawn whole. */
const mostDrawn = 300;

/** The whole graph of the model where it has at most `most` states, else so many states around the one here. */
export const graphAround = (session: Session, steps: readonly Step[], most = mostDrawn): StateGraph => {
  const { learner, whole } = knownOf(session, most);
  const found = whole.isWhole ? whole : foundFrom(session, learner, stateAfter(session, steps), most);
  return { ...grouped(session, steps, found), from: whole.isWhole ? 'start' : 'here' };
};

interface Known {
  readonly learner: TransitionLearner;
  /** From the start state. */
  readonly whole: Found;
}

/** What was learned of a session: the graph is drawn anew at every call. */
const known = new WeakMap<Session, Known>();

const knownOf = (session: Session, most: number): Known => {
  const { task } = session;
  const before = known.get(session);
  if (before) return before;
  const learner = new TransitionLearner(task, layoutOf(task.system.state));
  const made = { learner, whole: foundFrom(session, learner, task.system.initial, most) };
  known.set(session, made);
  return made;
};

interface Found {
  readonly isWhole: boolean;
  /** By state, in the order in which they were found, breadth-first. */
  readonly states: readonly {
    readonly state: unknown;
    readonly distance: number;
    readonly commands: readonly Command[];
  }[];
  readonly transitions: readonly { readonly from: number; readonly to: number; readonly command: Command }[];
}

const foundFrom = ({ task }: Session, learner: TransitionLearner, start: unknown, most: number): Found => {
  const layout = layoutOf(task.system.state);
  const packed = [layout.encode(start)];
  const states: { state: unknown; distance: number; commands: readonly Command[] }[] = [
    { state: start, distance: 0, commands: [] },
  ];
  const transitions: { from: number; to: number; command: Command }[] = [];
  const numbers = new Map([[packed[0]!.join(), 0]]);
  let isWhole = true;
  const next = new Uint32Array(layout.words);
  for (let from = 0; from < packed.length; from++) {
    const { distance, commands } = states[from]!;
    for (const [number, command] of task.commands.entries()) {
      const row = learner.take(number, packed[from]!, 0);
      if (learner.table.leads(row) !== leads.on || !learner.table.apply(row, packed[from]!, 0, next)) continue;
      const key = next.join();
      let to = numbers.get(key);
      if (to === undefined) {
        if (packed.length >= most) {
          isWhole = false;
          continue;
        }
        to = packed.push(next.slice()) - 1;
        numbers.set(key, to);
        states.push({ state: layout.decode(next), distance: distance + 1, commands: [...commands, command] });
      }
      transitions.push({ from, to, command });
    }
  }
  return { isWhole, states, transitions };
};

const grouped = (
  session: Session,
  steps: readonly Step[],
  { states, transitions }: Found,
): Omit<StateGraph, 'from'> => {
  const linesOf = classLines(session);
  const way = [session.task.system.initial, ...steps.map(({ outcome }) => outcome.state)].map((state) =>
    linesOf(state).join('\n'),
  );
  const groups: (Group & { states: number })[] = [];
  const positions = new Map<string, number>();
  const groupOf = states.map(({ state, distance, commands }) => {
    const lines = linesOf(state);
    const key = lines.join('\n');
    let at = positions.get(key);
    if (at === undefined) {
      const isHere = way.at(-1) === key;
      at = groups.push({ lines, states: 0, distance, commands, isHere, isOnWay: way.includes(key) }) - 1;
      positions.set(key, at);
    }
    groups[at]!.states++;
    return at;
  });
  const arrows = new Map<string, { from: number; to: number; calls: string[] }>();
  for (const { from, to, command } of transitions) {
    const ends = { from: groupOf[from]!, to: groupOf[to]! };
    if (ends.from === ends.to) continue;
    const key = `${ends.from} ${ends.to}`;
    const arrow = arrows.get(key) ?? { ...ends, calls: [] };
    if (!arrow.calls.includes(command.kind)) arrow.calls.push(command.kind);
    arrows.set(key, arrow);
  }
  return { groups, arrows: [...arrows.values()], states: states.length };
};

/** The pages of a state by their classes. A class of the whole state stands alone. */
const classLines = ({ suite: { model }, scope }: Session) => {
  const pages = pagesOf(model, scope.config);
  return (state: unknown): string[] => {
    const inClass = new Map<string, number[]>();
    for (const page of pages) {
      const name = pageClassOf(model, scope, state, page);
      if (name !== undefined) inClass.set(name, [...(inClass.get(name) ?? []), page]);
    }
    if (inClass.size === 0) return ['no page in a class'];
    return [...inClass].map(([name, some]) => (pages.length === 1 ? name : `${name}: ${some.join(', ')}`));
  };
};
