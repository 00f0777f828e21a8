import { match } from 'ts-pattern';
import {
  type Block,
  type Case,
  type Cases,
  type Definitions,
  type Graph,
  glued,
  type Item,
  type List,
  plainWords,
  type Section,
  spansOf,
  unglued,
  type VerdictEntry,
  type Verdicts,
  type Words,
} from '../document.ts';
import { commandText } from './command-line.ts';
import { legible } from './legible.ts';
import { matrixText } from './matrix-text.ts';
import { type Style, styleOf } from './style.ts';
import { table } from './table.ts';
import { comparisonText, traceText } from './trace-text.ts';
import { fitted, wrapped } from './wrap.ts';

/** Columns of a terminal and of a mail; the latter so that a reply can quote it three times over before a line is broken. */
const columns = { terminal: 80, mail: 72 } as const;

/** A document for a terminal: at most 80 columns, but for command lines, which are to be pasted. */
export const terminalText = (blocks: readonly Block[], colour: boolean): string =>
  unglued(`${new TextRenderer(styleOf(colour), columns.terminal).blocks(legible(blocks))}\n`);

/** A document for a mailing list: 72 columns, without colour. A line ends a section that has sections of its own. */
export const mailText = (blocks: readonly Block[]): string => {
  const renderer = new TextRenderer(styleOf(false), columns.mail);
  const parts: Block[][] = [];
  for (const block of legible(blocks))
    if (parts.length === 0 || isNested(parts.at(-1)!.at(-1)!)) parts.push([block]);
    else parts.at(-1)!.push(block);
  const line = `\n\n${'-'.repeat(columns.mail)}\n\n`;
  return unglued(`${parts.map((part) => renderer.blocks(part)).join(line)}\n`);
};

const isNested = (block: Block) => block.kind === 'section' && block.blocks.some(({ kind }) => kind === 'section');

class TextRenderer {
  readonly #style: Style;
  readonly #width: number;

  constructor(style: Style, width: number) {
    this.#style = style;
    this.#width = width;
  }

