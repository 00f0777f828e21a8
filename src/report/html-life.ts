import { matrixOf } from '../audit/matrix.ts';
import type { LifeCycle } from '../audit/result.ts';
import { cellWords, lifeTitle, matrixLegend, matrixTitle, subjectOf } from './audit.ts';
import type { Extra } from './html.ts';
import { escaped } from './xml.ts';

/** The ownership matrix and the life cycle of a page, as parts of the page. `svg`: the picture, as Graphviz draws it. */
export const lifeExtras = (life: LifeCycle, name: string, svg: string): Extra[] => {
  const { commands, rows } = matrixOf(life);
  const numberOf = (of: string) => String(life.classes.indexOf(of) + 1);
  const head = [subjectOf(life), ...commands]
    .map((text) => `<th scope="col">${escaped(text).replaceAll('_', '_<wbr>')}</th>`)
    .join('');
  const body = rows.map(({ from, cells }) => {
    const words = cells.map((cell) => cellWords(cell, numberOf).map(escaped).join('<br>'));
    return `<tr><th scope="row">${numberOf(from)} ${escaped(from)}</th>${words.map((text) => `<td>${text}</td>`).join('')}</tr>`;
  });
  return [
    {
      title: `${name}: ${matrixTitle(life).replace(/^W/, 'w')}`,
      body: `<p>-&gt; n: ${matrixLegend(life)}</p>\n<table><thead><tr>${head}</tr></thead><tbody style="white-space: nowrap">${body.join('\n')}</tbody></table>`,
    },
    {
      // Within HTML it needs neither its prologue nor names of schemas. Its paper is white, whatever the page's colours are.
      title: `${name}: ${lifeTitle(life).replace(/^L/, 'l')}`,
      body: `<figure style="background: white; padding: 0.5em">${svg.slice(svg.indexOf('<svg')).replaceAll(/ xmlns(:\w+)?="[^"]*"/g, '')}</figure>`,
    },
  ];
};
