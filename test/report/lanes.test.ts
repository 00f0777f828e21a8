import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lanesOf } from '../../src/report/render/lanes.ts';
import { type Command, describeCommand, type Outcome, ok, panic, refuse } from '../../src/spec/index.ts';
import { describeOutcome } from '../../src/spec/outcome.ts';
import { pagelaw } from '../cli/fake-console.ts';

const event = { kind: 'call', step: 'swap' } as Command;

const step = (thread: string | undefined, name: string, outcome: Outcome<unknown> = ok({})) => ({
  call: thread === undefined ? describeCommand(event) : name,
  lane: thread === undefined ? undefined : { thread, step: name },
  result: describeOutcome(outcome),
});

type LaneStep = ReturnType<typeof step>;

const drawn = (steps: readonly LaneStep[]) => {
  const lanes = lanesOf(steps, 80)!;
  return [lanes.head, ...steps.map((one, i) => lanes.row(one, i))].join('\n').split('\n');
};

describe('a trace of threads', () => {
  it('has a column for each thread that takes part, time downwards', () => {
    expect(drawn([step('vm2', 'test flag'), step('vm1', 'test flag'), step('vm2', 'map page')])).toEqual([
      '       vm1        vm2',
      '    1             test flag',
      '    2  test flag',
      '    3             map page',
    ]);
  });

  it('shows what nobody steps across the columns, and a result that is not ok below the step', () => {
    const fault = step('vm1', 'fault', refuse({}, 'EFAULT', 'no tags'));
    expect(drawn([fault, step(undefined, 'swap'), step('vm2', 'go', panic({}, 'BUG'))])).toEqual([
      '       vm1                vm2',
      '    1  fault',
      '       -EFAULT (no tags)',
      `    2  -- ${describeCommand(event)} --`,
      '    3                     go',
      '                          panic (BUG)',
    ]);
  });

  it.each([1, 2, 3, 4, 6])('of %i threads stays within 80 columns', (threads) => {
    const long = 'a step with a name that says at length what it does to which page and why';
    const lines = drawn(Array.from({ length: threads * 2 }, (_, i) => step(`thread${i % threads}`, `${long} ${i}`)));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.join(' ').replaceAll(/\s+/g, ' ')).toContain('thread0');
  });

  it('is not drawn for a model without threads', () => {
    expect(lanesOf([{ ...step('vm1', 'x'), lane: undefined }], 80)).toBeUndefined();
    expect(lanesOf([step(undefined, 'x')], 80)).toBeUndefined();
    expect(lanesOf([], 80)).toBeUndefined();
  });

  it('is drawn by replay as well, with what each step changed, and named in HTML and JSON', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pagelaw-'));
    const which = ['mte-tags@copy-tags-spin', '--search', 'exhaustive', '--property', 'waiting-ends'];
    await pagelaw(['check', ...which, `--save=${directory}`]);
    const file = join(directory, readdirSync(directory)[0]!);
    const { status, out } = await pagelaw(['replay', file]);
    expect(status).toBe(1);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(out).toContain(
      `
       vmm
    1  copy: test_and_set PG_mte_lock
         at.vmm
           copy: test_and_set PG_mte_lock -> buffer fault: test_and_set
           PG_mte_lock
         locked  false -> true
`.slice(1),
    );
    expect(out).toContain(
      `
       and from here on, over and over:
    3  buffer fault: wait for PG_mte_tagged
         changes nothing
`.slice(1),
    );
    const page = join(directory, 'report.html');
    await pagelaw(['check', ...which, `--report=${page}`]);
    expect(readFileSync(page, 'utf8')).toContain('<code>vmm: copy: test_and_set PG_mte_lock</code>');
    const { steps } = JSON.parse((await pagelaw(['replay', file, '--json'])).out);
    expect(steps[0]).toMatchObject({ thread: 'vmm', step: 'copy: test_and_set PG_mte_lock', result: 'ok' });
  });
});
