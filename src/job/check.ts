import { crossCheck } from '../engine/cross-check.ts';
import type { Monitor } from '../engine/engine.ts';
import { run, type Search } from '../engine/index.ts';
import type { MemoryGuard } from '../engine/memory.ts';
import type { Covered, CrossCheck, Evidence, Judged, Result, Verdict } from '../engine/result.ts';
import { causes, type Task, taskOf } from '../engine/task.ts';
import { SpecError } from '../spec/errors.ts';
import { describeCommand } from '../spec/model.ts';
import type { Property, Step } from '../spec/property.ts';
import type { Suite } from '../spec/suite.ts';
import { checkBuiltins } from '../system/builtins.ts';
import { type Presentation, presentationOf } from '../system/presentation.ts';
import { type Choices, scopeOf } from '../system/scope.ts';
import { minimise } from '../trace/minimise.ts';
import { counterexampleOf } from '../trace/record.ts';
import { firstBreak, replay } from '../trace/replay.ts';
import type { Claim, Counterexample } from '../trace/trace.ts';

/**
 * How a verdict compares with what the suite lists for the variant.
 *
 * - `ok`: nothing is broken, or nothing can be said.
 * - `known`: violated, and the suite says so.
 * - `unexpected`: violated, and the suite does not say so; or a witness was never reached.
 * - `missing`: proved by a complete search, though the suite lists it as violated for this very configuration.
 * - `vacuous`: a witness that is not reached, in another configuration than the default one. Nothing is wrong with the code.
 */
export type Standing = 'ok' | 'known' | 'unexpected' | 'missing' | 'vacuous';

export interface CheckedProperty {
  readonly property: Property;
  readonly verdict: Verdict;
  readonly standing: Standing;
  /** The trace of a violation, call by call. */
  readonly steps?: readonly Step[];
  readonly counterexample?: Counterexample;
}

/** What one search of one variant says. */
export interface CheckResult extends Presentation {
  readonly search: Search;
  /** Whether only named properties were judged. */
  readonly filtered: boolean;
  readonly properties: readonly CheckedProperty[];
  readonly covered: Covered;
  readonly coverage: Result['coverage'];
  /** Only of a complete exhaustive search that was asked for it. */
  readonly dead: Result['dead'];
  readonly bound: Result['bound'];
  readonly engine: Result['engine'];
  readonly symmetry: Result['symmetry'];
  /** Of a complete exhaustive search, unless checking it again was interrupted. */
  readonly crossCheck: CrossCheck | undefined;
  /** Commands to a state in which no command can be given, of a model that does not say where it may end. */
  readonly deadEnd: Result['deadEnd'];
}

/** Within so many states, breadth-first, a shorter trace is looked for than random search found. */
const statesSearchedForShorter = 2000;

/** Whether there is anything to check again: a proof, a witness that was found to be unreachable, or the wish to. */
const claims = ({ judged }: Result, { crossCheck }: CheckRequest): boolean =>
  crossCheck?.by === 'reference' ||
  judged.some(({ property, verdict }) => (property.witness ? verdict.kind === 'violated' : verdict.kind === 'proved'));

