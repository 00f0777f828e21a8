import { crossCheck } from '../engine/cross-check.ts';
import type { RunOptions } from '../engine/engine.ts';
import { run, type Search } from '../engine/index.ts';
import type { Result, Verdict } from '../engine/result.ts';
import { taskOf } from '../engine/task.ts';
import type { Property } from '../spec/property.ts';
import type { Suite } from '../spec/suite.ts';
import type { Interleavings } from '../subject/preemptions.ts';
import { checkBuiltins } from '../system/builtins.ts';
import { type Presentation, presentationOf } from '../system/presentation.ts';
import { type Choices, scopeOf } from '../system/scope.ts';
import { type Confirmed, confirmed, shortened } from './confirmed.ts';
import { listedFor, type Standing, standingOf } from './standing.ts';

/** A property with its verdict and, where that is a violation with a trace, the replay of the trace. */
export interface CheckedProperty extends Partial<Confirmed> {
  readonly property: Property;
  readonly verdict: Verdict;
  readonly standing: Standing;
}

/** What one search of one variant says. */
export interface CheckResult extends Presentation, Omit<Result, 'judged' | 'explored'> {
  readonly search: Search;
  /** Whether only named properties were judged. */
  readonly filtered: boolean;
  readonly properties: readonly CheckedProperty[];
  /** Where a program made the calls in place of the model. */
  readonly subject?: SubjectUse;
}

/** A program whose calls were judged. */
export interface SubjectUse {
  readonly name: string;
  readonly program: string;
  /** Calls that it made, those to come back to a state included. */
  readonly requests: number;
  /** Calls of the model that it does not have. */
  readonly lacks: readonly string[];
  /** Parts of the state that it does not print. */
  readonly unobserved: readonly string[];
  /** The ids of properties that could be judged only by what it does not say or do. */
  readonly notChecked: readonly string[];
  /** What pairs of calls on two CPUs did. */
  readonly interleavings?: Interleavings;
  /** How it failed. */
  readonly failure?: string;
}

/** What is asked of a check beside the search. */
export interface CheckRequest extends Pick<RunOptions, 'monitor' | 'memoryGuard'> {
  /** The ids of the properties to judge; all if not given. */
  readonly properties?: readonly string[];
  /** Look for results that no reachable state gives. */
  readonly dead?: boolean;
  /**
   * How a complete exhaustive search is checked again; `auto` if not given: by the reference search where that is cheap, else by a
   * sample. `seed`: of the sample; drawn anew if not given.
   */
  readonly crossCheck?: { readonly by?: 'auto' | 'reference'; readonly seed?: number };
}

/**
 * Checks a suite's properties, or the named ones, in one variant and configuration. Traces that random search found are brought
 * into their normal form. A violation is replayed from the initial state with the plain model before it is believed.
 */
export const check = async (
  suite: Suite,
  choices: Choices,
  search: Search,
  { properties: named, dead = false, crossCheck: how = {}, monitor, memoryGuard }: CheckRequest = {},
): Promise<CheckResult> => {
  const { model } = suite;
  const scope = scopeOf(model, choices);
  const task = taskOf(model, scope, named ? suite.properties.filter(({ id }) => named.includes(id)) : suite.properties);
  const watched = { ...(monitor && { monitor }), ...(memoryGuard && { memoryGuard }) };

  const result = await run(task, search.kind === 'exhaustive' ? { ...search, dead } : search, {
    ...watched,
    keepExplored: true,
  });
  checkBuiltins(`model ${model.id}`);
  const { explored, judged, deadEnd, ...found } = result;
  const wantsCrossCheck = how.by === 'reference' || judged.some(isClaim);
  const crossChecked =
    explored &&
    !result.bound &&
    wantsCrossCheck &&
    (await crossCheck(task, result, explored, {
      whole: how.by === 'reference',
      seed: how.seed ?? Math.floor(Math.random() * 2 ** 31),
      monitor: async (progress) => !memoryGuard?.() && ((await monitor?.(progress)) ?? true),
    }));

  const final = search.kind === 'random' && !result.bound ? await shortened(task, judged, watched) : judged;
  const listed = listedFor(suite, scope);
  return {
    ...presentationOf(model, scope, task.system.initial),
    ...found,
    search,
    filtered: named !== undefined,
    properties: final.map(({ property, verdict }) => ({
      property,
      verdict,
      standing: standingOf({ property, verdict }, listed.includes(property.id), scope.resized.length === 0),
      ...(verdict.kind === 'violated' &&
        verdict.trace &&
        confirmed(task, property, verdict.trace, search, verdict.path)),
    })),
    ...(crossChecked && { crossCheck: crossChecked }),
    // A model with done() has a property that speaks of dead ends.
    ...(deadEnd && !model.done && { deadEnd }),
  };
};

/** Whether a verdict rests on all states having been seen: a proof, or a witness that was not reached. */
const isClaim = ({ property, verdict }: Pick<CheckedProperty, 'property' | 'verdict'>): boolean =>
  property.witness ? verdict.kind === 'violated' : verdict.kind === 'proved';
