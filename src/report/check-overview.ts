import type { CheckedProperty, CheckResult } from '../job/check.ts';
import { coverageBlocks } from './coverage.ts';
import { type Block, dim, paragraph, type Section, type Span, strong, type Tone, tightParagraph } from './document.ts';
import { groupedBy } from './grouped.ts';
import { summaryLines, type Unfinished } from './summary.ts';
import { brokenWords, instanceWords, traceBlock } from './trace.ts';
import {
  count,
  countOrDash,
  plural,
  randomWords,
  scopeName,
  settings,
  statementOf,
  subjectWords,
  variantName,
  verdictWords,
} from './words.ts';

interface OverviewOptions {
  /** Whether a result gets a row for each property and its traces in full, or only what is out of the ordinary. */
  readonly inFull: boolean;
  readonly coverage: boolean;
}

/** What `check` shows in a terminal: a table for each model and search, the traces that want to be seen, and a summary. */
export const checkOverview = (
  results: readonly CheckResult[],
  options: OverviewOptions & { readonly unfinished?: Unfinished | undefined },
): Block[] => [
  ...tableBlocks(results, options),
  ...detailBlocks(results, options),
  summaryBlock(results, options.unfinished),
];

/** A table for each model and search. */
export const tableBlocks = (results: readonly CheckResult[], options: OverviewOptions): Block[] =>
  groupedBy(results, tableKey).map((group) => resultSection(group, options));

/** The traces that want to be seen, and what was covered where that was asked for. */
export const detailBlocks = (results: readonly CheckResult[], options: OverviewOptions): Block[] => [
  ...results.flatMap((result) => violationBlocks(result, options)),
  ...(options.coverage ? results.map(coverageSection) : []),
];

export const summaryBlock = (results: readonly CheckResult[], unfinished?: Unfinished): Block =>
  paragraph(...summaryLines(results, unfinished));

/** Results with equal keys are rows of one table. */
export const tableKey = ({ scope, search }: Pick<CheckResult, 'scope' | 'search'>): string =>
  `${scope.model} ${search.kind} ${settings(scope.config)}`;

const resultSection = (group: readonly CheckResult[], { inFull }: OverviewOptions): Section => {
  const { scope, title, search } = group[0]!;
  const how = search.kind === 'random' ? [`seed ${search.seed}`, randomWords(search)] : [];
  const headline = [settings(scope.config), ...how].filter((part) => part !== '').join(', ');
  const rows = group.flatMap((result) => {
    const shown = inFull || result.search.kind !== 'random' ? rowsOf(result, inFull) : briefRowsOf(result);
    const { covered, scope } = result;
    return shown.map(({ property, verdict, trace }, i) => [
      i === 0 ? variantName(scope) : '',
      property,
      verdict,
      i === 0 ? countOrDash(covered.states) : '',
      i === 0 ? String(covered.depth ?? '-') : '',
      trace,
    ]);
  });
  // The depth of a random search is how long its longest run was.
  const head = ['variant', 'property', 'verdict', 'states', search.kind === 'random' ? 'longest' : 'depth', 'trace'];
  const starred = group.some(({ properties }) => properties.some(({ standing }) => standing === 'known'));
  return {
    kind: 'section',
    title: [strong(scope.model), `: ${title}`],
    blocks: [
      tightParagraph(headline === '' ? search.kind : `${search.kind}: ${headline}`),
      { kind: 'table', head, rows, right: head.slice(3) },
      tightParagraph(
        dim(`${starred ? '* a known defect of the variant; ' : ''}trace: calls in the shortest one found`),
        ...group.flatMap(symmetryWords).map(dim),
        ...group.flatMap(({ subject }) => (subject ? subjectWords(subject) : [])),
      ),
    ],
  };
};

/** With symmetry, the states of the table are not all there are. */
const symmetryWords = ({ scope, covered, symmetry }: CheckResult): string[] => {
  if (!symmetry) return [];
  const compared = { same: '; the same without', bound: '; not compared', no: '' };
  return [
    `${variantName(scope)}: ${countOrDash(covered.states)} visited stand for ${count(symmetry.states)} states (symmetry of ${symmetry.of.join(', ')}` +
      `${compared[symmetry.compared ?? 'no']})`,
  ];
};

interface Row {
  readonly property: string;
  readonly verdict: Span;
  readonly trace: string;
}

/** A row for each violation, or with `each` for every property; the rest counted by verdict. */
const rowsOf = ({ properties }: CheckResult, each: boolean): Row[] => {
  const single = properties.filter(
    ({ property, verdict, standing }) =>
      standing !== 'ok' || verdict.kind === 'violated' || (each && !property.witness),
  );
  return [...single.map(rowOf), ...countedRows(properties.filter((one) => !single.includes(one)))];
};

