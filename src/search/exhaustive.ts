import { hole } from '../observe/tries.ts';
import { layoutOf } from '../spec/layout.ts';
import type { Command } from '../spec/model.ts';
import { frozen } from '../spec/update.ts';
import { Findings } from './findings.ts';
import { CallJudgements, StateJudgements } from './judgements.ts';
import { type Bound, type Engine, type Pulse, type SearchResult, Tally } from './result.ts';
import { StateSet } from './state-set.ts';
import { perform, type Task } from './task.ts';
import { leads, TransitionTable } from './transition-table.ts';

export interface ExhaustiveOptions {
  /** Stop, as incomplete, before more than this many distinct states. */
  readonly maxStates?: number;
  /** Stop, as incomplete, before the state table takes more than this many bytes. */
  readonly maxBytes?: number;
  readonly pulse?: Pulse;
}

const attemptsBetweenPulses = 1 << 14;

/**
 * The reference search on packed states and decision tables: the same order, hence the same verdicts, counts and traces.
 */
export const searchExhaustive = async (task: Task, options: ExhaustiveOptions = {}): Promise<SearchResult> => {
  const {
    maxStates = Number.POSITIVE_INFINITY,
    maxBytes = Number.POSITIVE_INFINITY,
    pulse = async () => true,
  } = options;
  const { system, commands } = task;
  const layout = layoutOf(system.state);
  const width = layout.words;
  const states = new StateSet(width, maxBytes);
  const findings = new Findings(task);
  const transitions = new TransitionTable(task, layout, () => findings.violated());
  const ofStates = new StateJudgements(task, layout, transitions, findings);
  const ofCalls = new CallJudgements(task, layout, transitions, findings);

  const next = new Uint32Array(width);
  let attempts = 0;
  let depth = 0;
  let bound: Bound | undefined;

  states.add(layout.encode(system.initial), 0);
  if (ofStates.settles(states.words, 0)) findings.ofState(system.initial, () => []);

  let levelEnd = 1;
  search: for (let from = 0, level = 0; from < states.count; from++) {
    if (from === levelEnd) {
      levelEnd = states.count;
      level++;
    }
    for (let command = 0; command < commands.length; command++) {
      const offset = from * width;
      const row = transitions.take(command, states.words, offset);
      if (transitions.leads(row) !== leads.disabled && ofCalls.settles(row, states.words, offset)) {
        const before = frozen(layout.decode(states.words, offset));
        const outcome = perform(task, before, commands[command]!);
        findings.ofStep({ before, command: commands[command]!, outcome }, () => [...traceTo(from), commands[command]!]);
      }

      if (transitions.leads(row) === leads.on && transitions.apply(row, states.words, offset, next)) {
        if (states.count >= maxStates && !states.has(next)) {
          bound = { kind: 'states', limit: maxStates };
          break search;
        }
        const found = states.add(next, from);
        if (found === StateSet.full) {
          bound = { kind: 'memory', limit: maxBytes };
          break search;
        }
        if (found >= 0) {
          depth = level + 1;
          if (ofStates.settles(states.words, found * width, row))
            findings.ofState(frozen(layout.decode(next)), () => traceTo(found));
        }
      }
      if (++attempts % attemptsBetweenPulses === 0 && !(await pulse(covered()))) {
        bound = { kind: 'interrupted' };
        break search;
      }
    }
  }

  return {
    judged: findings.verdicts(bound),
    covered: covered(),
    coverage: tally().coverage,
    engine: engine(),
    ...(bound && { bound }),
  };

  function covered() {
    return { states: states.count, transitions: tally().transitions, depth };
  }

  function tally(): Tally {
    const counts = new Tally(commands);
    for (const { command, outcome, times } of transitions.taken()) counts.add(command, outcome, times);
    return counts;
  }

  function engine(): Engine {
    return {
      rows: transitions.size,
      runs: transitions.runs + ofStates.runs + ofCalls.runs,
      bytes: states.bytes,
      bytesPerState: states.bytes / states.count,
    };
  }

  /** The commands are not kept: the first that leads from a parent to its child is the one that found it. */
  function traceTo(state: number): Command[] {
    const trace: Command[] = [];
    for (let at = state; at > 0; at = states.parents[at]!) {
      const [from, to] = [states.at(states.parents[at]!), states.at(at)];
      trace.push(commands.find((_, command) => leadsTo(command, from, to))!);
    }
    return trace.reverse();
  }

  function leadsTo(command: number, from: Uint32Array, to: Uint32Array): boolean {
    const row = transitions.find(command, from, 0);
    if (row === hole || transitions.leads(row) !== leads.on) return false;
    const after = new Uint32Array(width);
    return transitions.apply(row, from, 0, after) && after.every((word, i) => word === to[i]);
  }
};
