import { describe, expect, it } from 'vitest';
import {
  defineModel,
  describeCommand,
  enumOf,
  flag,
  invariant,
  ok,
  range,
  record,
  type System,
  suite,
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
    [{ id: undefined }, "a model needs an id, such as 'pkvm-mmio'; this one has undefined"],
    [{ title: 5 }, 'model lamp: title is 5; it must be a text'],
    [{ sources: 'a mail' }, 'model lamp: sources is "a mail"; it must be an array of texts'],
    [{ config: [] }, 'model lamp: config is []; it must be an object'],
    [
      { config: { lamps: { default: 1, min: 1, max: 3 } } },
      'model lamp: config lamps is {"default":1,"min":1,"max":3}; it must be { doc: \'a text\', default, min, max }',
    ],
    [{ switches: null }, 'model lamp: switches is null; it must be an object'],
    [{ switches: { locked: true } }, 'model lamp: switch locked is true; it must be a text or { doc:'],
    [{ switches: { colour: { doc: '', values: ['red'] } } }, 'values: two or more different texts }'],
    [{ switches: { colour: { doc: '', values: ['red', 'red'] } } }, 'values: two or more different texts }'],
    [{ variants: {} }, 'model lamp: variants is empty; leave it out, or list one'],
    [{ variants: { plain: {} } }, "model lamp: variant plain is {}; it must be { doc: 'a text', switches: { ... } }"],
    [
      { variants: { plain: { doc: 7, switches: {} } } },
      'model lamp: variant plain is {"doc":7,"switches":{}}; it must be',
    ],
    [{ environment: 'locked' }, 'model lamp: environment is "locked"; it must be an array of texts'],
    [{ kernel: { toggle: 5 } }, 'model lamp: kernel: the place of toggle is 5; it must be a text'],
    [{ draw: [] }, 'model lamp: draw is []; it must be a function'],
    [{ system: undefined }, 'model lamp: system is undefined; it must be a function'],
    [{ varients: {} }, 'model lamp: there is no field varients of a model (fields: id, title, '],
  ])('refuses %j', (change, message) => {
    expect(define(change)).toThrow(message);
  });
});

describe('what an author may leave out', () => {
  it('is all but the id and the system', () => {
    const { id, system } = spec;
    const bare = defineModel({ id, system });
    expect(bare).toMatchObject({ title: 'lamp', sources: [], config: {}, switches: {}, defaultVariant: 'model' });
    expect(scopeOf(bare)).toMatchObject({ variant: 'model', config: {}, switches: {} });
    expect(suite({ model: bare, properties: [] }).violates).toEqual({ model: [] });
  });

  it('is the default variant, which is then the first one', () => {
    const { defaultVariant: _, ...rest } = spec;
    expect(scopeOf(defineModel(rest)).variant).toBe('plain');
  });

  it('is filled in by suite() as well, in an object that has not been through defineModel()', () => {
    const { id, system } = spec;
    expect(suite({ model: { id, system } as unknown as typeof lamp, properties: [] }).model).toMatchObject({
      title: 'lamp',
      variants: { model: { doc: 'the model' } },
    });
  });
});

describe('suite', () => {
  const good = invariant(lamp, { id: 'p', statement: '', source: '', holds: () => true });
  const made = (change: object) => () =>
    suite({ model: lamp, properties: [good], violates: { plain: [], green: [] }, ...change } as Parameters<
      typeof suite
    >[0]);

  it.each([
    [{ model: undefined }, "a model needs an id, such as 'pkvm-mmio'; this one has undefined"],
    [{ properties: good }, 'suite lamp: properties is {'],
    [{ properties: [{ ...good, statement: 5 }] }, 'suite lamp: property p: statement is 5; it must be a text'],
    [
      { properties: [{ ...good, source: undefined }] },
      'suite lamp: property p: source is undefined; it must be a text',
    ],
    [{ properties: [good, good] }, 'suite lamp: two properties are called p'],
    [{ violates: 'p' }, 'suite lamp: violates is "p"; it must be { variant: [property ids] }'],
    [{ violates: { plain: [] } }, 'suite lamp: violates does not say what variant green violates'],
    [{ violates: { plain: 'p', green: [] } }, 'suite lamp: violates has "p" for variant plain; it must be an array of'],
  ])('refuses %j', (change, message) => {
    expect(made(change)).toThrow(message);
  });
});

describe('a property', () => {
  const claim = { id: 'p', statement: '', source: '' };
  const holds = (): boolean => true;
  const made = (model: unknown, spec: object) => () =>
    invariant(model as typeof lamp, spec as Parameters<typeof invariant>[1]);

  it.each([
    [lamp, undefined, 'a property is undefined; it must be an object'],
    [lamp, { ...claim, id: 5 }, "a property needs an id, such as 'single-owner'; this one has 5"],
    [lamp, { ...claim, statement: ['a'], holds }, 'property p: statement is ["a"]; it must be a text'],
    [lamp, claim, 'property p: holds is undefined; it must be a function'],
    [lamp, { ...claim, holds, forEach: 5 }, 'property p: forEach is 5; it must be a function'],
    [undefined, { ...claim, holds }, 'property p: it is made for undefined; the first argument must be a model'],
  ])('of %j, %j is refused', (model, spec, message) => {
    expect(made(model, spec as object)).toThrow(message);
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
