import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { suites } from '../../properties/index.ts';
import { check } from '../../src/job/check.ts';
import { describeCommand } from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { systemOf } from '../../src/system/system.ts';
import { counterexampleText } from '../../src/trace/counterexample.ts';
import { parseScript } from '../../src/trace/script/parse.ts';
import { pagelaw, type Ran } from '../cli/fake-console.ts';

/*
 * What people hand to the command line: scripts, saved counterexamples, ITF traces, names and values. Any of it, however damaged, gives a result or
 * one line that says what is wrong, and takes no longer than its length warrants.
 */

/** A command line, and what it is given to read. */
export interface Input {
  readonly argv: readonly string[];
  readonly bytes: Uint8Array;
}

/** To be read, where a test fails. */
const readable = (inputs: fc.Arbitrary<Input>): fc.Arbitrary<Input> =>
  inputs.map((input) => ({ ...input, [fc.toStringMethod]: () => inputText(input) }));

export const inputText = ({ argv, bytes }: Input): string =>
  `pagelaw ${argv.map((word) => JSON.stringify(word)).join(' ')}, given ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}`;

/** What is wrong with how an input was taken; undefined if nothing is. */
export const complaint = async (input: Input): Promise<string | undefined> => {
  try {
    return complaintOf(await taken(input));
  } catch (error) {
    return `it throws ${error instanceof Error ? error.stack : String(error)}`;
  }
};

export const complaintOf = ({ status, out, err }: Pick<Ran, 'status' | 'out' | 'err'>): string | undefined => {
  if (![0, 1, 2].includes(status)) return `status ${status}`;
  if (status === 2 && !/^(pagelaw|error): [^\n]+\n$/.test(err)) return `not one line: ${JSON.stringify(err)}`;
  if (status < 2 && err !== '') return `status ${status}, and ${JSON.stringify(err)}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what may not reach a terminal
  const steering = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.exec(out + err);
  return steering ? `${JSON.stringify(steering[0])} is printed` : undefined;
};

/** The file that is read stands for `FILE` on the command line. */
const taken = async ({ argv, bytes }: Input) => {
  if (!argv.includes(FILE)) return pagelaw(argv, { input: Readable.from([Buffer.from(bytes)]) });
  const directory = mkdtempSync(join(tmpdir(), 'pagelaw-'));
  try {
    const path = join(directory, 'file.json');
    writeFileSync(path, bytes);
    return await pagelaw(argv.map((word) => (word === FILE ? path : word)));
  } finally {
    rmSync(directory, { recursive: true });
  }
};

const FILE = 'FILE';

/** What is seldom written by hand. */
const oddities = [
  ...'[](){}=,#-> \t\n\r:.\'"\\/@*+_0%',
  '\0',
  '\x1b[31m',
  '\x7f',
  '\x85',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\ud800',
  'é',
  '€',
  '\u{1f600}',
  '0x',
  '-0',
  '1e999',
  '4294967296',
  '99999999999999999999',
  'NaN',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'expect',
  'init',
  'show',
  'WARN',
  '-> -EPERM',
  '-> panic',
  '->',
  'pfn=',
  '[0]',
  '[0-1]',
  '{kind: ',
  '..',
  '$`x`',
  '%s',
  'null',
  'true',
];

const oddity = fc.oneof(
  { arbitrary: fc.constantFrom(...oddities), weight: 6 },
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.nat(300).map((length) => ' '.repeat(length)),
  fc.nat(300).map((length) => '['.repeat(length)),
);

/** A text with some places changed; places are given by how far along the text they are. */
const damaged = (texts: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(...texts),
      fc.array(fc.record({ at: fc.nat(1000), without: fc.nat(4), odd: fc.oneof(oddity, fc.constant('')) }), {
        maxLength: 4,
      }),
    )
    .map(([text, edits]) =>
      edits.reduce((before, { at, without, odd }) => {
        const place = Math.floor((at / 1000) * before.length);
        return before.slice(0, place) + odd + before.slice(place + without);
      }, text),
    );

const bytesOf = (text: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> =>
  fc.oneof({ arbitrary: text.map((one) => Buffer.from(one)), weight: 8 }, fc.uint8Array({ maxLength: 60 }));

const calls = ({ model }: (typeof suites)[number]): string[] => {
  const { command } = systemOf(model, scopeOf(model));
  return [...command.values()].slice(0, 40).map(describeCommand);
};

const scriptsOf = (suite: (typeof suites)[number]): readonly string[] => {
  const lines = calls(suite);
  const made = [0, 1, 2, 3].map((from) =>
    lines
      .filter((_, i) => i % 4 === from)
      .map((call, i) => `${call}${['', ' -> 0', ' -> -EPERM (why)', ' = -16, WARN odd # note'][i % 4]}`)
      .join('\n'),
  );
  return [
    ...made,
    `# heading\n${lines[0]}\nshow\nexpect ${Object.keys(systemOf(suite.model, scopeOf(suite.model)).initial as object)[0]}[0]=0\n`,
  ];
};

