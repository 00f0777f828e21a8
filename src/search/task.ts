import { isDeepStrictEqual } from 'node:util';
import { SpecError } from '../spec/errors.ts';
import {
  type Command,
  describeCommand,
  guarded,
  type Model,
  type Scope,
  type System,
  systemOf,
} from '../spec/model.ts';
import type { Outcome } from '../spec/outcome.ts';
import type { Judgement, Property, Step } from '../spec/property.ts';
import { frozen } from '../spec/update.ts';
import type { Bound } from './result.ts';

/** What a search is asked: a system and the properties to judge, each for each of its instances. */
export interface Task {
  readonly scope: Scope;
  readonly system: System;
  /** Every command, in the order of the domain; ties between counterexamples are decided by this order. */
  readonly commands: readonly Command[];
  readonly obligations: readonly Obligation[];
}

/** A property with its instances. */
export interface Obligation {
  readonly property: Property;
  readonly instances: readonly unknown[];
}

/** The properties that apply to the scope, ready to be searched. */
export const taskOf = (model: Model, scope: Scope, properties: readonly Property[]): Task => {
  const system = systemOf(model, scope);
  const of = (property: Property, part: string) => `${scope.model}: ${part} of property ${property.id}`;
  return {
    scope,
    system,
    commands: [...system.command.values()].map(frozen),
    obligations: properties
      .filter((property) => guarded(of(property, 'applies()'), () => property.applies(scope.switches, scope.config)))
      .map((property) => ({
        property,
        instances: guarded(of(property, 'forEach()'), () => property.instances(scope.config)),
      })),
  };
};

/**
 * Runs one command, and takes its outcome as it comes: see `perform`. Throws a SpecError that names the command if the transition
 * throws or does not return an outcome.
 */
export const attempt = ({ scope, system }: Task, state: unknown, command: Command): Outcome<unknown> => {
  const call = () => `${scope.model}@${scope.variant}: ${describeCommand(command)}`;
  const outcome = guarded(call, () => system.step(state, command));
  if (!isOutcome(outcome))
    throw new SpecError(`${call()} did not return an outcome; use ok(), refuse(), panic() or disabled()`);
  return outcome;
};

/** Looks at the state that a command has made. Throws a SpecError where that cannot be. */
export const readable = <T>({ scope }: Task, command: Command, look: () => T): T => {
  try {
    return look();
  } catch (error) {
    if (error instanceof SpecError) throw error;
    throw new SpecError(
      `${scope.model}@${scope.variant}: ${describeCommand(command)} made a state that cannot be read (usual cause: a draft that is used after its update())`,
    );
  }
};

/** Runs one command. The state after is frozen. Throws as `attempt` does. */
export const perform = (task: Task, state: unknown, command: Command): Outcome<unknown> => {
  const outcome = attempt(task, state, command);
  if (outcome.state === state) return outcome;
  readable(task, command, () => frozen(outcome.state));
  // The state after is the very state before exactly if nothing changed, so that properties may ask for that with ===.
  return isDeepStrictEqual(outcome.state, state) ? { ...outcome, state } : outcome;
};

/** Whether no command can be given in the state. */
export const isEnd = (task: Task, state: unknown): boolean =>
  task.commands.every((command) => perform(task, state, command).result === 'disabled');

const isOutcome = (outcome: Outcome<unknown>): boolean => {
  if (!Array.isArray(outcome?.warnings)) return false;
  if (outcome.result === 'refused' && typeof outcome.errno !== 'string') return false;
  return (
    outcome.result === 'ok' ||
    (['refused', 'panic', 'disabled'].includes(outcome.result) && typeof outcome.reason === 'string')
  );
};

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
  if (typeof judgement === 'boolean' || typeof judgement === 'string') return judgement;
  throw new SpecError(`${what()} returned ${String(judgement)}; it must say true, false, or in words what is wrong`);
};

/** Whether a property that is judged of paths takes the command for the system's own. */
export const owns = ({ scope }: Task, property: Property, command: Command, instance: unknown): boolean =>
  guarded(
    `${scope.model}@${scope.variant}: property ${property.id}`,
    () => property.on === 'path' && property.own(command, instance, scope.config, scope.switches),
  );

/** A command left the state's domain: the model is broken, or a violation has led to where it need not be right. */
export class LeftDomain extends SpecError {
  readonly bound: Bound;

  constructor({ scope, system }: Task, command: Command, state: unknown) {
    const { path = '', reason = 'it cannot be packed' } = system.state.misfit(state) ?? {};
    const misfit = `${path || 'the top'}: ${reason}`;
    super(`${scope.model}@${scope.variant}: ${describeCommand(command)} leaves the state's domain at ${misfit}`);
    this.bound = { kind: 'domain', command, misfit };
  }
}

/** What makes a function impure, for an error message. */
export const causes =
  'usual causes: a clock, random numbers, a variable captured from outside, a state kept from an earlier call';
