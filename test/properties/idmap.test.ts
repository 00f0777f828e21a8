import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answer, type Comparison, compare, drawn, everyCase, neighbours } from '../../model/idmap/compare.ts';
import { idmap, searchCodeOf } from '../../model/idmap/model.ts';
import { type SearchCode, search } from '../../model/idmap/search.ts';
import { findMemRange, type Sizes, type State } from '../../model/idmap/state.ts';
import { getLeaf, granuleOf, type Pte, pagesOf, rootLevel, type TablePage } from '../../model/stage2/tree.ts';
import { idmapSuite } from '../../properties/idmap.ts';
import { check } from '../../src/job/check.ts';
import { type Outcome, type Suite, update } from '../../src/spec/index.ts';
import { type Choices, scopeOf } from '../../src/system/scope.ts';
import { seedFault } from '../seeded-fault.ts';
import { broken, trace } from './verdicts.ts';

const exhaustive = (choices: Choices, suite: Suite = idmapSuite, properties?: readonly string[]) =>
  check(suite, choices, { kind: 'exhaustive' }, properties ? { properties } : {});

const readme = readFileSync(join(import.meta.dirname, '../../model/idmap/README.md'), 'utf8');

/** Searches by variant name, with a configuration's sizes. */
const codeOf = (variant: string): SearchCode => searchCodeOf(settings(variant));
const settings = (variant: string) => scopeOf(idmap, { variant }).switches as Parameters<typeof searchCodeOf>[0];
const sizesOf = (config: Choices['config'] = {}): Sizes => scopeOf(idmap, { config }).config as Sizes;

/** The rows of the README's table of traces. */
const rows = [...readme.matchAll(/^\| `([^`]+)` \| ([a-z0-9-]+) \| (.+\(.+) \|$/gm)].map(
  ([, variant = '', id = '', expected = '']) => ({ variant, id, expected }),
);

describe.each(Object.keys(idmapSuite.model.variants))('idmap@%s', (variant) => {
  // That it breaks nothing else and reaches every witness, `pagelaw check` says.
  it('has as many states as the README says, and breaks what the suite lists for it by the traces there', async () => {
    const result = await exhaustive({ variant }, idmapSuite, idmapSuite.violates[variant]);
    expect(result.bound).toBeUndefined();
    expect(broken(result).sort()).toEqual([...idmapSuite.violates[variant]!].sort());
    expect(readme).toContain(
      `| \`${variant}\` | ${result.covered.states!.toLocaleString('en')} | ${result.covered.depth} |`,
    );
    expect(broken(result).map((id) => ({ variant, id, expected: trace(result, id) }))).toEqual(
      rows.filter((row) => row.variant === variant),
    );
  });
});

describe('the end passed for the size, in v3', () => {
  it('is -ERANGE above the middle of the address space, and only there', async () => {
    const sizes = sizesOf();
    for (const { root, page } of everyCase(sizes, neighbours(sizes))) {
      const [posted, right] = [search(root, page, sizes, codeOf('v3')), search(root, page, sizes, codeOf('v3-size'))];
      if (answer(posted) === answer(right)) continue;
      expect([answer(posted), page >= pagesOf(sizes) / 2]).toEqual(['-ERANGE', true]);
    }
  });

  it('changes nothing else that the model can reach', async () => {
    const result = await exhaustive({ variant: 'v3' }, idmapSuite, ['end-for-size-harmless']);
    expect(trace(result, 'end-for-size-harmless')).toBe('proved');
  });
});

describe('the bound that the review asks for', () => {
  /** A table of `levels` levels with only last-level tables below, of which some pages are annotated. */
  const annotatedPages = (annotated: ReadonlySet<number>, sizes: Sizes): TablePage => {
    const page = (level: number, at: number): TablePage => ({
      surplus: 0,
      entries: Array.from({ length: sizes.entriesPerTable }, (_, i): Pte => {
        const first = at + i * granuleOf(level, sizes);
        if (level < 3) return { kind: 'table', ...page(level + 1, first) };
        return annotated.has(first) ? { kind: 'annotated', owner: 'hyp' } : { kind: 'zero' };
      }),
    });
    return page(rootLevel(sizes), 0);
  };

  it('is 3 walks with 3 levels, whatever the table holds', () => {
    const sizes = sizesOf();
    const walks = [...everyCase(sizes)].map(({ root, page }) => search(root, page, sizes, codeOf('v3-size')).walks);
    expect(Math.max(...walks)).toBe(3);
  });

  it('is 4 walks with 4 levels, over every choice of annotated pages in the lower half', () => {
    const sizes = sizesOf({ levels: 4 });
    let most = 0;
    for (let chosen = 0; chosen < 2 ** 8; chosen++) {
      const root = annotatedPages(
        new Set(Array.from({ length: 8 }, (_, i) => i).filter((i) => chosen & (1 << i))),
        sizes,
      );
      for (let page = 0; page < 8; page++) most = Math.max(most, search(root, page, sizes, codeOf('v3-size')).walks);
    }
    expect(most).toBe(4);
  });

  it('is 2 for find_range, which leaves out levels without blocks, and 1 since 5.15', () => {
    const sizes = sizesOf();
    const most = (variant: string) =>
      Math.max(...[...everyCase(sizes)].map(({ root, page }) => search(root, page, sizes, codeOf(variant)).walks));
    expect([most('5.13'), most('5.15'), most('6.16'), most('7.1')]).toEqual([2, 1, 1, 1]);
  });
});

