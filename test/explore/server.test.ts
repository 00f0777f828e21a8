import { mkdtempSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pkvmMmioSuite } from '../../properties/pkvm-mmio.ts';
import { run } from '../../src/cli/program.ts';
import { bundled } from '../../src/explore/bundle.ts';
import { linkIn } from '../../src/explore/link.ts';
import { type PageServer, serve } from '../../src/explore/server.ts';
import { sessionFor, wayOf } from '../../src/explore/session.ts';
import { pagelaw } from '../cli/fake-console.ts';

let server: PageServer;

const inFolder = (files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'pagelaw-explore-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
};

/** A script that never changes. */
const still = (script: string) => ({
  script: () => script,
  edition: () => ({ number: 1, problem: undefined }),
  subscribe: () => () => undefined,
});

beforeAll(async () => {
  const { script } = await bundled({ model: undefined });
  server = await serve({ page: still(script), start: '#/spp@repaired//' }, 0);
});
afterAll(() => server.close());

/** What the server answers a request whose headers and path are as given. */
const answer = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<{ readonly status: number | undefined; readonly text: string }>((done, fail) => {
    const sent = request(server.origin, { path, headers, method }, (response) => {
      let text = '';
      response.on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => done({ status: response.statusCode, text }));
    });
    sent.on('error', fail);
    sent.end();
  });

