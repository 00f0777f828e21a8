import { h } from 'preact';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { SpecError } from '../../spec/errors.ts';
import type { Command } from '../../spec/model.ts';
import type { Suite } from '../../spec/suite.ts';
import { callText } from '../../trace/script/write.ts';
import { compared } from '../compare.ts';
import { type Link, linkIn, linkText } from '../link.ts';
import {
  type Choice,
  choicesIn,
  lightsAt,
  linkOf,
  namedBy,
  type Session,
  sessionFor,
  type Way,
  wayOf,
} from '../session.ts';
import { Calls } from './calls.ts';
import { Lights } from './lights.ts';
import { useSearch, useWhy } from './searching.ts';
import { StateView } from './state.ts';
import { Top } from './top.ts';
import { WayView } from './way.ts';

interface Opened {
  readonly session: Session;
  readonly way: Way;
  /** How many calls of the way lead to the state that is shown; those after it can be redone. */
  readonly at: number;
  /** The variant that is compared with. */
  readonly other: string | undefined;
}

interface AppProps {
  readonly suites: readonly Suite[];
  /** The link of the command line. */
  readonly start: string;
}

/** The whole page. Its address says what it shows; it follows the address, and keeps it up to date. */
export const App = ({ suites, start }: AppProps) => {
  const [opened, setOpened] = useState<Opened | undefined>();
  const [problem, setProblem] = useState('');
  const [preview, setPreview] = useState<Choice | undefined>();

  const open = useCallback(
    (link: Link | undefined) => {
      try {
        if (!link) throw new SpecError('the address says no model');
        const session = sessionFor(suites, link);
        const way = wayOf(session, link.calls);
        setOpened({ session, way, at: way.steps.length, other: link.other });
        setProblem('');
      } catch (error) {
        if (!(error instanceof SpecError)) throw error;
        setProblem(error.message);
      }
      setPreview(undefined);
    },
    [suites],
  );

  useEffect(() => {
    const follow = () => open(linkIn(location.hash) ?? linkIn(start));
    follow();
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, [open, start]);

  const steps = useMemo(() => opened?.way.steps.slice(0, opened.at) ?? [], [opened]);
  const choices = useMemo(() => (opened ? choicesIn(opened.session, steps) : []), [opened, steps]);
  const lights = useMemo(
    () =>
      opened
        ? lightsAt(
            opened.session,
            steps,
            choices.every(({ kind }) => kind === 'disabled'),
          )
        : [],
    [opened, steps, choices],
  );

  useEffect(() => {
    if (!opened) return;
    const { suite, scope } = opened.session;
    const { other } = opened;
    const text = linkText({ ...linkOf(opened.session, steps), ...(other !== undefined && { other }) });
    if (text !== location.hash) history.replaceState(null, '', text);
    document.title = `${suite.model.id}@${scope.variant}: pagelaw explore`;
  }, [opened, steps]);

  const goFrom = useCallback((to: (at: number) => number) => {
    setPreview(undefined);
    setOpened((now) => now && { ...now, at: Math.max(0, Math.min(now.way.steps.length, to(now.at))) });
  }, []);
  const go = useCallback((to: number) => goFrom(() => to), [goFrom]);
  // Two keys may be pressed before the page is drawn once: each counts from where the one before has led.
  const goBy = useCallback((by: number) => goFrom((at) => at + by), [goFrom]);

  const choose = useCallback(({ command, outcome }: Choice) => {
    setPreview(undefined);
    setOpened((now) => {
      if (!now || !outcome || outcome.result === 'disabled') return now;
      const before = now.way.steps.slice(0, now.at);
      const state = before.at(-1)?.outcome.state ?? now.session.task.system.initial;
      return {
        ...now,
        way: { steps: [...before, { before: state, command, outcome }] },
        at: now.at + 1,
      };
    });
  }, []);

  /** Makes calls that were found, behind the first `keep` of the way: all that lead here, if not given. */
  const take = useCallback((commands: readonly Command[], keep?: number) => {
    setPreview(undefined);
    setOpened((now) => {
      if (!now) return now;
      const kept = now.way.steps.slice(0, keep ?? now.at);
      const calls = [...kept.map(({ command }) => command), ...commands];
      const way = wayOf(now.session, calls.map(callText));
      return { ...now, way, at: way.steps.length };
    });
  }, []);

  const cut = useCallback(
    () => setOpened((now) => now && { ...now, way: { steps: now.way.steps.slice(0, now.at) } }),
    [],
  );

  const comparison = useMemo(
    () => (opened?.other === undefined ? undefined : compared(opened.session, opened.way.steps, opened.other)),
    [opened],
  );
  const link = opened && linkText(linkOf(opened.session, steps));
  const search = useSearch(link);
  const why = useWhy((steps.at(-1)?.outcome.result ?? 'ok') === 'ok' ? undefined : link);

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || isEditing(event.target)) return;
      if (event.key === 'ArrowLeft') goBy(-1);
      else if (event.key === 'ArrowRight') goBy(1);
      else if (event.key === 'Escape') closeSheets(undefined);
      else if (event.key === '/') document.getElementById('filter')?.focus();
      else return;
      event.preventDefault();
    };
    const point = ({ target }: PointerEvent) => closeSheets(target);
    addEventListener('keydown', press);
    addEventListener('pointerdown', point);
    return () => {
      removeEventListener('keydown', press);
      removeEventListener('pointerdown', point);
    };
  }, [goBy]);

  const wrong = problem === '' ? undefined : h('p', { class: 'note wrong', role: 'alert' }, problem);
  if (!opened) return wrong ?? null;
  const { session, way, at, other } = opened;
  const reopen = (change: Partial<Link>) => open({ ...linkOf(session, way.steps), other, ...change });
  return [
    h(Top, { session, suites, reopen, steps, other }),
    wrong,
    way.stopped &&
      h(
        'p',
        { class: 'note', role: 'status' },
        'The calls of the link do not apply from here on: ',
        h('code', null, way.stopped.call),
        `: ${way.stopped.problem}`,
      ),
    h(
      'main',
      { class: 'columns' },
      h(StateView, { session, steps, preview, why, take, comparison, named: namedBy(lights) }),
      h(Calls, { session, choices, choose, show: setPreview, hasPanicked: steps.at(-1)?.outcome.result === 'panic' }),
      h(WayView, { session, steps: way.steps, at, go, cut, lights, comparison }),
      h(Lights, { lights, calls: steps.length, search, take }),
    ),
    h('footer', { class: 'keys' }, ...keys.flatMap(([key, does]) => [h('kbd', null, key), ` ${does}   `])),
  ];
};

const keys = [
  ['←', 'undo'],
  ['→', 'redo'],
  ['/', 'filter the calls'],
  ['↑ ↓', 'from call to call'],
  ['Enter', 'make the call'],
] as const;

/** Closes what lies over the page, but for that which the target is in. */
const closeSheets = (target: EventTarget | null | undefined) => {
  for (const sheet of document.querySelectorAll<HTMLDetailsElement>('.settings[open]'))
    if (!(target instanceof Node && sheet.contains(target))) sheet.open = false;
};

const isEditing = (target: EventTarget | null) =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
