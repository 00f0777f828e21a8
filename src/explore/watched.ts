import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { SpecError } from '../spec/errors.ts';
import { bundled } from './bundle.ts';

/** What there is to be shown, counted from 1 on. */
export interface Edition {
  readonly number: number;
  /** Why the files cannot be bundled as they are now; the script is then the last that could be. */
  readonly problem: string | undefined;
}

/** The page's script, bundled anew whenever one of its files is written. */
export interface WatchedScript {
  readonly script: () => string;
  readonly edition: () => Edition;
  /** Tells of each new edition, until what is returned is called. */
  subscribe(listener: (edition: Edition) => void): () => void;
  close(): void;
}

/** Editors write a file in several steps; what is read between two of them is of no use. */
const restMilliseconds = 60;

/** Watches `model`, or what pagelaw brings. Throws as `bundled` does, if the first bundle cannot be made. */
export const watchedScript = async (model: string | undefined): Promise<WatchedScript> => {
  let current = await bundled({ model });
  let edition: Edition = { number: 1, problem: undefined };
  let rest: NodeJS.Timeout | undefined;
  let isClosed = false;
  const listeners = new Set<(edition: Edition) => void>();
  const watchers = new Map<string, FSWatcher>();

  const rebuild = async () => {
    const made = await bundled({ model }).catch((error: unknown) => {
      if (error instanceof SpecError) return error.message;
      throw error;
    });
    if (isClosed) return;
    const problem = typeof made === 'string' ? made : undefined;
    const isSame = typeof made === 'string' ? problem === edition.problem : made.script === current.script;
    if (isSame && problem === edition.problem) return;
    if (typeof made !== 'string') current = made;
    edition = { number: edition.number + 1, problem };
    follow();
    for (const listener of listeners) listener(edition);
  };
  /** Builds one after the other: the last to end is of the last files. */
  let last = Promise.resolve();
  const changed = () => {
    clearTimeout(rest);
    rest = setTimeout(() => {
      last = last.then(rebuild);
    }, restMilliseconds);
  };
  // Folders, since many editors put a new file in the place of the old one.
  const follow = () => {
    for (const folder of new Set(current.files.map((file) => dirname(file))))
      if (!watchers.has(folder))
        watchers.set(
          folder,
          watch(folder, changed).on('error', () => undefined),
        );
  };
  follow();
  return {
    script: () => current.script,
    edition: () => edition,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      isClosed = true;
      clearTimeout(rest);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
};
