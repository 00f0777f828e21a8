/**
 * Makes text from outside fit for a line of a terminal. Control characters, characters that change the direction of text or hide it, line
 * separators and halves of surrogate pairs become escapes: `\x1b`, `\u2028`. All other characters stay.
 */
export const printable = (text: string): string => text.replaceAll(unprintable, escaped);

/** The index of the first character that ends a line or controls a terminal; -1 if there is none. A tab counts as a space. */
export const controlIn = (text: string): number => text.search(control);

const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const control = /[^\P{Cc}\t]|[\p{Cs}\p{Zl}\p{Zp}]/u;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escaped = (char: string): string => {
  const code = char.codePointAt(0)!;
  const hex = (digits: number) => code.toString(16).padStart(digits, '0');
  if (code > 0xffff) return `\\u{${hex(0)}}`;
  return short[char] ?? (code > 0xff ? `\\u${hex(4)}` : `\\x${hex(2)}`);
};
