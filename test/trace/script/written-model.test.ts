import { expect, it } from 'vitest';
import { enumOf, record, refuse, variant } from '../../../src/spec/index.ts';
import { scopeOf } from '../../../src/system/scope.ts';
import { systemOf } from '../../../src/system/system.ts';
import { openTrace } from '../../../src/trace/open.ts';
import { traceOf } from '../../../src/trace/record.ts';
import { scriptOf, statementText } from '../../../src/trace/script/write.ts';
import { callsOf } from '../../../src/trace/trace.ts';
import { tiny } from '../../engine/tiny.ts';

const texts: readonly [string, string, ...string[]] = ['at once', "the caller's", 'a=b', 'c # d', 'two  spaces'];
const again = {
  ...tiny('again', {
    state: record({ at: enumOf('start') }),
    command: variant({ walk: {} }),
    initial: { at: 'start' },
    step: (state: { readonly at: 'start' }) => refuse(state, 'EAGAIN', ''),
  }),
  switches: { frees: { doc: 'when', values: texts } },
};

it.each(texts)('a script that names the switch value %j is read as what it was written from', (value) => {
  const scope = scopeOf(again, { variant: again.defaultVariant, switches: { frees: value } });
  const system = systemOf(again, scope);
  const before = system.initial;
  const outcome = system.step(before, { kind: 'walk' });
  const script = scriptOf(traceOf(scope, [{ before, command: { kind: 'walk' }, outcome }]));
  const file = openTrace(new TextEncoder().encode(script), 'a.script');
  expect(file.settingsFor(again).switches).toEqual({ frees: value });
  expect(callsOf(file.read(scope, system)).map(statementText)).toEqual(['walk() -> -EAGAIN']);
});

it.each([
  ["model again@v frees='at once", 'the quote after frees= is not closed'],
  ["model again@v frees='at once'x", 'x follows the quoted value of frees'],
])('%s is refused', (script, problem) => {
  const scope = scopeOf(again, { variant: again.defaultVariant });
  expect(() =>
    openTrace(new TextEncoder().encode(`${script}\n`), 'a.script').read(scope, systemOf(again, scope)),
  ).toThrow(`a.script:1: ${problem}`);
});

it('a parameter and a switch of one name are written both, and told apart', () => {
  const model = { ...again, config: { frees: { doc: 'how many', default: 1, min: 1, max: 3 } } };
  const scope = scopeOf(model, { variant: model.defaultVariant, config: { frees: 2 }, switches: { frees: 'a=b' } });
  const before = systemOf(model, scope).initial;
  const script = scriptOf(
    traceOf(scope, [{ before, command: { kind: 'walk' }, outcome: refuse(before, 'EAGAIN', '') }]),
  );
  const read = openTrace(new TextEncoder().encode(script), 'a.script').settingsFor(model);
  expect(read).toMatchObject({ config: { frees: 2 }, switches: { frees: 'a=b' } });
});
