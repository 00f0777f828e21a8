import * as nodeModule from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SpecError } from '../spec/errors.ts';
import { failureOf } from './failure.ts';
import * as hooks from './hooks.ts';
import { isTypeScript } from './strip-types.ts';

/**
 * Imports a model's file, of JavaScript or TypeScript, which may import `pagelaw` wherever it lies. Worker threads and processes that
 * call this get the same module from the same file. Throws a SpecError with file, line and column where they are known.
 */
export const importModelFile = async (file: string): Promise<{ readonly default?: unknown }> => {
  const path = resolve(file);
  if (needsHooks(path)) setHooks();
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    throw new SpecError(`${file} cannot be used as a model: ${failureOf(error, path).replaceAll(path, file)}`);
  }
};

/** Node 20 has only `module.register()`, which takes a thread of its own: it starts where there is no other way. */
const needsHooks = (path: string) =>
  isTypeScript(path) || 'registerHooks' in nodeModule || !hooks.canFind('pagelaw', path);

interface NewerModule {
  readonly registerHooks?: (both: Pick<typeof hooks, 'load' | 'resolve'>) => void;
}

let areSet = false;

const setHooks = () => {
  if (areSet) return;
  areSet = true;
  const { registerHooks } = nodeModule as NewerModule;
  if (registerHooks) registerHooks({ load: hooks.load, resolve: hooks.resolve });
  else nodeModule.register(new URL(`./hooks${hooks.ownExtension}`, import.meta.url));
};
