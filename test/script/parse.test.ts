import { describe, expect, it } from 'vitest';
import { parseScript } from '../../src/script/parse.ts';
import { array, enumOf, flag, ok, range, record, type System, variant } from '../../src/spec/index.ts';

/** Two pages, a table, and calls with arguments of every kind. */
const system: System = {
  state: record({
    host: array(enumOf('OWNED', 'SHARED'), 2),
    only: array(range(0, 3), 1),
    busy: flag,
    table: record({ count: range(0, 9), entries: array(variant({ zero: {}, leaf: { pfn: range(0, 1) } }), 2) }),
  }),
  command: variant({
    host_share: { pfn: range(0, 1), nr: enumOf(1, 2), young: flag, prot: enumOf('RWX', 'R') },
    share: { gfn: range(-1, 2) },
    set: { values: array(range(0, 3), 2) },
    tick: {},
  }),
  initial: undefined,
  step: (state) => ok(state),
};

const parse = (text: string) => parseScript(text, 'a.script', system);
const call = (text: string) => {
  const [statement] = parse(text);
  return statement?.kind === 'call' ? statement : undefined;
};
const fields = (text: string) => {
  const statement = parse(text).at(-1);
  return statement?.kind === 'expect' ? statement.fields : undefined;
};

describe('a call', () => {
  const command = { kind: 'host_share', pfn: 1, nr: 2, young: true, prot: 'R' };
  it.each([
    ['host_share(1, 2, true, R)'],
    ['host_share(pfn=1, nr=2, young=true, prot=R)'],
    ['host_share(prot=R, young=true, nr=2, pfn=1)'],
    ['host_share(1, 2, prot=R, young=true)'],
    ['  host_share ( pfn = 0x1 ,nr = 2 , young=true,prot=R )  # why'],
    ['__pkvm_host_share(1, 2, true, R)'],
  ])('%s', (text) => {
    expect(call(text)?.command).toEqual(command);
  });

  it('may have no arguments, negative numbers and lists', () => {
    expect(call('tick()')?.command).toEqual({ kind: 'tick' });
    expect(call('share(-1)')?.command).toEqual({ kind: 'share', gfn: -1 });
    expect(call('set([1, 3])')?.command).toEqual({ kind: 'set', values: [1, 3] });
    expect(call('set(values=[0,2])')?.command).toEqual({ kind: 'set', values: [0, 2] });
  });

  it.each([
    ['tick() -> 0', { result: 'ok' }],
    ['tick() -> ok', { result: 'ok' }],
    ['tick()->-EPERM', { result: 'refused', errno: 'EPERM' }],
    ['tick() -> -E2BIG (a block (of 2))', { result: 'refused', errno: 'E2BIG', reason: 'a block (of 2)' }],
    ['tick() -> panic (WARN: gone)', { result: 'panic', reason: 'WARN: gone' }],
    ['tick() -> disabled', { result: 'disabled' }],
    ['tick()', undefined],
  ])('%s', (text, expected) => {
    expect(call(text)?.expected).toEqual(expected);
  });
});

describe('an expectation', () => {
  it.each([
    ['expect host[1]=SHARED busy=true', [['host', 1], 'SHARED'], [['busy'], true]],
    ['expect host=[OWNED, SHARED] only[0]=3', [['host'], ['OWNED', 'SHARED']], [['only', 0], 3]],
    ['expect table: count=2 entries[0]=leaf', [['table', 'count'], 2], [['table', 'entries', 0], 'leaf']],
    ['expect table.entries[1]: pfn=1', [['table', 'entries', 1, 'pfn'], 1]],
    [
      'expect table.entries=[zero,leaf]',
      [
        ['table', 'entries'],
        ['zero', 'leaf'],
      ],
    ],
    ['expect only=2', [['only', 0], 2]],
    ['host_share(1, 1, true, R)\nshare(0)\nexpect host=SHARED', [['host', 1], 'SHARED']],
  ])('%s', (text, ...expected) => {
    expect(fields(text)?.map(({ path, value }) => [path, value])).toEqual(expected);
  });
});

