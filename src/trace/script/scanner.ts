/**
 * Reads one line from left to right. What follows is looked at once, or twice where two forms begin alike; nothing is searched again
 * from the start, so that the time is linear in the line.
 */
export class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get at(): number {
    return this.#at;
  }

  /** The next character; '' at the end. */
  get next(): string {
    return this.#text.charAt(this.#at);
  }

  /** The character before the next; '' at the start. */
  get previous(): string {
    return this.#text.charAt(this.#at - 1);
  }

  /** Whether nothing follows but a comment. */
  get isAtEnd(): boolean {
    this.skipSpaces();
    return this.next === '' || this.next === '#';
  }

  /** Whether a space, a comment or the end comes next. */
  get isAtGap(): boolean {
    return this.next === '' || this.next === '#' || isSpace(this.next);
  }

  backTo(at: number): void {
    this.#at = at;
  }

  skipSpaces(): void {
    while (isSpace(this.next)) this.#at++;
  }

  /** Steps over `literal` if it comes next. */
  take(literal: string): boolean {
    if (!this.#text.startsWith(literal, this.#at)) return false;
    this.#at += literal.length;
    return true;
  }

  /** Letters, digits and underscores; '' if another character comes next. */
  word(): string {
    return this.#while(isWordCharacter);
  }

  digits(): string {
    return this.#while(isDigit);
  }

  /** Everything up to the first of the characters `ends`, a comment or the end of the line. */
  until(ends: string): string {
    return this.#while((char) => char !== '#' && !ends.includes(char));
  }

  /** Everything up to the character or the end of the line, a `#` as well. */
  through(end: string): string {
    return this.#while((char) => char !== end);
  }

  rest(): string {
    return this.#while(() => true);
  }

  /** Reads from the opening bracket that comes next to its closing bracket, and returns what is between; undefined if none closes it. */
  bracketed(): string | undefined {
    const start = this.#at + 1;
    let depth = 0;
    for (; this.next !== ''; this.#at++) {
      if (this.next === '(') depth++;
      if (this.next === ')') depth--;
      if (depth === 0) return this.#text.slice(start, this.#at++).trim();
    }
    return undefined;
  }

  /** Reads up to the next `quote`, steps over it, and returns what is before it; undefined if none comes. */
  quoted(quote: string): string | undefined {
    const end = this.#text.indexOf(quote, this.#at);
    if (end < 0) return undefined;
    const text = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return text;
  }

  /** The longest of the texts that comes next and ends where a value ends: at one of the characters, a comment or the end of the line. */
  oneOf(texts: readonly string[], ends: string): string | undefined {
    let longest: string | undefined;
    for (const text of texts)
      if (text.length > (longest?.length ?? -1) && this.#text.startsWith(text, this.#at)) {
        let end = this.#at + text.length;
        if (!ends.includes(' ')) while (isSpace(this.#text.charAt(end))) end++;
        const after = this.#text.charAt(end);
        if (after === '' || after === '#' || ends.includes(after)) longest = text;
      }
    if (longest !== undefined) this.#at += longest.length;
    return longest;
  }

  #while(goesOn: (char: string) => boolean): string {
    const start = this.#at;
    while (this.next !== '' && goesOn(this.next)) this.#at++;
    return this.#text.slice(start, this.#at);
  }
}

const isSpace = (char: string) => char === ' ' || char === '\t';
const isDigit = (char: string) => char >= '0' && char <= '9' && char !== '';
const isWordCharacter = (char: string) =>
  (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || isDigit(char) || char === '_';

/** Whether it is a word that a name may be: it begins with no digit. */
export const isName = (word: string): boolean => word !== '' && !isDigit(word.charAt(0));

/** In an error message: cut where it is long. */
export const excerpt = (text: string): string => {
  const trimmed = text.trim();
  return trimmed.length > 60 ? `${trimmed.slice(0, 57)}...` : trimmed;
};

/** The text without spaces at its ends, and with a single space where it has several. */
export const words = (text: string): string =>
  text
    .split(/[ \t]+/)
    .filter((word) => word !== '')
    .join(' ');
