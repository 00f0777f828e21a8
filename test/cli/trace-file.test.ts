import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { pagelaw } from './fake-console.ts';

const directory = mkdtempSync(join(tmpdir(), 'pagelaw-traces-'));
const file = (name: string, text: string) => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};

/** One counterexample in each of the three formats. */
let saved: string;
let script: string;
let itf: string;
beforeAll(async () => {
  const check = ['check', 'pkvm-mmio@v4', '--search', 'exhaustive', '--property', 'guest-shares-no-hyp-page'];
  await pagelaw([...check, '--save', join(directory, 'saved')]);
  saved = join(directory, 'saved', readdirSync(join(directory, 'saved'))[0]!);
  script = file('one.script', (await pagelaw([...check, '--format', 'script'])).out);
  itf = file('one.itf.json', (await pagelaw([...check, '--format', 'itf'])).out);
});

const run = (...argv: string[]) => pagelaw(['run', ...argv]);
const replay = (...argv: string[]) => pagelaw(['replay', ...argv]);

describe('a trace in a file, whatever its format', () => {
  it('is run on the model that it names', async () => {
    expect(readFileSync(script, 'utf8').split('\n').slice(0, 2)).toEqual([
      expect.stringMatching(/^model pkvm-mmio@v4 mmioTables=4 .* donateChecksMmio=false /),
      expect.stringMatching(/^# guest-shares-no-hyp-page: /),
    ]);
    for (const path of [saved, script, itf]) {
      const { status, out, err } = await run(path);
      expect([path, status, err]).toEqual([path, 0, '']);
      expect(out).toMatch(/^pkvm-mmio@v4: /);
      expect(out).toContain('2 lines, all as expected.'.replace('2', path === itf ? '4' : '2'));
      expect(out).toMatch(/ok +\d+ {2}host_donate_hyp_mmio\(pfn=8\) -> ok/);
    }
  });

  it('is run on another variant, where calls do otherwise', async () => {
    for (const path of [saved, script, itf]) {
      const { status, out } = await run('pkvm-mmio@fixed', path);
      expect(status).toBe(1);
      expect(out).toMatch(/^pkvm-mmio@fixed: /);
      expect(out.replaceAll(/\s+/g, ' ')).toContain('it returned -EINVAL (memory, not MMIO)');
    }
  });

  it('is replayed: of a counterexample it is said whether it still breaks its property', async () => {
    for (const path of [saved, itf]) {
      const { status, out } = await replay(path);
      expect(status).toBe(1);
      expect(out).toContain('guest-shares-no-hyp-page');
      expect(out).toContain('=> broken for pfn=8');
    }
    const { status, out } = await replay(script);
    expect(status).toBe(0);
    expect(out).toContain('2 calls, all as written.');
    expect(out).toMatch(/el2\[8\] +none -> device/);
  });

  it('is replayed with what is different', async () => {
    const text = readFileSync(script, 'utf8').replace(
      'host_donate_hyp_mmio(pfn=8) -> ok',
      'host_donate_hyp_mmio(pfn=8) -> -EPERM',
    );
    const wrong = file('wrong.script', `${text}expect el2[8]=none\n`);
    const { status, out } = await replay(wrong);
    expect(status).toBe(1);
    expect(out).toContain('not as written: it returned 0');
    expect(out).toContain('not as written: el2[8] is ');
    expect(out).toMatch(/\n[12] of 2 calls (is|are) not as written\.\n/);
    const json = JSON.parse((await replay(wrong, '--json')).out);
    expect(json).toMatchObject({ format: 'pagelaw replay', model: 'pkvm-mmio', variant: 'v4' });
    expect(json.property).toBeUndefined();
    expect(json.steps.flatMap(({ differences }: { differences: string[] }) => differences)).toHaveLength(2);
  });

  it('is written in the other formats', async () => {
    const again = await replay(saved, '--format', 'script');
    expect(again.out).toBe(readFileSync(script, 'utf8').replaceAll(/^#.*\n/gm, ''));
    expect((await replay(saved, '--format', 'itf')).out).toBe(readFileSync(itf, 'utf8'));
    const fromScript = JSON.parse((await replay(script, '--format', 'itf')).out);
    const { '#meta': meta, ...rest } = JSON.parse(readFileSync(itf, 'utf8'));
    expect(fromScript).toEqual({
      '#meta': Object.fromEntries(
        Object.entries(meta).filter(
          ([name]) => !['description', 'status', 'broken', 'pagelaw::property'].includes(name),
        ),
      ),
      ...rest,
    });
    const mail = await replay(script, '--format', 'mail');
    expect([mail.status, mail.out, mail.err]).toEqual([
      2,
      '',
      `pagelaw: ${script} claims to break no property, so it has no format mail\n`,
    ]);
  });

  it('comes from standard input', async () => {
    const input = () => Readable.from([readFileSync(itf)]);
    expect((await pagelaw(['run', '-'], { input: input() })).status).toBe(0);
    expect((await pagelaw(['replay', '-'], { input: input() })).status).toBe(1);
  });

  it('begins where init says', async () => {
    const path = file('init.script', 'model pkvm-mmio@v4\ninit el2[8]=normal\nhost_access(pfn=0)\n');
    const { status, out } = await replay(path);
    expect(status).toBe(0);
    expect(out).toContain('1 call, all as written.');
    const states = JSON.parse((await replay(path, '--format', 'itf')).out).states;
    expect(states[0].el2[8]).toBe('normal');
  });

  it.each([
    ['a script without a model', 'tick()\n', 'does not say of which model it is; write pagelaw run MODEL '],
    ['a script of no model', 'model pkvm-mmoi\n', 'there is no model called pkvm-mmoi; did you mean pkvm-mmio?'],
    ['a script of no variant', 'model pkvm-mmio@v3\n', 'pkvm-mmio: there is no variant v3; there are before, v4'],
    ['a script of no name', '\nmodel @\n', ':2: @ is not a model; write model NAME or model NAME@VARIANT'],
    [
      'a script of no setting',
      'model pkvm-mmio pages\n',
      ':1: pages is not NAME=VALUE; a value with spaces is written in quotes',
    ],
    [
      'another setting',
      'model pkvm-mmio page=1\n',
      ': there is no config parameter or switch of pkvm-mmio called page',
    ],
    ['a setting that is no number', 'model pkvm-mmio pool=few\n', ': pool=few is not an integer'],
    ['a setting twice', 'model pkvm-mmio pool=1 pool=1\n', ': pool is given twice'],
    ['a model in the middle', 'model pkvm-mmio\nmodel spp\n', ':2: model comes before anything else, and once'],
    [
      'half a file',
      '{"format": "pagelaw counterexample",',
      ' is not a counterexample that can be replayed: not JSON (',
    ],
    [
      'other JSON',
      '{"a": 1}',
      ' is JSON, but neither a saved counterexample, which has a format, nor an ITF trace, which has states',
    ],
    [
      'the output of check',
      '{"format": "pagelaw check"}',
      ' is not a counterexample that can be replayed: it is what pagelaw check --json prints; check --save writes what can be replayed',
    ],
    [
      'half of ITF',
      '{"states": [7]}',
      ' is not an ITF trace that can be read: states.0: Invalid type: Expected Object but received 7',
    ],
  ])('is refused in one line: %s', async (_, text, message) => {
    const path = file('damaged', text);
    for (const command of ['run', 'replay']) {
      const { status, out, err } = await pagelaw([command, path]);
      expect([status, out]).toEqual([2, '']);
      expect(err).toMatch(/^pagelaw: [^\n]*\n$/);
      expect(err).toContain(message);
    }
  });

  it('is refused for another model', async () => {
    const { status, err } = await run('spp', saved);
    expect([status, err]).toEqual([2, `pagelaw: ${saved} is of pkvm-mmio, and not of spp\n`]);
  });
});
