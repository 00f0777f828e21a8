import { show } from '../spec/domain.ts';
import { SpecError } from '../spec/errors.ts';
import { type Command, describeCommand, type Model, type System } from '../spec/model.ts';
import type { Outcome } from '../spec/outcome.ts';
import type { Judgement, Property, Step } from '../spec/property.ts';
import { frozen } from '../spec/update.ts';
import { applies, instancesOf, misfitOfJudgement } from '../system/callbacks.ts';
import { isEqual } from '../system/equal.ts';
import { guarded } from '../system/guarded.ts';
import { misfitOfOutcome, withState } from '../system/outcome.ts';
import type { Scope } from '../system/scope.ts';
import { systemOf } from '../system/system.ts';
import type { Bound } from './result.ts';

/** What calls are made on, and what it is called in messages. */
export interface Runnable {
  readonly scope: Scope;
  readonly system: System;
}

/** What an engine is asked: a system, the calls that can be made in it, and the properties to judge. */
export interface Task extends Runnable {
  /** Every command with every combination of its arguments, frozen, in the order of the domain. This order decides between traces of one length. */
  readonly commands: readonly Command[];
  /** The properties that apply to the scope, in the order in which they were given. */
  readonly obligations: readonly Obligation[];
  /** The transitions are no functions that can be watched: a program makes the calls. */
  readonly isOpaque?: true;
}

/** A property, and the instances that it is judged for. */
export interface Obligation {
  readonly property: Property;
  /** The values of the property's `forEach`, in that order; `[undefined]` if it has none. */
  readonly instances: readonly unknown[];
}

/** The properties that apply to the scope, ready to be searched. */
export const taskOf = (model: Model, scope: Scope, properties: readonly Property[]): Task => {
  const system = systemOf(model, scope);
  return {
    scope,
    system,
    commands: [...system.command.values()].map(frozen),
    obligations: properties
      .filter((property) => applies(property, scope))
      .map((property) => ({ property, instances: instancesOf(property, scope) })),
  };
};

/**
 * Runs one command, and takes its outcome as it comes: see `perform`. Throws a SpecError that names the command if the transition
 * throws or does not return an outcome.
 */
export const attempt = ({ scope, system }: Runnable, state: unknown, command: Command): Outcome<unknown> => {
  const call = () => `${scope.model}@${scope.variant}: ${describeCommand(command)}`;
  return guarded(call, () => {
    const outcome = copied(system.step(state, command));
    const misfit = misfitOfOutcome(outcome);
    if (misfit === undefined) return outcome;
    throw new SpecError(`${call()} ${misfit}`);
  });
};

/** An outcome with values for fields: a getter is asked once. */
const copied = (outcome: Outcome<unknown>): Outcome<unknown> =>
  typeof outcome !== 'object' || outcome === null || outcome instanceof Promise ? outcome : { ...outcome };

/** Looks at the state that a command has made. Throws a SpecError where that cannot be. */
export const readable = <T>({ scope }: Runnable, command: Command, look: () => T): T => {
  try {
    return look();
  } catch (error) {
    if (error instanceof SpecError) throw error;
    throw new SpecError(
      `${scope.model}@${scope.variant}: ${describeCommand(command)} made a state that cannot be read (usual cause: a draft that is used after its update())`,
    );
  }
};

/**
 * Runs one command. The state after is canonical: a new value, or the very state before exactly if nothing changed, so that properties
 * may ask for that with ===. One outside its domain, which is an error or lies behind a violation, is frozen as it is. Throws as
 * `attempt` does.
 */
export const perform = (task: Runnable, state: unknown, command: Command): Outcome<unknown> => {
  const outcome = attempt(task, state, command);
  if (outcome.result === 'disabled' || outcome.state === state) return withState(outcome, state);
  const after = readable(task, command, () => task.system.state.canonical(outcome.state) ?? frozen(outcome.state));
  return withState(outcome, isEqual(after, state) ? state : after);
};

/** Whether no command can be given in the state. */
export const isEnd = (task: Task, state: unknown): boolean =>
  task.commands.every((command) => perform(task, state, command).result === 'disabled');

/**
 * Judges a property at one state or call. Of one that is judged of paths it says whether the state waits. Throws a SpecError that
 * names the property if its function throws.
 */
export const judge = (task: Task, property: Property, subject: unknown, instance: unknown): Judgement => {
  const { scope } = task;
  const what = () => `${scope.model}@${scope.variant}: property ${property.id}`;
  const judgement: unknown = guarded(what, () =>
    property.on === 'path'
      ? property.waits(subject, instance, scope.config, scope.switches)
      : property.on === 'call'
        ? property.judge(subject as Step, instance, scope.config, scope.switches)
        : property.judge(subject, instance, scope.config, scope.switches),
  );
  const misfit = misfitOfJudgement(property, judgement);
  if (misfit === undefined) return judgement as Judgement;
  throw new SpecError(`${what()} ${misfit}`);
};

/** Whether a property that is judged of paths takes the command for the system's own. */
export const owns = ({ scope }: Task, property: Property, command: Command, instance: unknown): boolean => {
  if (property.on !== 'path') return false;
  const what = `${scope.model}@${scope.variant}: property ${property.id}`;
  const own: unknown = guarded(what, () => property.own(command, instance, scope.config, scope.switches));
  if (typeof own === 'boolean') return own;
  throw new SpecError(`${what}: own() returned ${show(own)}; it must say true or false`);
};

/** A command left the state's domain: the model is broken, or a violation has led to where it need not be right. */
export class LeftDomain extends SpecError {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return Function.prototype[Symbol.hasInstance].call(LeftDomain, value);
  }

  readonly bound: Bound;

  constructor({ scope, system }: Runnable, command: Command, state: unknown) {
    const { path = '', reason = 'it cannot be packed' } = system.state.misfit(state) ?? {};
    const misfit = `${path || 'the top'}: ${reason}`;
    super(`${scope.model}@${scope.variant}: ${describeCommand(command)} leaves the state's domain at ${misfit}`);
    this.bound = { kind: 'domain', command, misfit };
  }
}

/** What makes the calls has failed, where that is no function but a program: what was found before stays true. */
export class TransitionsFailed extends SpecError {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return Function.prototype[Symbol.hasInstance].call(TransitionsFailed, value);
  }
}

/** What makes a function impure, for an error message. */
export const causes =
  'usual causes: a clock, random numbers, a variable captured from outside, a state kept from an earlier call';
