import { show } from '../spec/domain.ts';
import { SpecError } from '../spec/errors.ts';

/** Runs a function of a model's author; what it throws becomes a SpecError that says which function it was, and where. */
export const guarded = <T>(what: string | (() => string), run: () => T): T => {
  try {
    return run();
  } catch (error) {
    throw error instanceof SpecError
      ? error
      : new SpecError(`${typeof what === 'string' ? what : what()} threw ${thrown(error)}`);
  }
};

/** What was thrown, in one line of at most some 200 characters, with the place in the author's file if there is one. */
export const thrown = (error: unknown): string => {
  const [line, ...frames] = linesOf(error);
  // A loader may have added a query to the file's address.
  const [, file, at] =
    frames.map((frame) => /([^/\\(?]+\.m?[tj]s)(?:\?[^:)]*)?:(\d+):\d+\)?$/.exec(frame)).find((match) => match) ?? [];
  const shown = line!.length > 200 ? `${line!.slice(0, 197)}...` : line!;
  return file === undefined ? shown : `${shown} at ${file}:${at}`;
};

/** The words of what was thrown, and of an error the frames of its stack. Anything can be thrown, also what cannot be shown. */
const linesOf = (error: unknown): string[] => {
  try {
    const [line = ''] = (error instanceof Error || typeof error !== 'object' ? String(error) : show(error)).split(
      /[\r\n]/,
      1,
    );
    const frames = error instanceof Error ? String(error.stack).split('\n').slice(1) : [];
    return [line === '' ? 'an error without words' : line, ...frames];
  } catch {
    return ['something that cannot be shown'];
  }
};
