import { type ComponentChild, h } from 'preact';
import { useMemo } from 'preact/hooks';
import type { MarkedDrawing, MarkedLine } from '../../report/document.ts';
import { marked } from '../../report/drawing.ts';
import { whyLines } from '../../report/why.ts';
import type { Command } from '../../spec/model.ts';
import { describeOutcome } from '../../spec/outcome.ts';
import type { Step } from '../../spec/property.ts';
import { isEqual } from '../../system/equal.ts';
import { callText } from '../../trace/script/write.ts';
import type { Why } from '../../trace/why.ts';
import type { Comparison } from '../compare.ts';
import { defaultDrawing } from '../default-drawing.ts';
import { type Choice, type Session, stateAfter } from '../session.ts';
import { type Part, treeOf } from '../tree.ts';
import { GraphView } from './graph.ts';

interface StateProps {
  readonly session: Session;
  readonly steps: readonly Step[];
  /** The call whose state is shown in place of the one here, while the pointer or the focus is on it. */
  readonly preview: Choice | undefined;
  /** Why the last call did not succeed, once that is known. */
  readonly why: Why | undefined;
  /** Makes calls that were found. */
  readonly take: (commands: readonly Command[], keep?: number) => void;
  /** The same calls under another variant, or what is wrong with it. */
  readonly comparison: Comparison | string | undefined;
  /** Lines of the drawing that a broken property is about. */
  readonly named: ReadonlySet<string>;
}

/** The state as the model draws it, and as a tree, marked with what the last call changed, or the one that is looked at would change. */
export const StateView = ({ session, steps, preview, why, take, comparison, named }: StateProps) => {
  const here = stateAfter(session, steps);
  const last = steps.at(-1);
  const isPreview = preview?.outcome !== undefined && preview.kind !== 'disabled';
  const now = isPreview ? preview.outcome!.state : here;
  const before = isPreview ? here : last?.before;
  const drawings = useMemo(() => {
    const draw = session.shown.draw ?? defaultDrawing;
    return marked(draw(now), before === undefined ? undefined : draw(before));
  }, [session, now, before]);
  const tree = useMemo(() => treeOf(now, before ?? now), [now, before]);
  return h(
    'section',
    { class: 'card state', 'aria-label': 'State' },
    h(
      'div',
      { class: 'head' },
      h(
        'h2',
        null,
        steps.length === 0 ? 'Initial state' : `State after ${steps.length} call${steps.length === 1 ? '' : 's'}`,
      ),
    ),
    session.shown.legend && h('p', { class: 'legend' }, session.shown.legend),
    preview
      ? h(
          'p',
          { class: 'last preview' },
          h('span', { class: 'soft' }, 'would be: '),
          h('span', { class: 'call' }, preview.text),
          ' ',
          h('span', { class: tones[preview.kind] }, preview.result),
        )
      : h(
          'p',
          { class: `last ${last?.outcome.result ?? ''}`, 'aria-live': 'polite' },
          last
            ? [
                h('span', { class: 'call' }, callText(last.command)),
                ' ',
                h('span', { class: last.outcome.result === 'ok' ? 'good' : 'bad' }, describeOutcome(last.outcome)),
                last.outcome.state === last.before && h('span', { class: 'soft' }, ' · changes nothing'),
              ]
            : h('span', { class: 'soft' }, 'Choose a call. Rest on one to see what it would change.'),
        ),
    !preview && last && last.outcome.result !== 'ok' && h(WhyView, { last, before: steps.length - 1, why, take }),
    comparison !== undefined && h('h3', null, session.scope.variant),
    h(
      'div',
      { class: 'drawings' },
      ...drawings.map((drawing) =>
        h(DrawingView, { key: drawing.title, drawing, named: isPreview ? undefined : named }),
      ),
    ),
    comparison !== undefined && h(Beside, { session, here, calls: steps.length, comparison }),
    h(GraphView, { session, steps, take }),
    h(
      'details',
      { class: 'tree', open: session.shown.draw === undefined },
      h('summary', null, 'The whole state'),
      h('ul', null, ...tree.map(leaf)),
    ),
  );
};

interface BesideProps extends Pick<StateProps, 'session'> {
  readonly here: unknown;
  readonly calls: number;
  readonly comparison: Comparison | string;
}

