import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelProgram, toyProgram } from '../subject/start.ts';
import { pagelaw } from './fake-console.ts';

const model = join(import.meta.dirname, '../subject/toy-model.ts');
const accepted = join(import.meta.dirname, '../subject/accepted.json');

/** `pagelaw conform` on the toy with a seeded bug. */
const conform = (what: string, ...more: string[]) =>
  pagelaw(['conform', model, ...more, '--', ...toyProgram(what).trim().split(' ')]);

const file = (text: string) => {
  const path = join(mkdtempSync(join(tmpdir(), 'pagelaw-')), 'accepted.json');
  writeFileSync(path, text);
  return path;
};

describe('a program that does what the model does', () => {
  it('has no difference', async () => {
    const { out, status } = await conform('');
    expect(out).toContain('No difference in any call of any state that is reached in this configuration.');
    expect(status).toBe(0);
  });

  it('is compared in every state and call, but for disabled ones', async () => {
    const { out } = await conform('', '--json');
    const { states, compared, coverage } = JSON.parse(out);
    // 3^4 states of pages; count() is disabled in those 2^4 without a shared page.
    expect(states).toBe(81);
    expect(compared).toBe(81 * 16 + 81 - 16);
    expect(coverage.count.attempts).toBe(81 - 16);
  });

  it('is compared at random', async () => {
    const { out, status } = await conform('', '--search', 'random', '--runs', '50');
    expect(out).toContain('No difference in these runs, which proves nothing.');
    expect(status).toBe(0);
  });

  it('without snapshots', async () => {
    expect((await conform('plain')).status).toBe(0);
  });

  it('in a model of several processes', async () => {
    const words = modelProgram().trim().split(' ');
    const { out, status } = await pagelaw(['conform', model, '--workers', '2', '--', ...words]);
    expect(out).toContain('81 states');
    expect(status).toBe(0);
  });
});

describe('a divergence', () => {
  it('may be behind a state that was reached another way', async () => {
    const { out, status } = await conform('refusals');
    expect(out).toMatch(/share\(page=\d\)\n\n *model +code\n *result +ok +-EAGAIN/);
    expect(status).toBe(1);
  });

  it('is shown with its shortest calls and both sides', async () => {
    const { out, status } = await conform('count');
    expect(status).toBe(1);
    expect(out).toMatchInlineSnapshot(`
      "toy@right and toy with count, call by call
      exhaustive
      1,361 calls compared in 81 states, the deepest after 8 calls

      1. share: model -EPERM (not in the state for it), code ok (108 calls)
          1  map(page=0)    ok
          2  share(page=0)  ok
          3  share(page=0)

              model                             code
      result  -EPERM (not in the state for it)  ok
      shared  1                                 2

      1 kind of difference between model and code.
      "
    `);
  });

  it('has a state that differs', async () => {
    const { out } = await conform('leak', '--json');
    const { divergences } = JSON.parse(out);
    expect(divergences).toHaveLength(1);
    expect(divergences[0]).toMatchObject({
      kind: 'unmap ok ok free',
      trace: [
        { kind: 'map', page: 0 },
        { kind: 'unmap', page: 0 },
      ],
      fields: [{ path: 'free', a: 2, b: 1 }],
    });
  });

  it.each([
    ['warn', 'map -ENOMEM -ENOMEM, WARN'],
    ['panic', 'unshare -EPERM panic'],
    ['errno', 'map -EEXIST -EBUSY'],
  ])('of %s is of one kind', async (what, kind) => {
    const { out, status } = await conform(what, '--json');
    const { divergences } = JSON.parse(out);
    // That the toy has two pages, and two tables, leaves no ENOMEM to be seen.
    if (what === 'warn') expect([status, divergences]).toEqual([0, []]);
    else expect(divergences.map((one: { kind: string }) => one.kind)).toEqual([kind]);
  });

  it('is found at random and shrunk', async () => {
    const { out, status } = await conform('count', '--search', 'random', '--json');
    const { divergences } = JSON.parse(out);
    expect(status).toBe(1);
    expect(divergences).toHaveLength(1);
    expect(divergences[0].trace.map(({ kind }: { kind: string }) => kind)).toEqual(['map', 'share', 'share']);
    expect(divergences[0].calls).toBeGreaterThan(1);
  });
});

