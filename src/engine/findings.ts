import type { Command } from '../spec/model.ts';
import type { Judgement, Property, Step } from '../spec/property.ts';
import {
  type Bound,
  type Evidence,
  provedByExhaustion,
  type Result,
  reachedByExample,
  type Verdict,
} from './result.ts';
import { judge, type Task } from './task.ts';

/** A property for one of its instances: what is judged of a state or a call. */
export interface Judgeable {
  readonly property: Property;
  readonly instance: unknown;
  /** Nothing more need be judged: a violation of the property was found, or this instance of the witness reached. */
  settled: boolean;
}

/**
 * The commands to what was judged or, where a search has only seen what is like it, the whole trace. `among` are the judgeables
 * of which the trace is to decide one.
 */
type Shown = (among: readonly Judgeable[]) => Command[] | Evidence;

/** The first, hence shortest, trace for each property; for a witness, for each of its instances. */
export class Findings {
  readonly #open: {
    property: Property;
    judgeables: readonly Judgeable[];
    trace: Evidence | undefined;
    /** Whether an instance of a witness is taken for reached only because an instance that is like it was reached. */
    byLikeness: boolean;
  }[];
  readonly #task: Task;
  readonly #alike: ((judgeable: Judgeable) => readonly number[]) | undefined;

  /** `alike`: the instances of a witness that are reached where one of them is, as positions among all. */
  constructor(task: Task, alike?: (judgeable: Judgeable) => readonly number[]) {
    this.#task = task;
    this.#alike = alike;
    this.#open = task.obligations.map(({ property, instances }) => ({
      property,
      judgeables: instances.map((instance) => ({ property, instance, settled: false })),
      trace: undefined,
      byLikeness: false,
    }));
  }

  /** What is not settled yet and is judged of that. */
  *open(on: Property['on']): Generator<Judgeable> {
    for (const { property, judgeables } of this.#open)
      if (property.on === on) for (const judgeable of judgeables) if (!judgeable.settled) yield judgeable;
  }

  ofState(state: unknown, trace: Shown) {
    this.#judge('state', state, trace);
  }

  ofStep(step: Step, trace: Shown) {
    this.#judge('call', step, trace);
  }

  #judge(on: Property['on'], subject: unknown, trace: Shown) {
    for (const entry of this.#open) {
      if (entry.property.on !== on) continue;
      for (const judgeable of entry.judgeables) {
        if (judgeable.settled) continue;
        const { instance } = judgeable;
        const judgement = judge(this.#task, entry.property, subject, instance);
        if (!decides(entry.property, judgement)) continue;
        const among = entry.property.witness ? this.#with(judgeable, entry.judgeables) : entry.judgeables;
        const shown = trace(among);
        entry.trace = Array.isArray(shown)
          ? { commands: shown, instance, detail: typeof judgement === 'string' ? judgement : '' }
          : shown;
        for (const one of among) one.settled = true;
        if (entry.property.witness && among.length > 1) entry.byLikeness = true;
      }
    }
  }

  #with(judgeable: Judgeable, all: readonly Judgeable[]): readonly Judgeable[] {
    return this.#alike ? this.#alike(judgeable).map((at) => all[at]!) : [judgeable];
  }

  /** A violation that was not found by judging one state or call. */
  settle(property: Property, trace: Evidence) {
    const entry = this.#open.find((one) => one.property === property)!;
    entry.trace = trace;
    for (const one of entry.judgeables) one.settled = true;
  }

  /** Whether a violation has been found. */
  get hasViolation(): boolean {
    return this.#open.some(({ property, trace }) => trace !== undefined && !property.witness);
  }

  /** `isVerified`: that instances are alike is known, and not only declared. */
  verdicts(bound: Bound | undefined, isVerified = true): Result['judged'] {
    return this.#open.map(({ property, judgeables, trace, byLikeness }) => ({
      property,
      verdict: verdictOf(
        property,
        judgeables.find(({ settled }) => !settled || (byLikeness && !isVerified)),
        trace,
        bound,
      ),
    }));
  }
}

/** Whether a judgement settles the property: a violation, or a witness reached. */
export const decides = (property: Property, judgement: Judgement): boolean => (judgement === true) === property.witness;

const verdictOf = (
  property: Property,
  pending: Judgeable | undefined,
  trace: Evidence | undefined,
  bound: Bound | undefined,
): Verdict => {
  if (property.witness) {
    if (!pending) return { kind: 'proved', proof: reachedByExample, ...(trace && { trace }) };
    if (!bound) return { kind: 'violated', instance: pending.instance };
  } else if (trace) return { kind: 'violated', trace };
  return bound ? { kind: 'incomplete', bound } : { kind: 'proved', proof: provedByExhaustion };
};