describe('the contract of a search, for every content of the table', () => {
  const sizes = sizesOf();
  const cases = [...everyCase(sizes)];
  it.each([
    ['v3-size', 0],
    ['v3-blocks', 0],
    // Page 5 is taken without a look at its entry: a block W, or one of 4 x 2 tables, of 19 entries, beside any other of 19.
    ['5.13', 171],
    ['5.15', 0],
    ['6.16', 0],
    ['7.1', 0],
  ])('%s: the page in one granule of its region, or alone; incompatible entries in %d cases', (variant, expected) => {
    let incompatible = 0;
    for (const { root, page } of cases) {
      const found = search(root, page, sizes, codeOf(variant));
      if (found.kind !== 'range') continue;
      const { start, end } = found.range;
      const region = findMemRange(page, sizes);
      expect(start <= page && page < end && start % (end - start) === 0).toBe(true);
      expect(end - start === 1 || (region.start <= start && end <= region.end)).toBe(true);
      const entries = Array.from({ length: end - start }, (_, i) => getLeaf(root, start + i, sizes).pte);
      if (entries.some((pte) => pte.kind === 'annotated' || (pte.kind === 'leaf' && pte.x !== region.isMemory)))
        incompatible++;
    }
    expect(incompatible).toBe(expected);
  });

  it('-EINVAL of the greedy function: an incompatible entry covers the page, or memory ends in it', () => {
    for (const { root, page } of cases) {
      const found = search(root, page, sizes, codeOf('v3-size'));
      const { pte } = getLeaf(root, page, sizes);
      const { isMemory, end } = findMemRange(page, sizes);
      const pinned = pte.kind === 'annotated' || (pte.kind === 'leaf' && pte.x !== isMemory);
      expect(found.kind === 'error').toBe(pinned || page + 1 > end);
    }
  });
});

describe('two versions on the same cases', () => {
  const compared = [
    ...readme.matchAll(
      /^\| `([^`]+)` \| `([^`]+)` \| ([\d,]+) \| (.+?) \| ([\d,]*) \| (?:page (\d+) in `(.+)`)? *\|$/gm,
    ),
  ].map(([, one = '', other = '', same = '', change = '', times = '', page = '', root = '']) => ({
    one,
    other,
    row: [same, change, times, page, root].join(' | '),
  }));
  const pairs = [...new Set(compared.map(({ one, other }) => `${one} ${other}`))].map(
    (pair) => pair.split(' ') as [string, string],
  );
  const sizes = sizesOf();

  const rowsOf = ({ same, differs }: Comparison): string[] =>
    [...differs].map(([change, { times, first }]) =>
      [
        same.toLocaleString('en'),
        change,
        times.toLocaleString('en'),
        first.page,
        drawn(first.root, rootLevel(sizes)),
      ].join(' | '),
    );

  it('compares each version with the next', () => {
    expect(pairs.map(([one, other]) => `${one} to ${other}`)).toEqual([
      'v3 to v3-size',
      'v3-size to v3-blocks',
      'v3-blocks to 5.13',
      '5.13 to 5.15',
      '5.15 to 6.16',
      '6.16 to 7.1',
    ]);
  });

  it.each(pairs)('%s and %s', (one, other) => {
    const cases = everyCase(sizes, one === 'v3' ? neighbours(sizes) : undefined);
    const comparison = compare(cases, sizes, codeOf(one), codeOf(other));
    expect(compared.filter((row) => row.one === one && row.other === other).map(({ row }) => row)).toEqual(
      rowsOf(comparison),
    );
  });
});

