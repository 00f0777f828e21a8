import type { SymmetryUse } from '../engine/result.ts';
import type { Outcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import type { Suite } from '../spec/suite.ts';
import { frozen } from '../spec/update.ts';
import { presentationOf } from '../system/presentation.ts';
import type { Scope } from '../system/scope.ts';
import type { CheckedProperty, CheckResult } from './check.ts';

/** A step without the state before, which is that after the step before it. `state`: absent where the call changed nothing. */
interface StepData {
  readonly command: Step['command'];
  readonly outcome: Omit<Outcome<unknown>, 'state'>;
  readonly state?: unknown;
}

/**
 * What a search of one version has found, as plain data that stays the same by way of JSON. The functions of the model and of its
 * properties are not in it: whoever reads it has the suite.
 */
export type ResultData = Omit<
  CheckResult,
  'title' | 'legend' | 'kernel' | 'draw' | 'lane' | 'properties' | 'coverage' | 'symmetry'
> & {
  readonly scope: Scope;
  readonly properties: readonly (Omit<CheckedProperty, 'property' | 'steps'> & {
    readonly property: string;
    readonly steps?: readonly StepData[];
  })[];
  readonly coverage: readonly (readonly [
    command: string,
    attempts: number,
    results: readonly (readonly [string, number])[],
  ])[];
  /** `states` in decimal digits: JSON has no numbers so large. */
  readonly symmetry?: Omit<SymmetryUse, 'states'> & { readonly states: string };
};

export const encodeResult = (result: CheckResult): ResultData => {
  const { title: _, legend: _l, kernel: _k, draw: _d, lane: _t, symmetry, ...rest } = result;
  return {
    ...rest,
    properties: result.properties.map(({ property, steps, ...one }) => ({
      ...one,
      property: property.id,
      ...(steps && { steps: steps.map(stepData) }),
    })),
    coverage: [...result.coverage].map(([command, { attempts, results }]) => [command, attempts, [...results]]),
    ...(symmetry && { symmetry: { ...symmetry, states: String(symmetry.states) } }),
  };
};

/** The result with the functions of the suite, which must be the one that was searched. */
export const decodeResult = ({ symmetry, ...data }: ResultData, suite: Suite): CheckResult => ({
  ...data,
  ...presentationOf(suite.model, data.scope, frozen(data.initial)),
  properties: data.properties.map(({ property: id, steps, ...one }) => ({
    ...one,
    property: suite.properties.find((property) => property.id === id)!,
    ...(steps && { steps: stepsOf(steps, frozen(data.initial)) }),
  })),
  coverage: new Map(
    data.coverage.map(([command, attempts, results]) => [command, { attempts, results: new Map(results) }]),
  ),
  ...(symmetry && { symmetry: { ...symmetry, states: BigInt(symmetry.states) } }),
});

const stepData = ({ before, command, outcome: { state, ...outcome } }: Step): StepData => ({
  command,
  outcome,
  ...(state !== before && { state }),
});

const stepsOf = (steps: readonly StepData[], initial: unknown): Step[] => {
  let before = initial;
  return steps.map((step) => {
    const after = 'state' in step ? frozen(step.state) : before;
    const made = {
      before,
      command: frozen(step.command),
      outcome: { ...step.outcome, state: after } as Step['outcome'],
    };
    before = after;
    return made;
  });
};
