import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { endless, underWay } from './endless.ts';
import { env, installed } from './installed.ts';

/** Where the package is installed, and what is written. */
let folder: string;
let main: string;
const node = process.execPath;

beforeAll(async () => {
  const { folder: root } = await installed();
  folder = mkdtempSync(join(root, 'adversity-'));
  main = join(root, 'node_modules/pagelaw/dist/src/cli/main.js');
  writeFileSync(join(folder, 'grid.mjs'), endless(1));
  writeFileSync(join(folder, 'wide.mjs'), endless(600));
});

const search = ['check', './grid.mjs', '--search', 'exhaustive'];
/** A search of states of 600 words, which soon take much memory. */
const wideSearch = ['check', './wide.mjs', '--search', 'exhaustive'];

interface Ended {
  readonly out: string;
  readonly err: string;
  /** Or the signal that ended it. */
  readonly status: number | string;
}

const ended = async (child: ReturnType<typeof spawn>): Promise<Ended> => {
  const [out, err, status] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    new Promise<number | string>((done) => child.on('exit', (code, signal) => done(code ?? signal!))),
  ]);
  return { out, err, status };
};

const start = (args: readonly string[], stdio: Parameters<typeof spawn>[2]['stdio'] = ['ignore', 'pipe', 'pipe']) =>
  spawn(node, [main, ...args], { cwd: folder, stdio, env });

/** In a shell that does `before` first. */
const under = (before: string, args: readonly string[], flags: readonly string[] = []): Promise<Ended> =>
  ended(
    spawn('sh', ['-c', `${before}\nexec "$0" "$@"`, node, ...flags, main, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    }),
  );

const line = (words: string) => expect.stringMatching(new RegExp(`^pagelaw: [^\\n]*${words}[^\\n]*\\n$`));

describe('a disk that is full', () => {
  // Files may have no bytes: what is written to a regular file fails, as on a full disk; what is written to a pipe does not.
  const full = "trap '' XFSZ; ulimit -f 0";

  it('leaves what was found on the terminal, says so, and is exit status 2', async () => {
    const saved = join(folder, 'saved');
    const { out, err, status } = await under(full, [...search, '--max-states', '5000', '--save', saved]);
    expect([status, err]).toEqual([2, line('cannot write .*grid@only.low.*json: EFBIG: file too large')]);
    expect(out).toMatch(/^only +low +violated +5,000/m);
    expect(readdirSync(saved)).toEqual([]);
  });

  it('leaves the old report as it was', async () => {
    const page = join(folder, 'page.html');
    writeFileSync(page, 'the old one');
    const { out, err, status } = await under(full, [...search, '--max-states', '5000', '--report', page]);
    expect([status, err]).toEqual([2, line('cannot write .*page.html: EFBIG: file too large')]);
    expect(out).toMatch(/^only +low +violated/m);
    expect(readFileSync(page, 'utf8')).toBe('the old one');
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  const own = ['unshare', '-m', 'sh', '-c'];
  const mount = (disk: string) => `mount -t tmpfs -o size=8k tmpfs '${disk}' && cd '${disk}'`;
  const disk = mkdtempSync(join(tmpdir(), 'pagelaw-disk-'));
  const canMount = spawnSync(own[0]!, [...own.slice(1), mount(disk)], { stdio: 'ignore' }).status === 0;
  if (!canMount) console.warn('No file system can be mounted: no disk is filled up, but the size of files is limited.');

  it.skipIf(!canMount)('is no different where it is one', () => {
    mkdirSync(join(folder, 'disk'));
    const script = [
      mount(join(folder, 'disk')),
      'printf "the old one" > page.html; dd if=/dev/zero of=filler bs=1k count=8 2>/dev/null',
      `${node} ${main} check ../grid.mjs --search exhaustive --max-states 5000 --save saved --report page.html`,
      'echo "status $?"; cat page.html; echo; ls -A . saved',
    ].join('\n');
    const { stdout, stderr } = spawnSync(own[0]!, [...own.slice(1), script], { encoding: 'utf8', env });
    expect(stderr).toEqual(line('ENOSPC: no space left on device'));
    expect(stdout).toMatch(/^only +low +violated/m);
    expect(stdout).toContain('status 2\nthe old one\n');
    expect(stdout.split('the old one\n')[1]).not.toMatch(/tmp|json/);
  });
});

describe('a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s: what was found by then is printed, and the status is %i', async (signal, status) => {
    writeFileSync(join(folder, 'signal.mjs'), endless(1, underWay));
    const child = start(['check', './signal.mjs', '--search', 'exhaustive', '--workers', '2']);
    child.stderr!.once('data', () => child.kill(signal));
    const { out, err, ...end } = await ended(child);
    expect([end.status, err]).toEqual([status, 'under way\n']);
    expect(out).toMatch(/^only +low +violated/m);
    expect(out).toContain('Incomplete (interrupted)');
  });

  it('does not wait for anything when it comes a second time', async () => {
    writeFileSync(
      join(folder, 'slow.mjs'),
      `process.on('SIGTERM', () => console.error('heard'));
      console.error('loading');
      await new Promise((done) => setTimeout(done, 600_000));`,
    );
    const child = start(['check', './slow.mjs']);
    const said = () => new Promise((line) => child.stderr!.once('data', line));
    await said();
    const heard = said();
    child.kill('SIGTERM');
    await heard;
    child.kill('SIGINT');
    expect((await ended(child)).status).toBe('SIGINT');
  });
});

