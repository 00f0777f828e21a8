/** A kernel error number without its sign, e.g. 'EPERM'. */
export type Errno = `E${Uppercase<string>}`;

/**
 * What a command does to a state.
 *
 * - `ok`: it succeeded.
 * - `refused`: it failed with an errno. A transition that fails half way says so by returning a changed state.
 * - `panic`: a BUG, or a WARN where WARNs are fatal (EL2). The machine stops: nothing follows.
 * - `disabled`: the command cannot be given in this state, e.g. a thread that has finished has no next step. No call is made.
 *
 * `warnings` are the WARN_ONs that fired on the way, without being fatal.
 */
export type Outcome<S> = { readonly state: S; readonly warnings: readonly string[] } & (
  | { readonly result: 'ok' }
  | { readonly result: 'refused'; readonly errno: Errno; readonly reason: string }
  | { readonly result: 'panic'; readonly reason: string }
  | { readonly result: 'disabled'; readonly reason: string }
);

export const ok = <S>(state: S): Outcome<S> => ({ result: 'ok', state, warnings: [] });

/** `reason` is a few words; the report prints it beside the errno. */
export const refuse = <S>(state: S, errno: Errno, reason: string): Outcome<S> => ({
  result: 'refused',
  state,
  errno,
  reason,
  warnings: [],
});

export const panic = <S>(state: S, reason: string): Outcome<S> => ({ result: 'panic', state, reason, warnings: [] });

export const disabled = <S>(state: S, reason: string): Outcome<S> => ({
  result: 'disabled',
  state,
  reason,
  warnings: [],
});

/** The same outcome, with a WARN_ON that fired on the way. */
export const warn = <S>(outcome: Outcome<S>, id: string): Outcome<S> => ({
  ...outcome,
  warnings: [...outcome.warnings, id],
});

/** The outcome as a kernel log would have it: `ok`, `-EPERM (annotated with another owner)`, `panic (…)`. */
export const describeOutcome = (outcome: Outcome<unknown>): string => {
  const warnings = outcome.warnings.map((id) => `, WARN ${id}`).join('');
  if (outcome.result === 'ok') return `ok${warnings}`;
  if (outcome.result === 'refused') return `-${outcome.errno} (${outcome.reason})${warnings}`;
  return `${outcome.result} (${outcome.reason})${warnings}`;
};
