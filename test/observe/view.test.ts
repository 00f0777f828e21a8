import * as fc from 'fast-check';
import { match } from 'ts-pattern';
import { describe, expect, it } from 'vitest';
import { effectOf } from '../../src/observe/effect.ts';
import { Observation } from '../../src/observe/observation.ts';
import { viewOf } from '../../src/observe/view.ts';
import { array, type Domain, enumOf, flag, type Infer, range, record, update, variant } from '../../src/spec/index.ts';
import { layoutOf } from '../../src/system/layout.ts';
import { anyDomainWithValues } from '../spec/any-domain.ts';

const pte = variant({
  zero: {},
  leaf: { writable: flag },
  table: { entries: array(enumOf('zero', 'hyp', 'leaf'), 2) },
});
const domain = record({ pool: range(0, 3), ptes: array(pte, 3), owners: array(enumOf('host', 'hyp'), 3) });
type State = Infer<typeof domain>;
const layout = layoutOf(domain);
const state: State = {
  pool: 2,
  ptes: [{ kind: 'leaf', writable: true }, { kind: 'zero' }, { kind: 'table', entries: ['hyp', 'zero'] }],
  owners: ['host', 'hyp', 'host'],
};

const observed = () => {
  const observation = new Observation(layout.encode(state));
  const view = viewOf(observation, layout.place) as State;
  return { observation, view, reads: () => observation.reads.map(({ path }) => path) };
};

/** What the packed state becomes if the view became `next`. */
const applied = <T>(of: Domain<T>, before: T, run: (view: T) => unknown): unknown => {
  const packing = layoutOf(of);
  const words = packing.encode(before);
  const observation = new Observation(words);
  const next = run(viewOf(observation, packing.place) as T);
  const effect = effectOf(packing, observation, next);
  return effect && packing.decode(words.map((word, i) => (word & effect.keep[i]!) | effect.set[i]!));
};

describe('a view is read like the plain state', () => {
  it.each<[string, (s: State) => unknown]>([
    ['fields', (s) => [s.pool, s.owners[1], s.ptes[0]!.kind]],
    ['fields of the active case', (s) => (s.ptes[0]!.kind === 'leaf' ? s.ptes[0]!.writable : 'none')],
    [
      'fields of another case',
      (s) => [Reflect.get(s.ptes[1]!, 'writable'), 'entries' in s.ptes[1]!, 'writable' in s.ptes[0]!],
    ],
    ['keys', (s) => [Object.keys(s), s.ptes.map((one) => Object.keys(one)), Object.keys(s.owners)]],
    ['spread', (s) => ({ ...s, ptes: [...s.ptes].map((one) => ({ ...one })), owners: [...s.owners] })],
    [
      'array methods',
      (s) => [
        s.owners.indexOf('hyp'),
        s.owners.findIndex((o) => o === 'hyp'),
        s.owners.includes('hyp'),
        s.owners.length,
        s.owners.slice(1),
        s.owners.at(-1),
      ],
    ],
    [
      'filter, map, reduce',
      (s) =>
        s.ptes
          .filter(({ kind }) => kind !== 'zero')
          .map(({ kind }) => kind)
          .join(),
    ],
    [
      'iteration',
      (s) => {
        const seen = [];
        for (const [i, owner] of s.owners.entries()) seen.push(i, owner);
        return seen;
      },
    ],
    ['destructuring', ({ pool, ptes: [first, , last], ...rest }) => [pool, first!.kind, last!.kind, Object.keys(rest)]],
    ['JSON', (s) => JSON.stringify(s)],
    ['Array.isArray', (s) => [Array.isArray(s.ptes), Array.isArray(s), typeof s]],
    [
      'ts-pattern',
      (s) =>
        s.ptes.map((one) =>
          match(one)
            .with({ kind: 'leaf', writable: true }, () => 'rw')
            .with({ kind: 'table' }, ({ entries }) => entries[0])
            .otherwise(() => '-'),
        ),
    ],
    [
      'identity',
      (s) => [s.ptes === s.ptes, s.ptes[0] === s.ptes[0], s.ptes[0] === s.ptes[1], s.ptes.indexOf(s.ptes[2]!)],
    ],
  ])('%s', (_, read) => {
    expect(read(observed().view)).toEqual(read(state));
  });
});

