import type { CheckedProperty, CheckResult } from '../job/check.ts';
import { describeCommand } from '../spec/model.ts';
import { bad, doubtful, good, type Words } from './document.ts';
import { boundWords, count, plural, scopeName } from './words.ts';

/** How a list of checks ended. A property that several searches of one variant speak of is counted once. */
interface Summary {
  readonly proved: number;
  readonly known: number;
  readonly unexpected: number;
  readonly missing: number;
  /** What two calls at a time did that they do not do one after the other. */
  readonly races: number;
  readonly interrupted: boolean;
}

export const summaryOf = (results: readonly CheckResult[]): Summary => {
  const distinct = (counts: (one: CheckedProperty) => boolean) =>
    new Set(
      results.flatMap(({ scope, properties }) =>
        properties.filter(counts).map(({ property }) => `${scopeName(scope)} ${property.id}`),
      ),
    ).size;
  return {
    proved: distinct(({ verdict, property }) => verdict.kind === 'proved' && !property.witness),
    known: distinct(({ standing }) => standing === 'known'),
    unexpected: distinct(({ standing }) => standing === 'unexpected'),
    missing: distinct(({ standing }) => standing === 'missing'),
    races: results.reduce((sum, { subject }) => sum + (subject?.interleavings?.races.length ?? 0), 0),
    interrupted: results.some(({ bound }) => bound?.kind === 'interrupted'),
  };
};

/** What ended the checks before the last one. */
export type Unfinished = 'error' | 'interrupted';

export const unfinishedWords = (why: Unfinished): string =>
  `Not finished: ${why === 'error' ? 'an error ended the run' : 'interrupted'} before all that was asked for was checked.`;

/** How the checks ended, and what a verdict among them does not say; a sentence or two in each line. */
export const summaryLines = (results: readonly CheckResult[], unfinished?: Unfinished): Words[] => {
  const { proved, known, unexpected, missing, races } = summaryOf(results);
  const bounds = new Set(results.flatMap(({ bound }) => (bound ? boundWords(bound) : [])));
  const verdicts = new Set(results.flatMap(({ properties }) => properties.map(({ verdict }) => verdict.kind)));
  const lines: Words[] = [];
  if (unexpected > 0) lines.push(bad(`${plural(unexpected, 'violation')} that no variant lists as known.`));
  if (missing > 0) lines.push(bad(`${plural(missing, 'known defect')} not found.`));
  if (races > 0) lines.push(bad(`${plural(races, 'race')} of two calls.`));
  if (unexpected + missing + races === 0) {
    const soFar = bounds.size > 0 || unfinished ? 'Nothing unexpected so far' : 'All as expected';
    lines.push(good(`${soFar}: ${count(proved)} proved, ${plural(known, 'known defect')} found.`));
  }
  for (const bound of bounds)
    lines.push(doubtful(`Incomplete (${bound}): nothing is proved beyond what the table says.`));
  if (unfinished) lines.push(bad(unfinishedWords(unfinished)));
  lines.push(...results.flatMap(silentPanics).map(doubtful), ...results.flatMap(silentEnds).map(doubtful));
  if (proved > 0) lines.push('Proved: for every reachable state of the configuration shown, and of no other.');
  if (verdicts.has('not found'))
    lines.push('Not found: no violation in these random runs; no proof.', ...chanceOfNews(results));
  const vacuous = results.filter(({ properties }) => properties.some(({ standing }) => standing === 'vacuous'));
  for (const { scope } of vacuous)
    lines.push(
      `${scopeName(scope)}: some witnesses cannot be reached in this configuration; the default one can show them.`,
    );
  return lines;
};

/**
 * How much random runs have left to see, by the estimate of Good and Turing: a call does what no call did before with the chance that a call
 * was the only one to do what it did.
 */
const chanceOfNews = (results: readonly CheckResult[]): string[] => {
  const counted = results.filter(({ covered }) => covered.singleCalls !== undefined);
  const sum = (of: (one: CheckResult) => number | undefined) =>
    counted.reduce((total, one) => total + (of(one) ?? 0), 0);
  const calls = sum(({ covered }) => covered.transitions);
  const single = sum(({ covered }) => covered.singleCalls);
  if (calls === 0) return [];
  const next =
    single === 0
      ? 'fewer than one more call in that many'
      : `about one more call in ${count(Math.ceil(calls / single))}`;
  return [`Of ${count(calls)} random calls ${count(single)} did what no other did: ${next} would do something new.`];
};

/** A panic that no property forbids would pass for success. */
const silentPanics = ({ scope, coverage, properties, filtered }: CheckResult): string[] => {
  const panics = [...coverage.values()].flatMap(({ results }) =>
    [...results].filter(([result]) => result.startsWith('panic ')),
  );
  const seen = properties.some(({ steps }) => steps?.at(-1)?.outcome.result === 'panic');
  if (filtered || panics.length === 0 || seen) return [];
  const calls = panics.reduce((sum, [, times]) => sum + times, 0);
  const panicking = plural(calls, 'call panics', 'calls panic');
  return [`${scopeName(scope)}: ${panicking}, and no property forbids it (noPanic() does).`];
};

/** A state in which nothing can happen does not say by itself that a run may end there. */
const silentEnds = ({ scope, deadEnd }: CheckResult): string[] => {
  if (!deadEnd) return [];
  const after = deadEnd.length === 0 ? 'in the initial state' : `after ${deadEnd.map(describeCommand).join('; ')}`;
  return [
    `${scopeName(scope)}: ${after} no command can be given, and the model does not say with done() where it may end.`,
  ];
};
