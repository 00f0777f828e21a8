import { printable } from '../../printable.ts';
import type { Graph } from '../document.ts';

/** Source for Graphviz; dashed: a side effect; grey: refused. */
export const dotOf = ({ title, nodes, edges }: Graph): string => {
  const font = 'fontname="Helvetica"';
  const code = 'fontname="Courier"'; // as wide on every machine as Graphviz thinks it is
  const lines = [
    `digraph ${quoted(title)} {`,
    `  graph [${font}, label=${quoted(title)}, labelloc=t, fontsize=14, nodesep=0.5, ranksep=0.7, bgcolor=white]`,
    `  node [${font}, fontsize=12, shape=box, style="rounded,filled", fillcolor="#eef2f7", color="#44546a", margin="0.3,0.1"]`,
    `  edge [${code}, fontsize=10, color="#44546a", fontcolor="#222222", arrowsize=0.7]`,
  ];
  for (const [i, { name, isInitial }] of nodes.entries())
    lines.push(`  c${i} [label=${quoted(name)}${isInitial ? ', penwidth=2.5, fillcolor="#dbe7f5"' : ''}]`);
  if (edges.some(({ to }) => to === undefined))
    lines.push('  panic [label="panic", shape=octagon, style=filled, fillcolor="#f8d7da", color="#a3212e"]');
  for (const { from, to, isSideEffect, isRefused, labels } of edges) {
    const label = [...(isSideEffect ? ['side effect of:'] : []), ...labels].map((one) => `${escaped(one)}\\l`).join('');
    const style = isSideEffect ? ', style=dashed' : '';
    const colour =
      to === undefined
        ? ', color="#a3212e", fontcolor="#a3212e"'
        : isRefused
          ? ', color="#999999", fontcolor="#777777"'
          : '';
    lines.push(`  c${from} -> ${to === undefined ? 'panic' : `c${to}`} [label="${label}"${style}${colour}]`);
  }
  return `${[...lines, '}'].join('\n')}\n`;
};

/** Graphviz takes entities of HTML for what they stand for, also between quotes. */
const escaped = (text: string) =>
  printable(text).replaceAll('&', '&amp;').replaceAll('\\', '\\\\').replaceAll('"', '\\"');
const quoted = (text: string) => `"${escaped(text)}"`;
