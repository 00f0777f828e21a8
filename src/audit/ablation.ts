import type { Monitor } from '../engine/engine.ts';
import { explore } from '../engine/explicit/exhaustive.ts';
import type { MemoryGuard } from '../engine/memory.ts';
import type { Bound, Trace, Verdict } from '../engine/result.ts';
import { type Task, taskOf } from '../engine/task.ts';
import { SpecError } from '../spec/errors.ts';
import { type Command, switchValues } from '../spec/model.ts';
import type { Property } from '../spec/property.ts';
import type { Suite } from '../spec/suite.ts';
import { type Choices, type Scope, scopeOf } from '../system/scope.ts';
import { firstBreak } from '../trace/replay.ts';
import { CancellationPoint, Interrupted } from './cancellation.ts';
import { type Difference, difference, type ExploredTask, otherwiseAt } from './difference.ts';

/** A property that holds with the switches as they are, and not with some of them set otherwise. */
export interface Broken {
  readonly property: Property;
  readonly trace: Trace;
}

/** What becomes of the properties with one switch set otherwise. */
export interface Flip {
  readonly name: string;
  readonly value: boolean | string;
  /** Whether the switch says in what world the code runs, and not what it does. */
  readonly environment: boolean;
  readonly states: number;
  readonly bound: Bound | undefined;
  readonly breaks: readonly Broken[];
  /** Violated as the switches are, and no longer. */
  readonly mends: readonly Property[];
  /** Without a meaning for this value. */
  readonly notJudged: readonly Property[];
  /** With a meaning only for this value, and violated then, or witnesses that are not reached. */
  readonly violatedNow: readonly Property[];
  /** Witnesses that are no longer reached. */
  readonly unreached: readonly Property[];
  /**
   * Where nothing breaks: the shortest trace to a call that differs, and what that call does on both sides; 'none' if no reachable
   * call does; 'other reach' if none does of those that both have, but not the same states are reached or not the same calls are
   * there; 'other states' if the states then have another domain, so that calls cannot be compared. Undefined if not all was compared.
   */
  readonly shows: Difference['first'] | 'none' | 'other reach' | 'other states';
}

/** Which combinations of two-valued switches keep every property. */
export interface Combinations {
  /** Those that vary: a boolean switch is in a set if it is on, any other, named with its value, if it is as in the variant. */
  readonly names: readonly string[];
  /** Sets that keep every property, also those that the variant violates, and of whose proper subsets none does; smaller ones first. */
  readonly minimal: readonly {
    readonly names: readonly string[];
    /** What the other ones are set to. */
    readonly others: readonly string[];
    readonly states: number;
    readonly unreached: number;
  }[];
  /** Of so many sets. */
  readonly sets: number;
  /** Refuted by running a trace that refuted another one, rather than by a search. */
  readonly replayed: number;
  readonly searched: number;
  /** Not asked, because a subset of theirs keeps every property. */
  readonly implied: number;
  /** Why not all were tried, and how many were not. */
  readonly left: { readonly why: 'budget' | 'interrupted' | 'bound'; readonly sets: number } | undefined;
}

export interface Ablation {
  readonly scope: Scope;
  /** What the variant is. */
  readonly doc: string;
  readonly states: number;
  readonly bound: Bound | undefined;
  /** The properties that hold with the switches as they are, witnesses left out. */
  readonly holds: readonly Property[];
  readonly violated: readonly Property[];
  readonly flips: readonly Flip[];
  /** Undefined if there is no two-valued switch, or there are too many. */
  readonly combinations: Combinations | undefined;
  /** How many switches there are to combine, where these are too many. */
  readonly tooMany: number | undefined;
  readonly interrupted: boolean;
}

export interface AblationOptions {
  readonly maxStates?: number;
  readonly maxBytes?: number;
  readonly memoryGuard?: MemoryGuard;
  readonly workers?: number;
  readonly monitor?: Monitor;
  /** At most so many searches to find minimal sets. */
  readonly budget: number;
}

/** With more two-valued switches than this, not every set is tried. */
export const mostSwitches = 12;

