import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defineModel } from '../../src/spec/index.ts';

const root = join(import.meta.dirname, '../..');
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');
const page = textOf('model/README.md');

/** The cells of the rows of the tables whose first column has this title. */
const rowsOf = (title: string): string[][] =>
  page.split('\n\n').flatMap((block) => {
    const [header = '', , ...rows] = block.trim().split('\n');
    if (!header.startsWith(`| ${title} |`)) return [];
    return rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
  });

/** The names in a cell: `array(element, length)` names array. */
const namesIn = (cell = ''): string[] => [...cell.matchAll(/`(\w+)[^`]*`/g)].map(([, name = '']) => name);

/** What a file of exports exports, by the names that importers use. */
const exportsOf = (path: string): string[] =>
  [...textOf(path).matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = '']) =>
    list.split(',').flatMap((one) => one.trim().replace(/^type /, '') || []),
  );

const words = rowsOf('word');

describe('the reference in model/README.md', () => {
  it('has every word that pagelaw exports, once, and no other', () => {
    const exported = [...exportsOf('src/spec/index.ts'), ...exportsOf('src/index.ts')];
    expect(exported.length).toBeGreaterThan(60);
    expect(words.flatMap(([word]) => namesIn(word)).sort()).toEqual(exported.sort());
  });

  it('has every field of a model, and no other', () => {
    const [, after = ''] = page.split('The fields of a model.');
    const listed = [...after.split('`likely`')[0]!.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name);
    let message = '';
    try {
      defineModel({ id: 'm', nonsense: 1 } as unknown as Parameters<typeof defineModel>[0]);
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(/there is no field nonsense of a model/);
    expect(listed.sort()).toEqual(message.split('fields: ')[1]!.replace(')', '').split(', ').sort());
  });

  it('quotes errors that the sources have', () => {
    const sources = ['src/spec', 'src/system', 'src/observe'].flatMap((folder) =>
      readdirSync(join(root, folder)).map((file) => textOf(join(folder, file))),
    );
    const all = sources.join('\n').replaceAll("\\'", "'");
    const quoted = words.flatMap((row) => (row.length === 4 ? [row[3]!] : []));
    const fragments = quoted
      .flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)])
      .flatMap(([, error = '']) => error.split('…').map((part) => part.trim()))
      .filter((part) => /\w/.test(part));
    expect(fragments.length).toBeGreaterThan(30);
    expect(fragments.filter((fragment) => !all.includes(fragment))).toEqual([]);
  });
});
