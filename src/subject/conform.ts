import * as fc from 'fast-check';
import type { Monitor } from '../engine/engine.ts';
import type { MemoryGuard } from '../engine/memory.ts';
import type { Bound } from '../engine/result.ts';
import { Tally } from '../engine/tally.ts';
import type { Command } from '../spec/model.ts';
import type { Step } from '../spec/property.ts';
import { type Accepted, accepts } from './accepted.ts';
import { type Difference, differenceOf, kindOf } from './divergence.ts';
import type { Reply, Side, Spot } from './sides.ts';

/** Differences of one kind. */
export interface Divergence {
  readonly kind: string;
  /** Calls that both sides make alike, and one that they do not: the shortest. */
  readonly steps: readonly Step[];
  readonly difference: Difference;
  /** How many calls differ like this. */
  readonly calls: number;
}

export interface Comparison {
  readonly divergences: readonly Divergence[];
  /** How often each accepted difference occurred. */
  readonly accepted: ReadonlyMap<Accepted, number>;
  /** States that both sides came to by the same calls. */
  readonly states: number;
  /** Pairs of a state and a call that were compared. */
  readonly compared: number;
  /** How often each call had each result on side a. */
  readonly coverage: Tally['coverage'];
  readonly depth: number;
  readonly runs?: number;
  readonly bound?: Bound;
  /** A subject failed. */
  readonly failure?: unknown;
}

export interface ComparisonOptions {
  readonly accepted?: readonly Accepted[];
  readonly maxStates?: number;
  readonly memoryGuard?: MemoryGuard;
  readonly monitor?: Monitor;
}

const expansionsAhead = 3;
const callsBetweenPulses = 4096;

/** What two sides have in common, and where they differ. */
class Lockstep {
  readonly tally: Tally;
  readonly #accepted: Map<Accepted, number>;
  readonly #found = new Map<string, { steps: readonly Step[]; difference: Difference; calls: number }>();
  compared = 0;

  constructor(commands: readonly Command[], accepted: readonly Accepted[]) {
    this.tally = new Tally(commands);
    this.#accepted = new Map(accepted.map((one) => [one, 0]));
  }

