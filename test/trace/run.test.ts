import { describe, expect, it } from 'vitest';
import {
  array,
  type Command,
  defineModel,
  disabled,
  enumOf,
  type Model,
  ok,
  panic,
  range,
  record,
  refuse,
  SpecError,
  variant,
  warn,
} from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { scriptSystemOf } from '../../src/system/system.ts';
import { type RunOptions, runStatements } from '../../src/trace/run.ts';
import { parseScript } from '../../src/trace/script/parse.ts';

const state = record({
  n: range(0, 3),
  page: variant({ none: {}, mapped: { prot: enumOf('R', 'W') } }),
  list: array(range(0, 3), 2),
});
interface State {
  readonly n: number;
  readonly page: { readonly kind: 'none' } | { readonly kind: 'mapped'; readonly prot: 'R' | 'W' };
  readonly list: readonly number[];
}

const calls = {
  ...{ tick: {}, map: {}, crash: {}, wait: {}, take: {}, name: {}, warn: {}, warns: {}, bug: {} },
  ...{ overflow: {}, fail: {} },
};

/**
 * Counts to 3. At 3 it refuses, `map` maps, `crash` panics; `wait` is not possible at 0. `take` returns what there is, and leaves nothing;
 * `name` a name. WARNs fire in `warn` and `warns`; `overflow` and `fail` are not as a model should be.
 */
const counter = defineModel({
  id: 'counter',
  title: 'A counter',
  sources: [],
  config: {},
  switches: {},
  variants: { only: { doc: '', switches: {} } },
  defaultVariant: 'only',
  system: () => ({
    state,
    command: variant(calls),
    initial: { n: 0, page: { kind: 'none' }, list: [1, 2] } as State,
    step: (before: State, { kind }: Command) => {
      if (kind === 'take') return ok({ ...before, n: 0 }, before.n);
      if (kind === 'name') return ok(before, 'NULL');
      if (kind === 'warn') return warn(ok({ ...before, n: 2 }), 'odd count');
      if (kind === 'warns') return warn(warn(refuse(before, 'EIO', 'no root'), 'root is NULL, direct map'), 'again');
      if (kind === 'bug') return warn(panic(before, 'BUG'), 'late');
      if (kind === 'overflow') return ok({ ...before, n: 7 });
      if (kind === 'fail') throw new TypeError('no such thing');
      if (kind === 'crash') return panic(before, 'BUG');
      if (kind === 'wait') return before.n === 0 ? disabled(before, 'nothing to wait for') : ok(before);
      if (kind === 'map') return ok({ ...before, page: { kind: 'mapped' as const, prot: 'W' as const } });
      return before.n === 3 ? refuse(before, 'ERANGE', 'full') : ok({ ...before, n: before.n + 1 });
    },
  }),
}) as unknown as Model;

const ran = (text: string, options: RunOptions = {}) => {
  const scope = scopeOf(counter);
  const system = scriptSystemOf(counter, scope);
  return runStatements(parseScript(text, 'a.script', system), { scope, system }, options);
};

const run = (text: string, options: RunOptions = {}) =>
  ran(text, options).map(({ standing, problem }) => (problem === undefined ? standing : `${standing}: ${problem}`));

describe('a line is ok', () => {
  it.each([
    ['tick() -> 0\nexpect n=1'],
    ['tick()\ntick()\ntick()\ntick() -> -ERANGE\nexpect n=3'],
    ['tick()\ntick()\ntick()\ntick() -> -ERANGE (full)'],
    ['tick()\ntick()\ntick()\ntick()'],
    ['expect page=none\nmap()\nexpect page=mapped page.prot=W'],
    ['expect list=[1,2] list[1]=2'],
    ['wait() -> disabled\ntick()\nwait() -> 0'],
    ['crash() -> panic (BUG)\nexpect n=0'],
    ['tick() -> ok\nwarn() -> 0, WARN odd count\nexpect n=2'],
    ['warn() -> ok, WARN'],
    ['warns() -> -EIO, WARN root is NULL, direct map, WARN again'],
    ['warns() = -5 (no root), WARN again, WARN  root is NULL,  direct map'],
    ['warns() -> -EIO, WARN, WARN'],
    ['warns() -> -EIO, WARN, WARN again'],
    ['bug() -> panic, WARN late'],
    ['tick()\ntick()\ntake() -> 2\ntake() -> 0\nexpect n=0'],
    ['name() -> NULL\nname() -> ok\nname()\ntick()\ntake() -> ok (returned 1)'],
    ['init n=3 page={kind: mapped, prot: R}\ntick() -> -ERANGE\nexpect page={kind: mapped, prot: R} list=[1, 2]'],
    ['init list[0-1]=3\nexpect list[0-1]=3 list=[3, 3]'],
    ['show\nshow n page.prot'],
  ])('%s', (text) => {
    expect(new Set(run(text))).toEqual(new Set(['ok']));
  });
});

