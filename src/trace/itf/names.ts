/** Where the format is described. */
export const description = 'https://apalache-mc.org/docs/adr/015adr-trace.html';

/** Variables beside those of the state. */
export const variables = {
  /** The call that led to the state, as a script has it; `init` in the first state. */
  call: 'pagelaw::call',
  /** Its result, as `describeOutcome` words it. */
  result: 'pagelaw::result',
  /** The whole state, where it is no record. */
  state: 'state',
  /** Quint's: the name of the action, and the values that it chose, as options. */
  quintAction: 'mbt::actionTaken',
  quintPicks: 'mbt::nondetPicks',
} as const;

/** Entries of the file's `#meta`, all of them texts. */
export const meta = {
  version: 'pagelaw::version',
  /** What a script has behind the word `model`. */
  model: 'pagelaw::model',
  property: 'pagelaw::property',
  /** The call that closes a loop, whose state the format leaves out, and its result. */
  loopCall: 'pagelaw::loop-call',
  loopResult: 'pagelaw::loop-result',
} as const;

/** Raised when an entry changes its meaning. */
export const version = 1;
