import { isDeepStrictEqual } from 'node:util';
import { SpecError } from '../spec/errors.ts';
import { type Command, describeCommand } from '../spec/model.ts';
import { describeOutcome, type Outcome } from '../spec/outcome.ts';
import type { Property, Step } from '../spec/property.ts';
import { sharingParts } from '../spec/update.ts';
import { outcomeKey } from '../system/outcome.ts';
import { scopeName } from '../system/scope.ts';
import { comparableWords } from './comparable.ts';
import type { Monitor } from './engine.ts';
import type { Exploration } from './exploration.ts';
import { noSuccessor } from './explored.ts';
import { decides } from './findings.ts';
import { checkIdentity } from './identity.ts';
import { searchReference } from './reference/reference.ts';
import type { CrossCheck, Result } from './result.ts';
import { randomNumbers, shuffled } from './seeded.ts';
import { causes, isEnd, judge, LeftDomain, perform, type Task } from './task.ts';

/** Calls and judgements, made plainly, that checking a search again may take in any case: a tenth of a second or so. */
const leastWork = 4_000;

/** States that are looked at in any case: enough to notice a function that counts its calls. */
const leastStates = 16;

/** In a large search, this share of the states is looked at, but no more than `mostStates`. */
const share = 1 / 1000;
const mostStates = 1000;

/** States of a sample between two looks at whether it is interrupted. */
const statesBetweenLooks = 16;

interface CrossCheckOptions {
  /** `whole`: by the reference search, whatever that takes. */
  readonly whole: boolean;
  /** The seed of the random numbers that draw the sample. */
  readonly seed: number;
  readonly monitor: Monitor;
}

/**
 * Checks a complete exhaustive search on another road: by the plain functions. A small search is checked by the reference search as a
 * whole; a larger one in random states. In each of them every call is made and everything that was proved is judged again; successors
 * are looked up among the states that were visited. Which of the two it is, and how many states, depends on counts of the search, never
 * on time. Throws a SpecError at the first difference. Undefined if it was interrupted.
 */
export const crossCheck = async (
  task: Task,
  result: Result,
  explored: Exploration,
  { whole, seed, monitor }: CrossCheckOptions,
): Promise<CrossCheck | undefined> => {
  const states = whole ? 'all' : sampleSize(task, result, explored);
  if (states === 'all') return (await agreesWithReference(task, result, monitor)) ? { by: 'reference' } : undefined;

  const sample = new Sample(task, result, explored);
  for (const state of shuffled(explored.states.count, randomNumbers(seed))) {
    if (sample.states === states) break;
    if (sample.states % statesBetweenLooks === 0) {
      const goesOn = await monitor({ ...result.covered, doing: 'proofs are checked again' });
      if (!goesOn) return undefined;
    }
    sample.look(state);
  }
  return { by: 'sample', seed, states: sample.states, calls: sample.calls, judgements: sample.judgements };
};

/** How many of the visited states are looked at; `all`: the whole reference search, which visits all those that they stand for. */
const sampleSize = ({ commands, obligations }: Task, { symmetry }: Result, { states }: Exploration): number | 'all' => {
  const judgements = obligations.map(
    ({ property: { on }, instances }) => instances.length * (on === 'call' ? commands.length : 1),
  );
  const workPerState = judgements.reduce((sum, one) => sum + one, commands.length);
  const plainStates = Number(symmetry?.states ?? states.count);
  if (states.count < leastStates || plainStates * workPerState <= leastWork) return 'all';
  return Math.max(
    leastStates,
    Math.floor(leastWork / workPerState),
    Math.min(mostStates, Math.floor(states.count * share)),
  );
};

/** False if it was interrupted. */
const agreesWithReference = async (task: Task, result: Result, monitor: Monitor): Promise<boolean> => {
  const reference = await searchReference(task, { monitor });
  if (reference.bound?.kind === 'interrupted') return false;
  const words = comparableWords(result, result.symmetry?.states ?? result.covered.states);
  const expected = comparableWords(reference, reference.covered.states);
  const at = words.findIndex((one, i) => one !== expected[i]);
  if (at < 0) return true;
  throw new SpecError(
    `${scopeName(task.scope)}: cross-check: the exhaustive search says ${words[at]}, the reference search ${expected[at]}: ${blame}`,
  );
};

const blame = `a transition or a property is impure (${causes}), or pagelaw is wrong`;

/** What was proved: it holds for these instances. Of a witness: none of these was reached. */
interface Claim {
  readonly property: Property;
  readonly instances: readonly unknown[];
}

