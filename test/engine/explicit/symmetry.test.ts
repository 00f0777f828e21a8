import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Monitor } from '../../../src/engine/engine.ts';
import { searchExhaustive } from '../../../src/engine/explicit/exhaustive.ts';
import { symmetryOf } from '../../../src/engine/explicit/symmetry.ts';
import { SymmetryCheck } from '../../../src/engine/explicit/symmetry-check.ts';
import { TransitionLearner } from '../../../src/engine/learner.ts';
import type { Result } from '../../../src/engine/result.ts';
import { type Task, taskOf } from '../../../src/engine/task.ts';
import {
  array,
  type Domain,
  disabled,
  enumOf,
  flag,
  type Infer,
  type Interchangeable,
  invariant,
  type Model,
  type Outcome,
  ok,
  type Property,
  range,
  reachable,
  record,
  refuse,
  SpecError,
  stepProperty,
  update,
  variant,
} from '../../../src/spec/index.ts';
import { layoutOf } from '../../../src/system/layout.ts';
import { scopeOf } from '../../../src/system/scope.ts';
import { firstBreak } from '../../../src/trace/replay.ts';
import { pkvmPagesAlike, pkvmPagesProperties, pkvmPagesStates } from '../../bench/pkvm-pages.ts';
import { anyLopsided, anySymmetric } from '../any-symmetric.ts';
import { tiny } from '../tiny.ts';

const task = (model: Model, properties: readonly Property[], config: Readonly<Record<string, number>> = {}) =>
  taskOf(model, scopeOf(model, { config }), properties);

/** How long a trace is that must be a shortest one: of an endless one what comes before the loop. */
const lengths = ({ judged }: Result) =>
  judged.map(({ property, verdict }) => ({
    id: property.id,
    kind: verdict.kind,
    length: 'trace' in verdict ? (verdict.trace?.loop ?? verdict.trace?.commands.length) : undefined,
  }));

/** Searches with and without symmetry, holds one against the other, and replays what the former shows. */
const compared = async (one: Task) => {
  const full = await searchExhaustive(one, { symmetry: 'off' });
  const reduced = await searchExhaustive(one);
  expect(lengths(reduced)).toEqual(lengths(full));
  expect(reduced.covered.depth).toBe(full.covered.depth);
  expect(reduced.symmetry!.states).toBe(BigInt(full.covered.states));
  expect(reduced.deadEnd?.length).toBe(full.deadEnd?.length);
  for (const { property, verdict } of reduced.judged) {
    if (verdict.kind === 'not found' || verdict.kind === 'incomplete' || !verdict.trace) continue;
    const obligation = one.obligations.find((other) => other.property === property)!;
    // Of a witness and of a loop another instance may be decided earlier on the way.
    const exact = property.witness || property.on === 'path';
    const instances = exact ? [verdict.trace.instance] : obligation.instances;
    expect(firstBreak(one, { property, instances }, verdict.trace.commands)).toEqual(verdict.trace);
  }
  return { full, reduced };
};

describe('a search with symmetry', () => {
  it('says of random symmetric models what one without says, with traces that are real and as short', async () => {
    const seen = { violated: 0, loops: 0, reduced: 0, deadEnds: 0, reached: 0 };
    await fc.assert(
      fc.asyncProperty(anySymmetric, async ({ model, properties }) => {
        const { full, reduced } = await compared(task(model, properties));
        seen.violated += Number(full.judged.some(({ verdict }) => verdict.kind === 'violated' && verdict.trace));
        seen.loops += Number(full.judged.some(({ verdict }) => verdict.kind === 'violated' && verdict.trace?.loop));
        seen.reached += Number(full.judged.some(({ verdict }) => verdict.kind === 'proved' && verdict.trace));
        seen.deadEnds += Number(full.deadEnd !== undefined);
        seen.reduced += Number(reduced.covered.states * 4 < full.covered.states);
      }),
      { numRuns: 150 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(1);
  });

  it('refuses what is not symmetric, or it makes no difference', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(anyLopsided, async ({ model, properties }) => {
        try {
          await searchExhaustive(task(model, properties));
        } catch (error) {
          expect(String(error)).toMatch(/^SpecError: any@only: symmetry of (item|box|box\.cell): /);
          refused++;
          return;
        }
        await compared(task(model, properties));
      }),
      { numRuns: 40 },
    );
    expect(refused).toBeGreaterThan(5);
  });
});

