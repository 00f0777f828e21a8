import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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
    `not ok 5 ${path}:6 expect host[1]=NOPAGE`,
    '# host[1] is OWNED',
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

describe('wrong usage gets one line and exit status 2', () => {
  it.each([
    [['run', 'pkvm-ownreship', 'x'], 'pagelaw: there is no model called pkvm-ownreship; did you mean pkvm-ownership?'],
    [
      ['run', 'pkvm-ownership@7.3', 'x'],
      'pagelaw: there is no variant of pkvm-ownership called 7.3; did you mean 7.2?',
    ],
    [['run', 'pkvm-ownership', 'none.script'], 'pagelaw: cannot read none.script: ENOENT'],
    [['run', 'pkvm-ownership'], "pagelaw: missing required argument 'script'"],
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
