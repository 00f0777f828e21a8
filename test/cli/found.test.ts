import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { replaceFile } from '../../src/trace/replace-file.ts';
import { pagelaw, typed } from './fake-console.ts';

const directory = mkdtempSync(join(tmpdir(), 'pagelaw-found-'));
writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
const spec = JSON.stringify(join(import.meta.dirname, '../../src/spec/index.ts'));

/** A counter to 9 that breaks `below` at 4. `step` stands in its step, `more` in the model. */
const counter = (id: string, step = '', more = '', head = ''): string => {
  const path = join(directory, `${id}.mjs`);
  writeFileSync(
    path,
    `import * as spec from ${spec};
    ${head}
    const model = spec.defineModel({ id: '${id}', title: 'A counter', sources: [], config: {},
      switches: { ticks: 'it ticks' }, ${more}
      variants: { only: { doc: '', switches: { ticks: true } } }, defaultVariant: 'only',
      system: () => ({ state: spec.record({ n: spec.range(0, 9) }), command: spec.variant({ tick: {} }), initial: { n: 0 },
        step: (state) => { ${step}; return spec.ok({ n: (state.n + 1) % 10 }); } }) });
    const below = spec.invariant(model, { id: 'below', statement: 'It is small.', source: '', holds: ({ n }) => n < 4 });
    const fine = spec.invariant(model, { id: 'fine', statement: 'It is.', source: '', holds: () => true });
    export default spec.suite({ model, properties: [below, fine], violates: { only: [] } });`,
  );
  return path;
};
const good = counter('good');
const broken = counter('broken', "if (state.n === 2) throw new Error('two is too many')");
const brokenLine = 'pagelaw: broken@only: tick() threw Error: two is too many at broken.mjs:7\n';
const check = (...argv: string[]) => pagelaw(['check', ...argv, '--search', 'exhaustive']);

describe('what was found before an error', () => {
  it('is printed, and then the error', async () => {
    const { status, out, err } = await check(good, broken, counter('after'));
    expect([status, err]).toEqual([2, brokenLine]);
    expect(out).toMatch(/^only +below +violated +10 /m);
    expect(out).toContain('1 violation that no variant lists as known.');
    expect(out).toContain('Not finished: an error ended the run');
    expect(out).not.toContain('after');
  });

  it('is not called as expected', async () => {
    const { status, out } = await check(good, broken, '--property', 'fine');
    expect(status).toBe(2);
    expect(out).toContain('Nothing unexpected so far: 1 proved');
    expect(out).not.toContain('All as expected');
  });

  it('is printed in the other formats as well', async () => {
    for (const format of ['mail', 'markdown']) {
      const { out, err } = await check(good, broken, '--format', format);
      expect(err).toBe(brokenLine);
      expect(out.replaceAll(/\s+/g, ' ')).toContain('What else was asked for: the run ended before that.');
    }
    const { out } = await check(good, broken, '--json');
    expect(JSON.parse(out)).toMatchObject({ unfinished: 'error', results: [{ model: 'good' }] });
    expect(JSON.parse((await check(good, '--json')).out)).not.toHaveProperty('unfinished');
    const matrix = await check(good, broken, '--matrix');
    expect([matrix.status, matrix.err]).toEqual([2, brokenLine]);
    expect(matrix.out).toContain('Not finished');
  });

  it('is saved, and is in the report', async () => {
    const [saved, page] = [join(directory, 'saved'), join(directory, 'broken.html')];
    const { status } = await check(good, broken, '--save', saved, '--report', page);
    expect(status).toBe(2);
    expect(readdirSync(saved)).toEqual([expect.stringMatching(/^good@only\.below\.[0-9a-f]{8}\.json$/)]);
    expect(readFileSync(page, 'utf8')).toContain('Not finished: an error ended the run');
  });

  it('is nothing where there is none', async () => {
    expect(await check(broken, good)).toMatchObject({ status: 2, out: '', err: brokenLine });
  });

  it('is in the report, though a picture or an explanation of it cannot be made', async () => {
    const page = join(directory, 'odd.html');
    const odd = counter('odd', '', "classify: () => { throw new Error('no class'); },");
    const { status, out, err } = await check(odd, '--report', page);
    expect([status, err]).toEqual([
      2,
      expect.stringMatching(/^pagelaw: odd.*: classify\(\) threw Error: no class.*\n$/),
    ]);
    expect(out).toContain(`Report: ${page}\n`);
    expect(readFileSync(page, 'utf8')).toContain('class="counterexample"');
  });

  it('is printed as text, though the format asked for cannot be made', async () => {
    const odd = counter('undrawn', '', "draw: () => { throw new Error('no pencil'); },");
    const { status, out, err } = await check(odd, '--format', 'markdown');
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(/^only +below +violated +10 /m);
    expect(err).toMatch(/\npagelaw: undrawn: draw\(\) threw Error: no pencil.*\n$/);
  });

  it('of a review is printed, too', async () => {
    const { status, out, err } = await typed(`review ${counter('later', 'if (state.n === 9) gone()')} --max-states 3`);
    expect([status, err]).toEqual([3, '']);
    expect(out).toContain('Incomplete (stopped at 3 states)');
    const mutated = await typed(`review ${good} --mutate --max-states 3`);
    expect([mutated.status, mutated.err]).toEqual([
      2,
      'pagelaw: good@only has more than 3 states; mutants need all of them\n',
    ]);
    expect(mutated.out).toContain('Not finished: an error ended the review');
    expect(mutated.out).toMatch(/^variant +states/m);
  });
});