describe('a reader that goes away', () => {
  it('ends it as SIGPIPE would, without a word', async () => {
    const child = start(['list']);
    child.stdout!.destroy();
    child.stdout = null;
    expect(await ended(child)).toEqual({ out: '', err: '', status: 141 });
    const script = `${node} ${main} list --json | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8', env });
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^\{\n(0|141)\n$/), '']);
  });

  it('does not keep what was found from being saved', async () => {
    const saved = join(folder, 'unread');
    const page = join(folder, 'unread.html');
    const child = start([...search, '--max-states', '5000', '--save', saved, '--report', page]);
    child.stdout!.destroy();
    child.stdout = null;
    expect(await ended(child)).toEqual({ out: '', err: '', status: 141 });
    expect(readdirSync(saved)).toHaveLength(1);
    expect(readFileSync(page, 'utf8')).toContain('</html>');
  });

  it('of errors is no matter', async () => {
    const child = start([...search, '--max-states', '5000', '--format', 'itf', '--property', 'low']);
    child.stderr!.destroy();
    child.stderr = null;
    expect((await ended(child)).status).toBe(1);
  });
});

it('what cannot be written to standard output is an error, and is saved all the same', async () => {
  const saved = join(folder, 'lost');
  const child = start(
    [...search, '--max-states', '5000', '--save', saved],
    ['ignore', openSync('/dev/full', 'w'), 'pipe'],
  );
  expect(await ended(child)).toEqual({ out: '', err: line('cannot write the output: ENOSPC'), status: 2 });
  expect(readdirSync(saved)).toHaveLength(1);
});

it('what a model leaves running and fails later does not lose what was found', async () => {
  writeFileSync(join(folder, 'late.mjs'), endless(1, "setTimeout(() => { throw 'no words'; }, 0);"));
  const { out, err, status } = await ended(start(['check', './late.mjs', '--search', 'exhaustive']));
  expect([status, err]).toEqual([2, line('something that a model file left running failed: no words')]);
  expect(out).toMatch(/^only +low +(violated|incomplete)/m);
});

describe('what the shell allows', () => {
  const few = ['check', './grid.mjs', '--search', 'exhaustive', '--max-states', '400000'];

  it.each([20, 24, 40])('too few open files: ulimit -n %i', async (n) => {
    const files = await under(`ulimit -n ${n}`, ['list']);
    expect(files).toEqual({
      out: '',
      err: line(`ulimit -n allows ${n} open files, and pagelaw may need 200`),
      status: 2,
    });
  });

  it('too few open files for workers', async () => {
    const { err, status } = await under('ulimit -n 64', [...few, '--workers', '200']);
    expect([status, err]).toEqual([2, line('ulimit -n|cannot start')]);
  });

  // Less, and Node itself does not start.
  it.each([
    ['pagelaw', 1_000_000, ['list'], 'pagelaw needs 512 MiB of address space, and ulimit -v leaves \\d+ MiB'],
    ['workers', 1_600_000, [...few, '--workers', '4'], '--workers 4: ulimit -v leaves address space for 1'],
    ['a picture', 1_600_000, ['audit', 'pkvm-mmio', '--format', 'svg'], 'drawing a life cycle needs \\d+ MiB'],
    ['TypeScript', 1_600_000, ['check', './some.mts'], 'loading TypeScript needs \\d+ MiB'],
  ])('too little address space for %s', async (_, kibibytes, args, words) => {
    writeFileSync(join(folder, 'some.mts'), endless(1));
    const { out, err, status } = await under(`ulimit -v ${kibibytes}`, args);
    expect([status, out, err]).toEqual([2, '', line(words)]);
  });

  it('a search does with fewer workers where none are asked for, and ends where there is no more address space', async () => {
    const room = await under('ulimit -v 1600000', [...wideSearch, '--max-states', '2000']);
    expect([room.status, room.err]).toEqual([1, '']);
    const { out, err, status } = await under('ulimit -v 1300000', wideSearch);
    expect([status, err]).toEqual([1, '']);
    expect(out.replaceAll(/\s+/g, ' ')).toContain('Incomplete (stopped at the limit of 1,269 MiB of address space)');
  });

  it('the report then has no picture, and everything else', async () => {
    const page = join(folder, 'plain.html');
    const args = ['check', 'pkvm-mmio@fixed', '--search', 'exhaustive', '--report', page];
    const { out, err, status } = await under('ulimit -v 1600000', args);
    expect([status, err]).toEqual([2, line('drawing a life cycle needs')]);
    expect(out).toContain('All as expected: 19 proved');
    expect(readFileSync(page, 'utf8')).toMatch(/host-reaches-own-pages[\s\S]*<\/html>\n$/);
  });
});

describe('a worker', () => {
  const shared = ['check', './grid.mjs', '--search', 'exhaustive', '--workers', '2'];
  const failing = (body: string): string => {
    const path = join(folder, 'failing.mjs');
    writeFileSync(
      path,
      `import threads from 'node:worker_threads';
      import { syncBuiltinESMExports } from 'node:module';
      const { Worker } = threads;
      let started = 0;
      threads.Worker = class extends Worker { constructor(...given) { ${body}; super(...given); } };
      syncBuiltinESMExports();`,
    );
    return path;
  };

  it.each([
    [
      'cannot start',
      "if (started++ > 0) throw Object.assign(new Error('Worker initialization failure: EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' })",
      'a worker thread of the search cannot start \\(Worker initialization failure: EAGAIN\\); --workers 1 needs none',
    ],
    [
      'fails in starting',
      'given = [\'throw Object.assign(new Error("Worker initialization failure: EMFILE"), { code: "ERR_WORKER_INIT_FAILED" })\', { eval: true }]',
      'a worker thread of the search cannot start \\(Worker initialization failure: EMFILE\\)',
    ],
    ['ends', "given = ['process.exit(3)', { eval: true }]", 'ended early \\(exit 3\\); nothing is concluded'],
  ])('that %s is an error in one line', async (_, body, words) => {
    const { out, err, status } = await under('', shared, ['--import', failing(body)]);
    expect([status, out, err]).toEqual([2, '', line(words)]);
  });
});

describe('memory', () => {
  const measure = () => {
    const path = join(folder, 'measure.mjs');
    writeFileSync(path, "process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS));");
    return path;
  };

  it.each([1, 2])('is not taken beyond the limit, with %i workers', async (workers) => {
    const limit = 180;
    const args = [...wideSearch, '--workers', `${workers}`, '--max-memory', `${limit}`];
    const { out, err, status } = await under('', args, ['--import', measure()]);
    expect(status).toBe(1);
    expect(out.replaceAll(/\s+/g, ' ')).toContain('Incomplete (stopped at the limit of 180 MiB for the process)');
    const [, kibibytes] = /^peak (\d+)$/.exec(err)!;
    expect(Number(kibibytes) / 1024).toBeLessThan(1.1 * limit);
    const [, states = ''] = /^only +low +violated +([\d,]+)/m.exec(out)!;
    expect(Number(states.replaceAll(',', ''))).toBeGreaterThan(3_000);
  });
});
