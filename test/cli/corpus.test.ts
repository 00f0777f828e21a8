import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { pagelaw } from './fake-console.ts';

const empty = () => mkdtempSync(join(tmpdir(), 'pagelaw-corpus-'));
const checked = (...more: string[]) => pagelaw(['check', ...more]);
const small = ['--set', 'mmioTables=2', '--set', 'pool=3'];
const two = ['--property', 'guest-shares-no-hyp-page', '--property', 'single-owner'];
const quick = ['--search', 'exhaustive', ...small, ...two];

/** Without the ends of lines. */
const onLine = (text: string) => text.replaceAll(/\s+/g, ' ');

describe('the corpus', () => {
  it('keeps the same counterexample once, whatever search found it', async () => {
    const directory = empty();
    await checked('pkvm-mmio@v4', '--search', 'random', '--runs', '300', '--save', directory);
    const byRandom = readdirSync(directory);
    expect(byRandom.length).toBeGreaterThan(8);
    await checked('pkvm-mmio@v4', '--search', 'exhaustive', '--save', directory);
    const all = readdirSync(directory);
    expect(all.filter((name) => byRandom.includes(name))).toEqual(byRandom);
    // One for each known defect of the variant: nothing that random search found is another trace of the same property.
    expect(all.map((name) => name.split('.')[1]).length).toBe(new Set(all.map((name) => name.split('.')[1])).size);
  });

  it('is replayed first: what still breaks is counted, what is fixed is named', async () => {
    const directory = empty();
    await checked('pkvm-mmio@v4', ...quick, '--save', directory);
    const again = await checked('pkvm-mmio@v4', ...quick, '--corpus', directory);
    expect(again.status).toBe(0);
    expect(onLine(again.out)).toMatch(/^2 counterexamples from \S+: 2 still broken, as listed pkvm/);
    expect(onLine(again.out)).toContain(` from ${directory}: `);

    // As if the code of the variant had been mended since.
    const [name] = readdirSync(directory).filter((one) => one.includes('guest-shares'));
    const path = join(directory, name!);
    const kept = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...kept, switches: { ...kept.switches, donateChecksMmio: true } }));
    const fixed = await checked('pkvm-mmio@v4', ...quick, '--corpus', directory);
    expect(onLine(fixed.out)).toContain(
      `2 counterexamples from ${directory}: 1 still broken, as listed, 1 fixed fixed: `,
    );
    expect(fixed.out.replaceAll(/\s+/g, ' ')).toContain(`fixed: pkvm-mmio@v4 guest-shares-no-hyp-page (${path})`);
    const json = await checked('pkvm-mmio@v4', ...quick, '--corpus', directory, '--json');
    expect(JSON.parse(json.out).corpus.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['fixed', 'known']);
  });

  it('fails the check if one that is not listed still breaks, and only replays what is checked', async () => {
    const directory = empty();
    const flipped = ['pkvm-mmio', '--switch', 'donateChecksMmio=false', ...quick];
    expect((await checked(...flipped, '--save', directory)).status).toBe(1);
    const other = await checked('pkvm-mmio@v4', ...quick, '--corpus', directory);
    expect([other.status, other.out.includes('counterexample')]).toEqual([0, false]);
    const same = await checked(
      'pkvm-mmio@fixed',
      '--property',
      'pfn-range',
      '--property',
      'single-owner',
      '--corpus',
      directory,
    );
    expect(same.status).toBe(1);
    expect(onLine(same.out)).toContain('1 still broken, and not listed');
  });

  it('tells of a file that cannot be used, and goes on', async () => {
    const directory = empty();
    writeFileSync(join(directory, 'a.json'), '{');
    const { status, out } = await checked('pkvm-mmio@v4', ...quick, '--corpus', directory);
    expect(status).toBe(0);
    expect(out).toContain('1 unusable');
    expect(out.replaceAll(/\s+/g, ' ')).toContain('a.json is not a counterexample that can be replayed');
    const none = await checked('pkvm-mmio@v4', '--corpus', join(directory, 'none'));
    expect([none.status, none.err]).toEqual([2, `pagelaw: --corpus ${join(directory, 'none')} is no directory\n`]);
  });

  it('is not written unless asked', async () => {
    const directory = empty();
    mkdirSync(join(directory, 'kept'));
    await checked('pkvm-mmio@v4', ...quick, '--corpus', join(directory, 'kept'));
    expect(readdirSync(join(directory, 'kept'))).toEqual([]);
  });
});

describe('in a GitHub Actions run', () => {
  const inActions = async (argv: string[]) => {
    let [out, err] = ['', ''];
    const status = await run(argv, '1.2.3', {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      colour: false,
      annotates: true,
      progress: undefined,
      input: Readable.from([]),
      interrupted: new AbortController().signal,
      resident: () => 0,
    });
    return { status, out, err };
  };

  it('what fails the check is annotated beside the report, and nothing else', async () => {
    const flipped = ['check', 'pkvm-mmio', '--switch', 'donateChecksMmio=false', '--search', 'exhaustive'];
    const { status, out, err } = await inActions([...flipped, '--property', 'single-owner', '--json']);
    expect(status).toBe(1);
    expect(JSON.parse(out).format).toBe('pagelaw check');
    expect(err).toMatch(/^::error title=pkvm-mmio@fixed\+donateChecksMmio=false single-owner%3A violated::[^\n]*\n$/);
    expect((await inActions(['check', 'pkvm-mmio@v4', ...quick])).err).toBe('');
  });
});
