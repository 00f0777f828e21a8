import type { Property } from '../../spec/property.ts';
import { leads } from '../../table/transition-table.ts';
import { type Explored, noSuccessor, type Quotient } from '../explored.ts';
import type { SearchState } from './search-state.ts';
import type { Symmetry } from './symmetry.ts';
import type { SymmetryCheck } from './symmetry-check.ts';
import type { Traces } from './traces.ts';

/** The graph of what was found so far. Its edges are not kept, but looked up in the transition table. */
export const graphOf = (search: SearchState, traces: Traces): Explored => {
  const { layout, states, width, transitions, symmetry, check, stateJudgements, expanded } = search;
  const after = new Uint32Array(width);
  return {
    states: states.count,
    plain: (state) => layout.decode(states.words, state * width),
    successor: (state, command) => {
      if (state >= expanded) return noSuccessor.unexplored;
      const row = transitions.find(command, states.words, state * width);
      const lead = transitions.leads(row);
      if (lead === leads.disabled) return noSuccessor.disabled;
      if (lead === leads.panic) return noSuccessor.panic;
      if (!transitions.apply(row, states.words, state * width, after)) return state;
      symmetry?.canonical(after, 0);
      return states.find(after, 0, states.hash(after, 0)) ?? noSuccessor.unexplored;
    },
    waits: (judgeable) => {
      const settles = stateJudgements.table(judgeable);
      return (state) => !settles(states.words, state * width);
    },
    traceTo: (state) => traces.to(state),
    ...(symmetry && check && { quotient: quotientBy(search, traces, symmetry, check) }),
  };
};

const quotientBy = (
  { task, layout, states, width, transitions }: SearchState,
  traces: Traces,
  { sort }: Symmetry,
  check: SymmetryCheck,
): Quotient => {
  const instancesOf = (property: Property) => task.obligations.find((one) => one.property === property)!.instances;
  const moved = (property: Property, at: number, words: Uint32Array) =>
    sort(words).reduce((position, exchange) => check.image(property, position, exchange), at);
  return {
    alike: (judgeable) => check.alike(judgeable),
    successorInstance: (property, at, state, command) => {
      const after = new Uint32Array(width);
      const row = transitions.find(command, states.words, state * width);
      return transitions.apply(row, states.words, state * width, after) ? moved(property, at, after) : at;
    },
    real: (property, at, state) => {
      const commands = traces.to(state);
      const end = traces.stateAfter(commands);
      const alike = check.alike({ property, instance: instancesOf(property)[at] });
      const there = alike.find((one) => moved(property, one, layout.encode(end)) === at)!;
      return { commands, state: end, instance: instancesOf(property)[there] };
    },
  };
};
