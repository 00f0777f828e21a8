import { decides } from '../engine/findings.ts';
import { judge, LeftDomain, type Obligation, perform, type Task, taskOf } from '../engine/task.ts';
import { SpecError } from '../spec/errors.ts';
import type { Command } from '../spec/model.ts';
import { describeOutcome, type Outcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import type { Suite } from '../spec/suite.ts';
import { type Presentation, presentationOf } from '../system/presentation.ts';
import type { Scope } from '../system/scope.ts';
import { firstBreakIn, startingAt as startOfTrace } from '../trace/replay.ts';
import { commandIn } from '../trace/script/call.ts';
import { parseScript } from '../trace/script/parse.ts';
import { callText } from '../trace/script/write.ts';
import { type Link, linkTo, scopeFor } from './link.ts';

/** A model in one scope, ready to be explored. */
export interface Session {
  readonly suite: Suite;
  readonly scope: Scope;
  /** Its initial state is that of `init`, where that is given. */
  readonly task: Task;
  /** The fields of the start state that are not those of the model, as in an `init` of a script. */
  readonly init: string | undefined;
  readonly shown: Presentation;
}

/** Throws a SpecError where the model cannot be run. */
export const sessionOf = (suite: Suite, scope: Scope, init?: string): Session => {
  const task = startingAt(taskOf(suite.model, scope, suite.properties), init);
  return { suite, scope, task, init, shown: presentationOf(suite.model, scope, task.system.initial) };
};

const startingAt = (task: Task, init: string | undefined): Task => {
  if (init === undefined) return task;
  const statements = parseScript(`init ${init}`, 'the start state', task.system);
  return startOfTrace(task, { origin: { model: '', variant: '', config: {}, switches: {} }, statements });
};

/** The session that a link speaks of. Throws a SpecError where there is none. */
export const sessionFor = (suites: readonly Suite[], link: Link): Session => {
  const suite = suites.find(({ model }) => model.id === link.model);
  if (!suite)
    throw new SpecError(
      `there is no model ${link.model} here; there are ${suites.map(({ model }) => model.id).join(', ')}`,
    );
  return sessionOf(suite, scopeFor(suite.model, link), link.init);
};

/** The link to where steps lead. */
export const linkOf = ({ suite, scope, init }: Session, steps: readonly Step[]): Link =>
  linkTo(
    suite.model,
    scope,
    steps.map(({ command }) => command),
    init,
  );

/** Calls that were made, and why the rest of them could not be. */
export interface Way {
  readonly steps: readonly Step[];
  /** What stands at the first call that does not apply, and why. */
  readonly stopped?: { readonly call: string; readonly problem: string };
}

/** Makes the calls, as they are written, as far as they apply. */
export const wayOf = ({ task }: Session, calls: readonly string[]): Way => {
  const steps: Step[] = [];
  let before = task.system.initial;
  for (const call of calls) {
    try {
      const command = commandIn(call, task.system);
      const outcome = made(task, before, command);
      if (steps.at(-1)?.outcome.result === 'panic') throw new SpecError('nothing can follow a panic');
      if (outcome.result === 'disabled') throw new SpecError(`not possible here: ${outcome.reason}`);
      steps.push({ before, command, outcome });
      before = outcome.state;
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      return { steps, stopped: { call, problem: error.message } };
    }
  }
  return { steps };
};

const made = (task: Task, state: unknown, command: Command): Outcome<unknown> => {
  const outcome = perform(task, state, command);
  if (!['panic', 'disabled'].includes(outcome.result) && !task.system.state.contains(outcome.state))
    throw new LeftDomain(task, command, outcome.state);
  return outcome;
};

/** The state after the steps. */
export const stateAfter = ({ task }: Session, steps: readonly Step[]): unknown =>
  steps.at(-1)?.outcome.state ?? task.system.initial;

/** A call that can be tried in a state, and what comes of it. */
export interface Choice {
  readonly command: Command;
  /** `host_share_hyp(pfn=0)`. */
  readonly text: string;
  /** `changes`: ok, and the state is another one. `failed`: the model fails at the call. */
  readonly kind: 'changes' | 'same' | 'refused' | 'panic' | 'disabled' | 'failed';
  /** `ok`, `-EPERM (annotated with another owner)`; or why the model fails. */
  readonly result: string;
  readonly warns: boolean;
  /** Undefined where the model fails. */
  readonly outcome?: Outcome<unknown>;
}

/** Every call, with its outcome in the state. None follows a panic. */
export const choicesIn = (session: Session, steps: readonly Step[]): readonly Choice[] => {
  if (steps.at(-1)?.outcome.result === 'panic') return [];
  const state = stateAfter(session, steps);
  return session.task.commands.map((command) => choiceOf(session.task, state, command));
};

const choiceOf = (task: Task, state: unknown, command: Command): Choice => {
  const text = callText(command);
  try {
    const outcome = made(task, state, command);
    const kind = outcome.result === 'ok' ? (outcome.state === state ? 'same' : 'changes') : outcome.result;
    return { command, text, kind, result: describeOutcome(outcome), warns: outcome.warnings.length > 0, outcome };
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    return { command, text, kind: 'failed', result: error.message, warns: false };
  }
};

/** What a property says here and along the way. */
export interface Light {
  readonly id: string;
  readonly statement: string;
  readonly source: string;
  readonly witness: boolean;
  /** Whether the state here, or the call that led here, decides it: it breaks the property, or is the witness. */
  readonly isHere: boolean;
  /** After how many calls of the way it was decided first; undefined if it was not. */
  readonly first: number | undefined;
  /** What is wrong, or which instance it is. */
  readonly detail: string;
  readonly instance: unknown;
}

export const lightsAt = (session: Session, steps: readonly Step[], isEnd: boolean): readonly Light[] =>
  session.task.obligations.map((obligation) => lightOf(session.task, obligation, steps, isEnd));

const lightOf = (task: Task, obligation: Obligation, steps: readonly Step[], isEnd: boolean): Light => {
  const { id, statement, source, witness } = obligation.property;
  const said = { id, statement, source, witness };
  try {
    const here = decidedHere(task, obligation, steps, isEnd);
    const broken = firstBreakIn(task, obligation, steps);
    const { instance, detail = '' } = here ?? broken ?? {};
    return { ...said, isHere: here !== undefined, first: broken?.commands.length, detail, instance };
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    return { ...said, isHere: true, first: steps.length, detail: error.message, instance: undefined };
  }
};

/** The first instance that the last state or call decides. */
const decidedHere = (task: Task, { property, instances }: Obligation, steps: readonly Step[], isEnd: boolean) => {
  const last = steps.at(-1);
  if (property.on === 'path') {
    const found = firstBreakIn(task, { property, instances }, steps);
    return found && found.commands.length === steps.length ? found : undefined;
  }
  if (property.on === 'call' ? !last : last?.outcome.result === 'panic' || (property.on === 'end' && !isEnd)) return;
  const subject = property.on === 'call' ? last : (last?.outcome.state ?? task.system.initial);
  for (const instance of instances) {
    const judgement = judge(task, property, subject, instance);
    if (decides(property, judgement)) return { instance, detail: typeof judgement === 'string' ? judgement : '' };
  }
  return undefined;
};

/** What drawings call the parts that a broken property names here: `pfn 0` for an instance `{ pfn: 0 }`. */
export const namedBy = (lights: readonly Light[]): ReadonlySet<string> =>
  new Set(
    lights
      .filter(({ witness, isHere }) => isHere && !witness)
      .flatMap(({ instance }) =>
        typeof instance === 'object' && instance !== null
          ? Object.entries(instance).map(([name, value]) => `${name} ${value}`)
          : [],
      ),
  );