describe('pkvm-pages, where pages of a pair and pairs may be exchanged', () => {
  it.each([
    [4, 1, 235],
    [6, 2, 2920],
    [8, 2, 14_080],
  ])('with %i pages and %i tables has %i orbits that stand for all states', async (pages, tables, orbits) => {
    const one = task(pkvmPagesAlike, pkvmPagesProperties, { pages, tables });
    const { covered, symmetry, judged } = await searchExhaustive(one);
    expect(covered.states).toBe(orbits);
    expect(symmetry).toEqual({ of: ['page'], states: BigInt(pkvmPagesStates(pages, tables)) });
    expect(judged.map(({ verdict }) => verdict.kind)).toEqual(pkvmPagesProperties.map(() => 'proved'));
  });

  const broken = [
    invariant(pkvmPagesAlike, {
      id: 'one-lent',
      statement: '',
      source: '',
      forEach: ({ pages }) => record({ page: range(0, pages! - 1) }),
      holds: (state, { page }) => {
        const { host, hyp } = state as { readonly host: readonly string[]; readonly hyp: readonly string[] };
        return host[page] !== 'shared-owned' || !hyp.some((one, i) => one === 'owned' && i !== page);
      },
    }),
  ];

  it('gives the verdicts and traces of a search without it', async () => {
    await compared(task(pkvmPagesAlike, [...pkvmPagesProperties, ...broken], { pages: 4, tables: 2 }));
  });

  it('does not depend on how many workers there are', async () => {
    const one = task(pkvmPagesAlike, [...pkvmPagesProperties, ...broken], { pages: 6, tables: 2 });
    const alone = await searchExhaustive(one);
    for (const workers of [2, 3]) {
      const together = await searchExhaustive(one, { workers, callsWorthSharing: 0 });
      for (const part of ['judged', 'covered', 'coverage', 'symmetry'] as const)
        expect(together[part]).toEqual(alone[part]);
    }
  });
});

