import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelProgram, toyProgram } from '../subject/start.ts';
import { pagelaw } from './fake-console.ts';

const model = join(import.meta.dirname, '../subject/toy-model.ts');

/** `pagelaw check --subject` with the toy and a seeded bug or a bad habit. */
const check = (what: string, ...more: string[]) =>
  pagelaw(['check', `${model}@right`, '--subject', toyProgram(what), ...more]);

const properties = async (what: string, ...more: string[]) => {
  const { out } = await check(what, ...more, '--json');
  return JSON.parse(out).results[0].properties as readonly {
    readonly id: string;
    readonly verdict: string;
    readonly trace?: readonly { readonly call: string }[];
  }[];
};

describe('pagelaw check --subject', () => {
  it('judges what a program does', async () => {
    const { out, status } = await check('');
    expect(out.replaceAll(/which made [\d,]+/g, 'which made N')).toMatchInlineSnapshot(`
      "toy: a table of two levels
      exhaustive

      variant  property       verdict  states  depth  trace
      right    no-leak        proved       81      8
               counts-shared  proved
               table-of-page  proved
               no-warning     proved
               no-panic       proved
               12 witnesses   reached                   <=8
      trace: calls in the shortest one found
      Calls are those of toy, which made N.
      Not checked: says-why.

      All as expected: 5 proved, 0 known defects found.
      Proved: for every reachable state of the configuration shown, and of no other.
      "
    `);
    // The toy never runs short of tables, so that everything else is as the model has it.
    expect(status).toBe(0);
  });

  it.each([
    ['leak', 'no-leak', ['map', 'unmap']],
    ['count', 'counts-shared', ['map', 'share', 'share']],
    ['panic', 'no-panic', ['unshare']],
  ])('finds %s', async (what, id, calls) => {
    const { status } = await check(what);
    expect(status).toBe(1);
    const found = (await properties(what)).find((one) => one.id === id)!;
    expect(found.verdict).toBe('violated');
    expect(found.trace!.map(({ call }) => call.replace(/\(.*/, ''))).toEqual(calls);
  });

  it.each(['mail', 'markdown', 'junit'])('names the program in %s, and how to run it again', async (format) => {
    const { out } = await check('leak', '--format', format);
    const flat = out.replaceAll('&#39;', "'").replaceAll(/[\\\s]+/g, ' ');
    expect(flat).toContain(
      `check ${model}@right --subject '${toyProgram('leak')}' --search exhaustive --property no-leak`,
    );
    if (format !== 'junit') expect(flat).toContain('exhaustive search of the calls of toy with leak');
  });

  it.each([['--save'], ['--corpus', '.pagelaw']])('has no %s, which would replay on the model', async (...option) => {
    const { err, status } = await check('leak', ...option);
    expect(err).toBe(
      `pagelaw: ${option[0]} is not an option of --subject or --kernel: what is saved would be replayed on the model\n`,
    );
    expect(status).toBe(2);
  });

  it.each([1000, 1700, 3000])('keeps what it has found where the program dies at answer %i', async (answer) => {
    const { out, err, status } = await check(`leak,until=${answer}`);
    expect(out).toContain('no-leak: violated');
    expect(out).toContain('unmap(page=0)  ok\n  => broken: 0 tables and 1 free pages of 2');
    expect(out).not.toContain('proved  ');
    expect(err).toContain('out of pages');
    expect(status).toBe(2);
  });

  it('shows a counterexample as ever', async () => {
    const { out } = await check('count', '--property', 'counts-shared');
    expect(out).toContain('    1  map(page=0)    ok\n    2  share(page=0)  ok\n    3  share(page=0)  ok\n');
    expect(out).toContain('  => broken: it is 2');
  });

  it('finds it at random, and shrinks it', async () => {
    const options = ['--search', 'random', '--runs', '100'];
    const found = (await properties('leak', ...options)).find(({ id }) => id === 'no-leak')!;
    expect(found.trace).toHaveLength(2);
  });

  it.each([300, 1000])('keeps what it has found at random where the program dies at answer %i', async (answer) => {
    const { out, err, status } = await check(`leak,count,until=${answer}`, '--search', 'random', '--runs', '100');
    expect(out).toMatch(/ {4}1 {2}map\(page=(\d)\) {4}ok\n {4}2 {2}unmap\(page=\1\) {2}ok\n {2}=> broken: 0 tables/);
    expect(out).toMatch(/found with --search random --seed 1 --path \d+/);
    expect(err).toMatch(/ended with exit status 1 \(asked: \{"_id":\d+,.*\}\); its last words: .*out of pages/);
    expect(status).toBe(2);
  });

  it('says what it did not check', async () => {
    const { out, status } = await check('blind');
    expect(out).toContain('Not checked: no-leak, says-why.');
    expect(out).toContain('The subject does not print free.');
    expect(status).toBe(0);
    const lacking = await check('lacks');
    expect(lacking.out.replaceAll(/\s+/g, ' ')).toContain(
      'Not checked: says-why, unshare-ok, unshare-eperm-not-in-the-state-for-it.',
    );
    expect(lacking.out).toContain('The subject does not have the calls unshare.');
  });

  it('keeps what was found before the program failed', async () => {
    const { out, err, status } = await check('die');
    expect(out).toContain('Incomplete (the subject failed)');
    expect(err).toMatch(
      /^pagelaw: the subject .* ended with exit status 3 \(asked: .*\); its last words: toy: out of pages\n$/,
    );
    expect(status).toBe(2);
  });

  it('shows what was violated before that', async () => {
    const { out, status } = await check('panic,die');
    expect(out).toContain('no-panic: violated');
    expect(out).toContain('    1  unshare(page=0)  panic (toy.c:58: BUG_ON(!shared))');
    expect(status).toBe(2);
  });

  it('finds state that is not printed', async () => {
    const { out, err, status } = await check('hidden');
    expect(out).toContain('incomplete');
    expect(out).toContain(': 0 proved');
    expect(err).toMatch(/has hidden state: in the initial state and after share/);
    expect(status).toBe(2);
  });

  it('takes no violation for one that may rest on state that is not printed', async () => {
    const { out, err, status } = await check('warn,leak,hidden');
    // A law of calls takes the printed state for all there is; one of states needs no more than the last of them.
    expect(out).toMatch(/no-warning +incomplete/);
    expect(out).toContain('no-leak: violated');
    expect(out).toContain('1 violation that no variant lists as known.');
    expect(err).toMatch(/has hidden state: /);
    expect(status).toBe(2);
  });

  it.each(['alias', 'leak,alias'])('takes nothing from snapshots that are changed later: %s', async (what) => {
    const { out, err, status } = await check(what);
    expect(out).not.toMatch(/proved {2}|violated/);
    expect(err).toMatch(/does not do the same twice|has hidden state/);
    expect(status).toBe(2);
  });

  it('stops at a bound', async () => {
    const { out, status } = await check('', '--max-states', '10');
    expect(out).toContain('stopped at 10 states');
    expect(status).toBe(3);
  });

  it('takes the variant and configuration that the program is', async () => {
    const { out } = await pagelaw(['check', model, '--subject', modelProgram()]);
    expect(out).toContain('right');
  });

  it.each([
    [['check', '--subject', toyProgram()], /--subject is of one model/],
    [['check', model, '--subject', toyProgram(), '--matrix'], /--matrix is not an option of --subject/],
    [['check', model, '--subject', 'false'], /ended with exit status 1/],
    [['check', 'spp', '--subject', toyProgram()], /is one of model toy, not of spp/],
  ])('%s is one line', async (argv, message) => {
    const { err, status } = await pagelaw(argv);
    expect(err).toMatch(message);
    expect(status).toBe(2);
  });
});

describe('the code of a kernel tree', () => {
  it.each([
    [
      ['check', 'stage2', '--kernel', '/no/tree', '--subject', 'true'],
      /--kernel builds the program that --subject names/,
    ],
    [['check', '--kernel', '/no/tree'], /--kernel is of one model/],
    [['check', 'stage2', '--kernel', '/no/tree'], /\/no\/tree/],
    [['conform', 'stage2', '--kernel', '/no/tree', '--', 'true'], /--kernel builds the program that stands behind --/],
  ])('%s is one line', async (argv, message) => {
    const { err, status } = await pagelaw(argv);
    expect(err).toMatch(message);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(status).toBe(2);
  });
});
