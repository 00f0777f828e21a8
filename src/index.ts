export { everyResult, noPanic } from '../properties/common.ts';
export { type CheckedProperty, type CheckResult, check, type SearchChoice, type Standing } from './check.ts';
export type { Covered, Trace, Verdict } from './search/result.ts';
export * from './spec/index.ts';
