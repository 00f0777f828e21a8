import { Interrupted } from '../audit/cancellation.ts';
import { type Difference, difference } from '../audit/difference.ts';
import { differenceBlocks, isReached, type Labels } from '../report/difference.ts';
import { differenceJson } from '../report/difference-json.ts';
import { type Console, exit, gravest } from './console.ts';
import { commandLine, documentIn, formatOf, jsonText } from './formats.ts';
import { givenChoices } from './given.ts';
import { endStatus, guardedLimitsOf, type LimitOptions } from './limits.ts';
import { monitorFor } from './progress.ts';
import { oneTarget, type ReviewOptions } from './review.ts';
import type { Target } from './suites.ts';

export type DiffOptions = LimitOptions & Pick<ReviewOptions, 'set' | 'format' | 'json'>;

/** `pagelaw diff`: 0 if no reachable call differs, 1 if one does, as diff(1) has it. */
export const diffCommand = async (
  nameA: string,
  nameB: string,
  options: DiffOptions,
  console: Console,
): Promise<number> => {
  const format = formatOf(options.format, options.json && 'json');
  const [a, b] = [await oneTarget(nameA), await oneTarget(nameB)];
  const side = ({ suite, variant }: Target) => ({
    suite,
    choices: {
      variant: variant ?? suite.model.defaultVariant,
      config: givenChoices(suite.model, { ...(options.set && { set: options.set }) }).config,
    },
  });
  const found = await difference(side(a), side(b), {
    ...guardedLimitsOf(options, console),
    monitor: monitorFor(console, `${nameA} and ${nameB}`),
  }).catch((error: unknown) => {
    if (!(error instanceof Interrupted)) throw error;
    throw new Interrupted(
      'interrupted while calls were compared: nothing is shown; --max-states N compares them in N states',
    );
  });
  console.progress?.('');
  const labels = labelsOf(nameA, nameB, found);
  const command = commandLine(['diff', nameA, nameB], { set: options.set, 'max-states': options.maxStates });
  if (format === 'json') console.out(jsonText(differenceJson(found, labels)));
  else {
    const blocks = differenceBlocks(found, labels, format === 'text' ? undefined : command);
    console.out(documentIn(format, blocks, console.colour));
  }
  const isBounded = [found.a, found.b].some(({ bound }) => bound !== undefined);
  return gravest(endStatus(isBounded, options, console), differs(found) ? exit.violated : exit.asExpected);
};

/** A longer name than this makes columns too wide. */
const longest = 24;

/** Variants of one model go by their own names. */
const labelsOf = (nameA: string, nameB: string, { a, b }: Difference): Labels => {
  const names = [nameA, nameB] as const;
  if (a.scope.model === b.scope.model && a.scope.variant !== b.scope.variant)
    return { a: a.scope.variant, b: b.scope.variant, names };
  if (nameA === nameB || names.some(({ length }) => length > longest)) return { a: 'a', b: 'b', names };
  return { a: nameA, b: nameB, names };
};

const differs = ({ cases, only }: Difference): boolean => cases.some(isReached) || only.a.length + only.b.length > 0;
