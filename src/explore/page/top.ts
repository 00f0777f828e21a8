import { h } from 'preact';
import { switchDoc, switchValues } from '../../spec/model.ts';
import type { Step } from '../../spec/property.ts';
import type { Suite } from '../../spec/suite.ts';
import type { Link } from '../link.ts';
import type { Session } from '../session.ts';
import { CopyAs } from './copy.ts';

interface TopProps {
  readonly session: Session;
  readonly suites: readonly Suite[];
  /** Shows the same calls with something else of the link. */
  readonly reopen: (change: Partial<Link>) => void;
  readonly steps: readonly Step[];
  /** The variant that is compared with. */
  readonly other: string | undefined;
}

/** What is explored, and what can be copied. */
export const Top = ({ session, suites, reopen, steps, other }: TopProps) => {
  const { model } = session.suite;
  const { scope } = session;
  return h(
    'header',
    { class: 'top' },
    h('span', { class: 'brand' }, 'pagelaw'),
    h('h1', null, model.title),
    suites.length > 1 &&
      choiceOf(
        'model',
        model.id,
        suites.map((one) => one.model.id),
        (id) => reopen({ model: id, variant: undefined, other: undefined, settings: [], init: undefined, calls: [] }),
      ),
    choiceOf('variant', scope.variant, Object.keys(model.variants), (variant) =>
      reopen({ variant, settings: scope.resized.map((name) => `${name}=${scope.config[name]}`) }),
    ),
    Object.keys(model.variants).length > 1 &&
      choiceOf('beside', other ?? none, [none, ...Object.keys(model.variants)], (variant) =>
        reopen({ other: variant === none ? undefined : variant }),
      ),
    h(Settings, { session, reopen }),
    h(CopyAs, { session, steps }),
  );
};

const none = 'no other';

const choiceOf = (label: string, value: string, values: readonly string[], choose: (value: string) => void) =>
  h(
    'label',
    null,
    label,
    h(
      'select',
      { value, onChange: (event: { readonly currentTarget: HTMLSelectElement }) => choose(event.currentTarget.value) },
      ...values.map((one) => h('option', { value: one, selected: one === value }, one)),
    ),
  );

const Settings = ({ session: { suite, scope }, reopen }: Pick<TopProps, 'session' | 'reopen'>) => {
  const { model } = suite;
  const own = [...scope.resized, ...scope.flipped];
  const change = (name: string, value: string) => {
    const now: Readonly<Record<string, unknown>> = { ...scope.config, ...scope.switches };
    reopen({ settings: [...own.filter((one) => one !== name).map((one) => `${one}=${now[one]}`), `${name}=${value}`] });
  };
  return h(
    'details',
    { class: 'settings' },
    h('summary', null, own.length === 0 ? 'Settings' : `Settings: ${own.length} changed`),
    h(
      'div',
      { class: 'sheet' },
      h('p', null, model.variants[scope.variant]?.doc ?? ''),
      ...Object.entries(model.config).map(([name, { doc, min, max }]) =>
        setting(name, doc, scope.resized.includes(name), String(scope.config[name]), range(min, max), change),
      ),
      ...Object.entries(model.switches).map(([name, spec]) =>
        setting(
          name,
          switchDoc(spec),
          scope.flipped.includes(name),
          String(scope.switches[name]),
          switchValues(spec).map(String),
          change,
        ),
      ),
    ),
  );
};

const setting = (
  name: string,
  doc: string,
  isOwn: boolean,
  value: string,
  values: readonly string[],
  change: (name: string, value: string) => void,
) =>
  h(
    'label',
    { class: 'setting', key: name },
    h('span', { class: `mono${isOwn ? ' own' : ''}` }, name),
    h(
      'select',
      {
        value,
        onChange: (event: { readonly currentTarget: HTMLSelectElement }) => change(name, event.currentTarget.value),
      },
      ...values.map((one) => h('option', { value: one, selected: one === value }, one)),
    ),
    h('span', { class: 'doc' }, doc),
  );

const range = (min: number, max: number) =>
  Array.from({ length: Math.min(max - min + 1, 200) }, (_, i) => String(min + i));
