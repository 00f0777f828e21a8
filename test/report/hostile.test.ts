import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { beforeAll, describe, expect, it } from 'vitest';
import { pagelaw } from '../cli/fake-console.ts';
import { evil } from './hostile.ts';

const model = join(import.meta.dirname, 'hostile.ts');
const run = async (...argv: string[]) => {
  const { out, err } = await pagelaw(argv);
  expect(err).toBe('');
  return out;
};
const check = (...argv: string[]) => run('check', model, '--search', 'exhaustive', ...argv);

/** What is left of Markdown without what it shows as it is: fences, spans of code, escaped signs. */
const markupIn = (markdown: string): string =>
  markdown.replaceAll(/^(`{3,})[a-z]*\n[\s\S]*?^\1$/gm, '').replaceAll(/\\[!-/:-@[-`{-~]|`[^`\n]*`/g, '');

describe('a model whose every text is hostile', () => {
  it.each([
    ['check --format markdown', () => check('--format', 'markdown')],
    ['check --matrix', () => check('--matrix', '--format', 'markdown')],
    ['audit', () => run('audit', model, '--format', 'markdown', '--refusals')],
    ['review', () => run('review', model, '--format', 'markdown', '--mutate')],
    ['diff', () => run('diff', `${model}@only`, `${model}@only`, '--format', 'markdown')],
  ])('breaks out of no table and no text of Markdown: %s', async (_, make) => {
    const text = await make();
    const left = markupIn(text).replaceAll('<br>', '');
    expect(left).not.toMatch(/<(?!\d)|`|\]\(|~/);
    const tables = text.split('\n').filter((line) => line.startsWith('| '));
    const columns = tables.map((line) => line.replaceAll(/\\./g, '').split('|').length);
    for (const [i, line] of text.split('\n').entries())
      if (/^\|[-:|]+\|$/.test(line.replaceAll(' ', '')))
        expect(new Set([columns[tables.indexOf(text.split('\n')[i - 1]!)]])).toEqual(new Set([line.split('|').length]));
  });

  it('has its texts in Markdown, signs escaped', async () => {
    const text = (await check('--format', 'markdown')).replaceAll(/\\([!-/:-@[-`{-~])/g, '$1');
    for (const place of ['title', 'legend', 'statement', 'source', 'detail', 'warning'])
      expect(text).toContain(evil(place).replace(/\\$/, ''));
  });

  it('leaves the elements of JUnit as they are', async () => {
    const text = await check('--format', 'junit');
    expect(XMLValidator.validate(text)).toBe(true);
    const parsed = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', htmlEntities: true }).parse(text);
    expect(Object.keys(parsed.testsuites.testsuite)).toEqual([
      'properties',
      'testcase',
      'name',
      'tests',
      'failures',
      'errors',
      'skipped',
    ]);
    const [stays] = parsed.testsuites.testsuite.testcase;
    expect(Object.keys(stays)).toEqual(['failure', 'name', 'classname']);
    expect(stays.failure['#text']).toContain(evil('detail'));
  });

  it('adds no line to KTAP or to commands for GitHub', async () => {
    const ktap = (await check('--format', 'ktap')).trimEnd().split('\n');
    expect(ktap.filter((line) => !/^( {2})?(KTAP version 1|1\.\.\d+|(not )?ok \d+ .*|# .*)$/.test(line))).toEqual([]);
    const github = (await check('--format', 'github')).trimEnd().split('\n');
    expect(github.map((line) => line.slice(0, 15))).toEqual(['::error title=h', '::error title=h']);
  });

  it('is drawn as text by Graphviz and by Mermaid', async () => {
    const svg = await run('audit', model, '--format', 'svg');
    expect(XMLValidator.validate(svg)).toBe(true);
    expect(svg).not.toMatch(/<(img|b|script|i)\b/);
    const shown = svg
      .replaceAll('&#45;', '-')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&lt;', '<');
    expect(shown.replaceAll('&gt;', '>').replaceAll('&amp;', '&').replaceAll('\u00a0', ' ')).toContain(evil('class'));
    const mermaid = await run('audit', model, '--format', 'mermaid');
    expect(mermaid).not.toMatch(/<(?!br\/>)|&/);
    const quoted = mermaid.trimEnd().replaceAll(/"[^"\n]*"/g, '""');
    expect(quoted.split('\n').slice(0, 6)).toEqual([
      'flowchart TD',
      '  c0([""])',
      '  c1[""]',
      '  c2[""]',
      '  panic{{""}}',
      '  c0 -->|""| c1',
    ]);
  });
});

describe('the HTML report of it', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'pagelaw-hostile-')), 'out.html');
  let page: string;
  beforeAll(async () => {
    await check('--report', file);
    page = readFileSync(file, 'utf8');
  });

  it('has no element that a text brought in', () => {
    expect(page).not.toMatch(/<(img|b|i)\b/);
    for (const [element, times] of [
      ['script', 1],
      ['style', 1],
      ['svg', 1],
      ['body', 1],
    ] as const)
      for (const tag of [`<${element}\\b`, `</${element}>`])
        expect(page.match(new RegExp(tag, 'g'))).toHaveLength(times);
    // What is between quotes in a tag holds no sign that ends it; where one was forgotten, a tag has an attribute that is not ours.
    const attributes = [
      ...page.replaceAll(/<(script|style)>[\s\S]*?<\/\1>/g, '').matchAll(/<[a-z]\w*((?:\s[^<>]*)?)>/g),
    ].flatMap(([, inside = '']) => [...inside.replaceAll(/"[^"]*"/g, '').matchAll(/[\w:-]+/g)].map(([name]) => name));
    expect(attributes.filter((name) => /^on|^src$/.test(name))).toEqual([]);
  });

  it('shows each text as it is', () => {
    const text = page
      .replaceAll('<wbr>', '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&');
    const places = ['title', 'legend', 'statement', 'source', 'detail', 'warning', 'kernel', 'subject', 'class'];
    for (const place of [
      ...places,
      'drawing',
      'column',
      'line',
      'cell',
      'new line',
      'stale',
      'value one',
      'switch value',
      'unreached',
    ])
      expect(text).toContain(evil(place));
  });
});
