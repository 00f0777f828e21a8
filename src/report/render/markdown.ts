import { match } from 'ts-pattern';
import {
  type Block,
  type Case,
  type Cases,
  type Item,
  type List,
  type Matrix,
  plainWords,
  type Section,
  spansOf,
  type Tone,
  type Trace,
  unglued,
  type Verdicts,
  type Words,
} from '../document.ts';
import { shellWords } from './command-line.ts';
import { drawingLegend, drawingText } from './drawing-text.ts';
import { legible } from './legible.ts';
import { code, fenced, inText, markdownTable } from './markdown-text.ts';
import { mermaidOf, mermaidSequence } from './mermaid.ts';
import { styleOf } from './style.ts';
import { comparisonText } from './trace-text.ts';

/** A document as GitHub and GitLab read Markdown, for an issue or a merge request; traces and graphs as Mermaid diagrams. */
export const markdown = (blocks: readonly Block[]): string => unglued(`${inBlocks(legible(blocks), 2).join('\n\n')}\n`);

/** `level`: that of the heading of a section among the blocks. */
const inBlocks = (blocks: readonly Block[], level: number): string[] =>
  blocks.flatMap((block) => inBlock(block, level)).filter((part) => part !== '');

const inBlock = (block: Block, level: number): string[] =>
  match(block)
    .with({ kind: 'section' }, (section) => inSection(section, level))
    .with({ kind: 'paragraph' }, ({ lines }) => lines.map((line) => inWords(line)))
    .with({ kind: 'list' }, inList)
    .with({ kind: 'definitions' }, ({ items }) => [
      items.map(({ term, body }) => inItem({ text: term, below: body }, '-')).join('\n'),
    ])
    .with({ kind: 'table' }, ({ head, rows, right }) => [
      markdownTable(
        head.map(inText),
        rows.map((row) => row.map((cell) => inWords(cell))),
        right?.map(inText),
      ),
    ])
    .with({ kind: 'matrix' }, (matrix) => [inMatrix(matrix)])
    .with({ kind: 'cases' }, (cases) => [inCases(cases)])
    .with({ kind: 'verdicts' }, (verdicts) => [inVerdicts(verdicts)])
    .with({ kind: 'trace' }, inTrace)
    .with({ kind: 'comparison' }, (comparison) => [fenced('text', comparisonText(comparison, styleOf(false), 80))])
    .with({ kind: 'graph' }, (graph) => [fenced('mermaid', mermaidOf(graph).trimEnd())])
    .with({ kind: 'command' }, ({ words }) => [fenced('sh', shellWords(words))])
    .exhaustive();

const inSection = ({ title, blocks }: Section, level: number): string[] => {
  return [`${'#'.repeat(level)} ${inText(plainWords(title))}`, ...inBlocks(blocks, level + 1)];
};

/** Words of some tones are bold. */
const inWords = (words: Words, boldTones: readonly Tone[] = ['strong']): string =>
  spansOf(words)
    .map((span) => {
      if (typeof span === 'string') return inText(span);
      if (span.tone === 'code') return code(span.text);
      return boldTones.includes(span.tone) && span.text !== '' ? `**${inText(span.text)}**` : inText(span.text);
    })
    .join('');

const inList = ({ intro, items, numbered = false }: List): string[] => [
  inWords(intro),
  items.map((item, i) => inItem(item, numbered ? `${i + 1}.` : '-')).join('\n'),
];

const inItem = ({ text, below = [] }: Item, mark: string): string =>
  [`${mark} ${inWords(text)}`, ...below.map((line) => `${' '.repeat(mark.length + 1)}- ${inWords(line)}`)].join('\n');

const inMatrix = ({ lead, columns, rows, right }: Matrix): string =>
  markdownTable(
    [...lead, ...columns].map(inText),
    rows.map((row) => [
      ...row.lead.map(inText),
      ...row.cells.map((cell) => cell.map((words) => inWords(words, ['strong', 'bad'])).join('<br>')),
    ]),
    right?.map(inText),
  );

const inCases = ({ lead, labels, rows }: Cases): string =>
  markdownTable(
    [...lead, ...labels],
    rows.map((row) => [...row.lead.map(inText), ...labels.map((label) => inCase(row, label))]),
  );

const inCase = ({ fields }: Case, label: string): string =>
  fields
    .filter((field) => field.label === label)
    .flatMap(({ shown, items, isCode }) => [
      ...(shown === undefined || shown === '' || shown === label ? [] : [`${inText(shown)}:`]),
      ...items.map(isCode ? code : inText),
    ])
    .join('<br>');

const inVerdicts = ({ entries }: Verdicts): string =>
  markdownTable(
    ['property', 'verdict', 'calls', 'statement'],
    entries.map(({ name, verdict, status, statement, note, trace }) => [
      inText(name),
      status === 'known'
        ? `${inText(verdict)} (known)`
        : status === 'failed'
          ? `**${inText(verdict)}**`
          : inText(verdict),
      trace ? String(trace.calls) : '',
      inText([statement, note].filter((words) => words !== '').join(' ')),
    ]),
    ['calls'],
  );

/** The diagram, the calls in words, and the last state. */
const inTrace = (trace: Trace): string[] => {
  const { steps, loop, broken, initial } = trace;
  const drawn = drawingText(steps.at(-1)?.drawing ?? initial, '');
  return [
    fenced('mermaid', mermaidSequence(trace)),
    steps.length === 0
      ? 'In the initial state.'
      : steps
          .map(
            ({ call, result }, i) =>
              `${i + 1}. ${code(call)}: ${inText(result)}${i === loop ? ' (from here on, over and over)' : ''}`,
          )
          .join('\n'),
    ...(broken === undefined ? [] : [`${inText(broken)}.`]),
    ...(drawn === '' ? [] : [`The state then (${drawingLegend}):`, fenced('text', drawn)]),
  ];
};
