export type { Search } from './engine/index.ts';
export type { Covered, Evidence, Proof, Verdict } from './engine/result.ts';
export { type CheckedProperty, type CheckResult, check } from './job/check.ts';
export type { Standing } from './job/standing.ts';
export * from './spec/index.ts';
export { type Layout, layoutOf, type Slot } from './system/layout.ts';
export { type Choices, type Scope, scopeOf } from './system/scope.ts';
export { systemOf } from './system/system.ts';
export type { Counterexample, Trace } from './trace/trace.ts';
