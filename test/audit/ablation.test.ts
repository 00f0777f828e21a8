import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pkvmMmioSuite } from '../../properties/pkvm-mmio.ts';
import { type Ablation, ablation } from '../../src/audit/ablation.ts';
import { terminalText } from '../../src/report/render/text.ts';
import { reviewBlocks } from '../../src/report/review.ts';
import {
  defineModel,
  describeCommand,
  flag,
  type Infer,
  invariant,
  ok,
  range,
  record,
  refuse,
  type Settings,
  suite,
  update,
  variant,
} from '../../src/spec/index.ts';

const state = record({ shared: flag, pinned: flag, twice: flag });
type State = Infer<typeof state>;
const command = variant({ share: {}, pin: {}, unshare: {} });

const switches = {
  pinChecksShared: 'pin() refuses a page that is not shared',
  pinShares: 'pin() shares the page',
  unshareChecksPins: 'unshare() refuses a pinned page',
  shareTellsTwice: { doc: 'share() of a shared page is refused, or noted', values: ['refused', 'noted'] },
  verbose: 'changes nothing',
} as const;

/** A pinned page must be shared: pin() asks for that or sees to it, and unshare() must not undo it. */
const pin = defineModel({
  id: 'pin',
  title: 'A shared page and its pin',
  sources: [],
  config: {},
  switches,
  variants: {
    none: { doc: '', switches: {} },
    both: { doc: '', switches: { pinChecksShared: true, pinShares: true, unshareChecksPins: true, verbose: true } },
  },
  defaultVariant: 'both',
  system: (_, patch: Settings<typeof switches>) => ({
    state,
    command,
    initial: { shared: false, pinned: false, twice: false },
    step: (state: State, { kind }: Infer<typeof command>) => {
      if (kind === 'share') {
        if (state.shared && patch.shareTellsTwice === 'refused') return refuse(state, 'EBUSY', 'shared');
        return ok(update(state, (draft) => void Object.assign(draft, { shared: true, twice: state.shared })));
      }
      if (kind === 'pin') {
        if (patch.pinChecksShared && !state.shared) return refuse(state, 'EPERM', 'not shared');
        return ok(
          update(
            state,
            (draft) => void Object.assign(draft, { pinned: true, shared: draft.shared || patch.pinShares }),
          ),
        );
      }
      if (patch.unshareChecksPins && state.pinned) return refuse(state, 'EBUSY', 'pinned');
      return ok(
        update(state, (draft) => {
          draft.shared = false;
        }),
      );
    },
  }),
});
const pinnedIsShared = invariant(pin, {
  id: 'pinned-is-shared',
  statement: '',
  source: '',
  holds: ({ pinned, shared }) => !pinned || shared,
});
const pinSuite = suite({
  model: pin,
  properties: [pinnedIsShared],
  violates: { none: ['pinned-is-shared'], both: [] },
});

const seldom = (n: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: n }, (_, i) => [`seldom${i}`, 'changes nothing']));

const switchedOn = (n: number): Record<string, true> =>
  Object.fromEntries(Object.keys(seldom(n)).map((name) => [name, true]));

const brief = ({ flips }: Ablation) =>
  flips.map(
    ({ name, value, breaks, shows }) =>
      `${name}=${value}: ${breaks.map(({ property, trace }) => `${property.id} ${trace.commands.length}`).join(', ') || `nothing, ${typeof shows === 'object' ? shows.commands.map(describeCommand).join(' ') : shows}`}`,
  );

describe('ablation of a model known by hand', () => {
  it('says of each switch what breaks without it, and where the difference first shows', async () => {
    const found = await ablation(pinSuite, {}, { budget: 100 });
    expect(brief(found)).toEqual([
      'pinChecksShared=false: nothing, pin()',
      'pinShares=false: nothing, none',
      'unshareChecksPins=false: pinned-is-shared 3',
      'shareTellsTwice=noted: nothing, share() share()',
      'verbose=false: nothing, none',
    ]);
    expect([found.holds.map(({ id }) => id), found.violated, found.states]).toEqual([['pinned-is-shared'], [], 3]);
  });

  it('finds every minimal set, though neither check is needed while the other is there', async () => {
    const { combinations } = await ablation(pinSuite, {}, { budget: 100 });
    expect(combinations?.names).toEqual([
      'pinChecksShared',
      'pinShares',
      'unshareChecksPins',
      'shareTellsTwice=refused',
      'verbose',
    ]);
    expect(combinations?.minimal.map(({ names }) => names)).toEqual([
      ['pinChecksShared', 'unshareChecksPins'],
      ['pinShares', 'unshareChecksPins'],
    ]);
    const { sets, searched, replayed, implied, left } = combinations!;
    expect([sets, searched + replayed + implied, left]).toEqual([32, 32, undefined]);
    // What contains {0, 2} or {1, 2}: 12 of 32, of which two were searched.
    expect(implied).toBe(10);
  });

  it('says how many sets it did not come to', async () => {
    const { combinations } = await ablation(pinSuite, {}, { budget: 1 });
    expect(combinations!.searched).toBe(1);
    expect(combinations!.left?.why).toBe('budget');
    expect(combinations!.left!.sets).toBeGreaterThan(0);
  });

  it('starts from any variant, and leaves out what that violates', async () => {
    const found = await ablation(pinSuite, { variant: 'none' }, { budget: 100 });
    expect([found.holds, found.violated.map(({ id }) => id)]).toEqual([[], ['pinned-is-shared']]);
  });
});

