import { h } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { Choice, Session } from '../session.ts';
import { type CallHandlers, GridView, gridOf } from './grid.ts';
import { tones } from './state.ts';

interface CallsProps {
  readonly session: Session;
  readonly choices: readonly Choice[];
  readonly choose: (choice: Choice) => void;
  /** Shows what a call would do; undefined: no longer. */
  readonly show: (choice: Choice | undefined) => void;
  readonly hasPanicked: boolean;
}

/** So many calls of a command are listed at most; the filter finds the others. */
const mostListed = 60;

const kinds = [
  ['changes', 'succeed'],
  ['same', 'change nothing'],
  ['refused', 'refused'],
  ['panic', 'panic'],
  ['disabled', 'not possible'],
  ['failed', 'model fails'],
] as const;

/** Every call, grouped by command, with what it would do here. */
export const Calls = ({ session, choices, choose, show, hasPanicked }: CallsProps) => {
  const [filter, setFilter] = useState('');
  const [only, setOnly] = useState<Choice['kind'] | undefined>();
  const groups = useMemo(() => groupsOf(choices, filter, only), [choices, filter, only]);
  const handlers = handlersFor(choose, show);
  /** Where nothing is filtered out, two arguments make a grid. */
  const listed = (kind: string, found: readonly Choice[]) => {
    const grid =
      filter === '' && only === undefined ? gridOf(choices.filter(({ command }) => command.kind === kind)) : undefined;
    if (grid) return [h(GridView, { grid, kind, handlers })];
    const more = found.length - mostListed;
    return [
      ...found.slice(0, mostListed).map((choice) => choiceButton(choice, handlers)),
      more > 0 && h('p', { class: 'soft' }, `${more} more: filter to see them`),
    ];
  };
  const counts = kinds.map(([kind, label]) => ({ kind, label, n: choices.filter((one) => one.kind === kind).length }));
  return h(
    'section',
    { class: 'card calls', 'aria-label': 'Calls', onKeyDown: fromCallToCall },
    h('div', { class: 'head' }, h('h2', null, 'Calls from here')),
    h('label', { class: 'hidden', for: 'filter' }, 'Filter the calls'),
    h('input', {
      id: 'filter',
      class: 'filter',
      type: 'search',
      autocomplete: 'off',
      spellcheck: false,
      placeholder: 'filter: share pfn=1, EPERM, ...',
      value: filter,
      onInput: (event: { readonly currentTarget: HTMLInputElement }) => setFilter(event.currentTarget.value),
    }),
    h(
      'div',
      { class: 'kinds' },
      ...counts
        .filter(({ n, kind }) => n > 0 || kind === only)
        .map(({ kind, label, n }) =>
          h(
            'button',
            { type: 'button', 'aria-pressed': only === kind, onClick: () => setOnly(only === kind ? undefined : kind) },
            h('span', { class: tones[kind] }, label),
            ` ${n}`,
          ),
        ),
    ),
    hasPanicked && h('p', { class: 'bad' }, 'The machine has stopped: no call follows a panic.'),
    !hasPanicked && groups.length === 0 && h('p', { class: 'soft' }, 'No call matches.'),
    ...groups.map(({ kind, found }) =>
      h(
        'div',
        { class: 'group', key: kind, role: 'group', 'aria-label': kind },
        h('h3', null, kind),
        session.shown.kernel[kind] && h('p', { class: 'kernel mono' }, session.shown.kernel[kind]),
        ...listed(kind, found),
      ),
    ),
  );
};

/** A call is shown while the pointer or the focus is on it, and made when it is chosen. */
const handlersFor =
  (choose: CallsProps['choose'], show: CallsProps['show']) =>
  (choice: Choice): CallHandlers => ({
    class: `choice ${choice.kind}`,
    'aria-disabled': choice.kind === 'disabled' || choice.kind === 'failed',
    onClick: () => choose(choice),
    onFocus: ({ currentTarget }) => isReached(currentTarget) && show(choice),
    onBlur: () => show(undefined),
    onMouseEnter: () => isBeside() && show(choice),
    onMouseLeave: () => show(undefined),
  });

const choiceButton = (choice: Choice, handlers: ReturnType<typeof handlersFor>) => {
  const { kind, text, result, outcome, warns } = choice;
  const args = text.slice(text.indexOf('(') + 1, -1);
  return h(
    'button',
    { ...handlers(choice), type: 'button', key: text },
    h('span', { class: 'hidden' }, `${choice.command.kind} `),
    h('span', { class: 'call args' }, args === '' ? '( )' : args),
    ' ',
    h(
      'span',
      { class: `result ${warns ? 'warn' : tones[kind]}` },
      outcome?.result === 'refused' && !warns
        ? [h('span', { class: 'errno' }, `-${outcome.errno}`), outcome.reason === '' ? '' : ` ${outcome.reason}`]
        : kind === 'same'
          ? `${result}, no change`
          : result,
    ),
  );
};

/** By keyboard. What a finger has reached must not move before it is lifted. */
const isReached = (target: EventTarget | null) => target instanceof Element && target.matches(':focus-visible');

/** Whether the state lies beside the calls. Above them, a drawing that grows would push them away from under the pointer. */
const isBeside = () => matchMedia('(min-width: 46rem)').matches;

/** In the order of the commands; every word of the filter must be found in the call or its result. */
const groupsOf = (choices: readonly Choice[], filter: string, only: Choice['kind'] | undefined) => {
  const wanted = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const groups = new Map<string, Choice[]>();
  for (const choice of choices) {
    const text = `${choice.text} ${choice.result}`.toLowerCase();
    if (
      (only === undefined ? isPassed(choice, wanted) : choice.kind !== only) ||
      !wanted.every((word) => text.includes(word))
    )
      continue;
    const group = groups.get(choice.command.kind) ?? [];
    group.push(choice);
    groups.set(choice.command.kind, group);
  }
  return [...groups].map(([kind, found]) => ({ kind, found }));
};

/** A call that is not possible here is listed only where it is asked for. */
const isPassed = ({ kind }: Choice, wanted: readonly string[]) => kind === 'disabled' && wanted.length === 0;

/** Arrow keys go from call to call, and from the filter to the first; Enter goes there too. */
const fromCallToCall = (event: KeyboardEvent & { readonly currentTarget: EventTarget | null }) => {
  const { key, target, currentTarget: section } = event;
  const isFilter = target instanceof HTMLInputElement;
  const by = key === 'ArrowDown' || (isFilter && key === 'Enter') ? 1 : key === 'ArrowUp' ? -1 : 0;
  if (by === 0 || !(section instanceof HTMLElement)) return;
  event.preventDefault();
  const all = [...section.querySelectorAll<HTMLElement>('.choice')];
  const to = (target instanceof HTMLElement ? all.indexOf(target) : -1) + by;
  const next = to < 0 ? document.getElementById('filter') : all[Math.min(to, all.length - 1)];
  next?.focus();
};
