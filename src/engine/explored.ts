import type { Command } from '../spec/model.ts';
import type { Property } from '../spec/property.ts';
import { layoutOf } from '../system/layout.ts';
import { decides, type Findings, type Judgeable } from './findings.ts';
import { judge, owns, perform, type Task } from './task.ts';

/** The graph that a search has explored. States are numbered in the order in which they were found, breadth-first. */
export interface Explored {
  readonly states: number;
  plain(state: number): unknown;
  /** Where a call leads: the number of a state, or one of `noSuccessor`. */
  successor(state: number, command: number): number;
  /** Which states wait, for a property that is judged of paths. */
  waits(judgeable: Judgeable): (state: number) => boolean;
  traceTo(state: number): Command[];
  /** Absent where every state stands for itself. */
  readonly quotient?: Quotient;
}

/**
 * States stand for all that are like them. Calls lead to a state that stands for the real successor; on the way parts have changed
 * places, and with them the instances of a property, given by their positions among all instances.
 */
export interface Quotient {
  /** The instances that are alike, in order. */
  alike(judgeable: Pick<Judgeable, 'property' | 'instance'>): readonly number[];
  /** Which instance takes the place of the one at `at` when the call is made. */
  successorInstance(property: Property, at: number, state: number, command: number): number;
  /** Real commands to a state for which `state` stands, that state, and its instance for which the one at `at` stands. */
  real(
    property: Property,
    at: number,
    state: number,
  ): { readonly commands: Command[]; readonly state: unknown; readonly instance: unknown };
}

/** Successors that are no state. */
export const noSuccessor = { disabled: -1, panic: -2, unexplored: -3 } as const;

/**
 * Judges what can be judged only of the whole graph: ends and infinite paths. What is not explored is taken for absent, so with a
 * bound nothing that is found here is wrong, and nothing proved.
 */
export const judgeExplored = (task: Task, graph: Explored, findings: Findings): void => {
  for (const judgeable of findings.open('end')) judgeEnds(task, graph, judgeable, findings);
  for (const judgeable of findings.open('path'))
    if (graph.quotient) judgePathsAlike(task, graph, graph.quotient, judgeable, findings);
    else judgePaths(task, graph, judgeable, findings);
};

const judgeEnds = (task: Task, graph: Explored, { property, instance }: Judgeable, findings: Findings) => {
  for (const end of endsOf(task, graph)) {
    const judgement = judge(task, property, graph.plain(end), instance);
    if (!decides(property, judgement)) continue;
    const detail = typeof judgement === 'string' ? judgement : '';
    findings.settle(property, { commands: graph.traceTo(end), instance, detail });
    return;
  }
};

/** The states in which no command can be given, those nearest to the initial one first. */
export function* endsOf({ commands }: Task, graph: Explored): Generator<number> {
  let command = 0; // where one and the same can be given everywhere, which is usual, this is one look at each state
  for (let state = 0; state < graph.states; state++) {
    if (graph.successor(state, command) !== noSuccessor.disabled) continue;
    command = commands.findIndex((_, other) => graph.successor(state, other) !== noSuccessor.disabled);
    if (command >= 0) continue;
    command = 0;
    yield state;
  }
}

/** The commands to the first state in which no command can be given, if there is one. */
export const firstDeadEnd = (task: Task, graph: Explored): Command[] | undefined => {
  for (const end of endsOf(task, graph)) return graph.traceTo(end);
  return undefined;
};

const judgePaths = (task: Task, graph: Explored, judgeable: Judgeable, findings: Findings) => {
  const { property, instance } = judgeable;
  const own = [...task.commands.keys()].filter((command) => owns(task, property, task.commands[command]!, instance));
  const isWaiting = graph.waits(judgeable);
  const waits = Uint8Array.from({ length: graph.states }, (_, state) => Number(isWaiting(state)));
  const next = (state: number, command: number): number => {
    const to = graph.successor(state, command);
    return to >= 0 && waits[to] === 1 ? to : noSuccessor.unexplored;
  };
  const state = firstOnCycle(own, waits, next);
  if (state === undefined) return;
  const prefix = graph.traceTo(state);
  const loop = shortestCycle(state, own, next).map((command) => task.commands[command]!);
  findings.settle(property, { commands: [...prefix, ...loop], instance, detail: '', loop: prefix.length });
};

/**
 * Judges infinite paths where states stand for others. A path is followed together with the place that its instance has come to: a loop of such
 * pairs leads to a state that is like the first one, for the same instance, and gone round often enough to that very state. For the
 * trace the shortest loop is looked for among the real states.
 */
const judgePathsAlike = (task: Task, graph: Explored, quotient: Quotient, judgeable: Judgeable, findings: Findings) => {
  const { property } = judgeable;
  const { instances } = task.obligations.find((one) => one.property === property)!;
  const places = quotient.alike(judgeable);
  if (instances[places[0]!] !== judgeable.instance) return; // judged with the first that is like it
  const number = new Map(places.map((at, i) => [at, i]));
  const waiting = places.map((at) => graph.waits({ property, instance: instances[at], settled: false }));
  const waits = new Uint8Array(graph.states * places.length);
  for (let state = 0; state < graph.states; state++)
    for (const [i, isWaiting] of waiting.entries()) waits[state * places.length + i] = Number(isWaiting(state));
  const owned = places.map((at) => task.commands.map((command) => owns(task, property, command, instances[at])));
  const next: Next = (pair, command) => {
    const [state, i] = [Math.floor(pair / places.length), pair % places.length];
    if (!owned[i]![command]) return noSuccessor.unexplored;
    const to = graph.successor(state, command);
    if (to < 0) return noSuccessor.unexplored;
    const there = to * places.length + number.get(quotient.successorInstance(property, places[i]!, state, command))!;
    return waits[there] === 1 ? there : noSuccessor.unexplored;
  };
  const pair = firstOnCycle([...task.commands.keys()], waits, next);
  if (pair === undefined) return;
  const at = places[pair % places.length]!;
  const { commands, state, instance } = quotient.real(property, at, Math.floor(pair / places.length));
  const loop = shortestRealCycle(task, property, instance, state);
  findings.settle(property, { commands: [...commands, ...loop], instance, detail: '', loop: commands.length });
};

