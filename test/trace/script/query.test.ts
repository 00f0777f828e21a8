import { describe, expect, it } from 'vitest';
import { ok, panic, refuse, warn } from '../../../src/spec/index.ts';
import { asksForCall, matchesState, matchesStep } from '../../../src/trace/query.ts';
import { parseQuery } from '../../../src/trace/script/query.ts';
import { system } from './sample.ts';

const condition = (text: string) => parseQuery(text, system).condition;
const initial = system.initial;
const share = { kind: 'host_share', pfn: 1, nr: 2, young: true, prot: 'R' } as const;

describe('a query of a state', () => {
  it.each([
    ['host[0]=OWNED', true],
    ['host[0]=OWNED host[1]=SHARED', false],
    ['host[0-1]=OWNED', true],
    ['only=0', true],
    ['table: count=0 entries[1]=leaf', true],
    ['table: entries[1]={kind: leaf, young: false}', false],
    ['table.entries[0].young=false', false],
    ['not table.entries[0].young=false', true],
    ['word=one two', false],
    ['not (host[0]=SHARED or busy=true) and (word=one)', true],
    ['busy=true or busy=false and host[0]=SHARED', false],
    ['(busy=true or busy=false) and host[0]=OWNED # a comment', true],
  ])('%s', (text, expected) => {
    expect(asksForCall(condition(text))).toBe(false);
    expect(matchesState(condition(text), initial)).toBe(expected);
  });
});

describe('a query of a call', () => {
  const refused = { before: initial, command: share, outcome: refuse(initial, 'EPERM', 'not (yet) owned') };
  const warned = { before: initial, command: share, outcome: warn(ok(initial, 2), 'pa != phys; #3') };
  const stopped = { before: initial, command: { kind: 'tick' }, outcome: panic(initial, 'BUG') };
  it.each([
    ['host_share -> -EPERM', refused, true],
    ['host_share(1) -> -1', refused, true],
    ['host_share(prot=R, pfn=1)', refused, true],
    ['host_share(pfn=0)', refused, false],
    ['__pkvm_host_share(young=true) -> -EPERM (not (yet) owned)', refused, true],
    ['host_share -> -EPERM (something else)', refused, false],
    ['(host_share -> -EPERM) and host[0]=OWNED', refused, true],
    ['host_share and host[0]=SHARED', refused, false],
    ['not -> -EPERM', refused, false],
    ['host_share -> 2 and WARN', warned, true],
    ['(WARN "pa != phys; #3")', warned, true],
    ['WARN "phys"', warned, true],
    ['WARN "else"', warned, false],
    ['-> ok', warned, true],
    ['-> 0', warned, false],
    ['tick() -> panic', stopped, true],
    ['-> panic (BUG) or WARN', stopped, true],
    ['WARN', stopped, false],
  ])('%s', (text, step, expected) => {
    expect(asksForCall(condition(text))).toBe(true);
    expect(matchesStep(condition(text), step)).toBe(expected);
  });
});

it('reads the calls to begin after', () => {
  expect(parseQuery('busy=true after tick(); share(gfn=-1)', system).after).toEqual([
    { kind: 'tick' },
    { kind: 'share', gfn: -1 },
  ]);
});

it.each([
  ['', 'nothing is no condition; one is, for example, host_share(pfn=0, nr=1, young=false, prot=RWX) -> 0'],
  ['host=OWNED', 'host is an array of 2; write host[0]=, or host[0-1]='],
  ['host[2]=OWNED', 'host has the elements 0 to 1, not 2'],
  ['host[0]=OWNE', 'there is no value of host[0] called OWNE; did you mean OWNED?'],
  ['hots[0]=OWNED', 'there is no field of the state called hots; did you mean host?'],
  ['busy', 'what is busy to be? write busy=VALUE, without spaces'],
  ['hst_share', 'there is no call or field called hst_share; did you mean host_share?'],
  ['host_share(pfm=1)', 'there is no argument of host_share called pfm; did you mean pfn?'],
  ['host_share(pfn=7)', 'pfn=7 is not an integer from 0 to 1'],
  ['tick -> -EPER', 'there is no errno called EPER; did you mean EPERM?'],
  ['tick -> disabled', 'a call that is disabled is none, so none can be found; ask for the state in which it is'],
  ['(tick', 'a bracket is not closed'],
  ['tick)', ') is too much; conditions are joined by and, or, and end with after CALLS'],
  ['tick andd busy=true', 'andd busy=true is too much; conditions are joined by and, or, and end with after CALLS'],
  ['WARN "x', 'the text of the WARN has no closing quote; write WARN "text"'],
  ['WARN ""', 'WARN "" has no text; write WARN for any'],
  ['tick after', 'after what? write after host_share(pfn=0, nr=1, young=false, prot=RWX), and ; between several calls'],
  ['tick after share', 'share is not followed by its arguments; write share(gfn)'],
  ['tick\nbusy=true', 'a query is one line'],
])('refuses %j', (text, message) => {
  expect(() => parseQuery(text, system)).toThrow(message);
});
