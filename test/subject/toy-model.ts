import { match } from 'ts-pattern';
import {
  array,
  defineModel,
  disabled,
  enumOf,
  everyResult,
  type Infer,
  invariant,
  noPanic,
  type Outcome,
  ok,
  range,
  reachable,
  record,
  refuse,
  stepProperty,
  suite,
  update,
  variant,
} from '../../src/spec/index.ts';

/** Four pages below a root of two tables; a table exists as long as one of its pages is mapped. */
const state = record({
  root: array(enumOf('none', 'table'), 2),
  pages: array(enumOf('unmapped', 'mapped', 'shared'), 4),
  free: range(0, 2),
  shared: range(0, 4),
});
type State = Infer<typeof state>;

const page = { page: range(0, 3) };
const command = variant({ map: page, unmap: page, share: page, unshare: page, count: {} });
type Command = Infer<typeof command>;

const map = (state: State, page: number): Outcome<State> => {
  if (state.pages[page] !== 'unmapped') return refuse(state, 'EEXIST', 'mapped already');
  const isNew = state.root[page >> 1] === 'none';
  if (isNew && state.free === 0) return refuse(state, 'ENOMEM', 'no page for a table');
  return ok(
    update(state, (draft) => {
      draft.root[page >> 1] = 'table';
      if (isNew) draft.free--;
      draft.pages[page] = 'mapped';
    }),
  );
};

const unmap = (state: State, page: number): Outcome<State> => {
  if (state.pages[page] === 'unmapped') return refuse(state, 'ENOENT', 'not mapped');
  if (state.pages[page] === 'shared') return refuse(state, 'EBUSY', 'shared');
  return ok(
    update(state, (draft) => {
      draft.pages[page] = 'unmapped';
      if (draft.pages[page ^ 1] !== 'unmapped') return;
      draft.root[page >> 1] = 'none';
      draft.free++;
    }),
  );
};

const setShared = (state: State, page: number, isShared: boolean): Outcome<State> => {
  if (isShared && state.pages[page] === 'unmapped') return refuse(state, 'ENOENT', 'not mapped');
  if (state.pages[page] !== (isShared ? 'mapped' : 'shared')) return refuse(state, 'EPERM', 'not in the state for it');
  return ok(
    update(state, (draft) => {
      draft.pages[page] = isShared ? 'shared' : 'mapped';
      draft.shared += isShared ? 1 : -1;
    }),
  );
};

const initial: State = {
  root: ['none', 'none'],
  pages: ['unmapped', 'unmapped', 'unmapped', 'unmapped'],
  free: 2,
  shared: 0,
};

export const toy = defineModel({
  id: 'toy',
  title: 'a table of two levels',
  sources: [],
  config: {},
  switches: {},
  variants: { right: { doc: 'as it should be', switches: {} } },
  defaultVariant: 'right',
  system: () => ({
    state,
    command,
    initial,
    step: (state: State, command: Command) =>
      match(command)
        .with({ kind: 'map' }, ({ page }) => map(state, page))
        .with({ kind: 'unmap' }, ({ page }) => unmap(state, page))
        .with({ kind: 'share' }, ({ page }) => setShared(state, page, true))
        .with({ kind: 'unshare' }, ({ page }) => setShared(state, page, false))
        .with({ kind: 'count' }, () =>
          state.shared === 0 ? disabled(state, 'nothing is shared') : ok(state, state.shared),
        )
        .exhaustive(),
  }),
});

/** Broken by `leak`. */
const noLeak = invariant(toy, {
  id: 'no-leak',
  statement: 'A page is free or a table.',
  source: 'toy',
  holds: ({ root, free }) => {
    const tables = root.filter((one) => one === 'table').length;
    return tables + free === 2 || `${tables} tables and ${free} free pages of 2`;
  },
});

/** Broken by `count`. */
const countsShared = invariant(toy, {
  id: 'counts-shared',
  statement: 'The count is that of the pages which are shared.',
  source: 'toy',
  holds: ({ pages, shared }) => pages.filter((one) => one === 'shared').length === shared || `it is ${shared}`,
});

const tableOfPage = invariant(toy, {
  id: 'table-of-page',
  statement: 'A page that is mapped has a table.',
  source: 'toy',
  forEach: () => record(page),
  holds: ({ root, pages }, { page }) => pages[page] === 'unmapped' || root[page >> 1] === 'table',
});

const noWarning = stepProperty(toy, {
  id: 'no-warning',
  statement: 'No call fires a WARN.',
  source: 'toy',
  holds: ({ outcome }) => outcome.warnings.length === 0 || outcome.warnings.join(', '),
});

const reasoned = stepProperty(toy, {
  id: 'says-why',
  statement: 'A call that is refused says why.',
  source: 'toy',
  holds: ({ outcome }) => outcome.result !== 'refused' || outcome.reason.length > 3,
});

const allShared = reachable(toy, {
  id: 'all-shared',
  statement: 'All pages can be shared.',
  source: 'witness',
  when: ({ shared }) => shared === 4,
});

export const toySuite = suite({
  model: toy,
  properties: [
    noLeak,
    countsShared,
    tableOfPage,
    noWarning,
    reasoned,
    noPanic(toy, 'toy'),
    allShared,
    ...everyResult(toy, {
      map: ['ok', 'EEXIST mapped already'],
      unmap: ['ok', 'ENOENT not mapped', 'EBUSY shared'],
      share: ['ok', 'ENOENT not mapped', 'EPERM not in the state for it'],
      unshare: ['ok', 'EPERM not in the state for it'],
      count: ['ok'],
    }),
  ],
  violates: { right: [] },
});

export default toySuite;
