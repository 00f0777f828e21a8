import { describe, expect, it } from 'vitest';
import {
  array,
  type Command,
  defineModel,
  disabled,
  enumOf,
  flag,
  type Model,
  ok,
  range,
  record,
  refuse,
  variant,
} from '../../../src/spec/index.ts';
import { scopeOf } from '../../../src/system/scope.ts';
import { systemOf } from '../../../src/system/system.ts';
import { openTrace } from '../../../src/trace/open.ts';
import { statementText } from '../../../src/trace/script/write.ts';

const entry = variant({ zero: {}, leaf: { pfn: range(0, 2) } });
interface State {
  readonly owner: readonly ('host' | 'hyp')[];
  readonly dirty: readonly boolean[];
  readonly entry: { readonly kind: 'zero' } | { readonly kind: 'leaf'; readonly pfn: number };
  readonly ticks: number;
}

/** Three pages that the host gives away and gets back, an entry, a counter. */
const pages = defineModel({
  id: 'pages',
  title: '',
  sources: [],
  config: { most: { default: 3, min: 1, max: 3, doc: 'ticks' } },
  switches: { checks: 'donate() looks at the owner' },
  variants: { fixed: { doc: '', switches: { checks: true } }, before: { doc: '', switches: {} } },
  defaultVariant: 'fixed',
  system: ({ most }) => ({
    state: record({ owner: array(enumOf('host', 'hyp'), 3), dirty: array(flag, 3), entry, ticks: range(0, most) }),
    command: variant({
      donate: { pfn: range(0, 2) },
      reclaim: { pfn: range(0, 2) },
      map: { pfn: range(0, 2) },
      tick: {},
    }),
    initial: {
      owner: ['host', 'host', 'host'],
      dirty: [false, false, false],
      entry: { kind: 'zero' },
      ticks: 0,
    } as State,
    step: (state: State, command: Command) => {
      const pfn = Number(Reflect.get(command, 'pfn'));
      if (command.kind === 'tick')
        return state.ticks < most ? ok({ ...state, ticks: state.ticks + 1 }) : disabled(state, '');
      if (command.kind === 'map') return ok({ ...state, entry: { kind: 'leaf' as const, pfn } });
      const [from, to] = command.kind === 'donate' ? (['host', 'hyp'] as const) : (['hyp', 'host'] as const);
      if (state.owner[pfn] !== from) return refuse(state, 'EPERM', 'of another owner');
      return ok({ ...state, owner: state.owner.with(pfn, to), dirty: state.dirty.with(pfn, true) });
    },
  }),
}) as unknown as Model;

const scope = scopeOf(pages);
const system = systemOf(pages, scope);
const open = (json: unknown) => openTrace(new TextEncoder().encode(JSON.stringify(json)), 'a.itf.json');
const read = (json: unknown) => open(json).read(scope, system);
/** As a script has them, without the observations. */
const calls = (json: unknown) =>
  read(json)
    .statements.filter(({ kind }) => kind !== 'expect')
    .map(statementText);
const big = (n: number) => ({ '#bigint': String(n) });

