import { match } from 'ts-pattern';
import {
  type Block,
  type Cases,
  type Comparison,
  type FieldChange,
  type Graph,
  type Item,
  type List,
  type Matrix,
  plainWords,
  type Section,
  spansOf,
  type Table,
  type Verdicts,
  type Words,
} from '../document.ts';
import { shellWords } from './command-line.ts';
import { script, style } from './html-page.ts';
import { traceMarkup } from './html-trace.ts';
import { html, lines, type Markup, trusted } from './markup.ts';

export interface Page {
  /** The page's title and first heading. */
  readonly title: string;
  /** Lines below the heading. */
  readonly about: readonly Words[];
  readonly blocks: readonly Block[];
}

interface HtmlOptions {
  /** The SVG that Graphviz has drawn of a graph; a graph without one is listed. */
  readonly pictures?: ReadonlyMap<Graph, string>;
}

const keys = html`<p class="hint"><kbd>&larr;</kbd> <kbd>&rarr;</kbd> step, <kbd>Home</kbd> <kbd>End</kbd> first and last, <kbd>n</kbd> <kbd>p</kbd> next and previous counterexample</p>`;

const nothing = html``;

/**
 * One page that needs nothing else: no network, no other file. Every step of every trace is on the page; the script only hides all but
 * one, so that the page can be read without it.
 */
