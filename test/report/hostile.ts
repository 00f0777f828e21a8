import {
  defineModel,
  disabled,
  enumOf,
  type Infer,
  invariant,
  type Outcome,
  ok,
  panic,
  reachable,
  record,
  refuse,
  suite,
  update,
  variant,
  warn,
} from '../../src/spec/index.ts';

/** What a text of a model may hold that some format or a browser takes for its own. */
export const evil = (place: string): string =>
  `<img src=x onerror="window.hit='${place}'"> "'</script></style></title></svg>--><b>${place}</b> &lt;i&gt; |\`\`\`*_~[a](b)\\`;

const values = [evil('value one'), evil('value two')] as const;

const state = record({ part: enumOf(...values), at: enumOf('start', 'end') });
const command = variant({
  go: { to: enumOf(...values) },
  refuse: {},
  fail: {},
  never: {},
});
type State = Infer<typeof state>;
type Command = Infer<typeof command>;

/** A model each of whose texts is hostile. The places that they stand at are in the texts. */
const hostile = defineModel({
  id: 'hostile',
  title: evil('title'),
  sources: [evil('source of the model')],
  config: { n: { default: 1, min: 1, max: 1, doc: evil('config doc') } },
  switches: {
    kind: { doc: evil('switch doc'), values: [evil('switch value'), 'plain'] },
    flag: evil('flag doc'),
  },
  variants: { only: { doc: evil('variant doc'), switches: {} } },
  defaultVariant: 'only',
  legend: () => evil('legend'),
  kernel: { go: evil('kernel') },
  subject: evil('subject'),
  pages: () => [0],
  classify: ({ part, at }: State) => `${evil('class')} ${at} ${part === values[0] ? 1 : 2}`,
  draw: ({ part, at }: State) => [
    {
      title: evil('drawing'),
      columns: [evil('column')],
      lines: [
        { name: evil('line'), cells: [part], below: [{ name: at, cells: [evil('cell')] }] },
        ...(at === 'end' ? [{ name: evil('new line'), cells: [''], stale: evil('stale') }] : []),
      ],
    },
  ],
  system: () => ({
    state,
    command,
    initial: { part: values[0], at: 'start' },
    step: (before: State, call: Command): Outcome<State> => {
      if (call.kind === 'never') return disabled(before, evil('disabled'));
      if (call.kind === 'refuse') return before.at === 'start' ? refuse(before, 'EINVAL', evil('reason')) : ok(before);
      if (call.kind === 'fail') return before.at === 'end' ? panic(before, evil('panic')) : ok(before);
      const after = update(before, (draft) => {
        draft.part = call.to;
        draft.at = 'end';
      });
      return warn(ok(after), evil('warning'));
    },
  }),
});

export default suite({
  model: hostile,
  properties: [
    invariant(hostile, {
      id: 'stays',
      statement: evil('statement'),
      source: evil('source'),
      forEach: () => enumOf(...values),
      holds: ({ at, part }, instance) => at === 'start' || part !== instance || evil('detail'),
    }),
    reachable(hostile, { id: 'there', statement: evil('witness'), source: '', when: ({ at }) => at === 'end' }),
    reachable(hostile, { id: 'nowhere', statement: evil('unreached'), source: '', when: () => false }),
  ],
  violates: { only: [] },
});
