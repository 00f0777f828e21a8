import { describe, expect, it } from 'vitest';
import {
  defineModel,
  describeCommand,
  enumOf,
  flag,
  ok,
  range,
  record,
  type System,
  variant,
} from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { scriptSystemOf, systemOf } from '../../src/system/system.ts';

const spec = {
  id: 'lamp',
  title: 'A lamp',
  sources: [],
  config: { lamps: { default: 1, min: 1, max: 3, doc: 'lamps' } },
  switches: { locked: 'the switch cannot be moved', colour: { doc: 'the light', values: ['red', 'green', 'blue'] } },
  variants: { plain: { doc: 'as sold', switches: {} }, green: { doc: 'modified', switches: { colour: 'green' } } },
  defaultVariant: 'plain',
  system: () => ({
    state: record({ on: flag }),
    command: variant({ toggle: {} }),
    initial: { on: false },
    step: (state: { readonly on: boolean }) => ok({ on: !state.on }),
  }),
} as const;
const lamp = defineModel(spec);

describe('defineModel', () => {
  const define = (change: object) => () => defineModel({ ...spec, ...change } as typeof spec);

  it.each([
    [{ id: 'My Lamp' }, 'model My Lamp: an id has lower-case letters, digits and hyphens'],
    [
      { config: { lamps: { default: 4, min: 1, max: 3, doc: '' } } },
      'model lamp: config lamps: default 4 and large 4 must be integers from min 1 to max 3',
    ],
    [
      { config: { lamps: { default: 1, min: 1, max: 3, large: 9, doc: '' } } },
      'model lamp: config lamps: default 1 and large 9 must be',
    ],
    [
      { config: { lamps: { default: 1, min: 1, max: 3, scriptMax: 2, doc: '' } } },
      'model lamp: config lamps: scriptMax 2 must be an integer, and no less than max 3',
    ],
    [{ defaultVariant: 'fancy' }, 'model lamp: the default variant fancy is not listed'],
    [
      { variants: { plain: { doc: '', switches: { lcked: true } } } },
      'model lamp: variant plain sets lcked, which is not a switch',
    ],
    [
      { variants: { plain: { doc: '', switches: { colour: 'pink' } } } },
      'model lamp: variant plain sets colour to pink; it is one of red, green, blue',
    ],
    [
      { variants: { 'p@': { doc: '', switches: {} } }, defaultVariant: 'p@' },
      'model lamp: variant p@: a name has lower-case letters',
    ],
  ])('refuses %j', (change, message) => {
    expect(define(change)).toThrow(message);
  });
});

describe('scopeOf', () => {
  it('fills in defaults, the first value being the default of a switch with names', () => {
    expect(scopeOf(lamp)).toEqual({
      model: 'lamp',
      variant: 'plain',
      config: { lamps: 1 },
      switches: { locked: false, colour: 'red' },
      flipped: [],
      resized: [],
    });
  });

  it('says which switches differ from the variant', () => {
    const scope = scopeOf(lamp, {
      variant: 'green',
      config: { lamps: 2 },
      switches: { colour: 'blue', locked: false },
    });
    expect(scope).toMatchObject({
      config: { lamps: 2 },
      switches: { locked: false, colour: 'blue' },
      flipped: ['colour'],
    });
  });

  it.each([
    [{ variant: 'gren' }, 'lamp: there is no variant gren; there are plain, green'],
    [{ config: { lmps: 1 } }, 'lamp: there is no config parameter lmps; there are lamps'],
    [{ config: { lamps: 0 } }, 'lamp: lamps=0 is not an integer from 1 to 3'],
    [{ config: { lamps: 1.5 } }, 'lamp: lamps=1.5 is not an integer from 1 to 3'],
    [{ switches: { lock: true } }, 'lamp: there is no switch lock; there are locked, colour'],
    [{ switches: { colour: 'pink' } }, 'lamp: switch colour=pink is not one of red, green, blue'],
  ])('refuses %j', (choices, message) => {
    expect(() => scopeOf(lamp, choices)).toThrow(message);
  });
});

describe('systemOf', () => {
  const broken = (system: object) => () => {
    const model = defineModel({ ...spec, system: () => ({ ...spec.system(), ...system }) } as unknown as typeof spec);
    return systemOf(model, scopeOf(model));
  };

  it('refuses an initial state outside its domain', () => {
    expect(broken({ initial: { on: 1 } })).toThrow(
      'model lamp: the initial state leaves its domain at on: 1 is not true or false',
    );
  });

  it('refuses commands that are not a variant', () => {
    expect(broken({ command: enumOf('toggle') })).toThrow('model lamp: the command domain must be a variant');
  });

  it('freezes the initial state', () => {
    expect(Object.isFrozen(systemOf(lamp, scopeOf(lamp)).initial)).toBe(true);
  });
});

describe('what a script runs on', () => {
  const many = defineModel({
    ...spec,
    config: { lamps: { default: 1, min: 1, max: 3, scriptMax: 1_000_000, doc: '' } },
    system: ({ lamps }: { readonly lamps: number }) => ({
      ...spec.system(),
      command: variant({ toggle: {}, swap: { a: range(0, lamps), b: range(0, lamps), c: range(0, lamps) } }),
    }),
  } as unknown as typeof spec);

  it('has sizes that a search refuses, and more commands than anybody could list', () => {
    const config = { lamps: 1_000_000 };
    expect(() => scopeOf(many, { config })).toThrow(
      'lamp: lamps=1000000 is not an integer from 1 to 3; run takes up to 1000000',
    );
    const scope = scopeOf(many, { config, forScript: true });
    expect(scriptSystemOf(many, scope).command.contains({ kind: 'swap', a: 0, b: 1_000_000, c: 7 })).toBe(true);
    expect(() => systemOf(many, scope)).toThrow(
      /^model lamp: there are 1000003000003000002 commands, more than 100000/,
    );
    expect(() => scopeOf(many, { config: { lamps: 1_000_001 }, forScript: true })).toThrow(
      'lamp: lamps=1000001 is not an integer from 1 to 1000000',
    );
  });

  it('is a system of its own, if the model has one, and is checked as the other is', () => {
    const scripted = () => ({ ...spec.system(), command: variant({ toggle: {}, more: {} }) });
    const model = defineModel({ ...spec, scripted } as unknown as typeof spec);
    const scope = scopeOf(model);
    const kinds = (system: System) => [...system.command.values()].map(({ kind }) => kind);
    expect(kinds(systemOf(model, scope))).not.toContain('more');
    expect(kinds(scriptSystemOf(model, scope))).toContain('more');
    const wrong = defineModel({ ...spec, scripted: () => ({}) } as unknown as typeof spec);
    expect(() => scriptSystemOf(wrong, scope)).toThrow('model lamp: scripted() must return { state, command,');
  });
});

it('prints a command as a call', () => {
  expect(describeCommand({ kind: 'host_share_hyp' })).toBe('host_share_hyp()');
  const command = { kind: 'map', pfn: 3, prot: 'rw', at: [1, 2] };
  expect(describeCommand(command)).toBe('map(pfn=3, prot=rw, at=[1,2])');
});
