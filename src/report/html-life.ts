import { matrixOf } from '../audit/matrix.ts';
import type { LifeCycle } from '../audit/result.ts';
import { cellWords, lifeTitle, matrixLegend, matrixTitle, subjectOf } from './audit.ts';
import type { Extra } from './html.ts';
import { html, lines, type Markup, trusted } from './markup.ts';

/** The ownership matrix and the life cycle of a page, as parts of the page. `svg`: the picture, as Graphviz draws it. */
export const lifeExtras = (life: LifeCycle, name: string, svg: string): Extra[] => {
  const { commands, rows } = matrixOf(life);
  const numberOf = (of: string) => String(life.classes.indexOf(of) + 1);
  const head = [subjectOf(life), ...commands].map((text) => html`<th scope="col">${breakable(text)}</th>`);
  const body = rows.map(({ from, cells }) => {
    const words = cells.map((cell) => inLines(cellWords(cell, numberOf)));
    return html`<tr><th scope="row">${numberOf(from)} ${from}</th>${words.map((text) => html`<td>${text}</td>`)}</tr>`;
  });
  return [
    {
      title: `${name}: ${matrixTitle(life).replace(/^W/, 'w')}`,
      body: html`<p>-&gt; n: ${matrixLegend(life)}</p>
<table><thead><tr>${head}</tr></thead><tbody style="white-space: nowrap">${lines(body)}</tbody></table>`,
    },
    {
      title: `${name}: ${lifeTitle(life).replace(/^L/, 'l')}`,
      // Its paper is white, whatever the page's colours are.
      body: html`<figure style="background: white; padding: 0.5em">${picture(svg)}</figure>`,
    },
  ];
};

/** What Graphviz draws, which escapes what it is given. Within HTML it needs neither its prologue nor names of schemas. */
const picture = (svg: string): Markup =>
  trusted(svg.slice(svg.indexOf('<svg')).replaceAll(/ xmlns(:\w+)?="[^"]*"/g, ''));

/** A long name may be broken behind each underscore. */
const breakable = (text: string): Markup[] =>
  text.split(/(?<=_)/).map((part, i) => (i === 0 ? html`${part}` : html`<wbr>${part}`));

const inLines = (texts: readonly string[]): Markup[] =>
  texts.map((text, i) => (i === 0 ? html`${text}` : html`<br>${text}`));
