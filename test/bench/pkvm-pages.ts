import { match } from 'ts-pattern';
import {
  array,
  defineModel,
  enumOf,
  type Infer,
  invariant,
  type Model,
  type Outcome,
  ok,
  type Property,
  range,
  record,
  refuse,
  type System,
  update,
  variant,
} from '../../src/spec/index.ts';

/**
 * pkvm-pages(N, K): N pages with a host, a hypervisor and a guest entry each, and K table pages for the guest, one for every pair
 * of pages of which the guest maps any. The yardstick of the benchmarks: its states can be counted by hand.
 */
const stateOf = (pages: number, tables: number) =>
  record({
    pool: range(0, tables),
    host: array(
      enumOf('unmapped', 'owned', 'shared-owned', 'shared-borrowed', 'annotated-hyp', 'annotated-guest'),
      pages,
    ),
    hyp: array(enumOf('none', 'owned', 'shared-borrowed'), pages),
    guest: array(enumOf('none', 'owned', 'shared-borrowed', 'shared-owned'), pages),
  });
type State = Infer<ReturnType<typeof stateOf>>;

const calls = [
  'host_fault',
  'host_reclaim',
  'host_share_hyp',
  'host_unshare_hyp',
  'host_donate_hyp',
  'hyp_donate_host',
  'host_share_guest',
  'host_unshare_guest',
  'host_donate_guest',
  'guest_share_host',
  'guest_unshare_host',
  'guest_relinquish',
] as const;
type Call = { readonly kind: (typeof calls)[number]; readonly page: number };

type Entries = {
  readonly host?: State['host'][number];
  readonly hyp?: State['hyp'][number];
  readonly guest?: State['guest'][number];
};

const set = (state: State, page: number, { host, hyp, guest }: Entries, pool = 0) =>
  ok(
    update(state, (draft) => {
      if (host) draft.host[page] = host;
      if (hyp) draft.hyp[page] = hyp;
      if (guest) draft.guest[page] = guest;
      if (pool !== 0) draft.pool += pool;
    }),
  );

const no = (state: State) => refuse(state, 'EPERM', 'not in this state');
const exclusive = (state: State, page: number) => state.host[page] === 'unmapped' || state.host[page] === 'owned';
/** Whether the other page of the pair keeps the guest's table. */
const neighbourMapped = (state: State, page: number) => (state.guest[page ^ 1] ?? 'none') !== 'none';

const toGuest = (state: State, page: number, entries: Entries): Outcome<State> => {
  if (!exclusive(state, page) || state.guest[page] !== 'none') return no(state);
  if (neighbourMapped(state, page)) return set(state, page, entries);
  return state.pool === 0 ? refuse(state, 'ENOMEM', 'no table') : set(state, page, entries, -1);
};
const fromGuest = (state: State, page: number, entries: Entries) =>
  set(state, page, entries, neighbourMapped(state, page) ? 0 : 1);

const step = (state: State, { kind, page }: Call): Outcome<State> => {
  const is = (entries: Entries) =>
    (!entries.host || state.host[page] === entries.host) &&
    (!entries.hyp || state.hyp[page] === entries.hyp) &&
    (!entries.guest || state.guest[page] === entries.guest);
  const move = (from: Entries, to: Entries) => (is(from) ? set(state, page, to) : no(state));
  return match(kind)
    .with('host_fault', () => move({ host: 'unmapped' }, { host: 'owned' }))
    .with('host_reclaim', () => move({ host: 'owned' }, { host: 'unmapped' }))
    .with('host_share_hyp', () =>
      exclusive(state, page) && is({ hyp: 'none' })
        ? set(state, page, { host: 'shared-owned', hyp: 'shared-borrowed' })
        : no(state),
    )
    .with('host_unshare_hyp', () =>
      move({ host: 'shared-owned', hyp: 'shared-borrowed' }, { host: 'owned', hyp: 'none' }),
    )
    .with('host_donate_hyp', () =>
      exclusive(state, page) && is({ hyp: 'none' })
        ? set(state, page, { host: 'annotated-hyp', hyp: 'owned' })
        : no(state),
    )
    .with('hyp_donate_host', () => move({ host: 'annotated-hyp', hyp: 'owned' }, { host: 'unmapped', hyp: 'none' }))
    .with('host_share_guest', () => toGuest(state, page, { host: 'shared-owned', guest: 'shared-borrowed' }))
    .with('host_unshare_guest', () =>
      is({ host: 'shared-owned', guest: 'shared-borrowed' })
        ? fromGuest(state, page, { host: 'owned', guest: 'none' })
        : no(state),
    )
    .with('host_donate_guest', () => toGuest(state, page, { host: 'annotated-guest', guest: 'owned' }))
    .with('guest_share_host', () =>
      move({ host: 'annotated-guest', guest: 'owned' }, { host: 'shared-borrowed', guest: 'shared-owned' }),
    )
    .with('guest_unshare_host', () =>
      move({ host: 'shared-borrowed', guest: 'shared-owned' }, { host: 'annotated-guest', guest: 'owned' }),
    )
    .with('guest_relinquish', () =>
      is({ host: 'annotated-guest', guest: 'owned' })
        ? fromGuest(state, page, { host: 'unmapped', guest: 'none' })
        : no(state),
    )
    .exhaustive();
};