describe('a search that a bound ended', () => {
  it.each([
    ['check pkvm-mmio@fixed --search exhaustive --max-states 100', 3],
    ['check pkvm-mmio@fixed --search exhaustive --max-states 100 --allow-incomplete', 0],
    ['check pkvm-mmio@fixed --search reference --max-states 100', 3],
    ['check pkvm-mmio@fixed --matrix --max-states 100', 3],
    // A known defect that was not met is not known to be mended.
    ['check pkvm-mmio@v4-all-checks --search exhaustive --property no-panic --max-states 5', 3],
    [`check ${good} --search exhaustive --max-states 7`, 1],
    ['check pkvm-mmio@fixed --search random --runs 5', 0],
    ['audit pkvm-mmio --max-states 50', 3],
    ['audit pkvm-mmio --max-states 50 --allow-incomplete', 0],
    ['review pkvm-mmio --no-matrix --max-states 50', 3],
    ['review pkvm-mmio --no-matrix --max-states 50 --allow-incomplete', 0],
    ['diff pkvm-mmio@fixed pkvm-mmio@fixed --max-states 50', 3],
    ['diff pkvm-mmio@fixed pkvm-mmio@fixed --max-states 50 --allow-incomplete', 0],
    ['diff pkvm-mmio@fixed pkvm-mmio@before --max-states 50', 1],
  ])('%s: %i', async (line, status) => {
    const { err, ...ended } = await typed(line);
    expect([ended.status, err]).toEqual([status, '']);
  });

  it('is incomplete where what it is compared with came to one', async () => {
    const path = join(directory, 'alike.mjs');
    writeFileSync(
      path,
      `import * as spec from ${spec};
      const model = spec.defineModel({ id: 'alike', title: 'Flags', sources: [], config: {}, switches: {},
        variants: { only: { doc: '', switches: {} } }, defaultVariant: 'only',
        system: () => ({ state: spec.record({ flags: spec.array(spec.flag, 4) }),
          command: spec.variant({ turn: { at: spec.range(0, 3) } }), initial: { flags: [false, false, false, false] },
          symmetry: [{ arrays: ['flags'], names: ['at'] }],
          step: (state, { at }) => spec.ok(spec.update(state, (draft) => { draft.flags[at] = !state.flags[at]; })) }) });
      const fine = spec.invariant(model, { id: 'fine', statement: 'It is.', source: '', holds: () => true });
      export default spec.suite({ model, properties: [fine], violates: { only: [] } });`,
    );
    const bounded = await check(path, '--symmetry', 'check', '--max-states', '8');
    expect([bounded.status, bounded.err]).toEqual([3, '']);
    expect(bounded.out).toContain('5 visited stand for 16 states (symmetry of at; not compared)');
    expect((await check(path, '--symmetry', 'check', '--max-states', '16')).status).toBe(0);
  });

  it('is the same for a bound of memory, which says whose it is', async () => {
    const [mib, over] = [64, () => 65 * 2 ** 20];
    const { status, out } = await pagelaw(
      ['check', 'pkvm-mmio@fixed', '--search', 'exhaustive', '--max-memory', `${mib}`],
      { resident: over },
    );
    expect(status).toBe(3);
    expect(out).toContain('Incomplete (stopped at the limit of 64 MiB for the process)');
    const enough = await pagelaw(['check', 'pkvm-mmio@fixed', '--search', 'exhaustive', '--max-memory', '66'], {
      resident: over,
    });
    expect(enough.status).toBe(0);
  });
});

describe('of several statuses the gravest counts', () => {
  it('ctrl-C before a violation', async () => {
    const { status, out } = await pagelaw(['check', good, 'pkvm-mmio@fixed'], { interruptAfter: 1 });
    expect(status).toBe(130);
    expect(out).toMatch(/^only +below +violated/m);
    expect(out).toContain('Not finished: interrupted before all that was asked for was checked.\n');
  });

  it('SIGTERM is told from ctrl-C', async () => {
    const { status } = await pagelaw(['check', 'pkvm-mmio@fixed'], { interruptAfter: 1, reason: 143 });
    expect(status).toBe(143);
  });
});