  /** Compares one call. Whether it leads on: both sides are in the same state, and the call is not one that differs. */
  compare(before: unknown, command: Command, a: Reply, b: Reply, steps: () => readonly Step[]): boolean {
    this.compared++;
    this.tally.add(command, a.outcome);
    const difference = differenceOf(before, command, a, b);
    const leadsOn = a.key === b.key && a.outcome.result !== 'panic' && b.outcome.result !== 'panic';
    if (!difference) return leadsOn;
    const known = [...this.#accepted.keys()].filter((one) => accepts(one, difference));
    for (const one of known) this.#accepted.set(one, this.#accepted.get(one)! + 1);
    if (known.length > 0) return leadsOn;
    const kind = kindOf(difference);
    const found = this.#found.get(kind);
    if (found) found.calls++;
    else this.#found.set(kind, { steps: steps(), difference, calls: 1 });
    return false;
  }

  /** A difference that was found by itself. */
  add(difference: Difference, steps: readonly Step[]): void {
    this.#found.set(kindOf(difference), { steps, difference, calls: 0 });
  }

  has(kind: string): boolean {
    return this.#found.has(kind);
  }

  isAccepted(difference: Difference): boolean {
    return [...this.#accepted.keys()].some((one) => accepts(one, difference));
  }

  get result() {
    return {
      divergences: [...this.#found].map(([kind, one]) => ({ kind, ...one })),
      accepted: this.#accepted,
      compared: this.compared,
      coverage: this.tally.coverage,
    };
  }
}

interface Node {
  readonly a: Spot;
  readonly b: Spot;
  readonly from: Node | undefined;
  readonly step: Step | undefined;
  readonly depth: number;
}

const stepsTo = (node: Node): Step[] => {
  const steps: Step[] = [];
  for (let at: Node | undefined = node; at?.step; at = at.from) steps.push(at.step);
  return steps.reverse();
};

/**
 * Makes every call on both sides in every state that both reach by the same calls, breadth-first, so that the first difference of a kind has
 * the shortest calls. Where they differ, nothing is compared behind it. A call that is disabled on side a, if that is the model, is not
 * made on side b; two subjects are both asked.
 */
export const compareAll = async (
  a: Side,
  b: Side,
  commands: readonly Command[],
  isModel: boolean,
  {
    accepted = [],
    maxStates = Number.POSITIVE_INFINITY,
    memoryGuard,
    monitor = async () => true,
  }: ComparisonOptions = {},
): Promise<Comparison> => {
  const lockstep = new Lockstep(commands, accepted);
  const nodes: Node[] = [];
  const seen = new Set<string>();
  const asked: { readonly commands: readonly Command[]; readonly a: Reply[]; readonly b: Reply[] }[] = [];
  let [bound, failure]: [Bound | undefined, unknown] = [undefined, undefined];
  const visit = (node: Node) => {
    seen.add(keyOf(node));
    nodes.push(node);
  };
  // With the model on side a, two of its states may look alike to the code; each is a node of its own.
  const keyOf = ({ a: spot }: Pick<Node, 'a'>) => (isModel ? JSON.stringify(spot.state) : spot.key);
  const ask = (node: Node) => {
    const replies = a.ask(node.a, commands);
    const enabled = isModel ? commands.filter((_, i) => replies[i]!.outcome.result !== 'disabled') : commands;
    const kept = isModel ? replies.filter(({ outcome }) => outcome.result !== 'disabled') : replies;
    asked.push({ commands: enabled, a: kept, b: b.ask(node.b, enabled) });
  };

  visit({ a: a.initial, b: b.initial, from: undefined, step: undefined, depth: 0 });
  let sincePulse = 0;
  for (let i = 0; i < nodes.length && !bound; i++) {
    const node = nodes[i]!;
    try {
      while (asked.length < nodes.length && asked.length < i + expansionsAhead) ask(nodes[asked.length]!);
      const { commands: made, ...replies } = asked[i]!;
      const [fromA, fromB] = [a.settle(replies.a, made.length), b.settle(replies.b, made.length)];
      for (const [c, command] of made.entries()) {
        const [one, other] = [fromA[c]!, fromB[c]!];
        if (one.outcome.result === 'disabled' && other.outcome.result === 'disabled') continue;
        const step = { before: node.a.state, command, outcome: one.outcome };
        if (!lockstep.compare(node.a.state, command, one, other, () => [...stepsTo(node), step])) continue;
        if (seen.has(keyOf({ a: one.at }))) continue;
        if (nodes.length >= maxStates) {
          bound = { kind: 'states', limit: maxStates };
          break;
        }
        visit({ a: one.at, b: other.at, from: node, step, depth: node.depth + 1 });
      }
    } catch (error) {
      failure = error;
      break;
    }
    asked[i] = { commands: [], a: [], b: [] };
    sincePulse += commands.length;
    if (bound || sincePulse < callsBetweenPulses) continue;
    sincePulse = 0;
    const progress = {
      states: nodes.length,
      transitions: lockstep.compared,
      depth: node.depth,
      frontier: nodes.length - i,
    };
    bound = memoryGuard?.() ?? ((await monitor(progress)) ? undefined : { kind: 'interrupted' });
  }
  return {
    ...lockstep.result,
    states: nodes.length,
    depth: nodes.at(-1)!.depth,
    ...(bound && { bound }),
    ...(failure !== undefined && { failure }),
  };
};

interface RandomComparisonOptions extends Omit<ComparisonOptions, 'maxStates'> {
  readonly runs: number;
  /** At most so many calls in a run. */
  readonly length: number;
  readonly seed: number;
}

/** Thrown out of a run by a difference of a kind that is new. */
class Diverged extends Error {
  readonly difference: Difference;
  readonly steps: readonly Step[];

  constructor(difference: Difference, steps: readonly Step[]) {
    super(kindOf(difference));
    this.difference = difference;
    this.steps = steps;
  }
}

/** Runs of random calls from the initial state on both sides. fast-check shrinks the first run that shows a difference of a kind. */
export const compareRandomly = async (
  a: Side,
  b: Side,
  { commands, likely }: { readonly commands: readonly Command[]; readonly likely: readonly Command[] },
  { accepted = [], runs, length, seed, memoryGuard, monitor = async () => true }: RandomComparisonOptions,
): Promise<Comparison> => {
  const lockstep = new Lockstep(commands, accepted);
  const states = new Set<string>();
  const ended: { bound?: Bound; failure?: unknown } = {};
  let [depth, finished, from] = [0, 0, 0];
  /** While fast-check shrinks, only a difference of this kind counts. */
  let shrinking: string | undefined;

  const run = (wanted: readonly Command[]) => {
    const made = enabledOf(a, wanted);
    const [fromA, fromB] = [a.walk(made), b.walk(made)];
    const steps: Step[] = [];
    let before: unknown = a.initial.state;
    for (const [i, command] of made.entries()) {
      const [one, other] = [fromA[i]!, fromB[i]!];
      steps.push({ before, command, outcome: one.outcome });
      const difference = differenceOf(before, command, one, other);
      if (difference && !lockstep.isAccepted(difference)) {
        const kind = kindOf(difference);
        if (shrinking === undefined ? !lockstep.has(kind) : kind === shrinking) throw new Diverged(difference, steps);
      }
      if (shrinking === undefined) {
        states.add(one.key);
        depth = Math.max(depth, steps.length);
        if (!lockstep.compare(before, command, one, other, () => [...steps])) return;
      } else if (difference && one.key !== other.key) return;
      before = one.at.state;
    }
  };

  const call =
    likely.length > 0
      ? fc.oneof(fc.constantFrom(...commands), { arbitrary: fc.constantFrom(...likely), weight: 3 })
      : fc.constantFrom(...commands);
  const property = fc.asyncProperty(
    fc.array(call, { minLength: 1, maxLength: length, size: 'max' }),
    async (wanted) => {
      if (ended.bound || ended.failure !== undefined) return;
      const progress = { states: states.size, transitions: lockstep.compared, depth, runs: from + finished };
      const bound: Bound | undefined =
        memoryGuard?.() ?? ((await monitor(progress)) ? undefined : { kind: 'interrupted' });
      if (bound) {
        ended.bound = bound;
        return;
      }
      try {
        run(wanted);
      } catch (error) {
        if (error instanceof Diverged) {
          shrinking ??= error.message;
          throw error;
        }
        ended.failure = error;
        return;
      }
      if (shrinking === undefined) finished++;
    },
  );

  while (from < runs && !ended.bound && ended.failure === undefined) {
    shrinking = undefined;
    finished = 0;
    const details = await fc.check(property, { seed, path: String(from), numRuns: runs - from });
    if (!details.failed) break;
    if (!(details.errorInstance instanceof Diverged)) throw details.errorInstance;
    const { steps, difference } = shortest(details.errorInstance, run);
    lockstep.add(difference, steps);
    from = Number(details.counterexamplePath!.split(':')[0]);
  }
  return {
    ...lockstep.result,
    states: states.size,
    depth,
    runs: ended.failure === undefined && !ended.bound ? runs : from + finished,
    ...ended,
  };
};

/** What can be called of a list of calls, one after the other. */
const enabledOf = (side: Side, wanted: readonly Command[]): Command[] => {
  const made: Command[] = [];
  let spot = side.initial;
  for (const command of wanted) {
    const [reply] = side.settle(side.ask(spot, [command]), 1);
    if (reply!.outcome.result === 'disabled') continue;
    made.push(command);
    if (reply!.outcome.result === 'panic') break;
    spot = reply!.at;
  }
  return made;
};

/** The same difference with fewer calls, as long as one can be left out. */
const shortest = (found: Diverged, run: (commands: readonly Command[]) => void): Diverged => {
  const commands = found.steps.map(({ command }) => command);
  for (let at = commands.length - 2; at >= 0; at--)
    try {
      run(commands.toSpliced(at, 1));
    } catch (error) {
      if (!(error instanceof Diverged)) throw error;
      if (error.steps.length < found.steps.length) return shortest(error, run);
    }
  return found;
};
