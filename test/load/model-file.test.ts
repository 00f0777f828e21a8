import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import * as pagelaw from '../../src/index.ts';
import { importModelFile } from '../../src/load/model-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'pagelaw-load-'));
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

it('loads TypeScript from a folder without packages, with the pagelaw that runs', async () => {
  file('part.ts', 'export const part: number = 7;');
  const path = file(
    'whole.mts',
    `import * as pagelaw from 'pagelaw';
    import { match } from 'ts-pattern';
    import { part } from './part.ts';
    import { part as compiled } from './part.js';
    import { part as bare } from './part';
    export default { pagelaw, match, parts: [part, compiled, bare] satisfies number[] };`,
  );
  const { default: loaded } = (await importModelFile(path)) as { default: Record<string, unknown> };
  expect(loaded.pagelaw).toBe(pagelaw);
  expect(loaded.match).toBeTypeOf('function');
  expect(loaded.parts).toEqual([7, 7, 7]);
});

it('is an ES module whatever the package.json beside it says', async () => {
  file('package.json', '{ "type": "commonjs" }');
  expect((await importModelFile(file('module.ts', 'export default import.meta.url as string;'))).default).toMatch(
    /^file:.*module\.ts$/,
  );
});

it('loads the same file in a worker thread', async () => {
  const path = file('thread.mts', "import { range } from 'pagelaw'; export default range(0, 3 as number).kind;");
  const loader = new URL('../../src/load/model-file.ts', import.meta.url).href;
  const thread = file(
    'worker.mts',
    `import { parentPort } from 'node:worker_threads';
    import { importModelFile } from ${JSON.stringify(loader)};
    parentPort!.postMessage((await importModelFile(${JSON.stringify(path)})).default);`,
  );
  const worker = new Worker(thread);
  const message = await new Promise((done, fail) => worker.once('message', done).once('error', fail));
  await worker.terminate();
  expect(message).toBe((await importModelFile(path)).default);
});

it.each([
  ['syntax.mts', 'const a: number = 1;\nlet b: number = = 2;', ':2:17: Expression expected'],
  ['syntax.mjs', 'const a = 1;\nlet b = = 2;', ":2:9: Unexpected token '='"],
  ['enum.mts', '\nenum Page { Free }', ':2:1: TypeScript enum is not supported; only types are taken out'],
  ['unknown.mts', 'const a: number = 1;\n  frobnicate(a);', ':2:3: frobnicate is not defined'],
  ['throws.mjs', 'const f = () => {\n  throw new Error("no luck");\n};\nf();', ':2:9: no luck'],
  [
    'spec.mts',
    'import * as spec from "pagelaw";\n\nspec.defineModel({ id: "x", variants: {}, config: {}, switches: {} } as never);',
    ':3:6: model x: ',
  ],
  [
    'export.mts',
    'import { invariants } from "pagelaw";',
    ":1:10: The requested module 'pagelaw' does not provide an export named 'invariants'",
  ],
  ['absent.mts', 'import "./nothing.ts";', `Cannot find module '${folder}/nothing.ts' imported from FILE`],
  ['imports.mts', 'import "./unknown.mts";', `${folder}/unknown.mts:2:3: frobnicate is not defined`],
])('what is wrong in %s is named with file, line and column', async (name, text, expected) => {
  const path = file(name, text);
  const words = expected.startsWith(':') ? `${path}${expected}` : expected.replace('FILE', path);
  await expect(importModelFile(path)).rejects.toThrow(`${path} cannot be used as a model: ${words}`);
});
