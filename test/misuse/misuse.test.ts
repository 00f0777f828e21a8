import { describe, expect, it } from 'vitest';
import { typed } from '../cli/fake-console.ts';

/** What a file of this folder gives, by the exhaustive search and by the reference: a verdict, or the start of the one line on stderr. */
const cases: readonly (readonly [file: string, verdict: string | RegExp])[] = [
  [
    'outcome-field',
    /m@v: go\(\) returned an outcome \(ok\) with the field freed; it has only result, state, warnings, value$/,
  ],
  ['warning-nan', /m@v: go\(\) returned an outcome with a warning that is no text: null; use warn\(outcome, 'text'\)$/],
  ['warning-bigint', /m@v: go\(\) returned an outcome with a warning that is no text: 1n;/],
  ['key-order-property', 'proved'],
  ['key-order-step', 'proved'],
  ['key-order-returned', 'proved'],
  ['key-order-values', 'violated in 1'],
  ['shared-part', 'violated in 1'],
  ['identity-property', /m@v: property p compares parts of states by identity; compare fields instead$/],
  ['identity-step', /m@v: set\(\) compares states by identity/],
  ['spread-then-update', 'violated in 3'],
  ['nested-update', 'proved'],
  ['minus-zero', 'proved'],
  ['recipe-returns', 'violated in 1'],
  [
    'recipe-does-both',
    /m@v: go\(\) (changes the draft of|threw Error: \[Immer\] An immer producer returned a new value \*and\*)/,
  ],
  [
    'impure-property',
    /m@v: cross-check: the exhaustive search says p proved, the reference search p violated .*impure|m@v: .* broke p once and not again.*impure/,
  ],
  ['inspects', 'violated in 2011'],
  ['deep-equal', 'violated in 12'],
  ['put-back', 'proved'],
  ['put-back-in-spread', 'proved'],
  ['async-step', /m@v: go\(\) returned a promise; a transition must not be async$/],
  ['async-recipe', /m@v: go\(\) threw TypeError: the recipe of an update\(\) is async/],
  ['async-property', /m@v: property p returned a promise; it must not be async$/],
  ['bare', 'violated in 2'],
  ['title', /cannot be used as a model: .*model m: title is 5; it must be a text$/],
  ['hand-made-instances', /m: forEach\(\) of property p returned 5; it must give an array of instances$/],
  ['hand-made', /suite m: property 1 is none; make it with invariant\(\)/],
  ['waiting-text', /m@v: property p returned "busy" from waiting\(\); it must say true or false$/],
  ['instances', /property p: forEach\(\) has 1000000000 instances, more than 100000; give it a smaller domain$/],
  ['long-array', /array\(\) has 10000000 scalars in all, more than the 100000 that a domain may have$/],
  ['deep-domain', /record\(\) is nested 101 deep, more than the 100 that a domain may be$/],
  ['throws-odd', /m@v: go\(\) threw \{\}$/],
  ['throws-lines', /m@v: go\(\) threw Error: first at throws-lines.mjs:\d+$/],
];

describe('a model with a mistake gets one answer from both searches, or one line', () => {
  it.each(cases.flatMap(([file, verdict]) => ['exhaustive', 'reference'].map((search) => ({ file, search, verdict }))))(
    '$file, $search',
    async ({ file, search, verdict }) => {
      const { status, out, err } = await typed(`check test/misuse/${file}.mjs --search ${search} --json`);
      if (verdict instanceof RegExp) {
        expect(err).toMatch(/^pagelaw: [^\n]*\n$/);
        expect(err.trimEnd()).toMatch(verdict);
        expect([status, out]).toEqual([2, '']);
        return;
      }
      const [{ properties }] = JSON.parse(out).results;
      const [{ verdict: kind, trace }] = properties;
      expect(trace ? `${kind} in ${trace.length}` : kind).toBe(verdict);
      expect([status, err]).toEqual([kind === 'violated' ? 1 : 0, '']);
    },
  );

  it.each([
    ['structured-clone', /copies its state with structuredClone\(\), .*write \{ \.\.\.state \} or update\(\)/],
    ['produce', /changes or freezes its state with a function of immer .*write update\(\)/],
  ])('%s works plainly, and cannot be watched: the line says what to write', async (file, message) => {
    const { status, err } = await typed(`check test/misuse/${file}.mjs --search exhaustive`);
    expect(err).toMatch(/^pagelaw: m@v: go\(\) [^\n]*\n$/);
    expect(err).toMatch(message);
    expect(status).toBe(2);
    expect((await typed(`check test/misuse/${file}.mjs --search reference`)).status).toBe(0);
  });

  it('what a model leaves out has a default in every format', async () => {
    for (const format of ['text', 'mail', 'markdown', 'junit', 'ktap', 'github', 'itf']) {
      const { status, out, err } = await typed(`check test/misuse/bare.mjs --search exhaustive --format ${format}`);
      expect([format, status, err]).toEqual([format, 1, '']);
      expect(out).not.toMatch(/undefined|null|NaN/);
    }
    expect((await typed('check test/misuse/bare.mjs --search exhaustive')).out).toMatch(/^m: m\nexhaustive\b/);
  });

  it('a patched prototype', async () => {
    const place = globalThis as { patchPrototypes?: () => void };
    place.patchPrototypes = () => Object.defineProperty(Object.prototype, 'extra', { value: 1, configurable: true });
    try {
      const { status, err } = await typed('check test/misuse/patched-prototype.mjs --search exhaustive');
      expect(err).toMatch(
        /^pagelaw: .*changes Object\.prototype, which every file shares: extra is not what it was.*\n$/,
      );
      expect(status).toBe(2);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'extra');
      delete place.patchPrototypes;
    }
  });
});
