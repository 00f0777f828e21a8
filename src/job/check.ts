import { comparableWords, crossCheck } from '../engine/cross-check.ts';
import { type ExhaustiveResult, searchExhaustive } from '../engine/explicit/exhaustive.ts';
import type { OverMemory } from '../engine/explicit/memory.ts';
import { searchRandom } from '../engine/random/random.ts';
import { searchReference } from '../engine/reference/reference.ts';
import type { Covered, CrossCheck, Judged, Pulse, SearchResult, Trace, Verdict } from '../engine/result.ts';
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

export type SearchChoice =
  | { readonly kind: 'reference'; readonly maxStates?: number }
  | {
      readonly kind: 'exhaustive';
      readonly maxStates?: number;
      readonly maxBytes?: number;
      /** Threads; 1 if not given. */
      readonly workers?: number;
      /** `check`: searches with and without symmetry, and throws a SpecError if they differ; `on` if not given. */
      readonly symmetry?: 'on' | 'off' | 'check';
    }
  | {
      readonly kind: 'random';
      readonly runs: number;
      readonly length: number;
      readonly seed: number;
      readonly path?: string;
    };

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
  readonly search: SearchChoice;
  /** Whether only named properties were judged. */
  readonly filtered: boolean;
  readonly properties: readonly CheckedProperty[];
  readonly covered: Covered;
  readonly coverage: SearchResult['coverage'];
  /** Only of a complete exhaustive search that was asked for it. */
  readonly dead: SearchResult['dead'];
  readonly bound: SearchResult['bound'];
  readonly engine: SearchResult['engine'];
  readonly symmetry: SearchResult['symmetry'];
  /** Of a complete exhaustive search, unless checking it again was interrupted. */
  readonly crossCheck: CrossCheck | undefined;
  /** Commands to a state in which no command can be given, of a model that does not say where it may end. */
  readonly deadEnd: SearchResult['deadEnd'];
}

/** Within so many states, breadth-first, a shorter trace is looked for than random search found. */
const statesSearchedForShorter = 2000;

/** Whether there is anything to check again: a proof, a witness that was found to be unreachable, or the wish to. */
const claims = ({ judged }: SearchResult, { crossCheck }: CheckRequest): boolean =>
  crossCheck?.by === 'reference' ||
  judged.some(({ property, verdict }) => (property.witness ? verdict.kind === 'violated' : verdict.kind === 'proved'));

export interface CheckRequest {
  /** The ids of the properties to judge; all if not given. */
  readonly properties?: readonly string[];
  readonly pulse?: Pulse;
  /** Ends an exhaustive or a reference search, as incomplete, when it says so. */
  readonly overMemory?: OverMemory;
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
  search: SearchChoice,
  options: CheckRequest = {},
): Promise<CheckResult> => {
  const { model } = suite;
  const scope = scopeOf(model, choices);
  const properties = options.properties
    ? suite.properties.filter(({ id }) => options.properties!.includes(id))
    : suite.properties;
  const task = taskOf(model, scope, properties);
  const pulse = options.pulse ? { pulse: options.pulse } : {};
  const overMemory = options.overMemory ? { overMemory: options.overMemory } : {};

  const { explored, ...result } = await searchBy(search, task, {
    ...pulse,
    ...overMemory,
    dead: options.dead ?? false,
  });
  checkBuiltins(`model ${model.id}`);
  const crossChecked =
    explored &&
    !result.bound &&
    claims(result, options) &&
    (await crossCheck(task, result, explored, {
      whole: options.crossCheck?.by === 'reference',
      seed: options.crossCheck?.seed ?? Math.floor(Math.random() * 2 ** 31),
      pulse: async (progress) => !options.overMemory?.() && ((await options.pulse?.(progress)) ?? true),
    }));
  const judged =
    search.kind === 'random' && !result.bound ? await shortened(task, result.judged, pulse) : result.judged;

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

interface Asked {
  readonly pulse?: Pulse;
  readonly overMemory?: OverMemory;
  readonly dead: boolean;
}

const searchBy = (search: SearchChoice, task: Task, { dead, ...watch }: Asked): Promise<ExhaustiveResult> => {
  if (search.kind === 'random') return searchRandom(task, { ...search, ...watch });
  if (search.kind === 'reference') return searchReference(task, { ...search, ...watch });
  return searchWithSymmetry(search, task, { ...watch, dead });
};

const searchWithSymmetry = async (
  { symmetry = 'on', ...search }: Extract<SearchChoice, { readonly kind: 'exhaustive' }>,
  task: Task,
  { dead, ...watch }: Asked,
): Promise<ExhaustiveResult> => {
  const reduced = await searchExhaustive(task, {
    ...search,
    ...watch,
    dead,
    symmetry: symmetry !== 'off',
    keepExplored: true,
  });
  if (symmetry !== 'check' || !reduced.symmetry || reduced.bound?.kind === 'interrupted') return reduced;
  const full = await searchExhaustive(task, { ...search, ...watch, symmetry: false });
  if (full.bound?.kind === 'interrupted') return full;
  if (reduced.bound || full.bound) return { ...reduced, symmetry: { ...reduced.symmetry, compared: 'bound' } };
  const [one, other] = [comparableWords(reduced, reduced.symmetry.states), comparableWords(full, full.covered.states)];
  const at = one.findIndex((words, i) => words !== other[i]);
  if (at < 0) return { ...reduced, symmetry: { ...reduced.symmetry, compared: 'same' } };
  throw new SpecError(
    `${task.scope.model}@${task.scope.variant}: symmetry of ${reduced.symmetry.of.join(', ')}: with it ${one[at]}, without it ${other[at]}`,
  );
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
  pulse: { readonly pulse?: Pulse },
): Promise<Judged[]> => {
  const violated = judged.flatMap(({ property, verdict }) =>
    verdict.kind === 'violated' && verdict.trace ? property : [],
  );
  const obligations = task.obligations.filter(({ property }) => violated.includes(property));
  const near = await searchExhaustive(
    { ...task, obligations },
    {
      maxStates: statesSearchedForShorter,
      symmetry: false,
      ...pulse,
    },
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
const shown = (task: Task, property: Property, trace: Trace, search: SearchChoice, path = '0') => {
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
