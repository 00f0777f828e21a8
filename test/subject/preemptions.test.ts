import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkSubject } from '../../src/job/subject.ts';
import { describeCommand } from '../../src/spec/index.ts';
import type { Interleavings } from '../../src/subject/preemptions.ts';
import { hasCompiler } from './compiler.ts';
import { toyProgram } from './start.ts';
import { toySuite } from './toy-model.ts';

const kit = resolve(import.meta.dirname, '../../src/subject/kit');
const folder = mkdtempSync(join(tmpdir(), 'pagelaw-preemptions-'));

const toyInC = (bug: string): string => {
  const program = join(folder, `toy-${bug}`);
  const sources = ['harness.c', 'table.c'].map((file) => join(import.meta.dirname, 'toy', file));
  execFileSync('cc', [...(bug === '' ? [] : [`-DBUG_${bug.toUpperCase()}`]), `-I${kit}`, ...sources, '-o', program]);
  return program;
};

const interleavingsOf = async (program: string, preemptions: number): Promise<Interleavings> => {
  const search = { kind: 'exhaustive', symmetry: 'off' } as const;
  const { subject } = await checkSubject(toySuite, {}, search, { program, preemptions });
  expect(subject?.failure).toBeUndefined();
  return subject!.interleavings!;
};

const shown = ({ races }: Interleavings) =>
  races.map(({ what, calls, first, second, preempt }) => [
    what,
    calls.length,
    describeCommand(first),
    describeCommand(second),
    preempt,
  ]);

describe.each([
  ['JavaScript', toyProgram],
  ['C', toyInC],
] as const)('two calls at a time of a table in %s', (language, programOf) => {
  const run = it.runIf(language !== 'C' || hasCompiler);

  run('do what they do one after the other, where there is no race', async () => {
    const found = await interleavingsOf(programOf(''), 2);
    expect(shown(found)).toEqual([]);
    // Four pages, two calls that can be rivals: 64 ordered pairs.
    expect(found).toMatchObject({ most: 2, pairs: 64 * found.states, newStates: 0, interrupted: false });
    expect(found.runs).toBeGreaterThan(2 * found.pairs);
  });

  run('show a race that needs one preemption', async () => {
    const program = programOf('early');
    expect(shown(await interleavingsOf(program, 0))).toEqual([]);
    const [[what, calls, first, second, preempt]] = shown(await interleavingsOf(program, 1)) as [unknown[]];
    expect([what, calls, first, second]).toEqual(['no-leak', 0, 'map(page=0)', 'map(page=0)']);
    expect(preempt).toHaveLength(1);
  });

  run('show a race that needs two preemptions', async () => {
    const program = programOf('sequence');
    expect(shown(await interleavingsOf(program, 1))).toEqual([]);
    const [[what, , first, second, preempt]] = shown(await interleavingsOf(program, 2)) as [unknown[]];
    expect(what).toBe('counts-shared');
    expect([first, second]).toEqual(['map(page=0)', 'unmap(page=0)']);
    expect(preempt).toHaveLength(2);
  });
});
