import { type Layout, layoutOf } from '../../system/layout.ts';
import type { TransitionTable } from '../../table/transition-table.ts';
import { CallJudgements } from '../call-judgements.ts';
import { Findings } from '../findings.ts';
import { TransitionLearner } from '../learner.ts';
import type { Bound, CoveredStates } from '../result.ts';
import { StateJudgements } from '../state-judgements.ts';
import { StateSet } from '../state-set.ts';
import type { Task } from '../task.ts';
import { Compilation } from './compilation.ts';
import type { ExhaustiveSearchOptions } from './exhaustive.ts';
import { type Symmetry, symmetryOf } from './symmetry.ts';
import { SymmetryCheck } from './symmetry-check.ts';
import type { Workers } from './workers.ts';

/** Everything that one exhaustive search holds, and what changes while it runs. */
export class SearchState {
  readonly task: Task;
  readonly options: ExhaustiveSearchOptions;
  readonly layout: Layout<unknown>;
  /** Words in a packed state. */
  readonly width: number;
  readonly states: StateSet;
  readonly maxStates: number;
  readonly maxBytes: number;
  /** How many states there can be within both. */
  readonly mostStates: number;
  /** Absent where every state stands for itself. */
  readonly symmetry: Symmetry | undefined;
  /** Present where `symmetry` is. */
  readonly check: SymmetryCheck | undefined;
  readonly findings: Findings;
  readonly learner: TransitionLearner;
  readonly transitions: TransitionTable;
  readonly stateJudgements: StateJudgements;
  readonly callJudgements: CallJudgements;
  readonly compilation: Compilation;

  /** Present from the first level on that is worth sharing. */
  workers: Workers | undefined;
  /** Why the search ends before it has seen everything. */
  bound: Bound | undefined;
  /** Every call was made in the states before this number. */
  expanded = 0;
  /** Calls from the initial state to the states that are being expanded. */
  level = 0;
  /** Calls from the initial state to the farthest state that was found. */
  depth = 0;

  constructor(task: Task, options: ExhaustiveSearchOptions) {
    const { maxStates = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = options;
    this.task = task;
    this.options = options;
    this.layout = layoutOf(task.system.state);
    this.width = this.layout.words;
    this.maxStates = maxStates;
    this.maxBytes = maxBytes;
    this.states = new StateSet(this.width, maxBytes, options.memoryGuard);
    this.mostStates = Math.min(maxStates, this.states.most);
    this.symmetry = options.symmetry === 'off' ? undefined : symmetryOf(task, this.layout);
    const check = this.symmetry && new SymmetryCheck(task, this.layout, this.symmetry);
    this.check = check;
    this.findings = new Findings(task, check && ((judgeable) => check.alike(judgeable)));
    this.learner = new TransitionLearner(task, this.layout);
    this.transitions = this.learner.table;
    this.stateJudgements = new StateJudgements(task, this.layout, this.transitions, this.findings, check);
    this.callJudgements = new CallJudgements(task, this.layout, this.transitions, this.findings, check);
    this.compilation = new Compilation(this);
  }

  get covered(): CoveredStates {
    return { states: this.states.count, transitions: this.learner.calls, depth: this.depth };
  }

  /** How often a function of the model or of a property was run. */
  get runs(): number {
    return this.learner.runs + this.stateJudgements.runs + this.callJudgements.runs + (this.check?.runs ?? 0);
  }

  /** Milliseconds that functions of the model and of properties took. */
  get millisecondsInFunctions(): number {
    return this.learner.milliseconds + this.stateJudgements.milliseconds + this.callJudgements.milliseconds;
  }

  /** Checks the symmetry by all that was learned. Throws a SpecError if it is none. */
  checkSymmetry(): void {
    this.check?.follow(this.transitions, this.states.count);
    if (this.bound?.kind !== 'interrupted') this.check?.settleDoubts(this.states.words, this.states.count);
  }

  /** Whether the symmetry is known to be one. An interrupt leaves no time for what the check has put off; what rests on the symmetry is then not said. */
  get isVerified(): boolean {
    return !this.check || this.check.hasNoDoubts || this.bound?.kind !== 'interrupted';
  }
}
