import type { Answer, Way } from '../job/find.ts';
import { describeCommand } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import { closingBlocks } from './closing.ts';
import { type Block, paragraph } from './document.ts';
import { reportOf } from './report.ts';
import { traceBlock } from './trace.ts';
import { boundWords, plural, scopeName, settings } from './words.ts';

/** The answer to a query. `command`: how to ask it again, for what is read elsewhere. */
export const answerBlocks = (answer: Answer, command: readonly string[] | undefined): Block[] => {
  const { result, ways } = answer;
  const report = reportOf(result);
  const detail = command === undefined ? 'calls' : 'changes';
  return [
    {
      kind: 'section',
      title: `${scopeName(result.scope)}: ${answer.query}`,
      blocks: [
        paragraph(answerWords(answer), ...unheardWords(answer)),
        ...(report.legend === undefined ? [] : [paragraph(report.legend)]),
        ...ways.map((way): Block => wayBlock(answer, way, report, detail)),
        paragraph(
          `${report.how}: ${report.covered}`,
          ...(answer.after === 0
            ? []
            : [`The initial one is here the state after the first ${plural(answer.after, 'call')}.`]),
          ...(report.crossChecked === undefined ? [] : [report.crossChecked]),
          ...[settings(result.scope.config), settings(result.scope.switches)].filter((line) => line !== ''),
        ),
      ],
    },
    ...(command === undefined
      ? []
      : closingBlocks(
          command,
          report.notChecked.filter((text) => !text.startsWith('Nothing that the model leaves out')),
        )),
  ];
};

const wayBlock = (
  { result, after }: Answer,
  { steps, result: last }: Way,
  { initial }: Pick<ReturnType<typeof reportOf>, 'initial'>,
  detail: 'calls' | 'changes',
): Block => ({
  ...traceBlock({ ...result, initial: steps[0]?.before ?? initial }, steps, {
    detail,
    broken: `matches${last === undefined ? '' : `; ${last}`}`,
    remarks: steps.map((_, i) => (after > 0 && i === after - 1 ? ['the search begins here'] : [])),
  }),
});

/** What a call is asked to return and none did may be a slip of the pen: a model does not say what its calls can return. */
const unheardWords = ({ kind, returned, result }: Answer): string[] => {
  if (kind !== 'none') return [];
  const seen = new Set([...result.coverage.values()].flatMap(({ results }) => [...results.keys()]));
  return returned
    .filter((value) => !seen.has(`ok (returned ${value})`))
    .map((value) => `No call that was made returned ${value}.`);
};

/** The answer in one line: by what it is known, and of what it is said. */
export const answerWords = ({ kind, ways, after, result }: Answer): string => {
  const config = settings(result.scope.config) || 'the only configuration';
  const beyond = after === 0 ? '' : ` after the first ${plural(after, 'call')}`;
  const bound = result.bound ? ` (${boundWords(result.bound)})` : '';
  if (kind === 'none') return `None does: proved by exhaustive search, for ${config}${beyond}.`;
  if (kind === 'incomplete') return `Not found${beyond}; incomplete${bound}: there may be one further on.`;
  const [way] = ways;
  if (ways.length === 1 && way?.result === undefined)
    return way!.steps.length === after
      ? `Found: the ${after === 0 ? 'initial state' : `state after ${plural(after, 'call')}`} matches.`
      : `Found: ${plural(way!.steps.length - after, 'call')}${beyond}, and no shorter way.`;
  return result.bound
    ? `Found: ${plural(ways.length, 'result')}; incomplete${bound}: there may be more.`
    : `Found: ${plural(ways.length, 'result')}, and no other: proved by exhaustive search, for ${config}${beyond}.`;
};

/** The result of `find --json`. */
export const answerJson = ({ kind, query, after, ways, result }: Answer): object => ({
  format: 'pagelaw find',
  version: 1,
  model: result.scope.model,
  variant: result.scope.variant,
  config: result.scope.config,
  switches: result.scope.switches,
  query,
  answer: kind,
  after,
  covered: result.covered,
  bound: result.bound ?? null,
  crossCheck: result.crossCheck ?? null,
  ways: ways.map(({ result: last, steps }) => ({
    ...(last !== undefined && { result: last }),
    trace: steps.map(({ command, outcome }) => ({
      call: describeCommand(command),
      command,
      result: describeOutcome(outcome),
      state: outcome.state,
    })),
  })),
});
