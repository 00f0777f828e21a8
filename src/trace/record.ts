import type { Outcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import type { Scope } from '../system/scope.ts';
import type { Claim, Counterexample, Expected, Field, Origin, Statement, Trace, Value } from './trace.ts';

/** The trace of steps that were made, with their results and the whole state after each. */
export const traceOf = (scope: Scope, steps: readonly Step[]): Trace => ({
  origin: originOf(scope),
  statements: steps.flatMap(({ command, outcome }, i): Statement[] => [
    { kind: 'call', line: i + 1, command, expected: expectedOf(outcome) },
    { kind: 'expect', line: i + 1, fields: fieldsOf(outcome.state) },
  ]),
});

/** The counterexample of steps that break a property: their results and no states, which the calls lead to anyhow. */
export const counterexampleOf = (
  scope: Scope,
  property: string,
  steps: readonly Step[],
  search: Claim['search'],
): Counterexample => ({
  origin: originOf(scope),
  claim: { property, search },
  statements: steps.map(({ command, outcome }, i) => ({
    kind: 'call',
    line: i + 1,
    command: { ...command },
    expected: expectedOf(outcome),
  })),
});

const originOf = ({ model, variant, config, switches }: Scope): Origin => ({
  model,
  variant,
  config: { ...config },
  switches: { ...switches },
});

const expectedOf = (outcome: Outcome<unknown>): Expected => {
  const warnings = [...outcome.warnings];
  if (outcome.result === 'ok')
    return { result: 'ok', ...(outcome.value !== undefined && { value: outcome.value }), warnings };
  if (outcome.result === 'refused')
    return { result: 'refused', errno: outcome.errno, reason: outcome.reason, warnings };
  return { result: outcome.result, reason: outcome.reason, warnings };
};

/** Every field at the top of the state; the whole state where that is no record. */
export const fieldsOf = (state: unknown): Field[] => {
  const value = state as Value; // A canonical state is made of nothing but what a Value can be.
  if (typeof value !== 'object' || Array.isArray(value) || 'kind' in value) return [{ path: [], value }];
  return Object.entries(value).map(([name, inner]) => ({ path: [name], value: inner }));
};
