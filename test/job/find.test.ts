import { describe, expect, it } from 'vitest';
import { suites } from '../../properties/index.ts';
import { check } from '../../src/job/check.ts';
import { type Answer, askedOf, find, type Question } from '../../src/job/find.ts';
import { answerWords } from '../../src/report/find.ts';
import {
  array,
  describeCommand,
  enumOf,
  type Model,
  ok,
  panic,
  range,
  record,
  refuse,
  type Suite,
  suite,
  update,
  variant,
  warn,
} from '../../src/spec/index.ts';
import { fieldsOf, traceOf } from '../../src/trace/record.ts';
import { callText, resultText, statementText } from '../../src/trace/script/write.ts';
import { callsOf } from '../../src/trace/trace.ts';
import { tiny } from '../engine/tiny.ts';

const page = enumOf('free', 'mapped', 'pinned');
/** Three pages that are alike; a second pin fails, a third WARNs, the fourth panics. */
const pages: Model = tiny('pages', {
  state: record({ page: array(page, 3), pins: range(0, 3) }),
  command: variant({ map: { pfn: range(0, 2) }, pin: { pfn: range(0, 2) } }),
  initial: { page: ['free', 'free', 'free'], pins: 0 },
  symmetry: [{ arrays: ['page'], names: ['pfn'] }],
  step: (state: { page: ('free' | 'mapped' | 'pinned')[]; pins: number }, command: { kind: string; pfn: number }) => {
    const { kind, pfn } = command;
    if (kind === 'map')
      return state.page[pfn] === 'free'
        ? ok(
            update(state, (draft) => {
              draft.page[pfn] = 'mapped';
            }),
          )
        : refuse(state, 'EBUSY', 'not free');
    if (state.page[pfn] !== 'mapped') return refuse(state, 'EINVAL', 'not mapped');
    if (state.pins === 2) return panic(state, 'too many pins');
    const after = update(state, (draft) => {
      draft.page[pfn] = 'pinned';
      draft.pins++;
    });
    return state.pins === 1 ? warn(ok(after), 'second pin') : ok(after);
  },
} as never);
const found = (
  query: string,
  question: Partial<Question> = {},
  limits = {},
  of: Suite = suite({ model: pages, properties: [] }),
) => find(askedOf(of, {}, { query, seed: 1, ...question }), limits);
const callsIn = ({ ways }: Answer) => ways.map(({ steps }) => steps.map(({ command }) => describeCommand(command)));

describe('finds the shortest calls', () => {
  it('to a state that names a page, whichever of those that are alike it is', async () => {
    for (const pfn of [0, 1, 2]) {
      const answer = await found(`page[${pfn}]=pinned`);
      expect(callsIn(answer)).toEqual([[`map(pfn=${pfn})`, `pin(pfn=${pfn})`]]);
    }
    // The same search with symmetry sees fewer states.
    const { covered } = await check(suite({ model: pages, properties: [] }), {}, { kind: 'exhaustive' });
    expect((await found('pins=3')).result.covered.states).toBeGreaterThan(covered.states!);
  });

  it('to a state that is the first one: none', async () => {
    const answer = await found('pins=0');
    expect(callsIn(answer)).toEqual([[]]);
    expect(answerWords(answer)).toBe('Found: the initial state matches.');
  });

  it('to a call', async () => {
    expect(callsIn(await found('pin(pfn=2) -> -EINVAL and page[2]=pinned'))).toEqual([
      ['map(pfn=2)', 'pin(pfn=2)', 'pin(pfn=2)'],
    ]);
    const [calls] = callsIn(await found('-> panic'));
    expect(calls).toHaveLength(6);
    expect((await found('WARN "second"')).ways[0]?.steps.at(-1)?.outcome.warnings).toEqual(['second pin']);
  });

  it('after calls', async () => {
    const answer = await found('pins=1 after map(pfn=1)');
    expect(callsIn(answer)).toEqual([['map(pfn=1)', 'pin(pfn=1)']]);
    expect(answerWords(answer)).toBe('Found: 1 call after the first 1 call, and no shorter way.');
  });

  it('to each result', async () => {
    const answer = await found('pin', { all: true });
    expect(answer.ways.map(({ result, steps }) => [result, steps.length])).toEqual([
      ['pin: EINVAL not mapped', 1],
      ['pin: ok', 2],
      ['pin: WARN second pin', 4],
      ['pin: panic too many pins', 6],
    ]);
    expect(callsIn(await found('pin(pfn=1) -> 0 and pins=0', { all: true }))).toEqual([['map(pfn=1)', 'pin(pfn=1)']]);
  });
});

