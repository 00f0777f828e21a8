import type { Command, Model } from './model.ts';
import { type Property, reachableStep, stepProperty } from './property.ts';

/**
 * The property `no-panic`: no call reaches a BUG or a fatal WARN. With `kind` it speaks of that command alone and is called
 * `no-panic-KIND`. `source` says where the obligation comes from: 'L4'.
 */
export const noPanic = <S, C extends Command, P extends Model['config']>(
  model: Model<S, C, P, Model['switches']>,
  source: string,
  kind?: C['kind'],
): Property =>
  stepProperty(model, {
    id: kind === undefined ? 'no-panic' : `no-panic-${kind.replaceAll('_', '-')}`,
    statement: `No call${kind === undefined ? '' : ` of ${kind}()`} reaches a BUG or a fatal WARN.`,
    source,
    ...(kind !== undefined && { call: kind }),
    holds: ({ command, outcome }) => outcome.result !== 'panic' || (kind !== undefined && command.kind !== kind),
  });

/**
 * A result that a command must be seen to have: `ok`, `panic`, or an errno with its reason, as in `EPERM not owned by the host`. In a pair, the
 * function says in which versions of the code the command can have the result.
 */
export type Expected = string | readonly [string, NonNullable<Property['applies']>];

/**
 * Witnesses, one for each result of each command: some call of the command has the result. Their
 * ids are made of both: `share-eperm-not-owned`.
 */
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
        byErrno: true,
        call: kind,
        applies,
        when: ({ command, outcome }) =>
          command.kind === kind &&
          (outcome.result === 'refused'
            ? outcome.errno === errno && (outcome.reason === '' || outcome.reason === reason.join(' '))
            : outcome.result === result),
      });
    }),
  );
