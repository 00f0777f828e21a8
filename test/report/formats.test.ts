import { XMLParser, XMLValidator } from 'fast-xml-parser';
import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatted } from '../../src/cli/formats.ts';
import { findingBlocks } from '../../src/report/findings.ts';
import { github } from '../../src/report/github.ts';
import { junit } from '../../src/report/junit.ts';
import { ktap } from '../../src/report/ktap.ts';
import { markdown as markdownOf } from '../../src/report/render/markdown.ts';
import { mailText } from '../../src/report/render/text.ts';
import type { Report } from '../../src/report/report.ts';
import { expression } from '../../src/trace/itf/value.ts';
import { typed } from '../cli/fake-console.ts';
import { sampleReports } from './sample.ts';

let reports: Report[];
beforeAll(async () => {
  reports = await sampleReports();
});
const mail = (of: readonly Report[]) => mailText(findingBlocks(of));
const markdown = (of: readonly Report[]) => markdownOf(findingBlocks(of));
const golden = (name: string) => `golden/${name}`;
const real = 'check pkvm-mmio@v4 shadow-roots@merged --search exhaustive --format';

describe('mail', () => {
  it('is as it was', () => expect(mail(reports)).toMatchFileSnapshot(golden('sample.mail')));

  it('has 72 columns, no colour, and no line that a reader takes for a quotation', async () => {
    const { out } = await typed(`${real} mail`);
    for (const text of [mail(reports), out])
      for (const line of text.split('\n')) {
        expect(line.length).toBeLessThanOrEqual(72);
        expect(line).toMatch(/^[ -~]*$/);
        expect(line).not.toMatch(/^(>|From )|\s$/);
      }
    for (const part of ['To reproduce:', 'Scope:', 'Calls, in the kernel:', 'Not checked:'])
      expect(out).toContain(part);
  });
});

