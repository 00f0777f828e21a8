import { isOutOfMemory } from '../engine/memory.ts';
import { SpecError } from '../spec/errors.ts';
import { thrown } from '../system/guarded.ts';

/** What ended a command, in words: what the user can mend in its own; a fault of pagelaw with its place. Anything can be thrown. */
export const failureWords = (error: unknown): string => {
  if (error instanceof SpecError) return ownWords(error);
  if (isOutOfMemory(error))
    return `out of memory (${thrown(error)}); --max-states or --max-memory ends a search before that, --workers 1 takes less`;
  return `internal error, please report it: ${thrown(error)}`;
};

/** An error of a model file's own copy of pagelaw can have any message. */
const ownWords = (error: SpecError): string => {
  try {
    return String(error.message) || 'an error without words';
  } catch {
    return 'something that cannot be shown';
  }
};
