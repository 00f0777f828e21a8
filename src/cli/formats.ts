import type { Block } from '../report/document.ts';
import { findingBlocks } from '../report/findings.ts';
import { github } from '../report/github.ts';
import { junit } from '../report/junit.ts';
import { ktap } from '../report/ktap.ts';
import { markdown } from '../report/render/markdown.ts';
import { mailText, terminalText } from '../report/render/text.ts';
import { findingName, type Report } from '../report/report.ts';
import { brokenWords } from '../report/trace.ts';
import { SpecError } from '../spec/errors.ts';
import { itf } from '../trace/itf/write.ts';
import { traceOf } from '../trace/record.ts';
import { scriptOf } from '../trace/script/write.ts';
import { callsOf } from '../trace/trace.ts';

/** Of `--format`, by command. What several of them have is called the same. */
export const formats = {
  /** Of `check` and `replay`. `text` and `json` have reports of their own, which know more than a `Report`. */
  check: ['text', 'mail', 'json', 'markdown', 'script', 'itf', 'junit', 'ktap', 'github'],
  /** Of `check --matrix`, `review` and `diff`. */
  document: ['text', 'mail', 'json', 'markdown'],
  audit: ['text', 'json', 'markdown', 'csv', 'mermaid', 'dot', 'svg'],
  /** `script` and `itf` hold one trace. */
  find: ['text', 'mail', 'json', 'markdown', 'script', 'itf'],
  run: ['text', 'json', 'ktap'],
  list: ['text', 'json'],
} as const;

export type Format<Of extends keyof typeof formats> = (typeof formats)[Of][number];

/** The reports in a format that is made of them. */
export const formatted = (format: Exclude<Format<'check'>, 'text' | 'json'>, reports: readonly Report[]): string =>
  format === 'mail' || format === 'markdown'
    ? documentIn(format, findingBlocks(reports), false)
    : { script: oneScript, itf: oneItf, junit, ktap, github }[format](reports);

/** A document in one of the formats for people. `colour`: of text for a terminal. */
export const documentIn = (
  format: Exclude<Format<'document'>, 'json'>,
  blocks: readonly Block[],
  colour: boolean,
): string => {
  if (format === 'mail') return mailText(blocks);
  return format === 'markdown' ? markdown(blocks) : terminalText(blocks, colour);
};

/** `short`: what an option of its own asks for, as `--json` does. Throws a SpecError if `--format` asks for another. */
export const formatOf = <F extends string>(
  format: F | undefined,
  ...short: readonly (F | false | undefined)[]
): F | 'text' => {
  const [first, ...others] = [...short, format].filter((one) => one !== undefined && one !== false);
  const other = others.find((one) => one !== first);
  if (other !== undefined)
    throw new SpecError(`--${first} and ${other === format ? `--format ${other}` : `--${other}`} exclude each other`);
  return first ?? 'text';
};

/** JSON as every command prints it. What could steer a terminal is written as escapes, which mean the same in a string of JSON. */
export const jsonText = (value: object): string =>
  `${JSON.stringify(value, null, 2).replaceAll(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/gu, escapedJson)}\n`;

const escapedJson = (char: string): string =>
  char
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

/** A command line with these options; false and undefined stand for one that is not given. */
export const commandLine = (
  words: readonly string[],
  options: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>,
): string[] => [
  'pagelaw',
  ...words,
  ...Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    if (value === true) return [`--${name}`];
    return [value].flat().flatMap((one) => [`--${name}`, String(one)]);
  }),
];

/** The one counterexample as a script: the property, the calls with their results, and what is broken then. */
const oneScript = (reports: readonly Report[]): string => {
  const one = oneFound(reports, 'a script');
  if (!one) return '';
  const { report, property, steps, trace } = one;
  const calls = traceOf(report.scope, steps);
  const heading = (text: string) => ({ kind: 'heading', line: 0, text }) as const;
  return scriptOf({
    ...calls,
    statements: [
      heading(`${property.id}: ${property.statement}`),
      ...callsOf(calls).flatMap((call, i) => [
        ...(i === trace.loop ? [heading('from here on, over and over')] : []),
        call,
      ]),
      heading(brokenWords(trace)),
    ],
  });
};

/** The one counterexample in the Informal Trace Format. */
const oneItf = (reports: readonly Report[]): string => {
  const one = oneFound(reports, 'ITF');
  if (!one) return '';
  const { report, property, steps, trace } = one;
  const broken = { property: property.id, statement: property.statement, words: brokenWords(trace) };
  return jsonText(itf({ scope: report.scope, start: report.initial, steps, broken, loop: trace.loop }));
};

/** For a format that holds one trace. What several searches of a variant found is the first one's. */
const oneFound = (reports: readonly Report[], format: string) => {
  const found = new Map(
    reports
      .flatMap((report) =>
        report.findings.flatMap((finding) => {
          const { property, counterexample } = finding;
          return counterexample
            ? [[findingName(report, finding), { report, property, ...counterexample }] as const]
            : [];
        }),
      )
      .reverse(),
  );
  if (found.size > 1)
    throw new SpecError(
      `${format} holds one trace, and there are ${found.size}; name a variant and a --property, or use --save and replay --format ${format === 'ITF' ? 'itf' : 'script'}`,
    );
  const [first] = found.values();
  return first;
};
