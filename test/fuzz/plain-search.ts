import type { Command, Model } from '../../src/spec/model.ts';
import type { Outcome } from '../../src/spec/outcome.ts';
import type { Property } from '../../src/spec/property.ts';
import type { Suite } from '../../src/spec/suite.ts';
import { allOf, copyIn, OutsideDomain, textOfCopy } from './plain-values.ts';

/**
 * What a search must say, by an implementation of its own: it shares no code with the searches that it is held against. Breadth
 * first over plain values, which are told apart by a text; every function is called plainly, on copies that are made for the call.
 */
export interface Said {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** By property. */
  readonly verdicts: Readonly<Record<string, PlainVerdict>>;
  /** By command: attempts, and how often each result. */
  readonly coverage: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly deadEnd: readonly Command[] | undefined;
  readonly bound: 'states' | 'domain' | undefined;
  /** The model or a property is broken: it throws, or gives no outcome or answer. Nothing else is said then. */
  readonly broken?: string;
}

export interface PlainVerdict {
  readonly kind: 'proved' | 'violated' | 'incomplete';
  readonly trace?: PlainTrace;
  /** Of a witness that is not reached: the first instance that is not. */
  readonly missing?: unknown;
}

export interface PlainTrace {
  readonly commands: readonly Command[];
  readonly instance: unknown;
  readonly detail: string;
  readonly loop?: number;
}

/** The model is broken. */
class Broken extends Error {}

const calling = <T>(what: string, call: () => T): T => {
  try {
    return call();
  } catch (error) {
    throw new Broken(`${what} threw ${worded(error)}`);
  }
};

/** Anything can be thrown. */
const worded = (error: unknown): string => {
  try {
    return String(error);
  } catch {
    return 'something odd';
  }
};

/** The model and its properties at their defaults, as plain functions. What they are given is copied for the call. */
const plainly = ({ model, properties }: Suite) => {
  const switches = defaultSwitches(model);
  const { state: domain, command, initial, step } = model.system({}, switches);
  const copy = copyIn(domain);
  /** A copy of a state; undefined if it is outside its domain. */
  const copied = (state: unknown): unknown => {
    try {
      return copy(state);
    } catch (error) {
      if (error instanceof OutsideDomain) return undefined;
      throw new Broken(`the state cannot be read: ${worded(error)}`);
    }
  };
  const perform = (state: unknown, command: Command): Outcome<unknown> => {
    const before = copy(state);
    const outcome = calling('a transition', () => step(before, command));
    calling('a look at an outcome', () => {
      if (!isOutcome(outcome)) throw new Error('it is none');
    });
    return outcome;
  };
  /** The call as a property sees it: where nothing has changed, the state after is the very state before. */
  const stepOf = (state: unknown, command: Command, outcome: Outcome<unknown>) => {
    const before = copy(state);
    const after = copied(outcome.state);
    const isSame = after !== undefined && textOfCopy(after) === textOfCopy(before);
    return { before, command, outcome: { ...outcome, state: isSame ? before : (after ?? outcome.state) } };
  };
  const judge = (property: Property, subject: unknown, instance: unknown): boolean | string => {
    const answer: unknown = calling(`property ${property.id}`, () => {
      if (property.on === 'path') return property.waits(subject, instance, {}, switches);
      if (property.on === 'call') return property.judge(subject as never, instance, {}, switches);
      return property.judge(subject, instance, {}, switches);
    });
    if (typeof answer === 'boolean') return answer;
    const takesWords = property.on !== 'path' && !property.witness;
    if (!takesWords || typeof answer !== 'string' || answer === '')
      throw new Broken(`property ${property.id} does not say`);
    return answer;
  };
  const owns = (property: Property, command: Command, instance: unknown): boolean => {
    if (property.on !== 'path') return false;
    const answer: unknown = calling('own', () => property.own(command, instance, {}, switches));
    if (typeof answer !== 'boolean') throw new Broken(`property ${property.id} does not say`);
    return answer;
  };
  const commands = allOf(command).map((one) => copyIn(command)(one) as Command);
  return { commands, initial: copied(initial), properties, perform, stepOf, judge, owns, copy, copied };
};

/** Which fields each outcome has beside its result, and the errnos that the programs know. */
const outcomeFields = {
  ok: ['state', 'warnings'],
  refused: ['state', 'errno', 'reason', 'warnings'],
  panic: ['state', 'reason', 'warnings'],
  disabled: ['state', 'reason', 'warnings'],
};
const errnos = ['EPERM', 'EAGAIN', 'ENOMEM', 'EBUSY', 'EINVAL'];

