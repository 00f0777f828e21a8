import { describeCommand } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import { type Accepted, describeAccepted } from '../subject/accepted.ts';
import type { Comparison, Divergence } from '../subject/conform.ts';
import { type Difference, resultWords } from '../subject/divergence.ts';
import type { Presentation } from '../system/presentation.ts';
import { closingBlocks } from './closing.ts';
import { type Block, bad, doubtful, good, paragraph, type Span, strong, tightParagraph } from './document.ts';
import { traceBlock } from './trace.ts';
import { boundWords, count, plural, scopeName, settings, valueWords } from './words.ts';

/** A comparison with what its report needs beside it. */
export interface Conformance extends Comparison {
  readonly shown: Presentation;
  /** What the two sides are called in tables, and in full. */
  readonly labels: readonly [string, string];
  readonly names: readonly [string, string];
  /** `exhaustive`, or how random runs were made. */
  readonly how: string;
  /** Calls of the model that were not made, as a subject does not have them. */
  readonly lacks: readonly string[];
  /** Fields of the state that were not compared. */
  readonly unobserved: readonly string[];
  readonly isExhaustive: boolean;
}

/** Accepted differences that did not occur, though everything was compared. */
export const staleOf = ({ accepted, isExhaustive, bound, failure }: Conformance): Accepted[] =>
  isExhaustive && !bound && failure === undefined
    ? [...accepted].flatMap(([one, times]) => (times === 0 ? one : []))
    : [];

/** At most so many fields that differ are shown. */
const mostFields = 8;

/**
 * The report of `conform`. `command`: the command line, of a report that is read elsewhere than it was made. `coverage`: whether to list what
 * was compared.
 */
export const conformBlocks = (
  found: Conformance,
  { command, coverage }: { readonly command?: readonly string[] | undefined; readonly coverage: boolean },
): Block[] => [
  {
    kind: 'section',
    title: `${found.names[0]} and ${found.names[1]}, call by call`,
    blocks: [...bodyBlocks(found), ...(coverage ? coverageBlocks(found) : [])],
  },
  ...(command
    ? closingBlocks(command, [
        `No other configuration than ${settings(found.shown.scope.config) || 'the only one there is'}.`,
      ])
    : []),
];

const bodyBlocks = (found: Conformance): Block[] => {
  const { shown, how, states, compared, depth, divergences, lacks, unobserved, bound, failure } = found;
  const stale = staleOf(found);
  const occurred = [...found.accepted].filter(([, times]) => times > 0);
  const list = (intro: string | Span, items: readonly string[]): Block[] =>
    items.length === 0 ? [] : [{ kind: 'list', intro, items: items.map((text) => ({ text })), sign: '- ' }];
  return [
    tightParagraph(
      settings(shown.scope.config) === '' ? how : `${how}: ${settings(shown.scope.config)}`,
      ...(shown.legend === undefined ? [] : [shown.legend]),
      `${plural(compared, 'call')} compared in ${plural(states, 'state')}, the deepest after ${plural(depth, 'call')}`,
    ),
    ...divergences.flatMap((one, i) => divergenceBlocks(one, i, found)),
    ...list(
      'Differences that are accepted:',
      occurred.map(([{ call, reason }, times]) => `${call}, ${plural(times, 'call')}: ${reason}`),
    ),
    ...list(bad('Accepted, but no call differs like this any more:'), stale.map(describeAccepted)),
    ...(lacks.length > 0 ? [paragraph(`Not compared, as there is no such call: ${lacks.join(', ')}.`)] : []),
    ...(unobserved.length > 0 ? [paragraph(`Not compared, as it is not observed: ${unobserved.join(', ')}.`)] : []),
    ...(bound ? [paragraph(doubtful(`Incomplete (${boundWords(bound)}).`))] : []),
    ...(failure !== undefined ? [paragraph(bad('Incomplete: the subject failed.'))] : []),
    paragraph(verdict(found, stale.length)),
  ];
};

