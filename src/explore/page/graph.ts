import { h } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { SpecError } from '../../spec/errors.ts';
import type { Command } from '../../spec/model.ts';
import type { Step } from '../../spec/property.ts';
import { type Group, graphAround, type StateGraph } from '../graph.ts';
import type { Session } from '../session.ts';

interface GraphProps {
  readonly session: Session;
  readonly steps: readonly Step[];
  /** Makes calls behind the first `keep` of the way. */
  readonly take: (commands: readonly Command[], keep?: number) => void;
}

/** The states around this one, by the classes of their pages. It is made only while it is looked at. */
export const GraphView = (props: GraphProps) => {
  const [isOpen, setOpen] = useState(false);
  return h(
    'details',
    {
      class: 'graph',
      onToggle: ({ currentTarget }: Event) =>
        setOpen(currentTarget instanceof HTMLDetailsElement && currentTarget.open),
    },
    h('summary', null, 'Graph of the states around'),
    isOpen && h(Drawn, props),
  );
};

const Drawn = ({ session, steps, take }: GraphProps) => {
  const graph = useMemo(() => graphOrProblem(session, steps), [session, steps]);
  const [zoom, setZoom] = useState(1);
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    frame.current?.querySelector('.here')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [graph]);
  if (typeof graph === 'string') return h('p', { class: 'bad' }, graph);
  const { places, width, height } = placed(graph);
  const fit = () => setZoom(Math.min(1.5, (frame.current?.clientWidth ?? width) / width));
  const go = ({ commands }: Group) => take(commands, graph.from === 'start' ? 0 : undefined);
  return [
    h(
      'div',
      { class: 'head' },
      h('p', { class: 'soft' }, aboutIt(graph)),
      h('button', { type: 'button', 'aria-label': 'Smaller', onClick: () => setZoom(zoom / 1.25) }, '−'),
      h('button', { type: 'button', 'aria-label': 'Larger', onClick: () => setZoom(zoom * 1.25) }, '+'),
      h('button', { type: 'button', onClick: fit }, 'Fit'),
    ),
    h(
      'div',
      { class: 'frame', ref: frame, tabIndex: 0, role: 'region', 'aria-label': 'Graph', onPointerDown: dragged },
      h(
        'svg',
        { width: width * zoom, height: height * zoom, viewBox: `0 0 ${width} ${height}` },
        h('defs', null, arrowHead),
        ...graph.arrows.map(({ from, to, calls }) =>
          h(
            'path',
            {
              class: `arrow${isWay(graph, from, to) ? ' way' : ''}`,
              d: curve(places[from]!, places[to]!),
              'marker-end': 'url(#tip)',
            },
            h('title', null, calls.join(', ')),
          ),
        ),
        ...graph.groups.map((group, i) => node(group, places[i]!, () => go(group))),
      ),
    ),
  ];
};

const graphOrProblem = (session: Session, steps: readonly Step[]): StateGraph | string => {
  try {
    return graphAround(session, steps);
  } catch (error) {
    if (error instanceof SpecError) return error.message;
    throw error;
  }
};

const aboutIt = ({ groups, states, from }: StateGraph): string =>
  `${from === 'start' ? `All ${states} states` : `The ${states} states nearest to here`}, in ${groups.length} group${groups.length === 1 ? '' : 's'} whose pages are in the same classes. Choose one to go to the nearest of its states.`;

const isWay = ({ groups }: StateGraph, from: number, to: number) => groups[from]!.isOnWay && groups[to]!.isOnWay;

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const lineHeight = 16;
const gap = { column: 70, row: 18 };
/** Of a letter of the node's font. */
const letter = 7.3;

/** A column for each distance, in which the groups stand in the order in which they were found. */
const placed = ({ groups }: StateGraph) => {
  const columns = new Map<number, number[]>();
  for (const [i, { distance }] of groups.entries()) columns.set(distance, [...(columns.get(distance) ?? []), i]);
  const places: Place[] = [];
  let x = 12;
  for (const column of columns.values()) {
    const width =
      Math.max(...column.map((i) => Math.max(...linesIn(groups[i]!).map(({ length }) => length)))) * letter + 20;
    let y = 12;
    for (const i of column) {
      const height = linesIn(groups[i]!).length * lineHeight + 12;
      places[i] = { x, y, width, height };
      y += height + gap.row;
    }
    x += width + gap.column;
  }
  return { places, width: x - gap.column + 12, height: Math.max(...places.map(({ y, height }) => y + height)) + 12 };
};

const linesIn = ({ lines, states }: Group) => (states === 1 ? lines : [...lines, `${states} states`]);

const curve = (from: Place, to: Place): string => {
  const isForward = to.x > from.x;
  const [x1, y1] = [isForward ? from.x + from.width : from.x, from.y + from.height / 2];
  const [x2, y2] = [isForward ? to.x - 4 : to.x + to.width + 4, to.y + to.height / 2];
  if (from.x === to.x) {
    const x = from.x - 4;
    return `M${from.x},${y1} C${x - 40},${y1} ${x - 40},${y2} ${x},${y2}`;
  }
  const bend = Math.max(30, Math.abs(x2 - x1) / 2) * (isForward ? 1 : -1);
  return `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
};

const arrowHead = h(
  'marker',
  {
    id: 'tip',
    viewBox: '0 0 8 8',
    refX: 6,
    refY: 4,
    markerWidth: 9,
    markerHeight: 9,
    markerUnits: 'userSpaceOnUse',
    orient: 'auto',
  },
  h('path', { d: 'M0,0 L8,4 L0,8 Z' }),
);

const node = (group: Group, { x, y, width, height }: Place, go: () => void) =>
  h(
    'g',
    {
      class: `node${group.isHere ? ' here' : ''}${group.isOnWay ? ' way' : ''}`,
      role: 'button',
      tabindex: 0,
      'aria-current': group.isHere ? 'step' : undefined,
      onClick: go,
      onKeyDown: (event: KeyboardEvent) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        go();
      },
    },
    h('rect', { x, y, width, height, rx: 7 }),
    ...linesIn(group).map((line, i) =>
      h('text', { x: x + 10, y: y + 18 + i * lineHeight, class: i < group.lines.length ? '' : 'soft' }, `${line} `),
    ),
  );

/** The graph follows the pointer that drags it; a finger does so by itself. */
const dragged = (event: PointerEvent & { readonly currentTarget: EventTarget | null }) => {
  const frame = event.currentTarget;
  if (event.pointerType === 'touch' || !(frame instanceof HTMLElement)) return;
  const move = ({ movementX, movementY }: PointerEvent) => frame.scrollBy(-movementX, -movementY);
  const end = () => removeEventListener('pointermove', move);
  addEventListener('pointermove', move);
  addEventListener('pointerup', end, { once: true });
};
