import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable } from '../../../src/printable.ts';
import { errnoNumbers, SpecError } from '../../../src/spec/index.ts';
import { parseScript } from '../../../src/trace/script/parse.ts';
import { statementText } from '../../../src/trace/script/write.ts';
import type { Expected, Statement } from '../../../src/trace/trace.ts';
import { system } from './sample.ts';

/** Statements, or one SpecError of one line that names a line of the file. Anything else fails. */
const check = (source: string | Uint8Array) => {
  try {
    expect(Array.isArray(parseScript(source, 'a.script', system))).toBe(true);
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    const [, line] = /^a\.script:(\d+): [^\n\r]+$/.exec(error.message) ?? [];
    expect(line, error.message).toBeDefined();
    const bytes = typeof source === 'string' ? new TextEncoder().encode(source) : source;
    expect(Number(line)).toBeLessThanOrEqual(1 + bytes.filter((byte) => byte === 10).length);
    expect(error.message.length).toBeLessThan(1000);
    expect(printable(error.message)).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u);
  }
};

const valid = `# a heading
init table: count=3 entries[0]={kind: leaf, pfn: 1, young: false}
init host[0-1]=SHARED only=3
host_share(pfn=1, nr=2, young=true, prot=R) -> -EIO (not (yet)), WARN odd, WARN
__pkvm_host_share(0x1, 2, true, R) = -16
set([1, 3]) -> 0x10 # why
wait(for=the page, 2) -> panic (BUG)
tick()
expect table: count=2 entries=[zero, leaf] entries[1].pfn=0
expect host=[OWNED, SHARED] word=one two busy=true
show
show host[0-1] table.entries[0]
`;

/** What means something to the parser, and what ends lines elsewhere. */
const pieces = [
  ...'()[]{}=,:.#->_ \t\n\r"\'\0\x1b\x7f\x85\u2028\u2029\ufeff\u202e\ud800',
  ...[
    '->',
    'WARN',
    ', WARN',
    'expect ',
    'init ',
    'show ',
    'tick()',
    'host',
    'table.',
    'entries',
    '[0-',
    '{kind: ',
    '-E',
    '0x',
  ],
  ...['é', '🐧', '-16', '99999999999999999999', '__pkvm_', '__proto__', 'constructor', 'kind'],
];

const piece = fc.oneof(
  fc.constantFrom(...pieces),
  fc.string({ unit: 'binary', maxLength: 3 }),
  fc.stringMatching(/^\w{1,9}$/),
);

