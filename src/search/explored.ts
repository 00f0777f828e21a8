import type { Command } from '../spec/model.ts';
import { decides, type Findings, type Judgeable } from './findings.ts';
import { judge, owns, type Task } from './task.ts';

/** The graph that a search has explored. States are numbered in the order in which they were found, breadth-first. */
export interface Explored {
  readonly states: number;
  plain(state: number): unknown;
  /** Where a call leads: the number of a state, or one of `noSuccessor`. */
  successor(state: number, command: number): number;
  /** Which states wait, for a property that is judged of paths. */
  waits(judgeable: Judgeable): (state: number) => boolean;
  traceTo(state: number): Command[];
}

/** Successors that are no state. */
export const noSuccessor = { disabled: -1, panic: -2, unexplored: -3 } as const;

/**
 * Judges what can be judged only of the whole graph: ends and infinite paths. What is not explored is taken for absent, so with a
 * bound nothing that is found here is wrong, and nothing proved.
 */
export const judgeExplored = (task: Task, graph: Explored, findings: Findings): void => {
  for (const judgeable of findings.open('end')) judgeEnds(task, graph, judgeable, findings);
  for (const judgeable of findings.open('path')) judgePaths(task, graph, judgeable, findings);
};

const judgeEnds = (task: Task, graph: Explored, { property, instance }: Judgeable, findings: Findings) => {
  for (const end of ends(task, graph)) {
    const judgement = judge(task, property, graph.plain(end), instance);
    if (!decides(property, judgement)) continue;
    const detail = typeof judgement === 'string' ? judgement : '';
    findings.settle(property, { commands: graph.traceTo(end), instance, detail });
    return;
  }
};

/** The states in which no command can be given, those nearest to the initial one first. */
function* ends({ commands }: Task, graph: Explored): Generator<number> {
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
  for (const end of ends(task, graph)) return graph.traceTo(end);
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