describe('the representative', () => {
  const cell = record({
    mode: enumOf('x', 'y', 'z'),
    wide: range(-1, 2 ** 31),
    more: range(0, 2 ** 20),
    pte: variant({ zero: {}, leaf: { w: flag, at: range(0, 40) }, table: { e: array(flag, 3) } }),
  });
  const state = record({
    top: flag,
    a: array(enumOf('p', 'q', 'r'), 4),
    b: array(record({ c: array(cell, 2), f: flag }), 3),
    d: array(array(range(0, 4), 2), 3),
  });
  const groups: Interchangeable[] = [
    { arrays: ['a'], names: ['a'], within: 2 },
    { arrays: ['a'], names: ['a'], block: 2 },
    { arrays: ['b', 'd'], names: ['b'] },
    { arrays: ['b[].c'] },
    { arrays: ['d[]'] },
  ];
  const layout = layoutOf(state);
  const first = [0, 0];
  const model = tiny('packed', {
    state,
    command: variant({ go: { a: range(0, 4), b: range(0, 2) } }),
    initial: {
      top: false,
      a: Array.from({ length: 4 }, () => 'p' as const),
      b: Array.from({ length: 3 }, () => ({
        c: Array.from({ length: 2 }, () => ({ mode: 'x' as const, wide: 0, more: 0, pte: { kind: 'zero' as const } })),
        f: false,
      })),
      d: [first, first, first],
    },
    step: (s: Infer<typeof state>) => ok(s),
    symmetry: groups,
  });
  const symmetry = symmetryOf(task(model, []), layout as ReturnType<typeof layoutOf>)!;
  /** Few values, so that many parts are alike. */
  const some = state
    .arbitrary()
    .chain((one) =>
      fc.constantFrom(
        one,
        { ...one, b: [one.b[0]!, one.b[1]!, one.b[0]!] },
        { ...one, b: [one.b[2]!, one.b[2]!, one.b[2]!], d: [one.d[1]!, one.d[1]!, one.d[0]!] },
        { ...one, b: one.b.map(({ c, f }) => ({ c: [c[1]!, c[1]!], f })), d: [one.d[1]!, one.d[1]!, one.d[1]!] },
      ),
    );
  const orbit = (words: Uint32Array) => {
    const found = [words];
    const keys = new Set([words.join()]);
    for (const one of found)
      for (const { apply } of symmetry.exchanges) {
        const image = one.slice();
        apply(image, 0);
        if (!keys.has(image.join())) found.push(image);
        keys.add(image.join());
      }
    return found;
  };

  it('is one of those that are alike, the same for all of them, and their number is known', () => {
    fc.assert(
      fc.property(some, (one) => {
        const alike = orbit(layout.encode(one));
        const representative = alike[0]!.slice();
        symmetry.canonical(representative, 0);
        expect(alike.map((words) => words.join())).toContain(representative.join());
        expect(symmetry.orbitSum(representative, 1)).toBe(BigInt(alike.length));
        for (const words of alike.filter((_, i) => i % 97 === 0)) {
          expect(state.misfit(layout.decode(words))).toBeUndefined();
          const sorted = words.slice();
          for (const exchange of symmetry.sort(sorted)) symmetry.exchanges[exchange]!.apply(words, 0);
          expect(words).toEqual(sorted);
          expect(sorted).toEqual(representative);
        }
      }),
      { numRuns: 15 },
    );
  });

  it('is sorted in generated code wherever it lies', () => {
    fc.assert(
      fc.property(some, (one) => {
        const words = layout.encode(one, new Uint32Array(layout.words + 2), 2);
        symmetry.canonical(words, 2);
        const sorted = layout.encode(one);
        symmetry.sort(sorted);
        expect(words.slice(2)).toEqual(sorted);
        expect([...words.slice(0, 2)]).toEqual([0, 0]);
      }),
    );
  });

  it('exchanges indices in commands, and leaves what is none', () => {
    const [within] = symmetry.exchanges;
    expect(within!.what).toBe('a[0] and a[1] exchanged');
    expect(within!.renamed({ kind: 'go', a: 1, b: 1 })).toEqual({ kind: 'go', a: 0, b: 1 });
    expect(within!.renamed({ kind: 'go', a: 4, b: 1 })).toEqual({ kind: 'go', a: 4, b: 1 });
    const blocks = symmetry.exchanges.find(({ what }) => what === 'a[0..1] and a[2..3] exchanged');
    expect(blocks!.renamed({ kind: 'go', a: 3, b: 0 })).toEqual({ kind: 'go', a: 1, b: 0 });
    const outer = symmetry.exchanges.find(({ what }) => what === 'b[1] and b[2] exchanged');
    expect(outer!.renamed({ kind: 'go', a: 3, b: 1 })).toEqual({ kind: 'go', a: 3, b: 2 });
  });

  it('stands for more states than a number can count', () => {
    const large = tiny('large', {
      state: record({ a: array(range(0, 31), 24) }),
      command: variant({ go: {} }),
      initial: { a: Array.from({ length: 24 }, () => 0) },
      step: (s: { readonly a: readonly number[] }) => ok(s),
      symmetry: [{ arrays: ['a'] }],
    });
    const of = layoutOf(task(large, []).system.state);
    const words = of.encode({ a: Array.from({ length: 24 }, (_, i) => i) });
    const factorial = (n: bigint): bigint => (n === 0n ? 1n : n * factorial(n - 1n));
    expect(symmetryOf(task(large, []), of)!.orbitSum(words, 1)).toBe(factorial(24n));
  });
});

const items = record({ n: range(0, 3), items: array(enumOf('a', 'b', 'c'), 3) });
type Items = Infer<typeof items>;
type Touch = { readonly kind: 'touch' | 'all'; readonly item?: number };
const itemsModel = (step: (s: Items, command: Touch) => Outcome<Items>, symmetry: readonly Interchangeable[]) =>
  tiny<Items, Touch>('items', {
    state: items,
    command: variant({ touch: { item: range(0, 2) }, all: {} }) as Domain<Touch>,
    initial: { n: 0, items: ['a', 'a', 'a'] },
    step,
    symmetry,
  });
const alike: readonly Interchangeable[] = [{ arrays: ['items'], names: ['item'] }];
const set = (s: Items, item: number, to: Items['items'][number]) => ok(update(s, (d) => void (d.items[item] = to)));
const turned = { a: 'b', b: 'c', c: 'a' } as const;
const turn = (s: Items, { item }: Touch) => (item === undefined ? ok(s) : set(s, item, turned[s.items[item]!]));