const isOutcome = (value: object): boolean => {
  const field = (name: string): unknown => Reflect.get(value, name);
  const own = Reflect.ownKeys(value);
  const fields = Object.entries(outcomeFields).find(([result]) => result === field('result'))?.[1];
  if (!fields || own.length !== fields.length + 1 || ![...fields, 'result'].every((name) => own.includes(name)))
    return false;
  const warnings = field('warnings');
  if (!Array.isArray(warnings) || [...warnings].some((one) => typeof one !== 'string' || one === '')) return false;
  if (fields.includes('reason') && typeof field('reason') !== 'string') return false;
  return !fields.includes('errno') || errnos.some((errno) => errno === field('errno'));
};

const defaultSwitches = ({ switches }: Model) => Object.fromEntries(Object.keys(switches).map((name) => [name, false]));

const isDecided = ({ witness }: Property, answer: boolean | string) => (answer === true) === witness;
const detailOf = (answer: boolean | string) => (typeof answer === 'string' ? answer : '');

export const searchPlainly = (suite: Suite, maxStates = Number.POSITIVE_INFINITY): Said => {
  try {
    return search(suite, maxStates);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    const nothing = { states: 0, transitions: 0, depth: 0, verdicts: {}, coverage: {} };
    return { ...nothing, deadEnd: undefined, bound: undefined, broken: error.message };
  }
};

const search = (suite: Suite, maxStates: number): Said => {
  const { commands, initial, properties, perform, stepOf, judge, owns, copy, copied } = plainly(suite);
  const states: { readonly value: unknown; readonly trace: readonly Command[]; readonly next: number[] }[] = [];
  const known = new Map<string, number>();
  const coverage: Record<string, Record<string, number>> = {};
  let transitions = 0;
  let bound: Said['bound'];
  let expanded = 0;

  const open = properties.flatMap((property) =>
    property.instances({}).map((instance) => ({ property, instance, isSettled: false })),
  );
  const traces = new Map<Property, PlainTrace>();
  const settle = (property: Property, trace: PlainTrace) => {
    traces.set(property, trace);
    for (const one of open)
      if (one.property === property && (!property.witness || one.instance === trace.instance)) one.isSettled = true;
  };
  const judgeAll = (on: Property['on'], makeSubject: () => unknown, trace: readonly Command[]) => {
    let subject: unknown;
    for (const one of open) {
      if (one.property.on !== on || one.isSettled) continue;
      subject ??= makeSubject();
      const answer = judge(one.property, subject, one.instance);
      if (isDecided(one.property, answer))
        settle(one.property, { commands: trace, instance: one.instance, detail: detailOf(answer) });
    }
  };
  const visit = (value: unknown, key: string, trace: readonly Command[]) => {
    known.set(key, states.push({ value, trace, next: [] }) - 1);
    judgeAll('state', () => copy(value), trace);
  };
  const count = ({ kind }: Command, outcome: Outcome<unknown>) => {
    const results = coverage[kind]!;
    const result =
      outcome.result === 'ok'
        ? 'ok'
        : `${outcome.result === 'refused' ? outcome.errno : outcome.result} ${outcome.reason}`.trimEnd();
    for (const one of ['attempts', result, ...outcome.warnings.map((id) => `WARN ${id}`)])
      results[one] = (results[one] ?? 0) + 1;
    if (outcome.result !== 'disabled') transitions++;
  };

  for (const { kind } of commands) coverage[kind] = {};
  if (initial === undefined) throw new Broken('the initial state is outside its domain');
  visit(initial, textOfCopy(initial), []);

  expand: for (let from = 0; from < states.length; expanded = ++from) {
    const { value, trace, next } = states[from]!;
    for (const [number, command] of commands.entries()) {
      const outcome = perform(value, command);
      next[number] = -1;
      if (outcome.result === 'disabled') {
        count(command, outcome);
        continue;
      }
      const after = copied(outcome.state);
      judgeAll('call', () => stepOf(value, command, outcome), [...trace, command]);
      if (after === undefined) {
        if (![...traces.keys()].some(({ witness }) => !witness)) throw new Broken('a state is outside its domain');
        bound = 'domain';
        break expand;
      }
      count(command, outcome);
      if (outcome.result === 'panic') {
        next[number] = -2;
        continue;
      }
      const key = textOfCopy(after);
      if (!known.has(key)) {
        if (states.length >= maxStates) {
          bound = 'states';
          break expand;
        }
        visit(after, key, [...trace, command]);
      }
      next[number] = known.get(key)!;
    }
  }

  const ends = states.slice(0, expanded).filter(({ next }) => next.every((to) => to === -1));
  for (const { value, trace } of ends) judgeAll('end', () => copy(value), trace);
  for (const one of open) {
    if (one.property.on !== 'path' || one.isSettled) continue;
    const { property, instance } = one;
    const waits = states.map(({ value }) => judge(property, copy(value), instance) === true);
    const own = [...commands.keys()].filter((command) => owns(property, commands[command]!, instance));
    const found = firstLoop(
      states.map(({ next }, state) => (state < expanded ? next : [])),
      waits,
      own,
    );
    if (!found) continue;
    const { trace } = states[found.state]!;
    const loop = found.loop.map((command) => commands[command]!);
    settle(property, { commands: [...trace, ...loop], instance, detail: '', loop: trace.length });
  }

  const verdictOf = (property: Property): PlainVerdict => {
    const trace = traces.get(property);
    const missing = open.find((one) => one.property === property && !one.isSettled);
    if (property.witness) {
      if (!missing) return { kind: 'proved', ...(trace && { trace }) };
      return bound ? { kind: 'incomplete' } : { kind: 'violated', missing: missing.instance };
    }
    if (trace) return { kind: 'violated', trace };
    return { kind: bound ? 'incomplete' : 'proved' };
  };
  return {
    states: states.length,
    transitions,
    depth: Math.max(...states.map(({ trace }) => trace.length)),
    verdicts: Object.fromEntries(properties.map((property) => [property.id, verdictOf(property)])),
    coverage,
    deadEnd: ends[0]?.trace,
    bound,
  };
};