describe('the script of the page', () => {
  it('imports nothing, and needs nothing of Node', async () => {
    const { script, files } = await bundled({ model: undefined });
    expect(script).not.toMatch(/^\s*(import|export)\b[^(]*?['"{]/m);
    expect(script).not.toMatch(/['"]node:|\bprocess\.env\b|\brequire\(['"]/);
    expect(files.filter((file) => file.includes('/model/spp/')).length).toBeGreaterThan(0);
  });

  it('has what a model imports: files beside it, what pagelaw exports, and its packages', async () => {
    const folder = inFolder({
      'model.ts': `import { pkvmMmioSuite } from 'pagelaw/models';
import { layoutOf, suite } from 'pagelaw';
import { match } from 'ts-pattern';
import { title } from './title.js';
export default suite({ ...pkvmMmioSuite, about: [title, layoutOf, match].map(String).join() } as never);
`,
      'title.ts': "export const title: string = 'a title beside the model';\n",
    });
    const { script, files } = await bundled({ model: join(folder, 'model.ts') });
    expect(script).toContain('a title beside the model');
    expect(files).toContain(join(folder, 'title.ts'));
  });

  it('is refused where a model cannot run in a page, in a line that says where', async () => {
    const folder = inFolder({
      'node.mts': "import { readFileSync } from 'node:fs';\nexport default readFileSync;\n",
      'stranger.mts': "import stranger from 'no-such-package';\nexport default stranger;\n",
      'lost.mts': "import lost from './lost-file.ts';\nexport default lost;\n",
      'broken.mts': 'export default\n  suite({;\n',
      'broken.mjs': 'export default\n  suite({;\n',
      'enum.mts': 'enum Level { top }\nexport default Level;\n',
    });
    const refusal = (name: string) => bundled({ model: join(folder, name) }).catch(({ message }) => message);
    expect(await refusal('node.mts')).toBe(`${folder}/node.mts imports node:fs, which a browser does not have`);
    expect(await refusal('stranger.mts')).toBe(
      `${folder}/stranger.mts imports no-such-package, which is not installed there`,
    );
    expect(await refusal('lost.mts')).toBe(`${folder}/lost.mts imports ./lost-file.ts, which is not there`);
    expect(await refusal('broken.mts')).toMatch(/\/broken\.mts:2:10: /);
    expect(await refusal('broken.mjs')).toMatch(/\/broken\.mjs:2:10/);
    expect(await refusal('enum.mts')).toMatch(/\/enum\.mts:1:1: .*enum/);
  });

  it('has all that pagelaw exports', async () => {
    expect(Object.keys(await import('../../src/explore/page/pagelaw.ts')).sort()).toEqual(
      Object.keys(await import('../../src/index.ts')).sort(),
    );
  });
});

describe('the server', () => {
  it('serves the page and its modules', async () => {
    expect((await answer('/')).text).toContain('data-start="#/spp@repaired//"');
    expect(await answer('/page.js')).toMatchObject({
      status: 200,
      text: expect.stringContaining('The model cannot be loaded'),
    });
    expect((await answer('/', {}, 'HEAD')).text).toBe('');
  });

  it('answers its own name and origin alone', async () => {
    expect((await answer('/', { host: 'evil.example' })).status).toBe(403);
    expect((await answer('/page.js', { origin: 'http://evil.example' })).status).toBe(403);
    expect((await answer('/page.js', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).status).toBe(
      403,
    );
    expect((await answer('/page.js', { origin: server.origin })).status).toBe(200);
  });

  it('tells of the files of the page for as long as it is listened to', async () => {
    const news = await fetch(`${server.origin}/news`);
    expect(news.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const reader = news.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: {"number":1}\n\n');
    await reader.cancel();
    expect((await answer('/news', { origin: 'http://evil.example' })).status).toBe(403);
  });

  it('serves no other file, and changes nothing', async () => {
    for (const path of [
      '/package.json',
      '/../package.json',
      '/m/../../package.json',
      '/%2e%2e/package.json',
      '//etc/passwd',
      '/m',
    ])
      expect((await answer(path)).status).toBe(404);
    expect((await answer('/', {}, 'POST')).status).toBe(405);
  });
});

describe('pagelaw explore', () => {
  it('says what is wrong in a line', async () => {
    const port = new URL(server.origin).port;
    const wrong = async (line: string) => {
      const { status, err } = await pagelaw(line.split(' '));
      return [status, err];
    };
    expect(await wrong('explore sp')).toEqual([2, 'pagelaw: there is no model called sp; did you mean spp?\n']);
    expect(await wrong(`explore spp --port ${port}`)).toEqual([
      2,
      expect.stringMatching(
        new RegExp(`^pagelaw: cannot serve on port ${port} of 127\\.0\\.0\\.1: .*EADDRINUSE.*\\n$`),
      ),
    ]);
    const script = join(
      inFolder({ 'large.script': 'model pkvm-ownership pages=64\nhost_share_hyp(pfn=63)\n' }),
      'large.script',
    );
    expect(await wrong(`explore pkvm-ownership ${script}`)).toEqual([
      2,
      'pagelaw: pkvm-ownership: pages=64 is not an integer from 1 to 4; run takes up to 4096\n',
    ]);
    expect(await wrong('explore spp --port 65536')).toEqual([2, expect.stringContaining('at most 65535')]);
  });

  it('opens at the end of a trace, whatever state that begins in', async () => {
    const folder = inFolder({ 'way.script': 'init pool=1 el2[0]=device\nhost_access(pfn=0)\n' });
    const interruption = new AbortController();
    let printed = '';
    const status = await run(['explore', 'pkvm-mmio@v4', join(folder, 'way.script')], '1.2.3', {
      out: (text) => {
        printed += text;
        interruption.abort();
      },
      err: () => undefined,
      colour: false,
      progress: undefined,
      input: Readable.from([]),
      interrupted: interruption.signal,
      resident: () => 0,
    });
    expect(status).toBe(0);
    const { steps } = wayIn(printed);
    expect(steps).toMatchObject([
      { before: { pool: 1, el2: expect.arrayContaining(['device']) }, command: { pfn: 0 } },
    ]);
  });
});

/** The way of the link that was printed. */
const wayIn = (printed: string) => {
  const link = linkIn(new URL(printed.trim()).hash)!;
  return wayOf(sessionFor([pkvmMmioSuite], link), link.calls);
};
