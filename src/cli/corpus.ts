import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { listedFor } from '../job/standing.ts';
import type { Kept } from '../report/corpus.ts';
import { SpecError } from '../spec/errors.ts';
import { thrown } from '../system/guarded.ts';
import { scopeOf } from '../system/scope.ts';
import { loadCounterexample } from '../trace/saved.ts';
import type { Counterexample } from '../trace/trace.ts';
import { runAgain } from './replay.ts';
import type { Target } from './suites.ts';

/** Where `--save` keeps counterexamples, and `check` looks for them, unless told otherwise. */
export const defaultDirectory = '.pagelaw';

/** Which of the counterexamples that are kept are to be replayed. */
interface Asked {
  readonly targets: readonly Target[];
  readonly property: readonly string[] | undefined;
  /** `name=value`, or with several values `name=a,b`, as given. */
  readonly switch: readonly string[] | undefined;
}

/** Replays what is kept in the directory of what is asked for. A file that cannot be read is told of, and stops nothing. */
export const replayCorpus = async (directory: string, asked: Asked): Promise<Kept[]> => {
  const kept: Kept[] = [];
  for (const name of namesIn(directory).sort()) {
    if (!name.endsWith('.json')) continue;
    const file = join(directory, name);
    try {
      const counterexample = await loadCounterexample(file);
      const target = asked.targets.find((one) => isOf(one, counterexample));
      if (target && isAsked(asked, counterexample)) kept.push(await replayed(file, counterexample, target));
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      kept.push({ file, outcome: 'unusable', reason: error.message });
    }
  }
  return kept;
};

const namesIn = (directory: string): string[] => {
  try {
    return readdirSync(directory);
  } catch (error) {
    throw new SpecError(`cannot read ${directory}: ${error instanceof Error ? error.message : thrown(error)}`);
  }
};

const isOf = ({ suite, module, variant }: Target, { origin: found }: Counterexample): boolean =>
  suite.model.id === found.model &&
  (variant === undefined || variant === found.variant) &&
  (module === undefined ? undefined : resolve(module)) ===
    (found.module === undefined ? undefined : resolve(found.module));

const isAsked = (asked: Asked, found: Counterexample): boolean => {
  const { property, switch: given = [] } = asked;
  const asGiven = given.every((text) => {
    const [name = '', values = ''] = text.split('=');
    return values.split(',').includes(String(found.origin.switches[name]));
  });
  return asGiven && (property === undefined || property.includes(found.claim.property));
};

const replayed = async (file: string, found: Counterexample, { suite }: Target): Promise<Kept> => {
  const { broken } = runAgain(file, found, suite, { explained: false });
  const { model, variant, switches, config } = found.origin;
  const { property } = found.claim;
  const listed = listedFor(suite, scopeOf(suite.model, { variant, switches, config })).includes(property);
  const name = `${model}@${variant} ${property}`;
  return { file, name, outcome: !broken ? 'fixed' : listed ? 'known' : 'broken' };
};

/** The directory to replay, if there is one. A directory that was asked for and is not there is an error. */
export const corpusDirectory = (corpus: string | undefined, save: string | undefined): string | undefined => {
  if (corpus !== undefined && !isDirectory(corpus)) throw new SpecError(`--corpus ${corpus} is no directory`);
  const directory = corpus ?? save ?? defaultDirectory;
  return isDirectory(directory) ? directory : undefined;
};

const isDirectory = (path: string) => existsSync(path) && statSync(path).isDirectory();
