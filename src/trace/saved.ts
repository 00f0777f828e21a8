import { createHash } from 'node:crypto';
import { access, constants, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SpecError } from '../spec/errors.ts';
import { counterexampleText, parseCounterexample } from './counterexample.ts';
import { replaceFile } from './replace-file.ts';
import { type Counterexample, callsOf } from './trace.ts';

/**
 * Where a counterexample is kept. The name ends in digits that stand for its identity: version of the code, configuration, property
 * and calls. So a counterexample that two searches find is kept once, and two counterexamples of one property have two files.
 */
export const counterexamplePath = (directory: string, counterexample: Counterexample): string => {
  const { model, variant, config, switches } = counterexample.origin;
  const { property } = counterexample.claim;
  const sorted = (values: object) => Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  const calls = callsOf(counterexample).map(({ command }) => sorted(command));
  const identity = JSON.stringify([model, variant, sorted(switches), sorted(config), property, calls]);
  const digits = createHash('sha256').update(identity).digest('hex').slice(0, 8);
  return join(directory, `${model}@${variant}.${property}.${digits}.json`);
};

/** Makes the directory if need be. Throws a SpecError if nothing can be written there: better before a search than after it. */
export const prepareDirectory = async (directory: string): Promise<void> => {
  try {
    await makeDirectory(resolve(directory));
    await access(directory, constants.W_OK);
  } catch (error) {
    throw new SpecError(`cannot save to ${directory}: ${(error as Error).message}`);
  }
};

/** One level at a time: a recursive mkdir never comes back from a file system, such as /proc, that denies having made a level. */
const makeDirectory = async (path: string): Promise<void> => {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return;
  if (!found) await makeDirectory(dirname(path));
  await mkdir(path);
};

/**
 * Writes the counterexample to `path`, whose directory is made if need be. The file is complete or not there. `module` is the
 * file that the suite came from, relative to the working directory.
 */
export const saveCounterexample = async (
  path: string,
  counterexample: Counterexample,
  module?: string,
): Promise<void> => {
  const directory = dirname(path);
  const { origin } = counterexample;
  const located = module === undefined ? counterexample : { ...counterexample, origin: { ...origin, module } };
  try {
    await makeDirectory(resolve(directory));
  } catch (error) {
    throw new SpecError(`cannot write ${path}: ${(error as Error).message}`);
  }
  await replaceFile(path, counterexampleText(located, directory));
};

/** Reads a counterexample that was kept. Throws a SpecError that names the file and what is wrong with it. */
export const loadCounterexample = async (path: string): Promise<Counterexample> => {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new SpecError(`cannot read ${path}: ${error.message}`);
  });
  return parseCounterexample(text, path);
};
