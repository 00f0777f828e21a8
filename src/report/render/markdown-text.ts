/** A fence longer than any in the text. */
export const fenced = (language: string, text: string): string => {
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  return `${fence}${language}\n${text}\n${fence}`;
};

export const code = (text: string) => `\`${oneLine(text).replaceAll('`', "'")}\``;

const oneLine = (text: string) => text.replaceAll(/\s*[\r\n\u2028\u2029]\s*/g, ' ');

/** One line of text, of which nothing is taken for markup. An underscore inside a word is one, and `&` where no entity follows. */
export const inText = (text: string) =>
  oneLine(text)
    .replaceAll(/[\\*`<>[\]#~]|&(?=\w+;)|(?<!\w)_|_(?!\w)/g, (sign) => `\\${sign}`)
    .replace(/^\s*([-+](?=\s)|(?<=^\s*\d+)[.)](?=\s))/, '\\$1');

/** The cells are Markdown already, but for `|` and ends of lines. `right` names the columns that hold numbers. */
export const markdownTable = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
): string =>
  [head, head.map((name) => (right.includes(name) ? '--:' : '---')), ...rows]
    .map((row) => `| ${row.map((one) => one.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`)
    .join('\n');
