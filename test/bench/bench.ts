import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { suites } from '../../properties/index.ts';
import { searchExhaustive } from '../../src/engine/explicit/exhaustive.ts';
import { searchReference } from '../../src/engine/reference/reference.ts';
import { taskOf } from '../../src/engine/task.ts';
import { table } from '../../src/report/render/table.ts';
import { count } from '../../src/report/words.ts';
import type { Model, Property } from '../../src/spec/index.ts';
import { searchSubject } from '../../src/subject/search.ts';
import { Subject } from '../../src/subject/subject.ts';
import { subjectTask } from '../../src/subject/system.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { searchNaively } from './naive.ts';
import { searchPackedPages } from './packed-pages.ts';
import { searchPackedTree } from './packed-tree.ts';
import { pkvmPages, pkvmPagesProperties, pkvmPagesStates } from './pkvm-pages.ts';
import { stage2Tree, stage2TreeProperties, stage2TreeStates } from './stage2-tree.ts';

/** `npm run bench`: every way to search, side by side. `npm run bench -- pkvm-pages` runs the comparisons of that name only. */

interface Searched {
  readonly states: number;
  readonly transitions: number;
  readonly bytesPerState?: number;
}

interface Measured extends Searched {
  readonly seconds: number;
  /** The most memory that the process ever had, in MiB. */
  readonly peak: number;
}

interface Contender {
  readonly name: string;
  run(): Promise<Searched> | Searched;
}

interface Comparison {
  readonly title: string;
  readonly contenders: readonly Contender[];
  /** How many states there are, where that is known from elsewhere. */
  readonly states?: number;
}

/** The median counts. */
const times = 3;

const searched = (
  model: Model,
  properties: readonly Property[],
  config: Readonly<Record<string, number>>,
  variant?: string,
) => {
  const task = () => taskOf(model, scopeOf(model, { config, variant }), properties);
  const tables = (workers: number): Contender => ({
    name: `tables, ${workers === 1 ? '1 worker' : `${workers} workers`}`,
    run: async () => {
      const { covered, engine } = await searchExhaustive(task(), { workers });
      return { ...covered, bytesPerState: engine!.bytesPerState };
    },
  });
  const reference: Contender = { name: 'reference', run: async () => (await searchReference(task())).covered };
  const naive: Contender = { name: 'naive: immer + Set of JSON', run: () => searchNaively(task()) };
  // Its calls are those of the model, made by another process: what is beyond the reference search's time is that of pipes and answers.
  const subject: Contender = {
    name: 'subject: the model over a pipe',
    run: async () => {
      const server = fileURLToPath(new URL('../subject/serve-model.js', import.meta.url));
      const asked = new Subject(model, scopeOf(model, { config, variant }), {
        program: `${process.execPath} ${server} --without-reasons`,
      });
      try {
        return (
          await searchSubject(
            subjectTask(task(), asked, () => undefined),
            asked,
          )
        ).covered;
      } finally {
        asked.close();
      }
    },
  };
  return { fast: [tables(1), tables(availableParallelism())], slow: [naive, reference], subject };
};

const byHand = (run: Contender['run']): Contender => ({ name: 'written by hand, packed', run });

const pages = (n: number, withSlow: boolean): Comparison => {
  const k = Math.ceil(n / 4);
  const { fast, slow } = searched(pkvmPages, pkvmPagesProperties, { pages: n, tables: k });
  return {
    title: `pkvm-pages(${n}, ${k})`,
    states: pkvmPagesStates(n, k),
    contenders: [...fast, byHand(() => searchPackedPages(n, k)), ...(withSlow ? slow : [])],
  };
};

const tree = (levels: number, entries: number, prots: number, withSlow: boolean): Comparison => {
  const { fast, slow } = searched(stage2Tree, stage2TreeProperties, { levels, entries, prots });
  return {
    title: `stage2-tree(${levels}, ${entries}, ${prots})`,
    states: stage2TreeStates(levels, entries, prots),
    contenders: [
      ...fast,
      ...(levels === 2 ? [byHand(() => searchPackedTree(entries, prots))] : []),
      ...(withSlow ? slow : []),
    ],
  };
};

const comparisons: readonly Comparison[] = [
  pages(6, true),
  pages(8, false),
  tree(2, 3, 2, true),
  tree(2, 3, 3, true),
  tree(3, 2, 2, true),
  ...suites.map(({ model, properties }): Comparison => {
    const { fast, slow, subject } = searched(model, properties, {});
    return { title: `${model.id}@${model.defaultVariant}`, contenders: [fast[0]!, ...slow, subject] };
  }),
];

/** One run in a process of its own, so that its memory is its own and nothing is warm. */
const measure = (title: string, name: string): Measured =>
  JSON.parse(
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--one', title, name], { encoding: 'utf8' }),
  );

const runOne = async (title: string, name: string) => {
  const { contenders } = comparisons.find((one) => one.title === title)!;
  const start = performance.now();
  const found = await contenders.find((one) => one.name === name)!.run();
  const measured: Measured = {
    states: found.states,
    transitions: found.transitions,
    ...(found.bytesPerState !== undefined && { bytesPerState: found.bytesPerState }),
    seconds: (performance.now() - start) / 1000,
    peak: process.resourceUsage().maxRSS / 1024,
  };
  process.stdout.write(JSON.stringify(measured));
};

/** Runs each contender, insists that all count the same, and prints the ratios to the first. */
const compare = ({ title, contenders, states }: Comparison) => {
  const rows = contenders.map(({ name }) => {
    const runs = Array.from({ length: times }, () => measure(title, name)).sort((a, b) => a.seconds - b.seconds);
    return { name, ...runs[times >> 1]! };
  });
  const [first] = rows;
  for (const { name, ...found } of rows)
    if (found.states !== (states ?? first!.states) || found.transitions !== first!.transitions)
      throw new Error(`${title}: ${name} counts ${found.states} states and ${found.transitions} transitions`);
  const lines = rows.map(({ name, seconds, states, transitions, bytesPerState, peak }) => [
    name,
    (seconds / first!.seconds).toFixed(2),
    seconds.toFixed(2),
    count(Math.round(states / seconds)),
    count(Math.round(transitions / seconds)),
    bytesPerState === undefined ? '' : bytesPerState.toFixed(1),
    peak.toFixed(0),
  ]);
  const head = ['search', 'time, ratio', 'seconds', 'states/s', 'transitions/s', 'bytes/state', 'peak MiB'];
  process.stdout.write(`${title}: ${count(first!.states)} states\n${table(head, lines, head.slice(1))}\n\n`);
};

const [only, ...one] = process.argv.slice(2);
if (only === '--one') await runOne(one[0]!, one[1]!);
else {
  const [cpu] = cpus();
  process.stdout.write(`${cpus().length} x ${cpu?.model}, Node ${process.version}; medians of ${times}\n\n`);
  for (const comparison of comparisons) if (comparison.title.startsWith(only ?? '')) compare(comparison);
}