describe('where the defects come from', () => {
  it('v3: a range that one entry can map never ends in a loop of -EAGAIN', async () => {
    const result = await exhaustive({ variant: 'v3-size', config: { minBlockLevel: 1 } }, idmapSuite, [
      'data-access-ends',
    ]);
    expect(trace(result, 'data-access-ends')).toBe('proved');
  });

  it.each(['v3-blocks', '5.13', '6.16', '6.16-reported'])(
    '%s: with memory that ends at a page, only a fetch from MMIO, and an access to what EL2 owns, are not served',
    async (variant) => {
      const result = await exhaustive({ variant, config: { unaligned: 0 } });
      const defects = broken(result).filter((id) => !idmapSuite.properties.find((one) => one.id === id)!.witness);
      // A fault on memory is not tried again after recycling, in the first.
      expect(defects.filter((id) => id !== 'own-access-survives')).toEqual(
        variant === '6.16-reported' ? ['data-access-ends', 'fetch-ends'] : ['no-panic', 'fetch-ends'],
      );
    },
  );

  it('a pool without room for what annotations pin is a BUG in the current version', async () => {
    const result = await exhaustive({ variant: '7.1-permission', config: { pool: 3 } }, idmapSuite, ['no-panic']);
    expect(trace(result, 'no-panic')).toMatch(/returned -ENOMEM/);
  });
});

describe('a property that no variant breaks is broken by a seeded fault', () => {
  const edit = (outcome: Outcome<unknown>, recipe: (draft: { cpu: State['cpu'] }) => void) => ({
    ...outcome,
    state: update(outcome.state as State, (draft) => recipe(draft as { cpu: State['cpu'] })),
  });
  const caught = async (id: string, suite: Suite, variant = 'v3-size') =>
    trace(await exhaustive({ variant }, suite, [id]), id);

  it('range-holds-target: the granule before the right one', async () => {
    const faulty = seedFault(idmapSuite, (outcome, { kind }) =>
      edit(outcome, (draft) => {
        const { cpu } = draft;
        if (kind === 'walk' && cpu.kind === 'maps' && cpu.start >= 2)
          draft.cpu = { ...cpu, start: cpu.start - 2, size: 1 };
      }),
    );
    expect(await caught('range-holds-target', faulty)).toBe('access(page=4); walk()');
  });

  it('range-in-region: a block where a page was found', async () => {
    const faulty = seedFault(idmapSuite, (outcome, { kind }) =>
      edit(outcome, (draft) => {
        const { cpu } = draft;
        if (kind === 'walk' && cpu.kind === 'maps' && cpu.size === 1 && cpu.start % 2 === 0)
          draft.cpu = { ...cpu, size: 2 };
      }),
    );
    expect(await caught('range-in-region', faulty)).toBe('access(page=4); walk()');
  });

  const neverDeeper = seedFault(idmapSuite, (outcome, { kind }, before) =>
    edit(outcome, (draft) => {
      const was = (before as State).cpu;
      const { cpu } = draft;
      if (kind === 'walk' && cpu.kind === 'searches' && was.kind === 'searches')
        draft.cpu = { ...cpu, level: Math.max(was.level, 1), walks: Math.min(cpu.walks, 4) };
    }),
  );

  it('search-goes-deeper, search-ends and walks-bounded: an -EAGAIN that leaves the range as it is', async () => {
    const once = 'set_owner(page=1, owner=hyp); access(page=0); walk()';
    const again = '-EAGAIN (an incompatible entry is in the range)';
    expect(await caught('search-goes-deeper', neverDeeper)).toBe(`${once}; walk() = ${again}`);
    expect(await caught('walks-bounded', neverDeeper)).toBe(`${once}; walk(); walk(); walk() = ${again}`);
    expect(await caught('search-ends', neverDeeper)).toMatch(/; for ever: walk\(\) = -EAGAIN/);
  });

  it('end-for-size-harmless: a walk that takes what lies beyond the range for incompatible', async () => {
    const faulty = seedFault(idmapSuite, (outcome, { kind }, before) => {
      const was = (before as State).cpu;
      if (kind !== 'walk' || was.kind !== 'searches' || was.page !== 2 || outcome.result !== 'ok') return outcome;
      return edit(outcome, (draft) => {
        if (draft.cpu.kind === 'maps') draft.cpu = { ...draft.cpu, start: 2, size: 1 };
      });
    });
    expect(await caught('end-for-size-harmless', faulty, 'v3')).toBe('access(page=2); walk()');
  });
});
