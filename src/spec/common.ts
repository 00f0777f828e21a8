import type { Command, Model } from './model.ts';
import { type Property, reachableStep, stepProperty } from './property.ts';

/** The machine survives every call, or every call of one command. `source` says why that is owed, e.g. 'L4'. */
export const noPanic = <S, C extends Command, P extends Model['config']>(
  model: Model<S, C, P, Model['switches']>,
  source: string,
  kind?: C['kind'],
): Property =>
  stepProperty(model, {
    id: kind === undefined ? 'no-panic' : `no-panic-${kind.replaceAll('_', '-')}`,
    statement: `No call${kind === undefined ? '' : ` of ${kind}()`} reaches a BUG or a fatal WARN.`,
    source,
    holds: ({ command, outcome }) => outcome.result !== 'panic' || (kind !== undefined && command.kind !== kind),
  });

/** The results a command must be seen to have: 'ok', or `EPERM not owned by the host`; a function limits one to some switches. */
export type Expected = string | readonly [string, NonNullable<Property['applies']>];

/** Witnesses that every listed command reaches every result listed for it. */
export const everyResult = <S, C extends Command, P extends Model['config']>(
  model: Model<S, C, P, Model['switches']>,
  results: Readonly<Record<C['kind'], readonly Expected[]>>,
): Property[] =>
  Object.entries<readonly Expected[]>(results).flatMap(([kind, expected]) =>
    expected.map((entry) => {
      const [result, applies] = typeof entry === 'string' ? [entry, () => true] : entry;
      const [errno, ...reason] = result.split(' ');
      return reachableStep(model, {
        id: `${kind} ${result}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
        statement: `${kind}() can return ${result}.`,
        source: 'witness',
        applies,
        when: ({ command, outcome }) =>
          command.kind === kind &&
          (outcome.result === 'refused'
            ? outcome.errno === errno && outcome.reason === reason.join(' ')
            : outcome.result === result),
      });
    }),
  );
