import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errnoNumbers } from '../../src/spec/errno.ts';
import { hasCompiler } from './compiler.ts';
import { toy } from './toy-model.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'pagelaw-kit-'));
const built = new Map<string, string>();

const toyIn = (...flags: string[]): string => {
  const key = flags.join(' ');
  const program = built.get(key) ?? join(folder, `toy${built.size}`);
  if (!built.has(key)) {
    const sources = ['harness.c', 'table.c'].map((file) => join(import.meta.dirname, 'toy', file));
    const warnings = ['-Wall', '-Wextra', '-Werror'];
    execFileSync('cc', ['-O1', ...warnings, `-I${root}/src/subject/kit`, ...flags, ...sources, '-o', program]);
    built.set(key, program);
  }
  return program;
};

interface Answer {
  readonly [key: string]: unknown;
}

/** What the program answers to requests that are sent in one write. */
const ask = (program: string, ...requests: readonly (object | string)[]): Answer[] => {
  const lines = requests.map((one, i) => (typeof one === 'string' ? one : JSON.stringify({ _id: i + 1, ...one })));
  let out: string;
  try {
    out = execFileSync(program, { input: `${lines.join('\n')}\n`, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
  } catch (error) {
    out = String((error as { stdout: unknown }).stdout);
  }
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
};

const map = (page: number, more = {}) => ({ ...more, _call: 'map', page });

describe.runIf(hasCompiler)('subject.h', () => {
  it('says what it is', () => {
    expect(ask(toyIn(), { _hello: 1, _model: 'toy', _config: { a: [1, '}'] } })[0]).toEqual({
      id: 1,
      protocol: 1,
      model: 'toy',
      name: 'a "table" in C',
      variant: 'right',
      calls: ['map', 'unmap', 'share', 'unshare', 'count'],
      unobserved: [],
      rivals: ['map', 'unmap'],
      snapshots: true,
    });
  });

  it('does in every state what the model does', () => {
    const { initial, command, step } = toy.system({}, {});
    const key = (state: unknown) => JSON.stringify(state);
    const states = [initial];
    const slots = new Map([[key(initial), 1]]);
    const requests: object[] = [{ _reset: true, _to: 1 }];
    const expected: Answer[] = [{ result: 'ok', state: initial }];
    for (const [i, state] of states.entries())
      for (const { kind, ...args } of command.values() as Iterable<Parameters<typeof step>[1]>) {
        const outcome = step(state, { kind, ...args } as Parameters<typeof step>[1]);
        const after = key(outcome.state);
        if (!slots.has(after)) slots.set(after, states.push(outcome.state));
        requests.push({ _from: i + 1, _call: kind, ...args, _to: slots.get(after) });
        expected.push({
          result: outcome.result === 'refused' ? outcome.errno : outcome.result,
          ...(outcome.result === 'ok' && outcome.value !== undefined && { value: outcome.value }),
          ...(outcome.result === 'disabled' && { reason: outcome.reason }),
          ...(after === key(state) ? { same: true } : { state: outcome.state }),
        });
      }
    expect(states).toHaveLength(81);
    expect(ask(toyIn(), ...requests)).toEqual(expected.map((one, i) => ({ id: i + 1, ...one })));
  });

  it.each([
    ['LEAK', [map(0), { _call: 'unmap', page: 0 }], { result: 'ok', state: { free: 1 } }],
    [
      'COUNT',
      [map(0), { _call: 'share', page: 0 }, { _call: 'share', page: 0 }],
      { result: 'ok', state: { shared: 2 } },
    ],
    ['ERRNO', [map(0), map(0)], { result: 'EBUSY', same: true }],
    ['PANIC', [{ _call: 'unshare', page: 1 }], { result: 'panic', reason: 'table.c: BUG_ON(!shared)', same: true }],
  ])('shows the seeded bug %s', (bug, calls, last) => {
    expect(ask(toyIn(`-DBUG_${bug}`), ...calls).at(-1)).toMatchObject(last);
  });

  it('keeps all variables in its copies, also those of a function', () => {
    const share = (slot: number) => ({ _from: slot, _call: 'share', page: 0, _to: slot + 1 });
    const answers = ask(
      toyIn('-DBUG_HIDDEN'),
      { _reset: true, _to: 1 },
      share(1),
      share(2),
      share(3),
      share(2),
      share(3),
    );
    expect(answers.map(({ result }) => result)).toEqual(['ok', 'ENOENT', 'ENOENT', 'EAGAIN', 'ENOENT', 'EAGAIN']);
  });

  it('reads escapes, blanks and values that it has no use for', () => {
    const [answer] = ask(
      toyIn(),
      ' { "_id" : 12 , "_trace":{"a":["]\\"",{}]}, "_call":"m\\u0061p" ,"page":"\\u0033" ,"x":"\\ud83d\\ude00\\n" }',
    );
    expect(answer).toMatchObject({
      id: 12,
      result: 'ok',
      state: { pages: ['unmapped', 'unmapped', 'unmapped', 'mapped'] },
    });
  });

  it.each([
    ['{"_id":3,"_call":"walk"}', 'there is no call walk'],
    ['{"_id":3,"_call":"map"}', 'the call has no argument page'],
    ['{"_id":3,"_call":"map","page":"x"}', 'page is x, which is no integer'],
    ['{"_id":3,"_from":9,"_call":"map","page":0}', 'slot 9 is empty'],
    ['{"_id":3}', 'a request that is no hello, no reset and no call'],
  ])('is at its end by %s', (request, error) => {
    expect(ask(toyIn(), request)).toEqual([{ id: 3, error }]);
  });

  it('runs two calls, and changes between them where it is told to', () => {
    const both = (_preempt: number[]) => ({
      ...map(0, { _from: 1 }),
      _preempt,
      _rival: { _call: 'unmap', page: 0 },
    });
    const results = ask(toyIn(), { _reset: true, _to: 1 }, both([]), both([1]), both([1, 2])).slice(1);
    expect(results.map(({ result, rival, points }) => [result, rival, points])).toEqual([
      ['ok', { result: 'ok' }, 1],
      ['ok', { result: 'ENOENT' }, 2],
      ['ok', { result: 'ok' }, 2],
    ]);
  });

  it('can be built with sanitizers', () => {
    const program = toyIn('-fsanitize=address,undefined', '-fno-sanitize-recover=all');
    const answers = ask(
      program,
      { _reset: true, _to: 1 },
      map(1, { _from: 1, _to: 2 }),
      map(1, { _from: 2 }),
      map(1, { _from: 1 }),
    );
    expect(answers.map(({ result }) => result)).toEqual(['ok', 'ok', 'EEXIST', 'ok']);
  });

  it('has the errnos that pagelaw knows', async () => {
    const { readFileSync } = await import('node:fs');
    const text = readFileSync(join(root, 'src/subject/kit/subject.h'), 'utf8');
    const its = [...text.matchAll(/\bE\((E\w+), (\d+)\)/g)].map(([, name, number]) => [name!, Number(number)]);
    expect(Object.fromEntries(its)).toEqual(errnoNumbers);
  });
});