describe('an observation notes what is read', () => {
  it('in the order of first reading, with nothing that was only passed by', () => {
    const { view, reads } = observed();
    expect([view.owners[1], view.pool, view.owners[1]]).toEqual(['hyp', 2, 'hyp']);
    expect(Object.keys(view).length + view.owners.length).toBe(6);
    expect(reads()).toEqual(['owners[1]', 'pool']);
  });

  it('the case of a variant before its fields', () => {
    const { view, reads } = observed();
    expect(Reflect.get(view.ptes[1]!, 'writable')).toBeUndefined();
    expect(reads()).toEqual(['ptes[1].kind']);
  });

  it('nothing for what was written, and nothing for writing', () => {
    const { view, reads } = observed();
    const next = update(view, (draft) => {
      draft.pool = 0;
      draft.owners[2] = 'hyp';
    });
    expect([next.pool, next.owners[2]]).toEqual([0, 'hyp']);
    expect(reads()).toEqual([]);
    expect(next.owners[0]).toBe('host');
    expect(reads()).toEqual(['owners[0]']);
  });

  it('and refuses to be read when it is over: nobody would note it', () => {
    const { view, observation } = observed();
    observation.close();
    expect(() => view.pool).toThrow('a state that was kept from an earlier call is read');
  });
});

