import { taskOf } from '../engine/task.ts';
import { switchValues } from '../spec/model.ts';
import type { Suite } from '../spec/suite.ts';
import { type Choices, type Scope, scopeOf } from '../system/scope.ts';
import type { Flip } from './ablation.ts';
import { CancellationPoint } from './cancellation.ts';
import { type Broken, isBroken, type Searched, type SearchOptions } from './searched-variant.ts';

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

export interface CombinationOptions extends SearchOptions {
  /** At most so many searches to find minimal sets. */
  readonly budget: number;
}

/** With more two-valued switches than this, not every set is tried. */
export const mostSwitches = 12;

/**
 * The switches that can be in a set or not, of those that say what the code does: boolean ones that are on (all of them, where what is
 * on does not keep every property), and others that have two values; if those are too many, the boolean ones.
 */
export const varying = ({ model }: Suite, scope: Scope, isEnough: boolean): string[] => {
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
export const combinationsOf = async (
  suite: Suite,
  choices: Choices,
  scope: Scope,
  names: readonly string[],
  flips: readonly Flip[],
  { budget, monitor }: CombinationOptions,
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
