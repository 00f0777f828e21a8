import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PageServer, serve } from '../../src/explore/server.ts';
import { type WatchedScript, watchedScript } from '../../src/explore/watched.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
if (!executablePath) console.warn('No chromium is installed: the page of explore is not opened in a browser.');

/** Screenshots go where this says, to be looked at. */
const pictures = process.env.PAGELAW_SCREENSHOTS;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe.skipIf(!executablePath)('the page of explore', () => {
  let browser: Browser;
  let server: PageServer;
  let watched: WatchedScript;
  let page: Page;
  const complaints: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    watched = await watchedScript(undefined);
    server = await serve({ page: watched, start: '#/pkvm-mmio@v4//' }, 0);
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      colorScheme: 'light',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    page = await context.newPage();
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(server.origin);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    watched?.close();
  });

  const way = () => page.getByRole('region', { name: 'The way so far' }).locator('.step');
  const call = (name: string | RegExp) => page.getByRole('region', { name: 'Calls' }).getByRole('button', { name });
  const hash = () => page.evaluate('location.hash');
  const violations = async () => {
    await page.evaluate(axe);
    const { violations } = (await page.evaluate('axe.run()')) as {
      readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
    };
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  };

  it('opens at the initial state of the model that the command line names', async () => {
    await page.locator('.columns').waitFor();
    expect(await page.locator('h1').textContent()).toBe('MMIO donated to the pKVM hypervisor');
    expect(await way().allTextContents()).toEqual(['initial state']);
    await expect.poll(hash).toBe('#/pkvm-mmio@v4//');
    expect(requests.filter((url) => !url.startsWith(server.origin) && !url.startsWith('data:'))).toEqual([]);
  });

  it('shows what a call would change while the focus is on it, and makes it when it is chosen', async () => {
    const donate = call('host_donate_hyp_mmio pfn=0 ok');
    await donate.focus();
    expect(await page.locator('.last').textContent()).toBe('would be: host_donate_hyp_mmio(pfn=0) ok');
    expect(await page.locator('.drawing tr.changed th').first().textContent()).toContain('table 0');
    await page.keyboard.press('Enter');
    expect(await way().allTextContents()).toEqual(['initial state', 'host_donate_hyp_mmio(pfn=0)ok']);
    await expect.poll(hash).toBe('#/pkvm-mmio@v4//host_donate_hyp_mmio(pfn=0)');
    await page.mouse.move(0, 0);
    expect(await page.locator('h2').allTextContents()).toContain('State after 1 call');
    expect(await call(/^host_donate_hyp_mmio pfn=0/).textContent()).toBe(
      'host_donate_hyp_mmio pfn=0 -EPERM annotated with another owner',
    );
  });

  it('undoes and redoes by arrow keys, and goes to any call of the way', async () => {
    await call('host_access pfn=1 ok').click();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(hash).toBe('#/pkvm-mmio@v4//');
    expect(await way().count()).toBe(3);
    await page.keyboard.press('ArrowRight');
    await expect.poll(hash).toBe('#/pkvm-mmio@v4//host_donate_hyp_mmio(pfn=0)');
    await way().nth(2).click();
    await expect.poll(hash).toBe('#/pkvm-mmio@v4//host_donate_hyp_mmio(pfn=0);host_access(pfn=1)');
    await way().nth(1).click();
    await page.getByRole('button', { name: 'Cut' }).click();
    expect(await way().count()).toBe(2);
  });

  it('filters the calls by typing, and goes on by keys', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('eperm donate');
    const shown = await page.locator('.choice').allTextContents();
    expect(shown.length).toBeGreaterThan(1);
    expect(shown.every((text) => text.includes('EPERM'))).toBe(true);
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.textContent')).toBe(shown[0]);
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate('document.activeElement.textContent')).toBe(shown[1]);
    await page.locator('#filter').fill('');
  });

  it('shows the calls of two arguments as a grid, and as a list where they are filtered', async () => {
    await page.goto(`${server.origin}/#/pkvm-ownership@7.2//`);
    const grid = page.getByRole('table', { name: 'host_donate_hyp by pfn and nr' });
    await grid.waitFor();
    expect(await grid.locator('thead th').allTextContents()).toEqual(['pfn \\ nr', '1', '2', '52']);
    await grid.getByRole('button', { name: 'host_donate_hyp pfn=0, nr=52 -EINVAL' }).hover();
    expect(await page.locator('.last').textContent()).toContain('-EINVAL (the range leaves');
    await grid.getByRole('button', { name: 'host_donate_hyp pfn=1, nr=1 ok' }).click();
    await expect.poll(hash).toBe('#/pkvm-ownership@7.2//host_donate_hyp(pfn=1,nr=1)');
    await page.locator('#filter').fill('donate_hyp nr=1');
    expect(await grid.count()).toBe(0);
    expect(await page.locator('.choice').count()).toBeGreaterThan(1);
    await page.locator('#filter').fill('');
    await page.mouse.move(0, 0);
  });

  it('opens a link in a new window, and says from where its calls no longer apply', async () => {
    const other = await page.context().newPage();
    await other.goto(
      `${server.origin}/#/pkvm-mmio@before//host_donate_hyp_mmio(pfn=0);host_access(pfn=99);host_access(pfn=0)`,
    );
    expect(await other.getByRole('status').first().textContent()).toContain('host_access(pfn=99)');
    expect(await other.locator('.step').count()).toBe(2);
    await other.goto(`${server.origin}/#/nothing`);
    expect(await other.getByRole('alert').textContent()).toContain('there is no model nothing here');
    await other.close();
  });

  it('lights the properties that the way breaks', async () => {
    await page.goto(
      `${server.origin}/#/pkvm-mmio@before//host_donate_hyp_mmio(pfn=0);host_donate_hyp_mmio(pfn=2);host_access(pfn=4);host_access(pfn=6)`,
    );
    const broken = page.locator('.light.broken');
    await broken.first().waitFor();
    expect(await broken.locator('.name .mono').allTextContents()).toContain('annotation-durable');
    expect(await page.locator('.broke').first().textContent()).toContain('breaks ');
    expect(await page.locator('.drawing tr.witness th').allTextContents()).toEqual(
      expect.arrayContaining([expect.stringContaining('pfn 0 (what a broken property is about)')]),
    );
  });

  it('finds the shortest calls from here that break a property, and makes them', async () => {
    await page.goto(`${server.origin}/#/pkvm-mmio@before//host_donate_hyp_mmio(pfn=0);host_access(pfn=2)`);
    await page.getByRole('button', { name: 'Find how to break annotation-durable from here' }).click();
    const take = page.getByRole('button', { name: 'Make these calls' });
    await take.waitFor();
    const found = await page.locator('.answer li').allTextContents();
    expect(await page.locator('.answer').textContent()).toContain(`${found.length} calls, and no fewer do`);
    await take.click();
    await expect
      .poll(hash)
      .toBe(`#/pkvm-mmio@before//host_donate_hyp_mmio(pfn=0);host_access(pfn=2);${found.join(';')}`);
    expect(await page.locator('.light.broken .name .mono').allTextContents()).toContain('annotation-durable');
    expect(await page.locator('.answer').count()).toBe(0);
  });

  it('says how far a search is, and ends it', async () => {
    await page.goto(`${server.origin}/#/pkvm-mmio@fixed//`);
    await page.getByRole('button', { name: 'Find how to break annotation-durable from here' }).click();
    await page.locator('.answer', { hasText: /[1-9][\d,]* states/ }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(await page.locator('.answer').count()).toBe(0);
  });

  it('copies the way as a script, a command line, mail text and ITF', async () => {
    const copied = async (name: string) => {
      await page.getByRole('button', { name }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      await page.getByRole('button', { name: 'Copied' }).waitFor({ state: 'detached' });
      return page.evaluate('navigator.clipboard.readText()') as Promise<string>;
    };
    await page.goto(`${server.origin}/#/pkvm-mmio@before//host_donate_hyp_mmio(pfn=0);host_donate_hyp_mmio(pfn=2)`);
    await page.getByText('Copy as').click();
    const script = await copied('Copy script');
    expect(script).toMatch(/^model pkvm-mmio@before /);
    expect(script).toContain('\nhost_donate_hyp_mmio(pfn=0) -> ok\n');
    expect(await copied('Copy command line')).toBe(`pagelaw run - <<'end of calls'\n${script}end of calls\n`);
    const mail = await copied('Copy mail text');
    expect(mail).toContain('host_donate_hyp_mmio(pfn=2)');
    expect(Math.max(...mail.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(72);
    expect(JSON.parse(await copied('Copy ITF')).states).toHaveLength(3);
    expect(await copied('Copy link')).toBe(page.url());
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Copy link' }).waitFor({ state: 'hidden' });
    await page.mouse.move(0, 0);
  });

  it('says why a call is refused, and makes the calls after which it is not', async () => {
    await page.goto(`${server.origin}/#/pkvm-mmio@v4//hyp_donate_host_mmio(pfn=0)`);
    const why = page.locator('.why', { hasText: 'it succeeds after' });
    expect(await why.textContent()).toContain('why: el2[0] is none; with ');
    await page.getByRole('button', { name: 'Make these calls first' }).click();
    expect((await way().allTextContents()).slice(1)).toEqual([
      'host_donate_hyp_mmio(pfn=0)ok',
      'hyp_donate_host_mmio(pfn=0)ok',
    ]);
  });

  it('keeps the calls when a switch or the variant is changed', async () => {
    await page.goto(`${server.origin}/#/pkvm-mmio@before//host_donate_hyp_mmio(pfn=0);host_donate_hyp_mmio(pfn=2)`);
    await expect.poll(() => way().count()).toBe(3);
    const before = await way().count();
    await page.getByLabel('variant').selectOption('v4');
    await expect.poll(hash).toContain('#/pkvm-mmio@v4//host_donate_hyp_mmio(pfn=0)');
    expect(await way().count()).toBe(before);
    await page.getByText('Settings').click();
    await page.getByLabel('donateChecksMmio').selectOption('true');
    await expect.poll(hash).toContain('#/pkvm-mmio@v4/donateChecksMmio=true/host_donate_hyp_mmio(pfn=0)');
  });

  it('shows the same calls under another variant, and marks the first that differs', async () => {
    await page.goto(
      `${server.origin}/#/pkvm-mmio@v4//host_donate_hyp_mmio(pfn=0);hyp_donate_host_mmio(pfn=2);host_access(pfn=1)`,
    );
    await page.getByLabel('beside').selectOption('fixed');
    await expect.poll(hash).toContain('#/pkvm-mmio@v4..fixed//');
    const first = page.locator('.there.first');
    expect(await first.count()).toBe(1);
    expect(await first.textContent()).toBe('first difference fixed: -EPERM (not mapped at EL2)');
    expect(await way().nth(2).locator('.there').count()).toBe(1);
    expect(await page.getByRole('region', { name: 'The same calls under fixed' }).textContent()).toContain(
      'differs first at call 2',
    );
    expect(await violations()).toEqual([]);
    await page.getByLabel('beside').selectOption('no other');
    await expect.poll(hash).toContain('#/pkvm-mmio@v4//');
  });

  it('draws the states around, and goes to the one that is chosen', async () => {
    await page.goto(`${server.origin}/#/mte-faults@fixed//swap_out(page=0)`);
    await expect.poll(hash).toContain('#/mte-faults');
    await page.getByText('Graph of the states around').click();
    const here = page.locator('.node.here');
    await here.waitFor();
    const other = page.locator('.node:not(.way)').first();
    const name = await other.locator('text').first().textContent();
    await other.focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => here.textContent()).toContain(name!);
    expect(await way().count()).toBeGreaterThan(2);
    await page.getByRole('button', { name: 'Fit' }).click();
    expect(await violations()).toEqual([]);
  });

  it('follows the model file: an edit shows the same way again, an error its line', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'pagelaw-explore-')), 'counter.mts');
    writeFileSync(file, counter('Math.min(n + 1, 9)'));
    const edited = await watchedScript(file);
    const own = await serve({ page: edited, start: '#/counter//tick();tick()' }, 0);
    const other = await page.context().newPage();
    other.on('pageerror', (error) => complaints.push(error.message));
    await other.goto(own.origin);
    const value = other.locator('.drawing td').last();
    await value.waitFor();
    expect(await value.textContent()).toBe('1 2');
    writeFileSync(file, counter('Math.min(n + 3, 9)'));
    await expect.poll(() => value.textContent()).toBe('3 6');
    expect(await other.locator('.step').count()).toBe(3);
    writeFileSync(file, `${counter('n')}const = 1;\n`);
    const news = other.locator('#news');
    await news.waitFor();
    expect(await news.textContent()).toContain('counter.mts:14:7: ');
    expect(await value.textContent()).toBe('3 6');
    writeFileSync(file, counter('Math.min(n + 2, 9)'));
    await expect.poll(() => value.textContent()).toBe('2 4');
    expect(await news.isVisible()).toBe(false);
    await other.close();
    await own.close();
    edited.close();
  }, 20_000);

  it.each(pictures ? ['pkvm-mmio', 'stage2', 'spp', 'mte-tags', 'pkvm-ownership'] : ['pkvm-mmio', 'mte-tags'])(
    '%s: nothing is wider than the page, and axe finds nothing, narrow and wide, light and dark',
    async (model) => {
      await page.goto(`${server.origin}/#/${model}`);
      for (const [width, colorScheme] of [
        [390, 'light'],
        [1440, 'dark'],
        [2560, 'light'],
      ] as const) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        await page.reload();
        const first = page.locator('.choice.changes').first();
        await first.click();
        await page.mouse.move(0, 0);
        expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
        expect(await violations()).toEqual([]);
        if (pictures) await page.screenshot({ path: join(pictures, `${model}-${width}-${colorScheme}.png`) });
      }
    },
  );

  it('did all that without a complaint', () => expect(complaints).toEqual([]));
});

/** A model file whose one call does `next` to a number `n`; 13 lines. */
const counter = (next: string) => `import { defineModel, ok, range, record, suite, variant } from 'pagelaw';
export default suite({
  model: defineModel({
    id: 'counter', title: 'A counter', sources: [], config: {}, switches: {},
    variants: { only: { doc: '', switches: {} } }, defaultVariant: 'only',
    system: () => ({
      state: record({ n: range(0, 9) }), command: variant({ tick: {} }), initial: { n: 0 },
      step: ({ n }: { n: number }) => ok({ n: ${next} }),
    }),
  }),
  properties: [],
  violates: { only: [] },
});
`;