class Sample {
  readonly #task: Task;
  readonly #explored: Exploration;
  readonly #claims: readonly Claim[];
  states = 0;
  calls = 0;
  judgements = 0;

  constructor(task: Task, { judged }: Result, explored: Exploration) {
    this.#task = task;
    this.#explored = explored;
    this.#claims = judged.flatMap(({ property, verdict }): Claim[] => {
      if (property.witness)
        return verdict.kind === 'violated' && !verdict.trace ? [{ property, instances: [verdict.instance] }] : [];
      const { instances } = task.obligations.find((one) => one.property === property)!;
      return verdict.kind === 'proved' ? [{ property, instances }] : [];
    });
  }

  look(number: number): void {
    const { graph } = this.#explored;
    const state = graph.plain(number);
    this.states++;
    this.#judge('state', state, state);
    for (const [index, command] of this.#task.commands.entries()) {
      const outcome = this.#call(number, index, command, state);
      if (outcome.result !== 'disabled') this.#judge('call', { before: state, command, outcome }, state, command);
    }
    if (this.#claims.some(({ property }) => property.on === 'end') && isEnd(this.#task, state))
      this.#judge('end', state, state);
    this.#compareWaiting(number, state);
  }

  #call(number: number, index: number, command: Command, state: unknown): Outcome<unknown> {
    const { graph, layout, states, transitions, canonical } = this.#explored;
    this.calls++;
    const outcome = this.#performed(command, state);
    const known = transitions.row(transitions.find(index, states.words, number * layout.words)).outcome;
    const to = graph.successor(number, index);
    const differs = () =>
      this.#differs(
        `${describeCommand(command)}: the search has ${describeOutcome(known)}, the plain function ${describeOutcome(outcome)}, or another state`,
        state,
      );
    if (outcomeKey(outcome) !== outcomeKey(known)) throw differs();
    if (outcome.result === 'disabled') return outcome;
    if (!this.#task.system.state.contains(outcome.state)) throw new LeftDomain(this.#task, command, outcome.state);
    if (outcome.result === 'panic') {
      if (to !== noSuccessor.panic) throw differs();
      return outcome;
    }
    const after = layout.encode(outcome.state);
    canonical?.(after, 0);
    if (states.find(after, 0, states.hash(after, 0)) !== to) throw differs();
    return outcome;
  }

  /** What the plain function does; with updates whose results share parts, which makes a difference only to who compares parts with ===. */
  #performed(command: Command, state: unknown): Outcome<unknown> {
    const outcome = perform(this.#task, state, command);
    if (outcome.result === 'refused' || outcome.result === 'disabled') return outcome; // which give back the state that they were given
    let sharing: Outcome<unknown> | undefined;
    try {
      sharing = sharingParts(() => perform(this.#task, state, command));
    } catch {
      // Without sharing it does not throw: a difference.
    }
    if (sharing && outcomeKey(sharing) === outcomeKey(outcome) && isDeepStrictEqual(sharing.state, outcome.state))
      return outcome;
    throw new SpecError(
      `${this.#task.scope.model}@${this.#task.scope.variant}: ${describeCommand(command)} compares states by identity: an update that changes ` +
        'nothing makes a difference; compare fields instead',
    );
  }

  #judge(on: Property['on'], subject: unknown, state: unknown, command?: Command) {
    for (const { property, instances } of this.#claims) {
      if (property.on !== on) continue;
      for (const instance of instances) {
        this.judgements++;
        if (!decides(property, judge(this.#task, property, subject, instance))) {
          if (on === 'call') checkIdentity(this.#task, property, instance, subject as Step, false);
          continue;
        }
        const where = command ? ` at ${describeCommand(command)}` : '';
        throw this.#differs(`property ${property.id} is judged otherwise by the plain function${where}`, state);
      }
    }
  }

  /** Paths cannot be sampled; which states wait can. */
  #compareWaiting(number: number, state: unknown) {
    const { graph } = this.#explored;
    for (const { property, instances } of this.#claims) {
      if (property.on !== 'path') continue;
      for (const instance of instances) {
        this.judgements++;
        const waits = judge(this.#task, property, state, instance) === true;
        if (waits === graph.waits({ property, instance, settled: false })(number)) continue;
        throw this.#differs(`property ${property.id}: waiting() is answered otherwise by the plain function`, state);
      }
    }
  }

  #differs(what: string, state: unknown): SpecError {
    return new SpecError(
      `${scopeName(this.#task.scope)}: cross-check: ${what}: ${blame}; the state: ${JSON.stringify(state)}`,
    );
  }
}
