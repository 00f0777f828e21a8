import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { run as command } from '../../src/cli/program.ts';
import { pagelaw } from './fake-console.ts';

const directory = mkdtempSync(join(tmpdir(), 'pagelaw-'));
const script = (text: string, name = 'a.script') => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};
const run = (text: string, ...options: string[]) => pagelaw(['run', 'pkvm-ownership', script(text), ...options]);

const shared = `# shared with the hypervisor
host_share_hyp(pfn=0) -> 0
host_donate_hyp(pfn=0, nr=1) -> -EPERM
expect host=SHARED_OWNED hyp=SHARED_BORROWED
host_fault(1)
`;

it('prints a line for each statement, and 0 where all is as expected', async () => {
  const { status, out, err } = await run(shared);
  expect([status, err]).toEqual([0, '']);
  expect(out).toMatch(/^pkvm-ownership@7\.2: page ownership in pKVM\npages=2 /);
  expect(out).toContain(
    [
      '',
      '# shared with the hypervisor',
      'ok        2  host_share_hyp(pfn=0) -> 0',
      'ok        3  host_donate_hyp(pfn=0, nr=1) -> -EPERM',
      'ok        4  expect host[0]=SHARED_OWNED hyp[0]=SHARED_BORROWED',
      'ok        5  host_fault(pfn=1)  ok',
      '',
      '4 lines, all as expected.',
      '',
    ].join('\n'),
  );
});

it("names a thread's step beside its call", async () => {
  const { status, out } = await pagelaw([
    'run',
    'mte-tags@split',
    script('run(vm1) -> 0\nrun(vm2)\ndrain(vm1) -> disabled\n'),
  ]);
  expect(status).toBe(0);
  expect(out).toContain(
    [
      'ok        1  run(thread=vm1) -> 0  vm1: test PG_mte_tagged',
      'ok        2  run(thread=vm2)  ok  vm2: test PG_mte_tagged',
      'ok        3  drain(thread=vm1) -> disabled',
      '',
    ].join('\n'),
  );
});

it('stops at the first line that is not as expected, says where and why, and exits with 1', async () => {
  const { status, out } = await run(`${shared}host_share_hyp(0) -> 0\nhost_share_hyp(1)\nhost_fault(0)\n`);
  expect(status).toBe(1);
  expect(out).toContain(
    [
      'not ok    6  host_share_hyp(pfn=0) -> 0',
      '             it returned -EPERM (not owned by the host alone)',
      '',
    ].join('\n'),
  );
  expect(out.replaceAll(/\s+/g, ' ')).toContain(
    `Stopped at ${join(directory, 'a.script')}:6: it returned -EPERM (not owned by the host alone); 2 lines not run.`,
  );
});

it('prints the same as JSON', async () => {
  const { status, out } = await run(`${shared}host_share_hyp(0) -> 0\nhost_share_hyp(1)\n`, '--json');
  expect(status).toBe(1);
  const { format, version, model, lines } = JSON.parse(out);
  expect([format, version, model]).toEqual(['pagelaw run', 1, 'pkvm-ownership']);
  expect(lines.slice(-2)).toMatchObject([
    {
      line: 6,
      standing: 'not ok',
      text: 'host_share_hyp(pfn=0) -> 0',
      problem: 'it returned -EPERM (not owned by the host alone)',
    },
    { line: 7, standing: 'not run', text: 'host_share_hyp(pfn=1)', command: { kind: 'host_share_hyp', pfn: 1 } },
  ]);
  expect(lines.at(-1)).not.toHaveProperty('result');
});

