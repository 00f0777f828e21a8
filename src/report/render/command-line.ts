/** A command line for a shell. */
export const shellWords = (words: readonly string[]): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');

/** A command line, broken before its options, to be pasted as it is. */
export const commandText = (command: readonly string[], width: number): string => {
  const words = command.map((word) => shellWords([word]));
  const lines: string[] = [];
  for (const [i, word] of words.entries()) {
    const last = lines.at(-1);
    // An option stays with its value.
    const next = word.startsWith('--') && words[i + 1] !== undefined ? ` ${words[i + 1]}` : '';
    const isValue = i > 0 && words[i - 1]!.startsWith('--');
    if (last === undefined) lines.push(`    ${word}`);
    else if (isValue || last.length + 1 + word.length + next.length + 2 <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`        ${word}`);
  }
  return lines.join(' \\\n');
};
