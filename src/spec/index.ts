export { type Expected, everyResult, noPanic } from './common.ts';
export { defineModel } from './define-model.ts';
export { array, type Domain, enumOf, flag, type Infer, type Misfit, range, record, variant } from './domain.ts';
export type { Drawing, Line } from './drawing.ts';
export { type Errno, errnoNumbers } from './errno.ts';
export { SpecError } from './errors.ts';
export {
  type Command,
  type Config,
  describeCommand,
  describeFields,
  type Lane,
  type Model,
  type ModelSpec,
  type Parameter,
  type Settings,
  type Switch,
  type System,
  switchDoc,
  switchValues,
  type Variant,
} from './model.ts';
export { describeOutcome, disabled, type Outcome, ok, panic, type Returned, refuse, warn } from './outcome.ts';
export {
  invariant,
  type Judgement,
  type Property,
  progress,
  reachable,
  reachableStep,
  type Step,
  stepProperty,
} from './property.ts';
export { type Suite, suite } from './suite.ts';
export type { Interchangeable } from './symmetry.ts';
export {
  type AtomicStep,
  allDone,
  type Program,
  type Self,
  type ThreadCommand,
  type Threaded,
  threadLane,
  threads,
} from './threads.ts';
export { update } from './update.ts';
