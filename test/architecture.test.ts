import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** Which of our folders the files of a folder may import, and which packages. Nothing may import src/cli. */
const allowed: Readonly<
  Record<string, { readonly ours: readonly string[]; readonly packages: readonly string[] | 'any' }>
> = {
  'src/spec': { ours: [], packages: ['immer', 'ts-pattern', 'fast-check'] },
  model: { ours: ['src/spec'], packages: ['ts-pattern'] },
  properties: { ours: ['src/spec', 'model'], packages: ['ts-pattern'] },
  'src/system': { ours: ['src/spec'], packages: [] },
  'src/load': { ours: ['src/spec', 'src/system'], packages: ['@swc/wasm-typescript'] },
  'src/observe': { ours: ['src/spec', 'src/system'], packages: [] },
  'src/table': { ours: ['src/spec', 'src/system', 'src/observe'], packages: [] },
  'src/engine': { ours: ['src/spec', 'src/system', 'src/observe', 'src/table'], packages: ['fast-check'] },
  'src/trace': {
    ours: ['src/spec', 'src/system', 'src/table', 'src/engine', 'src'],
    packages: ['ts-pattern', 'valibot'],
  },
  'src/subject': {
    ours: ['src/spec', 'src/system', 'src/observe', 'src/table', 'src/engine', 'src/trace', 'src'],
    packages: ['fast-check', 'valibot'],
  },
  'src/job': {
    ours: ['src/spec', 'src/system', 'src/engine', 'src/trace', 'src/subject'],
    packages: ['valibot'],
  },
  'src/audit': {
    ours: ['src/spec', 'src/system', 'src/observe', 'src/table', 'src/engine', 'src/trace'],
    packages: [],
  },
  'src/report': {
    ours: ['src/spec', 'src/system', 'src/engine', 'src/trace', 'src/subject', 'src/job', 'src/audit', 'src'],
    packages: ['@hpcc-js/wasm-graphviz', 'microdiff', 'picocolors', 'ts-pattern', 'wrap-ansi'],
  },
  'src/explore': {
    ours: [
      'src/spec',
      'src/system',
      'src/load',
      'src/table',
      'src/engine',
      'src/trace',
      'src/job',
      'src/report',
      'src',
    ],
    packages: ['preact', 'preact/hooks', 'rolldown'],
  },
  src: { ours: ['src/spec', 'src/system', 'src/engine', 'src/trace', 'src/job'], packages: ['fastest-levenshtein'] },
  'src/models.ts': { ours: ['model', 'properties'], packages: [] },
  'src/vitest.ts': {
    ours: ['src/spec', 'src/system', 'src/engine', 'src/job', 'src/report', 'src'],
    packages: ['vitest'],
  },
  'src/cli': {
    ours: [
      'src/spec',
      'src/system',
      'src/load',
      'src/engine',
      'src/trace',
      'src/subject',
      'src/job',
      'src/audit',
      'src/report',
      'src/explore',
      'src',
      'properties',
    ],
    packages: 'any',
  },
};

/** What the package exports beside src/index.ts stands for itself. */
const folderOf = (file: string): string => {
  if (Object.hasOwn(allowed, file)) return file;
  const [first = '', second = ''] = dirname(file).split('/');
  return first === 'src' && second !== '' ? `src/${second}` : first;
};

const files = ['model', 'properties', 'src']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter((file) => file.endsWith('.ts'))
  .sort();

const importsOf = (file: string) => {
  const text = readFileSync(join(root, file), 'utf8');
  const found = [
    ...text.matchAll(/^(?:import|export)(?<types> type)? [\w\s{},*]*?from '(?<from>[^']+)'/gm),
    ...text.matchAll(/\bimport\('(?<from>[^']+)'\)/g),
  ];
  return found.map(({ groups }) => ({ from: groups!.from!, onlyTypes: groups!.types !== undefined }));
};

describe('who may import whom', () => {
  it('covers every folder', () => {
    expect(new Set(files.map(folderOf))).toEqual(new Set(Object.keys(allowed)));
  });

  it.each(files)('%s', (file) => {
    const folder = folderOf(file);
    const { ours, packages } = allowed[folder]!;
    for (const { from } of importsOf(file)) {
      if (from.startsWith('.'))
        expect([folder, ...ours]).toContain(folderOf(relative(root, resolve(root, dirname(file), from))));
      else if (!from.startsWith('node:') && packages !== 'any') expect(packages).toContain(from);
    }
  });

  it('engines know nothing of one another', () => {
    const engineOf = (file: string) => /^src\/engine\/(\w+)\//.exec(file)?.[1];
    for (const file of files.filter((one) => engineOf(one) !== undefined))
      for (const { from } of importsOf(file).filter((one) => one.from.startsWith('.')))
        expect([engineOf(file), undefined]).toContain(engineOf(relative(root, resolve(root, dirname(file), from))));
  });

  it('reports know results only as types', () => {
    for (const file of files.filter((one) => folderOf(one) === 'src/report'))
      for (const { from, onlyTypes } of importsOf(file).filter((one) => one.from.startsWith('.')))
        if (/^src\/(engine|trace|job)\//.test(relative(root, resolve(root, dirname(file), from))))
          expect([file, from, onlyTypes]).toEqual([file, from, true]);
  });

  it('what is exported is used in another file', () => {
    const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' }).map((one) =>
      join('test', one),
    );
    const texts = [...files, ...tests.filter((one) => /\.tsx?$/.test(one))].map(
      (file) => [file, readFileSync(join(root, file), 'utf8')] as const,
    );
    const wordsOf = new Map(texts.map(([file, text]) => [file, new Set(text.match(/\w+/g))]));
    const unused = texts.flatMap(([file, text]) =>
      [...text.matchAll(/^export (?:async )?(?:const|function\*?|class|interface|type) (\w+)/gm)]
        .map(([, name]) => name!)
        .filter((name) => ![...wordsOf].some(([other, words]) => other !== file && words.has(name)))
        .map((name) => `${file}: ${name}`),
    );
    const isPublic = (one: string) =>
      /^(model|properties|test)\/|^src\/(index|models|vitest|spec\/index)\.ts/.test(one);
    expect(unused.filter((one) => !isPublic(one))).toEqual([]);
  });

  it('sees the imports it judges', () => {
    expect(importsOf('src/load/strip-types.ts').map(({ from }) => from)).toContain('@swc/wasm-typescript');
    expect(importsOf('model/pkvm-mmio/model.ts').map(({ from }) => from)).toEqual([
      'ts-pattern',
      '../../src/spec/index.ts',
      './draw.ts',
      './host-stage2.ts',
      './state.ts',
    ]);
  });

  it('only the programs touch the process: of the command line, and of its threads', () => {
    const touching = files.filter((file) => /\bprocess\.(?!pid)/.test(readFileSync(join(root, file), 'utf8')));
    expect(touching).toEqual(['src/cli/main.ts', 'src/cli/thread.ts']);
  });
});