  blocks(blocks: readonly Block[]): string {
    const texts = blocks.map((block) => [block, this.#block(block)] as const).filter(([, text]) => text !== '');
    return texts.map(([block, text], i) => `${i === 0 ? '' : block.tight ? '\n' : '\n\n'}${text}`).join('');
  }

  #block(block: Block): string {
    const [style, width] = [this.#style, this.#width];
    if (block.kind === 'section') return this.#section(block);
    if (block.kind === 'command') return commandText(block.words, width);
    const text = match(block)
      .with({ kind: 'paragraph' }, ({ lines, indent = 0 }) =>
        lines.map((line) => wrapped(this.#painted(line), width - 2 - indent, ' '.repeat(indent))).join('\n'),
      )
      .with({ kind: 'list' }, (list) => this.#list(list))
      .with({ kind: 'definitions' }, (definitions) => this.#definitions(definitions))
      .with({ kind: 'table' }, ({ head, rows, right }) =>
        table(
          head,
          rows.map((row) => row.map((cell) => this.#painted(cell))),
          right,
          width,
        ),
      )
      .with({ kind: 'matrix' }, (matrix) => matrixText(matrix, (words) => this.#painted(words), width))
      .with({ kind: 'cases' }, (cases) => this.#cases(cases))
      .with({ kind: 'verdicts' }, (verdicts) => this.#verdicts(verdicts))
      .with({ kind: 'trace' }, (trace) => traceText(trace, style, width))
      .with({ kind: 'comparison' }, (comparison) => comparisonText(comparison, style, width))
      .with({ kind: 'graph' }, (graph) => this.#graph(graph))
      .exhaustive();
    return fitted(text, width);
  }

  #section({ title, blocks }: Section): string {
    const heading = typeof title === 'string' ? this.#style.bold(title) : this.#painted(title);
    const body = this.blocks(blocks);
    const gap = body === '' ? '' : blocks[0]?.tight ? '\n' : '\n\n';
    return `${plainWords(title) === '' ? '' : wrapped(heading, this.#width - 2) + gap}${body}`;
  }

  #list({ intro, items, numbered = false, sign = '' }: List): string {
    const item = ({ text, below = [] }: Item, i: number) => {
      const mark = numbered ? `${String(i + 1).padStart(3)}  ` : sign;
      const body = wrapped(this.#painted(text), this.#width - 4 - mark.length, ' '.repeat(2 + mark.length));
      return [
        `  ${mark}${body.trimStart()}`,
        ...below.map((line) => wrapped(this.#painted(line), this.#width - 8, '      ')),
      ].join('\n');
    };
    const head = plainWords(intro) === '' ? [] : [wrapped(this.#painted(intro), this.#width - 2)];
    return [...head, ...items.map(item)].join('\n');
  }

  #definitions({ items }: Definitions): string {
    return items
      .map(({ term, body }) =>
        [
          fitted(this.#painted(term), this.#width),
          ...body.map((line) => wrapped(this.#painted(line), this.#width - 4, '    ')),
        ].join('\n'),
      )
      .join('\n');
  }

  /** The labels with their items are one cell. */
  #cases({ lead, labels, rows }: Cases): string {
    const indent = Math.max(...labels.map(({ length }) => length), 4) + 2;
    const leadWidth = lead.reduce(
      (sum, head, i) => sum + 2 + Math.max(head.length, ...rows.map((row) => row.lead[i]!.length)),
      0,
    );
    const width = Math.max(20, Math.min(59, this.#width - leadWidth - indent));
    const bodyOf = ({ fields, isDim }: Case) => {
      const lines = fields.flatMap(({ label, shown = label, items, isCode }) => {
        const words = isCode ? this.#listed(items, width) : wrapped(items.join('\n'), width);
        return `${shown.padEnd(indent)}${words.replaceAll('\n', `\n${' '.repeat(indent)}`)}`.split('\n');
      });
      return lines.map((line) => (isDim ? this.#style.dim(line) : line)).join('\n');
    };
    return table(
      [...lead, 'case'],
      rows.map((row) => [...row.lead, bodyOf(row)]),
      lead,
      this.#width,
    );
  }

  /** What is not as it should be, with its statement unless a section has it; then the names of the rest in one paragraph. */
  #verdicts({ entries }: Verdicts): string {
    if (entries.length === 1 && entries[0]!.trace) return ''; // the section says it all
    const isListed = ({ status, note }: VerdictEntry) => status !== 'passed' || note !== '';
    const lines = entries.filter(isListed).map((entry) => this.#verdict(entry));
    const held = entries.filter((entry) => !isListed(entry));
    const names = held.map(({ name, verdict, statement }) => (statement === '' ? `${name} ${verdict}` : name));
    return [
      ...(lines.length > 0 ? [['Verdicts:', ...lines].join('\n')] : []),
      ...(names.length > 0 ? [`Held:\n${wrapped(names.join(', '), this.#width - 4, '  ')}`] : []),
    ].join('\n\n');
  }

  #verdict({ name, verdict, status, statement, note, trace }: VerdictEntry): string {
    const { dim, green, red, yellow } = this.#style;
    const paint = { passed: green, known: yellow, failed: red, open: dim }[status];
    const calls = trace ? `, ${trace.calls} ${trace.calls === 1 ? 'call' : 'calls'}` : '';
    const said = `${name}: ${paint(verdict)}${status === 'known' ? ' (known)' : ''}${calls}`;
    const below = [trace ? '' : statement, note].filter((line) => line !== '');
    return [wrapped(said, this.#width - 4, '  '), ...below.map((line) => wrapped(line, this.#width - 6, '    '))].join(
      '\n',
    );
  }

  /** Each node with what leads from it. */
  #graph({ nodes, edges }: Graph): string {
    const numberOf = (node: number) => String(node + 1).padStart(String(nodes.length).length);
    return nodes
      .flatMap(({ name, isInitial }, i) => {
        const leaving = edges.filter(({ from }) => from === i);
        return [
          `${numberOf(i)} ${name}${isInitial ? ' (initially)' : ''}`,
          ...[...new Set(leaving.map(({ to }) => to))].flatMap((to) => {
            const labels = leaving
              .filter((edge) => edge.to === to)
              .flatMap(({ isSideEffect, labels }) =>
                labels.map((label) => (isSideEffect ? `${label} (side effect)` : label)),
              );
            return [
              `     -> ${to === undefined ? 'panic' : `${to + 1} ${nodes[to]!.name}`}`,
              this.#listed(labels, this.#width - 10, '          '),
            ];
          }),
        ];
      })
      .join('\n');
  }

  /** Joined by commas and broken into lines there, not inside an item that fits into one. */
  #listed(items: readonly string[], width: number, indent = ''): string {
    return unglued(wrapped(items.map(glued).join(', '), width, indent));
  }

  #painted(words: Words): string {
    const { bold, dim, green, red, yellow } = this.#style;
    const paint = { strong: bold, good: green, bad: red, doubtful: yellow, dim, code: (text: string) => text };
    return spansOf(words)
      .map((span) => (typeof span === 'string' ? span : paint[span.tone](span.text)))
      .join('');
  }
}
