import { Cancelled } from '../audit/cancellation.ts';
import { type Difference, difference } from '../audit/difference.ts';
import { differenceBlocks, isReached, type Labels } from '../report/difference.ts';
import { differenceJson } from '../report/difference-json.ts';
import { type Console, exit, gravest } from './console.ts';
import { commandLine, documentIn, formatOf, formats, jsonText } from './formats.ts';
import { givenChoices } from './given.ts';
import { endStatus, guardedLimitsOf, type LimitOptions } from './limits.ts';
import {
  allowOption,
  bounded,
  collect,
  type Declare,
  formatOption,
  jsonOption,
  memoryOption,
  positive,
} from './options.ts';
import { monitorFor } from './progress.ts';
import { oneTarget, type ReviewOptions } from './review.ts';
import type { Target } from './suites.ts';

type DiffOptions = LimitOptions & Pick<ReviewOptions, 'set' | 'format' | 'json'>;

const help = `
Exit status: 0 no reachable call differs; 1 one does; 2 they cannot be compared;
3 incomplete: a bound came first, and none differs so far; 130 interrupted, 143
terminated.
`;

export const declareDiff: Declare = (program, console, end) => {
  program
    .command('diff')
    .description('what two variants, or two versions of a model file, do differently')
    .argument('<a>', 'MODEL@VARIANT or FILE@VARIANT')
    .argument('<b>', 'the same, with the same states')
    .option('--set <name=value>', 'set a config parameter, on both sides', collect)
    .option('--max-states <n>', 'stop, as incomplete, at so many states', positive)
    .option('--max-memory <MiB>', memoryOption, positive)
    .option('--allow-incomplete', allowOption)
    .option('--workers <n>', 'how many threads (as many as there are cores)', bounded(256))
    .addOption(formatOption(formats.document))
    .option('--json', jsonOption)
    .addHelpText('after', help)
    .action(async (a: string, b: string, options: DiffOptions) => {
      end(await diffCommand(a, b, options, console));
    });
};

/** `pagelaw diff`: 0 if no reachable call differs, 1 if one does, as diff(1) has it. */
const diffCommand = async (nameA: string, nameB: string, options: DiffOptions, console: Console): Promise<number> => {
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
    if (!(error instanceof Cancelled)) throw error;
    throw new Cancelled(
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
