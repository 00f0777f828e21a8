import type { Dead, DeadResult, EngineCosts } from '../engine/result.ts';
import type { CheckResult } from '../job/check.ts';
import { describeCommand } from '../spec/model.ts';
import { type Block, tightParagraph } from './document.ts';
import { count, countOrDash, crossCheckWords, plural } from './words.ts';

/** How often each command had each result, what never happens, and what the search needed. */
export const coverageBlocks = (checked: CheckResult): Block[] => {
  const { dead } = checked;
  return [
    {
      kind: 'table',
      head: ['command', 'tried', 'result', 'times'],
      rows: coverageRows(checked),
      right: ['tried', 'times'],
      tight: true,
    },
    ...(dead ? deadBlocks(dead) : []),
    ...(checked.engine ? [tightParagraph(needsWords(checked, checked.engine))] : []),
  ];
};

/** The command and how often it was tried, in its first row only; a result and how often the command had it. */
const coverageRows = ({ coverage }: CheckResult): string[][] =>
  [...coverage].flatMap(([command, { attempts, results }]) =>
    [...results].map(([result, calls], i) => [
      i === 0 ? command : '',
      i === 0 ? count(attempts) : '',
      result,
      count(calls),
    ]),
  );

/** What the search needed: rows, runs of functions, memory and time. */
const needsWords = ({ covered, coverage, crossCheck, dead }: CheckResult, engine: EngineCosts): string => {
  const succeeded = [...coverage.values()].reduce((sum, { results }) => sum + (results.get('ok') ?? 0), 0);
  return (
    `${countOrDash(covered.states)} states${covered.depth === undefined ? '' : ` up to ${plural(covered.depth, 'call')} deep`}; ${countOrDash(covered.transitions)} calls, of which ${count(succeeded)} ` +
    `succeeded, looked up in ${plural(engine.rows, 'row')} of tables; functions of the model and of properties were run ` +
    `${plural(engine.runs, 'time')}. ${engine.bytesPerState.toFixed(1)} bytes a state, omission probability 0. ` +
    `${timeWords(engine, dead)}${crossCheck ? ` ${crossCheckWords(crossCheck, covered)}` : ''}`
  );
};

const timeWords = ({ seconds: { search, functions, paths }, workers }: EngineCosts, dead: Dead | undefined): string => {
  const threads = workers > 1 ? ` with ${plural(workers, 'worker')}` : '';
  return `${search.toFixed(1)} s of search${threads}, ${functions.toFixed(1)} s of them to run functions; ${paths.toFixed(1)} s for ends and paths${dead ? `; ${dead.seconds.toFixed(1)} s for what is dead` : ''}.`;
};

/** What occurs in no reachable state, and where it would occur. Says no more than was tried. */
const deadBlocks = ({ results, complete, runs }: Dead): Block[] => {
  const items = results.map(({ command, result, example }) => ({
    text: `${command}${result === 'ok' ? ' never succeeds' : `: ${result}`}`,
    below: [example ? exampleWords(example) : `in no ${complete ? '' : 'tried '}state of the domain either`],
  }));
  const tried = `${plural(runs, 'run')} on unreachable states`;
  const limit = complete
    ? `Every path through the transitions was tried, with ${tried}: nothing else that they can do in a state of the domain is dead.`
    : `The list may be incomplete: not every path through the transitions was tried in ${tried}.`;
  const intro =
    items.length > 0
      ? 'Dead in this configuration: no reachable state gives these results; shown are unreachable ones that do.'
      : `Dead in this configuration: nothing${complete ? '' : ' that was found'}.`;
  return [{ kind: 'list', intro, items, tight: true }, tightParagraph(limit)];
};

/** At most so many values of an unreachable state are shown; the last that are read decide. */
const mostShownValues = 3;

const exampleWords = ({ command, where }: NonNullable<DeadResult['example']>): string => {
  const last = where.slice(-mostShownValues).map(({ path, value }) => `${path}=${value}`);
  const others = where.length - last.length;
  return `${describeCommand(command)} where ${last.join(', ')}${others > 0 ? ` and ${count(others)} more` : ''}`;
};
