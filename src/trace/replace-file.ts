import { randomBytes } from 'node:crypto';
import { lstat, open, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SpecError } from '../spec/errors.ts';
import { thrown } from '../system/guarded.ts';

/**
 * Writes a file so that it is all there or as it was before: under a name of its own beside it, which is then renamed. A link is
 * followed; what is no file, such as a pipe, is written to. Throws a SpecError, and leaves nothing behind, where that fails.
 */
export const replaceFile = async (path: string, text: string): Promise<void> => {
  try {
    const target = await realpath(path).catch(() => path);
    const found = await lstat(target).catch(() => undefined);
    if (found && !found.isFile() && !found.isDirectory()) await writeFile(target, text);
    else await replaceBy(target, text, found?.isFile() ? found.mode & 0o7777 : undefined);
  } catch (error) {
    throw new SpecError(`cannot write ${path}: ${systemWords(error)}`);
  }
};

const replaceBy = async (target: string, text: string, mode: number | undefined) => {
  const temporary = join(dirname(target), `.pagelaw-${randomBytes(6).toString('hex')}.tmp`);
  const file = await open(temporary, 'wx');
  try {
    try {
      await file.writeFile(text);
      if (mode !== undefined) await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
};

/** `ENOSPC: no space left on device`, without the system call and the temporary name. */
const systemWords = (error: unknown): string => {
  const [words = thrown(error)] = (error instanceof Error && /^E[A-Z0-9]+: [^,]+/.exec(error.message)) || [];
  return words;
};
