import { describe, expect, it } from 'vitest';
import { parseScript } from '../../../src/trace/script/parse.ts';
import { system } from './sample.ts';

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
    ['tick() -> 0', { result: 'ok', value: 0 }],
    ['tick() -> ok', { result: 'ok' }],
    ['tick() -> 2', { result: 'ok', value: 2 }],
    ['tick() = 0x1000', { result: 'ok', value: 4096 }],
    ['tick() -> NULL', { result: 'ok', value: 'NULL' }],
    ['tick() -> ok (returned 2)', { result: 'ok', value: 2 }],
    ['tick()->-EPERM', { result: 'refused', errno: 'EPERM' }],
    ['tick() = -EBUSY', { result: 'refused', errno: 'EBUSY' }],
    ['tick() -> -16', { result: 'refused', errno: 'EBUSY' }],
    ['tick() = -1 (no)', { result: 'refused', errno: 'EPERM', reason: 'no' }],
    ['tick() -> -E2BIG (a block (of  2)) # why', { result: 'refused', errno: 'E2BIG', reason: 'a block (of 2)' }],
    ['tick() -> -EIO (bug #7)', { result: 'refused', errno: 'EIO', reason: 'bug #7' }],
    ['tick() -> panic (WARN: gone)', { result: 'panic', reason: 'WARN: gone' }],
    ['tick() -> disabled', { result: 'disabled' }],
  ])('%s', (text, expected) => {
    expect(call(text)?.expected).toEqual({ ...expected, warnings: [] });
  });

  it.each([
    ['tick() -> 0, WARN odd', ['odd']],
    ['tick() -> -EIO (no), WARN a, b, WARN  c  d # two', ['a, b', 'c d']],
    ['tick() -> ok, WARN', [undefined]],
    ['tick() -> ok , WARN, WARN x, WARNING', [undefined, 'x, WARNING']],
  ])('%s', (text, warnings) => {
    expect(call(text)?.expected?.warnings).toEqual(warnings);
  });

  it('may return anything without a result', () => {
    expect(call('tick() # what it will')).not.toHaveProperty('expected');
  });

  it('has values of several words, and more than one that begins alike', () => {
    expect(call('wait(for=the page)')?.command).toEqual({ kind: 'wait', for: 'the page' });
    expect(call('wait(the) -> 0')?.command).toEqual({ kind: 'wait', for: 'the' });
    expect(call('wait( the page, 2 )  ')?.command).toEqual({ kind: 'wait', for: 'the page, 2' });
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
    ['expect word=one two busy=true', [['word'], 'one two'], [['busy'], true]],
    ['expect word=one  busy=true # yes', [['word'], 'one'], [['busy'], true]],
    ['expect host[0-1]=OWNED', [['host', { from: 0, to: 1 }], 'OWNED']],
    ['expect host[1-1]=OWNED', [['host', 1], 'OWNED']],
    ['expect table.entries[1]={kind: leaf, pfn: 1}', [['table', 'entries', 1], { kind: 'leaf', pfn: 1 }]],
    ['expect table={ count :2 ,entries: [zero, leaf] }', [['table'], { count: 2, entries: ['zero', 'leaf'] }]],
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
    ['tick() : 0', 'a.script:1: : 0 after the call; a result is written -> 0 or -> -EPERM'],
    ['tick() -> EPERM', 'a.script:1: EPERM is not a result; it is 0, or what the call returns (2), -EPERM or another'],
    ['tick() ->', 'a.script:1: nothing is not a result; it is 0, or what the call returns (2), -EPERM or another'],
    ['tick() -> -EBUZY', 'a.script:1: there is no errno called EBUZY; did you mean EBUSY?'],
    ['tick() -> -200', 'a.script:1: Linux has no errno 200; one is, for example, -16, which is -EBUSY'],
    ['tick() -> -', 'a.script:1: - is not a result; it is 0,'],
    ['tick() -> 0x20000000000000', 'a.script:1: 0x20000000000000 is larger than 9007199254740991'],
    ['tick() -> 0 (fine)', 'a.script:1: 0 (fine): a success has no reason; what it returned is written -> 2'],
    ['tick() -> -EIO (no', 'a.script:1: the bracket of the reason is not closed; write -> -EPERM (reason)'],
    ['tick() -> -EIO WARN odd', 'a.script:1: WARN odd after the result; what may follow is , WARN text'],
    ['tick() -> -EIO, WORN odd', 'a.script:1: , WORN odd after the result; what may follow is , WARN text'],
    ['-> 0', 'a.script:1: -> 0 is neither a call nor an expectation; a call is, for example, host_share('],
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
    ['expect host[0=OWNED', 'a.script:1: host[0 is not a place in the state; write it as name[0].name'],
    ['expect host[1-0]=OWNED', 'a.script:1: host[1-0] ends before it begins'],
    ['expect host[0-2]=OWNED', 'a.script:1: host has the elements 0 to 1, not 2'],
    ['expect host=[OWNED,OWNED]x', 'a.script:1: x is too much; a space is missing'],
    ['expect table={count 2}', 'a.script:1: table is written {name: value, ...}'],
    ['expect table={count: 2, count: 2}', 'a.script:1: table.count is given twice'],
    [
      'expect table.entries[0]={pfn: 2}',
      'a.script:1: table.entries[0] has kinds; write {kind: zero, ...}, the kind first',
    ],
    ['init', 'a.script:1: init what? write init FIELD=VALUE'],
    ['tick()\ninit busy=true', 'a.script:2: init comes before the first call, which is in line 1'],
    ['init only[0]=4', 'a.script:1: only[0]=4 is not an integer from 0 to 3'],
    ['init table.entries[0]=leaf', 'a.script:1: table.entries[0].pfn: the field is missing'],
    ['init table.entries[0].pfn=1', 'a.script:1: table.entries[0].pfn is not there'],
    ['show hots', 'a.script:1: there is no field of the state called hots; did you mean host?'],
    ['show host]', 'a.script:1: ] is too much; a space is missing'],
    ['show(1)', 'a.script:1: there is no call called show; there are host_share, share, set, wait, tick'],
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

describe('init sets the state', () => {
  const init = (text: string) => {
    const statement = parse(text).at(-1);
    return statement?.kind === 'init' ? statement.state : undefined;
  };
  const { initial } = system;
  it.each([
    ['init host[1]=SHARED busy=true', { host: ['OWNED', 'SHARED'], busy: true }],
    ['init host[0-1]=SHARED', { host: ['SHARED', 'SHARED'] }],
    ['init host=[SHARED, OWNED] only=3', { host: ['SHARED', 'OWNED'], only: [3] }],
    ['init busy=true\ninit word=one two', { busy: true, word: 'one two' }],
    [
      'init table: count=3 entries[0]={kind: leaf, pfn: 1, young: false}',
      {
        table: {
          count: 3,
          entries: [
            { kind: 'leaf', pfn: 1, young: false },
            { kind: 'leaf', pfn: 0, young: true },
          ],
        },
      },
    ],
    [
      'init table.entries[0]=leaf table.entries[0].young=true table.entries[0].pfn=0',
      {
        table: {
          count: 0,
          entries: [
            { kind: 'leaf', young: true, pfn: 0 },
            { kind: 'leaf', pfn: 0, young: true },
          ],
        },
      },
    ],
    // A case that it is already keeps its fields, and so does what a record does not name.
    ['init table={entries: [zero, leaf]}', {}],
    [
      'init table.entries[1]={kind: leaf, pfn: 1}',
      { table: { count: 0, entries: [{ kind: 'zero' }, { kind: 'leaf', pfn: 1, young: true }] } },
    ],
  ])('%s', (text, changed) => {
    expect(init(text)).toEqual({ ...(initial as object), ...changed });
    expect(initial).toEqual(system.initial);
  });
});

it('shows the state, or parts of it', () => {
  expect(parse('show # all\nshow host table.entries[0-1].pfn\nshow table: count entries')).toEqual([
    { kind: 'show', line: 1, paths: [] },
    { kind: 'show', line: 2, paths: [['host'], ['table', 'entries', { from: 0, to: 1 }, 'pfn']] },
    {
      kind: 'show',
      line: 3,
      paths: [
        ['table', 'count'],
        ['table', 'entries'],
      ],
    },
  ]);
});