export interface CheckRequest {
  /** The ids of the properties to judge; all if not given. */
  readonly properties?: readonly string[];
  readonly monitor?: Monitor;
  /** Ends an exhaustive or a reference search, as incomplete, when it says so. */
  readonly memoryGuard?: MemoryGuard;
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
  options: CheckRequest = {},
): Promise<CheckResult> => {
  const { model } = suite;
  const scope = scopeOf(model, choices);
  const properties = options.properties
    ? suite.properties.filter(({ id }) => options.properties!.includes(id))
    : suite.properties;
  const task = taskOf(model, scope, properties);
  const monitor = options.monitor ? { monitor: options.monitor } : {};
  const memoryGuard = options.memoryGuard ? { memoryGuard: options.memoryGuard } : {};

  const { explored, ...result } = await run(
    task,
    search.kind === 'exhaustive' ? { ...search, dead: options.dead ?? false } : search,
    { ...monitor, ...memoryGuard, keepExplored: true },
  );
  checkBuiltins(`model ${model.id}`);
  const crossChecked =
    explored &&
    !result.bound &&
    claims(result, options) &&
    (await crossCheck(task, result, explored, {
      whole: options.crossCheck?.by === 'reference',
      seed: options.crossCheck?.seed ?? Math.floor(Math.random() * 2 ** 31),
      monitor: async (progress) => !options.memoryGuard?.() && ((await options.monitor?.(progress)) ?? true),
    }));
  const judged =
    search.kind === 'random' && !result.bound ? await shortened(task, result.judged, monitor) : result.judged;

  const defaultConfig = scope.resized.length === 0;
  const known = scope.flipped.length === 0 ? suite.violates[scope.variant]! : [];
  return {
    ...presentationOf(model, scope, task.system.initial),
    search,
    filtered: options.properties !== undefined,
    properties: judged.map(({ property, verdict }) => ({
      property,
      verdict,
      standing: standingOf({ property, verdict }, known.includes(property.id), defaultConfig),
      ...(verdict.kind === 'violated' && verdict.trace && shown(task, property, verdict.trace, search, verdict.path)),
    })),
    covered: result.covered,
    coverage: result.coverage,
    dead: result.dead,
    bound: result.bound,
    engine: result.engine,
    symmetry: result.symmetry,
    crossCheck: crossChecked || undefined,
    deadEnd: model.done ? undefined : result.deadEnd,
  };
};

const standingOf = ({ property, verdict }: Judged, known: boolean, defaultConfig: boolean): Standing => {
  if (verdict.kind === 'violated') {
    if (property.witness && !defaultConfig) return 'vacuous';
    return known ? 'known' : 'unexpected';
  }
  return known && defaultConfig && verdict.kind === 'proved' ? 'missing' : 'ok';
};

/** The violations with the best traces that can be had cheaply: shortest ones, else in their normal form. */
const shortened = async (
  task: Task,
  judged: readonly Judged[],
  monitor: { readonly monitor?: Monitor },
): Promise<Judged[]> => {
  const violated = judged.flatMap(({ property, verdict }) =>
    verdict.kind === 'violated' && verdict.trace ? property : [],
  );
  const obligations = task.obligations.filter(({ property }) => violated.includes(property));
  const near = await run(
    { ...task, obligations },
    { kind: 'exhaustive', maxStates: statesSearchedForShorter, symmetry: 'off' },
    monitor,
  );
  return judged.map(({ property, verdict }) => {
    const obligation = obligations.find((one) => one.property === property);
    if (!obligation || verdict.kind !== 'violated' || !verdict.trace) return { property, verdict };
    const shorter = near.judged.find((one) => one.property === property)?.verdict;
    const trace =
      shorter?.kind === 'violated' && shorter.trace ? shorter.trace : minimise(task, obligation, verdict.trace);
    return { property, verdict: { ...verdict, trace } };
  });
};

/** Replays the trace; an engine or a model that cannot repeat what it reported is an error, not a verdict. */
const shown = (task: Task, property: Property, trace: Evidence, search: Search, path = '0') => {
  const instances = task.obligations.find((obligation) => obligation.property === property)!.instances;
  const steps = replay(task, trace.commands);
  if (firstBreak(task, { property, instances }, trace.commands)?.commands.length !== trace.commands.length)
    throw new SpecError(
      `${task.scope.model}@${task.scope.variant}: ${trace.commands.map(describeCommand).join('; ')} broke ${property.id} once and not again: ` +
        `a transition or the property is impure (${causes})`,
    );
  const found: Claim['search'] =
    search.kind === 'random'
      ? { kind: 'random', seed: search.seed, path, runs: search.runs, length: search.length }
      : { kind: 'exhaustive' };
  return { steps, counterexample: counterexampleOf(task.scope, property.id, steps, found) };
};
