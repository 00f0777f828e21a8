import type { Errno } from './errno.ts';

/**
 * What a command does in a state. `state` is the state after it.
 *
 * - `ok`: the call succeeded. `value` is what it returned, if that is more than 0: a count, an address, a name such as 'NULL'.
 * - `refused`: the call failed with an errno. A call that fails half way has changed the state.
 * - `panic`: the call reached a BUG, or a WARN where WARNs are fatal (EL2). The machine stops: no call follows.
 * - `disabled`: the command cannot be given in this state, as a thread that has ended has no next step. There is no call.
 *
 * `warnings` are the texts of the WARN_ONs that fired without being fatal.
 */
export type Outcome<S> = { readonly state: S; readonly warnings: readonly string[] } & (
  | { readonly result: 'ok'; readonly value?: Returned }
  | { readonly result: 'refused'; readonly errno: Errno; readonly reason: string }
  | { readonly result: 'panic'; readonly reason: string }
  | { readonly result: 'disabled'; readonly reason: string }
);

/** What a call may return: an integer from 0 on, as negative numbers are errnos; or a name of letters, digits and underscores. */
export type Returned = number | string;

/** The call succeeded. `value` is what the function returned; a function that returns 0 or nothing leaves it out. */
export const ok = <S>(state: S, value?: Returned): Outcome<S> =>
  value === undefined ? { result: 'ok', state, warnings: [] } : { result: 'ok', value, state, warnings: [] };

/** The call failed with an errno. `reason` is a few words that reports print beside it: 'annotated with another owner'. */
export const refuse = <S>(state: S, errno: Errno, reason: string): Outcome<S> => ({
  result: 'refused',
  state,
  errno,
  reason,
  warnings: [],
});

/** The machine stops. `reason` names the BUG or the WARN. */
export const panic = <S>(state: S, reason: string): Outcome<S> => ({ result: 'panic', state, reason, warnings: [] });

/** The command cannot be given in this state. `reason` says why; `--coverage` and `audit` print it. */
export const disabled = <S>(state: S, reason: string): Outcome<S> => ({
  result: 'disabled',
  state,
  reason,
  warnings: [],
});

/** The outcome with one more warning: `id` is the text of a WARN_ON that fired without being fatal. */
export const warn = <S>(outcome: Outcome<S>, id: string): Outcome<S> => ({
  ...outcome,
  warnings: [...outcome.warnings, id],
});

/** The outcome as a kernel log would have it: `ok`, `ok (returned 2)`, `-EPERM (annotated with another owner)`, `panic (…)`. */
export const describeOutcome = (outcome: Outcome<unknown>): string => {
  const warnings = outcome.warnings.map((id) => `, WARN ${id}`).join('');
  if (outcome.result === 'ok')
    return outcome.value === undefined ? `ok${warnings}` : `ok (returned ${outcome.value})${warnings}`;
  const why = outcome.reason === '' ? '' : ` (${outcome.reason})`;
  return `${outcome.result === 'refused' ? `-${outcome.errno}` : outcome.result}${why}${warnings}`;
};
