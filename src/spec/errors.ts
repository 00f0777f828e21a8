/**
 * Something was asked for wrongly, or a model breaks the rules of the vocabulary. The message is one line that says what was
 * given, where, and what would be right; the command line prints it without a stack and exits with 2.
 */
export class SpecError extends Error {
  override readonly name = 'SpecError';
}

/** Whether what was thrown is a SpecError. `instanceof` alone would throw for a proxy whose traps do. */
export const isSpecError = (error: unknown): error is SpecError => {
  try {
    return error instanceof SpecError;
  } catch {
    return false;
  }
};
