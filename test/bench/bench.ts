import { cpus } from 'node:os';
import { suites } from '../../properties/index.ts';
import { table } from '../../src/report/table.ts';
import { count } from '../../src/report/words.ts';
import { searchExhaustive } from '../../src/search/exhaustive.ts';
import { searchReference } from '../../src/search/reference.ts';
import { taskOf } from '../../src/search/task.ts';
import { type Model, type Property, scopeOf } from '../../src/spec/index.ts';
import { searchNaively } from './naive.ts';
import { searchPackedPages } from './packed-pages.ts';
import { pkvmPages, pkvmPagesProperties, pkvmPagesStates } from './pkvm-pages.ts';

interface Measured {
  readonly states: number;
  readonly transitions: number;
  readonly bytesPerState?: number;
}

/** A way to search, and how often it is run: the median counts. Slow ones are run once. */
interface Contender {
  readonly name: string;
  readonly times: number;
  run(): Promise<Measured> | Measured;
}

const searched = (
  model: Model,
  properties: readonly Property[],
  config: Readonly<Record<string, number>>,
  variant?: string,
) => {
  const task = () => taskOf(model, scopeOf(model, { config, variant }), properties);
  const tables: Contender = {
    name: 'tables, 1 worker',
    times: 3,
    run: async () => {
      const { covered, engine } = await searchExhaustive(task());
      return { ...covered, bytesPerState: engine!.bytesPerState };
    },
  };
  const reference: Contender = {
    name: 'reference',
    times: 1,
    run: async () => (await searchReference(task())).covered,
  };
  const naive: Contender = { name: 'naive: immer + Set of JSON', times: 1, run: () => searchNaively(task()) };
  return { tables, reference, naive };
};

/** Runs each contender, insists that all count the same, and prints the ratios to the first. */
const compare = async (title: string, expected: number | undefined, contenders: readonly Contender[]) => {
  const rows: { name: string; seconds: number; measured: Measured }[] = [];
  for (const { name, times, run } of contenders) {
    const runs: { seconds: number; measured: Measured }[] = [];
    for (let i = 0; i < times; i++) {
      const start = performance.now();
      const measured = await run();
      runs.push({ seconds: (performance.now() - start) / 1000, measured });
    }
    runs.sort((a, b) => a.seconds - b.seconds);
    rows.push({ name, ...runs[times >> 1]! });
  }
  const [first] = rows;
  for (const { name, measured } of rows)
    if (
      measured.states !== (expected ?? first!.measured.states) ||
      measured.transitions !== first!.measured.transitions
    )
      throw new Error(`${title}: ${name} counts ${measured.states} states and ${measured.transitions} transitions`);
  const lines = rows.map(({ name, seconds, measured: { states, transitions, bytesPerState } }) => [
    name,
    `${(seconds / first!.seconds).toFixed(2)}`,
    seconds.toFixed(2),
    count(Math.round(states / seconds)),
    count(Math.round(transitions / seconds)),
    bytesPerState === undefined ? '' : bytesPerState.toFixed(1),
  ]);
  const head = ['search', 'time, ratio', 'seconds', 'states/s', 'transitions/s', 'bytes/state'];
  process.stdout.write(`${title}: ${count(first!.measured.states)} states\n${table(head, lines, head.slice(1))}\n\n`);
};

const pages = (n: number) => ({ pages: n, tables: Math.ceil(n / 4) });
const packed = (n: number): Contender => ({
  name: 'written by hand, packed',
  times: 3,
  run: () => searchPackedPages(n, Math.ceil(n / 4)),
});

process.stdout.write(
  `${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}; medians of three, of the slow searches one run\n\n`,
);
const six = searched(pkvmPages, pkvmPagesProperties, pages(6));
await compare('pkvm-pages(6, 2)', pkvmPagesStates(6, 2), [six.tables, packed(6), six.naive, six.reference]);
await compare('pkvm-pages(8, 2)', pkvmPagesStates(8, 2), [
  searched(pkvmPages, pkvmPagesProperties, pages(8)).tables,
  { ...searched(pkvmPages, [], pages(8)).tables, name: 'tables, no properties' },
  packed(8),
]);
for (const { model, properties } of suites)
  for (const variant of ['v4', model.defaultVariant].filter((one) => one in model.variants)) {
    const { tables, reference, naive } = searched(model, properties, {}, variant);
    await compare(`${model.id}@${variant}`, undefined, [tables, reference, naive]);
  }
