import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pagelaw } from './fake-console.ts';

const find = (...args: string[]) => pagelaw(['find', ...args]);
const model = 'mte-tags@split';
const mmio = 'pkvm-mmio@fixed';

it('exits as grep does', async () => {
  const found = await find(model, 'run(thread=vm2)');
  expect([found.status, found.err]).toEqual([0, '']);
  expect(found.out).toContain('Found: 1 call, and no shorter way.\n');
  const none = await find(model, 'run -> panic', '--seed', '1');
  expect([none.status, none.err]).toEqual([1, '']);
  expect(none.out).toMatch(/\nNone does: proved by exhaustive search, for /);
  expect(none.out).toContain('\nCross-checked: the reference search as a whole says the same.\n');
  const bounded = await find(model, 'run -> panic', '--max-states', '3');
  expect([bounded.status, bounded.err]).toEqual([3, '']);
  expect(bounded.out).toContain('Not found; incomplete (stopped at 3 states)');
});

it('writes a script that run takes, and an ITF trace', async () => {
  const script = await find(mmio, 'host_donate_hyp(pfn=8)', '--format', 'script');
  const file = join(mkdtempSync(join(tmpdir(), 'pagelaw-')), 'found.script');
  writeFileSync(file, script.out);
  expect((await pagelaw(['run', file])).status).toBe(0);
  const itf = await find(mmio, 'hyp_donate_host(pfn=8) after host_donate_hyp(8)', '--format', 'itf');
  expect(JSON.parse(itf.out).states).toHaveLength(3);
  writeFileSync(file, itf.out);
  expect((await pagelaw(['run', mmio, file])).status).toBe(0);
});

it('says where the search began', async () => {
  const { out } = await find(model, 'run(thread=vm2) after run(vm1)');
  expect(out).toContain('The initial one is here the state after the first 1 call.\n');
});

it('says as JSON what it says as text', async () => {
  const { out } = await find(model, 'run(thread=vm2) after run(vm1)', '--json');
  expect(JSON.parse(out)).toMatchObject({
    format: 'pagelaw find',
    query: 'run(thread=vm2) after run(vm1)',
    answer: 'found',
    after: 1,
    bound: null,
    ways: [{ trace: [{ call: 'run(thread=vm1)' }, { call: 'run(thread=vm2)' }] }],
  });
});

it('says in a mail how to ask again, and what was not looked at', async () => {
  const { out } = await find(model, 'run(thread=vm2)', '--format', 'mail');
  expect(out).toContain("    pagelaw find mte-tags@split 'run(thread=vm2)'\n");
  expect(out).toContain('Not checked:\n');
  const { out: markdown } = await find(model, 'run(thread=vm2)', '--format', 'markdown');
  expect(markdown).toContain('run(thread=vm2)');
});

it('takes a query that begins with an arrow, with options behind it', async () => {
  const { status, out } = await find(model, '-> panic', '--json', '--seed', '1');
  expect([status, JSON.parse(out).answer]).toEqual([1, 'none']);
});

it('says so where no call returns what was asked for', async () => {
  const { status, out } = await find(model, 'run -> pnic');
  expect(status).toBe(1);
  expect(out).toContain('No call that was made returned pnic.\n');
});

it.each([
  [['run -> -EPNIC'], 'there is no errno called EPNIC'],
  [['rnu'], 'there is no call or field called rnu; did you mean run?'],
  [['run', '--al'], "unknown option '--al'"],
  [[], "a query is missing; write pagelaw find MODEL 'QUERY'"],
  [['run', 'drain'], 'a query is one argument, and there are 2; put it in quotes'],
  [['run -> panic', '--format', 'script'], 'a script holds a trace, and there is none: None does: proved'],
  [['run or drain', '--all', '--format', 'itf'], 'ITF holds one trace, and there are 2; leave out --all'],
])('refuses %j', async (args, message) => {
  const { status, err } = await find(model, ...args);
  expect(status).toBe(2);
  expect(err).toContain(message);
});
