import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pagelaw, typed } from './fake-console.ts';

const directory = mkdtempSync(join(tmpdir(), 'pagelaw-review-'));
writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
const spec = JSON.stringify(join(import.meta.dirname, '../../src/spec/index.ts'));

/** A page that is pinned while it is shared; `errno` is what unsharing a pinned page returns. */
const pinFile = (name: string, { errno = 'EBUSY', states = "'no', 'yes'" } = {}) => {
  const path = join(directory, name);
  writeFileSync(
    path,
    `import * as spec from ${spec};
    const model = spec.defineModel({ id: 'pin', title: 'A pinned page', sources: [], config: { pages: { default: 1, min: 1, max: 2, doc: '' } },
      switches: { unshareChecksPins: 'unshare() refuses a pinned page', idle: 'does nothing' },
      variants: { unchecked: { doc: '', switches: {} }, checked: { doc: '', switches: { unshareChecksPins: true } } }, defaultVariant: 'checked',
      system: (_, { unshareChecksPins }) => ({
        state: spec.record({ shared: spec.flag, pinned: spec.enumOf(${states}) }), command: spec.variant({ share: {}, unshare: {}, pin: {} }),
        initial: { shared: false, pinned: 'no' },
        step: (state, { kind }) => {
          if (kind === 'share') return spec.ok(spec.update(state, (d) => { d.shared = true; }));
          if (kind === 'pin') return state.shared ? spec.ok(spec.update(state, (d) => { d.pinned = 'yes'; })) : spec.refuse(state, 'EPERM', 'not shared');
          if (unshareChecksPins && state.pinned === 'yes') return spec.refuse(state, '${errno}', 'pinned');
          return spec.ok(spec.update(state, (d) => { d.shared = false; }));
        } }) });
    const pinnedIsShared = spec.invariant(model, { id: 'pinned-is-shared', statement: '', source: '', holds: (s) => s.pinned === 'no' || s.shared });
    export default spec.suite({ model, properties: [pinnedIsShared], violates: { unchecked: ['pinned-is-shared'], checked: [] } });`,
  );
  return path;
};

const narrow = (text: string) => {
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
};

describe('pagelaw review', () => {
  it('prints the matrix, what each switch bears, and the minimal set', async () => {
    const { status, out } = await pagelaw(['review', pinFile('review.mjs')]);
    narrow(out);
    expect(status).toBe(0);
    expect(out).toContain(`
unchecked       4  3
checked         3  .
`);
    expect(out).toContain(`
with                     breaks            trace
unshareChecksPins=false  pinned-is-shared      3
idle=true                nothing

idle=true breaks nothing; no reachable call differs at all.
`);
    expect(out).toContain(`
Which of unshareChecksPins it takes, any other switch as in pin@checked:
minimal set that keeps every property:
  unshareChecksPins (3 states)
In every one: unshareChecksPins.
`);
  });

  it('shows the mutants that no property notices', async () => {
    const { status, out } = await pagelaw(['review', pinFile('mutate.mjs'), '--mutate']);
    narrow(out);
    expect(status).toBe(0);
    expect(out).toContain('all judged');
    expect(out).toContain('\nunchecked       4  3\n');
    const without = await pagelaw(['review', pinFile('mutate.mjs'), '--mutate', '--no-matrix']);
    expect(out.endsWith(`\n\n${without.out}`)).toBe(true);
    expect(out).toContain('  unshare() returns -EPERM instead of -EBUSY (pinned)\n');
  });

  it('prints the same as JSON', async () => {
    const { out, err } = await pagelaw([
      'review',
      pinFile('json.mjs'),
      '--mutate',
      '--sample',
      '5',
      '--seed',
      '3',
      '--json',
    ]);
    expect(err).toBe('');
    const { format, ablation, mutation, matrix } = JSON.parse(out);
    expect([format, matrix.format, ablation.flips.length]).toEqual(['pagelaw review', 'pagelaw check', 2]);
    expect(ablation.flips[0].breaks).toEqual([
      { id: 'pinned-is-shared', trace: ['share()', 'pin()', 'unshare()'], loop: null },
    ]);
    expect([mutation.judged, mutation.seed]).toEqual([5, 3]);
  });

  it('prints the same for a mailing list and as Markdown, with how to do it again and what was not checked', async () => {
    const file = pinFile('formats.mjs');
    const [text, mail, markdown] = await Promise.all(
      ['text', 'mail', 'markdown'].map(
        async (format) => (await pagelaw(['review', file, '--mutate', '--sample', '5', '--format', format])).out,
      ),
    );
    const words = (of: string) => of.replaceAll(/\s+/g, ' ').trim();
    const [shown = '', closing = ''] = mail!.split('To reproduce:');
    expect(words(shown)).toBe(words(text!));
    expect(words(closing)).toMatch(
      /^pagelaw review .*formats\.mjs \\? ?--mutate --sample 5 Not checked: - No other configuration than pages=1\. - /,
    );
    for (const line of mail!.split('\n')) if (!line.includes(directory)) expect(line.length).toBeLessThanOrEqual(72);
    expect(markdown).toContain(
      '\n| with | breaks | trace |\n| --- | --- | --: |\n| unshareChecksPins=false | pinned-is-shared | 3 |\n',
    );
    expect(markdown).toContain('\n| unchecked | 4 | 3 |\n| checked | 3 | . |\n');
    expect(markdown).toContain(' --mutate --sample 5\n```\n\nNot checked:\n\n- No other configuration than pages=1.\n');
    const lines = markdown!.split('\n');
    const columns = (line: string) => line.replaceAll('\\|', '').split('|').length;
    for (const [i, line] of lines.entries())
      if (line.startsWith('|') && lines[i - 1]!.startsWith('|')) expect(columns(line)).toBe(columns(lines[i - 1]!));
  });

  it('starts from a variant that is named, and says what is left out', async () => {
    const { out } = await pagelaw(['review', `${pinFile('unchecked.mjs')}@unchecked`]);
    expect(out).toContain('left out, since violated as it is:\npinned-is-shared.');
    expect(out).toContain('it mends pinned-is-shared');
    expect(out).toContain('\n  unshareChecksPins (with idle=false, 3 states)\n');
  });

  it.each([
    ['review', "pagelaw: missing required argument 'target'"],
    ['review pkvm-mmoi', 'pagelaw: there is no model called pkvm-mmoi; did you mean pkvm-mmio?'],
    ['review pkvm-mmio --seed 3', 'pagelaw: --sample and --seed are options of --mutate'],
    [
      'review pkvm-mmio --set pol=3',
      'pagelaw: there is no config parameter of pkvm-mmio called pol; did you mean pool?',
    ],
    ['diff pkvm-mmio@v4', "pagelaw: missing required argument 'b'"],
    ['diff pkvm-mmio shadow-reuse', 'pagelaw: pkvm-mmio@fixed and shadow-reuse@role cannot be compared'],
  ])('%s is refused in one line', async (line, message) => {
    const { status, out, err } = await typed(line);
    expect([status, out, err.slice(0, message.length)]).toEqual([2, '', message]);
    expect(err).toMatch(/^[^\n]*\n$/);
  });
});

