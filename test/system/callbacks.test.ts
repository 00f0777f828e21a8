import { describe, expect, it } from 'vitest';
import { judge, owns, taskOf } from '../../src/engine/task.ts';
import {
  defineModel,
  flag,
  invariant,
  type Model,
  ok,
  type Property,
  progress,
  range,
  reachable,
  record,
  stepProperty,
  variant,
} from '../../src/spec/index.ts';
import { noDeadlock } from '../../src/spec/property.ts';
import { checkBuiltins } from '../../src/system/builtins.ts';
import { drawingOf, laneOf, legendOf, namesPage, pageClassOf, pagesOf } from '../../src/system/callbacks.ts';
import { scopeOf } from '../../src/system/scope.ts';

/** Callbacks are written without types, too: whatever a function returns is checked. */
const modelWith = (parts: object): Model =>
  ({
    ...defineModel({
      id: 'm',
      title: '',
      sources: [],
      config: {},
      switches: {},
      variants: { v: { doc: '', switches: {} } },
      defaultVariant: 'v',
      system: () => ({
        state: record({ up: flag }),
        command: variant({ go: {} }),
        initial: { up: false },
        step: (s: { readonly up: boolean }) => ok(s),
      }),
    }),
    ...parts,
  }) as Model;

const state = { up: false };
const command = { kind: 'go' };

describe('what a property made by hand says of itself is checked against its type', () => {
  const model = modelWith({});
  const made = (parts: object): Property =>
    ({ ...invariant(model, { id: 'p', statement: '', source: '', holds: () => true }), ...parts }) as Property;

  it.each([
    [{ instances: () => 5 }, 'm: forEach() of property p returned 5; it must give an array of instances'],
    [{ applies: () => 'yes' }, 'm: applies() of property p returned "yes"; it must say true or false'],
  ])('%j', (parts, message) => {
    expect(() => taskOf(model, scopeOf(model), [made(parts)])).toThrow(message);
  });
});

describe('what a model says of its states and calls is checked against its type', () => {
  const asked: Record<string, (model: Model) => unknown> = {
    legend: (model) => legendOf(model, {}),
    draw: (model) => drawingOf(model, scopeOf(model))!(state),
    lane: (model) => laneOf(model)!({ before: state, command }),
    pages: (model) => pagesOf(model, {}),
    classify: (model) => pageClassOf(model, scopeOf(model), state, 0),
    names: (model) => namesPage(model, scopeOf(model), state, command, 0),
  };
  const drawing = {
    title: 't',
    columns: ['c'],
    lines: [{ name: 'n', cells: ['1'], below: [{ name: 'b', cells: [] }] }],
  };

  it.each<[string, unknown, string | undefined]>([
    ['legend', 'n counts', undefined],
    ['legend', '', 'returned ""; it must return a line of text'],
    ['legend', 7, 'returned 7; it must return a line of text'],
    ['draw', [], undefined],
    ['draw', [drawing], undefined],
    ['draw', 'a page', 'returned "a page"; it must return an array of drawings'],
    ['draw', [{ ...drawing, columns: [1] }], 'it must have a title, columns (texts) and lines'],
    ['draw', [{ ...drawing, lines: 3 }], 'returned the drawing "t" with the lines 3; they must be an array'],
    ['draw', [{ ...drawing, lines: [{ name: 'n' }] }], 'a line must have a name and cells (texts)'],
    ['draw', [{ ...drawing, lines: [{ name: 'n', cells: [], below: [null] }] }], 'the line null'],
    ['draw', [{ ...drawing, lines: [{ name: 'n', cells: [], stale: true }] }], 'a line whose stale is true'],
    ['lane', undefined, undefined],
    ['lane', { thread: 'a', step: 'b' }, undefined],
    ['lane', 'a', 'returned "a"; it must return { thread, step }, two texts, or undefined'],
    ['lane', { thread: 'a', step: '' }, 'it must return { thread, step }'],
    ['pages', [0, 1], undefined],
    ['pages', 3, 'returned 3; it must return an array of integers'],
    ['pages', [0, '1'], 'it must return an array of integers'],
    ['pages', new Array(1), 'it must return an array of integers'],
    ['classify', undefined, undefined],
    ['classify', 'host memory', undefined],
    ['classify', ' ', 'returned " "; it must return the name of a class, or undefined'],
    ['classify', null, 'returned null; it must return the name of a class'],
    ['names', true, undefined],
    ['names', 1, 'returned 1; it must return true or false'],
    ['names', undefined, 'returned undefined; it must return true or false'],
  ])('%s that returns %j', (name, answer, message) => {
    const ask = () => asked[name]!(modelWith({ [name]: () => answer }));
    if (message === undefined) expect(ask()).toEqual(answer);
    else {
      expect(ask).toThrow(message);
      expect(ask).toThrow(/^m: \w+\(\) returned /);
    }
  });

  it('what it throws is said in one line, with its place', () => {
    for (const name of Object.keys(asked)) {
      const throws = () => {
        throw new TypeError('no\nmore');
      };
      expect(() => asked[name]!(modelWith({ [name]: throws }))).toThrow(
        /^m: \w+\(\) threw TypeError: no at callbacks\.test\.ts:\d+$/,
      );
    }
  });
});

