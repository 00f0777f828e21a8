import { describe, expect, it } from 'vitest';
import { describeOutcome, ok, refuse, warn } from '../../src/spec/index.ts';
import { misfitOfOutcome, withState } from '../../src/system/outcome.ts';

const state = { n: 1 };

describe('the value of a success', () => {
  it.each([[0], [1], [Number.MAX_SAFE_INTEGER], ['NULL'], ['page_1'], ['_']])('may be %s', (value) => {
    const outcome = ok(state, value);
    expect(misfitOfOutcome(outcome)).toBeUndefined();
    expect(describeOutcome(warn(outcome, 'odd'))).toBe(`ok (returned ${value}), WARN odd`);
    expect(withState(outcome, state)).toEqual(outcome);
  });

  it('may be left out, and is no field then', () => {
    expect(ok(state)).toEqual({ result: 'ok', state, warnings: [] });
    expect(Object.keys(withState(ok(state), state))).toEqual(['result', 'state', 'warnings']);
    expect(describeOutcome(ok(state))).toBe('ok');
  });

  it('is 0 for -0', () => {
    expect(withState(ok(state, -0), state)).toEqual(ok(state, 0));
  });

  // What a script could not tell from a number, or from another result, is none.
  it.each([
    [-1, '-1'],
    [0.5, '0.5'],
    [Number.NaN, 'NaN'],
    [2 ** 53, '9007199254740992'],
    ['', '""'],
    ['7', '"7"'],
    ['two words', '"two words"'],
    ['a\nb', '"a\\nb"'],
    ['ok', '"ok"'],
    ['panic', '"panic"'],
    ['EBUSY', '"EBUSY"'],
    [{}, '{}'],
    [null, 'null'],
    [1n, '1n'],
    [undefined, 'undefined'],
  ])('is not %s', (value, shown) => {
    expect(misfitOfOutcome({ result: 'ok', state, warnings: [], value })).toBe(
      `returned the value ${shown}; a value is a number from 0 on, or a name of letters, digits and underscores`,
    );
  });

  it('is none of a refusal', () => {
    expect(misfitOfOutcome({ ...refuse(state, 'EPERM', 'no'), value: 1 })).toBe(
      'returned an outcome (refused) with the field value; it has only result, state, warnings, errno, reason',
    );
  });
});
