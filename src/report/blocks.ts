import { fenced, inText, markdownTable } from './markdown-text.ts';
import { commandText } from './report.ts';
import { type Style, styleOf } from './style.ts';
import { table } from './table.ts';
import { fitted, wrapped } from './words.ts';

/** What a report is made of that is shown in a terminal, in a mail and as Markdown. `tight`: no empty line before it, in plain text. */
export type Block = { readonly tight?: boolean } & (
  | { readonly kind: 'heading'; readonly text: string }
  /** Each of the strings begins a line. */
  | { readonly kind: 'paragraph'; readonly lines: readonly string[]; readonly indent?: number }
  /** `sign`: what plain text has before each item; Markdown has its own. */
  | { readonly kind: 'list'; readonly intro: string; readonly items: readonly Item[]; readonly sign?: string }
  | {
      readonly kind: 'table';
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
      /** The columns that hold numbers. */
      readonly right?: readonly string[];
    }
  /** Text in lines, to be left as it is. */
  | { readonly kind: 'verbatim'; readonly text: string }
);

export interface Item {
  readonly text: string;
  /** What is said of it in lines below. */
  readonly below?: readonly string[];
}

/** Columns of a terminal and of a mail; the latter so that a reply can quote it three times over before a line is broken. */
export const columns = { text: 80, mail: 72 } as const;

export const paragraph = (...lines: string[]): Block => ({ kind: 'paragraph', lines });

/** What a report ends with that is read elsewhere than it was made: the command line, and what nobody should take for proved. */
export const closingBlocks = (command: readonly string[], notChecked: readonly string[]): Block[] => [
  paragraph('To reproduce:'),
  { kind: 'verbatim', text: commandText(command, columns.mail), tight: true },
  {
    kind: 'list',
    intro: 'Not checked:',
    items: [...notChecked, 'Nothing that the model leaves out; its README says what that is.'].map((text) => ({
      text,
    })),
    sign: '- ',
  },
];

/** For a terminal. */
export const blocksText = (blocks: readonly Block[], style: Style, width: number = columns.text): string =>
  `${fitted(
    blocks.map((block, i) => `${i === 0 ? '' : block.tight ? '\n' : '\n\n'}${blockText(block, style, width)}`).join(''),
    width,
  )}\n`;

/** For a mailing list: the same in 72 columns and without colour. */
export const blocksMail = (blocks: readonly Block[]): string => blocksText(blocks, styleOf(false), columns.mail);

const blockText = (block: Block, style: Style, width: number): string => {
  switch (block.kind) {
    case 'heading':
      return wrapped(style.bold(block.text), width - 2);
    case 'paragraph': {
      const { lines, indent = 0 } = block;
      return lines.map((line) => wrapped(line, width - 2 - 2 * indent, ' '.repeat(indent))).join('\n');
    }
    case 'list':
      return [block.intro, ...block.items.map((item) => itemText(item, block.sign ?? '', width))].join('\n');
    case 'table':
      return table(block.head, block.rows, block.right, width);
    case 'verbatim':
      return block.text;
  }
};

const itemText = ({ text, below = [] }: Item, sign: string, width: number): string =>
  [
    `  ${sign}${wrapped(text, width - 4 - sign.length, ' '.repeat(2 + sign.length)).trimStart()}`,
    ...below.map((line) => wrapped(line, width - 8, '      ')),
  ].join('\n');

/** For an issue or a merge request. The blocks must be without colour. */
export const blocksMarkdown = (blocks: readonly Block[]): string => `${blocks.map(blockMarkdown).join('\n\n')}\n`;

const blockMarkdown = (block: Block): string => {
  switch (block.kind) {
    case 'heading':
      return `## ${inText(block.text)}`;
    case 'paragraph':
      return block.lines.map(inText).join('\n\n');
    case 'list':
      return [inText(block.intro.trim()), block.items.map(itemMarkdown).join('\n')].join('\n\n');
    case 'table':
      return markdownTable(
        block.head.map(inText),
        block.rows.map((row) => row.map(inText)),
        block.right,
      );
    case 'verbatim':
      return fenced('text', block.text);
  }
};

const itemMarkdown = ({ text, below = [] }: Item): string =>
  [`- ${inText(text)}`, ...below.map((line) => `  - ${inText(line)}`)].join('\n');
