import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, openSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { pkvmMmioSuite } from '../../properties/pkvm-mmio.ts';
import { endless, underWay } from './endless.ts';
import { env, installed } from './installed.ts';

const root = resolve(import.meta.dirname, '../..');
let folder: string;
let files: readonly string[];

beforeAll(async () => {
  ({ folder, files } = await installed());
});

const pagelaw = (args: readonly string[], stdio: Parameters<typeof spawn>[2]['stdio'] = 'pipe'): ChildProcess =>
  spawn(join(folder, 'node_modules/.bin/pagelaw'), args, { cwd: folder, stdio, env });

const ended = async (child: ChildProcess) => {
  const [out, err, status] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    new Promise((done) => child.on('exit', (code, signal) => done(code ?? signal))),
  ]);
  return { out, err, status };
};

describe('the packed package', () => {
  it('has the program, what its READMEs say, and their scripts', () => {
    for (const path of files)
      expect(path).toMatch(
        /^(dist\/(src|model|properties)\/|model\/[a-z0-9-]+\/[a-z-]+\.script|(src\/subject\/kit|model\/[a-z0-9-]+\/subject)\/.+\.(c|h|json)$|((model|src)\/([a-z0-9-]+\/)?|properties\/|)README\.md$|package\.json$|LICENSE$)/,
      );
    for (const path of ['dist/src/cli/main.js', 'README.md', 'LICENSE', 'model/README.md', 'src/cli/README.md'])
      expect(files).toContain(path);
    const sources = ['model/stage2/subject', 'model/pkvm-ownership/subject', 'src/subject/kit'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name))),
    );
    expect(sources.length).toBeGreaterThan(10);
    expect(files).toEqual(expect.arrayContaining(sources));
  });

  it('runs from another folder', async () => {
    const { out, err, status } = await ended(pagelaw(['check', 'pkvm-mmio@fixed', '--search', 'exhaustive']));
    expect([status, err]).toEqual([0, '']);
    expect(out).toContain('All as expected: 19 proved');
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect((await ended(pagelaw(['--version']))).out).toBe(`${version}\n`);
  });

  it("checks the README's own model, which imports it by name", async () => {
    const [, source = ''] =
      readFileSync(join(root, 'README.md'), 'utf8').match(/<!-- pin\.mts -->\n```ts\n([\s\S]*?)```/) ?? [];
    expect(source.split('\n').length).toBeLessThan(50);
    writeFileSync(join(folder, 'pin.mts'), source);
    const { out, err, status } = await ended(pagelaw(['check', './pin.mts', '--save']));
    expect([status, err]).toEqual([0, '']);
    expect(out).toContain('unchecked  pinned-is-shared  violated *');
    expect(out).toContain('All as expected: 1 proved, 1 known defect found.');
    const [saved] = readdirSync(join(folder, '.pagelaw')).filter((name) =>
      /^pin@unchecked\.pinned-is-shared\.[0-9a-f]{8}\.json$/.test(name),
    );
    const replayed = await ended(pagelaw(['replay', join('.pagelaw', saved!)]));
    expect(replayed.status).toBe(1);
    expect(replayed.out).toContain(
      '    3  host_unshare_hyp()  ok\n         host  SHARED_OWNED -> OWNED\n\n  => broken: 1 pins, OWNED',
    );
  });

  it('gives the types of its vocabulary', () => {
    writeFileSync(
      join(folder, 'tsconfig.json'),
      '{ "compilerOptions": { "module": "nodenext", "strict": true, "noEmit": true, "skipLibCheck": true, "types": [] }, "files": ["pin.mts"] }',
    );
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { cwd: folder, stdio: 'pipe' });
  });

  it('gives the built-in suites by name, and a test of vitest for each property of each variant', () => {
    symlinkSync(join(root, 'node_modules/vitest'), join(folder, 'node_modules/vitest'));
    mkdirSync(join(folder, 'laws'));
    writeFileSync(
      join(folder, 'laws/laws.test.ts'),
      `import { pkvmMmioSuite } from 'pagelaw/models';
      import { testSuite } from 'pagelaw/vitest';
      const config = { mmioTables: 2, pool: 3 };
      testSuite(pkvmMmioSuite, { variants: ['fixed', 'v4'], config });
      testSuite({ ...pkvmMmioSuite, violates: { ...pkvmMmioSuite.violates, v4: [] } }, { variants: ['v4'], config });`,
    );
    const { status, stdout } = spawnSync(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', '--root', 'laws', '--reporter', 'json'],
      { cwd: folder, env, encoding: 'utf8' },
    );
    expect(status).toBe(1);
    const tests: { ancestorTitles: string[]; title: string; status: string; failureMessages: string[] }[] =
      JSON.parse(stdout).testResults[0].assertionResults;
    const owner = tests.filter(({ title }) => title === 'single-owner');
    expect(owner.map(({ ancestorTitles, status }) => [...ancestorTitles, status])).toEqual([
      ['pkvm-mmio', 'fixed', 'passed'],
      ['pkvm-mmio', 'v4', 'passed'],
      ['pkvm-mmio', 'v4', 'failed'],
    ]);
    const [message = ''] = owner[2]!.failureMessages;
    expect(message).toMatch(
      /violated: [\s\S]*\n1\. [\s\S]*\n=> broken[\s\S]*\nto reproduce: pagelaw check pkvm-mmio@v4 /,
    );
    const known = pkvmMmioSuite.violates.v4!.length;
    expect(tests.filter(({ status }) => status === 'failed').length).toBeLessThanOrEqual(known);
  });

  it('ends quietly for a reader that goes away', async () => {
    const child = pagelaw(['list']);
    child.stdout!.destroy();
    child.stdout = null;
    expect(await ended(child)).toEqual({ out: '', err: '', status: 141 });
  });

  it('says that the disk is full, and does not pretend to have succeeded', async () => {
    const child = pagelaw(['list'], ['ignore', openSync('/dev/full', 'w'), 'pipe']);
    expect(await ended(child)).toEqual({
      out: '',
      err: expect.stringMatching(/^pagelaw: cannot write the output: ENOSPC[^\n]*\n$/),
      status: 2,
    });
  });

  it('ends on ctrl-C with what it covered, and without a trace in the folder', async () => {
    writeFileSync(join(folder, 'endless.mjs'), endless(1, underWay));
    const child = pagelaw(['check', './endless.mjs', '--search', 'exhaustive']);
    child.stderr!.once('data', () => child.kill('SIGINT'));
    const { out, err, status } = await ended(child);
    expect([status, err]).toEqual([130, 'under way\n']);
    expect(out).toMatch(/^only +low +violated/m);
    expect(out).toContain('Incomplete (interrupted)');
  });

  it.each([
    ['process.exit(0);', 'ended before it had finished'],
    ['await new Promise(() => undefined);', 'ended before it had finished'],
    [
      'setTimeout(() => { throw new Error("late"); }, 0); await new Promise((done) => setTimeout(done, 500)); export { default } from "./pin.mts";',
      'something that a model file left running failed: Error: late',
    ],
    ['setTimeout(() => { throw 1; }, 0); await new Promise((done) => setTimeout(done, 500));', 'is not a suite'],
  ])('a model file that does this is no success: %s', async (body, message) => {
    writeFileSync(join(folder, 'ends.mts'), body);
    const { err, status } = await ended(pagelaw(['check', './ends.mts']));
    expect([status, err]).toEqual([2, expect.stringMatching(/^pagelaw: [^\n]*\n$/)]);
    expect(err).toContain(message);
  });

  it('is plain when piped, and coloured when that is forced', async () => {
    const run = (env: NodeJS.ProcessEnv) =>
      execFileSync(join(folder, 'node_modules/.bin/pagelaw'), ['list'], {
        cwd: folder,
        encoding: 'utf8',
        env: { PATH: process.env.PATH, ...env },
      });
    const colour = '\u001b[';
    expect(run({})).not.toContain(colour);
    expect(run({ FORCE_COLOR: '1' })).toContain(colour);
    expect(run({ NO_COLOR: '1', FORCE_COLOR: '1' })).not.toContain(colour);
  });
});
