import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pkvmMmioSuite } from '../../properties/pkvm-mmio.ts';
import { sppSuite } from '../../properties/spp.ts';
import { perform, type Runnable } from '../../src/engine/task.ts';
import type { Model } from '../../src/spec/model.ts';
import type { Step } from '../../src/spec/property.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { systemOf } from '../../src/system/system.ts';
import { counterexampleText, parseCounterexample } from '../../src/trace/counterexample.ts';
import { itf } from '../../src/trace/itf/write.ts';
import { openTrace } from '../../src/trace/open.ts';
import { counterexampleOf, traceOf } from '../../src/trace/record.ts';
import { runStatements } from '../../src/trace/run.ts';
import { scriptOf } from '../../src/trace/script/write.ts';
import { callsOf, type Trace } from '../../src/trace/trace.ts';

const runnableOf = (model: Model, variant: string): Runnable => {
  const scope = scopeOf(model, { variant });
  return { scope, system: systemOf(model, scope) };
};

const models = [
  { model: pkvmMmioSuite.model, ...runnableOf(pkvmMmioSuite.model, 'v4') },
  { model: sppSuite.model, ...runnableOf(sppSuite.model, sppSuite.model.defaultVariant) },
];

/** Calls that were made at random, of those that can be made, up to a panic. */
const walk = (runnable: Runnable): fc.Arbitrary<Step[]> => {
  const commands = [...runnable.system.command.values()];
  return fc.array(fc.nat(commands.length - 1), { maxLength: 12 }).map((numbers) => {
    const steps: Step[] = [];
    let before = runnable.system.initial;
    for (const command of numbers.map((number) => commands[number]!)) {
      const outcome = perform(runnable, before, command);
      if (outcome.result === 'disabled') continue;
      steps.push({ before, command, outcome });
      if (outcome.result === 'panic') break;
      before = outcome.state;
    }
    return steps;
  });
};

const opened = (text: string, model: Model, runnable: Runnable): Trace => {
  const file = openTrace(new TextEncoder().encode(text), 'trace');
  const { config, switches } = file.settingsFor(model);
  expect([file.model, file.variant]).toEqual([runnable.scope.model, runnable.scope.variant]);
  expect([config, switches]).toEqual([runnable.scope.config, runnable.scope.switches]);
  return file.read(runnable.scope, runnable.system);
};

/** Lines of a script are numbered as they stand there. */
const withoutLines = ({ statements, ...rest }: Trace) => ({
  ...rest,
  statements: statements.filter(({ kind }) => kind !== 'model').map((one) => ({ ...one, line: 0 })),
});

describe.each(models)('a random trace of $scope.model', ({ model, ...runnable }) => {
  const steps = walk(runnable);
  const given = (found: Step[]) => traceOf(runnable.scope, found);

  it('is read as it was written: a script', () => {
    fc.assert(
      fc.property(steps, (found) => {
        fc.pre(found.length > 0);
        const script = opened(scriptOf(given(found)), model, runnable);
        expect(withoutLines(script)).toEqual(withoutLines(given(found)));
      }),
      { numRuns: 100 },
    );
  });

  it('is read as it was written: a saved counterexample', () => {
    fc.assert(
      fc.property(steps, (found) => {
        const one = counterexampleOf(runnable.scope, 'no-panic', found, { kind: 'exhaustive' });
        expect(parseCounterexample(counterexampleText(one, '.'), 'one.json')).toEqual(one);
        expect(opened(counterexampleText(one, '.'), model, runnable)).toEqual(one);
      }),
      { numRuns: 100 },
    );
  });

  const asItf = (found: Step[]) => itf({ scope: runnable.scope, start: runnable.system.initial, steps: found });

  it('is read as it was written: ITF', () => {
    fc.assert(
      fc.property(steps, (found) => {
        expect(opened(JSON.stringify(asItf(found)), model, runnable)).toEqual(given(found));
      }),
      { numRuns: 100 },
    );
  });

  it('is found from the states of ITF alone: calls that lead through them', () => {
    fc.assert(
      fc.property(steps, (found) => {
        const { states } = asItf(found) as { states: Record<string, unknown>[] };
        for (const state of states) {
          delete state['pagelaw::call'];
          delete state['pagelaw::result'];
        }
        const bytes = new TextEncoder().encode(JSON.stringify({ states }));
        const { statements } = openTrace(bytes, 'trace').read(runnable.scope, runnable.system);
        const ran = runStatements(statements, runnable);
        expect(ran.map(({ problem }) => problem ?? 'ok')).toEqual(ran.map(() => 'ok'));
        // A call that changes nothing is a stuttering step, and leaves no trace.
        const changing = found.filter(({ before, outcome }) => outcome.state !== before);
        expect(ran.flatMap(({ outcome }) => outcome?.state ?? [])).toEqual(
          changing.map(({ outcome }) => outcome.state),
        );
      }),
      { numRuns: 15 },
    );
  });

  it('passes as a script, line by line', () => {
    fc.assert(
      fc.property(steps, (found) => {
        const { statements } = given(found);
        expect(runStatements(statements, runnable).every(({ standing }) => standing === 'ok')).toBe(true);
        expect(callsOf({ statements }).map(({ command }) => command)).toEqual(found.map(({ command }) => command));
      }),
      { numRuns: 30 },
    );
  });
});
