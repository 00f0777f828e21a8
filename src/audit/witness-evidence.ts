import { CallJudgements } from '../engine/call-judgements.ts';
import type { Exploration } from '../engine/exploration.ts';
import { Findings } from '../engine/findings.ts';
import type { StateJudgements } from '../engine/state-judgements.ts';
import type { Task } from '../engine/task.ts';
import type { Property } from '../spec/property.ts';
import { leads } from '../table/transition-table.ts';

/** States and calls that show a witness are remembered, at most so many of each. */
const mostEvidence = 16;

/** A state that shows a witness, or the call in it that does; the command is -1 for a state. */
export interface Evidence {
  readonly state: number;
  readonly command: number;
}

/** One instance of a property that asks for something to exist, and where the search without a fault found it. */
export interface Witness {
  readonly property: Property;
  /** Whether a call shows it; undefined for a witness of states. */
  readonly ofCall: CallJudgements | undefined;
  /** Whether a state shows it; undefined for a witness of calls. */
  readonly ofState: ((words: Uint32Array, offset: number) => boolean) | undefined;
  readonly evidence: readonly Evidence[];
}

interface Searched extends Pick<Exploration, 'layout' | 'states' | 'transitions'> {
  readonly task: Task;
}

/** `first`: by row, a state in which it is taken. */
export const witnessOf = (
  searched: Searched,
  property: Property,
  instance: unknown,
  ofStates: StateJudgements,
  first: Int32Array,
): Witness => {
  const { task, layout, transitions } = searched;
  const findings = new Findings({ ...task, obligations: [{ property, instances: [instance] }] });
  if (property.on === 'call') {
    const ofCall = new CallJudgements(task, layout, transitions, findings);
    return { property, ofCall, ofState: undefined, evidence: callsThatShow(searched, ofCall, first) };
  }
  const [judgeable] = [...findings.open(property.on)];
  const ofState = ofStates.table(judgeable!);
  return { property, ofCall: undefined, ofState, evidence: statesThatShow(searched, ofState) };
};

const callsThatShow = ({ layout, states, transitions }: Searched, ofCall: CallJudgements, first: Int32Array) => {
  const evidence: Evidence[] = [];
  for (const [row, state] of first.entries()) {
    if (evidence.length >= mostEvidence) break;
    if (transitions.leads(row) !== leads.disabled && ofCall.settles(row, states.words, state * layout.words))
      evidence.push({ state, command: transitions.row(row).command });
  }
  return evidence;
};

const statesThatShow = (
  { layout, states }: Searched,
  ofState: (words: Uint32Array, offset: number) => boolean,
): Evidence[] => {
  const evidence: Evidence[] = [];
  for (let state = 0; state < states.count && evidence.length < mostEvidence; state++)
    if (ofState(states.words, state * layout.words)) evidence.push({ state, command: -1 });
  return evidence;
};
