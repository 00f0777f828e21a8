import type { Difference, DifferentCase, ExploredSide, TwoCalls } from '../audit/difference.ts';
import type { Verdict } from '../engine/result.ts';
import { type Command, describeCommand } from '../spec/model.ts';
import { describeOutcome, type Outcome } from '../spec/outcome.ts';
import { type Block, blocksMail, blocksMarkdown, blocksText, closingBlocks, columns, paragraph } from './blocks.ts';
import { type Style, styleOf } from './style.ts';
import { changeTexts } from './trace.ts';
import { boundWords, count, plural, settings, verdictWords, wrapped } from './words.ts';

/** What the two sides are called: `v4` and `fixed`, or as they were named on the command line, or if that is long, a and b. */
export interface Labels {
  readonly a: string;
  readonly b: string;
  /** As they were named on the command line. */
  readonly names: readonly [string, string];
}

/** Differences in states that neither side reaches are listed up to so many. */
const mostUnreached = 8;

/** Changed fields that are shown of one call. */
const mostChanges = 6;

/** The report of `diff`: where the two differ first, then case by case, then in their verdicts. */
export const differenceText = (found: Difference, labels: Labels, style: Style): string =>
  blocksText(differenceBlocks(found, labels, style, columns.text), style);

/** For a mailing list: the same in 72 columns, and how to do it again. `command`: the command line. */
export const differenceMail = (found: Difference, labels: Labels, command: readonly string[]): string =>
  blocksMail([...differenceBlocks(found, labels, styleOf(false), columns.mail), ...closing(found, command)]);

/** For an issue or a merge request. */
export const differenceMarkdown = (found: Difference, labels: Labels, command: readonly string[]): string =>
  blocksMarkdown([...differenceBlocks(found, labels, styleOf(false), columns.text), ...closing(found, command)]);

const closing = ({ a }: Difference, command: readonly string[]): Block[] =>
  closingBlocks(command, [`No other configuration than ${settings(a.scope.config) || 'the only one there is'}.`]);

const differenceBlocks = (found: Difference, labels: Labels, style: Style, width: number): Block[] => {
  const { a, b, common, first, only } = found;
  const reached = found.cases.filter(isReached);
  const switches = switchRows(a, b);
  const about = [
    ...(labels.a === 'a' ? [`a: ${labels.names[0]}`, `b: ${labels.names[1]}`] : []),
    ...(settings(a.scope.config) === '' ? [] : [settings(a.scope.config)]),
    ...(a.legend === undefined ? [] : [a.legend]),
  ];
  return [
    { kind: 'heading', text: `${labels.a} and ${labels.b}: ${a.scope.model}` },
    ...(about.length > 0 ? [{ kind: 'paragraph', lines: about, tight: true } as const] : []),
    ...(switches.length > 0 ? [tableOf(['switch', labels.a, labels.b], switches)] : []),
    tableOf(
      ['', labels.a, labels.b, 'both'],
      [['states', count(a.states), count(b.states), count(common)]],
      [labels.a, labels.b, 'both'],
    ),
    ...(a.bound || b.bound
      ? [
          paragraph(
            style.yellow(
              `Incomplete (${[a, b].flatMap(({ bound }) => (bound ? [boundWords(bound)] : [])).join('; ')}): what is counted for only one of them the other may reach as well.`,
            ),
          ),
        ]
      : []),
    ...onlyBlocks(only, labels),
    ...(first ? firstBlocks(first, labels, style, width) : [sameBlock(found, labels, style)]),
    ...(reached.length > 0
      ? [
          paragraph('Calls that differ in reachable states, the shortest way there first:'),
          ...reached.flatMap((one) => caseBlocks(one, labels, style, width)),
        ]
      : []),
    ...beyondBlocks(found, labels, style, width),
    ...verdictBlocks(found, labels, style),
  ];
};

const tableOf = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
): Block => ({
  kind: 'table',
  head,
  rows,
  right,
});

export const isReached = ({ calls }: DifferentCase): boolean => calls.both + calls.a + calls.b > 0;

const switchRows = (a: ExploredSide, b: ExploredSide): string[][] => {
  const names = [...new Set([...Object.keys(a.scope.switches), ...Object.keys(b.scope.switches)])];
  return names
    .filter((name) => a.scope.switches[name] !== b.scope.switches[name])
    .map((name) => [name, String(a.scope.switches[name] ?? '-'), String(b.scope.switches[name] ?? '-')]);
};

