import type { Bound } from './result.ts';

/**
 * Asked before memory is taken, and now and then: why that may not be; undefined if it may. `touched`: so many bytes will be in use at
 * once; `reserved`: so many are asked of the system, a part of them for later.
 */
export type MemoryGuard = (
  touched?: number,
  reserved?: number,
) => Extract<Bound, { readonly kind: 'memory' }> | undefined;

/** Whether an error was thrown because the machine, or what limits the process, has no room for an array. */
export const isOutOfMemory = (error: unknown): boolean => {
  try {
    return (
      error instanceof Error &&
      /allocation failed|could not allocate memory|Invalid (typed )?array length|Map maximum size|\bENOMEM\b|out of memory/i.test(
        error.message,
      )
    );
  } catch {
    return false;
  }
};