/** Searches the variant as it is, with each switch set otherwise, and with every set of two-valued switches. */
export const ablation = async (suite: Suite, choices: Choices, options: AblationOptions): Promise<Ablation> => {
  const { model } = suite;
  const scope = scopeOf(model, choices);
  const search = (switches: Scope['switches']) => searched(suite, { ...choices, switches }, options);
  const base = await search(scope.switches);
  const holds = base.properties(({ property, verdict }) => verdict.kind === 'proved' && !property.witness);
  const reached = base.properties(({ property, verdict }) => verdict.kind === 'proved' && property.witness);
  const violated = base.properties(({ verdict }) => verdict.kind === 'violated');

  const flips: Flip[] = [];
  let interrupted = base.bound?.kind === 'interrupted';
  for (const [name, spec] of Object.entries(model.switches))
    for (const value of switchValues(spec).filter((one) => one !== scope.switches[name])) {
      if (interrupted) break;
      const switches = { ...scope.switches, [name]: value };
      const flipped = await search(switches);
      const breaks = flipped.broken(holds);
      const unreached = reached.filter(({ id }) => flipped.verdicts.get(id)?.kind === 'violated');
      const isCompared = breaks.length === 0 && !flipped.bound && !base.bound;
      const shows = isCompared ? await shownBy(suite, choices, base, flipped, options) : undefined;
      flips.push({
        name,
        value,
        environment: model.environment?.includes(name) ?? false,
        states: flipped.states,
        bound: flipped.bound,
        breaks,
        mends: violated.filter(({ id }) => flipped.verdicts.get(id)?.kind === 'proved'),
        notJudged: holds.filter(({ id }) => !flipped.verdicts.has(id)),
        violatedNow: flipped
          .properties(({ verdict }) => verdict.kind === 'violated')
          .filter(({ id }) => !base.verdicts.has(id)),
        unreached,
        shows,
      });
      interrupted = flipped.bound?.kind === 'interrupted' || (isCompared && shows === undefined);
    }

  const names = varying(suite, scope, violated.length === 0);
  return {
    scope,
    doc: model.variants[scope.variant]!.doc,
    states: base.states,
    bound: base.bound,
    holds,
    violated,
    flips,
    combinations:
      interrupted || base.bound
        ? undefined
        : await combinationsOf(suite, choices, scope, names, flips, options, search),
    tooMany: names.length > mostSwitches ? names.length : undefined,
    interrupted,
  };
};

/** What difference a switch makes that breaks nothing; undefined if ctrl-C came first. */
const shownBy = async (
  suite: Suite,
  choices: Choices,
  base: Searched,
  flipped: Searched,
  options: AblationOptions,
): Promise<Flip['shows']> => {
  if (otherwiseAt(base.task, flipped.task) !== undefined) return 'other states';
  const side = ({ task }: Searched) => ({ suite, choices: { ...choices, switches: task.scope.switches } });
  const explored = { a: base.explored, b: flipped.explored };
  try {
    const found = await difference(side(base), side(flipped), { ...options, beyond: false, explored });
    const { first, a, b, only, common } = found;
    if (first) return first;
    if (a.bound || b.bound) return undefined;
    const isSame = common === a.states && common === b.states && only.a.length + only.b.length === 0;
    return isSame ? 'none' : 'other reach';
  } catch (error) {
    if (error instanceof Interrupted) return undefined;
    throw error;
  }
};

interface Searched {
  readonly task: Task;
  /** What was explored, unless states that are alike were left out. */
  readonly explored: ExploredTask | undefined;
  readonly states: number;
  readonly bound: Bound | undefined;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  properties(which: (one: { readonly property: Property; readonly verdict: Verdict }) => boolean): Property[];
  /** Which of the properties are violated, each with a trace that was replayed with the plain functions. */
  broken(properties: readonly Property[]): Broken[];
}

const searched = async (
  suite: Suite,
  choices: Choices,
  options: Omit<AblationOptions, 'budget'>,
): Promise<Searched> => {
  const task = taskOf(suite.model, scopeOf(suite.model, choices), suite.properties);
  const { judged, covered, symmetry, bound, explored } = await explore(task, options);
  const verdicts = new Map(judged.map(({ property, verdict }) => [property.id, verdict]));
  return {
    task,
    explored: symmetry ? undefined : { ...explored, verdicts, bound },
    states: Number(symmetry?.states ?? covered.states),
    bound,
    verdicts,
    properties: (which) => judged.filter(which).map(({ property }) => property),
    broken: (properties) =>
      judged.flatMap(({ property, verdict }) => {
        if (verdict.kind !== 'violated' || !verdict.trace || !properties.includes(property)) return [];
        if (!isBroken(task, property, verdict.trace.commands))
          throw new SpecError(`${suite.model.id}: a trace that breaks ${property.id} does so once and not again`);
        return [{ property, trace: verdict.trace }];
      }),
  };
};

const isBroken = (task: Task, property: Property, commands: readonly Command[]): boolean => {
  const obligation = task.obligations.find((one) => one.property === property);
  try {
    return obligation !== undefined && firstBreak(task, obligation, commands) !== undefined;
  } catch (error) {
    if (error instanceof SpecError) return false; // these calls cannot be made here
    throw error;
  }
};

/**
 * The switches that can be in a set or not, of those that say what the code does: boolean ones that are on (all of them, where what is
 * on does not keep every property), and others that have two values; if those are too many, the boolean ones.
 */