it('counts lines, keeps comments that have a line to themselves, and skips what is empty', () => {
  expect(parse('\n# phase one\r\n#\n   \ntick() # not this\n')).toEqual([
    { kind: 'heading', line: 2, text: 'phase one' },
    { kind: 'call', line: 5, command: { kind: 'tick' } },
  ]);
});

describe('what cannot be read is said in one line, with its number', () => {
  const form = 'host_share(pfn, nr, young, prot)';
  it.each([
    ['', 'a.script:1: there is no call; a line is, for example, host_share(pfn=0,nr=1,young=false,prot=RWX) -> 0'],
    ['tick()\n\nhost_shaer(1)', 'a.script:3: there is no call called host_shaer; did you mean host_share?'],
    ['__pkvm_host_shaer(1)', 'a.script:1: there is no call called host_shaer; did you mean host_share?'],
    ['host_share 1', `a.script:1: host_share is not followed by its arguments; write ${form}`],
    ['host_share(1, 2', `a.script:1: a bracket is not closed; write ${form}`],
    ['host_share(1, 2, true)', `a.script:1: prot is missing; write ${form}`],
    ['host_share(1, 2, true, R, 5)', `a.script:1: 5 is one argument too many; write ${form}`],
    ['host_share(pfn=1, 2)', `a.script:1: 2 has no name but follows an argument that has; write ${form}`],
    ['host_share(1, pfn=1)', `a.script:1: pfn is given twice; write ${form}`],
    ['host_share(1, nrr=1)', 'a.script:1: there is no argument of host_share called nrr; did you mean nr?'],
    ['host_share(2, 1, true, R)', 'a.script:1: pfn=2 is not an integer from 0 to 1'],
    ['host_share(, 1, true, R)', 'a.script:1: pfn= is not an integer from 0 to 1'],
    ['host_share(1, 3, true, R)', 'a.script:1: there is no value of nr called 3; did you mean 1?'],
    ['host_share(1, 1, yes, R)', 'a.script:1: there is no value of young called yes; there are false, true'],
    ['set([1])', 'a.script:1: values is an array of 2; write [v, ...] for all of it, or values[0]=v'],
    ['tick() = 0', 'a.script:1: = 0 after the call; a result is written -> 0 or -> -EPERM'],
    ['tick() -> EPERM', 'a.script:1: EPERM is not a result; it is 0, -EPERM or another errno, panic or disabled'],
    ['tick() ->', 'a.script:1: nothing is not a result; it is 0, -EPERM or another errno, panic or disabled'],
    ['-> 0', 'a.script:1: -> 0 is neither a call nor an expect; a call is, for example, host_share('],
    ['expect', 'a.script:1: expect what? write expect FIELD=VALUE'],
    ['expect host[0]', 'a.script:1: host[0] is not FIELD=VALUE, without spaces'],
    ['expect hots[0]=OWNED', 'a.script:1: there is no field of the state called hots; did you mean host?'],
    ['expect host[2]=OWNED', 'a.script:1: host has the elements 0 to 1, not 2'],
    ['expect host.x=OWNED', 'a.script:1: host is an array of 2; write host[0].x'],
    ['expect host[0]=OWEND', 'a.script:1: there is no value of host[0] called OWEND; did you mean OWNED?'],
    [
      'expect host=OWNED',
      'a.script:1: host is an array, and no call has named one of its 2 elements as pfn; write host[0]=',
    ],
    ['expect busy[0]=true', 'a.script:1: busy is not an array'],
    ['expect table=2', 'a.script:1: table is a record; name one of its fields: count, entries'],
    [
      'expect table.entries[0].pnf=1',
      'a.script:1: there is no field of table.entries[0] called pnf; did you mean pfn?',
    ],
    ['expect 0=1', 'a.script:1: 0 is not a place in the state; write it as name[0].name'],
  ])('%s', (text, message) => {
    let said = '';
    try {
      parse(text);
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said.slice(0, message.length)).toBe(message);
    expect(said).not.toContain('\n');
  });
});
