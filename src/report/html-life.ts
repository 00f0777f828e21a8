import { matrixOf } from '../audit/matrix.ts';
import type { LifeCycle } from '../audit/result.ts';
import { cellWords, matrixLegend, matrixTitle } from './audit.ts';
import type { Extra } from './html.ts';
import { escaped } from './xml.ts';

/** The ownership matrix and the life cycle of a page, as parts of the page. `svg`: the picture, as Graphviz draws it. */
export const lifeExtras = (life: LifeCycle, name: string, svg: string): Extra[] => {
  const { commands, rows } = matrixOf(life);
  const head = ['page', ...commands].map((text) => `<th scope="col">${escaped(text)}</th>`).join('');
  const body = rows.map(({ from, cells }) => {
    const words = cells.map((cell) =>
      cellWords(cell, (to) => to)
        .map(escaped)
        .join('<br>'),
    );
    return `<tr><th scope="row">${escaped(from)}</th>${words.map((text) => `<td>${text}</td>`).join('')}</tr>`;
  });
  return [
    {
      title: `${name}: ${matrixTitle(life).replace(/^W/, 'w')}`,
      body: `<p>An arrow: ${matrixLegend(life, 'that class')}</p>\n<table><thead><tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table>`,
    },
    {
      // Within HTML it needs neither its prologue nor names of schemas. Its paper is white, whatever the page's colours are.
      title: `${name}: the life cycle of a page`,
      body: `<figure style="background: white; padding: 0.5em">${svg.slice(svg.indexOf('<svg')).replaceAll(/ xmlns(:\w+)?="[^"]*"/g, '')}</figure>`,
    },
  ];
};
