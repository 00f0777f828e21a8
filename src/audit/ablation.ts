import type { Bound } from '../engine/result.ts';
import { switchValues } from '../spec/model.ts';
import type { Property } from '../spec/property.ts';
import type { Suite } from '../spec/suite.ts';
import { type Choices, type Scope, scopeOf } from '../system/scope.ts';
import { Cancelled } from './cancellation.ts';
import { type CombinationOptions, type Combinations, combinationsOf, mostSwitches, varying } from './combinations.ts';
import { type Difference, difference, otherwiseAt } from './difference.ts';
import { type Broken, type Searched, type SearchOptions, searched } from './searched-variant.ts';

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

/** Searches the variant as it is, with each switch set otherwise, and with every set of two-valued switches. */
export const ablation = async (suite: Suite, choices: Choices, options: CombinationOptions): Promise<Ablation> => {
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
  options: SearchOptions,
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
    if (error instanceof Cancelled) return undefined;
    throw error;
  }
};