describe('what is not symmetric is refused with the transition that shows it', () => {
  const start = '^items@only: symmetry of item: ';
  it.each<[string, (s: Items, command: Touch) => Outcome<Items>, string]>([
    [
      'an element treated specially',
      (s, c) => (c.item === 0 ? refuse(s, 'EPERM', 'the first') : turn(s, c)),
      String.raw`touch\(item=[01]\) in .* does .*, but touch\(item=[01]\) with items\[0\] and items\[1\] exchanged does `,
    ],
    [
      'only in states that are never visited, as they are not sorted',
      (s, c) => (s.items[0] === 'c' && s.items[2] === 'a' && c.kind === 'all' ? set(s, 1, 'b') : turn(s, c)),
      String.raw`all\(\) in .*, but the same call with `,
    ],
    [
      'only in one that is three exchanges away from a visited one',
      (s, c) => (c.kind === 'all' && s.items.join('') === 'cba' ? ok(update(s, (d) => void (d.n = 1))) : turn(s, c)),
      String.raw`all\(\) in .* and leaves .*, but the same call with `,
    ],
    [
      'the first that is free',
      (s, c) =>
        c.kind === 'all' && s.items.includes('a') ? set(s, s.items.indexOf('a'), 'b') : refuse(s, 'EPERM', 'x'),
      String.raw`all\(\) in .* does ok and leaves items\[0\]=b, but the same call with items\[0\] and items\[1\] exchanged does ok and leaves items\[0\]=b$`,
    ],
    [
      'an effect on a neighbour',
      (s, c) => (c.item === undefined ? ok(s) : set(s, (c.item + 1) % 3, 'b')),
      String.raw`touch\(item=\d\) in .* does ok and leaves items\[\d\]=b, but `,
    ],
    [
      'another reason',
      (s, c) => (c.item === undefined ? ok(s) : refuse(s, 'EPERM', `item ${c.item}`)),
      String.raw`touch\(item=\d\) in .* does -EPERM \(item \d\)`,
    ],
    [
      'an index that is kept in the state',
      (s, c) => (c.item === undefined ? ok(s) : ok(update(s, (d) => void (d.n = c.item!)))),
      String.raw`touch\(item=\d\) in .* does ok and leaves `,
    ],
  ])('%s', async (_, step, message) => {
    const one = task(itemsModel(step, alike), []);
    await expect(searchExhaustive(one)).rejects.toThrow(new RegExp(start + message));
    expect((await searchExhaustive(one, { symmetry: 'off' })).symmetry).toBeUndefined();
  });

  it('an exception', async () => {
    const throws = (s: Items, c: Touch) => {
      if (s.items[0] === 'c' && s.items[1] === 'a') throw new Error('no such state');
      return turn(s, c);
    };
    await expect(searchExhaustive(task(itemsModel(throws, alike), []))).rejects.toThrow(
      /^items@only: symmetry of item: .* does .*, but .* with .* exchanged throws no such state$/,
    );
  });

  const fine = itemsModel(turn, alike);
  it.each<[string, Property, string]>([
    [
      'an invariant of one element',
      invariant(fine, { id: 'first', statement: '', source: '', holds: ({ items: [first] }) => first !== 'c' }),
      'property first in .* (holds, but it with .* exchanged is violated|is violated, but it with .* exchanged holds)',
    ],
    [
      'one that is judged for some elements',
      invariant(fine, {
        id: 'some',
        statement: '',
        source: '',
        forEach: () => record({ item: range(0, 1) }),
        holds: (s, { item }) => s.items[item] !== 'c',
      }),
      String.raw`property some is judged for item=1 but, with items\[1\] and items\[2\] exchanged, not for item=2$`,
    ],
    [
      'a witness',
      reachable(fine, { id: 'last', statement: '', source: '', when: (s) => s.items[0] === 'b' && s.items[2] === 'c' }),
      'property last in .* is (not )?reached, but it with ',
    ],
    [
      'a property of calls',
      stepProperty(fine, {
        id: 'call',
        statement: '',
        source: '',
        holds: ({ before, command }) => command.item !== 1 || before.items[0] !== 'b',
      }),
      String.raw`property call of touch\(item=\d\) in `,
    ],
  ])('%s', async (_, property, message) => {
    await expect(searchExhaustive(task(fine, [property]))).rejects.toThrow(new RegExp(start + message));
  });

  it('an initial state that is not symmetric', async () => {
    const lopsided = tiny('items', {
      ...fine.system({}, {}),
      initial: { n: 0, items: ['b', 'a', 'a'] as const },
    });
    await expect(searchExhaustive(task(lopsided, []))).rejects.toThrow(
      'items@only: symmetry of item: the initial state is another one with items[0] and items[1] exchanged',
    );
  });
});