const written = (path: string) => readFileSync(new URL(`../../model/${path}`, import.meta.url), 'utf8');
const ofPkvm = ['errnos', 'lifecycle', 'teardown'].map((name) => written(`pkvm-ownership/${name}.script`));

const format = fc.constantFrom<string[]>([], ['--format', 'json'], ['--ktap'], ['--keep-going']);

/** A script on standard input. */
export const anyScript: fc.Arbitrary<Input> = fc.constantFrom(...suites).chain((suite) => {
  const scripts = [...scriptsOf(suite), ...(suite.model.id === 'pkvm-ownership' ? ofPkvm : [])];
  return readable(
    fc.record({
      argv: format.map((options) => ['run', suite.model.id, '-', ...options]),
      bytes: bytesOf(damaged(scripts)),
    }),
  );
});

/** Names, switches and sizes. */
export const anyChoice: fc.Arbitrary<Input> = fc.constantFrom(...suites).chain(({ model }) => {
  const variants = Object.keys(model.variants);
  const target = damaged([model.id, ...variants.map((variant) => `${model.id}@${variant}`), 'x.mts', './x@y']);
  const sizes = Object.entries(model.config).map(([name, { min, max }]) => `${name}=${min}-${max}`);
  const set = damaged([
    ...sizes,
    ...Object.entries(model.config).map(([name, { min }]) => `${name}=${min}`),
    'pages=1',
  ]);
  const choice = damaged([...Object.keys(model.switches).flatMap((name) => [`${name}=true`, `${name}=`]), 'x=y']);
  const options = fc.array(
    fc.oneof(
      set.map((value) => ['--set', value]),
      choice.map((value) => ['--switch', value]),
    ),
    { maxLength: 2 },
  );
  const inputs = fc
    .tuple(fc.constantFrom('list', 'run'), fc.oneof(fc.constant(model.id), target), options)
    .map(([command, name, given]) => ({
      argv: command === 'list' ? [command, '--', name] : [command, ...given.flat(), '--', name, '-'],
      bytes: Buffer.from('# nothing'),
    }));
  return readable(inputs);
});

/** Counterexamples as they are saved. */
const saved = async (): Promise<readonly string[]> => {
  const suite = suites.find(({ model }) => model.id === 'pkvm-mmio')!;
  const { properties } = await check(suite, { variant: 'before' }, { kind: 'exhaustive', maxStates: 300 });
  return properties.flatMap(({ counterexample }) => (counterexample ? counterexampleText(counterexample, '.') : []));
};

/** JSON with one value in it replaced, or left out. */
const altered = (texts: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(...texts),
      fc.nat(),
      fc.option(fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(-0, 2 ** 53, '__proto__', ''))),
    )
    .map(([text, choice, value]) => {
      const whole: unknown = JSON.parse(text);
      const places = placesIn(whole);
      const { object, key } = places[choice % places.length]!;
      if (value === null) Reflect.deleteProperty(object, key);
      else Reflect.set(object, key, value);
      return JSON.stringify(whole);
    });

const placesIn = (value: unknown): { object: object; key: string }[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) => [{ object: value, key }, ...placesIn(inner)]);

/** A file that is to be replayed. */
export const anyCounterexample = async (): Promise<fc.Arbitrary<Input>> => {
  const texts = await saved();
  if (texts.length === 0) throw new Error('there is no counterexample to damage');
  return readable(
    fc.record({
      argv: fc.constantFrom([], ['--json'], ['--format', 'markdown']).map((options) => ['replay', FILE, ...options]),
      bytes: bytesOf(fc.oneof(damaged(texts), altered(texts), altered(texts))),
    }),
  );
};