it('writes KTAP', async () => {
  const { status, out } = await run(`${shared}expect host[1]=NOPAGE\nhost_fault(0)\n`, '--ktap');
  const path = join(directory, 'a.script');
  expect(status).toBe(1);
  expect(out.split('\n')).toEqual([
    'KTAP version 1',
    expect.stringMatching(/^# pkvm-ownership@7\.2 pages=2 /),
    '1..6',
    '# shared with the hypervisor',
    `ok 1 ${path}:2 host_share_hyp(pfn=0) -> 0`,
    `ok 2 ${path}:3 host_donate_hyp(pfn=0, nr=1) -> -EPERM`,
    `ok 3 ${path}:4 expect host[0]=SHARED_OWNED hyp[0]=SHARED_BORROWED`,
    `ok 4 ${path}:5 host_fault(pfn=1)`,
    '# host[1] is OWNED',
    `not ok 5 ${path}:6 expect host[1]=NOPAGE`,
    `ok 6 ${path}:7 host_fault(pfn=0) # SKIP not run`,
    '',
  ]);
});

it('takes a variant, a configuration and switches', async () => {
  const path = script('host_fault(2)\nhost_donate_hyp(0, 1)\nhost_fault(0) -> panic\nexpect host[2]=OWNED');
  const { status, out } = await pagelaw([
    'run',
    'pkvm-ownership@7.2-hypercalls',
    path,
    '--set',
    'pages=3',
    '--switch',
    'faultsInject=false',
  ]);
  expect(status).toBe(0);
  expect(out).toContain('pkvm-ownership@7.2-hypercalls+faultsInject=false: ');
});

it('runs on every model, and on one in a file', async () => {
  const mmio = script('host_donate_hyp_mmio(pfn=0) -> 0\nexpect el2=device\nhost_access(0) -> -EPERM', 'mmio.script');
  expect((await pagelaw(['run', 'pkvm-mmio', mmio])).status).toBe(0);
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  const spec = JSON.stringify(join(import.meta.dirname, '../../src/spec/index.ts'));
  const model = script(
    `import * as spec from ${spec};
    const model = spec.defineModel({ id: 'counter', title: 'A counter', sources: [], config: {}, switches: {},
      variants: { only: { doc: '', switches: {} } }, defaultVariant: 'only',
      system: () => ({ state: spec.record({ n: spec.range(0, 3) }), command: spec.variant({ tick: {} }), initial: { n: 0 },
        step: (state) => spec.ok({ n: state.n + 1 }) }) });
    const one = spec.suite({ model, properties: [], violates: { only: [] } });
    export const twice = [one, one];
    export default one;`,
    'counter.ts',
  );
  expect((await pagelaw(['run', `${model}@only`, script('tick()\nexpect n=1', 'counter.script')])).status).toBe(0);
  const several = script("export { twice as default } from './counter.ts';", 'several.ts');
  expect((await pagelaw(['run', several, mmio])).err).toBe(
    `pagelaw: ${several} has several models; a script is run on one: export counter or counter alone\n`,
  );
});

describe('a WARN', () => {
  const reload = (end: string) => script(`kvm_mmu_load(fails=none)\nkvm_mmu_unload()\n${end}\n`, 'reload.script');
  const merged = (end: string, ...options: string[]) =>
    pagelaw(['run', 'shadow-roots@merged', reload(end), ...options]);

  it('that is not expected fails its line, and is printed', async () => {
    const { status, out } = await merged('kvm_mmu_load(fails=none) -> -EIO');
    expect(status).toBe(1);
    expect(out).toContain(
      'not ok    3  kvm_mmu_load(fails=none) -> -EIO\n             unexpected WARN special roots not in concert\n',
    );
    const free = await merged('kvm_mmu_load(fails=none)');
    expect([free.status, free.out.replaceAll(/\s+/g, ' ')]).toEqual([
      1,
      expect.stringContaining('(some roots are there, some are not); unexpected WARN special roots not in concert'),
    ]);
  });

  it('can be expected, and is printed', async () => {
    const named = 'kvm_mmu_load(fails=none) -> -EIO, WARN special roots not in concert';
    const { status, out } = await merged(named);
    expect([status, out]).toEqual([0, expect.stringContaining(`ok        3  ${named}\n\n3 lines, all as expected.\n`)]);
    const unnamed = await merged('kvm_mmu_load(fails=none) -> -EIO, WARN');
    expect([unnamed.status, unnamed.out]).toEqual([
      0,
      expect.stringContaining('-> -EIO, WARN\n             WARN special roots not in concert\n'),
    ]);
  });

  it('is a field in JSON and a diagnostic in KTAP', async () => {
    const end = 'kvm_mmu_load(fails=none) -> -EIO, WARN';
    expect(JSON.parse((await merged(end, '--json')).out).lines.at(-1)).toMatchObject({
      standing: 'ok',
      result: '-EIO (some roots are there, some are not), WARN special roots not in concert',
      warnings: ['special roots not in concert'],
    });
    const { out } = await merged(end, '--ktap');
    expect(out.split('\n').slice(-3)).toEqual([
      '# WARN special roots not in concert',
      `ok 3 ${join(directory, 'reload.script')}:3 ${end}`,
      '',
    ]);
  });

  it('is any event that a model reports so: a use after free, an index out of bounds', async () => {
    const lines = (second: string) =>
      `create_vm(${second})\nenable_cap(succeeds)\nguest_write(0, 4, 0)\nguest_write(1, 4, 0)\nset_access(4, 11)\nset_access(4, 11)`;
    const { status, out } = await pagelaw(['run', 'spp@without-d9', script(lines('2M-roots')), '--keep-going']);
    expect(status).toBe(1);
    expect(out).toContain('unexpected WARN pte_list_desc used after free');
    const slots = 'create_vm(slots)\nenable_cap(succeeds)\ncreate_memslot()\nset_access(3, 11 11)';
    const outside = await pagelaw(['run', 'spp@without-d8', script(slots)]);
    expect([outside.status, outside.out]).toEqual([1, expect.stringContaining('unexpected WARN rmap index outside')]);
  });
});

describe('--keep-going', () => {
  const text = `${shared}host_share_hyp(0) -> 0\nshow hyp\nhost_fault(0)\nexpect host[1]=NOPAGE\n`;

  it('judges every line', async () => {
    const { status, out } = await run(text, '--keep-going');
    expect(status).toBe(1);
    expect(out).toContain(
      [
        'not ok    6  host_share_hyp(pfn=0) -> 0',
        '             it returned -EPERM (not owned by the host alone)',
        '          7  show hyp',
        '    hyp=[SHARED_BORROWED, NOPAGE]',
        'ok        8  host_fault(pfn=0)  ok',
        'not ok    9  expect host[1]=NOPAGE',
        '             host[1] is OWNED',
        '',
        '2 of 7 lines are not as expected; the first is ',
      ].join('\n'),
    );
  });

  it('in KTAP, where what is shown is no test', async () => {
    const { status, out } = await run(text, '--keep-going', '--ktap');
    const path = join(directory, 'a.script');
    expect(status).toBe(1);
    expect(out.split('\n').slice(2, 3)).toEqual(['1..7']);
    expect(out.split('\n').slice(-8)).toEqual([
      `# it returned -EPERM (not owned by the host alone)`,
      `not ok 5 ${path}:6 host_share_hyp(pfn=0) -> 0`,
      `# ${path}:7 show hyp`,
      '# hyp=[SHARED_BORROWED, NOPAGE]',
      `ok 6 ${path}:8 host_fault(pfn=0)`,
      '# host[1] is OWNED',
      `not ok 7 ${path}:9 expect host[1]=NOPAGE`,
      '',
    ]);
  });
});

describe('a script from standard input', () => {
  it('is read to its end', async () => {
    const input = Readable.from([Buffer.from('host_share_'), Buffer.from('hyp(0) -> 0\nhost_fault(1)\n')]);
    const { status, out } = await pagelaw(['run', 'pkvm-ownership', '-'], { input });
    expect([status, out]).toEqual([0, expect.stringContaining('2 lines, all as expected.')]);
  });

  it('is called <stdin>', async () => {
    const input = Readable.from([Buffer.from('host_fault(0)\nhost_falt(0)\n')]);
    const { status, out, err } = await pagelaw(['run', 'pkvm-ownership', '-'], { input });
    expect([status, out]).toEqual([2, '']);
    expect(err).toBe('pagelaw: <stdin>:2: there is no call called host_falt; did you mean host_fault?\n');
  });

  it('that has no end is not waited for', async () => {
    const endless = function* () {
      for (;;) yield Buffer.alloc(2 ** 20, '#');
    };
    const { status, err } = await pagelaw(['run', 'pkvm-ownership', '-'], { input: Readable.from(endless()) });
    expect([status, err]).toEqual([2, 'pagelaw: <stdin> is longer than 16 MiB, which no script is\n']);
  });

  it('ends at ctrl-C', async () => {
    const interruption = new AbortController();
    let err = '';
    const status = command(['run', 'pkvm-ownership', '-'], '1.2.3', {
      out: () => undefined,
      err: (text) => {
        err += text;
      },
      colour: false,
      progress: undefined,
      input: new Readable({ read: () => setTimeout(() => interruption.abort(), 10) }),
      interrupted: interruption.signal,
      resident: () => 0,
    });
    expect([await status, err]).toEqual([130, 'pagelaw: interrupted\n']);
  });
});

it('ends at ctrl-C, with what was found by then', async () => {
  const spec = JSON.stringify(join(import.meta.dirname, '../../src/spec/index.ts'));
  const model = script(
    `import * as spec from ${spec};
    const model = spec.defineModel({ id: 'slow', title: 'slow', sources: [], config: {}, switches: {},
      variants: { only: { doc: '', switches: {} } }, defaultVariant: 'only',
      system: () => ({ state: spec.record({ n: spec.range(0, 3) }), command: spec.variant({ tick: {} }), initial: { n: 0 },
        step: (state) => {
          globalThis.calledBySlow();
          const until = performance.now() + 60;
          while (performance.now() < until);
          return spec.ok(state);
        } }) });
    export default spec.suite({ model, properties: [], violates: { only: [] } });`,
    'slow.mts',
  );
  const interruption = new AbortController();
  let calls = 0;
  // The model lives in a copy of its own of everything but the global object.
  Reflect.set(globalThis, 'calledBySlow', () => ++calls === 3 && interruption.abort());
  let out = '';
  const status = command(['run', model, script('tick()\n'.repeat(200), 'slow.script'), '--ktap'], '1.2.3', {
    out: (text) => {
      out += text;
    },
    err: () => undefined,
    colour: false,
    progress: undefined,
    input: Readable.from([]),
    interrupted: interruption.signal,
    resident: () => 0,
  });
  expect(await status).toBe(130);
  const lines = out.split('\n').filter((line) => line.startsWith('ok '));
  expect(lines.map((line) => line.endsWith('# SKIP not run'))).toEqual([false, false, false, ...Array(197).fill(true)]);
});

describe('sizes that a search has no room for', () => {
  it('512 pages of memory, and a guest that has them as a block', async () => {
    const text = `init vms[1].memcache=1
host_share_hyp(511) -> 0
expect host=SHARED_OWNED host[0-510]=OWNED
host_share_guest(pfn=0, gfn=0, nr=512, vm=1, prot=RWX) -> -EPERM
host_unshare_hyp(511) -> 0
host_share_guest(pfn=0, gfn=0, nr=512, vm=1, prot=RWX) -> 0
expect host[0-511]=SHARED_OWNED host_share_guest_count[0-511]=1
expect vms[1].guest[0-511]={kind: leaf, state: SHARED_BORROWED, level: 2}
host_unshare_guest(gfn=0, nr=1, vm=1) -> -E2BIG
host_unshare_guest(gfn=0, nr=512, vm=1) -> 0
show
show host vms[1].guest[510-511]
`;
    const sizes = ['pages=512', 'gfns=512', 'block=512', 'shares=4294967295'].flatMap((size) => ['--set', size]);
    const { status, out } = await run(text, ...sizes);
    expect(out).toContain('9 lines, all as expected.');
    expect(status).toBe(0);
    expect(out).toContain('      (510 alike)\n      pfn 511      OWNED');
    expect(out).toContain('    host[0-511]=OWNED\n    vms[1].guest[510]={kind: invalid}\n');
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const search = await pagelaw(['check', 'pkvm-ownership', '--set', 'pages=512']);
    expect([search.status, search.err]).toEqual([
      2,
      'pagelaw: pkvm-ownership: pages=512 is not an integer from 1 to 4; run takes up to 4096\n',
    ]);
  });

  it.each([
    [
      'spp',
      'create_vm(roots)\nenable_cap(succeeds)\nset_access(1022, 00 01 11) -> 3\nguest_write(254, 1024, 0)',
      ['regionPages=512', 'roots=255'],
    ],
    [
      'pkvm-mmio',
      'host_donate_hyp_mmio(777) -> 0\nhost_access(777) -> -1\nexpect tables[1]: refcount=2 entries[265]=hyp',
      ['mmioTables=64', 'entriesPerTable=512', 'pool=64'],
    ],
    ['mte-faults', 'set_memory_region()\nguest_stg(511)\nexpect block=true pages[0-511].s2=rw', ['pages=512']],
    ['mte-tags', 'run(vm64)\nexpect at.vm1=test_and_set PG_mte_lock', ['actors=64']],
  ])('%s', async (model, text, sizes) => {
    const { status, out, err } = await pagelaw([
      'run',
      model,
      script(text),
      ...sizes.flatMap((size) => ['--set', size]),
    ]);
    expect([status, err, out]).toEqual([0, '', expect.stringContaining('all as expected.')]);
  });

  it('have an end', async () => {
    const most = await run('host_fault(0)', '--set', 'pages=5000');
    expect([most.status, most.err]).toEqual([
      2,
      'pagelaw: pkvm-ownership: pages=5000 is not an integer from 1 to 4096\n',
    ]);
    const all = await run('host_fault(0)', '--set', 'vms=255', '--set', 'gfns=4096');
    expect([all.status, all.out, all.err]).toEqual([
      2,
      '',
      expect.stringMatching(/^pagelaw: [^\n]*scalars in all[^\n]*\n$/),
    ]);
  });

  it('are listed', async () => {
    expect((await pagelaw(['list', 'pkvm-ownership'])).out).toContain(
      'pages=2, from 1 to 4; 3 in the large configuration; up to 4096 for run\n',
    );
  });
});

describe('what is in a script or a file name never steers the terminal', () => {
  const steers = '\x1b]0;title\x07\x9b31m';
  const shown = '\\x1b]0;title\\x07\\x9b31m';

  it.each([
    ['a call', ['run', 'pkvm-ownership', script(`host_fault(0) ${steers}`, 'steers.script')]],
    ['no UTF-8', ['run', 'pkvm-ownership', script('# \x1b', 'esc.script')]],
    ['the name of a file', ['run', 'pkvm-ownership', `${steers}.script`]],
    ['a model', ['run', steers, 'a.script']],
    ['a model file', ['run', `./${steers}.mts`, 'a.script']],
    ['a parameter', ['run', 'pkvm-ownership', 'a.script', '--set', `${steers}=1`]],
    ['a switch', ['run', 'pkvm-ownership', 'a.script', '--switch', `${steers}=1`]],
    ['a format', ['run', 'pkvm-ownership', 'a.script', '--format', steers]],
    ['an option', ['run', 'pkvm-ownership', 'a.script', `--${steers}`]],
    ['a command', [steers]],
  ])('%s', async (_, argv) => {
    const { status, out, err } = await pagelaw(argv);
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(/^pagelaw: [^\p{Cc}]*\n$/u);
    expect(err).toMatch(/\\x1b/);
  });

  it('of a model neither', async () => {
    const spec = JSON.stringify(join(import.meta.dirname, '../../src/spec/index.ts'));
    const text = JSON.stringify(steers);
    const model = script(
      `import * as spec from ${spec};
      const model = spec.defineModel({ id: 'odd', title: ${text}, sources: [], config: {}, switches: {},
        variants: { only: { doc: '', switches: {} } }, defaultVariant: 'only', legend: () => ${text},
        draw: () => [{ title: ${text}, columns: [${text}], lines: [{ name: ${text}, cells: [${text}] }] }],
        system: () => ({ state: spec.record({ word: spec.enumOf(${text}, 'other') }), command: spec.variant({ refuse: {}, warn: {} }),
          initial: { word: ${text} },
          step: (state, { kind }) => kind === 'warn' ? spec.warn(spec.ok(state), ${text}) : spec.refuse(state, 'EPERM', ${text}) }) });
      export default spec.suite({ model, properties: [], violates: { only: [] } });`,
      'odd.mts',
    );
    const lines = script('refuse()\nwarn()\nexpect word=other\nshow\nshow word', 'odd.script');
    for (const format of ['text', 'ktap', 'json']) {
      const { status, out } = await pagelaw(['run', model, lines, '--keep-going', '--format', format]);
      expect(status).toBe(1);
      expect(out).toMatch(/^(?:[^\p{Cc}\p{Cf}]|\n)*$/u);
      if (format === 'json') expect(JSON.parse(out).lines[0].result).toBe(`-EPERM (${steers})`);
      else expect(out.replaceAll(/\s+/g, ' ')).toContain(`unexpected WARN ${shown}`);
    }
  });
});

it('prints what was found before the model failed, then the error', async () => {
  const spec = JSON.stringify(join(import.meta.dirname, '../../src/spec/index.ts'));
  const model = script(
    `import * as spec from ${spec};
    const model = spec.defineModel({ id: 'fails', title: 'fails', sources: [], config: {}, switches: {},
      variants: { only: { doc: '', switches: {} } }, defaultVariant: 'only',
      system: () => ({ state: spec.record({ n: spec.range(0, 3) }), command: spec.variant({ tick: {} }), initial: { n: 0 },
        step: (state) => spec.ok({ n: state.n + 1 }) }) });
    export default spec.suite({ model, properties: [], violates: { only: [] } });`,
    'fails.mts',
  );
  const { status, out, err } = await pagelaw(['run', model, script('init n=2\ntick() -> 0\ntick()\ntick()')]);
  const path = join(directory, 'a.script');
  expect([status, err]).toEqual([
    2,
    `pagelaw: ${path}:3: fails@only: tick() leaves the state's domain at n: 4 is not an integer from 0 to 3\n`,
  ]);
  expect(out).toContain('          1  init n=2\nok        2  tick() -> 0\nnot ok    3  tick()\n');
});

it.each([
  ['pkvm-ownership', 'pkvm-ownership/errnos.script', ['--set', 'memcache=4']],
  ['pkvm-ownership', 'pkvm-ownership/ffa-gap.script', ['--switch', 'ffaTrusted=false']],
  ['shadow-roots@merged', 'shadow-roots/reload.script', []],
  ['spp', 'spp/access.script', []],
])('%s runs model/%s as it says', async (model, path, options) => {
  const { status, err } = await pagelaw(['run', model, join(import.meta.dirname, '../../model', path), ...options]);
  expect([status, err]).toEqual([0, '']);
});

it('takes a heading of many spaces, and the other scripts that once took minutes', async () => {
  const { status, out } = await run(`# a${' '.repeat(4000)}b\nhost_fault(0)\n`);
  expect([status, out]).toEqual([0, expect.stringContaining('\n# a b\nok        2  host_fault(pfn=0)  ok\n')]);
  const brackets = await run(`expect host=${'['.repeat(3000)}`);
  expect([brackets.status, brackets.err.length]).toEqual([2, expect.any(Number)]);
  expect(brackets.err.length).toBeLessThan(300);
  const long = await run(`# ${'x'.repeat(100_000)}\nhost_fault(0)\n`);
  expect([long.status, long.out]).toEqual([0, expect.stringContaining('(100,002 characters)')]);
});

describe('wrong usage gets one line and exit status 2', () => {
  it.each([
    [['run', 'pkvm-ownreship', 'x'], 'pagelaw: there is no model called pkvm-ownreship; did you mean pkvm-ownership?'],
    [
      ['run', 'pkvm-ownership@7.3', 'x'],
      'pagelaw: there is no variant of pkvm-ownership called 7.3; did you mean 7.2?',
    ],
    [['run', 'pkvm-ownership', 'none.script'], 'pagelaw: cannot read none.script: ENOENT'],
    [['run', 'pkvm-ownership', directory], `pagelaw: cannot read ${directory}: EISDIR`],
    [['run', 'pkvm-ownership'], 'pagelaw: there is no trace to run; write pagelaw run pkvm-ownership FILE'],
    [
      ['run', 'pkvm-ownership', 'x', '--set', 'page=1'],
      'pagelaw: there is no config parameter of pkvm-ownership called page; did you mean pages?',
    ],
    [
      ['run', 'pkvm-ownership', 'x', '--switch', 'debugg=true'],
      'pagelaw: there is no switch of pkvm-ownership called debugg; did you mean debug?',
    ],
  ])('%j', async (argv, message) => {
    const { status, out, err } = await pagelaw(argv);
    expect([status, out]).toEqual([2, '']);
    expect(err.slice(0, message.length)).toBe(message);
    expect(err).toMatch(/^[^\n]*\n$/);
  });

  it('a line that cannot be read is named before anything is run', async () => {
    const { status, out, err } = await run('host_share_hyp(0) -> 0\nhost_share_hpy(0) -> 0');
    expect([status, out]).toEqual([2, '']);
    expect(err).toBe(
      `pagelaw: ${join(directory, 'a.script')}:2: there is no call called host_share_hpy; did you mean host_share_hyp?\n`,
    );
  });
});