/** A valid script with some slices of it dropped, doubled, moved or replaced. */
const mutated = fc
  .array(
    fc.record({
      at: fc.nat(valid.length),
      length: fc.nat(20),
      to: fc.nat(valid.length),
      with: fc.array(piece, { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((mutations) =>
    mutations.reduce((text, { at, length, to, with: inserted }) => {
      const slice = text.slice(at, at + length);
      const rest = text.slice(0, at) + text.slice(at + length);
      return rest.slice(0, to) + (inserted.length === 0 ? slice + slice : inserted.join('')) + rest.slice(to);
    }, valid),
  );

describe('whatever a script has in it, the parser gives statements or one line that says where', () => {
  it('reads the sample', () => {
    expect(parseScript(valid, 'a.script', system).map(({ kind }) => kind)).toEqual([
      ...['heading', 'init', 'init', 'call', 'call', 'call', 'call', 'call', 'expect', 'expect', 'show', 'show'],
    ]);
  });

  it('random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), check), { numRuns: 1000 });
  });

  it('random pieces', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (parts) => check(parts.join(''))),
      { numRuns: 3000 },
    );
  });

  it('random mutations of a script', () => {
    fc.assert(fc.property(mutated, check), { numRuns: 3000 });
  });

  it('random mutations of its bytes', () => {
    const bytes = new TextEncoder().encode(valid);
    const edit = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    const edited = fc
      .array(edit, { minLength: 1, maxLength: 4 })
      .map((edits) => edits.reduce((made, [at, byte]) => made.with(at, byte), bytes));
    fc.assert(fc.property(edited, check), { numRuns: 2000 });
  });

  it.each([
    [
      'a lone carriage return',
      '# a\rb\ntick()',
      'a.script:1: column 4 has the control character \\r; a line ends with',
    ],
    ['U+2028', '# a\u2028b\ntick()', 'a.script:1: column 4 has the control character \\u2028;'],
    ['U+2029', 'tick()\n \u2029', 'a.script:2: column 2 has the control character \\u2029;'],
    ['NEL', 'tick() #\x85', 'a.script:1: column 9 has the control character \\x85;'],
    ['NUL', 'tick()\0', 'a.script:1: column 7 has the control character \\x00;'],
    ['an escape sequence', 'tick() -> \x1b[31m0', 'a.script:1: column 11 has the control character \\x1b;'],
    ['half a surrogate pair', 'tick() # \ud83d', 'a.script:1: column 10 has the control character \\ud83d;'],
    ['no UTF-8', Uint8Array.of(0x74, 10, 0x23, 0xff), 'a.script:1: t is not followed'],
    ['no UTF-8 in line 2', Uint8Array.of(0x23, 10, 0x23, 0xff, 10), 'a.script:2: the line is not UTF-8'],
  ])('%s', (_, source, message) => {
    const expected = message.startsWith('a.script:1: t ') ? /^a\.script:1: there is no call called t; / : undefined;
    expect(() => parseScript(source, 'a.script', system)).toThrow(expected ?? message);
  });

  it('takes a byte order mark, \\r\\n, and a last line without an end', () => {
    const bytes = new TextEncoder().encode('\ufeff# a\r\ntick()\r');
    expect(parseScript(bytes, 'a.script', system)).toEqual([
      { kind: 'heading', line: 1, text: 'a' },
      { kind: 'call', line: 2, command: { kind: 'tick' } },
    ]);
  });
});

const words = fc
  .array(fc.constantFrom('pae_root', 'is', 'NULL', 'a,', '(b)', 'WARN'), { minLength: 1, maxLength: 4 })
  .map((all) => all.join(' '));
const reason = fc.option(fc.oneof(words, fc.constant('bug #7')), { nil: undefined });

const expected: fc.Arbitrary<Expected> = fc
  .tuple(
    fc.oneof(
      fc.record({ result: fc.constant('ok' as const), value: fc.oneof(fc.nat(), fc.constantFrom('NULL', 'page_1')) }),
      fc.constant({ result: 'ok' as const }),
      fc
        .tuple(fc.constantFrom('EPERM' as const, 'E2BIG' as const, 'ERESTARTSYS' as const), reason)
        .map(([errno, why]) => ({ result: 'refused' as const, errno, ...(why !== undefined && { reason: why }) })),
      fc
        .tuple(fc.constantFrom('panic' as const, 'disabled' as const), reason)
        .map(([result, why]) => ({ result, ...(why !== undefined && { reason: why }) })),
    ),
    fc.array(
      fc.option(
        words.filter((text) => !text.includes(', WARN')),
        { nil: undefined },
      ),
      { maxLength: 3 },
    ),
  )
  .map(([result, warnings]) => ({ ...result, warnings }));

const statement: fc.Arbitrary<Statement> = fc.oneof(
  fc
    .tuple(system.command.arbitrary(), fc.option(expected, { nil: undefined }))
    .map(([command, one]) => ({ kind: 'call' as const, line: 1, command, ...(one && { expected: one }) })),
  fc
    .array(
      fc.constantFrom<Extract<Statement, { kind: 'expect' }>['fields'][number]>(
        { path: ['host', 1], value: 'SHARED' },
        { path: ['host', { from: 0, to: 1 }], value: 'OWNED' },
        { path: ['host'], value: ['OWNED', 'SHARED'] },
        { path: ['word'], value: 'one two' },
        { path: ['table'], value: { count: 3, entries: ['zero', { kind: 'leaf', young: true }] } },
        { path: ['table', 'entries', 0, 'pfn'], value: 1 },
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((fields) => ({ kind: 'expect' as const, line: 1, fields })),
  fc
    .array(fc.constantFrom(['host'], ['table', 'entries', { from: 0, to: 1 }, 'pfn'], ['only', 0]), { maxLength: 3 })
    .map((paths) => ({ kind: 'show' as const, line: 1, paths })),
);

it('reads a statement as it prints it', () => {
  fc.assert(
    fc.property(statement, (one) => {
      expect(parseScript(`${statementText(one)}  # as printed`, 'a.script', system)).toEqual([one]);
    }),
    { numRuns: 2000 },
  );
});

it('reads every errno by its name and by its number', () => {
  for (const [name, number] of Object.entries(errnoNumbers)) {
    const read = (text: string) => parseScript(`tick() -> ${text}`, 'a.script', system)[0];
    expect(read(`-${number}`)).toEqual(read(`-${name}`));
    expect(read(`-${name}`)).toMatchObject({ expected: { errno: name } });
  }
});

describe('the time grows with the length of a line and no faster', () => {
  const lines: Readonly<Record<string, (n: number) => string>> = {
    'a heading of spaces': (n) => `# a${' '.repeat(n)}b`,
    'spaces before': (n) => `${' '.repeat(n)}tick()`,
    'spaces between': (n) => `tick${' '.repeat(n)}(${' '.repeat(n)})${' '.repeat(n)}->${' '.repeat(n)}0`,
    'an array of brackets': (n) => `expect host=${'['.repeat(n)}`,
    'brackets that close': (n) => `expect host=${'['.repeat(n)}${']'.repeat(n)}`,
    'commas in an array': (n) => `expect host=[${'OWNED,'.repeat(n)}]`,
    braces: (n) => `expect table=${'{count: '.repeat(n)}`,
    'a long path': (n) => `expect ${'table.'.repeat(n)}=1`,
    'a long index': (n) => `expect host[${'1'.repeat(n)}]=OWNED`,
    'a long name': (n) => `${'host_'.repeat(n)}(1)`,
    'a long prefix': (n) => `${'_'.repeat(n)}tick()`,
    'a long word': (n) => `expect word=${'one'.repeat(n)}`,
    'words that are no value': (n) => `wait(${'the '.repeat(n)})`,
    'a long number': (n) => `share(${'1'.repeat(n)})`,
    arguments: (n) => `host_share(${'1,'.repeat(n)})`,
    'names of arguments': (n) => `host_share(${'pfn='.repeat(n)})`,
    'brackets of a call': (n) => `tick${'('.repeat(n)}`,
    'brackets of a reason': (n) => `tick() -> -EIO ${'('.repeat(n)}`,
    'a reason of spaces': (n) => `tick() -> -EIO (${' '.repeat(n)}x)`,
    'commas behind a result': (n) => `tick() -> 0${', '.repeat(n)}`,
    'commas in a WARN': (n) => `tick() -> 0, WARN ${', W'.repeat(n)}`,
    'many WARNs': (n) => `tick() -> 0${', WARN a'.repeat(n)}`,
    'signs of comments': (n) => `tick() ${'#'.repeat(n)}`,
    fields: (n) => `expect ${'host[0]=OWNED '.repeat(n)}`,
    parts: (n) => `show ${'host[0] '.repeat(n)}`,
    colons: (n) => `expect host${':'.repeat(n)}`,
    'a control character at the end': (n) => `# ${'a'.repeat(n)}\r.`,
    'empty lines': (n) => '\n'.repeat(n),
    headings: (n) => '# a\n'.repeat(n >> 3),
    calls: (n) => 'tick() -> 0\n'.repeat(n >> 3),
    'fields that are set': (n) => `init ${'host[0]=OWNED '.repeat(n)}`,
    'lines that set fields': (n) => 'init host[0]=OWNED\n'.repeat(n >> 3),
  };
  // The longest takes some 100 ms. What is quadratic takes minutes there, what is cubic at the second step, and neither is waited for.
  it.each(Object.entries(lines))(
    '%s',
    (_, line) => {
      for (const n of [1_000, 4_000, 16_000, 64_000]) {
        const source = `${line(n)}\n`;
        const start = performance.now();
        check(source);
        expect(performance.now() - start, `${n}`).toBeLessThan(5000);
      }
    },
    60_000,
  );
});
