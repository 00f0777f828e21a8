import { describe, expect, it } from 'vitest';
import { suites } from '../../properties/index.ts';
import { searchReference } from '../../src/engine/reference/reference.ts';
import type { Result } from '../../src/engine/result.ts';
import { taskOf } from '../../src/engine/task.ts';
import { describeCommand, type Suite } from '../../src/spec/index.ts';
import { searchSubject } from '../../src/subject/search.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { modelProgram, toyProgram, withSubject } from './start.ts';
import { toySuite } from './toy-model.ts';

/** What a search says, in words that can be compared. */
const words = ({ judged, covered, coverage, deadEnd }: Result) => ({
  covered,
  deadEnd: deadEnd?.map(describeCommand),
  coverage: [...coverage].map(([kind, { attempts, results }]) => [kind, attempts, [...results].sort()]),
  judged: judged.map(({ property, verdict }) => [
    property.id,
    verdict.kind,
    'trace' in verdict && verdict.trace ? verdict.trace.commands.map(describeCommand) : undefined,
  ]),
});

const sameAsModel = async (suite: Suite, flags: string, processes = 1) => {
  const own = await searchReference(taskOf(suite.model, scopeOf(suite.model), suite.properties), { maxStates });
  const asked = await withSubject(suite, { program: modelProgram(flags), processes }, (task, subject) =>
    searchSubject(task, subject, { maxStates }),
  );
  expect(asked.failure).toBeUndefined();
  expect(words(asked)).toEqual(words(own));
};

/** So many states are compared: the JavaScript of a model takes its time, in two processes. */
const maxStates = 250;

describe('a subject that is the model has the same states, counts, verdicts and traces', () => {
  it.each(suites.map((suite) => [suite.model.id, suite] as const))('%s', (_, suite) => sameAsModel(suite, ''));

  it('without snapshots', () => sameAsModel(toySuite, '--without-snapshots'));

  it('with several processes', () => sameAsModel(toySuite, '', 3));

  it('written in JavaScript', async () => {
    const own = await searchReference(taskOf(toySuite.model, scopeOf(toySuite.model), toySuite.properties));
    for (const what of ['', 'plain'])
      await withSubject(toySuite, { program: toyProgram(what) }, async (task, subject) => {
        const { covered } = await searchSubject(task, subject);
        expect(covered).toEqual(own.covered);
      });
  });
});