/** Counterexamples in the Informal Trace Format: with and without a loop, as pagelaw writes them. */
const itfTexts = async (): Promise<readonly string[]> => {
  const found = [
    ['check', 'pkvm-mmio@before', '--property', 'single-owner'],
    ['check', 'mte-tags@copy-tags', '--property', 'no-deadlock'],
  ];
  const ran = await Promise.all(
    found.map((argv) => pagelaw([...argv, '--search', 'exhaustive', '--max-states', '300', '--format', 'itf'])),
  );
  return ran.map(({ out }) => out);
};

/** An ITF trace that is to be run, or replayed. */
export const anyItf = async (): Promise<fc.Arbitrary<Input>> => {
  const texts = await itfTexts();
  if (texts.some((text) => !text.includes('"#meta"'))) throw new Error('there is no ITF trace to damage');
  const compact = texts.map((text) => JSON.stringify(JSON.parse(text)));
  return readable(
    fc.record({
      argv: fc.constantFrom(
        ['replay', FILE],
        ['replay', FILE, '--json'],
        ['run', FILE],
        ['run', 'pkvm-mmio@v4', FILE, '--keep-going'],
      ),
      bytes: bytesOf(fc.oneof(damaged(compact), altered(compact), altered(compact))),
    }),
  );
};

/** Any of them. */
export const anyInput = async (): Promise<fc.Arbitrary<Input>> =>
  fc.oneof(anyScript, anyChoice, await anyCounterexample(), await anyItf());

/** A line of a script that grows: what comes first, what is repeated, what comes last. */
export interface Growing {
  readonly before: string;
  readonly unit: string;
  readonly after: string;
}

const starts = [
  '',
  '# ',
  'host_share_hyp(',
  'host_share_hyp(pfn=',
  'host_share_hyp(pfn=0) -> ',
  'host_share_hyp(pfn=0) -> -EPERM (',
  'expect ',
  'expect host',
  'expect host=',
  'expect host=[',
  'init ',
  'init host=',
  'show ',
  '__pkvm_',
  'host_share_hyp(pfn=0) -> 0, WARN ',
];

export const anyGrowing: fc.Arbitrary<Growing> = fc.record({
  before: fc.constantFrom(...starts),
  unit: fc.oneof(
    fc.constantFrom(...oddities, ' ', 'a', '0', '_', 'host[0]=OWNED ', '[[', 'a,', 'a=1,', 'a.b', '# '),
    fc.string({ minLength: 1, maxLength: 3 }),
  ),
  after: fc.constantFrom('', '\n', ')', ']', '=', ' x', '\nhost_share_hyp(pfn=0)\n', '\u2028'),
});

export const grown = ({ before, unit, after }: Growing, length: number): string =>
  `${before}${unit.repeat(Math.ceil(length / unit.length))}${after}\n`;

/**
 * Whether the time that `take` needs grows no faster than the length of what it is given; else in words how fast it grows. Lengths are
 * doubled until one takes long enough to be measured. What seems to be slow is measured again, so that a busy machine makes no difference.
 */
export const slowness = (take: (text: string) => void, growing: Growing): string | undefined => {
  let before = Number.POSITIVE_INFINITY;
  for (let length = 512; length <= 1 << 16; length *= 2) {
    const now = fastest(take, grown(growing, length), 1);
    if (now > 30 && now > before * mostGrowth) {
      const [half, whole] = [length / 2, length].map((one) => fastest(take, grown(growing, one), 5));
      if (whole! > 30 && whole! > half! * mostGrowth)
        return `${length} characters take ${whole!.toFixed(0)} ms, half of them ${half!.toFixed(0)}`;
    }
    before = Math.max(now, 1);
  }
  return undefined;
};

/** The scripts' parser, as of a model with many calls and arguments. */
export const takeScript = (text: string): void => {
  const { model } = suites.find(({ model }) => model.id === 'pkvm-ownership')!;
  parseScript(text, 'a.script', systemOf(model, scopeOf(model)));
};

/** For twice the length: twice the time, and some for the machine. Four times would be quadratic. */
const mostGrowth = 3;

/** In milliseconds. */
const fastest = (take: (text: string) => void, text: string, times: number): number => {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    try {
      take(text);
    } catch {
      // Whether it is right to refuse it is not the question here.
    }
    least = Math.min(least, performance.now() - start);
  }
  return least;
};