/** A trap is only sprung by one check without the other: fewer checks may be better than more. */
it('does not take it for granted that a smaller set breaks what a larger one breaks', async () => {
  const model = defineModel({
    id: 'trap',
    title: 'A trap',
    sources: [],
    config: {},
    switches: { bait: '', catch: '' },
    variants: { all: { doc: '', switches: { bait: true, catch: true } } },
    defaultVariant: 'all',
    system: (_, patch) => ({
      state: record({ sprung: flag }),
      command: variant({ go: {} }),
      initial: { sprung: false },
      step: () => ok({ sprung: patch.bait && !patch.catch }),
    }),
  });
  const never = invariant(model, { id: 'never', statement: '', source: '', holds: ({ sprung }) => !sprung });
  const found = await ablation(suite({ model, properties: [never], violates: { all: [] } }), {}, { budget: 10 });
  expect(brief(found)).toEqual(['bait=false: nothing, none', 'catch=false: never 1']);
  expect(found.combinations?.minimal.map(({ names }) => names)).toEqual([[]]);
});

describe('a switch that makes another transition system', () => {
  const switches = { stops: 'tick() stops at 3', wide: 'there is room for more', ...seldom(12) };
  const model = defineModel({
    id: 'ticks',
    title: 'A counter',
    sources: [],
    config: {},
    switches,
    variants: { all: { doc: '', switches: { stops: true, ...switchedOn(12) } } },
    defaultVariant: 'all',
    system: (_, { stops, wide }: Settings<typeof switches>) => ({
      state: record({ n: range(0, wide ? 9 : 4) }),
      command: variant({ tick: {} }),
      initial: { n: 0 },
      step: ({ n }) => (stops && n === 3 ? refuse({ n }, 'EBUSY', 'at 3') : ok({ n: n + 1 })),
    }),
  });
  const below = (most: number) =>
    invariant(model, { id: `below-${most}`, statement: '', source: '', holds: ({ n }) => n < most });
  const found = ablation(suite({ model, properties: [below(4), below(9)], violates: { all: [] } }), {}, { budget: 10 });

  it('may lead out of the domain behind what it breaks; what that leaves open is said', async () => {
    const [flip] = (await found).flips;
    expect(flip!.breaks.map(({ property, trace }) => [property.id, trace.commands.length])).toEqual([['below-4', 4]]);
    expect(flip!.bound).toEqual({
      kind: 'domain',
      command: { kind: 'tick' },
      misfit: 'n: 5 is not an integer from 0 to 4',
    });
    const blocks = reviewBlocks({ matrix: [], ablation: await found, mutation: undefined });
    expect(terminalText(blocks, false)).toContain(
      'stops=false may break more: the search was not complete (stopped where',
    );
  });

  it('is not compared call by call where its states have another domain', async () => {
    expect(brief(await found)[1]).toBe('wide=true: nothing, other states');
  });

  it('is one of too many to combine, which is said', async () => {
    expect([(await found).combinations, (await found).tooMany]).toEqual([undefined, 13]);
  });
});

it('finds in pkvm-mmio what its README says each check is for, and that F7 is redundant', async () => {
  // Fewer tables than by default, which src/cli/README.md shows.
  const found = await ablation(pkvmMmioSuite, { config: { mmioTables: 3 } }, { budget: 100 });
  const broken = new Map(found.flips.map((flip) => [`${flip.name}=${flip.value}`, flip]));
  const readme = readFileSync(new URL('../../model/pkvm-mmio/README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| (F\d+) \| `fixed`, (\w+=\w+) \| ([\w-]+) \| (.*) \|$/gm)];
  expect(rows.length).toBeGreaterThan(8);
  for (const [, , setting, property, trace] of rows) {
    const one = broken.get(setting!)!.breaks.find(({ property: { id } }) => id === property);
    expect([setting, property, one?.trace.commands.length]).toEqual([setting, property, trace!.split('; ').length]);
  }
  expect(broken.get('returnChecksHost=false')).toMatchObject({ breaks: [], shows: 'none' });
  expect(found.combinations?.minimal.map(({ names }) => names)).toEqual([
    ['checksPfnRange', 'donateChecksMmio', 'returnChecksMmio', 'returnChecksHyp'],
  ]);
  expect(found.combinations?.left).toBeUndefined();
});
