import { type Answer, askedOf, find, type Way } from '../job/find.ts';
import { answerBlocks, answerJson, answerWords } from '../report/find.ts';
import { SpecError } from '../spec/errors.ts';
import { scopeName } from '../system/scope.ts';
import { itf } from '../trace/itf/write.ts';
import { traceOf } from '../trace/record.ts';
import { scriptOf } from '../trace/script/write.ts';
import { callsOf } from '../trace/trace.ts';
import { type Console, exit, gravest } from './console.ts';
import { commandLine, documentIn, type Format, formatOf, formats, jsonText } from './formats.ts';
import { givenChoices } from './given.ts';
import { endStatus, guardedLimitsOf, type LimitOptions } from './limits.ts';
import {
  bounded,
  collect,
  type Declare,
  formatOption,
  integer,
  jsonOption,
  memoryOption,
  positive,
} from './options.ts';
import { monitorFor } from './progress.ts';
import { oneTarget } from './review.ts';

interface FindOptions extends LimitOptions {
  /** `name=value`, as given. */
  readonly set?: readonly string[];
  readonly switch?: readonly string[];
  readonly all?: boolean;
  readonly seed?: number;
  readonly format?: Format<'find'>;
  readonly json?: boolean;
}

const help = `
A query asks for a state, or for a call with its result, in the words of scripts
(see 'pagelaw help run'):

  'page[0]: attr=private hostPte=true'    a state with these fields
  'dma_write -> panic'                    a call; what is left out may be any
  'host_share_hyp(pfn=0) -> -EPERM'
  'WARN "pa != phys"'                     a call with a WARN that has this text
  '-> panic and not vm[0]=ready'          of a call, fields are of the state before
  '(A or B) and C after CALL; CALL'       begin the search behind these calls

Exit status: 0 found; 1 nothing matches, which is proved for the configuration;
2 wrong usage or a broken model; 3 incomplete: a bound came first, and nothing
was found so far; 130 interrupted, 143 terminated.

Examples:
  pagelaw find pkvm-mmio@before '-> panic'
  pagelaw find pkvm-mmio 'host_donate_hyp_mmio -> -EPERM' --all
  pagelaw find mte-tags@split 'WARN' --format script
`;

export const declareFind: Declare = (program, console, end) => {
  program
    .command('find')
    .description('the shortest calls to a state or a call, or that there is none')
    .argument('<model>', 'MODEL, MODEL@VARIANT or FILE')
    .usage('[options] <model> <query>')
    .argument('[query...]', 'what to find; in quotes, for the shell')
    .allowUnknownOption() // A query may begin with an arrow.
    .option('--all', 'one way for each result that a matching call has')
    .option('--set <name=value>', 'set a config parameter', collect)
    .option('--switch <name=value>', 'set a switch', collect)
    .option('--max-states <n>', 'stop, as incomplete, at so many states', positive)
    .option('--max-memory <MiB>', memoryOption, positive)
    .option('--workers <n>', 'how many threads (as many as there are cores)', bounded(256))
    .option('--seed <n>', 'the seed of the cross-check', integer)
    .addOption(formatOption(formats.find))
    .option('--json', jsonOption)
    .addHelpText('after', help)
    .action(async (name: string, given: readonly string[], options: FindOptions) => {
      end(await findCommand(name, queryOf(given), options, console));
    });
};

const queryOf = (given: readonly string[]): string => {
  const option = given.find((one) => /^-[^>]/.test(one));
  if (option !== undefined) throw new SpecError(`unknown option '${option}'`);
  const [query, ...more] = given;
  if (query !== undefined && more.length === 0) return query;
  throw new SpecError(
    query === undefined
      ? "a query is missing; write pagelaw find MODEL 'QUERY'"
      : `a query is one argument, and there are ${given.length}; put it in quotes`,
  );
};

/** `pagelaw find`: 0 if something matches and 1 if nothing does, as grep(1) has it. */
const findCommand = async (name: string, text: string, options: FindOptions, console: Console): Promise<number> => {
  const format = formatOf(options.format, options.json && 'json');
  const { suite, variant } = await oneTarget(name);
  const { config, alternatives } = givenChoices(suite.model, options);
  const { all = false, seed } = options;
  const question = { query: text, all, ...(seed !== undefined && { seed }) };
  const asked = askedOf(suite, { variant, config, switches: alternatives[0]! }, question);
  const { memoryGuard, ...limits } = guardedLimitsOf(options, console);
  const monitor = monitorFor(console, scopeName(asked.scope));
  const answer = await find(asked, limits, { monitor, memoryGuard });
  console.progress?.('');
  const given = { set: options.set, switch: options.switch, all, 'max-states': options.maxStates };
  console.out(written(answer, format, commandLine(['find', name, text], given), console.colour));
  const isOpen = answer.kind === 'incomplete' || (all && answer.result.bound !== undefined);
  return gravest(endStatus(isOpen, options, console), answer.kind === 'none' ? exit.violated : exit.asExpected);
};

const written = (answer: Answer, format: Format<'find'>, command: readonly string[], colour: boolean): string => {
  if (format === 'json') return jsonText(answerJson(answer));
  if (format === 'script') return scriptIn(answer);
  if (format === 'itf') return itfIn(answer);
  return documentIn(format, answerBlocks(answer, format === 'text' ? undefined : command), colour);
};

const scriptIn = (answer: Answer): string => {
  const calls = traceOf(answer.result.scope, oneWay(answer, 'a script').steps);
  const heading = (text: string) => ({ kind: 'heading', line: 0, text }) as const;
  return scriptOf({ ...calls, statements: [heading(answer.query), ...callsOf(calls), heading(answerWords(answer))] });
};

const itfIn = (answer: Answer): string => {
  const { steps } = oneWay(answer, 'ITF');
  const { scope, initial } = answer.result;
  return jsonText(itf({ scope, start: steps[0]?.before ?? initial, steps }));
};

/** For a format that holds one trace. */
const oneWay = (answer: Answer, format: string): Way => {
  const [way, ...more] = answer.ways;
  if (way && more.length === 0) return way;
  throw new SpecError(
    way
      ? `${format} holds one trace, and there are ${answer.ways.length}; leave out --all, or name a result`
      : `${format} holds a trace, and there is none: ${answerWords(answer)}`,
  );
};
