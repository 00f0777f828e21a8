import type { LifeCycle, Movement } from '../audit/result.ts';
import { printable } from '../printable.ts';

/** Calls that take pages of one class to another. */
export interface Edge {
  /** Positions among the classes; `to` is undefined for a panic, behind which there is nothing. */
  readonly from: number;
  readonly to: number | undefined;
  /** Whether the calls name the page; if not, it is another page, or none, that they are about. */
  readonly named: boolean;
  readonly refused: boolean;
  /** One a line. */
  readonly labels: readonly string[];
}

/** The edges of the life-cycle graph: what changes a page's class, what panics, and with `refusals` what is refused. */
export const edgesOf = ({ classes, movements }: LifeCycle, refusals: boolean): Edge[] => {
  const edges = new Map<string, { edge: Omit<Edge, 'labels'>; labels: Set<string> }>();
  for (const movement of movements) {
    const { from, to, named, result } = movement;
    const refused = result.kind === 'refused';
    const isPanic = result.kind === 'panic';
    if ((to === from && !(refused && refusals)) || (to === undefined && !isPanic)) continue;
    const edge = {
      from: classes.indexOf(from),
      to: to === undefined ? undefined : classes.indexOf(to),
      named,
      refused: refused && to === from,
    };
    const key = JSON.stringify(edge);
    const known = edges.get(key) ?? { edge, labels: new Set() };
    known.labels.add(labelOf(movement));
    edges.set(key, known);
  }
  return [...edges.values()]
    .map(({ edge, labels }) => ({ ...edge, labels: [...labels] }))
    .sort((a, b) => a.from - b.from || (a.to ?? classes.length) - (b.to ?? classes.length));
};

const labelOf = ({ command, result }: Movement): string =>
  `${command}${result.kind === 'refused' ? ` -${result.errno}` : ''}`;

/** Above the labels of an edge whose calls do not name the page that they change. */
const sideEffect = 'side effect of:';

/** A Mermaid flowchart; dotted: the call does not name the page. */
export const mermaidOf = (life: LifeCycle, refusals: boolean): string => {
  const edges = edgesOf(life, refusals);
  const lines = ['flowchart TD'];
  for (const [i, name] of life.classes.entries())
    lines.push(`  c${i}${life.initial.includes(name) ? `(["${quoted(name)}"])` : `["${quoted(name)}"]`}`);
  if (edges.some(({ to }) => to === undefined)) lines.push('  panic{{"panic"}}');
  for (const { from, to, named, refused, labels } of edges) {
    const arrow = named && !refused ? '-->' : '-.->';
    const label = [...(named ? [] : [sideEffect]), ...labels].map(quoted).join('<br/>');
    lines.push(`  c${from} ${arrow}|"${label}"| ${to === undefined ? 'panic' : `c${to}`}`);
  }
  return `${lines.join('\n')}\n`;
};

/** In a label Mermaid takes `#` for the start of an entity, and markup for markup. */
const quoted = (text: string) =>
  printable(text).replaceAll(/[#&"<>]/g, (sign) => entities[sign] ?? `#${sign.charCodeAt(0)};`);

const entities: Readonly<Record<string, string>> = { '"': '#quot;', '<': '#lt;', '>': '#gt;' };

/** Graphviz; dashed: the call does not name the page; grey: refused. */
export const dotOf = (life: LifeCycle, title: string, refusals: boolean): string => {
  const edges = edgesOf(life, refusals);
  const font = 'fontname="Helvetica"';
  const code = 'fontname="Courier"'; // as wide on every machine as Graphviz thinks it is
  const lines = [
    `digraph ${text(title)} {`,
    `  graph [${font}, label=${text(title)}, labelloc=t, fontsize=14, nodesep=0.5, ranksep=0.7, bgcolor=white]`,
    `  node [${font}, fontsize=12, shape=box, style="rounded,filled", fillcolor="#eef2f7", color="#44546a", margin="0.3,0.1"]`,
    `  edge [${code}, fontsize=10, color="#44546a", fontcolor="#222222", arrowsize=0.7]`,
  ];
  for (const [i, name] of life.classes.entries())
    lines.push(
      `  c${i} [label=${text(name)}${life.initial.includes(name) ? ', penwidth=2.5, fillcolor="#dbe7f5"' : ''}]`,
    );
  if (edges.some(({ to }) => to === undefined))
    lines.push('  panic [label="panic", shape=octagon, style=filled, fillcolor="#f8d7da", color="#a3212e"]');
  for (const { from, to, named, refused, labels } of edges) {
    const label = [...(named ? [] : [sideEffect]), ...labels].map((one) => `${escaped(one)}\\l`).join('');
    const style = named ? '' : ', style=dashed';
    const colour =
      to === undefined
        ? ', color="#a3212e", fontcolor="#a3212e"'
        : refused
          ? ', color="#999999", fontcolor="#777777"'
          : '';
    lines.push(`  c${from} -> ${to === undefined ? 'panic' : `c${to}`} [label="${label}"${style}${colour}]`);
  }
  return `${[...lines, '}'].join('\n')}\n`;
};

/** Graphviz takes entities of HTML for what they stand for, also between quotes. */
const escaped = (of: string) => printable(of).replaceAll('&', '&amp;').replaceAll('\\', '\\\\').replaceAll('"', '\\"');
const text = (of: string) => `"${escaped(of)}"`;
