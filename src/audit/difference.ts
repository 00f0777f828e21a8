import type { Monitor } from '../engine/engine.ts';
import { explore } from '../engine/explicit/exhaustive.ts';
import type { Exploration } from '../engine/exploration.ts';
import type { MemoryGuard } from '../engine/memory.ts';
import type { Bound, Verdict } from '../engine/result.ts';
import { perform, type Task, taskOf } from '../engine/task.ts';
import { SpecError } from '../spec/errors.ts';
import { type Command, describeCommand } from '../spec/model.ts';
import type { Outcome } from '../spec/outcome.ts';
import type { Property } from '../spec/property.ts';
import type { Suite } from '../spec/suite.ts';
import { legendOf } from '../system/callbacks.ts';
import { indexIn, type Layout, layoutOf, type Slot } from '../system/layout.ts';
import { type Choices, type Scope, scopeName, scopeOf } from '../system/scope.ts';
import type { Case } from '../table/decision-table.ts';
import { CancellationPoint } from './cancellation.ts';
import { type BothDo, JointTable, type Pair, resultKey } from './joint-table.ts';

export interface Side {
  readonly suite: Suite;
  readonly choices: Choices;
}

/** One side as far as it was explored. */
export interface ExploredSide {
  readonly scope: Scope;
  readonly legend: string | undefined;
  readonly states: number;
  readonly bound: Bound | undefined;
}

/** A state, and what a call does to it on either side; undefined where that side's function throws, or leaves the state's domain. */
export interface TwoCalls {
  readonly before: unknown;
  readonly command: Command;
  readonly a: Outcome<unknown> | undefined;
  readonly b: Outcome<unknown> | undefined;
}

/** Calls of one command that differ in the same way: in their results, or in the fields of the state after. */
export interface DifferentCase {
  readonly command: string;
  /** How many such calls there are, one for each state and command: in states that both sides reach, or only one of them. */
  readonly calls: { readonly both: number; readonly a: number; readonly b: number };
  /** The first of them: on a shortest trace of side a, or of b if only b reaches it. */
  readonly example: TwoCalls;
  /** The commands to the example's state; undefined if no side reaches it. */
  readonly trace: readonly Command[] | undefined;
  /** Of a state that neither side reaches: what the two functions read of it. */
  readonly reads: readonly { readonly path: string; readonly value: boolean | number | string }[];
}

interface VerdictChange {
  readonly property: Property;
  /** Undefined: the property does not apply to that side, or the suite does not have it. */
  readonly a: Verdict | undefined;
  readonly b: Verdict | undefined;
}

export interface Difference {
  readonly a: ExploredSide;
  readonly b: ExploredSide;
  /** Calls that only one side has. */
  readonly only: { readonly a: readonly Command[]; readonly b: readonly Command[] };
  /** States that both reach. */
  readonly common: number;
  readonly cases: readonly DifferentCase[];
  /** Whether every path through the two functions was tried, so that they differ nowhere else in the domain. */
  readonly complete: boolean;
  /** How often a pair of functions was run on a state that neither side reaches. */
  readonly runs: number;
  /** The shortest trace whose last call is one that differs; the state before it is the same on both sides. */
  readonly first: { readonly commands: readonly Command[]; readonly last: TwoCalls } | undefined;
  readonly verdicts: readonly VerdictChange[];
}

interface DifferenceOptions {
  readonly maxStates?: number;
  readonly maxBytes?: number;
  readonly memoryGuard?: MemoryGuard;
  readonly workers?: number;
  readonly monitor?: Monitor;
  /** Whether to look for differences in states that neither side reaches as well; true if not given. */
  readonly beyond?: boolean;
  /** Sides that have been explored already, state by state. */
  readonly explored?: { readonly a: ExploredTask | undefined; readonly b: ExploredTask | undefined };
}

/** Pairs of runs on states that are not reachable. */
const mostRuns = 4000;

/**
 * The semantic difference of two systems with the same states. Both are explored exhaustively, and each call is then made by both
 * in every state that either of them reaches: looked up in a table that is learned from both functions at once. Throws Cancelled
 * if ctrl-C comes in the middle of that.
 */