describe('update of a view does what immer does', () => {
  const both = (recipe: (draft: { -readonly [K in keyof State]: never }) => void) => {
    const change = (s: State) => update(s, recipe as never);
    return [applied(domain, state, change), change(state)];
  };

  it.each<[string, (draft: any) => void]>([
    ['nothing', () => undefined],
    [
      'a field',
      (d) => {
        d.pool += 1;
      },
    ],
    [
      'the value that was there',
      (d) => {
        d.pool = 2;
      },
    ],
    [
      'an element',
      (d) => {
        d.owners[0] = 'hyp';
      },
    ],
    [
      'a field of a case',
      (d) => {
        d.ptes[0].writable = false;
      },
    ],
    [
      'another case',
      (d) => {
        d.ptes[1] = { kind: 'table', entries: ['leaf', 'hyp'] };
      },
    ],
    [
      'another case, field by field',
      (d) => {
        d.ptes[0].kind = 'zero';
        delete d.ptes[0].writable;
      },
    ],
    [
      'a whole part',
      (d) => {
        d.owners = ['hyp', 'hyp', 'hyp'];
      },
    ],
    [
      'a copy of a part',
      (d) => {
        d.ptes[0] = d.ptes[2];
      },
    ],
    [
      'a copy that is changed through the original',
      (d) => {
        d.ptes[0] = d.ptes[2];
        d.ptes[2].entries[0] = 'leaf';
      },
    ],
    [
      'an exchange',
      (d) => {
        [d.ptes[0], d.ptes[2]] = [d.ptes[2], d.ptes[0]];
      },
    ],
    [
      'array methods',
      (d) => {
        d.owners.reverse();
        d.owners.fill('hyp', 1, 2);
      },
    ],
    [
      'an assigned part, changed afterwards',
      (d) => {
        d.ptes[1] = { kind: 'table', entries: ['zero', 'zero'] };
        d.ptes[1].entries[1] = 'hyp';
      },
    ],
    [
      'the same case made anew with parts of the old',
      (d) => {
        d.ptes[2] = { ...d.ptes[2] };
        d.ptes[2].kind = 'table';
      },
    ],
    [
      'a part assigned to itself, and changed',
      (d) => {
        const { entries } = d.ptes[2];
        d.ptes[2].entries = entries;
        d.ptes[2].entries[1] = 'leaf';
      },
    ],
    [
      'reading back',
      (d) => {
        d.pool = d.owners[1] === 'hyp' ? 3 : 0;
        d.pool -= 1;
      },
    ],
    [
      'iteration',
      (d) => {
        for (const one of d.ptes) if (one.kind === 'leaf') one.writable = false;
      },
    ],
    [
      'map',
      (d) => {
        d.owners = d.owners.map((owner: string) => (owner === 'hyp' ? 'host' : 'hyp'));
      },
    ],
  ])('%s', (_, recipe) => {
    const [overlaid, plain] = both(recipe);
    expect(overlaid).toEqual(plain);
  });

  it('again and again, and with parts of earlier states', () => {
    const run = (s: State) => {
      const one = update(s, (d) => void (d.ptes[1] = { kind: 'table', entries: ['leaf', 'leaf'] }));
      const two = update(one, (d) => {
        if (d.ptes[1]!.kind === 'table') d.ptes[1]!.entries[0] = 'hyp';
      });
      const part = update(two.ptes[2]!, (d) => {
        if (d.kind === 'table') d.entries[1] = 'leaf';
      });
      return update(two, (d) => {
        d.ptes[2] = part as never;
        d.ptes[0] = s.ptes[1] as never;
      });
    };
    expect(applied(domain, state, run)).toEqual(run(state));
  });

  it('leaves the state as it was, and is a new value of new parts even when nothing changed', () => {
    const { view } = observed();
    const next = update(view, (d) => {
      d.owners[0] = 'hyp';
    });
    expect([view.owners[0], next.owners[0]]).toEqual(['host', 'hyp']);
    expect(
      update(view, (d) => {
        expect(d.pool).toBe(2);
      }),
    ).not.toBe(view);
    expect(next.ptes).not.toBe(view.ptes);
    expect(next.ptes).toBe(next.ptes);
  });

  it.each<[string, (s: State) => State]>([
    ['returns another value', (s) => update(s, (d) => ({ ...d, pool: 3 }))],
    [
      'returns a part of itself in another',
      (s) => update(s, (d) => ({ ...d, ptes: [d.ptes[2]!, ...d.ptes.slice(1)] })),
    ],
    ['returns its draft', (s) => update(s, (d) => Object.assign(d, { pool: 1 }))],
    ['returns the state before', (s) => update(s, () => s)],
    ['changes a copy of the state', (s) => update({ ...s, pool: 0 }, (d) => void (d.owners[0] = 'hyp'))],
    [
      'changes a copy of the state deep down',
      (s) => update({ ...s, ptes: [...s.ptes] }, (d) => void (d.ptes[1] = d.ptes[0]!)),
    ],
    [
      'changes an array of parts',
      (s) => ({ ...s, ptes: update([s.ptes[2]!, s.ptes[1]!, s.ptes[0]!], (d) => void d.reverse()) }),
    ],
    [
      'updates a part of its draft, and changes the result',
      (s) =>
        update(s, (d) => {
          d.owners = update(d.owners, (e) => void (e[0] = 'hyp'));
          d.owners[2] = 'hyp';
        }),
    ],
    [
      'updates its whole draft, and returns that',
      (s) =>
        update(s, (d) => {
          const inner = update(d, (e) => void (e.pool = 1));
          inner.owners[1] = 'host';
          return inner;
        }),
    ],
  ])('a recipe that %s', (_, run) => {
    expect(applied(domain, state, run)).toEqual(run(state));
  });

  it('a recipe changes its draft or returns another value, not both', () => {
    const both = (s: State) =>
      update(s, (d) => {
        d.pool = 1;
        return { ...s };
      });
    expect(() => applied(domain, state, both)).toThrow('changes the draft of an update() and returns another value');
    expect(() => both(state)).toThrow('returned a new value *and* modified its draft');
  });

  it('gives values whose parts are told apart as those of a plain update are', () => {
    const look = (s: State) => {
      const t = update(s, (d) => {
        d.ptes[0] = d.ptes[2]!;
        d.owners[0] = 'host';
      });
      const u = update(t, () => undefined);
      const same = (a: unknown, b: unknown) => a === b;
      return [
        [t, s],
        [u, t],
        [t.ptes, s.ptes],
        [t.ptes, t.ptes],
        [t.ptes[0], t.ptes[2]],
        [t.ptes[0], s.ptes[2]],
        [t.ptes[1], s.ptes[1]],
        [t.ptes[1], t.ptes[1]],
        [u.ptes[0], t.ptes[0]],
        [u.ptes[0], u.ptes[0]],
        [t.owners, s.owners],
        [{ ...t }.owners, t.owners],
      ].map(([a, b]) => same(a, b));
    };
    const plain = look(state);
    expect(look(observed().view)).toEqual(plain);
    expect(plain).toEqual([false, false, false, true, false, false, false, true, false, true, false, true]);
  });

  it('refuses what leaves the domain', () => {
    const outside: ((draft: any) => void)[] = [
      (d) => {
        d.pool = 9;
      },
      (d) => {
        d.colour = 'red';
      },
      (d) => {
        delete d.pool;
      },
      (d) => {
        d.ptes[0].kind = 'table';
      },
      (d) => {
        d.ptes[1].writable = true;
      },
      (d) => {
        d.owners = ['host'];
      },
    ];
    for (const recipe of outside) expect(applied(domain, state, (s) => update(s, recipe))).toBeUndefined();
    expect(() => applied(domain, state, (s) => update(s, (d) => void d.owners.push('hyp')))).toThrow(
      'whose length is fixed',
    );
  });

  it('is the only way to write', () => {
    const { view } = observed();
    expect(() => Object.assign(view, { pool: 1 })).toThrow(TypeError);
    expect(() => Reflect.apply(Array.prototype.reverse, view.owners, [])).toThrow(TypeError);
    expect(() => Reflect.deleteProperty(view, 'pool')).toThrow(TypeError);
  });
});