describe('differences that are accepted', () => {
  it('are in a file, which is named once if it is missing', async () => {
    const { err, status } = await conform('', '--accept', '/no/accepted.json');
    expect(err).toBe('pagelaw: /no/accepted.json: ENOENT: no such file or directory\n');
    expect(status).toBe(2);
  });

  it('are no failure, and are listed', async () => {
    const { out, status } = await conform('errno', '--accept', accepted);
    expect(status).toBe(0);
    expect(out).toMatch(/Differences that are accepted:\n {2}- map, \d+ calls: the caller treats both alike/);
    expect(out).toContain('81 states');
  });

  it('must still occur', async () => {
    const { out, status } = await conform('', '--accept', accepted);
    expect(status).toBe(1);
    expect(out).toContain('Accepted, but no call differs like this any more:');
    expect(out).toContain('1 accepted difference not found.');
  });

  it('do not cover others', async () => {
    expect((await conform('count', '--accept', accepted)).status).toBe(1);
  });

  it.each([
    ['[{"call": "mop", "condition": {"model": "ok"}, "reason": "x"}]', /mop/],
    ['[{"call": "map", "condition": {}, "reason": "x"}]', /0\.condition: it must name something/],
    ['[{"call": "map", "condition": {"modle": "ok"}, "reason": "x"}]', /modle/],
    ['nonsense', /accepted\.json: /],
  ])('%s is one line', async (text, message) => {
    const { err, status } = await conform('', '--accept', file(text));
    expect(status).toBe(2);
    expect(err).toMatch(message);
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});

describe('two programs', () => {
  const diff = (a: string, b: string, ...more: string[]) =>
    pagelaw(['conform', model, ...more, '--diff', toyProgram(a), toyProgram(b)]);

  it('are alike', async () => {
    const { out, status } = await diff('', 'plain');
    expect(status).toBe(0);
    expect(out).toContain('No difference in any call');
  });

  it('differ', async () => {
    const { out, status } = await diff('', 'leak', '--json');
    expect(status).toBe(1);
    expect(JSON.parse(out).divergences).toMatchObject([{ kind: 'unmap ok ok free' }]);
  });

  it('are two', async () => {
    const { err, status } = await pagelaw(['conform', model, '--diff', toyProgram()]);
    expect([status, err]).toEqual([2, expect.stringContaining('--diff takes two programs')]);
  });

  it('are not built from a tree', async () => {
    const { err, status } = await pagelaw(['conform', model, '--diff', 'a', 'b', '--kernel', 'tree']);
    expect([status, err]).toEqual([2, expect.stringContaining('--diff compares two programs')]);
  });
});

describe('a program that fails', () => {
  it('leaves what was compared', async () => {
    const { out, err, status } = await conform('die');
    expect(out).toContain('Incomplete: the subject failed.');
    expect(out).toMatch(/\d+ calls compared/);
    expect(err).toMatch(
      /^pagelaw: the subject .* ended with exit status 3 \(asked: .*\); its last words: toy: out of pages\n$/,
    );
    expect(status).toBe(2);
  });

  it('is asked for', async () => {
    const { err, status } = await pagelaw(['conform', model]);
    expect([status, err]).toEqual([2, expect.stringContaining('there is no program; write it behind --')]);
  });

  it('lacks calls', async () => {
    const { out, status } = await conform('lacks');
    expect(out).toContain('Not compared, as there is no such call: unshare.');
    expect(status).toBe(0);
  });

  it('does not observe all', async () => {
    const { out, status } = await conform('blind');
    expect(out).toContain('Not compared, as it is not observed: free.');
    expect(status).toBe(0);
  });
});