/** Random search on every variant of a suite: what was expected is counted, what was not has a row. */
const briefRowsOf = ({ properties }: CheckResult): Row[] => {
  const rows = properties.filter(({ standing }) => standing === 'unexpected').map(rowOf);
  const known = properties.filter(({ standing }) => standing === 'known');
  if (known.length > 0)
    rows.push({
      property: plural(known.length, 'known defect'),
      verdict: { text: 'violated *', tone: 'doubtful' },
      trace: `<=${Math.max(...known.map(({ steps }) => steps!.length))}`,
    });
  return [...rows, ...countedRows(properties.filter(({ standing }) => standing === 'ok'))];
};

const rowOf = ({ property, verdict, standing, steps }: CheckedProperty): Row => {
  const words = verdictWords(verdict, property.witness);
  const tone: Tone =
    standing === 'known' ? 'doubtful' : standing !== 'ok' ? 'bad' : verdict.kind === 'proved' ? 'good' : 'dim';
  return {
    property: property.id,
    verdict: { text: standing === 'known' ? `${words} *` : words, tone },
    trace: steps ? String(steps.length) : '',
  };
};

const countedRows = (properties: readonly CheckedProperty[]): Row[] =>
  groupedBy(
    properties,
    ({ property, verdict }) => `${property.witness} ${verdictWords(verdict, property.witness)}`,
  ).map((group) => {
    const { property, verdict } = group[0]!;
    const longest = Math.max(
      ...group.map((one) => (one.verdict.kind === 'proved' ? (one.verdict.trace?.commands.length ?? 0) : 0)),
    );
    return {
      property: property.witness
        ? plural(group.length, 'witness', 'witnesses')
        : plural(group.length, 'property', 'properties'),
      verdict: {
        text: verdictWords(verdict, property.witness),
        tone: verdict.kind === 'proved' ? 'good' : 'dim',
      },
      trace: property.witness && longest > 0 ? `<=${longest}` : '',
    };
  });

const violationBlocks = (result: CheckResult, { inFull }: OverviewOptions): Block[] => {
  const shown = result.properties.filter(({ standing }) => standing !== 'ok' && (inFull || standing !== 'known'));
  if (shown.length === 0) return [];
  const { scope, legend } = result;
  return [
    {
      kind: 'section',
      title: scopeName(scope),
      blocks: [
        ...(legend === undefined ? [] : [tightParagraph(legend)]),
        ...shown.map((one) => violationSection(result, one)),
      ],
    },
  ];
};

/** One violation: the statement, the trace as calls with results, and what is broken. */
const violationSection = (result: CheckResult, checked: CheckedProperty): Section => {
  const { property, verdict, standing, steps } = checked;
  const tone: Tone = standing === 'known' ? 'doubtful' : 'bad';
  const indented = (line: string | Span): Block => ({ kind: 'paragraph', lines: [line], indent: 2, tight: true });
  const { search } = result;
  return {
    kind: 'section',
    title: [
      strong(property.id),
      ': ',
      { text: verdictWords(verdict, property.witness), tone },
      ...(standing === 'known' ? [' (known)'] : []),
    ],
    blocks: [
      indented(statementOf(property)),
      ...(standing === 'missing'
        ? [indented(`The suite lists it as violated by this variant; the verdict is ${verdict.kind}.`)]
        : []),
      ...(verdict.kind === 'violated' && !verdict.trace ? [indented(unreachedWords(checked, verdict.instance))] : []),
      ...(verdict.kind === 'violated' && verdict.trace && steps
        ? [
            {
              ...traceBlock(result, steps, {
                detail: 'calls',
                loop: verdict.trace.loop,
                broken: brokenWords(verdict.trace),
              }),
              tight: true,
            },
            ...(search.kind === 'random'
              ? [indented(dim(`found with --search random --seed ${search.seed} --path ${verdict.path}`))]
              : []),
          ]
        : []),
    ],
  };
};

const unreachedWords = ({ property }: CheckedProperty, instance: unknown): string => {
  const of = instance === undefined ? '' : ` for ${instanceWords(instance)}`;
  return `No reachable state${property.on === 'call' ? ' and call' : ''} of this configuration is like this${of}.`;
};

const coverageSection = (result: CheckResult): Section => ({
  kind: 'section',
  title: [`${scopeName(result.scope)}, ${result.search.kind}: how often each command had each result`],
  blocks: coverageBlocks(result),
});
