import type { LifeCycle, Movement } from '../audit/result.ts';
import type { Graph, GraphEdge } from './document.ts';

/** The classes of pages, and the calls that take pages from one class to another. */
export const lifeGraph = (life: LifeCycle, title: string, refusals: boolean): Graph => ({
  kind: 'graph',
  title,
  nodes: life.classes.map((name) => ({ name, isInitial: life.initial.includes(name) })),
  edges: edgesOf(life, refusals),
});

/** The edges of the life-cycle graph: what changes a page's class, what panics, and with `refusals` what is refused. */
const edgesOf = ({ classes, movements }: LifeCycle, refusals: boolean): GraphEdge[] => {
  const edges = new Map<string, { edge: Omit<GraphEdge, 'labels'>; labels: Set<string> }>();
  for (const movement of movements) {
    const { from, to, named, result } = movement;
    const refused = result.kind === 'refused';
    const isPanic = result.kind === 'panic';
    if ((to === from && !(refused && refusals)) || (to === undefined && !isPanic)) continue;
    const edge = {
      from: classes.indexOf(from),
      to: to === undefined ? undefined : classes.indexOf(to),
      isSideEffect: !named,
      isRefused: refused && to === from,
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