describe('what makes no difference in any state that can be reached is not refused', () => {
  /** At most one item is not 'a'. */
  const single = (s: Items, { item }: Touch) => {
    if (item === undefined)
      return s.items.some((one) => one !== 'a')
        ? set(
            s,
            s.items.findIndex((one) => one !== 'a'),
            'c',
          )
        : disabled(s, 'all a');
    return s.items.every((one) => one === 'a') ? set(s, item, 'b') : set(s, item, 'a');
  };

  it('the first of one', async () => {
    const { reduced, full } = await compared(task(itemsModel(single, alike), []));
    expect([reduced.covered.states, full.covered.states]).toEqual([3, 7]);
  });

  it('an exception for two', async () => {
    const model = itemsModel((s, c) => {
      if (s.items.filter((one) => one !== 'a').length > 1) throw new Error('two');
      return single(s, c);
    }, alike);
    await compared(task(model, []));
  });

  it('what reads more values than can be followed', async () => {
    const wide = record({ items: array(range(0, 99_999), 3) });
    const model = tiny('wide', {
      state: wide,
      command: variant({ touch: { item: range(0, 2) }, any: {} }),
      initial: { items: [0, 0, 0] },
      step: (s: Infer<typeof wide>, c: { readonly kind: 'touch' | 'any'; readonly item?: number }) =>
        c.kind === 'any'
          ? s.items.some((one) => one === 3)
            ? refuse(s, 'EBUSY', 'three')
            : ok(s)
          : ok(update(s, (d) => void (d.items[c.item!] = (d.items[c.item!]! + 1) % 5))),
      symmetry: alike,
    } as Parameters<typeof tiny<Infer<typeof wide>, { readonly kind: 'touch' | 'any'; readonly item?: number }>>[1]);
    const { reduced } = await compared(task(model, []));
    expect(reduced.covered.states).toBe(35);
  });
});

describe('a symmetry that takes too much work to check', () => {
  const busy = itemsModel(
    (s, { item }) =>
      item === undefined ? (s.items.some((one) => one === 'c') ? refuse(s, 'EBUSY', 'c') : ok(s)) : ok(s),
    alike,
  );
  const one = task(busy, []);
  const layout = layoutOf(one.system.state);
  const checked = (effort: ConstructorParameters<typeof SymmetryCheck>[3], state: Items) => {
    const check = new SymmetryCheck(one, layout, symmetryOf(one, layout)!, effort);
    const learner = new TransitionLearner(one, layout);
    const words = layout.encode(state);
    for (const command of one.commands.keys()) learner.take(command, words, 0);
    check.follow(learner.table, 1);
    check.settleDoubts(words, 1);
  };
  const state: Items = { n: 0, items: ['a', 'a', 'c'] };

  it('is looked at state by state', () => {
    checked({ steps: 1, stepsForState: 0, rows: 1000, looks: 1000 }, state);
    checked({ steps: 1000, stepsForState: 0, rows: 5, looks: 1000 }, state);
  });

  it('is refused where these are too many', () => {
    expect(() => checked({ steps: 1, stepsForState: 0, rows: 1000, looks: 10 }, state)).toThrow(
      /^items@only: symmetry of item: too many states to tell whether (touch|all)\(.*\) does the same with .*; check without it \(--symmetry off\)$/,
    );
    checked({ steps: 1000, stepsForState: 0, rows: 1000, looks: 0 }, state);
  });
});

