import { mkdtempSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageModules } from '../../src/explore/modules.ts';
import { type PageServer, serve } from '../../src/explore/server.ts';
import { pagelaw } from '../cli/fake-console.ts';

let server: PageServer;

beforeAll(async () => {
  server = await serve({ modules: await pageModules(undefined), start: '#/spp@repaired//' }, 0);
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

describe('the modules of the page', () => {
  it('need nothing of Node, and import nothing but one another', async () => {
    const modules = await pageModules(undefined);
    expect(modules.size).toBeGreaterThan(50);
    const strangers = [...modules.values()].flatMap(({ address, text }) =>
      [...text.matchAll(/^(?:import|export)\b[\w\s{},*$]*?(?:from )?'([^'\n]+)';?$/gm)]
        .filter(([, from]) => !modules.has(from!))
        .map(([line]) => `${address}: ${line}`),
    );
    expect(strangers).toEqual([]);
  });

  it('are refused where a model needs Node, in a line that names the file', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'pagelaw-explore-')), 'model.mts');
    writeFileSync(file, "import { readFileSync } from 'node:fs';\nexport default readFileSync;\n");
    await expect(pageModules(file)).rejects.toThrow(`${file} imports node:fs, which a browser does not have`);
  });
});

describe('the server', () => {
  it('serves the page and its modules', async () => {
    expect((await answer('/')).text).toContain('data-start="#/spp@repaired//"');
    expect(await answer('/page.js')).toMatchObject({ status: 200, text: expect.stringContaining('/main.js') });
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
    expect(await wrong('explore spp --port 65536')).toEqual([2, expect.stringContaining('at most 65535')]);
  });
});
