import type { Evidence } from '../engine/result.ts';
import { type Obligation, perform, type Task, taskOf } from '../engine/task.ts';
import { SpecError } from '../spec/errors.ts';
import type { Command, Model } from '../spec/model.ts';
import type { Property } from '../spec/property.ts';
import { layoutOf } from '../system/layout.ts';
import { type Scope, scopeOf } from '../system/scope.ts';
import { minimise } from './minimise.ts';
import { counterexampleOf } from './record.ts';
import { firstBreak, replay } from './replay.ts';
import { type Counterexample, callsOf } from './trace.ts';

/**
 * Carries a counterexample of a larger configuration over to the default one. That is done if the same functions, called in the same
 * order with some arguments, break the property in the default configuration; the result is in its normal form. Otherwise the
 * counterexample is returned as it is. So a random search in a larger configuration and an exhaustive search mostly keep equal files.
 * Two traces with different functions, or with a different order, stay two files: a different mistake may be behind each.
 */
export const canonical = (model: Model, property: Property, scope: Scope, found: Counterexample): Counterexample => {
  if (scope.resized.length === 0) return found;
  const plain = scopeOf(model, { variant: scope.variant, switches: scope.switches });
  try {
    const task = taskOf(model, plain, [property]);
    const [obligation] = task.obligations;
    const kinds = callsOf(found).map(({ command }) => command.kind);
    const trace = obligation && sameCalls(task, obligation, kinds);
    if (!obligation || !trace) return found;
    const steps = replay(task, minimise(task, obligation, trace).commands);
    const { search: by } = found.claim;
    const search = by.kind === 'random' ? { ...by, config: found.origin.config } : by;
    return counterexampleOf(plain, property.id, steps, search);
  } catch (error) {
    // A model that is broken in its default configuration is told of by the check of that.
    if (error instanceof SpecError) return found;
    throw error;
  }
};

/** So many calls are tried, at most. */
const mostCalls = 20_000;

/** The first trace, in the order of commands, that calls these functions in this order and breaks the property. */
const sameCalls = (task: Task, obligation: Obligation, kinds: readonly string[]): Evidence | undefined => {
  const layout = layoutOf(task.system.state);
  // Of two ways to a state the first will do, unless the way itself is judged.
  const seen = obligation.property.on === 'path' ? undefined : new Set<string>();
  let calls = 0;
  const from = (state: unknown, commands: readonly Command[]): Evidence | undefined => {
    const left = kinds.length - commands.length;
    if (left === 0) return firstBreak(task, obligation, commands);
    const key = `${left} ${layout.encode(state).join()}`;
    if (seen?.has(key)) return undefined;
    seen?.add(key);
    for (const command of task.commands.filter(({ kind }) => kind === kinds[commands.length])) {
      if (calls++ >= mostCalls) return undefined;
      const { result, state: next } = perform(task, state, command);
      if (result === 'disabled' || (result === 'panic' && left > 1)) continue;
      const trace = from(next, [...commands, command]);
      if (trace) return trace;
    }
    return undefined;
  };
  return from(task.system.initial, []);
};