describe('an error is one line of at most a screen', () => {
  it.each([
    ['a text', "throw 'just a text'", 'just a text'],
    ['nothing', 'throw undefined', 'undefined'],
    ['an error without words', "throw new Error('')", 'Error at '],
    ['what cannot be shown', 'throw { toString() { throw 1; }, get message() { throw 2; } }', ''],
    [
      'a proxy that answers nothing',
      'throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; }, has() { throw 3; } })',
      '',
    ],
    ['lines and control bytes', "throw new Error('one\\ntwo \\u001b[31m \\u202e three')", 'one'],
    ['a book', "throw new Error('x'.repeat(1e6))", 'xxx'],
    ['an error of a copy of pagelaw without words', "throw new spec.SpecError('')", ''],
  ])('when a model throws %s', async (name, body, words) => {
    const id = name.replaceAll(' ', '-');
    const where = { load: counter(`${id}-loads`, '', '', body), step: counter(`${id}-steps`, body) };
    for (const file of Object.values(where))
      for (const command of ['check', 'audit', 'list', 'review']) {
        if (command === 'list' && file === where.step) continue;
        const { status, out, err } = await typed(`${command} ${file}`);
        expect([name, status, out]).toEqual([name, 2, '']);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
        expect(err).toMatch(/^pagelaw: [^\n\u0000-\u001f\u007f-\u009f\u2028\u202e]{1,1700}\n$/);
        expect(err).toContain(words);
        expect(err).not.toContain('please report');
      }
  });

  it('whatever is asked for', async () => {
    const long = 'x'.repeat(100_000);
    for (const argv of [
      ['check', long],
      ['check', 'a\u001b[31mb\u2028c'],
      [long],
      ['check', `--${long}`],
      ['replay', `${long}\n`],
      ['check', '--set', `${long}=1`],
      ['check', '--corpus', 'no\u0007where'],
    ]) {
      const { status, err } = await pagelaw(argv);
      expect(status).toBe(2);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
      expect(err).toMatch(/^pagelaw: [^\n\u0000-\u001f\u2028]{1,1700}\n$/);
    }
  });
});

it('no text of a model, a file or an argument steers the terminal', async () => {
  const steering = counter(
    'steering',
    '',
    "legend: () => 'a \\u001b]0;title\\u0007 \\u009b31m \\u202e b', kernel: { tick: 'k\\u001b[2J' },",
  );
  for (const format of ['text', 'mail', 'markdown', 'json', 'junit', 'ktap', 'github', 'itf']) {
    const { out } = await check(steering, '--property', 'below', '--format', format);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
    expect(out).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u202e]/);
    if (format === 'json' || format === 'itf') JSON.parse(out);
    if (format === 'mail') expect(out).toContain('a \\x1b]0;title\\x07 \\x9b31m \\u202e b');
  }
  const kept = join(directory, 'kept');
  mkdirSync(kept);
  writeFileSync(join(kept, 'odd.json'), '\u001b[31m not JSON');
  const { out } = await check(good, '--corpus', kept);
  expect(out).toContain('unusable');
  expect(out).not.toContain('\u001b');
});

describe('a file is replaced as a whole', () => {
  const fresh = () => mkdtempSync(join(directory, 'files-'));

  it('or stays as it was, with nothing beside it', async () => {
    const folder = fresh();
    const file = join(folder, 'a.html');
    await replaceFile(file, 'old');
    chmodSync(file, 0o640);
    await replaceFile(file, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    mkdirSync(join(folder, 'taken'));
    await expect(replaceFile(join(folder, 'taken'), 'x')).rejects.toThrow(/^cannot write .*taken: E[A-Z]+: [a-z ]+$/);
    await expect(replaceFile(join(folder, 'none', 'a'), 'x')).rejects.toThrow(
      'none/a: ENOENT: no such file or directory',
    );
    expect(readdirSync(folder).sort()).toEqual(['a.html', 'taken']);
  });

  it('behind a link, which stays one, and with the rights that it had', async () => {
    const folder = fresh();
    const [file, link] = [join(folder, 'real'), join(folder, 'link')];
    writeFileSync(file, 'old', { mode: 0o600 });
    symlinkSync(file, link);
    await replaceFile(link, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    const { lstatSync, statSync } = await import('node:fs');
    expect([lstatSync(link).isSymbolicLink(), statSync(file).mode & 0o777]).toEqual([true, 0o600]);
  });

  it('and what is no file is written to', async () => {
    await replaceFile('/dev/null', 'gone');
    expect(existsSync('/dev/null')).toBe(true);
    await expect(replaceFile('/dev/full', 'x')).rejects.toThrow(
      'cannot write /dev/full: ENOSPC: no space left on device',
    );
  });
});
