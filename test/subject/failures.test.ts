import { describe, expect, it } from 'vitest';
import { describeCommand } from '../../src/spec/index.ts';
import { describeHidden, findHiddenState } from '../../src/subject/hidden.ts';
import { searchSubject } from '../../src/subject/search.ts';
import { toyProgram, withSubject } from './start.ts';
import { toySuite } from './toy-model.ts';

const timeout = 1000;

/** What a search of a toy with a habit has found, and how the toy failed. */
const searched = (what: string) =>
  withSubject(toySuite, { program: toyProgram(what), timeout }, async (task, subject) => {
    const result = await searchSubject(task, subject);
    return { ...result, message: result.failure instanceof Error ? result.failure.message : undefined };
  });

const started = (program: string) =>
  withSubject(toySuite, { program, timeout }, () => 'started').catch((error: Error) => error.message);

describe('a subject that fails in the middle', () => {
  it.each([
    ['hang', /does not answer for 1 s; its last words: waiting for a lock$/],
    ['trickle', /does not answer for 1 s/],
    ['die', /ended with exit status 3; its last words: toy: out of pages$/],
    ['crash', /was ended by SIGSEGV/],
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

describe('a subject that cannot be used', () => {
  it.each([
    ['./no/such/program', /ended with exit status 127; its last words: .*not found/],
    ['true', /ended with exit status 0/],
    ['cat', /answered request undefined, which is not the one that was due \(asked: hello\)/],
    [toyProgram('version'), /speaks version 7 of the protocol, and pagelaw version 1/],
    [toyProgram('model'), /is one of model other, not of toy/],
    ['sleep 5', /does not answer for 1 s$/],
  ])('%s', async (program, message) => {
    expect(await started(program)).toMatch(message);
  });

  it('is one line', async () => {
    expect(await started('echo one >&2; echo two >&2; false')).toMatch(/exit status 1; its last words: one \/ two$/);
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