const varying = ({ model }: Suite, scope: Scope, isEnough: boolean): string[] => {
  const code = Object.entries(model.switches).filter(([name]) => !model.environment?.includes(name));
  const flags = code.filter(([name, spec]) => typeof spec === 'string' && (!isEnough || scope.switches[name] === true));
  const choices = code.filter(([, spec]) => typeof spec !== 'string' && spec.values.length === 2);
  const chosen = flags.length + choices.length <= mostSwitches ? [...flags, ...choices] : flags;
  return code.filter((one) => chosen.includes(one)).map(([name]) => name);
};

/**
 * Smaller sets first, so that every set that keeps all properties and contains none found before is minimal: that needs no
 * assumption. That a smaller set breaks what a larger one does is not assumed either: the larger one's trace is run on it, and only
 * where it breaks a property there is the search left out.
 */
const combinationsOf = async (
  suite: Suite,
  choices: Choices,
  scope: Scope,
  names: readonly string[],
  flips: readonly Flip[],
  { budget, monitor }: AblationOptions,
  search: (switches: Scope['switches']) => Promise<Searched>,
): Promise<Combinations | undefined> => {
  if (names.length === 0 || names.length > mostSwitches) return undefined;
  const obligations = suite.properties.filter(({ witness }) => !witness);
  const traces: Broken[] = [];
  const keep = ({ property, trace }: Broken) => {
    const key = JSON.stringify(trace.commands);
    if (!traces.some((one) => one.property === property && JSON.stringify(one.trace.commands) === key))
      traces.push({ property, trace });
  };
  for (const { breaks } of flips) for (const one of breaks) keep(one);

  const minimal: { bits: number; states: number; unreached: number }[] = [];
  const sets = bySize(names.length);
  let replayed = 0;
  let searches = 0;
  let implied = 0;
  let left: Combinations['left'];
  const doing = `sets of switches, ${sets.length} in all`;
  const cancellation = new CancellationPoint(
    async () => (await monitor?.({ states: 0, transitions: 0, depth: 0, doing })) ?? true,
  );
  for (const [i, bits] of sets.entries()) {
    if (cancellation.isDue && !(await cancellation.goesOn())) {
      left = { why: 'interrupted', sets: sets.length - i };
      break;
    }
    if (minimal.some((one) => (one.bits & bits) === one.bits)) {
      implied++;
      continue;
    }
    const switches = settingOf(suite, scope, names, bits);
    const task = taskOf(suite.model, scopeOf(suite.model, { ...choices, switches }), suite.properties);
    const refuting = traces.findIndex(({ property, trace }) => isBroken(task, property, trace.commands));
    if (refuting >= 0) {
      traces.unshift(...traces.splice(refuting, 1)); // what has refuted one set is likely to refute the next
      replayed++;
      continue;
    }
    if (searches >= budget) {
      left = { why: 'budget', sets: sets.length - i };
      break;
    }
    const found = await search(switches);
    const broken = found.broken(obligations);
    for (const one of broken) keep(one);
    if (broken.length > 0 || !found.bound) searches++;
    if (broken.length > 0) continue;
    if (found.bound) {
      left = { why: found.bound.kind === 'interrupted' ? 'interrupted' : 'bound', sets: sets.length - i };
      break;
    }
    const unreached = found.properties(({ property, verdict }) => property.witness && verdict.kind === 'violated');
    minimal.push({
      bits,
      states: found.states,
      unreached: unreached.length,
    });
  }
  const shown = names.map((name) =>
    typeof suite.model.switches[name] === 'string' ? name : `${name}=${scope.switches[name]}`,
  );
  return {
    names: shown,
    minimal: minimal.map(({ bits, states, unreached }) => ({
      names: shown.filter((_, n) => (bits & (1 << n)) !== 0),
      others: names.flatMap((name, n) =>
        (bits & (1 << n)) === 0 ? [`${name}=${settingOf(suite, scope, names, bits)[name]}`] : [],
      ),
      states,
      unreached,
    })),
    sets: sets.length,
    replayed,
    searched: searches,
    implied,
    left,
  };
};

/** Every subset of so many things, as bits; smaller ones first, then in the order of the things. */
const bySize = (n: number): number[] => {
  const size = (bits: number) => bits.toString(2).replaceAll('0', '').length;
  return Array.from({ length: 2 ** n }, (_, bits) => bits).sort((a, b) => size(a) - size(b) || a - b);
};

const settingOf = ({ model }: Suite, scope: Scope, names: readonly string[], bits: number): Scope['switches'] => {
  const settings = { ...scope.switches };
  for (const [n, name] of names.entries()) {
    const isIn = (bits & (1 << n)) !== 0;
    const spec = model.switches[name]!;
    settings[name] =
      typeof spec === 'string' ? isIn : switchValues(spec).find((value) => (value === scope.switches[name]) === isIn)!;
  }
  return settings;
};
