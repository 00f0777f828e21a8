import { wrapped } from './wrap.ts';

const width = 78;

/** Our own Markdown as text for a terminal: paragraphs and lists fit into 80 columns, a row of a table is a paragraph, code is as it is. */
export const plainOfMarkdown = (markdown: string): string => {
  const blocks: string[] = [];
  const lines = markdown.split('\n');
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]!;
    const isOf = (test: RegExp) => test.test(line);
    const takeWhile = (goesOn: (line: string) => boolean): string[] => {
      const from = at;
      while (at < lines.length && goesOn(lines[at]!)) at++;
      return lines.slice(from, at);
    };
    if (isOf(/^```/)) {
      at++;
      const code = takeWhile((one) => !one.startsWith('```'));
      at++;
      blocks.push(code.map((one) => `    ${one}`.trimEnd()).join('\n'));
    } else if (isOf(/^\|/)) blocks.push(tableText(takeWhile((one) => one.startsWith('|'))));
    else if (isOf(/^#/)) {
      blocks.push(headingText(line));
      at++;
    } else if (isOf(/^<!-- pagelaw /)) {
      blocks.push(`    $ ${line.replace(/^<!-- | -->$/g, '')}`);
      at++;
    } else if (isOf(/^(<!--.*)?\s*$/)) at++;
    else if (isOf(/^- |^\d+\. /)) {
      const item = takeWhile((one) => one === line || /^ {2,}\S/.test(one));
      blocks.push(wrapped(plainText(item.map((one) => one.trim()).join(' ')), width));
    } else {
      const paragraph = [lines[at++]!, ...takeWhile((one) => /^[^\s|#`<-]|^`[^`]/.test(one))];
      blocks.push(wrapped(plainText(paragraph.join(' ')), width));
    }
  }
  return blocks.join('\n\n');
};

const headingText = (line: string): string => {
  const [, marks = '', text = ''] = /^(#+) (.*)$/.exec(line) ?? [];
  return marks.length === 1 ? text.toUpperCase() : `${'='.repeat(3 - Math.min(2, marks.length - 1))} ${text}`;
};

/** Each row is `first cell: the others`, without the heading, which only says what the columns are. */
const tableText = (rows: readonly string[]): string => {
  const cells = rows.map((row) =>
    row
      .replace(/^\||\|\s*$/g, '')
      .split(/(?<!\\)\|/)
      .map((cell) => plainText(cell.trim().replaceAll('\\|', '|'))),
  );
  return cells
    .slice(2)
    .map(([first = '', ...others]) => {
      const said = others.filter((cell) => cell !== '').join('; ');
      return said === '' ? wrapped(first, width) : `${wrapped(first, width)}\n${wrapped(said, width - 4, '    ')}`;
    })
    .join('\n');
};

/** Without the marks for links, code and emphasis. */
const plainText = (text: string): string =>
  text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/(`+|\*\*|\*)([^`*]+)\1/g, '$2');