describe('for any domain', () => {
  it('a view reads as the plain value, and becomes any other', () => {
    fc.assert(
      fc.property(anyDomainWithValues, ([of, before, after]) => {
        const root = record({ it: of, other: of });
        expect(applied(root, { it: before, other: after }, (s) => s)).toEqual({ it: before, other: after });
        expect(
          applied(root, { it: before, other: after }, (s) =>
            update(s, (d) => {
              d.it = after as never;
            }),
          ),
        ).toEqual({ it: after, other: after });
        expect(
          applied(root, { it: before, other: after }, (s) =>
            update(s, (d) => {
              [d.it, d.other] = [d.other, d.it];
            }),
          ),
        ).toEqual({ it: after, other: before });
        expect(applied(root, { it: before, other: after }, (s) => ({ ...s, it: s.other }))).toEqual({
          it: after,
          other: after,
        });
      }),
      { numRuns: 500 },
    );
  });

  /** Walks down by `choices`, as far as they and the value go, and does something there. */
  type Edit = { readonly choices: readonly number[]; readonly pick: number; readonly copies: boolean };
  const edit = (of: Domain, draft: unknown, { choices, pick, copies }: Edit) => {
    let [domain, holder, key]: [Domain, any, string] = [of, { root: draft }, 'root'];
    for (const choice of choices) {
      const value = holder[key];
      const shape = domain.shape;
      const inner: Readonly<Record<string, Domain>> =
        shape.kind === 'record'
          ? shape.fields
          : shape.kind === 'variant'
            ? shape.cases[value.kind]!
            : shape.kind === 'array'
              ? Object.fromEntries(Array.from({ length: shape.length }, (_, i) => [i, shape.element]))
              : {};
      const names = Object.keys(inner);
      if (names.length === 0) break;
      [holder, key] = [value, names[choice % names.length]!];
      domain = inner[key]!;
    }
    if (key === 'root') return;
    if (copies && Array.isArray(holder)) holder[Number(key)] = holder[pick % holder.length];
    else holder[key] = nth(domain, pick);
  };
  const nth = (of: Domain, n: number): unknown => {
    const index = Number(BigInt(n) % (of.size < 30n ? of.size : 30n));
    let i = 0;
    for (const value of of.values()) if (i++ === index) return value;
    return undefined;
  };
  const edits = fc.array(
    fc.record({
      choices: fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
      pick: fc.nat(100),
      copies: fc.boolean(),
    }),
    { maxLength: 6 },
  );

  it('arbitrary recipes do what immer does', () => {
    fc.assert(
      fc.property(anyDomainWithValues, edits, edits, ([of, before], first, second) => {
        const root = record({ it: of });
        const run = (s: { readonly it: unknown }) => {
          const once = update(s, (d) => {
            for (const one of first) edit(root, d, one);
          });
          return update(once, (d) => {
            for (const one of second) edit(root, d, one);
          });
        };
        const plain = run({ it: before });
        expect(applied(root, { it: before }, run)).toEqual(plain);
        expect(root.contains(plain)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