export const htmlPage = ({ title, about, blocks }: Page, { pictures = new Map() }: HtmlOptions = {}): string => {
  const renderer = new HtmlRenderer(pictures);
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
${lines(about.map((line) => html`<p>${inWords(line)}</p>`))}
${blocks.some(hasTrace) ? keys : nothing}
</header>
<main>
${renderer.blocks(blocks, 2)}
</main>
<script>${trusted(script)}</script>
</body>
</html>
`);
};

const hasTrace = (block: Block): boolean =>
  block.kind === 'trace' || (block.kind === 'section' && block.blocks.some(hasTrace));

class HtmlRenderer {
  readonly #pictures: ReadonlyMap<Graph, string>;

  constructor(pictures: ReadonlyMap<Graph, string>) {
    this.#pictures = pictures;
  }

  /** `level`: that of the heading of a section among the blocks. */
  blocks(blocks: readonly Block[], level: number): Markup {
    return lines(blocks.map((block) => this.#block(block, level)));
  }

  #block(block: Block, level: number): Markup {
    return match(block)
      .with({ kind: 'section' }, (section) => this.#section(section, level))
      .with({ kind: 'paragraph' }, (paragraph) => lines(paragraph.lines.map((line) => html`<p>${inWords(line)}</p>`)))
      .with({ kind: 'list' }, list)
      .with(
        { kind: 'definitions' },
        ({ items }) =>
          html`<dl>${items.map(({ term, body }) => html`<dt>${inWords(term)}</dt>${body.map((line) => html`<dd>${inWords(line)}</dd>`)}`)}</dl>`,
      )
      .with({ kind: 'table' }, table)
      .with({ kind: 'matrix' }, matrix)
      .with({ kind: 'cases' }, cases)
      .with({ kind: 'verdicts' }, verdicts)
      .with({ kind: 'trace' }, traceMarkup)
      .with({ kind: 'comparison' }, comparison)
      .with({ kind: 'graph' }, (graph) => this.#graph(graph))
      .with({ kind: 'command' }, ({ words }) => html`<p><code>${shellWords(words)}</code></p>`)
      .exhaustive();
  }

  #section({ title, blocks, id, folded }: Section, level: number): Markup {
    const body = this.blocks(blocks, Math.min(6, level + 1));
    if (folded) return html`<details><summary>${inWords(title)}</summary>\n${body}\n</details>`;
    const isTraced = blocks.some(({ kind }) => kind === 'trace');
    const attributes = [
      ...(isTraced ? [html` class="counterexample" tabindex="0" aria-label="${plainWords(title)}"`] : []),
      ...(id === undefined ? [] : [html` id="${id}"`]),
    ];
    return html`<section${attributes}>\n${heading(title, level)}\n${body}\n</section>`;
  }

  #graph(graph: Graph): Markup {
    const { nodes, edges } = graph;
    const svg = this.#pictures.get(graph);
    // Its paper is white, whatever the page's colours are.
    if (svg !== undefined)
      return html`<figure class="wide" style="background: white; padding: 0.5em">${picture(svg)}</figure>`;
    const nameOf = (node: number | undefined) => (node === undefined ? 'panic' : nodes[node]!.name);
    return html`<ul>${edges.map(({ from, to, labels }) => html`<li>${nameOf(from)} &rarr; ${nameOf(to)}: ${labels.join(', ')}</li>`)}</ul>`;
  }
}

/** What Graphviz draws, which escapes what it is given. Within HTML it needs neither its prologue nor names of schemas. */
const picture = (svg: string): Markup =>
  trusted(svg.slice(svg.indexOf('<svg')).replaceAll(/ xmlns(:\w+)?="[^"]*"/g, ''));

const heading = (title: Words, level: number): Markup => {
  const words = inWords(title);
  if (level === 2) return html`<h2>${words}</h2>`;
  return level === 3 ? html`<h3>${words}</h3>` : html`<h4>${words}</h4>`;
};

const inWords = (words: Words): Markup[] =>
  spansOf(words).map((span) => {
    if (typeof span === 'string') return html`${span}`;
    const { tone, text } = span;
    if (tone === 'code') return html`<code>${text}</code>`;
    return tone === 'strong' ? html`<strong>${text}</strong>` : html`<span class="${tone}">${text}</span>`;
  });

const list = ({ intro, items, numbered = false, folded = false }: List): Markup => {
  const made = items.map(item);
  const body = numbered ? html`<ol>${made}</ol>` : html`<ul>${made}</ul>`;
  return folded
    ? html`<details><summary>${inWords(intro)}</summary>${body}</details>`
    : html`${plainWords(intro) === '' ? nothing : html`<p>${inWords(intro)}</p>`}${body}`;
};

const item = ({ text, below = [] }: Item): Markup =>
  html`<li>${inWords(text)}${below.map((line) => html`<br>${inWords(line)}`)}</li>`;

const table = ({ head, rows, right = [] }: Table): Markup => {
  const cell = (words: Words, column: number) =>
    right.includes(head[column]!) ? html`<td class="number">${inWords(words)}</td>` : html`<td>${inWords(words)}</td>`;
  return html`<div class="wide"><table><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>
${lines(rows.map((row) => html`<tr>${row.map(cell)}</tr>`))}
</tbody></table></div>`;
};

const matrix = ({ lead, columns, rows }: Matrix): Markup => {
  const head = [...lead, ...columns].map((name) => html`<th scope="col">${breakable(name)}</th>`);
  const body = rows.map((row) => {
    const cells = row.cells.map((cell) => html`<td>${inLines(cell.map(inWords))}</td>`);
    return html`<tr>${row.lead.map((text) => html`<th scope="row">${text.trim()}</th>`)}${cells}</tr>`;
  });
  return html`<div class="wide"><table class="matrix"><thead><tr>${head}</tr></thead><tbody>
${lines(body)}
</tbody></table></div>`;
};

/** A long name may be broken behind each underscore. */
const breakable = (text: string): Markup[] =>
  text.split(/(?<=_)/).map((part, i) => (i === 0 ? html`${part}` : html`<wbr>${part}`));

const inLines = (texts: readonly (readonly Markup[])[]): Markup[] =>
  texts.map((text, i) => (i === 0 ? html`${text}` : html`<br>${text}`));

const cases = ({ lead, labels, rows }: Cases): Markup => {
  const body = rows.map(({ lead: cells, fields, isDim }) => {
    const field = (label: string) =>
      fields
        .filter((one) => one.label === label)
        .map(({ shown = '', items, isCode }) => {
          const words = items.map((text) => (isCode ? [html`<code>${text}</code>`] : [html`${text}`]));
          return html`<div>${shown === '' || shown === label ? nothing : html`${shown}: `}${inLines(words)}</div>`;
        });
    return html`<tr${isDim ? html` class="hint"` : nothing}>${cells.map((text) => html`<td class="number">${text}</td>`)}${labels.map((label) => html`<td>${field(label)}</td>`)}</tr>`;
  });
  return html`<div class="wide"><table><thead><tr>${[...lead, ...labels].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>
${lines(body)}
</tbody></table></div>`;
};

const verdicts = ({ entries }: Verdicts): Markup => {
  const rows = entries.map(({ name, verdict, status, statement, note, trace }) => {
    const calls = trace && `${trace.calls} ${trace.calls === 1 ? 'call' : 'calls'}`;
    const link = trace ? html`<a href="#${trace.id}">${calls!}</a>` : nothing;
    const badge = html`<span class="badge ${status}">${verdict}${status === 'known' ? ', known' : ''}</span>`;
    return html`<tr><td class="name">${name}</td><td>${badge}</td><td>${link}</td><td>${[statement, note].join(' ')}</td></tr>`;
  });
  return html`<div class="wide"><table><thead><tr><th>property</th><th>verdict</th><th>trace</th><th>statement</th></tr></thead><tbody>
${lines(rows)}
</tbody></table></div>`;
};

const comparison = ({ sides }: Comparison): Markup => {
  const side = ({ label, result, remark, changes }: Comparison['sides'][number]) =>
    html`<dt>${label}</dt><dd>${result}</dd>${remark === undefined ? nothing : html`<dd>${remark}</dd>`}${changes.map(change)}`;
  return html`<dl>${sides.map(side)}</dl>`;
};

const change = ({ path, was, is }: FieldChange): Markup => html`<dd><code>${path}</code>: ${was} &rarr; ${is}</dd>`;
