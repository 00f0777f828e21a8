import { SpecError } from '../spec/errors.ts';
import { type Command, describeCommand, type Model, type Scope, type System, systemOf } from '../spec/model.ts';
import type { Outcome } from '../spec/outcome.ts';
import type { Judgement, Property, Step } from '../spec/property.ts';
import { frozen } from '../spec/update.ts';
import type { Trace } from './result.ts';

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
  return {
    scope,
    system,
    commands: [...system.command.values()].map(frozen),
    obligations: properties
      .filter((property) => property.applies(scope.switches, scope.config))
      .map((property) => ({ property, instances: property.instances(scope.config) })),
  };
};

/** Runs one command. Throws a SpecError that names the command if the transition throws or is not an outcome. */
export const perform = ({ scope, system }: Task, state: unknown, command: Command): Outcome<unknown> => {
  const wrong = (what: string) => new SpecError(`${scope.model}@${scope.variant}: ${describeCommand(command)} ${what}`);
  let outcome: Outcome<unknown>;
  try {
    outcome = system.step(state, command);
  } catch (error) {
    throw wrong(
      `threw ${oneLine(error)}; a transition refuses with an errno, and changes the state only through update()`,
    );
  }
  if (!['ok', 'refused', 'panic', 'disabled'].includes(outcome?.result))
    throw wrong('did not return an outcome; use ok(), refuse(), panic() or disabled()');
  frozen(outcome.state);
  return outcome;
};

/** Judges a property at one state or call. Throws a SpecError that names the property if its function throws. */
export const judge = (task: Task, property: Property, subject: unknown, instance: unknown): Judgement => {
  const { scope } = task;
  try {
    return property.on === 'call'
      ? property.judge(subject as Step, instance, scope.config)
      : property.judge(subject, instance, scope.config);
  } catch (error) {
    throw new SpecError(`${scope.model}@${scope.variant}: property ${property.id} threw ${oneLine(error)}`);
  }
};

/** What to say of a command that left the state's domain. The search goes on behind violations, and one may be the reason. */
export const leftDomain = (
  { scope, system }: Task,
  command: Command,
  state: unknown,
  earlier?: { readonly property: Property; readonly trace: Trace },
): SpecError => {
  const { path = '', reason = 'it cannot be packed' } = system.state.misfit(state) ?? {};
  const calls = earlier?.trace.commands.map(describeCommand).join('; ');
  const before = earlier ? `; before that, ${calls || 'the initial state'} violates ${earlier.property.id}` : '';
  return new SpecError(
    `${scope.model}@${scope.variant}: ${describeCommand(command)} leaves the state's domain at ${path || 'the top'}: ${reason}${before}`,
  );
};

const oneLine = (error: unknown) => String(error).split('\n', 1)[0];
