import { perform, type Runnable } from '../../engine/task.ts';
import { type Fields, show } from '../../spec/domain.ts';
import { SpecError } from '../../spec/errors.ts';
import type { Command } from '../../spec/model.ts';
import { layoutOf } from '../../system/layout.ts';
import { problemOfState } from '../expectation.ts';
import { casesOf } from '../script/call.ts';
import type { Expected, Field } from '../trace.ts';
import { valueIn } from './value.ts';

/** What is said of one call. */
export interface Hint {
  /** The place in the file, for messages. */
  readonly where: string;
  readonly command?: Command;
  readonly expected?: Expected;
  /** Quint's name of the action; it counts if the model has a call of that name. */
  readonly action?: string;
  /** Quint's values that the action chose; those count that are called as an argument is. */
  readonly picks?: unknown;
}

/** A call that is looked for, and what is observed of the state after it. */
type Arrival = Hint & { readonly fields: readonly Field[] };

interface Matched {
  readonly command: Command;
  readonly expected?: Expected;
  readonly fields: readonly Field[];
}

/** A state that the calls so far may have led to, and the last of these calls. */
interface Path {
  readonly state: unknown;
  readonly last?: { readonly before: Path; readonly matched: Matched };
}

/** So many states are followed at a time where observations leave open which of them it is. */
const mostPaths = 1000;

/** So many calls, at most, are tried in a state. */
const mostCalls = 100_000n;

/**
 * The calls that lead from observation to observation. Where several calls lead on, the first in the order of commands is taken. If no
 * call is named and the state stays as it was, that is a stuttering step of the specification, and no call. Throws a SpecError, the end
 * of a sentence about the file, at the first arrival that no call leads to.
 */
export const matchedCalls = (runnable: Runnable, start: unknown, arrivals: readonly Arrival[]): Matched[] => {
  const known = arrivals.flatMap(({ command, expected, fields }) =>
    command ? [{ command, ...(expected && { expected }), fields }] : [],
  );
  // What is known need not be tried: where the model does otherwise today, whoever runs the trace sees it.
  if (known.length === arrivals.length) return known;
  const layout = layoutOf(runnable.system.state);
  let paths: Path[] = [{ state: start }];
  for (const arrival of arrivals) {
    const next = new Map<string, Path>();
    for (const before of paths) {
      for (const after of followed(runnable, before, arrival)) {
        const key = layout.encode(after.state).join();
        if (!next.has(key) && next.size < mostPaths) next.set(key, after);
      }
    }
    if (next.size === 0) throw nothingLeads(runnable, paths[0]!, arrival);
    paths = [...next.values()];
  }
  const calls: Matched[] = [];
  for (let at = paths[0]!.last; at; at = at.before.last) calls.push(at.matched);
  return calls.reverse();
};

/** Where the calls lead that may be meant. */
function* followed(runnable: Runnable, before: Path, arrival: Arrival): Generator<Path> {
  const { fields } = arrival;
  const isNamed = arrival.command !== undefined || namesCall(runnable, arrival);
  if (!isNamed && problemOfState(fields, before.state) === undefined) yield before;
  for (const command of candidatesOf(runnable, arrival)) {
    const outcome = perform(runnable, before.state, command);
    if (outcome.result === 'disabled' || problemOfState(fields, outcome.state) !== undefined) continue;
    if (!runnable.system.state.contains(outcome.state)) continue;
    const { expected } = arrival;
    yield { state: outcome.state, last: { before, matched: { command, ...(expected && { expected }), fields } } };
  }
}

const namesCall = ({ system }: Runnable, { action }: Arrival): boolean =>
  action !== undefined && Object.hasOwn(casesOf(system), action);

function* candidatesOf(runnable: Runnable, arrival: Arrival): Generator<Command> {
  const { system } = runnable;
  if (arrival.command) {
    yield arrival.command;
    return;
  }
  if (system.command.size > mostCalls)
    throw new SpecError(`${arrival.where} does not say which call led there, and there are too many to try`);
  const { action } = arrival;
  if (action === undefined || !namesCall(runnable, arrival)) {
    yield* system.command.values();
    return;
  }
  const picked = pickedOf(arrival.picks, casesOf(system)[action]!);
  for (const command of system.command.values())
    if (command.kind === action && [...picked].every(([name, value]) => Reflect.get(command, name) === value))
      yield command;
}

/** The arguments that Quint says: options, `{tag: 'Some', value}`, of the values of nondeterministic choices. */
const pickedOf = (picks: unknown, args: Fields): Map<string, unknown> => {
  const picked = new Map<string, unknown>();
  if (typeof picks !== 'object' || picks === null) return picked;
  for (const [name, option] of Object.entries(picks) as [string, { tag?: unknown; value?: unknown } | null][]) {
    if (!Object.hasOwn(args, name) || option?.tag !== 'Some') continue;
    const value = valueIn(option.value, args[name]!.shape, `what it picked for ${name}`);
    if (typeof value !== 'object') picked.set(name, value);
  }
  return picked;
};

const nothingLeads = ({ scope }: Runnable, { state }: Path, { where, fields, action }: Arrival): SpecError => {
  const calls = action === undefined ? 'no call' : `no call ${show(action)}`;
  const wanted = fields.length === 0 ? 'nothing is known of it' : problemOfState(fields, state);
  return new SpecError(
    `${where}: ${calls} of ${scope.model}@${scope.variant} leads there from the state before, where ${wanted ?? 'nothing is different'}`,
  );
};
