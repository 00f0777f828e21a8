import type { Progress } from '../engine/engine.ts';
import { decides } from '../engine/findings.ts';
import { TransitionLearner } from '../engine/learner.ts';
import { searchReference } from '../engine/reference/reference.ts';
import type { Evidence, Judged } from '../engine/result.ts';
import { judge, type Obligation, perform, type Task } from '../engine/task.ts';
import { SpecError } from '../spec/errors.ts';
import type { Command } from '../spec/model.ts';
import { layoutOf } from '../system/layout.ts';
import { leads } from '../table/transition-table.ts';
import { firstBreak } from '../trace/replay.ts';
import { callText } from '../trace/script/write.ts';

/** How far a search has come. */
export interface Far {
  /** Distinct states that were found. */
  readonly states: number;
  /** Those of which every call was made. */
  readonly expanded: number;
  /** Calls from the start to the state that is expanded. */
  readonly depth: number;
}

/** What a search from one state on has found. */
export type Found =
  /** The shortest calls whose last state or call decides the property; among the shortest, the first in the order of the commands. */
  | {
      readonly kind: 'calls';
      readonly commands: readonly Command[];
      readonly instance: unknown;
      readonly detail: string;
      /** Of an infinite path: the index of the command from which on the commands lead back to where they began. */
      readonly loop?: number;
    }
  /** No reachable state or call decides it. `states`: how many there are; `isChecked`: the plain model says so too. */
  | { readonly kind: 'none'; readonly states: number; readonly isChecked: boolean }
  /** `most` states were found before it was known. */
  | { readonly kind: 'too many'; readonly states: number };

/** After so many states that were expanded, the caller is told how far the search is. */
const statesBetween = 256;

/** More than that a browser does not keep: some hundred bytes each. */
const mostStates = 1_000_000;

/** That nothing was found in so many states is said only after the reference search has said it too. */
const mostChecked = 2_000;

interface SearchOptions {
  /** Is told now and then how far the search is. */
  readonly tell?: (far: Far) => void;
  readonly most?: number;
}

/**
 * Searches breadth-first from the task's initial state for calls that decide a property: break it or, of a witness, show it. The start
 * itself counts. Transitions come from decision tables that are learned on the way; calls that are found are made again with the plain
 * model. A property that is judged of paths is judged of the whole graph, by the reference search. Throws a SpecError where the model is
 * broken.
 */
export const searchFor = async (task: Task, obligation: Obligation, options: SearchOptions = {}): Promise<Found> => {
  const one = { ...task, obligations: [obligation] };
  if (obligation.property.on === 'path') return searchPaths(one, options);
  const found = searchLevels(one, obligation, options);
  if (found.kind === 'calls') return confirmed(one, obligation, found);
  if (found.kind !== 'none' || found.states > mostChecked) return found;
  const { covered, judged } = await searchReference(one);
  const isDecided = decidedCalls(judged[0]!) !== undefined;
  if (isDecided || covered.states !== found.states)
    throw new SpecError(
      `${obligation.property.id}: decision tables find nothing in ${found.states} states; the plain model ${isDecided ? 'does' : `has ${covered.states}`}`,
    );
  return { ...found, isChecked: true };
};

const searchLevels = (task: Task, obligation: Obligation, { tell, most = mostStates }: SearchOptions): Found => {
  const { property } = obligation;
  const layout = layoutOf(task.system.state);
  const learner = new TransitionLearner(task, layout);
  // states[i] was first reached from states[parents[i]] by the command arrivals[i], `depths[i]` calls from the start.
  const states = [layout.encode(task.system.initial)];
  const parents = [-1];
  const arrivals = [-1];
  const depths = [0];
  const seen = new Set([states[0]!.join()]);
  const found = (state: number, decided: Decided, last: readonly Command[] = []): Found => {
    const commands: Command[] = [...last];
    for (let at = state; at > 0; at = parents[at]!) commands.unshift(task.commands[arrivals[at]!]!);
    return { kind: 'calls', commands, ...decided };
  };
  const atStart = property.on === 'state' ? decidedAt(task, obligation, task.system.initial) : undefined;
  if (atStart) return found(0, atStart);

  const next = new Uint32Array(layout.words);
  for (let from = 0; from < states.length; from++) {
    if (from % statesBetween === 0) tell?.({ states: states.length, expanded: from, depth: depths[from]! });
    const words = states[from]!;
    const before = property.on === 'state' ? undefined : layout.decode(words);
    let isEnd = true;
    for (const [number, command] of task.commands.entries()) {
      const row = learner.take(number, words, 0);
      const lead = learner.table.leads(row);
      if (lead === leads.disabled) continue;
      isEnd = false;
      if (property.on === 'call') {
        const step = { before, command, outcome: perform(task, before, command) };
        const decided = decidedAt(task, obligation, step);
        if (decided) return found(from, decided, [command]);
      }
      if (lead !== leads.on || !learner.table.apply(row, words, 0, next)) continue;
      const key = next.join();
      if (seen.has(key)) continue;
      if (states.length >= most) return { kind: 'too many', states: states.length };
      seen.add(key);
      const at = states.push(next.slice()) - 1;
      parents.push(from);
      arrivals.push(number);
      depths.push(depths[from]! + 1);
      const decided = property.on === 'state' ? decidedAt(task, obligation, layout.decode(next)) : undefined;
      if (decided) return found(at, decided);
    }
    const decided = isEnd && property.on === 'end' ? decidedAt(task, obligation, before) : undefined;
    if (decided) return found(from, decided);
  }
  return { kind: 'none', states: states.length, isChecked: false };
};

interface Decided {
  readonly instance: unknown;
  readonly detail: string;
}

const decidedAt = (task: Task, { property, instances }: Obligation, subject: unknown): Decided | undefined => {
  for (const instance of instances) {
    const judgement = judge(task, property, subject, instance);
    if (decides(property, judgement)) return { instance, detail: typeof judgement === 'string' ? judgement : '' };
  }
  return undefined;
};

/** What was found, made again with the plain model. */
const confirmed = (task: Task, obligation: Obligation, found: Extract<Found, { kind: 'calls' }>): Found => {
  const again = firstBreak(task, obligation, found.commands);
  if (again?.commands.length === found.commands.length) return found;
  throw new SpecError(
    `${obligation.property.id}: decision tables and the plain model differ after ${found.commands.map(callText).join('; ')}`,
  );
};

const searchPaths = async (task: Task, { tell, most = mostStates }: SearchOptions): Promise<Found> => {
  const monitor = async ({ states = 0, depth = 0 }: Progress) => {
    tell?.({ states, expanded: 0, depth });
    return true;
  };
  const { judged, covered, bound } = await searchReference(task, { maxStates: most, monitor });
  const found = decidedCalls(judged[0]!);
  if (found) return { kind: 'calls', ...found };
  return bound
    ? { kind: 'too many', states: covered.states }
    : { kind: 'none', states: covered.states, isChecked: true };
};

/** The calls that decide the property: break it, or show one instance of a witness. */
const decidedCalls = ({ verdict }: Judged): Evidence | undefined =>
  verdict.kind === 'violated' || verdict.kind === 'proved' ? verdict.trace : undefined;
