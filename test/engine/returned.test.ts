import { describe, expect, it } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import { difference } from '../../src/audit/difference.ts';
import { searchExhaustive } from '../../src/engine/explicit/exhaustive.ts';
import { searchReference } from '../../src/engine/reference/reference.ts';
import { taskOf } from '../../src/engine/task.ts';
import {
  array,
  describeCommand,
  type Model,
  type Outcome,
  ok,
  type Property,
  range,
  record,
  stepProperty,
  suite,
  update,
  variant,
} from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { tiny } from './tiny.ts';

interface Count {
  readonly n: number;
}
type Call = { readonly kind: 'tick' } | { readonly kind: 'get' };

/** Counts to 3 and begins again. `get` says how far it is, and changes nothing; it says so as `returned` has it. */
const counting = (returned: (n: number) => number | string | undefined): Model<Count, Call> =>
  tiny('counting', {
    state: record({ n: range(0, 3) }),
    command: variant({ tick: {}, get: {} }),
    initial: { n: 0 },
    step: (state: Count, { kind }: Call): Outcome<Count> =>
      kind === 'get' ? ok(state, returned(state.n)) : ok(update(state, (draft) => void (draft.n = (draft.n + 1) % 4))),
  });

const returns = (
  model: Model<Count, Call>,
  id: string,
  isRight: (value: number | string | undefined) => boolean,
): Property =>
  stepProperty(model, {
    id,
    statement: 'What get() returns is right.',
    source: '',
    // The value alone: nothing else tells the calls apart.
    holds: ({ command, outcome }) => command.kind !== 'get' || outcome.result !== 'ok' || isRight(outcome.value),
  });

const verdicts = async (model: Model<Count, Call>, properties: readonly Property[]) => {
  const task = taskOf(model as never, scopeOf(model as never), properties);
  const both = [await searchReference(task), await searchExhaustive(task)].map(({ judged }) =>
    judged.map(({ verdict }) =>
      verdict.kind === 'violated' && verdict.trace
        ? verdict.trace.commands.map(describeCommand).join(' ')
        : verdict.kind,
    ),
  );
  expect(both[1]).toEqual(both[0]);
  return both[0];
};

describe('the value that a call returns', () => {
  it('is judged, by both searches alike, and for each value there is', async () => {
    const model = counting((n) => n);
    const properties = [0, 1, 2, 3, 4].map((most) => returns(model, `below-${most}`, (value) => Number(value) < most));
    expect(await verdicts(model, properties)).toEqual([
      'get()',
      'tick() get()',
      'tick() tick() get()',
      'tick() tick() tick() get()',
      'proved',
    ]);
  });

  it('is what tells two calls apart that do the same otherwise', async () => {
    const model = counting((n) => (n === 3 ? 'NULL' : n === 2 ? undefined : 7));
    const is = (id: string, ...allowed: (number | string | undefined)[]) =>
      returns(model, id, (value) => allowed.includes(value));
    expect(
      await verdicts(model, [is('all', 7, undefined, 'NULL'), is('number', 7, undefined), is('some', 7, 'NULL')]),
    ).toEqual(['proved', 'tick() tick() tick() get()', 'tick() tick() get()']);
  });

  it('is a result of its own for the coverage and in the tables of the audit', async () => {
    const model = counting((n) => (n < 2 ? 1 : 2));
    const { coverage } = await searchExhaustive(taskOf(model as never, scopeOf(model as never), []));
    expect(coverage.get('get')?.results).toEqual(
      new Map([
        ['ok (returned 1)', 2],
        ['ok (returned 2)', 2],
      ]),
    );
    const { tables } = await audit(model as never, {}, { inFull: true });
    const rules = tables.find(({ command }) => command === 'get')?.rules;
    expect(rules?.map(({ result }) => result)).toEqual(
      expect.arrayContaining([
        { kind: 'ok', value: 1, warnings: [] },
        { kind: 'ok', value: 2, warnings: [] },
      ]),
    );
  });

  it('is a difference of two versions', async () => {
    const side = (of: Model<Count, Call>) => ({
      suite: suite({ model: of, properties: [], violates: { only: [] } }),
      choices: {},
    });
    const [one, same, other] = [counting((n) => n), counting((n) => n), counting((n) => (n === 3 ? 0 : n))].map(side);
    expect((await difference(one!, same!)).cases).toEqual([]);
    const { cases } = await difference(one!, other!);
    expect(cases.map(({ example: { before, a, b } }) => ({ before, a, b }))).toMatchObject([
      { before: { n: 3 }, a: { result: 'ok', value: 3 }, b: { result: 'ok', value: 0 } },
    ]);
  });

  it('takes part in symmetry: the number of a part that may be exchanged for another is none', async () => {
    interface Slots {
      readonly slots: readonly number[];
    }
    const slots = (returned: (state: Slots, at: number) => number) =>
      tiny('slots', {
        state: record({ slots: array(range(0, 1), 3) }),
        command: variant({ set: { at: range(0, 2) }, get: { at: range(0, 2) } }),
        initial: { slots: [0, 0, 0] },
        symmetry: [{ arrays: ['slots'], names: ['at'] }],
        step: (state: Slots, { kind, at }: { readonly kind: string; readonly at: number }) =>
          kind === 'get' ? ok(state, returned(state, at)) : ok(update(state, (draft) => void (draft.slots[at] = 1))),
      });
    const search = (model: ReturnType<typeof slots>) =>
      searchExhaustive(taskOf(model as never, scopeOf(model as never), []));
    expect((await search(slots((state, at) => state.slots[at]!))).covered.states).toBe(4);
    await expect(search(slots((_, at) => at))).rejects.toThrow(/symmetry|exchang/);
  });
});