export const difference = async (a: Side, b: Side, options: DifferenceOptions = {}): Promise<Difference> => {
  const [left, right] = [taskOfSide(a), taskOfSide(b)];
  const layout = layoutOf(left.system.state);
  const path = otherwiseAt(left, right);
  const name = ({ scope }: Task) => scopeName(scope);
  if (path !== undefined)
    throw new SpecError(
      `${name(left)} and ${name(right)} cannot be compared: their states do not have the same domain at ${path}`,
    );
  const ofA = options.explored?.a ?? (await exploreSide(left, options));
  const ofB = options.explored?.b ?? (await exploreSide(right, options));

  const pairs = left.commands.flatMap((command, number) => {
    const other = right.commands.findIndex((one) => describeCommand(one) === describeCommand(command));
    return other < 0 ? [] : [{ command, a: number, b: other }];
  });
  const joint = new JointTable(left, right, layout, pairs);
  const cases = new CaseTree(left, right, layout, pairs);
  const states = ofA.states.count + ofB.states.count;
  const cancellation = new CancellationPoint(
    async () => (await options.monitor?.({ states, transitions: 0, depth: 0, doing: 'comparing calls' })) ?? true,
  );

  let common = 0;
  for (let state = 0; state < ofA.states.count; state++) {
    if (cancellation.isDue) await cancellation.check();
    const words = ofA.states.at(state);
    const shared = ofB.states.find(words, 0, ofB.states.hash(words, 0)) !== undefined;
    if (shared) common++;
    for (let pair = 0; pair < pairs.length; pair++)
      if (joint.differs(pair, words))
        cases.note(pair, joint.caseOf(pair, words), words, shared ? 'both' : 'a', () => ofA.graph.traceTo(state));
  }
  const first = cases.first;
  for (let state = 0; state < ofB.states.count; state++) {
    if (cancellation.isDue) await cancellation.check();
    const words = ofB.states.at(state);
    if (ofA.states.find(words, 0, ofA.states.hash(words, 0)) !== undefined) continue;
    for (let pair = 0; pair < pairs.length; pair++)
      if (joint.differs(pair, words))
        cases.note(pair, joint.caseOf(pair, words), words, 'b', () => ofB.graph.traceTo(state));
  }
  const { complete, runs } = await joint.exploreBeyond(
    options.beyond === false ? 0 : mostRuns,
    (pair, found) => cases.note(pair, found, found.sample, 'neither', undefined, found.reads),
    cancellation,
  );

  return {
    a: sideOf(a, left, ofA),
    b: sideOf(b, right, ofB),
    only: {
      a: left.commands.filter((command) => !pairs.some((pair) => pair.command === command)),
      b: right.commands.filter((_, number) => !pairs.some((pair) => pair.b === number)),
    },
    common,
    cases: cases.found(),
    complete,
    runs,
    first,
    verdicts: verdictChanges(a, b, ofA, ofB),
  };
};

const taskOfSide = ({ suite, choices }: Side) => taskOf(suite.model, scopeOf(suite.model, choices), suite.properties);

export interface ExploredTask extends Exploration {
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly bound: Bound | undefined;
}

const exploreSide = async (task: Task, options: DifferenceOptions): Promise<ExploredTask> => {
  const { judged, bound, explored } = await explore(task, { ...options, symmetry: 'off' });
  return { ...explored, verdicts: new Map(judged.map(({ property, verdict }) => [property.id, verdict])), bound };
};

const sideOf = ({ suite }: Side, { scope }: Task, { states, bound }: ExploredTask): ExploredSide => ({
  scope,
  legend: legendOf(suite.model, scope.config),
  states: states.count,
  bound,
});

const verdictChanges = (a: Side, b: Side, ofA: ExploredTask, ofB: ExploredTask): VerdictChange[] => {
  const properties = new Map([...b.suite.properties, ...a.suite.properties].map((one) => [one.id, one]));
  return [...properties.values()].flatMap((property) => {
    const [before, after] = [ofA.verdicts.get(property.id), ofB.verdicts.get(property.id)];
    return before?.kind === after?.kind ? [] : [{ property, a: before, b: after }];
  });
};

/** Two systems can be compared state by state only if their states have the same fields with the same values. */
/** Where the states of two systems do not have the same domain; undefined if they have. */
export const otherwiseAt = (left: Task, right: Task): string | undefined => {
  const [ours, theirs] = [layoutOf(left.system.state).slots, layoutOf(right.system.state).slots];
  const place = ours.findIndex((slot, i) => !sameSlot(slot, theirs[i]));
  if (place < 0 && ours.length === theirs.length) return undefined;
  return ours[place]?.path ?? theirs[ours.length]?.path ?? 'the top';
};

