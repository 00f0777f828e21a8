import wrapAnsi from 'wrap-ansi';
import { unglued } from '../document.ts';

/**
 * Broken into lines of at most `width`, each indented: at spaces, and a word that is longer than a line behind a sign in it. The path
 * of a file stays whole, to be copied.
 */
export const wrapped = (text: string, width: number, indent = ''): string => {
  const long = (text.match(/[^ \n]+/g) ?? []).filter((word) => word.length > width);
  const paths = long.filter((word) => word.includes('/'));
  const made = text.replaceAll(/[^ \n]+/g, (word) =>
    long.includes(word) && !paths.includes(word) ? broken(word, width) : word,
  );
  return wrapAnsi(made, width, { hard: paths.length === 0 })
    .split('\n')
    .map((line) => indent + line)
    .join('\n');
};

/** With spaces where a line is to end. What is glued and does not fit into one comes apart first. */
const broken = (word: string, width: number): string => {
  const parts = unglued(word).split(' ');
  if (parts.length > 1) return parts.map((part) => (part.length > width ? broken(part, width) : part)).join(' ');
  const lines: string[] = [];
  for (const piece of word.match(/[^.,;:/|+=_-]*[.,;:/|+=_-]+|[^.,;:/|+=_-]+/g) ?? []) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + piece.length <= width) lines[lines.length - 1] = last + piece;
    else lines.push(piece);
  }
  return lines.join(' ');
};

/** Broken into lines of at most `width`, each indented, those below the first by four more. */
export const wrappedBelow = (text: string, width: number, indent: number): string =>
  ' '.repeat(indent) + wrapped(text, width - indent - 4, ' '.repeat(indent + 4)).trimStart();

/** Lines that are too long after all, for a name in them that nobody expected to be so long, are broken too. */
export const fitted = (text: string, width = 80): string =>
  text
    .split('\n')
    .map((line) => {
      if (widthOf(line) <= width) return line;
      const indent = Math.min(line.length - line.trimStart().length, width / 2);
      return wrappedBelow(line.trimStart(), width, indent);
    })
    .join('\n');

/** Without colours. */
export const widthOf = (line: string): number => line.replaceAll(colour, '').length;

/** The one control sequence that reports print. Node has a function for it, and a page has not. */
const colour = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g');
