import { type CheckResult, check } from '../../src/job/check.ts';
import { type Report, reportOf } from '../../src/report/report.ts';
import {
  defineModel,
  flag,
  type Infer,
  invariant,
  type Outcome,
  ok,
  panic,
  progress,
  range,
  reachable,
  record,
  refuse,
  suite,
  update,
  variant,
  warn,
} from '../../src/spec/index.ts';

const state = record({ n: range(0, 3), table: variant({ absent: {}, present: { entry: range(0, 1) } }), tlb: flag });

const command = variant({ map: { entry: range(0, 1) }, unmap: {}, retry: {}, crash: {} });
type State = Infer<typeof state>;
type Command = Infer<typeof command>;

/** A counter with a table and a TLB, whose words hold everything that some format gives a meaning to. */
export const sample = defineModel({
  id: 'sample',
  title: 'Signs <that> & "must" be \'escaped\'; 100% | `all` of #them ]]>',
  sources: [],
  config: { top: { default: 3, min: 1, max: 3, doc: 'where it ends' } },
  switches: { stops: 'map() stops at the top' },
  variants: { only: { doc: '', switches: {} } },
  defaultVariant: 'only',
  legend: () => 'n counts; * is what it points to',
  kernel: { map: 'kvm_map()' },
  draw: ({ n, table, tlb }: State) => [
    {
      title: 'tables',
      columns: ['entry'],
      lines: [
        {
          name: 'root',
          cells: [String(n)],
          below: table.kind === 'absent' ? [] : [{ name: 'leaf', cells: [String(table.entry)] }],
        },
      ],
    },
    {
      title: 'TLB',
      columns: ['cached'],
      lines: [
        {
          name: 'va 0',
          cells: [String(tlb)],
          stale: tlb && table.kind === 'absent' ? 'outlives its mapping' : undefined,
        },
      ],
    },
  ],
  system: ({ top }, { stops }) => ({
    state,
    command,
    initial: { n: 0, table: { kind: 'absent' }, tlb: false },
    step: (state: State, command: Command): Outcome<State> => {
      if (command.kind === 'crash')
        return state.n === 3 ? panic(state, 'BUG: <n> & "3"') : refuse(state, 'EBUSY', 'not yet; n < 3');
      if (command.kind === 'retry') return refuse(state, 'EAGAIN', 'try again; 100% sure | #1');
      if (command.kind === 'unmap')
        return ok(
          update(state, (draft) => {
            draft.table = { kind: 'absent' };
          }),
        );
      if (state.n >= top) return stops ? refuse(state, 'ENOSPC', 'full') : warn(ok(state), 'full #1');
      return ok(
        update(state, (draft) => {
          draft.n += 1;
          draft.table = { kind: 'present', entry: command.entry };
          draft.tlb = true;
        }),
      );
    },
  }),
});

export const sampleSuite = suite({
  model: sample,
  properties: [
    invariant(sample, {
      id: 'below-2',
      statement: 'n < 2 & "n" > -1.',
      source: 'us|them',
      holds: ({ n }) => n < 2 || `n is ${n}`,
    }),
    invariant(sample, { id: 'never-0', statement: 'n is not 0.', source: '', holds: ({ n }) => n > 0 }),
    invariant(sample, { id: 'below-4', statement: 'n is below 4.', source: '', holds: ({ n }) => n < 4 }),
    invariant(sample, { id: 'listed', statement: 'n is at least 0.', source: '', holds: ({ n }) => n >= 0 }),
    invariant(sample, {
      id: 'tlb-has-mapping',
      statement: 'What the TLB caches is mapped.',
      source: '',
      holds: ({ table, tlb }) => !tlb || table.kind === 'present',
    }),
    progress(sample, {
      id: 'retry-ends',
      statement: 'Retrying ends.',
      source: '',
      waiting: ({ n }) => n === 1,
      own: ({ kind }) => kind === 'retry',
    }),
    reachable(sample, { id: 'can-be-1', statement: 'n can be 1.', source: '', when: ({ n }) => n === 1 }),
    reachable(sample, { id: 'can-be-4', statement: 'n can be 4.', source: '', when: ({ n }) => (n as number) === 4 }),
  ],
  violates: { only: ['tlb-has-mapping', 'listed'] },
});

/** The version without the check that it has as a switch, beside the one with it: what `check --matrix` has rows of. */
export const sampleResults = async (): Promise<CheckResult[]> => [
  await check(sampleSuite, {}, { kind: 'exhaustive' }),
  await check(sampleSuite, { switches: { stops: true } }, { kind: 'exhaustive' }),
];

/** Every status there is: violated as listed and not, listed and not violated, proved, reached and unreached, a lasso, no call at all. */
export const sampleReports = async (): Promise<Report[]> => [
  reportOf(await check(sampleSuite, {}, { kind: 'exhaustive' })),
  reportOf(
    await check(sampleSuite, { config: { top: 1 } }, { kind: 'random', runs: 20, length: 5, seed: 1 }),
    './sample.mts',
  ),
];