describe('the first line that is not as expected is the last that is run', () => {
  it.each([
    ['tick() -> -EPERM\ntick()', ['not ok: it returned 0', 'not run']],
    ['tick()\ntick()\ntick()\ntick() -> 0', ['ok', 'ok', 'ok', 'not ok: it returned -ERANGE (full)']],
    ['tick()\ntick()\ntick()\ntick() -> -EPERM', ['ok', 'ok', 'ok', 'not ok: it returned -ERANGE (full)']],
    ['tick()\ntick()\ntick()\ntick() -> -ERANGE (empty)', ['ok', 'ok', 'ok', 'not ok: it returned -ERANGE (full)']],
    ['expect n=1 list[0]=1 list[1]=1', ['not ok: n is 0, list[1] is 2']],
    ['expect list=[1,1]', ['not ok: list is [1, 2]']],
    ['expect page=mapped', ['not ok: page is none']],
    ['expect page.prot=W', ['not ok: page.prot is not there']],
    ['wait()', ['not ok: no such call can be made here (nothing to wait for)']],
    ['wait() -> 0', ['not ok: no such call can be made here (nothing to wait for)']],
    ['crash()\ntick()', ['not ok: panic (BUG)', 'not run']],
    ['warn()', ['not ok: it returned 0; unexpected WARN odd count']],
    ['warn() -> ok', ['not ok: unexpected WARN odd count']],
    ['warn() -> -EIO', ['not ok: it returned 0; unexpected WARN odd count']],
    ['warn() -> ok, WARN odd', ['not ok: unexpected WARN odd count; no WARN odd']],
    ['warn() -> ok, WARN odd count, WARN', ['not ok: no WARN']],
    ['tick() -> 0, WARN odd count', ['not ok: no WARN odd count']],
    [
      'warns()',
      ['not ok: it returned -EIO (no root); unexpected WARN root is NULL, direct map; unexpected WARN again'],
    ],
    ['warns() -> -EIO, WARN again', ['not ok: unexpected WARN root is NULL, direct map']],
    ['bug()', ['not ok: panic (BUG); unexpected WARN late']],
    ['bug() -> panic', ['not ok: unexpected WARN late']],
    ['tick()\ntake() -> 0', ['ok', 'not ok: it returned 1']],
    ['tick()\ntake() -> -EIO', ['ok', 'not ok: it returned 1']],
    ['name() -> 0', ['not ok: it returned NULL']],
    ['tick() -> 1', ['not ok: it returned 0']],
    ['expect list[0-1]=1 page={kind: none}', ['not ok: list[1] is 2']],
    ['expect page={kind: mapped, prot: W}', ['not ok: page is {kind: none}']],
    ['crash() -> panic\nexpect n=0\ntick()\ntick()', ['ok', 'ok', 'not ok: nothing can follow a panic', 'not run']],
    ['# a\ntick() -> -EPERM\n# b\ntick()', ['ok', 'not ok: it returned 0', 'not run', 'not run']],
  ])('%s', (text, expected) => {
    expect(run(text)).toEqual(expected);
  });
});

it('judges every line if it keeps going, from the state that was reached', () => {
  expect(run('tick() -> -EIO\nexpect n=2\nwarn()\nexpect n=2', { keepsGoing: true })).toEqual([
    'not ok: it returned 0',
    'not ok: n is 1',
    'not ok: it returned 0; unexpected WARN odd count',
    'ok',
  ]);
  expect(run('wait()\ntick() -> 0\ncrash()\ntick()\nexpect n=1\ntick() -> -EIO', { keepsGoing: true })).toEqual([
    'not ok: no such call can be made here (nothing to wait for)',
    'ok',
    'not ok: panic (BUG)',
    'not ok: nothing can follow a panic',
    'ok',
    'not ok: nothing can follow a panic',
  ]);
});

it('says what the model fails at, after what was found by then', () => {
  const failed = (text: string) => ran(text, { keepsGoing: true }).map(({ problem, isBroken }) => [isBroken, problem]);
  const end = [undefined, 'nothing can follow a call that the model fails at'];
  expect(failed('tick()\nfail()\nexpect n=1\ntick()')).toEqual([
    [undefined, undefined],
    [true, expect.stringMatching(/^counter@only: fail\(\) threw TypeError: no such thing at /)],
    [undefined, undefined],
    end,
  ]);
  expect(failed('overflow() -> 0\ntick()')).toEqual([
    [true, "counter@only: overflow() leaves the state's domain at n: 7 is not an integer from 0 to 3"],
    end,
  ]);
  const draw = () => {
    throw new SpecError('counter: draw() threw');
  };
  expect(ran('tick()\nshow', { draw }).map(({ problem }) => problem)).toEqual([undefined, 'counter: draw() threw']);
});

it('shows the state as it is then', () => {
  const draw = (state: unknown) => [{ title: JSON.stringify(state), columns: [], lines: [] }];
  const state = { n: 1, page: { kind: 'none' }, list: [1, 2] };
  expect(ran('tick()\nshow\ntick()\nshow page.prot list[0-1] n', { draw }).map(({ shown }) => shown)).toEqual([
    undefined,
    { of: 'state', state, drawings: draw(state) },
    undefined,
    {
      of: 'parts',
      parts: [
        { name: 'page.prot', value: undefined },
        { name: 'list[0]', value: 1 },
        { name: 'list[1]', value: 2 },
        { name: 'n', value: 2 },
      ],
    },
  ]);
});

it('names a few of many fields that are wrong', () => {
  expect(run(`expect${' n=1'.repeat(8)}`)).toEqual([
    `not ok: ${Array(5).fill('n is 0').join(', ')} (and 3 more are wrong)`,
  ]);
});

it('gives the model the one form of a state that init has made', () => {
  const [first] = ran('init page=mapped page.prot=R\nmap()').filter(({ outcome }) => outcome);
  expect(first?.outcome?.state).toEqual({ n: 0, page: { kind: 'mapped', prot: 'W' }, list: [1, 2] });
  const [kept] = ran('init list[1]=3 n=1\nname()').filter(({ outcome }) => outcome);
  expect(Object.keys(kept?.outcome?.state as object)).toEqual(['n', 'page', 'list']);
  expect(Object.isFrozen(kept?.outcome?.state)).toBe(true);
});