describe('what a property says is checked against its type', () => {
  const model = modelWith({});
  const words = { id: 'p', statement: '', source: '' };
  const judged = (property: Property) => {
    const task = taskOf(model, scopeOf(model), [property]);
    return judge(
      task,
      property,
      property.on === 'call' ? { before: state, command, outcome: ok(state) } : state,
      undefined,
    );
  };
  const any = (answer: unknown) => (() => answer) as () => boolean;
  const wrong = [undefined, null, 0, 1, '', {}, [], Number.NaN];

  it.each(wrong)('holds() and done() say true, false or words, not %j', (answer) => {
    for (const property of [
      invariant(model, { ...words, holds: any(answer) }),
      stepProperty(model, { ...words, holds: any(answer) }),
      noDeadlock('m', any(answer)),
    ])
      expect(() => judged(property)).toThrow(
        /^m@v: property [a-z-]+ returned .*; it must say true, false, or in words what is wrong$/,
      );
  });

  it.each([...wrong, 'words'])('when(), waiting(), own() and applies() say true or false, not %j', (answer) => {
    const of = progress(model, { ...words, waiting: any(answer), own: any(answer) });
    expect(() => judged(reachable(model, { ...words, when: any(answer) }))).toThrow(
      'from when(); it must say true or false',
    );
    expect(() => judged(of)).toThrow('from waiting(); it must say true or false');
    expect(() => owns(taskOf(model, scopeOf(model), [of]), of, command, undefined)).toThrow('own() returned');
    const applies = invariant(model, { ...words, holds: () => true, applies: any(answer) });
    if (answer === undefined || answer === null) return; // nothing is said: it applies
    expect(() => taskOf(model, scopeOf(model), [applies])).toThrow('property p: applies() returned');
  });

  it('forEach() gives a domain, and not more instances than can be judged', () => {
    const of = (forEach: unknown) =>
      taskOf(model, scopeOf(model), [invariant(model, { ...words, forEach: forEach as never, holds: () => true })]);
    expect(() => of(() => [1, 2])).toThrow('forEach() returned [1,2]; it must return a domain');
    expect(() => of(() => range(0, 1e9))).toThrow('forEach() has 1000000001 instances, more than 100000');
    expect(of(() => range(0, 2)).obligations[0]!.instances).toEqual([0, 1, 2]);
  });
});

describe('what every object has', () => {
  it('must be what it was', () => {
    expect(() => checkBuiltins('a model')).not.toThrow();
    const { map } = Array.prototype;
    try {
      Array.prototype.map = () => [];
      expect(() => checkBuiltins('model m')).toThrow(
        'model m changes Array.prototype, which every file shares: map is not',
      );
    } finally {
      Array.prototype.map = map;
    }
    expect(() => checkBuiltins('a model')).not.toThrow();
  });
});
