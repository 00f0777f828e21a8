import { existsSync, statSync } from 'node:fs';
import type { CheckResult } from '../job/check.ts';
import { SpecError } from '../spec/errors.ts';
import { canonical } from '../trace/canonical.ts';
import { counterexamplePath, saveCounterexample } from '../trace/saved.ts';
import { allSuites, isFile, type Target } from './suites.ts';

/** Not a target that was taken for the option's value. */
export const checkedDirectory = (directory: string): string => {
  const taken = isFile(directory)
    ? existsSync(directory) && !statSync(directory).isDirectory()
    : allSuites().some(({ suite }) => suite.model.id === directory.split('@')[0]);
  if (directory !== '' && !taken) return directory;
  throw new SpecError(
    `--save takes ${directory || 'nothing'} for its directory; write --save after the targets, or --save=DIR`,
  );
};

/** Saves the violations. The first file of a name stays: exhaustive search comes first, and its trace is a shortest one. */
export const saveAll = async (
  directory: string,
  result: CheckResult,
  { suite, module }: Target,
  saved: Set<string>,
) => {
  for (const { property, counterexample } of result.properties) {
    if (!counterexample) continue;
    const canonicalOne = canonical(suite.model, property, result.scope, counterexample);
    const path = counterexamplePath(directory, canonicalOne);
    if (!saved.has(path)) await saveCounterexample(path, canonicalOne, module);
    saved.add(path);
  }
};
