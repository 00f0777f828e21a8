import { expect, it } from 'vitest';
import { topics } from '../../src/cli/help.ts';
import { plainOfMarkdown } from '../../src/report/render/markdown-plain.ts';
import { typed } from './fake-console.ts';

it.each(Object.keys(topics()))('help %s is a text of 80 columns, code apart', async (topic) => {
  const { status, out, err } = await typed(`help ${topic}`);
  expect([status, err]).toEqual([0, '']);
  expect(out.length).toBeGreaterThan(500);
  expect(out).not.toContain('is not in this package');
  for (const line of out.split('\n')) if (!line.startsWith('    ')) expect(line.length).toBeLessThanOrEqual(80);
});

it('help of a command is what --help prints, help alone lists them, and another word gets a suggestion', async () => {
  expect((await typed('help check')).out).toBe((await typed('check --help')).out);
  expect((await typed('help')).out).toContain('pagelaw [options] [command]');
  const { status, err } = await typed('help verdict');
  expect(status).toBe(2);
  expect(err).toContain('did you mean verdicts?');
});

it('Markdown as text: paragraphs, lists, tables, code, links', () => {
  const text = plainOfMarkdown(
    '# Title\n\nOne `code` and\n[a link](x.md).\n\n- first\n  goes on\n- second\n\n| a | b |\n|---|---|\n| `x` | y |\n\n<!-- pagelaw list -->\n```\nas *it* is\n```\n',
  );
  expect(text).toBe(
    'TITLE\n\nOne code and a link.\n\n- first goes on\n\n- second\n\nx\n    y\n\n    $ pagelaw list\n\n    as *it* is',
  );
});

it('the README is short enough to be read', async () => {
  const { out } = await typed('help pagelaw');
  expect(out.split('\n').length).toBeLessThan(300);
});
