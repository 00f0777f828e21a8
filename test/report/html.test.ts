import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pagelaw } from '../cli/fake-console.ts';
import { evil } from './hostile.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
if (!executablePath) console.warn('No chromium is installed: the HTML report is not opened in a browser.');

const directory = mkdtempSync(join(tmpdir(), 'pagelaw-report-'));
const file = join(directory, 'out.html');
/** Screenshots go where this says, to be looked at. */
const pictures = process.env.PAGELAW_SCREENSHOTS;

beforeAll(async () => {
  const checked = 'check pkvm-mmio@v4-all-checks shadow-reuse@gfn --search exhaustive --report';
  const { status, err } = await pagelaw([...checked.split(' '), file]);
  expect([status, err]).toEqual([0, '']);
}, 120_000);

describe('the HTML report', () => {
  it('needs nothing but itself', () => {
    const text = readFileSync(file, 'utf8');
    expect(text).not.toMatch(/https?:\/\//);
    expect([...text.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, to]) => to!.replace(/^#.*/, '#'))).toSatisfy(
      (to: string[]) => to.every((one) => one === '#' || one === 'data:,'),
    );
    for (const [, id] of text.matchAll(/href="#([^"]*)"/g)) expect(text).toContain(`id="${id}"`);
  });

  it('has each verdict, each step, the drawing and the coverage', () => {
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('host-reaches-own-pages');
    expect(text).toContain(' witnesses</td><td><span class="badge passed">reached');
    expect(text).toContain('<code>host_donate_hyp_mmio(pfn=0)</code>');
    expect(text).toContain('<tr class="changed"><td>*</td><td>|- table 0</td><td><del>absent</del> <ins>2</ins></td>');
    expect(text).toContain('Dead in this configuration');
    expect(text.match(/class="counterexample"/g)).toHaveLength(4 + 7);
  });

  it('says of a call that was refused which value decided, and what it needs to succeed', () => {
    const text = readFileSync(file, 'utf8');
    const [, counterexample = ''] = text.split('aria-label="host-reaches-own-pages: violated (known)"');
    const [, last = ''] = counterexample.split('data-step="4"');
    const [panel = ''] = last.split('</div>');
    expect(panel).toContain('<p class="why">why: pool is 0; with 1, 2, 3 or 4: ok</p>');
    const needed = 'hyp_donate_host_mmio(pfn=0); hyp_donate_host_mmio(pfn=2)';
    expect(panel).toContain(`<p class="why">it succeeds after ${needed}, the shortest way from here</p>`);
  });

  it('has the ownership matrix and the life cycle of a page, of models that classify pages', () => {
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('<h3>What calls do to the page they name</h3>');
    const [, number] = /<th scope="row">(\d+) host MMIO, not mapped<\/th>/.exec(text)!;
    expect(text).toMatch(new RegExp(`<th scope="row">\\d+ hyp MMIO</th><td>EPERM</td><td>-(>|&gt;) ${number}</td>`));
    expect(text).toContain('<h3>Life cycle of a gfn</h3>');
    expect(text.match(/<svg /g)).toHaveLength(2);
  });

  it('is not written where it cannot be', async () => {
    const wrong = await pagelaw(['check', 'pkvm-mmio@fixed', '--report', 'pkvm-mmio@v4']);
    expect(wrong.err).toBe('pagelaw: --report takes a file that ends in .html, not pkvm-mmio@v4\n');
    const nowhere = await pagelaw(['check', 'pkvm-mmio@fixed', '--report', join(directory, 'none', 'out.html')]);
    expect(nowhere.err).toContain('there is no directory');
    const folder = join(directory, 'folder.html');
    mkdirSync(folder);
    const taken = await pagelaw(['check', 'pkvm-mmio@fixed', '--report', folder]);
    expect(taken.err).toBe(`pagelaw: cannot write ${folder}: it is a directory\n`);
    expect([wrong.status, nowhere.status, taken.status]).toEqual([2, 2, 2]);
  });
});

describe.skipIf(!executablePath)('the HTML report in a browser', () => {
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 1200, height: 900 }, colorScheme: 'light' });
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);
  }, 60_000);
  afterAll(() => browser?.close());

  const first = () => page.locator('.counterexample').first();
  const shown = () => first().locator('.step:visible');
  const picture = async (name: string) => {
    if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) });
  };

  it('opens without a complaint, and asks nobody for anything', async () => {
    expect(await page.locator('h1').textContent()).toBe('pagelaw: pkvm-mmio@v4-all-checks, shadow-reuse@gfn');
    await picture('top');
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !url.startsWith('file:') && !url.startsWith('data:'))).toEqual([]);
  });

  it('shows one step at a time, the last one first', async () => {
    expect(await shown().count()).toBe(1);
    expect(await shown().locator('.broken').count()).toBe(1);
    const refused = page.getByLabel('host-reaches-own-pages').locator('.step:visible .why');
    expect(await refused.allTextContents()).toEqual([
      expect.stringMatching(/^why: /),
      expect.stringMatching(/^it succeeds after /),
    ]);
  });

  it('steps by keys', async () => {
    await page.keyboard.press('n');
    expect(await first().evaluate((section) => section === section.ownerDocument.activeElement)).toBe(true);
    await page.keyboard.press('Home');
    expect(await shown().locator('.call').textContent()).toBe('initial state');
    await page.keyboard.press('ArrowRight');
    expect(await shown().getAttribute('data-step')).toBe('1');
    await picture('step');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    expect(await first().locator('output').textContent()).toMatch(/^step 0 of \d+$/);
    await page.keyboard.press('End');
    expect(await shown().locator('.broken').count()).toBe(1);
  });

  it('steps by clicks on the buttons and on a call', async () => {
    await first().getByRole('button', { name: 'previous step' }).click();
    const step = Number(await shown().getAttribute('data-step'));
    await first().getByRole('button', { name: 'next step' }).click();
    expect(Number(await shown().getAttribute('data-step'))).toBe(step + 1);
    expect(await first().getByRole('button', { name: 'next step' }).isDisabled()).toBe(true);
    await first().locator('[data-go="1"]').click();
    expect(await shown().getAttribute('data-step')).toBe('1');
  });

  it('goes to the next counterexample and back', async () => {
    await page.keyboard.press('n');
    const focused = () => page.evaluate('document.activeElement.id');
    const second = await page.locator('.counterexample').nth(1).getAttribute('id');
    await page.locator('.counterexample').nth(1).focus();
    expect(await focused()).toBe(second);
    await page.keyboard.press('p');
    expect(await focused()).toBe(await first().getAttribute('id'));
  });

  it('is legible in the dark and on a narrow screen, and nothing is wider than the page', async () => {
    for (const [colorScheme, width] of [
      ['dark', 1200],
      ['light', 420],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
      await picture(`${colorScheme}-${width}`);
    }
    const [ink, paper] = (await page.evaluate(
      '(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.body))',
    )) as [string, string];
    expect(ink).not.toBe(paper);
  });

  it('stepped without a complaint', () => expect(complaints).toEqual([]));

  it('shows hostile texts of a model, and runs and loads nothing that they bring', async () => {
    const hostile = join(directory, 'hostile.html');
    const model = join(import.meta.dirname, 'hostile.ts');
    await pagelaw(['check', model, '--search', 'exhaustive', '--report', hostile]);
    await page.goto(pathToFileURL(hostile).href);
    expect(await page.evaluate('window.hit')).toBeUndefined();
    expect(await page.locator('img, b, i').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(1);
    const text = (await page.locator('html').textContent())!;
    for (const place of [
      'title',
      'legend',
      'statement',
      'detail',
      'warning',
      'drawing',
      'cell',
      'stale',
      'class',
      'value one',
    ])
      expect(text).toContain(evil(place));
    expect(await page.locator('.counterexample').first().locator('.step:visible').count()).toBe(1);
    expect(complaints).toEqual([]);
  });
});