const onlyBlocks = ({ a, b }: Difference['only'], labels: Labels): Block[] =>
  (
    [
      [labels.a, a],
      [labels.b, b],
    ] as const
  ).flatMap(([label, commands]) =>
    commands.length > 0 ? [paragraph(`Only ${label} has the calls ${commands.map(describeCommand).join(', ')}.`)] : [],
  );

const sameBlock = ({ a, b, only, common }: Difference, labels: Labels, style: Style): Block => {
  const bounds = [a, b].flatMap(({ bound }) => (bound ? [boundWords(bound)] : []));
  if (bounds.length > 0)
    return paragraph(
      style.yellow(
        `No call differs in the states that were visited. Incomplete (${bounds.join('; ')}): nothing is proved.`,
      ),
    );
  const same = `No reachable call differs between ${labels.a} and ${labels.b}`;
  const calls =
    only.a.length + only.b.length > 0
      ? `${same} that both have.`
      : `${same}: in this configuration they are the same, proved for ${plural(common, 'state')}, which are all that either reaches.`;
  return paragraph(style.green(calls));
};

const firstBlocks = (
  { commands, last }: NonNullable<Difference['first']>,
  labels: Labels,
  style: Style,
  width: number,
): Block[] => [
  paragraph(
    `First difference, after ${plural(commands.length - 1, 'call')} that ${commands.length === 2 ? 'does' : 'do'} the same on both sides:`,
  ),
  {
    kind: 'verbatim',
    text: [
      ...commands.map((command, i) => `  ${String(i + 1).padStart(3)}  ${describeCommand(command)}`),
      twoText(last, labels, style, width),
    ].join('\n'),
    tight: true,
  },
];

const caseBlocks = (
  { command, calls, example, trace, reads }: DifferentCase,
  labels: Labels,
  style: Style,
  width: number,
): Block[] => {
  const where = [
    ...(calls.both > 0 ? [`${plural(calls.both, 'call')} in states that both reach`] : []),
    ...(calls.a > 0 ? [`${count(calls.a)} in states of ${labels.a} only`] : []),
    ...(calls.b > 0 ? [`${count(calls.b)} in states of ${labels.b} only`] : []),
  ];
  const call = describeCommand(example.command);
  const there = trace
    ? `${call} after ${trace.length === 0 ? 'no call' : trace.map(describeCommand).join('; ')}`
    : `${call} where ${readsWords(reads)}`;
  return [
    paragraph(`${style.bold(command)}${where.length > 0 ? `: ${where.join(', ')}` : ''}`),
    { kind: 'paragraph', lines: [there], indent: 2, tight: true },
    { kind: 'verbatim', text: twoText(example, labels, style, width), tight: true },
  ];
};

/** The last values that are read decide. */
const mostReads = 3;

const readsWords = (reads: DifferentCase['reads']): string => {
  const shown = reads.slice(-mostReads).map(({ path, value }) => `${path}=${value}`);
  const others = reads.length - shown.length;
  return `${shown.join(', ')}${others > 0 ? ` and ${count(others)} more` : ''}`;
};

/** Both results, and what each changes where they do not change the same. */
const twoText = ({ before, command, a, b }: TwoCalls, labels: Labels, style: Style, columns: number): string => {
  const width = Math.max(labels.a.length, labels.b.length);
  const changes = [a, b].map((outcome) =>
    outcome && outcome.result !== 'disabled'
      ? changeTexts({ before, command, outcome }, '', Math.max(20, columns - 4 - width))
      : [],
  );
  const differ = changes[0]!.join('\n') !== changes[1]!.join('\n');
  return [a, b]
    .map((outcome, i) => {
      const label = (i === 0 ? labels.a : labels.b).padEnd(width);
      const result = outcome ? describeOutcome(outcome) : 'has no such state: the function throws';
      const lines = differ ? changes[i]! : [];
      const shown =
        lines.length > mostChanges
          ? [...lines.slice(0, mostChanges - 1), `and ${lines.length - mostChanges + 1} more`]
          : lines;
      const words = wrapped(result, Math.max(20, columns - 6 - width)).split('\n');
      return [
        `  ${style.bold(label)}  ${words[0]}`,
        ...[...words.slice(1), ...(differ && lines.length === 0 && outcome ? ['changes nothing'] : []), ...shown].map(
          (text) => text.replaceAll(/^/gm, ' '.repeat(width + 4)),
        ),
      ].join('\n');
    })
    .join('\n');
};

