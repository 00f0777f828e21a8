import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anyChoice,
  anyCounterexample,
  anyGrowing,
  anyItf,
  anyScript,
  complaint,
  complaintOf,
  grown,
  type Input,
  slowness,
  takeScript,
} from './inputs.ts';

/** Some seconds of each; `npm run fuzz` goes on for longer. */
const runs = 150;

const noComplaint = (inputs: fc.Arbitrary<Input>, numRuns: number) =>
  fc.assert(
    fc.asyncProperty(inputs, async (input) => {
      expect(await complaint(input)).toBeUndefined();
    }),
    { numRuns },
  );

describe('whatever is handed in, a result or one line:', () => {
  it.each([
    [{ status: 2, out: '', err: 'pagelaw: a.script:1: what is this?\n' }, undefined],
    [{ status: 2, out: '', err: '' }, /not one line/],
    [{ status: 2, out: '', err: 'pagelaw: first\nsecond\n' }, /not one line/],
    [{ status: 3, out: '', err: '' }, /status 3/],
    [{ status: 0, out: 'all well\n', err: 'pagelaw: no\n' }, /status 0, and/],
    [{ status: 1, out: '\x1b[31mred\n', err: '' }, /u001b" is printed/],
    [{ status: 2, out: '', err: 'pagelaw: \u2028\n' }, /is printed/],
  ])('%j', (ran, expected) => {
    const said = complaintOf(ran);
    if (expected) expect(said).toMatch(expected);
    else expect(said).toBeUndefined();
  });

  it('scripts', () => noComplaint(anyScript, runs));

  it('names, sizes and switches', () => noComplaint(anyChoice, runs));

  it('saved counterexamples', async () => noComplaint(await anyCounterexample(), runs));

  it('ITF traces', async () => noComplaint(await anyItf(), runs));
});

describe('scripts', () => {
  it('take no longer than they are long', () => {
    fc.assert(
      fc.property(anyGrowing, (growing) => {
        expect(slowness(takeScript, growing)).toBeUndefined();
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['linear', (text: string) => void text.split('').sort(), undefined],
    ['quadratic', (text: string) => void /^(.*?\(){2}x/.test(text.replaceAll(' ', '(')), /characters take/],
  ])('would be found to be slow: %s', (_, look, expected) => {
    const said = slowness(look, { before: '', unit: ' ', after: '' });
    if (expected) expect(said).toMatch(expected);
    else expect(said).toBeUndefined();
  });

  it('grow as asked', () => {
    expect(grown({ before: 'a', unit: 'bc', after: 'd' }, 5)).toBe('abcbcbcd\n');
  });
});
