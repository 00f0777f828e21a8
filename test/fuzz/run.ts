import * as fc from 'fast-check';
import { taskOf } from '../../src/engine/task.ts';
import { SpecError, type Suite } from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { anyCase, type Case } from './cases.ts';
import { type Compared, compare, engines } from './compare.ts';
import { anyGrowing, anyInput, complaint, inputText, slowness, takeScript } from './inputs.ts';
import { type NotYet, notYet } from './not-yet.ts';

export interface Run {
  readonly seed: number;
  /** Asked before each model. */
  readonly goesOn: (tally: Tally) => boolean;
  readonly by?: typeof engines;
  /** Whether to try inputs of the command line as well, so many for each model. */
  readonly hasInputs?: boolean;
  /** Differences that are known and not mended yet. */
  readonly known?: readonly NotYet[];
}

/** What was tried. */
export interface Tally {
  readonly models: number;
  /** Of the plain search: distinct states, and calls made. */
  readonly states: number;
  readonly calls: number;
  /** The model that took longest, in seconds of processors. */
  readonly slowest: { readonly seed: number; readonly seconds: number };
  /** How often models, verdicts and whatever else of a kind were seen. */
  readonly seen: Readonly<Record<string, number>>;
}

/** A model of which a search says something else than the plain one, or an input that is taken badly, made as small as possible. */
export interface Failure {
  /** With this seed it is the first. */
  readonly seed: number;
  /** The model, or the input, to be read. */
  readonly text: string;
  readonly differences: readonly string[];
}

export const failureText = ({ seed, text, differences }: Failure) =>
  [
    text,
    ...differences.map((difference) => `// ${difference}`),
    `// again: npm run fuzz -- --seed ${seed} --models 1`,
    '',
  ].join('\n');

/** What this process and its threads have used until now. */
export const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** For a smaller model, in milliseconds. */
const longestSearch = 60_000;

/** Compares the searches of one random model after the other, until one differs. */
export const fuzz = async ({
  seed,
  goesOn,
  by = engines,
  hasInputs = false,
  known = notYet,
}: Run): Promise<Tally & { failure?: Failure }> => {
  let tally: Tally = { models: 0, states: 0, calls: 0, slowest: { seed, seconds: 0 }, seen: {} };
  while (goesOn(tally)) {
    // The seeds that follow have a model each, so that each can be had again alone.
    const own = (seed + tally.models) | 0;
    const start = cpuSeconds();
    let isFirst = true;
    let differences: readonly string[] = [];
    const property = fc.asyncProperty(anyCase, async (one) => {
      const compared = await comparison(one, by);
      if (isFirst) tally = withCase(tally, one, compared, known);
      isFirst = false;
      const found = compared?.differences.filter((difference) => !isKnown(known, difference)) ?? [];
      if (found.length === 0) return;
      differences = found;
      throw new Error(found.join('\n'));
    });
    const { counterexample } = await fc.check(property, {
      seed: own,
      numRuns: 1,
      interruptAfterTimeLimit: longestSearch,
    });
    if (counterexample) return { ...tally, failure: { seed: own, text: textOf(counterexample[0]), differences } };
    const input = hasInputs ? await badInput(own) : undefined;
    if (input) return { ...tally, failure: input };
    const seconds = cpuSeconds() - start;
    if (seconds > tally.slowest.seconds) tally = { ...tally, slowest: { seed: own, seconds } };
  }
  return tally;
};

const textOf = ({ text, plan }: Case) => `${text()}\n// searched by ${JSON.stringify(plan)}`;

/** For each model so many. */
export const inputsPerModel = 2;

const badInput = async (seed: number): Promise<Failure | undefined> => {
  let said: string | undefined;
  const taken = fc.asyncProperty(await inputs(), async (input) => {
    const bad = await complaint(input);
    said = bad ?? said;
    return bad === undefined;
  });
  const { counterexample } = await fc.check(taken, { seed, numRuns: inputsPerModel });
  if (counterexample) return { seed, text: inputText(counterexample[0]), differences: [said!] };
  if (seed % 16 !== 0) return undefined;
  const [growing] = fc.sample(anyGrowing, { seed, numRuns: 1 });
  const slow = slowness(takeScript, growing!);
  return slow === undefined ? undefined : { seed, text: JSON.stringify(growing), differences: [slow] };
};

let made: ReturnType<typeof anyInput> | undefined;
const inputs = () => {
  made ??= anyInput();
  return made;
};

const isKnown = (known: readonly NotYet[], difference: string) => known.find(({ pattern }) => pattern.test(difference));

/** Undefined for what is no model: a program that was made smaller need not be one. */
const comparison = async (one: Case, by: typeof engines): Promise<Compared | undefined> => {
  let suite: Suite;
  try {
    suite = one.suite();
    taskOf(suite.model, scopeOf(suite.model), suite.properties);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof SpecError) return undefined;
    throw error;
  }
  return compare(suite, one.plan, by);
};

const withCase = (
  tally: Tally,
  { manner, plan }: Case,
  compared: Compared | undefined,
  known: readonly NotYet[],
): Tally => {
  const seen = { ...tally.seen };
  const see = (what: string, times = 1) => {
    if (times > 0) seen[what] = (seen[what] ?? 0) + times;
  };
  see(manner);
  if (!compared) see('no model');
  const { said, refusals = 0, differences = [] } = compared ?? {};
  see('refused', Number(refusals > 0));
  for (const difference of differences) see(isKnown(known, difference)?.what ?? 'differs');
  if (!said || said.broken !== undefined) see('broken');
  else {
    for (const { kind, trace } of Object.values(said.verdicts)) {
      see(kind);
      see('traces', Number(trace !== undefined));
      see('loops', Number(trace?.loop !== undefined));
    }
    see('dead ends', Number(said.deadEnd !== undefined));
    see('over 30 states', Number(said.states > 30));
    see(`bound: ${said.bound}`, Number(said.bound !== undefined));
    see('workers', plan.workers.length);
    see('little memory', Number(plan.littleMemory));
    see('through check', Number(plan.throughCheck));
    const results = Object.values(said.coverage).flatMap((of) => Object.keys(of));
    for (const kind of ['panic', 'WARN', 'E', 'disabled'])
      see(kind, Number(results.some((one) => one.startsWith(kind))));
  }
  return {
    ...tally,
    models: tally.models + 1,
    states: tally.states + (said?.states ?? 0),
    calls: tally.calls + (said?.transitions ?? 0),
    seen,
  };
};