const beyondBlocks = (
  { a, b, cases, complete, runs }: Difference,
  labels: Labels,
  style: Style,
  width: number,
): Block[] => {
  const beyond = cases.filter((one) => !isReached(one));
  if (a.bound || b.bound) return []; // what was not visited may still be reachable
  const limit = complete
    ? 'every path through the functions was tried'
    : `found in ${plural(runs, 'run')} on unreachable states; there may be more`;
  if (beyond.length === 0) return [paragraph(`In no unreachable state do calls differ in another way (${limit}).`)];
  const shown = beyond.slice(0, mostUnreached);
  const left = beyond.length - shown.length;
  return [
    paragraph(`Calls that differ in states that neither reaches (${limit}):`),
    ...shown.flatMap((one) => caseBlocks(one, labels, style, width)),
    ...(left > 0 ? [paragraph(`and ${plural(left, 'case')} more (--json has them)`)] : []),
  ];
};

const verdictBlocks = ({ verdicts }: Difference, labels: Labels, style: Style): Block[] => {
  if (verdicts.length === 0) return [paragraph(style.green('No property has another verdict.'))];
  const words = (verdict: Verdict | undefined, witness: boolean) => {
    if (!verdict) return '-';
    const calls =
      verdict.kind === 'violated' && verdict.trace ? `, ${plural(verdict.trace.commands.length, 'call')}` : '';
    return `${verdictWords(verdict, witness)}${calls}`;
  };
  const judged = verdicts.filter(({ property }) => !property.witness);
  const witnesses = verdicts.length - judged.length;
  return [
    judged.length > 0
      ? tableOf(
          ['property', labels.a, labels.b],
          judged.map(({ property, a, b }) => [property.id, words(a, false), words(b, false)]),
        )
      : paragraph('No property has another verdict.'),
    ...(witnesses > 0
      ? [
          {
            kind: 'paragraph',
            lines: [
              `${plural(witnesses, 'witness is', 'witnesses are')} reached, or applicable, on one side only (--json).`,
            ],
            tight: true,
          } as const,
        ]
      : []),
  ];
};

const outcomeJson = (outcome: Outcome<unknown> | undefined) =>
  outcome ? { result: describeOutcome(outcome), state: outcome.state } : null;

const twoJson = ({ before, command, a, b }: TwoCalls) => ({
  call: describeCommand(command),
  command,
  before,
  a: outcomeJson(a),
  b: outcomeJson(b),
});

const callsJson = (commands: readonly Command[]) => commands.map(describeCommand);

/** The result of `diff --json`. */
export const differenceJson = (found: Difference, labels: Labels): object => ({
  format: 'pagelaw diff',
  version: 1,
  a: sideJson(found.a, labels.a),
  b: sideJson(found.b, labels.b),
  common: found.common,
  onlyCalls: { a: callsJson(found.only.a), b: callsJson(found.only.b) },
  same:
    !found.cases.some(isReached) && found.only.a.length + found.only.b.length === 0 && !found.a.bound && !found.b.bound,
  first: found.first ? { trace: callsJson(found.first.commands), ...twoJson(found.first.last) } : null,
  cases: found.cases.map(({ command, calls, example, trace, reads }) => ({
    command,
    calls,
    example: twoJson(example),
    trace: trace ? callsJson(trace) : null,
    where: Object.fromEntries(reads.map(({ path, value }) => [path, value])),
  })),
  unreachable: { complete: found.complete, runs: found.runs },
  verdicts: found.verdicts.map(({ property, a, b }) => ({
    id: property.id,
    witness: property.witness,
    a: verdictJson(a),
    b: verdictJson(b),
  })),
});

const sideJson = ({ scope, states, bound }: ExploredSide, label: string) => ({
  label,
  ...scope,
  states,
  bound: bound ?? null,
});

const verdictJson = (verdict: Verdict | undefined) =>
  verdict
    ? {
        verdict: verdict.kind,
        ...(verdict.kind === 'violated' && verdict.trace && { trace: callsJson(verdict.trace.commands) }),
      }
    : null;
