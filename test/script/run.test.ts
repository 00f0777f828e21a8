import { describe, expect, it } from 'vitest';
import { parseScript } from '../../src/script/parse.ts';
import { runScript } from '../../src/script/run.ts';
import { taskOf } from '../../src/search/task.ts';
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
  scopeOf,
  variant,
} from '../../src/spec/index.ts';

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

/** Counts to 3. At 3 it refuses, `map` maps, `crash` panics; `wait` is not possible at 0. */
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
    command: variant({ tick: {}, map: {}, crash: {}, wait: {} }),
    initial: { n: 0, page: { kind: 'none' }, list: [1, 2] } as State,
    step: (before: State, { kind }: Command) => {
      if (kind === 'crash') return panic(before, 'BUG');
      if (kind === 'wait') return before.n === 0 ? disabled(before, 'nothing to wait for') : ok(before);
      if (kind === 'map') return ok({ ...before, page: { kind: 'mapped' as const, prot: 'W' as const } });
      return before.n === 3 ? refuse(before, 'ERANGE', 'full') : ok({ ...before, n: before.n + 1 });
    },
  }),
}) as unknown as Model;

const run = (text: string) => {
  const task = taskOf(counter, scopeOf(counter), []);
  return runScript(parseScript(text, 'a.script', task.system), task).map(({ standing, problem }) =>
    problem === undefined ? standing : `${standing}: ${problem}`,
  );
};

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
    ['crash() -> panic\nexpect n=0\ntick()\ntick()', ['ok', 'ok', 'not ok: nothing can follow a panic', 'not run']],
    ['# a\ntick() -> -EPERM\n# b\ntick()', ['ok', 'not ok: it returned 0', 'not run', 'not run']],
  ])('%s', (text, expected) => {
    expect(run(text)).toEqual(expected);
  });
});