export const pkvmPages = defineModel({
  id: 'pkvm-pages',
  title: 'Pages between a host, a hypervisor and a guest',
  sources: [],
  config: {
    pages: { doc: 'N', default: 4, min: 1, max: 12 },
    tables: { doc: 'K', default: 1, min: 0, max: 12 },
  },
  switches: {},
  variants: { only: { doc: 'the protocol', switches: {} } },
  defaultVariant: 'only',
  system: ({ pages, tables }) => ({
    state: stateOf(pages, tables),
    command: variant(
      Object.fromEntries(calls.map((call) => [call, { page: range(0, pages - 1) }])) as Record<
        (typeof calls)[number],
        { page: ReturnType<typeof range> }
      >,
    ),
    initial: {
      pool: tables,
      host: Array.from({ length: pages }, () => 'unmapped' as const),
      hyp: Array.from({ length: pages }, () => 'none' as const),
      guest: Array.from({ length: pages }, () => 'none' as const),
    },
    step,
  }),
});

/** The same, with the pages of a pair and the pairs declared interchangeable. */
export const pkvmPagesAlike: Model = {
  ...pkvmPages,
  system: (config, switches) => {
    const { pages, tables } = { pages: config.pages!, tables: config.tables! };
    const arrays = ['host', 'hyp', 'guest'];
    return {
      ...pkvmPages.system({ pages, tables }, switches),
      symmetry:
        pages % 2 === 1
          ? []
          : [
              { arrays, names: ['page'], within: 2 },
              { arrays, names: ['page'], block: 2 },
            ],
    } as System;
  },
};

const eachPage = ({ pages }: { readonly pages: number }) => record({ page: range(0, pages - 1) });
const common = { statement: '', source: '', forEach: eachPage };

export const pkvmPagesProperties: readonly Property[] = [
  invariant(pkvmPages, {
    ...common,
    id: 'one-owner',
    holds: ({ host, hyp, guest }, { page }) =>
      Number(host[page] === 'owned' || host[page] === 'shared-owned') +
        Number(hyp[page] === 'owned') +
        Number(guest[page] === 'owned' || guest[page] === 'shared-owned') <=
      1,
  }),
  invariant(pkvmPages, {
    ...common,
    id: 'mapped-only-if-shared',
    holds: ({ host, hyp, guest }, { page }) => {
      const hostMaps = host[page] === 'owned' || host[page] === 'shared-owned' || host[page] === 'shared-borrowed';
      return !hostMaps || (hyp[page] !== 'owned' && guest[page] !== 'owned');
    },
  }),
  invariant(pkvmPages, {
    ...common,
    id: 'borrowed-is-lent',
    holds: ({ host, hyp, guest }, { page }) =>
      (host[page] !== 'shared-borrowed' || guest[page] === 'shared-owned') &&
      ((hyp[page] !== 'shared-borrowed' && guest[page] !== 'shared-borrowed') || host[page] === 'shared-owned'),
  }),
  invariant(pkvmPages, {
    id: 'tables-add-up',
    statement: '',
    source: '',
    holds: ({ pool, guest }, _, { tables }) => {
      const mapped = guest.filter(
        (one, page) => page % 2 === 0 && (one !== 'none' || (guest[page + 1] ?? 'none') !== 'none'),
      );
      return pool + mapped.length === tables;
    },
  }),
];

/** How many states are reachable, N even: a pair has 16 states that the guest does not map and 33 that it does. */
export const pkvmPagesStates = (pages: number, tables: number): number => {
  const pairs = pages / 2;
  const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
  return Array.from(
    { length: Math.min(tables, pairs) + 1 },
    (_, m) => choose(pairs, m) * 33 ** m * 16 ** (pairs - m),
  ).reduce((a, b) => a + b);
};