describe('says that nothing matches', () => {
  it('only where every state was seen', async () => {
    const none = await found('pins=3');
    expect([none.kind, none.ways, none.result.crossCheck]).toMatchObject(['none', [], {}]);
    const whole = none.result.covered.states!;
    const bounded = await found('pins=3', {}, { maxStates: whole - 1 });
    expect([bounded.kind, bounded.result.bound?.kind]).toEqual(['incomplete', 'states']);
    expect(answerWords(bounded)).toMatch(/^Not found; incomplete \(stopped at /);
  });

  it('of what lies behind the calls that it begins after, and no more', async () => {
    const answer = await found('page[0]=free after map(0)');
    expect(answerWords(answer)).toMatch(/^None does: proved by exhaustive search, for .* after the first 1 call\.$/);
    expect((await found('page[0]=free')).kind).toBe('found');
  });

  it('the same with any number of threads', async () => {
    const { result: one, ...first } = await found('-> panic');
    const { result: two, ...second } = await found('-> panic', {}, { workers: 2, callsWorthSharing: 0 });
    expect(second).toEqual(first);
    expect(two.covered).toEqual(one.covered);
  });
});

it.each([
  ['pins=1 after map(pfn=0); pin(pfn=3)', 'pfn=3 is not an integer from 0 to 2'],
  [
    '-> 0 after map(0); map(1); map(2); pin(0); pin(1); pin(2)',
    'after: the last call panics, and nothing can follow a panic',
  ],
])('refuses %s', (query, message) => {
  expect(() => askedOf(suite({ model: pages, properties: [] }), {}, { query })).toThrow(message);
});

it('shows each result of calls only', () => {
  expect(() => askedOf(suite({ model: pages, properties: [] }), {}, { query: 'pins=1', all: true })).toThrow(
    '--all is for queries that ask for a call',
  );
});

describe('agrees with the search of witnesses', () => {
  const small = ['shadow-reuse', 'mte-faults'];
  it.each(suites.filter(({ model }) => small.includes(model.id)).map((one) => [one.model.id, one] as const))(
    '%s',
    async (_, one) => {
      const { properties, scope } = await check(one, {}, { kind: 'exhaustive' });
      const reached = properties.flatMap(({ property, verdict }) =>
        property.witness && verdict.kind === 'proved' && verdict.trace ? [{ property, ...verdict.trace }] : [],
      );
      expect(reached.length).toBeGreaterThan(0);
      // A witness's own end as a query: it is found in as many calls, by a search without symmetry.
      const [{ property, commands }] = [reached.toSorted((a, b) => b.commands.length - a.commands.length)[0]!];
      const { steps } = (await found(queryFor(commands.map(callText)), {}, {}, one)).ways[0]!;
      const last = steps.at(-1)!;
      const state = (of: unknown) => statementText({ kind: 'expect', line: 0, fields: fieldsOf(of) }).slice(7);
      const call = callsOf(traceOf(scope, steps)).at(-1)!;
      const query =
        property.on === 'call'
          ? `${callText(call.command)} -> ${resultText({ ...call.expected!, warnings: [] })} and ${state(last.before)}`
          : state(last.outcome.state);
      expect(callsIn(await found(query, {}, {}, one))[0]).toHaveLength(commands.length);
    },
  );
});

/** Asks for the last call after the others. */
const queryFor = (calls: readonly string[]) =>
  calls.length === 1 ? calls[0]! : `${calls.at(-1)} after ${calls.slice(0, -1).join('; ')}`;
