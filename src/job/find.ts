import type { RunOptions } from '../engine/engine.ts';
import type { Search } from '../engine/index.ts';
import { coverageKeys } from '../engine/tally.ts';
import { SpecError } from '../spec/errors.ts';
import type { Command, Model } from '../spec/model.ts';
import type { Returned } from '../spec/outcome.ts';
import { invariant, type Property, type Step, stepProperty } from '../spec/property.ts';
import type { Suite } from '../spec/suite.ts';
import { type Choices, type Scope, scopeOf } from '../system/scope.ts';
import { systemOf } from '../system/system.ts';
import { asksForCall, matchesState, matchesStep } from '../trace/query.ts';
import { replay } from '../trace/replay.ts';
import { type Condition, parseQuery, type Query } from '../trace/script/query.ts';
import { type CheckResult, check } from './check.ts';

/** What is to be found. */
export interface Question {
  /** As `trace/script/query.ts` has it. */
  readonly query: string;
  /** One way for each result of the calls that match, and not one way in all. */
  readonly all?: boolean;
  /** Of the cross-check of what is proved; drawn anew if not given. */
  readonly seed?: number;
}

/** The shortest calls to what matches. */
export interface Way {
  /** With `all`, the last call's command and result, as the coverage has it. */
  readonly result: string | undefined;
  /** From the model's initial state on, those of `after` among them. */
  readonly steps: readonly Step[];
}

/** What a search for a query says. */
export interface Answer {
  /** `none`: no state or call matches, in this configuration. `incomplete`: a bound came first. */
  readonly kind: 'found' | 'none' | 'incomplete';
  readonly query: string;
  /** How many of the calls of each way are those of `after`. */
  readonly after: number;
  readonly ways: readonly Way[];
  /** What calls are asked to return, beside 0. */
  readonly returned: readonly Returned[];
  /** Of the last search; its properties are made of the query: nothing matches. */
  readonly result: CheckResult;
}

/** A query that can be read, and what it is asked of. */
export interface Asked {
  readonly suite: Suite;
  readonly scope: Scope;
  readonly question: Question;
  readonly query: Query;
  /** The steps of the query's `after`. */
  readonly before: readonly Step[];
}

/** Reads a query. Throws a SpecError for one that cannot be read, or whose calls `after` which to search cannot be made. */
export const askedOf = (suite: Suite, choices: Choices, question: Question): Asked => {
  const { model } = suite;
  const scope = scopeOf(model, choices);
  const system = systemOf(model, scope);
  const query = parseQuery(question.query, system);
  if (question.all && !asksForCall(query.condition))
    throw new SpecError('--all is for queries that ask for a call: it shows one way for each result');
  return { suite, scope, question, query, before: stepsOf({ scope, system }, query.after) };
};

const stepsOf = (runnable: Parameters<typeof replay>[0], commands: readonly Command[]): Step[] => {
  try {
    const steps = replay(runnable, commands);
    if (steps.at(-1)?.outcome.result !== 'panic') return steps;
  } catch (error) {
    throw error instanceof SpecError ? new SpecError(`after: ${error.message}`) : error;
  }
  throw new SpecError('after: the last call panics, and nothing can follow a panic');
};

/**
 * Looks for the shortest calls to what the query asks for. It is a property that nothing matches: what breaks it is found by the search
 * that finds what breaks any property, replayed, and cross-checked where nothing does. A query may name a page, so that states that
 * are alike are not alike to it: symmetry is not used.
 */
export const find = async (
  asked: Asked,
  limits: Omit<Extract<Search, { kind: 'exhaustive' }>, 'kind' | 'symmetry'>,
  options: Pick<RunOptions, 'monitor' | 'memoryGuard'> = {},
): Promise<Answer> => {
  const { suite, scope, question, query, before } = asked;
  const model = startingAfter(suite.model, before);
  const search: Search = { kind: 'exhaustive', symmetry: 'off', ...limits };
  const searched = (properties: readonly Property[]) =>
    check(
      { model, properties, violates: { [scope.variant]: [] } },
      { variant: scope.variant, config: scope.config, switches: scope.switches },
      search,
      { ...options, crossCheck: question.seed === undefined ? {} : { seed: question.seed } },
    );
  const any = nothingMatches(model, query, question.query);
  const first = await searched([any]);
  const isFound = first.properties.some(({ steps }) => steps !== undefined);
  const results = question.all && isFound ? resultsIn(first) : [];
  const result = results.length === 0 ? first : await searched(results.map((one) => withResult(model, query, one)));
  const ways = result.properties.flatMap(({ steps }, i): Way[] => {
    const key = results[i];
    return steps ? [{ result: key && `${key.command}: ${key.result}`, steps: [...before, ...steps] }] : [];
  });
  const kind = isFound ? 'found' : first.bound ? 'incomplete' : 'none';
  return { kind, query: question.query, after: before.length, ways, returned: returnedIn(query.condition), result };
};

const returnedIn = (condition: Condition): Returned[] => {
  if (condition.kind === 'not') return returnedIn(condition.of);
  if (condition.kind === 'and' || condition.kind === 'or') return condition.of.flatMap(returnedIn);
  if (condition.kind !== 'call' || condition.expected?.result !== 'ok') return [];
  const { value = 0 } = condition.expected;
  return value === 0 ? [] : [value];
};

/** The model with the state after the steps for its initial one. */
const startingAfter = (model: Model, before: readonly Step[]): Model => {
  const last = before.at(-1);
  if (!last) return model;
  const { system } = model;
  return { ...model, system: (config, switches) => ({ ...system(config, switches), initial: last.outcome.state }) };
};

/** That nothing matches the query. */
const nothingMatches = (model: Model, { condition }: Query, text: string): Property => {
  const claim = { id: 'query', statement: `Nothing matches: ${text}`, source: '' };
  return asksForCall(condition)
    ? stepProperty(model, { ...claim, holds: (step) => !matchesStep(condition, step) })
    : invariant(model, { ...claim, holds: (state) => !matchesState(condition, state) });
};

interface Result {
  readonly command: string;
  /** As the coverage has it. */
  readonly result: string;
}

/** Every result of every command that the search has seen. */
const resultsIn = ({ coverage }: CheckResult): Result[] =>
  [...coverage].flatMap(([command, { results }]) =>
    [...results.keys()].filter((key) => !/^disabled\b/.test(key)).map((result) => ({ command, result })),
  );

const withResult = (model: Model, { condition }: Query, { command, result }: Result): Property =>
  stepProperty(model, {
    id: 'query',
    statement: `Nothing matches with ${command}: ${result}`,
    source: '',
    holds: (step) =>
      step.command.kind !== command || !coverageKeys(step.outcome).includes(result) || !matchesStep(condition, step),
  });
