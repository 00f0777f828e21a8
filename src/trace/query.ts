import { match } from 'ts-pattern';
import type { Step } from '../spec/property.ts';
import { isSame, matchesResult, partsAt } from './expectation.ts';
import type { Condition } from './script/query.ts';
import { words } from './script/scanner.ts';

/** Whether it asks for a call, and not for a state alone. */
export const asksForCall = (condition: Condition): boolean =>
  match(condition)
    .with({ kind: 'state' }, () => false)
    .with({ kind: 'call' }, { kind: 'warn' }, () => true)
    .with({ kind: 'not' }, ({ of }) => asksForCall(of))
    .with({ kind: 'and' }, { kind: 'or' }, ({ of }) => of.some(asksForCall))
    .exhaustive();

/** Whether a state is as asked for. A field that the case of a variant does not have there has no value. */
export const matchesState = (condition: Condition, state: unknown): boolean => matches(condition, state, undefined);

/** Whether a call is as asked for; fields are those of the state in which it is made. */
export const matchesStep = (condition: Condition, step: Step): boolean => matches(condition, step.before, step);

const matches = (condition: Condition, state: unknown, step: Step | undefined): boolean =>
  match(condition)
    .with({ kind: 'state' }, ({ fields }) =>
      fields.every(({ path, value }) => {
        for (const part of partsAt(state, path)) if (!isSame(part.value, value)) return false;
        return true;
      }),
    )
    .with({ kind: 'call' }, ({ pattern, expected }) => {
      if (!step) return false;
      const { command, outcome } = step;
      if (pattern && command.kind !== pattern.call) return false;
      if (pattern && !isSame(command, pattern.arguments)) return false;
      return expected === undefined || matchesResult(outcome, expected);
    })
    .with(
      { kind: 'warn' },
      ({ text }) =>
        step?.outcome.warnings.some((warning) => text === undefined || words(warning).includes(text)) ?? false,
    )
    .with({ kind: 'not' }, ({ of }) => !matches(of, state, step))
    .with({ kind: 'and' }, ({ of }) => of.every((one) => matches(one, state, step)))
    .with({ kind: 'or' }, ({ of }) => of.some((one) => matches(one, state, step)))
    .exhaustive();