const verdict = ({ divergences, isExhaustive, bound, failure, labels }: Conformance, stale: number): Span => {
  if (divergences.length > 0)
    return bad(`${plural(divergences.length, 'kind')} of difference between ${labels[0]} and ${labels[1]}.`);
  if (stale > 0) return bad(`${plural(stale, 'accepted difference')} not found.`);
  if (bound || failure !== undefined) return doubtful('No difference so far.');
  return isExhaustive
    ? good('No difference in any call of any state that is reached in this configuration.')
    : good('No difference in these runs, which proves nothing.');
};

const divergenceBlocks = (one: Divergence, i: number, { shown, labels }: Conformance): Block[] => {
  const { steps, difference, calls } = one;
  const { command } = difference;
  const before = steps.slice(0, -1);
  const times = calls > 1 ? ` (${plural(calls, 'call')})` : '';
  return [
    paragraph(strong(`${i + 1}. ${command.kind}: ${summary(difference, labels)}${times}`)),
    ...(before.length > 0 ? [{ ...traceBlock(shown, before, { detail: 'calls' }), tight: true }] : []),
    { kind: 'paragraph', lines: [`${steps.length}  ${describeCommand(command)}`], indent: 4, tight: true },
    { kind: 'table', head: ['', ...labels], rows: sides(difference) },
  ];
};

/** The two results, or the fields that differ. */
const summary = ({ a, b, fields }: Difference, labels: readonly [string, string]): string => {
  const [one, other] = [describeOutcome(a), describeOutcome(b)];
  if (resultWords(a) !== resultWords(b)) return `${labels[0]} ${one}, ${labels[1]} ${other}`;
  const paths = fields.map(({ path }) => path);
  return `${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ' and more' : ''} differ${paths.length === 1 ? 's' : ''}`;
};

const sides = ({ a, b, fields }: Difference): string[][] => [
  ['result', describeOutcome(a), describeOutcome(b)],
  ...fields.slice(0, mostFields).map((field) => [field.path, fieldWords(field.a), fieldWords(field.b)]),
  ...(fields.length > mostFields ? [[`${count(fields.length - mostFields)} more`, '', '']] : []),
];

const fieldWords = (value: unknown): string => (value === undefined ? '-' : valueWords(value));

const coverageBlocks = ({ coverage, labels }: Conformance): Block[] => [
  paragraph(`What was compared, by the results of ${labels[0]}:`),
  {
    kind: 'table',
    head: ['call', 'result', 'calls'],
    rows: [...coverage].flatMap(([kind, { results }]) =>
      results.size === 0
        ? [[kind, 'never made', '']]
        : [...results].map(([result, times], i) => [i === 0 ? kind : '', result, count(times)]),
    ),
    right: ['calls'],
  },
];

/** Raised when a field changes its meaning or goes away. */
const version = 1;

/** The report as JSON. */
export const conformJson = (found: Conformance): object => ({
  format: 'pagelaw conform',
  version,
  model: found.shown.scope.model,
  variant: found.shown.scope.variant,
  name: scopeName(found.shown.scope),
  config: found.shown.scope.config,
  switches: found.shown.scope.switches,
  sides: found.names,
  how: found.how,
  states: found.states,
  compared: found.compared,
  depth: found.depth,
  ...(found.runs !== undefined && { runs: found.runs }),
  bound: found.bound ?? null,
  failed: found.failure !== undefined,
  divergences: found.divergences.map(({ kind, steps, difference, calls }) => ({
    kind,
    calls,
    trace: steps.map(({ command }) => command),
    a: describeOutcome(difference.a),
    b: describeOutcome(difference.b),
    fields: difference.fields.map(({ path, a, b }) => ({ path, a: a ?? null, b: b ?? null })),
  })),
  accepted: [...found.accepted].map(([one, calls]) => ({ ...one, calls })),
  stale: staleOf(found),
  lacks: found.lacks,
  unobserved: found.unobserved,
  coverage: Object.fromEntries(
    [...found.coverage].map(([kind, { attempts, results }]) => [
      kind,
      { attempts, results: Object.fromEntries(results) },
    ]),
  ),
});
