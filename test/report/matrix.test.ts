import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { mteFaultsSuite } from '../../properties/mte-faults.ts';
import { pkvmMmioSuite } from '../../properties/pkvm-mmio.ts';
import { matrixBlocks, matrixJson } from '../../src/report/matrix.ts';
import { markdown } from '../../src/report/render/markdown.ts';
import { mailText, terminalText } from '../../src/report/render/text.ts';
import { pagelaw, typed } from '../cli/fake-console.ts';
import { sampleResults } from './sample.ts';

describe('check --matrix', () => {
  it('shows variants by properties: proved, or the length of the shortest trace', async () => {
    const { status, out } = await typed(
      'check mte-tags@split mte-tags@page-lock --matrix --property no-stale-tag --property no-tag-lost --property flag-means-lock',
    );
    expect(status).toBe(0);
    expect(out.split('\n').slice(0, 9)).toEqual([
      'mte-tags: MTE tags of a page, initialised by several at once',
      'exhaustive: actors=2',
      '',
      '                   no-stale-tag',
      '                   |   no-tag-lost',
      '                   |   |   flag-means-lock',
      'variant    states  |   |   |',
      'split         126  6   8',
      'page-lock      62  .   .   .',
    ]);
  });

  it('takes every variant with every named value of a switch', async () => {
    const { out } = await typed('check mte-tags --matrix --switch memory=sc,weak --property no-stale-tag');
    const rows = [...out.matchAll(/^(\S+) +\d+ {2}(\S+)$/gm)].map(([, name, cell]) => [name, cell]);
    expect(rows).toContainEqual(['split+memory=sc', '.']);
    expect(rows).toContainEqual(['split', '6']);
    expect(rows).toHaveLength(2 * 31);
  });

  it.each([
    ['pkvm-mmio --set mmioTables=2 --set entriesPerTable=1 --set pool=2 --set devices=1', pkvmMmioSuite],
    ['mte-faults', mteFaultsSuite],
  ])('stays within 80 columns, in parts where it must, and has each property once: %s', async (which, suite) => {
    const { out } = await typed(`check ${which} --matrix`);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const heads = [...out.matchAll(/^[ |]*([a-z][a-z0-9-]*)$/gm)].map(([, id]) => id);
    expect(heads).toEqual(suite.properties.filter(({ witness }) => !witness).map(({ id }) => id));
  });

  it('has a number for what the suite lists of a variant, and for nothing else', async () => {
    const { status, out } = await typed('check mte-faults --matrix');
    expect(status).toBe(0);
    for (const [variant, known] of Object.entries(mteFaultsSuite.violates)) {
      const row = out.split('\n').find((line) => line.startsWith(`${variant} `))!;
      const cells = row.split(/ +/).slice(2);
      expect([variant, cells.filter((cell) => /^\d+$/.test(cell)).length]).toEqual([variant, known.length]);
    }
  });

  it('marks what is not as the suite lists it, and what a bound left open', async () => {
    const { out } = await typed('check pkvm-mmio@fixed --matrix --property no-panic --max-states 10');
    expect(out).toMatch(/^fixed +10 {2}\?$/m);
    const small = await typed('check pkvm-mmio@fixed --matrix --property no-panic --set pool=2');
    expect(small.status).toBe(1);
    expect(small.out).toMatch(/^fixed +960 {2}3!$/m);
    const flipped = await typed('check pkvm-mmio@fixed --matrix --property pfn-range --switch checksPfnRange=false');
    expect(flipped.out).toMatch(/^fixed\+checksPfnRange=false +\S+ {2}1$/m);
  });

  it('is the same as Markdown, in a mail and as JSON', async () => {
    const results = await sampleResults();
    const blocks = matrixBlocks(results);
    await expect(markdown(blocks)).toMatchFileSnapshot('golden/matrix.md');
    for (const line of markdown(blocks).split('\n'))
      if (line.startsWith('|')) expect(line.replaceAll('\\|', '').split('|')).toHaveLength(2 + 2 + 6);
    const joined = (text: string) => text.replaceAll(/\s+/g, ' ');
    expect(joined(mailText(blocks))).toBe(joined(terminalText(blocks, false)));
    for (const line of mailText(blocks).split('\n')) expect(line.length).toBeLessThanOrEqual(72);

    const cell = v.strictObject({
      verdict: v.picklist(['proved', 'violated', 'not found', 'incomplete']),
      standing: v.picklist(['ok', 'known', 'unexpected', 'missing', 'vacuous']),
      calls: v.nullable(v.number()),
    });
    const names = v.record(v.string(), v.union([v.string(), v.boolean()]));
    const row = v.strictObject({
      name: v.string(),
      variant: v.string(),
      switches: names,
      flipped: v.array(v.string()),
      states: v.number(),
      bound: v.nullable(v.looseObject({ kind: v.string() })),
      cells: v.record(v.string(), v.nullable(cell)),
      unreached: v.array(v.string()),
    });
    const schema = v.strictObject({
      format: v.literal('pagelaw matrix'),
      version: v.literal(1),
      matrices: v.array(
        v.strictObject({
          model: v.string(),
          title: v.string(),
          search: v.looseObject({ kind: v.literal('exhaustive') }),
          config: v.record(v.string(), v.number()),
          properties: v.array(v.string()),
          rows: v.array(row),
        }),
      ),
    });
    const [matrix, ...others] = v.parse(schema, JSON.parse(JSON.stringify(matrixJson(results)))).matrices;
    expect(others).toEqual([]);
    const [plain, stops] = matrix!.rows;
    expect([plain!.name, stops!.name, stops!.flipped]).toEqual(['only', 'only+stops=true', ['stops']]);
    expect(matrix!.properties).toEqual(Object.keys(plain!.cells));
    expect(plain!.cells['below-2']).toEqual({ verdict: 'violated', standing: 'unexpected', calls: 2 });
    expect(plain!.cells.listed).toEqual({ verdict: 'proved', standing: 'missing', calls: null });
    expect(plain!.unreached).toEqual(['can-be-4']);
  });

  it.each(['ktap', 'itf', 'junit', 'github'])('has no format %s, and says which there are', async (format) => {
    const { status, out, err } = await typed(`check mte-tags --matrix --format ${format}`);
    expect([status, out]).toEqual([2, '']);
    expect(err).toBe(`pagelaw: --matrix has no format ${format}; it has text, mail, json, markdown\n`);
  });

  it('is of exhaustive search, and has no coverage', async () => {
    const wrong = async (line: string) => (await pagelaw(line.split(' '))).err;
    expect(await wrong('check --matrix --search random')).toBe('pagelaw: --matrix is an option of exhaustive search\n');
    expect(await wrong('check --matrix --coverage')).toBe('pagelaw: --coverage is not an option of --matrix\n');
    expect(await wrong('check mte-tags --matrix --switch memory=sc,wek')).toBe(
      'pagelaw: there is no value of memory called wek; did you mean weak?\n',
    );
    expect(await wrong('check mte-tags --switch memory=sc,weak')).toContain(
      'there is no value of memory called sc,weak',
    );
  });
});
