import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeCommand } from '../../src/spec/index.ts';
import { describeHidden, findHiddenState } from '../../src/subject/hidden.ts';
import { Reader, readHello } from '../../src/subject/protocol.ts';
import { searchSubject } from '../../src/subject/search.ts';
import { toyProgram, withSubject } from './start.ts';
import { toySuite } from './toy-model.ts';

/** Milliseconds of silence for what goes silent: long enough to start a program on a busy machine. */
const patience = 4000;

const timeoutOf = (what: string) => (/hang|trickle|sleep/.test(what) ? { timeout: patience } : {});

/** What a search of a toy with a habit has found, and how the toy failed. */
const searched = (what: string) =>
  withSubject(toySuite, { program: toyProgram(what), ...timeoutOf(what) }, async (task, subject) => {
    const result = await searchSubject(task, subject);
    return { ...result, message: result.failure instanceof Error ? result.failure.message : undefined };
  });

const started = (program: string) =>
  withSubject(toySuite, { program, ...timeoutOf(program) }, () => 'started').catch((error: Error) => error.message);

describe('a subject that fails in the middle', () => {
  it.each([
    ['hang', /does not answer for 4 s \(asked: \{"_id":\d+,.*\}\); its last words: waiting for a lock$/],
    ['trickle', /does not answer for 4 s \(asked: \{"_id":\d+,/],
    ['die', /ended with exit status 3 \(asked: \{"_id":\d+,.*\}\); its last words: toy: out of pages$/],
    ['crash', /was ended by SIGSEGV \(asked: \{"_id":\d+,/],
    ['rubbish', /printed what is no answer: "Segmentation fault" \(asked: \{"_id":40,"_from":\d,"_call":"/],
    ['misspelt', /its answer has warning=/],
    ['other', /answered request 41, which is not the one that was due \(asked: \{"_id":40,/],
    ['result', /its answer has result="EWHAT": not ok, panic, disabled or the name of an errno/],
    ['gives-up', /gave up: "the arena is full"/],
    ['random', /does not do the same twice: share\(page=\d\) after .* gave (ok|EAGAIN)/],
  ])('%s', async (what, message) => {
    const { covered, judged, ...failed } = await searched(what);
    expect(failed.message).toMatch(message);
    expect(failed.message).not.toContain('\n');
    // The initial state was expanded by then; what it says is kept, and nothing is taken for proved.
    expect(covered.states).toBeGreaterThan(3);
    expect(judged.find(({ property }) => property.id === 'map-ok')!.verdict.kind).toBe('proved');
    expect(judged.find(({ property }) => property.id === 'no-leak')!.verdict.kind).toBe('incomplete');
  });

  it('leaves the domain of states', async () => {
    const { bound, message } = await searched('wide');
    expect(message).toBeUndefined();
    expect(bound).toMatchObject({ kind: 'domain', misfit: expect.stringContaining('free: ') });
  });
});

describe('what a subject writes without end', () => {
  it('to standard error, is shown by its end', async () => {
    const program = `yes toy: noise | head -c 5000000 >&2; echo last words >&2; exec ${toyProgram('die')}`;
    const { message } = await withSubject(toySuite, { program }, async (task, subject) => {
      const { failure } = await searchSubject(task, subject);
      return { message: failure instanceof Error ? failure.message : '' };
    });
    expect(message).toMatch(/ended .*; its last words: .*toy: out of pages$/);
  });

  it('into one line, is one line', async () => {
    expect(await started('head -c 3000000 /dev/zero')).toMatch(/prints a line of more than 1 MiB \(asked: hello\)$/);
  });
});

describe('a subject that is silent', () => {
  it('is not waited for once the search is interrupted', async () => {
    // It would be silent for as long as this test may take, and longer.
    const silent = { program: toyProgram('leak,hang'), timeout: 3_600_000 };
    const found = await withSubject(toySuite, silent, (task, subject) =>
      searchSubject(task, subject, { monitor: async () => false }),
    );
    expect(found).toMatchObject({ bound: { kind: 'interrupted' }, abandoned: true });
    expect(found.failure).toBeUndefined();
  });
});

describe('a subject that cannot be used', () => {
  it.each([
    ['./no/such/program', /ended with exit status 127 \(asked: hello\); its last words: .*not found/],
    ['true', /ended with exit status 0/],
    ['cat', /answered request undefined, which is not the one that was due \(asked: hello\)/],
    [toyProgram('version'), /speaks version 7 of the protocol, and pagelaw version 1/],
    [toyProgram('model'), /is one of model other, not of toy/],
    ['sleep 30', /does not answer for 4 s \(asked: hello\)$/],
  ])('%s', async (program, message) => {
    expect(await started(program)).toMatch(message);
  });

  it('is one line', async () => {
    expect(await started('echo one >&2; echo two >&2; false')).toMatch(
      /exit status 1 \(asked: hello\); its last words: one \/ two$/,
    );
  });
});

describe('several processes of a subject', () => {
  it('must say the same of themselves', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pagelaw-subject-'));
    try {
      const first = join(folder, 'first');
      const program = `if mkdir ${first} 2> /dev/null; then exec ${toyProgram()}; else exec ${toyProgram('lacks')}; fi`;
      const started = withSubject(toySuite, { program, processes: 2 }, () => 'started');
      await expect(started).rejects.toThrow('says hello in another way each time that it is started');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the texts of an answer', () => {
  const reader = new Reader(() => ({ state: {}, misfit: undefined, key: '' }));

  it('are one line each', () => {
    const { head } = reader.answer(
      '{"id":1,"result":"EPERM","reason":"not\\n  here\\n","warnings":["a\\r\\nb\\n"],"same":true}',
      1,
    );
    expect(head).toMatchObject({ reason: 'not here', warnings: ['a b'] });
    expect(readHello('{"id":1,"protocol":1,"model":"toy","calls":["map"],"name":"toy\\nAll proved"}', 1).name).toBe(
      'toy All proved',
    );
    expect(() => reader.answer('{"id":2,"result":"ok","warnings":["\\n"],"same":true}', 2)).toThrow('warnings');
  });

  it('that are nested without end are refused', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const stringifies = new Reader((value) => ({ state: value, misfit: undefined, key: JSON.stringify(value) }));
    expect(() => stringifies.answer(`{"id":1,"result":"ok","state":${deep}}`, 1)).toThrow('nested too deep to be read');
  });
});

describe('what a state does not show', () => {
  it('is found by walks that do not go back', async () => {
    const hidden = await withSubject(toySuite, { program: toyProgram('hidden') }, async (task, subject) => {
      const { places, failure } = await searchSubject(task, subject);
      expect(failure).toBeUndefined();
      return findHiddenState(subject, places);
    });
    expect(hidden!.walk.filter(({ kind }) => kind === 'share')).toHaveLength(3);
    expect(hidden!.walk).toHaveLength(3);
    expect(describeHidden(hidden!)).toMatch(
      /^has hidden state: in the initial state and after share\(.*\); share\(.*\) it prints/,
    );
  });

  it('is not there where a subject is right', async () => {
    const hidden = await withSubject(toySuite, { program: toyProgram() }, async (task, subject) =>
      findHiddenState(subject, (await searchSubject(task, subject)).places),
    );
    expect(hidden).toBeUndefined();
  });
});

describe('what a subject does not say', () => {
  it('is not judged', async () => {
    const unjudged = await withSubject(
      toySuite,
      { program: toyProgram('blind') },
      async (task, subject, unobserved) => {
        const { judged } = await searchSubject(task, subject);
        expect(judged.find(({ property }) => property.id === 'counts-shared')!.verdict.kind).toBe('proved');
        return [...unobserved].map(({ id }) => id);
      },
    );
    expect(unjudged.sort()).toEqual(['no-leak', 'says-why']);
  });

  it('calls that it lacks are not made', async () => {
    await withSubject(toySuite, { program: toyProgram('lacks') }, async (task, subject) => {
      const { coverage } = await searchSubject(task, subject);
      expect(subject.lacks).toEqual(['unshare']);
      expect([...coverage.keys()]).toEqual(['map', 'unmap', 'share', 'count']);
    });
  });
});

describe('seeded bugs', () => {
  it.each([
    ['leak', 'no-leak', 'map(page=0) unmap(page=0)'],
    ['count', 'counts-shared', 'map(page=0) share(page=0) share(page=0)'],
    ['panic', 'no-panic', 'unshare(page=0)'],
  ])('%s', async (what, property, calls) => {
    const { judged } = await searched(what);
    const { verdict } = judged.find((one) => one.property.id === property)!;
    expect(verdict).toMatchObject({ kind: 'violated' });
    expect('trace' in verdict && verdict.trace!.commands.map(describeCommand).join(' ')).toBe(calls);
  });
});