describe('a declaration that makes no sense', () => {
  const boxes = record({
    boxes: array(record({ cells: array(flag, 2), pte: variant({ zero: {}, table: { e: array(flag, 2) } }) }), 3),
    other: array(flag, 2),
    one: flag,
  });
  it.each<[string, unknown, string]>([
    ['no list', {}, 'symmetry must be a list of { arrays, names }'],
    ['no arrays', [{ arrays: [] }], 'symmetry must be a list of { arrays, names }, with at least one array each'],
    [
      'no path',
      [{ arrays: ['boxes..'] }],
      'symmetry of boxes..: "boxes.." is not a path such as host or pairs[].pages',
    ],
    ['no field', [{ arrays: ['box'] }], 'symmetry of box: box: there is no field box (fields: boxes, other, one)'],
    ['no array', [{ arrays: ['one'] }], 'symmetry of one: one is not an array'],
    [
      'no array before []',
      [{ arrays: ['one[].x'] }],
      'symmetry of one[].x: one[].x: what stands before [] is not an array',
    ],
    [
      'within a variant',
      [{ arrays: ['boxes[].pte.e'] }],
      'symmetry of boxes[].pte.e: boxes[].pte.e leads into a variant, whose fields do not always exist',
    ],
    ['other lengths', [{ arrays: ['boxes', 'other'] }], 'symmetry of boxes: boxes has 3 elements, other has 2'],
    ['twice', [{ arrays: ['boxes', 'boxes'] }], 'symmetry of boxes: boxes is listed twice'],
    ['no such name', [{ arrays: ['boxes'], names: ['cow'] }], 'symmetry of cow: no command has a field cow'],
    [
      'too many names',
      [{ arrays: ['boxes'], names: [['box', 'cell']] }],
      'symmetry of box.cell: [box, cell] names 2 indices; boxes has 1',
    ],
    [
      'no blocks',
      [{ arrays: ['boxes'], block: 2 }],
      'symmetry of boxes: boxes has 3 elements, which blocks of 2 do not divide',
    ],
    [
      'half a block',
      [{ arrays: ['boxes'], block: 0.5 }],
      'symmetry of boxes: block and within are positive integers, not 0.5 and 3',
    ],
    [
      'groups that overlap',
      [{ arrays: ['other'] }, { arrays: ['other'], names: ['cell'] }],
      'symmetry of other and of cell share a part of the state; one must lie inside an element of the other',
    ],
  ])('%s', (_, symmetry, message) => {
    const model = tiny('boxes', {
      state: boxes,
      command: variant({ go: { box: range(0, 2), cell: range(0, 1) } }),
      initial: boxes.values().next().value!,
      step: (s) => ok(s),
      symmetry: symmetry as Interchangeable[],
    });
    expect(() => task(model, [])).toThrow(new SpecError(`model boxes: ${message}`));
  });

  it('a command that has no image', async () => {
    const model = tiny('boxes', {
      state: boxes,
      command: variant({ go: { box: range(1, 2) } }),
      initial: boxes.values().next().value!,
      step: (s) => ok(s),
      symmetry: [{ arrays: ['boxes'], names: ['box'] }],
    });
    await expect(searchExhaustive(task(model, []))).rejects.toThrow(
      'model boxes: symmetry of box: go(box=1) is a command, go(box=0) is not',
    );
  });
});

describe('a search that is interrupted before the symmetry is known to be one', () => {
  /** The second item cannot be filled late: which the first look at it, early, does not show. */
  const lopsided = tiny('lopsided', {
    state: record({ used: array(flag, 3), late: flag, ready: flag, time: range(0, 5000) }),
    command: variant({ take: { item: range(0, 2) }, wait: {}, fill: {}, tick: {} }),
    initial: { used: [false, false, false], late: false, ready: false, time: 0 },
    symmetry: [{ arrays: ['used'], names: ['item'] }],
    step: (s, command) => {
      if (command.kind === 'tick') return ok(update(s, (d) => void (d.time = Math.min(5000, s.time + 1))));
      if (command.kind === 'wait') return ok(update(s, (d) => void Object.assign(d, { late: true, ready: false })));
      if (command.kind === 'take')
        return s.used[command.item]
          ? refuse(s, 'EBUSY', 'used')
          : ok(update(s, (d) => void (d.used[command.item] = true)));
      if (s.used.filter((one) => one).length !== 1) return refuse(s, 'EPERM', 'not one');
      if (s.used[1] && s.late) return refuse(s, 'ENOMEM', 'not for the second');
      return ok(update(s, (d) => void (d.ready = true)));
    },
  });
  const filledLate = reachable(lopsided, {
    id: 'filled-late',
    statement: '',
    source: '',
    forEach: () => record({ item: range(0, 2) }),
    when: ({ used, late, ready }, { item }) => ready && late && used.every((one, i) => one === (i === item)),
  });
  const kind = async (symmetry: 'on' | 'off', monitor: Monitor = async () => true) =>
    (await searchExhaustive(task(lopsided, [filledLate]), { symmetry, monitor })).judged[0]!.verdict.kind;

  it('does not take a witness for reached because one that is said to be like it is', async () => {
    expect(await kind('off')).toBe('violated');
    await expect(kind('on')).rejects.toThrow('-ENOMEM (not for the second)');
    expect(await kind('on', async () => false)).toBe('incomplete');
  });
});
