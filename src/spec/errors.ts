const isSpec: unique symbol = Symbol.for('pagelaw.SpecError');

/**
 * Something was asked for wrongly, or a model breaks the rules of the vocabulary. The message is one line that says what was
 * given, where, and what would be right; the command line prints it without a stack and exits with 2.
 */
export class SpecError extends Error {
  override readonly name = 'SpecError';
  readonly [isSpec] = true;

  /** A model file may load a copy of this module of its own, and throw that copy's errors; or throw what cannot even be looked at. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    try {
      return typeof value === 'object' && value !== null && Reflect.get(value, isSpec) === true;
    } catch {
      return false;
    }
  }
}