describe('markdown', () => {
  it('is as it was', () => expect(markdown(reports)).toMatchFileSnapshot(golden('sample.md')));

  it('has rows of four cells, whatever the statements hold', () => {
    for (const line of markdown(reports).split('\n'))
      if (line.startsWith('|')) expect(line.replaceAll('\\|', '').split('|')).toHaveLength(6);
  });

  it('has no sign in a diagram that ends a statement', () => {
    const diagrams = [...markdown(reports).matchAll(/```mermaid\n([\s\S]*?)```/g)].map(([, diagram]) => diagram!);
    expect(diagrams.length).toBeGreaterThan(3);
    for (const diagram of diagrams) {
      expect(diagram.replaceAll(/#\d+;/g, '')).not.toMatch(/[;#]/);
      expect(diagram.split('\n    loop ').length).toBe(diagram.split('\n    end').length);
    }
  });
});

describe('ITF', () => {
  // As ADR 015 of Apalache describes the format.
  const integer = v.pipe(v.number(), v.safeInteger());
  const special = v.strictObject({ '#bigint': v.pipe(v.string(), v.regex(/^-?[0-9]+$/)) });
  const expr: v.GenericSchema<unknown> = v.lazy(() =>
    v.union([
      v.string(),
      v.boolean(),
      integer,
      special,
      v.array(expr),
      v.record(v.pipe(v.string(), v.regex(/^[^#]/)), expr),
    ]),
  );
  const schema = v.strictObject({
    '#meta': v.record(v.string(), v.string()),
    vars: v.array(v.string()),
    loop: v.optional(integer),
    states: v.array(v.objectWithRest({ '#meta': v.object({ index: integer }) }, expr)),
  });

  const every = () =>
    reports.flatMap((report) =>
      report.findings
        .filter((finding) => finding.counterexample)
        .map((finding) => ({ finding, trace: JSON.parse(formatted('itf', [{ ...report, findings: [finding] }])) })),
    );

  it('is as it is described', () => {
    expect(every().length).toBeGreaterThan(4);
    for (const { trace } of every()) {
      const { vars, states, loop = 0 } = v.parse(schema, trace);
      expect(loop).toBeLessThan(states.length);
      for (const [i, { '#meta': meta, ...values }] of states.entries()) {
        expect(meta.index).toBe(i);
        expect(Object.keys(values).sort()).toEqual([...vars].sort());
      }
    }
  });

  it('has the state before each call, and says where an endless loop begins', () => {
    const { trace, finding } = every().find(({ finding }) => finding.property.id === 'retry-ends')!;
    expect(finding.counterexample!.steps).toHaveLength(2);
    const { states, loop } = trace as { states: object[]; loop: number };
    expect([states.length, loop]).toEqual([2, 1]);
    expect(states[1]).toMatchObject({ 'pagelaw::call': 'map(entry=0)', n: 1, table: { kind: 'present', entry: 0 } });
  });

  it('writes integers beyond those of JSON as big ones', () => {
    expect(expression({ a: [2 ** 53 - 1, 2 ** 53, -(2n ** 64n)], b: true })).toEqual({
      a: [2 ** 53 - 1, { '#bigint': '9007199254740992' }, { '#bigint': '-18446744073709551616' }],
      b: true,
    });
  });

  it('holds one trace, and says what to do where there are more', async () => {
    const one = await typed('check pkvm-mmio@v4 --property no-panic --format itf');
    expect(v.parse(schema, JSON.parse(one.out)).states).toHaveLength(2);
    const more = await typed('check pkvm-mmio@v4 --search exhaustive --format itf');
    expect([more.status, more.out]).toEqual([2, '']);
    expect(more.err).toBe(
      'pagelaw: ITF holds one trace, and there are 12; name a variant and a --property, or use --save and replay --format itf\n',
    );
    const none = await typed('check pkvm-mmio@fixed --search exhaustive --format itf');
    expect([none.status, none.out]).toEqual([0, '']);
    expect(none.err).toContain('no counterexample was found');
  });
});

describe('JUnit XML', () => {
  // The elements and attributes of Jenkins' junit-10.xsd that are used here.
  const text = v.string();
  const suite = v.strictObject({
    name: text,
    tests: text,
    failures: text,
    errors: text,
    skipped: text,
    properties: v.tuple([v.strictObject({ property: v.array(v.strictObject({ name: text, value: text })) })]),
    testcase: v.array(
      v.strictObject({
        name: text,
        classname: text,
        failure: v.optional(v.tuple([v.strictObject({ type: text, message: text, '#text': text })])),
        skipped: v.optional(v.tuple([v.strictObject({ message: text })])),
        'system-out': v.optional(v.tuple([text])),
      }),
    ),
  });
  const schema = v.object({
    testsuites: v.tuple([
      v.strictObject({ name: text, tests: text, failures: text, errors: text, testsuite: v.array(suite) }),
    ]),
  });
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: false,
    parseTagValue: false,
    isArray: (_name, _path, _isLeaf, isAttribute) => !isAttribute,
    alwaysCreateTextNode: false,
  });

  it('is as it was', () => expect(junit(reports)).toMatchFileSnapshot(golden('sample.junit.xml')));

  it('is well-formed and has the elements that Jenkins knows, with the right numbers', async () => {
    const { out } = await typed(`${real} junit`);
    for (const xml of [junit(reports), out]) {
      expect(XMLValidator.validate(xml)).toBe(true);
      const [{ testsuite, tests, failures }] = v.parse(
        schema,
        parser.parse(xml.replace(/^<\?xml.*\?>/, '')),
      ).testsuites;
      const cases = testsuite.flatMap(({ testcase }) => testcase);
      expect(Number(tests)).toBe(cases.length);
      expect(Number(failures)).toBe(cases.filter(({ failure }) => failure).length);
      for (const { tests, failures, skipped, testcase } of testsuite)
        expect([tests, failures, skipped].map(Number)).toEqual([
          testcase.length,
          testcase.filter(({ failure }) => failure).length,
          testcase.filter(({ skipped }) => skipped).length,
        ]);
    }
  });
});

describe('KTAP', () => {
  it('is as it was', () => expect(ktap(reports)).toMatchFileSnapshot(golden('sample.ktap')));

  it('is version 1: a plan for every level, numbers in order, a test fails if one of its subtests does', async () => {
    const { out } = await typed(`${real} ktap`);
    for (const text of [ktap(reports), out]) {
      const [version, plan, ...lines] = text.trimEnd().split('\n');
      expect(version).toBe('KTAP version 1');
      let failed = false;
      let planned = 0;
      const numbers: number[] = [];
      const inner: number[] = [];
      for (const line of lines) {
        const [, indent, result, number] = /^( *)(ok|not ok) (\d+) [^#]+( # [A-Za-z].*)?$/.exec(line) ?? [];
        if (result === undefined) {
          const [, n] = /^ {2}1\.\.(\d+)$/.exec(line) ?? [];
          if (n) planned = Number(n);
          else expect(line).toMatch(/^ {2}(KTAP version 1$|# )/);
        } else if (indent === '  ') {
          inner.push(Number(number));
          failed ||= result === 'not ok';
        } else {
          expect(inner).toEqual(Array.from({ length: planned }, (_, i) => i + 1));
          expect(result).toBe(failed ? 'not ok' : 'ok');
          numbers.push(Number(number));
          failed = false;
          inner.length = 0;
        }
      }
      expect(plan).toBe(`1..${numbers.length}`);
      expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    }
  });
});

describe('GitHub annotations', () => {
  it('are as they were', () => expect(github(reports)).toMatchFileSnapshot(golden('sample.github')));

  it('have one line each, with nothing unescaped', () => {
    for (const line of github(reports).trimEnd().split('\n')) {
      expect(line).toMatch(/^::(error|warning|notice) title=[^:,]*::/);
      expect(line).not.toMatch(/%(?!25|0A|0D|3A|2C)/);
    }
  });
});

describe('--format', () => {
  it('json says by what a property is proved, and for what', async () => {
    const { out } = await typed('check pkvm-mmio@fixed --search exhaustive --json');
    const properties: { verdict: string; provedBy?: string; holdsFor?: string; reachedIn?: number }[] =
      JSON.parse(out).results[0].properties;
    const ways = properties.map(({ verdict, provedBy, holdsFor, reachedIn }) =>
      [verdict, provedBy, holdsFor, reachedIn === undefined ? 'no example' : 'example'].join(' '),
    );
    expect([...new Set(ways)].sort()).toEqual([
      'proved example configuration example',
      'proved exhaustion configuration no example',
    ]);
  });

  it('json is what --json is', async () => {
    const line = 'check pkvm-mmio@fixed --search reference --max-states 10';
    expect((await typed(`${line} --format json`)).out).toBe((await typed(`${line} --json`)).out);
  });

  it.each(['check x', 'check x --matrix', 'audit x', 'review x', 'diff x y', 'replay x', 'run x y', 'list x'])(
    'is written in the same way everywhere: pagelaw %s',
    async (line) => {
      const wrong = await typed(`${line} --format yaml`);
      expect([wrong.status, wrong.out]).toEqual([2, '']);
      expect(wrong.err).toMatch(
        /^pagelaw: option '--format <name>' argument 'yaml' is invalid. Allowed choices are text, [a-z, ]+\.\n$/,
      );
      expect(wrong.err).toContain('json');
      const both = await typed(`${line} --json --format text`);
      expect([both.status, both.err]).toEqual([2, 'pagelaw: --json and --format text exclude each other\n']);
    },
  );

  it('is refused where it contradicts --json, or is none', async () => {
    const both = await typed('check pkvm-mmio@fixed --json --format mail');
    expect([both.status, both.err]).toEqual([2, 'pagelaw: --json and --format mail exclude each other\n']);
    const none = await typed('check pkvm-mmio@fixed --format yaml');
    expect([none.status, none.err]).toEqual([
      2,
      "pagelaw: option '--format <name>' argument 'yaml' is invalid. Allowed choices are text, mail, json, markdown, script, itf, junit, ktap, github.\n",
    ]);
  });
});
