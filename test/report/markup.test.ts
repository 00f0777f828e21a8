import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { html, lines, Markup, trusted } from '../../src/report/render/markup.ts';

describe('a template of HTML', () => {
  it('escapes every value but markup', () => {
    const text = `<b title="x">'&amp;'</b>`;
    expect(String(html`<p class="${text}">${text}${1}</p>`)).toBe(
      '<p class="&lt;b title=&quot;x&quot;&gt;&#39;&amp;amp;&#39;&lt;/b&gt;">&lt;b title=&quot;x&quot;&gt;&#39;&amp;amp;&#39;&lt;/b&gt;1</p>',
    );
    expect(String(html`<ul>${[html`<li>${'<'}</li>`, html`<li>2</li>`]}</ul>`)).toBe(
      '<ul><li>&lt;</li><li>2</li></ul>',
    );
    expect(String(lines([html`a`, html`b`]))).toBe('a\nb');
    expect(String(html`${trusted('<svg></svg>')}`)).toBe('<svg></svg>');
  });

  it('takes nothing for markup that only looks like it', () => {
    const forged: unknown[] = [
      { toString: () => '<b>' },
      Object.create(Markup.prototype, { toString: { value: () => '<b>' } }),
      Object.assign(['<b>'], { raw: ['<b>'] }),
    ];
    for (const value of forged) {
      let made = '';
      try {
        made = String(html`${value as string}`);
      } catch {}
      expect(made).not.toContain('<b>');
    }
  });

  it('shows control characters and marks that turn text around', () => {
    expect(String(html`${'a\u001b[31m\u202eb\nc'}`)).toBe('a\\x1b[31m\\u202eb\nc');
  });
});

it('strings become markup in three places alone: the style, the script, and a picture of the layout library', () => {
  const folder = join(import.meta.dirname, '../../src');
  const uses = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('markup.ts'))
    .flatMap((file) =>
      [...readFileSync(join(folder, file), 'utf8').matchAll(/\btrusted\(([^)]*\)?)/g)].map(([, what]) => [file, what]),
    );
  expect(uses.sort()).toEqual([
    ['report/render/html.ts', 'script)'],
    ['report/render/html.ts', 'style)'],
    ['report/render/html.ts', "svg.slice(svg.indexOf('<svg')"],
  ]);
});
