import type { Command } from '../../spec/model.ts';
import { hole } from '../../table/decision-trees.ts';
import { leads } from '../../table/transition-table.ts';
import { decides, type Judgeable } from '../findings.ts';
import type { Evidence } from '../result.ts';
import { judge, LeftDomain, perform } from '../task.ts';
import type { SearchState } from './search-state.ts';

/** The commands that lead to the states of a search. They are not kept, but found again along the states' parents. */
export class Traces {
  readonly #search: SearchState;

  constructor(search: SearchState) {
    this.#search = search;
  }

  /** The commands from the initial state to a state or, with symmetry, to a state that it stands for. */
  to(state: number): Command[] {
    if (this.#search.symmetry) return this.#realTo(state);
    const { states, task } = this.#search;
    const trace: Command[] = [];
    for (let at = state; at > 0; at = states.parents[at]!) {
      const [from, to] = [states.at(states.parents[at]!), states.at(at)];
      // The first command that leads from a parent to its child is the one that found the child.
      trace.push(task.commands.find((_, command) => this.#leadsTo(command, from, to))!);
    }
    return trace.reverse();
  }

  /** The plain state that a trace leads to. */
  stateAfter(trace: readonly Command[]): unknown {
    const { task } = this.#search;
    return trace.reduce<unknown>((state, command) => perform(task, state, command).state, task.system.initial);
  }

  /** What shows that a state decides one of the judgeables. With symmetry it is a state like the one that was judged. */
  showState(state: number, among: readonly Judgeable[]): Command[] | Evidence {
    const trace = this.to(state);
    if (!this.#search.symmetry) return trace;
    return this.#decided(among, trace, this.stateAfter(trace)) ?? this.#unlike(among);
  }

  /** What shows that a call decides one of the judgeables. With symmetry it is the first call that does, after the commands to `from`. */
  showCall(from: number, command: Command, among: readonly Judgeable[]): Command[] | Evidence {
    const trace = this.to(from);
    if (!this.#search.symmetry) return [...trace, command];
    const { task } = this.#search;
    const before = this.stateAfter(trace);
    for (const command of task.commands) {
      const outcome = perform(task, before, command);
      if (outcome.result === 'disabled') continue;
      const found = this.#decided(among, [...trace, command], { before, command, outcome });
      if (found) return found;
    }
    return this.#unlike(among);
  }

  #decided(among: readonly Judgeable[], commands: Command[], subject: unknown): Evidence | undefined {
    for (const { property, instance } of among) {
      const judgement = judge(this.#search.task, property, subject, instance);
      if (decides(property, judgement))
        return { commands, instance, detail: typeof judgement === 'string' ? judgement : '' };
    }
    return undefined;
  }

  #unlike([judgeable]: readonly Judgeable[]): never {
    this.#search.checkSymmetry();
    throw new Error(`${judgeable?.property.id} is decided by a representative and not by the state that it stands for`);
  }

  #leadsTo(command: number, from: Uint32Array, to: Uint32Array): boolean {
    const { transitions, width } = this.#search;
    const row = transitions.find(command, from, 0);
    if (row === hole || transitions.leads(row) !== leads.on) return false;
    const after = new Uint32Array(width);
    return transitions.apply(row, from, 0, after) && after.every((word, i) => word === to[i]);
  }

  /** Real calls from the initial state, each the first that leads to a state which the next representative stands for. */
  #realTo(state: number): Command[] {
    const { states, task } = this.#search;
    const path: number[] = [];
    for (let at = state; at > 0; at = states.parents[at]!) path.push(at);
    const trace: Command[] = [];
    let before: unknown = task.system.initial;
    for (const next of path.reverse()) {
      const command = task.commands.find((one) => this.#leadsToLike(next, before, one));
      if (!command) {
        this.#search.checkSymmetry();
        throw new Error('no call leads to the next representative');
      }
      trace.push(command);
      before = perform(task, before, command).state;
    }
    return trace;
  }

  /** Whether the command leads to a state that the representative stands for. */
  #leadsToLike(representative: number, before: unknown, command: Command): boolean {
    const { states, task, layout, symmetry } = this.#search;
    const outcome = perform(task, before, command);
    if (outcome.result === 'disabled' || outcome.result === 'panic' || outcome.state === before) return false;
    if (!task.system.state.contains(outcome.state)) throw new LeftDomain(task, command, outcome.state);
    const after = layout.encode(outcome.state);
    symmetry!.canonical(after, 0);
    const wanted = states.at(representative);
    return after.every((word, i) => word === wanted[i]);
  }
}