describe('a trace that another tool has written', () => {
  it('has every form of a value', () => {
    const states = [
      { owner: ['host', 'host', 'host'], dirty: { '#set': [] }, entry: 'zero', ticks: big(0) },
      {
        owner: {
          '#map': [
            [big(2), 'host'],
            [big(0), 'hyp'],
            [big(1), 'host'],
          ],
        },
        dirty: { '#set': [big(0)] },
        entry: { tag: 'zero', value: { '#tup': [] } },
        ticks: 0,
      },
      {
        owner: { '#tup': ['hyp', 'host', 'host'] },
        dirty: {
          '#map': [
            [0, true],
            [1, false],
            [2, false],
          ],
        },
        entry: { tag: 'leaf', value: { pfn: big(2) } },
        ticks: big(0),
      },
      { owner: ['hyp', 'host', 'host'], dirty: [true, false, false], entry: { kind: 'leaf', pfn: 2 }, ticks: 1 },
    ];
    expect(calls({ vars: Object.keys(states[0]!), states })).toEqual(['donate(pfn=0)', 'map(pfn=2)', 'tick()']);
    expect(read({ states }).statements.at(-1)).toEqual({
      kind: 'expect',
      line: 3,
      fields: [
        { path: ['owner'], value: ['hyp', 'host', 'host'] },
        { path: ['dirty'], value: [true, false, false] },
        { path: ['entry'], value: { kind: 'leaf', pfn: 2 } },
        { path: ['ticks'], value: 1 },
      ],
    });
  });

  it('of Quint names its actions and what they picked, within a module and beside variables of its own', () => {
    const state = (ticks: number, action: string, pfn?: number) => ({
      '#meta': { index: 0 },
      'pages::ticks': big(ticks),
      'pages::history': { '#set': [{ '#unserializable': 'x' }] },
      'mbt::actionTaken': action,
      'mbt::nondetPicks': {
        pfn: pfn === undefined ? { tag: 'None', value: { '#tup': [] } } : { tag: 'Some', value: big(pfn) },
        other: { tag: 'Some', value: big(7) },
      },
    });
    const states = [
      state(0, 'init'),
      state(0, 'donate', 1),
      state(0, 'donate', 1),
      state(1, 'step'),
      state(1, 'reclaim', 1),
    ];
    expect(calls({ '#meta': { varTypes: {} }, params: [], states })).toEqual([
      ...['donate(pfn=1)', 'donate(pfn=1)', 'tick()', 'reclaim(pfn=1)'],
    ]);
  });

  it('may leave fields out: any way through the states that it has is right', () => {
    // The first two states say nothing of the pages; only a donation of page 2 leads on to the third.
    const states = [
      { ticks: 0 },
      { dirty: { '#set': [2] } },
      { ticks: 1 },
      { owner: ['host', 'host', 'host'], ticks: 1 },
    ];
    expect(calls({ states })).toEqual(['donate(pfn=2)', 'tick()', 'reclaim(pfn=2)']);
  });

  it('may begin in another state, and stutter', () => {
    const states = [2, 2, 2, 3].map((ticks) => ({ ticks }));
    expect(calls({ states })).toEqual(['init ticks=2', 'tick()']);
  });

  it('that loops gets the call back to where the loop begins', () => {
    const states = [{ owner: ['host', 'host', 'host'] }, { owner: ['hyp', 'host', 'host'] }];
    expect(calls({ states, loop: 0 })).toEqual(['donate(pfn=0)', 'reclaim(pfn=0)']);
  });

  it('says nothing of the model, unless pagelaw has written it', () => {
    expect(open({ states: [{ ticks: 0 }] })).toMatchObject({ format: 'ITF' });
    expect(open({ states: [{ ticks: 0 }] }).model).toBeUndefined();
    const ours = open({ '#meta': { 'pagelaw::model': 'pages@before most=2 checks=true' }, states: [{ ticks: 0 }] });
    expect([ours.model, ours.variant, ours.settingsFor(pages)]).toEqual([
      'pages',
      'before',
      { config: { most: 2 }, switches: { checks: true } },
    ]);
  });

  it.each([
    ['no state', { states: [] }, 'states: Invalid length: Expected >=1 but received 0'],
    ['no list of states', { states: 7 }, 'states: Invalid type: Expected Array but received 7'],
    ['a loop to nowhere', { states: [{ ticks: 0 }], loop: 1 }, 'loop: 1 is not the index of one of the 1 states'],
    [
      'a later version',
      { '#meta': { 'pagelaw::version': '2' }, states: [{}] },
      'it has version 2, from a newer pagelaw; this one reads version 1',
    ],
    [
      'a damaged model',
      { '#meta': { 'pagelaw::model': '@' }, states: [{}] },
      '@ is not a model; write model NAME or model NAME@VARIANT',
    ],
    [
      'a value outside',
      { states: [{ ticks: big(9) }] },
      'states[0]: ticks is {"#bigint":"9"}, and not an integer from 0 to 3',
    ],
    [
      'an unknown name',
      { states: [{ owner: ['host', 'tee', 'hyp'] }] },
      'states[0]: owner[1] is "tee", and not one of host, hyp',
    ],
    [
      'too few elements',
      { states: [{ owner: ['host'] }] },
      'states[0]: owner is ["host"], and not an array of 3, or a map from 0 to 2',
    ],
    [
      'a set with more',
      { states: [{ dirty: { '#set': [3] } }] },
      'states[0]: dirty has the element 3, and its indices are 0 to 2',
    ],
    [
      'an unknown kind',
      { states: [{ entry: { tag: 'block', value: {} } }] },
      'states[0]: entry is {"tag":"block","value":{}}, and not one of zero, leaf',
    ],
    [
      'an unknown field',
      { states: [{ entry: { kind: 'leaf', ppn: 1 } }] },
      'states[0]: entry has the field "ppn"; the model has pfn there',
    ],
    [
      'an impossible call',
      { states: [{}, { 'pagelaw::call': 'donate(pfn=7)' }] },
      'states[1]: pfn=7 is not an integer from 0 to 2',
    ],
    [
      'a result that is none',
      { states: [{}, { 'pagelaw::call': 'tick()', 'pagelaw::result': 'not fine' }] },
      'states[1]: not fine is not a result; it is 0, or what the call returns (2), -EPERM',
    ],
    [
      'a jump',
      { states: [{ ticks: 0 }, { ticks: 1 }, { ticks: 3 }] },
      'states[2]: no call of pages@fixed leads there from the state before, where ticks is 1',
    ],
    [
      'an action that does otherwise',
      { states: [{ ticks: 0 }, { ticks: 1, 'mbt::actionTaken': 'map' }] },
      'states[1]: no call "map" of pages@fixed leads there from the state before, where ticks is 0',
    ],
  ])('with %s is refused', (_, json, message) => {
    expect(() => {
      const file = open(json);
      file.settingsFor(pages);
      file.read(scope, system);
    }).toThrow(`a.itf.json is not an ITF trace that can be read: ${message}`);
  });
});
