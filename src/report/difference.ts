import type { Difference, DifferentCase, ExploredSide, TwoCalls } from '../audit/difference.ts';
import type { Verdict } from '../engine/result.ts';
import { describeCommand } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import { closingBlocks } from './closing.ts';
import { type Block, type Comparison, doubtful, good, paragraph, strong, tightParagraph } from './document.ts';
import { changesOf } from './trace.ts';
import { boundWords, count, plural, settings, verdictWords } from './words.ts';

/** What the two sides are called: `v4` and `fixed`, or as they were named on the command line, or if that is long, a and b. */
export interface Labels {
  readonly a: string;
  readonly b: string;
  /** As they were named on the command line. */
  readonly names: readonly [string, string];
}

/** Differences in states that neither side reaches are listed up to so many. */
const mostUnreached = 8;

/**
 * The report of `diff`: where the two differ first, then case by case, then in their verdicts. `command`: the command line, of a report
 * that is read elsewhere than it was made.
 */
export const differenceBlocks = (found: Difference, labels: Labels, command?: readonly string[]): Block[] => [
  { kind: 'section', title: `${labels.a} and ${labels.b}: ${found.a.scope.model}`, blocks: bodyBlocks(found, labels) },
  ...(command
    ? closingBlocks(command, [
        `No other configuration than ${settings(found.a.scope.config) || 'the only one there is'}.`,
      ])
    : []),
];

const bodyBlocks = (found: Difference, labels: Labels): Block[] => {
  const { a, b, common, first, only } = found;
  const reached = found.cases.filter(isReached);
  const switches = switchRows(a, b);
  const about = [
    ...(labels.a === 'a' ? [`a: ${labels.names[0]}`, `b: ${labels.names[1]}`] : []),
    ...(settings(a.scope.config) === '' ? [] : [settings(a.scope.config)]),
    ...(a.legend === undefined ? [] : [a.legend]),
  ];
  return [
    ...(about.length > 0 ? [tightParagraph(...about)] : []),
    ...(switches.length > 0 ? [tableOf(['switch', labels.a, labels.b], switches)] : []),
    tableOf(
      ['', labels.a, labels.b, 'both'],
      [['states', count(a.states), count(b.states), count(common)]],
      [labels.a, labels.b, 'both'],
    ),
    ...(a.bound || b.bound
      ? [
          paragraph(
            doubtful(
              `Incomplete (${[a, b].flatMap(({ bound }) => (bound ? [boundWords(bound)] : [])).join('; ')}): what is counted for only one of them the other may reach as well.`,
            ),
          ),
        ]
      : []),
    ...onlyBlocks(only, labels),
    ...(first ? firstBlocks(first, labels) : [sameBlock(found, labels)]),
    ...(reached.length > 0
      ? [
          paragraph('Calls that differ in reachable states, the shortest way there first:'),
          ...reached.flatMap((one) => caseBlocks(one, labels)),
        ]
      : []),
    ...beyondBlocks(found, labels),
    ...verdictBlocks(found, labels),
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

const sameBlock = ({ a, b, only, common }: Difference, labels: Labels): Block => {
  const bounds = [a, b].flatMap(({ bound }) => (bound ? [boundWords(bound)] : []));
  if (bounds.length > 0)
    return paragraph(
      doubtful(
        `No call differs in the states that were visited. Incomplete (${bounds.join('; ')}): nothing is proved.`,
      ),
    );
  const same = `No reachable call differs between ${labels.a} and ${labels.b}`;
  const calls =
    only.a.length + only.b.length > 0
      ? `${same} that both have.`
      : `${same}: in this configuration they are the same, proved for ${plural(common, 'state')}, which are all that either reaches.`;
  return paragraph(good(calls));
};

const firstBlocks = ({ commands, last }: NonNullable<Difference['first']>, labels: Labels): Block[] => [
  paragraph(
    `First difference, after ${plural(commands.length - 1, 'call')} that ${commands.length === 2 ? 'does' : 'do'} the same on both sides:`,
  ),
  {
    kind: 'list',
    intro: '',
    numbered: true,
    items: commands.map((command) => ({ text: { text: describeCommand(command), tone: 'code' } })),
    tight: true,
  },
  { ...comparisonOf(last, labels), tight: true },
];

const caseBlocks = ({ command, calls, example, trace, reads }: DifferentCase, labels: Labels): Block[] => {
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
    paragraph([strong(command), where.length > 0 ? `: ${where.join(', ')}` : '']),
    { kind: 'paragraph', lines: [there], indent: 2, tight: true },
    { ...comparisonOf(example, labels), tight: true },
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
const comparisonOf = ({ before, command, a, b }: TwoCalls, labels: Labels): Comparison => {
  const changes = [a, b].map((outcome) =>
    outcome && outcome.result !== 'disabled' ? changesOf({ before, command, outcome }) : [],
  );
  const differ = JSON.stringify(changes[0]) !== JSON.stringify(changes[1]);
  return {
    kind: 'comparison',
    sides: [a, b].map((outcome, i) => ({
      label: i === 0 ? labels.a : labels.b,
      result: outcome ? describeOutcome(outcome) : 'has no such state: the function throws',
      remark: differ && changes[i]!.length === 0 && outcome ? 'changes nothing' : undefined,
      changes: differ ? changes[i]! : [],
    })),
  };
};

const beyondBlocks = ({ a, b, cases, complete, runs }: Difference, labels: Labels): Block[] => {
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
    ...shown.flatMap((one) => caseBlocks(one, labels)),
    ...(left > 0 ? [paragraph(`and ${plural(left, 'case')} more (--json has them)`)] : []),
  ];
};

const verdictBlocks = ({ verdicts }: Difference, labels: Labels): Block[] => {
  if (verdicts.length === 0) return [paragraph(good('No property has another verdict.'))];
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
          tightParagraph(
            `${plural(witnesses, 'witness is', 'witnesses are')} reached, or applicable, on one side only (--json).`,
          ),
        ]
      : []),
  ];
};
