import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { controlIn, printable } from '../src/printable.ts';

it.each([
  ['pages=512, é, 漢字, 🐧', 'pages=512, é, 漢字, 🐧'],
  ['\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
  ['a\r\nb\tc', 'a\\r\\nb\\tc'],
  ['\0\x07\x7f\x85\x9b', '\\x00\\x07\\x7f\\x85\\x9b'],
  ['\u2028\u2029\u202e\u2066\ufeff\u200b', '\\u2028\\u2029\\u202e\\u2066\\ufeff\\u200b'],
  ['\ud83d', '\\ud83d'],
  ['\u{e0041}', '\\u{e0041}'],
])('%j is printed as %j', (text, printed) => {
  expect(printable(text)).toBe(printed);
});

const special = /[^\p{L}\p{N}\p{P}\p{S} ]/gu;

it('leaves nothing that a terminal would act on, and changes nothing else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(controlIn(printable(text))).toBe(-1);
      expect(printable(text)).not.toContain('\t');
      const plain = text.replaceAll(special, '');
      expect(printable(plain)).toBe(plain);
    }),
  );
});

it.each([
  ['a\tb', -1],
  ['a\nb', 1],
  ['\u202e \r', 2],
  ['\u2028', 0],
  ['ab\x1b', 2],
  ['\x9b', 0],
])('finds what steers a terminal or ends a line in %j', (text, at) => {
  expect(controlIn(text)).toBe(at);
});
