import { controlIn, printable } from '../../printable.ts';
import { SpecError } from '../../spec/errors.ts';

/**
 * The lines of a script. Each is a function that reads the line or throws a SpecError, so that the lines before a broken line can be
 * read. A line ends with \n or \r\n; a byte order mark before the first is passed over.
 */
export function* linesOf(source: string | Uint8Array): Generator<() => string> {
  const isText = typeof source === 'string';
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decoded = (bytes: Uint8Array) => () => {
    try {
      return decoder.decode(bytes);
    } catch {
      throw new SpecError('the line is not UTF-8');
    }
  };
  let start = 0;
  for (;;) {
    const end = isText ? source.indexOf('\n', start) : source.indexOf(10, start);
    const [from, to] = [start, end < 0 ? source.length : end];
    const read = isText ? () => source.slice(from, to) : decoded(source.subarray(from, to));
    yield () => {
      const text = read();
      const skipped = from === 0 && text.startsWith(byteOrderMark) ? 1 : 0;
      const line = text.slice(skipped, text.endsWith('\r') ? -1 : undefined);
      checkCharacters(line);
      return line;
    };
    if (end < 0) return;
    start = end + 1;
  }
}

const byteOrderMark = '\ufeff';

/** Nothing that ends a line elsewhere, or steers a terminal, is part of a line. */
const checkCharacters = (line: string) => {
  const at = controlIn(line);
  if (at < 0) return;
  const char = printable(line.charAt(at));
  throw new SpecError(`column ${at + 1} has the control character ${char}; a line ends with \\n or \\r\\n`);
};
