import type { Command } from '../spec/model.ts';
import type { Judgement, Property, Step } from '../spec/property.ts';
import type { Bound, SearchResult, Trace, Verdict } from './result.ts';
import { judge, type Task } from './task.ts';

/** A property for one of its instances: what is judged of a state or a call. */
export interface Judgeable {
  readonly property: Property;
  readonly instance: unknown;
  /** Nothing more need be judged: a violation of the property was found, or this instance of the witness reached. */
  settled: boolean;
}

/** The first, hence shortest, trace for each property; for a witness, for each of its instances. */
export class Findings {
  readonly #open: { property: Property; judgeables: readonly Judgeable[]; trace: Trace | undefined }[];
  readonly #task: Task;

  constructor(task: Task) {
    this.#task = task;
    this.#open = task.obligations.map(({ property, instances }) => ({
      property,
      judgeables: instances.map((instance) => ({ property, instance, settled: false })),
      trace: undefined,
    }));
  }

  /** What is not settled yet and is judged of that. */
  *open(on: Property['on']): Generator<Judgeable> {
    for (const { property, judgeables } of this.#open)
      if (property.on === on) for (const judgeable of judgeables) if (!judgeable.settled) yield judgeable;
  }

  ofState(state: unknown, trace: () => Command[]) {
    this.#judge('state', state, trace);
  }

  ofStep(step: Step, trace: () => Command[]) {
    this.#judge('call', step, trace);
  }

  #judge(on: Property['on'], subject: unknown, trace: () => Command[]) {
    for (const entry of this.#open) {
      if (entry.property.on !== on) continue;
      for (const judgeable of entry.judgeables) {
        if (judgeable.settled) continue;
        const { instance } = judgeable;
        const judgement = judge(this.#task, entry.property, subject, instance);
        if (!decides(entry.property, judgement)) continue;
        entry.trace = { commands: trace(), instance, detail: typeof judgement === 'string' ? judgement : '' };
        for (const one of entry.property.witness ? [judgeable] : entry.judgeables) one.settled = true;
      }
    }
  }

  /** A violation that was not found by judging one state or call. */
  settle(property: Property, trace: Trace) {
    const entry = this.#open.find((one) => one.property === property)!;
    entry.trace = trace;
    for (const one of entry.judgeables) one.settled = true;
  }

  /** The first violation that was found. */
  violated(): { readonly property: Property; readonly trace: Trace } | undefined {
    for (const { property, trace } of this.#open) if (trace && !property.witness) return { property, trace };
    return undefined;
  }

  verdicts(bound: Bound | undefined): SearchResult['judged'] {
    return this.#open.map(({ property, judgeables, trace }) => ({
      property,
      verdict: verdictOf(
        property,
        judgeables.find(({ settled }) => !settled),
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
  trace: Trace | undefined,
  bound: Bound | undefined,
): Verdict => {
  if (property.witness) {
    if (!pending) return trace ? { kind: 'proved', trace } : { kind: 'proved' };
    if (!bound) return { kind: 'violated', instance: pending.instance };
  } else if (trace) return { kind: 'violated', trace };
  return bound ? { kind: 'incomplete', bound } : { kind: 'proved' };
};