/** The first state from which waiting states and the system's own calls lead back to it, and a shortest way. */
const firstLoop = (
  next: readonly (readonly number[])[],
  waits: readonly boolean[],
  own: readonly number[],
): { state: number; loop: readonly number[] } | undefined => {
  for (const start of next.keys()) {
    if (!waits[start]) continue;
    const queue: { state: number; way: readonly number[] }[] = [{ state: start, way: [] }];
    const seen = new Set<number>();
    for (const { state, way } of queue)
      for (const command of own) {
        const to = next[state]![command] ?? -1;
        if (to < 0 || !waits[to]) continue;
        if (to === start) return { state: start, loop: [...way, command] };
        if (seen.has(to)) continue;
        seen.add(to);
        queue.push({ state: to, way: [...way, command] });
      }
  }
  return undefined;
};

/** Why a trace does not show what it is said to show; undefined if it does. */
export const whyNotShown = (suite: Suite, property: Property, trace: PlainTrace): string | undefined => {
  const { commands, initial, perform, stepOf, judge, owns, copy } = plainly(suite);
  const states: unknown[] = [initial];
  let last: ReturnType<typeof stepOf> | undefined;
  for (const command of trace.commands) {
    if (last?.outcome.result === 'panic') return 'something follows a panic';
    last = stepOf(states.at(-1), command, perform(states.at(-1), command));
    if (last.outcome.result === 'disabled') return `${command.kind} is disabled`;
    states.push(last.outcome.state);
  }
  const decided = (subject: unknown) => {
    const answer = judge(property, subject, trace.instance);
    if (!isDecided(property, answer)) return 'the property is not decided where it ends';
    return detailOf(answer) === trace.detail ? undefined : `it says ${detailOf(answer)} and not ${trace.detail}`;
  };
  if (property.on === 'call') return last ? decided(last) : 'there is no call';
  if (last?.outcome.result === 'panic') return 'it ends with a panic';
  if (property.on === 'state') return decided(copy(states.at(-1)));
  if (property.on === 'end') {
    if (commands.some((command) => perform(states.at(-1), command).result !== 'disabled')) return 'it goes on';
    return decided(copy(states.at(-1)));
  }
  const { loop = -1 } = trace;
  if (loop < 0 || loop >= trace.commands.length) return 'there is no loop';
  if (textOfCopy(copy(states[loop])) !== textOfCopy(copy(states.at(-1)))) return 'it does not come back';
  if (states.slice(loop).some((state) => judge(property, copy(state), trace.instance) !== true))
    return 'it does not wait';
  if (trace.commands.slice(loop).some((command) => !owns(property, command, trace.instance)))
    return 'a call is not its own';
  return undefined;
};
