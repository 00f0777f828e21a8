import { printable } from '../../printable.ts';
import type { Graph, Trace } from '../document.ts';

/** Above the labels of an edge that is a side effect of what they name. */
const sideEffect = 'side effect of:';

/** A Mermaid flowchart; dotted: a side effect, or refused. */
export const mermaidOf = ({ nodes, edges }: Graph): string => {
  const lines = ['flowchart TD'];
  for (const [i, { name, isInitial }] of nodes.entries())
    lines.push(`  c${i}${isInitial ? `(["${quoted(name)}"])` : `["${quoted(name)}"]`}`);
  if (edges.some(({ to }) => to === undefined)) lines.push('  panic{{"panic"}}');
  for (const { from, to, isSideEffect, isRefused, labels } of edges) {
    const arrow = isSideEffect || isRefused ? '-.->' : '-->';
    const label = [...(isSideEffect ? [sideEffect] : []), ...labels].map(quoted).join('<br/>');
    lines.push(`  c${from} ${arrow}|"${label}"| ${to === undefined ? 'panic' : `c${to}`}`);
  }
  return `${lines.join('\n')}\n`;
};

/** In a label Mermaid takes `#` for the start of an entity, and markup for markup. */
const quoted = (text: string) =>
  printable(text).replaceAll(/[#&"<>]/g, (sign) => entities[sign] ?? `#${sign.charCodeAt(0)};`);

const entities: Readonly<Record<string, string>> = { '"': '#quot;', '<': '#lt;', '>': '#gt;' };

/**
 * A Mermaid sequence diagram: who calls, what is returned, and what changes. In a trace with threads each thread is a participant; in
 * others there is one caller.
 */
export const mermaidSequence = ({ subject, steps, loop, broken }: Trace): string => {
  const callers = [...new Set(steps.map(({ lane }) => lane?.thread ?? 'caller'))];
  const idOf = (name: string) => `C${callers.indexOf(name)}`;
  const lines = steps.flatMap(({ call, lane, result, outcome, changes }, i) => {
    const caller = idOf(lane?.thread ?? 'caller');
    const changed = changes.map(({ path, was, is }) => inDiagram(`${path}: ${was} -> ${is}`));
    return [
      ...(i === loop ? ['loop over and over'] : []),
      `${caller}->>K: ${inDiagram(lane?.step ?? call)}`,
      ...(changed.length > 0 ? [`Note over K: ${changed.join('<br/>')}`] : []),
      `K-${outcome === 'ok' ? '->>' : '-x'}${caller}: ${inDiagram(result)}`,
    ];
  });
  return [
    'sequenceDiagram',
    ...callers.map((name) => `participant ${idOf(name)} as ${inDiagram(name)}`),
    `participant K as ${inDiagram(subject)}`,
    ...lines,
    ...(loop === undefined ? [] : ['end']),
    ...(broken === undefined ? [] : [`Note over K: ${inDiagram(broken)}`]),
  ]
    .map((line, i) => (i === 0 ? line : `    ${line}`))
    .join('\n');
};

/** Mermaid takes `;` for the end of a statement, `#` for the start of an entity, and markup for markup. */
const inDiagram = (text: string): string =>
  text.replaceAll(/[#&;<>"%]/g, (sign) => `#${sign.charCodeAt(0)};`).replaceAll(/\s+/g, ' ');