describe('pagelaw diff', () => {
  it('shows the shortest trace to the first call that differs, and the verdict that does', async () => {
    const file = pinFile('diff.mjs');
    const { status, out } = await pagelaw(['diff', `${file}@unchecked`, `${file}@checked`]);
    narrow(out);
    expect(status).toBe(1);
    expect(out).toBe(`unchecked and checked: pin
pages=1

switch             unchecked  checked
unshareChecksPins  false      true

        unchecked  checked  both
states          4        3     3

First difference, after 2 calls that do the same on both sides:
    1  share()
    2  pin()
    3  unshare()
  unchecked  ok
             shared  true -> false
  checked    -EBUSY (pinned)
             changes nothing

Calls that differ in reachable states, the shortest way there first:

unshare: 1 call in states that both reach, 1 in states of unchecked only
  unshare() after share(); pin()
  unchecked  ok
             shared  true -> false
  checked    -EBUSY (pinned)
             changes nothing

In no unreachable state do calls differ in another way (every path through the
functions was tried).

property          unchecked          checked
pinned-is-shared  violated, 3 calls  proved
`);
  });

  it('prints the same for a mailing list and as Markdown', async () => {
    const sides = [`${pinFile('diff.mjs')}@unchecked`, `${pinFile('diff.mjs')}@checked`];
    const [text, mail, markdown] = await Promise.all(
      ['text', 'mail', 'markdown'].map(async (format) => (await pagelaw(['diff', ...sides, '--format', format])).out),
    );
    const words = (of: string) => of.replaceAll(/\s+/g, ' ').trim();
    expect(words(mail!.split('To reproduce:')[0]!)).toBe(words(text!));
    expect(markdown).toContain('\n| pinned-is-shared | violated, 3 calls | proved |\n');
    expect(markdown).toContain('\n1. `share()`\n2. `pin()`\n3. `unshare()`\n\n```text\n  unchecked  ok\n');
    expect(markdown!.split('```').length % 2).toBe(1);
  });

  it('compares two versions of a file', async () => {
    const [a, b] = [pinFile('a.mjs'), pinFile('b.mjs', { errno: 'EPERM' })];
    const { status, out } = await pagelaw(['diff', a, b, '--json']);
    const { same, cases, first, verdicts } = JSON.parse(out);
    expect([status, same, first.trace, verdicts]).toEqual([1, false, ['share()', 'pin()', 'unshare()'], []]);
    expect(
      cases.map((one: { example: { a: { result: string }; b: { result: string } } }) => [
        one.example.a.result,
        one.example.b.result,
      ]),
    ).toEqual([['-EBUSY (pinned)', '-EPERM (pinned)']]);
  });

  it('says that two versions are the same, in this configuration', async () => {
    const { status, out } = await pagelaw(['diff', pinFile('c.mjs'), pinFile('d.mjs')]);
    expect(status).toBe(0);
    expect(out.replaceAll(/\s+/g, ' ')).toContain(
      'in this configuration they are the same, proved for 3 states, which are all that either reaches.',
    );
    expect(out).toContain('No property has another verdict.');
  });

  it('does not say so of a search that was cut short', async () => {
    const { out } = await pagelaw(['diff', pinFile('e.mjs'), pinFile('f.mjs'), '--max-states', '2']);
    expect(out).toContain('Incomplete (stopped at 2\nstates; stopped at 2 states): nothing is proved.');
    expect(out).not.toContain('the same');
  });

  it('hears ctrl-C while it compares', async () => {
    const { status, out, err } = await pagelaw(['diff', 'pkvm-mmio@before', 'pkvm-mmio@fixed', '--workers', '1'], {
      interruptAt: (line) => line.endsWith('comparing calls'),
    });
    expect([status, out]).toEqual([130, '']);
    expect(err).toBe(
      'pagelaw: interrupted while calls were compared: nothing is shown; --max-states N compares them in N states\n',
    );
  });

  it('cannot compare states with other fields', async () => {
    const { status, err } = await pagelaw([
      'diff',
      pinFile('g.mjs'),
      pinFile('h.mjs', { states: "'no', 'yes', 'twice'" }),
    ]);
    expect([status, err]).toEqual([
      2,
      'pagelaw: pin@checked and pin@checked cannot be compared: their states do not have the same domain at pinned\n',
    ]);
  });
});