/** The state under the other variant, marked with what differs from the state here. */
const Beside = ({ session, here, calls, comparison }: BesideProps) => {
  if (typeof comparison === 'string') return h('p', { class: 'note wrong', role: 'alert' }, comparison);
  const { session: other, there, first } = comparison;
  const now = calls === 0 ? other.task.system.initial : there[calls - 1]?.outcome.state;
  const draw = session.shown.draw ?? defaultDrawing;
  const drawOther = other.shown.draw ?? defaultDrawing;
  const said =
    first === undefined || first >= calls
      ? isEqual(now, here)
        ? 'the same so far'
        : 'begins in another state'
      : `differs first at call ${first + 1}`;
  return h(
    'section',
    { class: 'beside', 'aria-label': `The same calls under ${other.scope.variant}` },
    h('h3', null, other.scope.variant, h('span', { class: 'soft', role: 'status' }, ` ${said}`)),
    now === undefined
      ? h('p', { class: 'soft' }, 'These calls cannot be made here.')
      : h(
          'div',
          { class: 'drawings' },
          ...marked(drawOther(now), draw(here)).map((drawing) =>
            h(DrawingView, { key: drawing.title, drawing, of: other.scope.variant }),
          ),
        ),
  );
};

interface WhyProps extends Pick<StateProps, 'why' | 'take'> {
  readonly last: Step;
  /** How many calls were made before it. */
  readonly before: number;
}

/** What decided that the last call did not succeed, and what it needs to. */
const WhyView = ({ last, before, why, take }: WhyProps) => {
  const nearest = why?.nearest?.kind === 'after' ? why.nearest.commands : undefined;
  return h(
    'div',
    { class: 'why', role: 'status' },
    ...(why
      ? whyLines(why).map((line) => h('p', null, line))
      : [h('p', { class: 'soft' }, 'why: asking the model ...')]),
    nearest &&
      h(
        'button',
        { type: 'button', onClick: () => take([...nearest, last.command], before) },
        'Make these calls first',
      ),
  );
};

export const tones = {
  changes: 'good',
  same: 'soft',
  refused: 'bad',
  panic: 'bad',
  disabled: 'soft',
  failed: 'bad',
} as const;

interface DrawingProps {
  readonly drawing: MarkedDrawing;
  /** The variant, where two are drawn. */
  readonly of?: string;
  readonly named?: ReadonlySet<string> | undefined;
}

const DrawingView = ({ drawing: { title, columns: titles, isTree, lines }, of, named }: DrawingProps) => {
  const width = Math.max(titles.length, ...lines.map(({ cells }) => cells.length));
  const columns = [...titles, ...Array.from({ length: width - titles.length }, () => '')];
  return h(
    'div',
    { class: 'drawing', tabIndex: 0, role: 'region', 'aria-label': of === undefined ? title : `${title}, ${of}` },
    h(
      'table',
      null,
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          ...[title, ...columns].map((text) => (text === '' ? h('td', null) : h('th', { scope: 'col' }, text))),
        ),
      ),
      h('tbody', null, ...lines.map((line) => row(line, isTree, columns.length, named?.has(line.name) ?? false))),
    ),
  );
};

const row = (line: MarkedLine, isTree: boolean, columns: number, isNamed: boolean) =>
  h(
    'tr',
    { class: `${line.mark}${line.stale === undefined ? '' : ' stale'}${isNamed ? ' witness' : ''}` },
    h(
      'th',
      { scope: 'row' },
      isTree && h('span', { class: 'guide', 'aria-hidden': 'true' }, guides(line.lasts)),
      line.name,
      isNamed && h('span', { class: 'hidden' }, ' (what a broken property is about)'),
      line.mark !== 'same' && h('span', { class: 'hidden' }, ` (${line.mark})`),
    ),
    ...line.cells.map(({ text, was }) =>
      was === undefined
        ? h('td', null, text)
        : h('td', null, h('del', null, was || '-'), ' ', h('ins', null, text || '-')),
    ),
    ...Array.from({ length: Math.max(0, columns - line.cells.length) }, () => h('td', null)),
    line.stale !== undefined && h('td', null, line.stale),
  );

/** The lines of a tree, from the top down to the entry. */
const guides = (lasts: readonly boolean[]): string =>
  lasts.map((last, i) => (i < lasts.length - 1 ? (last ? '   ' : '│  ') : last ? '└─ ' : '├─ ')).join('');

const leaf = (part: Part): ComponentChild => {
  const said = [
    h('span', { class: 'key' }, `${part.name}: `),
    h(
      'span',
      { class: 'value' },
      part.parts.length === 0 && part.was !== undefined ? [h('del', null, part.was), ' '] : null,
      part.value,
    ),
  ];
  return h(
    'li',
    { class: part.isChanged ? 'changed' : '' },
    part.parts.length === 0
      ? said
      : h('details', { open: part.isChanged }, h('summary', null, said), h('ul', null, ...part.parts.map(leaf))),
  );
};
