import { describe, expect, it } from 'vitest';
import { suites } from '../../properties/index.ts';
import { check } from '../../src/check.ts';
import { drawingText, marked } from '../../src/report/drawing.ts';
import type { Drawing, Line } from '../../src/spec/index.ts';

const tree = (...below: Line[]): Drawing[] => [
  { title: 'tables', columns: ['entry'], lines: [{ name: 'root', cells: ['pgd'], below }] },
];
const line = (name: string, ...cells: string[]): Line => ({ name, cells });

describe('a drawing', () => {
  it('marks what a call changed, made and dropped, and what is stale', () => {
    const before = tree(line('a', 'x'), line('b', 'y'), { ...line('c', 'z'), below: [line('leaf', '1')] });
    const now = tree(line('a', 'x'), line('b', 'w'), { ...line('d', 'new'), stale: 'outlives its mapping' });
    expect(drawingText(marked(now, before), '    ')).toBe(
      [
        '      tables         entry',
        '      `- root        pgd',
        '         |- a        x',
        '    *    |- b        y -> w',
        '    !    |- d        new     outlives its mapping',
        '    -    `- c        z',
        '    -       `- leaf  1',
      ].join('\n'),
    );
    expect(drawingText(marked(now, undefined), '')).not.toMatch(/^[*+-]/m);
  });

  it('puts what a cell was below it where a line would be too wide', () => {
    const [was, is] = ['w'.repeat(36), 'i'.repeat(36)];
    const text = drawingText(marked(tree(line('a', is), line('b', 'y')), tree(line('a', was), line('b', 'y'))), '');
    expect(text.split('\n').slice(2)).toEqual([`*    |- a      ${is}`, `     |    was  ${was}`, '     `- b      y']);
  });

  it('leaves out what did not change where it is long', () => {
    const many = (changed: string) => Array.from({ length: 40 }, (_, i) => line(`pfn ${i}`, i === 30 ? changed : '-'));
    const text = drawingText(marked(tree(...many('hyp')), tree(...many('host'))), '');
    expect(text.split('\n')).toEqual([
      '  tables        entry',
      '  `- root       pgd',
      '*    |- pfn 30  host -> hyp',
      '  (39 lines as before)',
    ]);
  });
});

const drawn = suites.filter(({ model }) => model.draw);

it('is there for more than one model', () => expect(drawn.length).toBeGreaterThan(2));

describe.each(drawn.map((suite) => [suite.model.id, suite] as const))('the drawing of %s', (_, suite) => {
  it('fits into 80 columns, is plain, and has a name once among neighbours, along every counterexample', async () => {
    const { model } = suite;
    const variants = Object.keys(model.variants).filter((name) => suite.violates[name]!.length > 0);
    for (const variant of variants.slice(0, 3)) {
      const { draw, initial, properties } = await check(suite, { variant }, { kind: 'exhaustive', maxStates: 5000 });
      const judge = (lines: readonly Line[], columns: number) => {
        expect(new Set(lines.map(({ name }) => name)).size).toBe(lines.length);
        for (const { cells, below } of lines) {
          expect(cells.length).toBeLessThanOrEqual(Math.max(columns, 1));
          judge(below ?? [], columns);
        }
      };
      const text = (state: unknown, before?: unknown) => {
        for (const { lines, columns } of draw!(state)) judge(lines, columns.length);
        return drawingText(marked(draw!(state), before === undefined ? undefined : draw!(before)), '       ');
      };
      const texts = [
        text(initial),
        ...properties.flatMap(({ steps }) => (steps ?? []).map(({ before, outcome }) => text(outcome.state, before))),
      ];
      expect(texts.length).toBeGreaterThan(1);
      for (const row of texts.flatMap((one) => one.split('\n'))) {
        expect(row).toMatch(/^[ -~]*$/);
        expect(row.length, row).toBeLessThanOrEqual(80);
      }
    }
  });
});