/** The commands of a shortest cycle through the plain state, on which every state waits and every call is the system's own. */
const shortestRealCycle = (task: Task, property: Property, instance: unknown, start: unknown): Command[] => {
  const layout = layoutOf(task.system.state);
  const keyOf = (state: unknown) => layout.encode(state).join();
  const own = task.commands.filter((command) => owns(task, property, command, instance));
  const seen = new Set<string>();
  const queue: { readonly state: unknown; readonly commands: readonly Command[] }[] = [{ state: start, commands: [] }];
  for (const { state, commands } of queue)
    for (const command of own) {
      const outcome = perform(task, state, command);
      if (outcome.result === 'disabled' || outcome.result === 'panic') continue;
      const key = keyOf(outcome.state);
      if (key === keyOf(start)) return [...commands, command];
      if (seen.has(key) || judge(task, property, outcome.state, instance) !== true) continue;
      seen.add(key);
      queue.push({ state: outcome.state, commands: [...commands, command] });
    }
  throw new Error('the state is on no cycle');
};

type Next = (state: number, command: number) => number;

/**
 * The first state on a cycle through waiting states: the first of those in a strongly connected component that has an edge inside.
 * Tarjan's algorithm with its recursion unrolled.
 */
const firstOnCycle = (own: readonly number[], waits: Uint8Array, next: Next): number | undefined => {
  const states = waits.length;
  const index = new Uint32Array(states); // 0: not visited
  const low = new Uint32Array(states);
  const onStack = new Uint8Array(states);
  const component: number[] = [];
  const path: { readonly state: number; edge: number }[] = [];
  let visited = 0;
  let first: number | undefined;
  const enter = (state: number) => {
    index[state] = low[state] = ++visited;
    onStack[state] = 1;
    component.push(state);
    path.push({ state, edge: 0 });
  };
  for (let root = 0; root < states; root++) {
    if (waits[root] === 0 || index[root] !== 0) continue;
    enter(root);
    for (let frame = path.at(-1); frame; frame = path.at(-1)) {
      const { state } = frame;
      if (frame.edge < own.length) {
        const to = next(state, own[frame.edge++]!);
        if (to < 0) continue;
        if (to === state) first = Math.min(first ?? state, state);
        else if (index[to] === 0) enter(to);
        else if (onStack[to] === 1) low[state] = Math.min(low[state]!, index[to]!);
        continue;
      }
      path.pop();
      const parent = path.at(-1)?.state;
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[state]!);
      if (low[state] !== index[state]) continue;
      const members = component.splice(component.lastIndexOf(state));
      for (const member of members) onStack[member] = 0;
      if (members.length > 1) first = members.reduce((least, member) => Math.min(least, member), first ?? members[0]!);
    }
  }
  return first;
};

/** The commands of a shortest cycle through the state; of several, the first when compared command by command. */
const shortestCycle = (start: number, own: readonly number[], next: Next): number[] => {
  const arrivals = new Map<number, { readonly from: number; readonly command: number }>();
  const commandsTo = (state: number): number[] => {
    const commands: number[] = [];
    for (let at = state; at !== start; at = arrivals.get(at)!.from) commands.push(arrivals.get(at)!.command);
    return commands.reverse();
  };
  const queue = [start];
  for (const from of queue)
    for (const command of own) {
      const to = next(from, command);
      if (to === start) return [...commandsTo(from), command];
      if (to < 0 || arrivals.has(to)) continue;
      arrivals.set(to, { from, command });
      queue.push(to);
    }
  throw new Error('the state is on no cycle');
};

/** Watches one path as it grows, for a property that is judged of paths. */
export class LoopWatch {
  readonly #task: Task;
  readonly #judgeable: Pick<Judgeable, 'property' | 'instance'>;
  /** By state of the path's last stretch of waiting states and own calls: how many commands led there. */
  readonly #stretch = new Map<string, number>();

  constructor(task: Task, judgeable: Pick<Judgeable, 'property' | 'instance'>) {
    this.#task = task;
    this.#judgeable = judgeable;
  }

  /** The path is `length` commands long and has come to `state`, known by its `key`. Returns where a loop begins that is closed now. */
  arrive(state: unknown, key: string, length: number, command?: Command): number | undefined {
    const { property, instance } = this.#judgeable;
    if (command && !owns(this.#task, property, command, instance)) this.#stretch.clear();
    if (judge(this.#task, property, state, instance) !== true) {
      this.#stretch.clear();
      return undefined;
    }
    const loop = this.#stretch.get(key);
    if (loop === undefined) this.#stretch.set(key, length);
    return loop;
  }
}
