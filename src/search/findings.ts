import type { Command } from '../spec/model.ts';
import type { Judgement, Property, Step } from '../spec/property.ts';
import type { Bound, SearchResult, Trace, Verdict } from './result.ts';
import { judge, type Task } from './task.ts';

/** The first, hence shortest, trace for each property; for a witness, for each of its instances. */
export class Findings {
  readonly #open: { property: Property; pending: Set<unknown>; trace: Trace | undefined }[];
  readonly #task: Task;

  constructor(task: Task) {
    this.#task = task;
    this.#open = task.obligations.map(({ property, instances }) => ({
      property,
      pending: new Set(instances),
      trace: undefined,
    }));
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
      for (const instance of entry.pending) {
        const judgement = judge(this.#task, entry.property, subject, instance);
        if (!decides(entry.property, judgement)) continue;
        entry.trace = { commands: trace(), instance, detail: typeof judgement === 'string' ? judgement : '' };
        if (!entry.property.witness) entry.pending.clear();
        entry.pending.delete(instance);
      }
    }
  }

  /** The first violation that was found. */
  violated(): { readonly property: Property; readonly trace: Trace } | undefined {
    for (const { property, trace } of this.#open) if (trace && !property.witness) return { property, trace };
    return undefined;
  }

  verdicts(bound: Bound | undefined): SearchResult['judged'] {
    return this.#open.map(({ property, pending, trace }) => ({
      property,
      verdict: verdictOf(property, pending, trace, bound),
    }));
  }
}

/** Whether a judgement settles the property: a violation, or a witness reached. */
export const decides = (property: Property, judgement: Judgement): boolean => (judgement === true) === property.witness;

const verdictOf = (
  property: Property,
  pending: Set<unknown>,
  trace: Trace | undefined,
  bound: Bound | undefined,
): Verdict => {
  if (property.witness) {
    if (pending.size === 0) return trace ? { kind: 'proved', trace } : { kind: 'proved' };
    if (!bound) return { kind: 'violated', instance: [...pending][0] };
  } else if (trace) return { kind: 'violated', trace };
  return bound ? { kind: 'incomplete', bound } : { kind: 'proved' };
};
