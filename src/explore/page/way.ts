import { h } from 'preact';
import { describeOutcome } from '../../spec/outcome.ts';
import type { Step } from '../../spec/property.ts';
import { callText } from '../../trace/script/write.ts';
import type { Comparison } from '../compare.ts';
import type { Light, Session } from '../session.ts';

interface WayProps {
  readonly session: Session;
  /** All calls, those that can be redone among them. */
  readonly steps: readonly Step[];
  /** After how many of them the page stands. */
  readonly at: number;
  readonly go: (to: number) => void;
  readonly cut: () => void;
  readonly lights: readonly Light[];
  /** The same calls under another variant, or what is wrong with it. */
  readonly comparison: Comparison | string | undefined;
}

/** The calls that led here, each with its result, from the initial state on. */
export const WayView = ({ session, steps, at, go, cut, lights, comparison }: WayProps) =>
  h(
    'section',
    { class: 'card way', 'aria-label': 'The way so far' },
    h(
      'div',
      { class: 'head' },
      h('h2', null, 'The way so far'),
      h('button', { type: 'button', disabled: at === 0, onClick: () => go(at - 1) }, 'Undo'),
      h('button', { type: 'button', disabled: at === steps.length, onClick: () => go(at + 1) }, 'Redo'),
      h(
        'button',
        { type: 'button', disabled: at === steps.length, title: 'Forget the calls from here on', onClick: cut },
        'Cut',
      ),
    ),
    h(
      'ol',
      null,
      h(
        'li',
        null,
        h(
          'button',
          { type: 'button', class: 'step start', 'aria-current': current(at === 0), onClick: () => go(0) },
          'initial state',
          broken(lights, 0),
        ),
      ),
      ...steps.map((step, i) =>
        h(
          'li',
          { key: i },
          h(
            'button',
            {
              type: 'button',
              class: `step ${step.outcome.result}${i >= at ? ' later' : ''}`,
              'aria-current': current(at === i + 1),
              onClick: () => go(i + 1),
            },
            h('span', { class: 'call' }, callText(step.command)),
            h(
              'span',
              { class: `result ${step.outcome.result === 'ok' ? 'soft' : 'bad'}` },
              describeOutcome(step.outcome),
              laneWords(session, step),
            ),
            typeof comparison === 'object' && comparison.differs[i] && there(comparison, i),
            broken(lights, i + 1),
          ),
        ),
      ),
    ),
  );

/** What the call does under the other variant, where that differs. */
const there = ({ session, there, stopped, first }: Comparison, i: number) => {
  const step = there[i];
  return h(
    'span',
    { class: `result there${i === first ? ' first' : ''}` },
    i === first && h('strong', null, 'first difference '),
    `${session.scope.variant}: `,
    step ? describeOutcome(step.outcome) : i === there.indexOf(undefined) ? `not possible (${stopped})` : 'not made',
  );
};

const current = (is: boolean) => (is ? 'step' : undefined);

const laneWords = ({ shown: { lane } }: Session, step: Step): string => {
  const found = lane?.(step);
  return found ? ` · ${found.thread}: ${found.step}` : '';
};

/** The properties that are broken first after so many calls. */
const broken = (lights: readonly Light[], calls: number) =>
  lights
    .filter(({ witness, first }) => !witness && first === calls)
    .map(({ id }) => h('span', { class: 'broke', key: id }, `breaks ${id}`));