const sameSlot = (slot: Slot, other: Slot | undefined): boolean =>
  other !== undefined &&
  slot.path === other.path &&
  slot.size === other.size &&
  slot.word === other.word &&
  slot.shift === other.shift &&
  [0, 1, slot.size - 1].every((index) => slot.valueAt(index) === other.valueAt(index)) &&
  (slot.size > 4096 ||
    Array.from({ length: slot.size }, (_, index) => index).every((i) => slot.valueAt(i) === other.valueAt(i)));

type Counted = DifferentCase & { readonly calls: { both: number; a: number; b: number } };

/** Collects calls that differ, by how. */
class CaseTree {
  readonly #left: Task;
  readonly #right: Task;
  readonly #layout: Layout<unknown>;
  readonly #pairs: readonly Pair[];
  readonly #cases = new Map<string, Counted>();
  /** By case of the joint table: the difference that it belongs to. */
  readonly #known = new Map<Case<BothDo>, Counted>();
  first: Difference['first'];

  constructor(left: Task, right: Task, layout: Layout<unknown>, pairs: readonly Pair[]) {
    this.#left = left;
    this.#right = right;
    this.#layout = layout;
    this.#pairs = pairs;
  }

  found(): DifferentCase[] {
    return [...this.#cases.values()];
  }

  note(
    pair: number,
    of: Case<BothDo>,
    words: Uint32Array,
    where: keyof DifferentCase['calls'] | 'neither',
    trace: (() => Command[]) | undefined,
    reads: readonly Slot[] = [],
  ) {
    let known = this.#known.get(of);
    if (!known) {
      const example = this.#callsOn(pair, words);
      // The two may agree when run plainly if an unreachable state is one that neither expects.
      if (!example) return;
      const key = keyOf(example);
      known = this.#cases.get(key);
      if (!known) {
        known = {
          command: example.command.kind,
          calls: { both: 0, a: 0, b: 0 },
          example,
          trace: trace?.(),
          reads: reads.map((slot) => ({ path: slot.path, value: slot.valueAt(indexIn(slot, words, 0)) })),
        };
        this.#cases.set(key, known);
      }
      this.#known.set(of, known);
      if (trace && !this.first) this.first = { commands: [...trace(), example.command], last: example };
    }
    if (where !== 'neither') known.calls[where]++;
  }

  /** Both calls, made plainly; undefined if they do not differ. */
  #callsOn(pair: number, words: Uint32Array): TwoCalls | undefined {
    const before = this.#layout.decode(words);
    const { a, b, command } = this.#pairs[pair]!;
    const plain = (task: Task, number: number) => {
      try {
        const outcome = perform(task, before, task.commands[number]!);
        return outcome.result === 'disabled' || task.system.state.contains(outcome.state) ? outcome : undefined;
      } catch {
        return undefined;
      }
    };
    const calls = { before, command, a: plain(this.#left, a), b: plain(this.#right, b) };
    return isDifferent(calls) ? calls : undefined;
  }
}

/** Whether two outcomes of one call differ: in the result, or in the state after. What a disabled call's state is does not matter. */
export const isDifferent = ({ a, b }: Pick<TwoCalls, 'a' | 'b'>): boolean => {
  if (!a || !b) return a !== b;
  if (resultKey(a) !== resultKey(b)) return true;
  return a.result !== 'disabled' && changedFields(a.state, b.state).length > 0;
};

const keyOf = ({ command, a, b }: TwoCalls): string => {
  const results = [a, b].map((outcome) => (outcome ? resultKey(outcome) : ''));
  // Where the results differ, so does what they do; where they are the same, the fields say what differs.
  const fields = a && b && results[0] === results[1] ? changedFields(a.state, b.state) : [];
  return JSON.stringify([
    command.kind,
    ...results,
    [...new Set(fields.map((path) => path.replaceAll(/\[\d+\]/g, '[]')))],
  ]);
};

/** The paths at which two plain values differ. */
export const changedFields = (a: unknown, b: unknown, path = ''): string[] => {
  if (Object.is(a, b)) return [];
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return [path];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) =>
    changedFields(
      Reflect.get(a, key),
      Reflect.get(b, key),
      Array.isArray(a) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`,
    ),
  );
};
