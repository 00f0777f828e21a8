import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { suites } from '../../properties/index.ts';
import { pagelaw, typed } from './fake-console.ts';

const ids = suites.map(({ model }) => model.id).join(', ');

describe('wrong usage gets one line and exit status 2', () => {
  it.each([
    ['chek', "pagelaw: unknown command 'chek' (Did you mean check?)"],
    ['check --serch random', "pagelaw: unknown option '--serch' (Did you mean --search?)"],
    ['check pkvm-mmoi', 'pagelaw: there is no model called pkvm-mmoi; did you mean pkvm-mmio?'],
    ['check something-else', `pagelaw: there is no model called something-else; there are ${ids}`],
    ['check pkvm-mmio@fixd', 'pagelaw: there is no variant of pkvm-mmio called fixd; did you mean fixed?'],
    ['check pkvm-mmio@v4@v5', 'pagelaw: pkvm-mmio@v4@v5 is not MODEL, MODEL@VARIANT or FILE'],
    ['check @v4', 'pagelaw: @v4 is not MODEL, MODEL@VARIANT or FILE'],
    ['check --property sinlge-owner', 'pagelaw: there is no property called sinlge-owner; did you mean single-owner?'],
    ['check --set pol=3', 'pagelaw: there is no config parameter of pkvm-mmio called pol; did you mean pool?'],
    ['check --set pool=9', 'pagelaw: pkvm-mmio: pool=9 is not an integer from 1 to 8'],
    ['check --set pool=three', 'pagelaw: --set takes integers, not three'],
    ['check --set pool', 'pagelaw: --set pool is not NAME=VALUE'],
    ['check --set pool=2 --set pool=3', 'pagelaw: --set pool is given twice'],
    ['check --search random --max-states 9', 'pagelaw: --max-states is an option of exhaustive search'],
    ['check --search reference --symmetry off', 'pagelaw: --symmetry is an option of exhaustive search'],
    ['check --search exhaustive --seed 9', 'pagelaw: --seed is an option of random search'],
    ['check --search random --path 3000', 'pagelaw: --path 3000 is not one of the 3000 runs from 0 on'],
    ['check pkvm-mmio --property x-*', "pagelaw: no property matches x-*; 'pagelaw list MODEL' shows them"],
    ['check --runs 9 --time 5s', 'pagelaw: --runs and --time both say how long to search; give one'],
    [
      'check --search random --time 5',
      "pagelaw: option '--time <duration>' argument '5' is invalid. It is a number with s, m or h, as 90s, 5m or 1h.",
    ],
    ['check --save=', 'pagelaw: --save takes nothing for its directory; write --save after the targets, or --save=DIR'],
    ['check --save package.json', 'pagelaw: cannot save to package.json: EEXIST'],
    ['check --save /proc/none', 'pagelaw: cannot save to /proc/none: ENOENT'],
    [
      'check pkvm-mmio@v4 --property hyp-donate-host-mmio-eperm-not-mapped-at-el2',
      'pagelaw: hyp-donate-host-mmio-eperm-not-mapped-at-el2: no meaning for the switches of what is to be checked',
    ],
    ['check pkvm-mmio@fixed --set devices=5', 'pagelaw: pkvm-mmio: devices=5 needs as many tables, but mmioTables=4'],
    [
      'check --switch countedInvalid=skip',
      'pagelaw: there is no value of countedInvalid called skip; did you mean skips?',
    ],
    [
      'check --switch donateCheckMmio=true',
      'pagelaw: there is no switch of pkvm-mmio called donateCheckMmio; did you mean donateChecksMmio?',
    ],
    ['check --runs 0', "pagelaw: option '--runs <n>' argument '0' is invalid. It is an integer from 1 on."],
    ['check --seed x', "pagelaw: option '--seed <n>' argument 'x' is invalid. It is an integer."],
    [
      'check --search both',
      "pagelaw: option '--search <kind>' argument 'both' is invalid. Allowed choices are exhaustive, random, reference.",
    ],
    [
      'check --save pkvm-mmio@v4',
      'pagelaw: --save takes pkvm-mmio@v4 for its directory; write --save after the targets, or --save=DIR',
    ],
    ['check ./none.ts', 'pagelaw: there is no file ./none.ts'],
    ['replay', "pagelaw: missing required argument 'file'"],
    ['replay none.json', "pagelaw: cannot read none.json: ENOENT: no such file or directory, open 'none.json'"],
    ['list none', `pagelaw: there is no model called none; there are ${ids}`],
  ])('%s', async (line, message) => {
    const { status, out, err } = await typed(line);
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(/^[^\n]*\n$/);
    expect(err.slice(0, message.length)).toBe(message);
  });
});

describe('a model file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pagelaw-'));
  const file = (name: string, text: string) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  const spec = JSON.stringify(join(import.meta.dirname, '../../src/spec/index.ts'));
  /** A counter to 3, in whose step `body` stands. */
  const counter = (body: string, more = '') => `
    import * as spec from ${spec};
    const model = spec.defineModel({ id: 'counter', title: 'A counter', sources: [], config: {}, switches: {},
      variants: { only: { doc: '', switches: {} } }, defaultVariant: 'only',
      system: () => ({ state: spec.record({ n: spec.range(0, 3) }), command: spec.variant({ tick: {} }), initial: { n: 0 },
        step: (state) => { ${body} } }) });
    ${more}
    export default spec.suite({ model, properties: [spec.invariant(model, { id: 'below-3', statement: 'It stays below 3.', source: 'us',
      holds: ({ n }) => n < 3 })], violates: { only: [] } });`;

  it('is loaded as TypeScript, checked, and its counterexample replayed', async () => {
    const path = file(
      'counter.ts',
      counter(
        'const next: number = state.n + 1; return next > 3 ? spec.refuse(state, "ERANGE", "full") : spec.ok({ n: next });',
      ),
    );
    const checked = await pagelaw(['check', path, '--save', join(directory, 'saved')]);
    expect(checked.err).toBe('');
    expect(checked.status).toBe(1);
    expect(checked.out).toContain('1 violation that no variant lists as known.');
    const random = await pagelaw(['check', path, '--search', 'random']);
    expect(random.out).toContain('found with --search random --seed 1 --path ');
    const listed = (await pagelaw(['list', path])).out;
    expect(listed).toContain('It stays below 3. [us]');
    expect(listed).not.toMatch(/config|switches/);
    const [name] = readdirSync(join(directory, 'saved'));
    expect(name).toMatch(/^counter@only\.below-3\.[0-9a-f]{8}\.json$/);
    const saved = join(directory, 'saved', name!);
    expect(checked.out).toContain(`pagelaw replay ${saved}`);
    const replayed = await pagelaw(['replay', saved]);
    expect(replayed.status).toBe(1);
    expect(replayed.out).toContain('    3  tick()  ok\n         n  2 -> 3\n\n  => broken\n');
    file('counter.ts', counter('return spec.ok({ n: (state.n + 1) % 3 });'));
  });

  it('that declares interchangeable parts is searched by representatives, and says for how many states they stand', async () => {
    const pages = (first: string) => `
      import * as spec from ${spec};
      const model = spec.defineModel({ id: 'pages', title: 'Pages', sources: [], config: {}, switches: {},
        variants: { only: { doc: '', switches: {} } }, defaultVariant: 'only',
        system: () => ({ state: spec.record({ pages: spec.array(spec.enumOf('none', 'host', 'hyp'), 4) }),
          command: spec.variant({ turn: { page: spec.range(0, 3) } }),
          initial: { pages: ['none', 'none', 'none', 'none'] }, symmetry: [{ arrays: ['pages'], names: ['page'] }],
          step: (state, { page }) => spec.ok(spec.update(state, (draft) => {
            draft.pages[page] = state.pages[page] === 'none' ? 'host' : ${first} ? 'none' : 'hyp';
          })) }) });
      export default spec.suite({ model, properties: [spec.invariant(model, { id: 'hyp', statement: 'Not all are hyp.', source: 'us',
        holds: ({ pages }) => pages.some((page) => page !== 'hyp') })], violates: { only: ['hyp'] } });`;
    const path = file('pages.ts', pages('false'));
    const checked = await pagelaw(['check', `${path}@only`, '--search', 'exhaustive', '--symmetry', 'check']);
    expect(checked.err).toBe('');
    expect(checked.status).toBe(0);
    expect(checked.out).toContain('only: 15 visited stand for 81 states (symmetry of page; the same without)');
    expect(checked.out).toContain('8  turn(page=3)  ok');
    const off = await pagelaw(['check', path, '--search', 'exhaustive', '--symmetry', 'off']);
    expect(off.out).not.toContain('stand for');
    const json = JSON.parse((await pagelaw(['check', path, '--search', 'exhaustive', '--json'])).out);
    expect(json.results[0].covered.states).toBe(15);
    expect(json.results[0].symmetry).toEqual({ of: ['page'], states: '81' });

    const refused = await pagelaw(['check', file('first.ts', pages('page === 0')), '--search', 'exhaustive']);
    expect([refused.status, refused.out]).toEqual([2, '']);
    expect(refused.err).toMatch(
      /^pagelaw: pages@only: symmetry of page: turn\(page=\d\) in \{.*\} does ok and leaves pages\[\d\]=\w+, but turn\(page=\d\) with pages\[0\] and pages\[1\] exchanged does ok and leaves .*\n$/,
    );
  });

  it.each([
    ['empty.ts', '', 'its default export is not a suite; end it with export default suite({ ... })'],
    ['list.ts', 'export default []', 'its default export is not a suite'],
    ['syntax.ts', 'export default {{', 'syntax.ts:1:17: Unexpected token `{`'],
    ['throws.ts', 'throw new Error("no luck")', 'no luck'],
    ['import.ts', 'import "./none.ts"', 'Cannot find module'],
    [
      'bad-model.ts',
      counter('', 'spec.defineModel({ ...model, defaultVariant: "all" });'),
      'model counter: the default variant all is not listed',
    ],
    [
      'bad-suite.ts',
      counter('', 'spec.suite({ model, properties: [], violates: {} });'),
      'suite counter: violates does not say what variant only violates',
    ],
    ['plain.mjs', 'export default 7', 'its default export is not a suite'],
  ])('that is broken is named, with the reason: %s', async (name, text, reason) => {
    const path = file(name, text);
    const { status, out, err } = await pagelaw(['check', path]);
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(/^pagelaw: [^\n]*\n$/);
    expect(err).toContain(`${path} cannot be used as a model: `);
    expect(err).toContain(reason);
  });

  it.each([
    [
      'leaves.ts',
      'return spec.ok({ n: state.n + 4 });',
      "pagelaw: counter@only: tick() leaves the state's domain at n: 4 is not an integer from 0 to 3",
    ],
    [
      'writes.ts',
      'state.n += 1; return spec.ok(state);',
      'pagelaw: counter@only: tick() threw TypeError: Cannot assign to read only property',
    ],
    ['random.ts', 'return spec.ok({ n: Math.floor(Math.random() * 3.999) });', 'pagelaw: counter@only: tick() '],
  ])('whose transition is broken is named, with the call: %s', async (name, body, message) => {
    const { status, out, err } = await pagelaw(['check', file(name, counter(body))]);
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(/^pagelaw: [^\n]*\n$/);
    expect(err).toContain(message);
  });

  it('that leaves its domain behind a violation is told of the violation, and that no more was searched', async () => {
    const { status, out, err } = await pagelaw([
      'check',
      file('behind.ts', counter('return spec.ok({ n: state.n + 1 });')),
    ]);
    expect([status, err]).toEqual([1, '']);
    expect(out).toContain('below-3: violated');
    expect(out).toMatch(/Incomplete \(stopped where tick\(\) makes a state that the model has no\s+room\s+for,\s+at/);
  });
});

describe('check', () => {
  it('knows what a variant is known to violate, and exits with 0', async () => {
    const { status, out } = await typed('check pkvm-mmio@v4 --search exhaustive');
    expect(status).toBe(0);
    expect(out).toMatch(/ single-owner +violated \*/);
    expect(out).toContain('single-owner: violated (known)');
    expect(out).toMatch(/^All as expected: 7 proved, 12 known defects found\.$/m);
  });

  it('exits with 1 when a switch breaks what its variant keeps', async () => {
    const { status, out } = await typed(
      'check pkvm-mmio --switch donateChecksMmio=false --search exhaustive --property single-owner',
    );
    expect(status).toBe(1);
    expect(out).toContain('fixed+donateChecksMmio=false  single-owner  violated');
    expect(out).toContain('1 violation that no variant lists as known.');
  });

  it('exits with 1 when a known defect is not there', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pagelaw-'));
    const path = join(directory, 'wrong.mts');
    const root = join(import.meta.dirname, '../..');
    writeFileSync(
      path,
      `import { pkvmMmioSuite as suite } from ${JSON.stringify(join(root, 'properties/pkvm-mmio.ts'))};
       export default { ...suite, violates: { ...suite.violates, fixed: ['single-owner'] } };`,
    );
    const { status, out } = await pagelaw(['check', `${path}@fixed`, '--search', 'exhaustive']);
    expect(status).toBe(1);
    expect(out).toContain('1 known defect not found.');
    expect(out).toContain('The suite lists it as violated by this variant; the verdict is proved.');
    const smaller = await pagelaw([
      'check',
      `${path}@fixed`,
      '--search',
      'exhaustive',
      '--set',
      'ram=2',
      '--property',
      'single-owner',
    ]);
    expect(smaller.status).toBe(0);
  });

  it('says incomplete, and nothing more, when states run out', async () => {
    const { status, out } = await typed('check pkvm-mmio@fixed --search exhaustive --max-states 100');
    expect(status).toBe(3);
    expect(out).not.toMatch(/^ .* proved/m);
    expect(out).toContain('Nothing unexpected so far: 0 proved');
    expect(out).toMatch(/ single-owner +incomplete/);
    expect(out).toContain('Incomplete (stopped at 100 states): nothing is proved beyond what the table\nsays.');
  });

  it('does not take a known defect for mended because states ran out', async () => {
    const { status, out } = await typed(
      'check pkvm-mmio@v4-all-checks --search exhaustive --property no-panic --max-states 5',
    );
    expect(status).toBe(3);
    expect(out).toMatch(/ no-panic +incomplete/);
    expect(out).toContain('Nothing unexpected so far: 0 proved, 0 known defects found.');
  });

  it('does not take a witness that another configuration cannot reach for a defect', async () => {
    const { status, out } = await typed('check pkvm-mmio@fixed --search exhaustive --set pool=8');
    expect(status).toBe(0);
    expect(out).toMatch(/ pool-runs-dry +unreached/);
    expect(out).toContain('some witnesses cannot be reached in this configuration');
  });

  it('says that calls panic, if no property does', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pagelaw-'));
    const path = join(directory, 'silent.mts');
    const root = join(import.meta.dirname, '../..');
    writeFileSync(
      path,
      `import { pkvmMmioSuite as suite } from ${JSON.stringify(join(root, 'properties/pkvm-mmio.ts'))};
       const properties = suite.properties.filter(({ id }) => !id.startsWith('no-panic') && id !== 'host-reaches-own-pages');
       export default { ...suite, properties, violates: { ...suite.violates, 'v4-all-checks': ['recycling-leaves-room'] } };`,
    );
    const { status, out } = await pagelaw(['check', `${path}@v4-all-checks`, '--search', 'exhaustive']);
    expect(status).toBe(0);
    expect(out).toContain('pkvm-mmio@v4-all-checks: 360 calls panic, and no property forbids it\n(noPanic() does).');
  });

  it('gives the same by the reference search', async () => {
    const by = async (search: string) =>
      (
        await typed(`check pkvm-mmio@v4 --set mmioTables=2 --set pool=2 --set devices=1 --search ${search}`)
      ).out.replace(/^(exhaustive|reference):/m, '');
    const reference = await by('reference');
    expect(reference).toMatch(/ violated \*/);
    expect(await by('exhaustive')).toBe(reference);
  });

  it('on ctrl-C says what was covered and exits with 130', async () => {
    const { status, out, lines } = await typed('check pkvm-mmio', { interruptAfter: 3 });
    expect(status).toBe(130);
    expect(lines[0]).toMatch(
      /^0\/22 pkvm-mmio@before exhaustive: [\d.K]+ states, [\d.K]+ waiting, depth \d+, [\d.KM]+ calls\/s, \d+ MiB, [\d.K]+ rows$/,
    );
    expect(out).toContain('Incomplete (interrupted)');
    expect(out).not.toContain('All as expected');
  });

  it('on ctrl-C in a random search, too', async () => {
    const { status, out, lines } = await typed('check pkvm-mmio@fixed --search random --runs 100000', {
      interruptAfter: 2,
    });
    expect(status).toBe(130);
    expect(lines[0]).toMatch(/^pkvm-mmio@fixed random: [\d.K]+ states, [\d.K]+ runs, depth \d+, [\d.KM]+ calls\/s$/);
    expect(out).toMatch(/ single-owner +incomplete/);
  });

  it('reproduces a random violation with the flags it prints', async () => {
    const first = await typed('check pkvm-mmio@v4 --search random --seed 9 --property recycling-leaves-room');
    const [flags = ''] = first.out.match(/--seed 9 --path \d+/) ?? [];
    const again = await typed(`check pkvm-mmio@v4 --search random --property recycling-leaves-room ${flags}`);
    const trace = (out: string) => out.split('\n').filter((line) => /^ +\d+ {2}\w/.test(line));
    expect(trace(first.out)).toHaveLength(5);
    expect(trace(again.out)).toEqual(trace(first.out));
  });

  it('shows how often each command had each result', async () => {
    const { out } = await typed('check pkvm-mmio@fixed --search exhaustive --set mmioTables=2 --set pool=3 --coverage');
    expect(out).toContain('pkvm-mmio@fixed, exhaustive: how often each command had each result');
    const text = out.replaceAll('\n', ' ');
    expect(text).toMatch(
      /405 states up to 6 calls deep; 9,135 calls, of which 4,221 succeeded, looked up in [\d,]+ rows of tables; functions of/,
    );
    expect(text).toMatch(/[\d.]+ s of search, [\d.]+ s of them to run functions; [\d.]+ s for ends and paths/);
    expect(out).toContain('omission probability 0');
    expect(out).toMatch(/^host_stage2_unmap_dev_all +[\d,]+ +disabled called only when the/m);
  });

  it('lists what is dead, if coverage is asked for and the search is complete', async () => {
    const small = 'check pkvm-mmio@v4 --search exhaustive --set mmioTables=2 --coverage';
    const { out } = await typed(small);
    expect(out).toContain(
      '  host_donate_hyp_mmio: EBUSY already mapped at EL2\n' +
        '      host_donate_hyp_mmio(pfn=0) where tables[0].kind=absent, el2[0]=device\n',
    );
    expect(out.replaceAll('\n', ' ')).toMatch(
      /The list may be incomplete: not every path|Every path through the transitions/,
    );
    expect((await typed(`${small} --max-states 100`)).out).not.toMatch(/^Dead/m);
    expect((await typed(small.replace('exhaustive', 'reference'))).out).not.toMatch(/^Dead/m);

    const { dead } = JSON.parse((await typed(`${small} --json`)).out).results[0];
    expect(dead.results[0]).toEqual({
      command: 'host_donate_hyp_mmio',
      result: 'EBUSY already mapped at EL2',
      example: {
        call: 'host_donate_hyp_mmio(pfn=0)',
        command: { kind: 'host_donate_hyp_mmio', pfn: 0 },
        where: { 'tables[0].kind': 'absent', 'el2[0]': 'device' },
      },
    });
  });

  it('prints JSON that says the same as the text', async () => {
    const { status, out } = await typed('check pkvm-mmio@v4 --search exhaustive --json');
    const json = JSON.parse(out);
    expect([status, json.format, json.version, json.results.length]).toEqual([0, 'pagelaw check', 1, 1]);
    const [result] = json.results;
    expect(result).toMatchObject({
      model: 'pkvm-mmio',
      variant: 'v4',
      flipped: [],
      covered: { states: 7200, depth: 9 },
      bound: null,
    });
    const property = result.properties.find(({ id }: { id: string }) => id === 'single-owner');
    expect(property).toMatchObject({ verdict: 'violated', standing: 'known', instance: { pfn: 8 } });
    expect(property.trace).toMatchObject([
      { call: 'host_donate_hyp_mmio(pfn=8)', command: { kind: 'host_donate_hyp_mmio', pfn: 8 }, result: 'ok' },
    ]);
    expect(result.coverage.host_donate_hyp.attempts).toBe(7200);
    expect(result.dead).toBeNull();
  });
});

describe('replay', () => {
  const large = { mmioTables: 6, entriesPerTable: 2, pool: 4, devices: 3, ram: 2 };
  const directory = mkdtempSync(join(tmpdir(), 'pagelaw-'));
  let path: string;
  const edited = (change: object) => {
    const changed = join(directory, 'changed.json');
    writeFileSync(changed, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }));
    return changed;
  };
  beforeAll(async () => {
    await pagelaw([
      'check',
      'pkvm-mmio@v4',
      '--search',
      'exhaustive',
      '--property',
      'guest-shares-no-hyp-page',
      '--save',
      directory,
    ]);
    path = join(directory, readdirSync(directory)[0]!);
  });

  it('shows each call with what it changed', async () => {
    const { status, out } = await pagelaw(['replay', path]);
    expect(status).toBe(1);
    for (const part of [
      [
        '    1  host_donate_hyp_mmio(pfn=8)  ok',
        '         el2[8]        none -> device',
        '         ram[0].entry  zero -> hyp',
      ],
      [
        '    2  host_share_guest(pfn=8)  ok',
        '         ram[0].host   OWNED -> SHARED_OWNED',
        '         ram[0].guest  NOPAGE -> SHARED_BORROWED',
      ],
      [
        '         memory  host entry  host          hyp     guest            EL2 maps',
        '       * pfn 8   hyp         SHARED_OWNED  NOPAGE  SHARED_BORROWED  device',
        '           was               OWNED                 NOPAGE',
      ],
    ])
      expect(out).toContain(`${part.join('\n')}\n`);
    expect(out).toMatch(/\n\n {2}=> broken for pfn=8: EL2 maps it as a device page\n$/);
  });

  it('as JSON', async () => {
    const { status, out } = await pagelaw(['replay', path, '--json']);
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      broken: true,
      instance: { pfn: 8 },
      at: 2,
      steps: [{ result: 'ok', recorded: 'ok' }, {}],
    });
  });

  it('says when the model has changed so that nothing is broken any more', async () => {
    const { status, out } = await pagelaw([
      'replay',
      edited({ switches: { ...JSON.parse(readFileSync(path, 'utf8')).switches, donateChecksMmio: true } }),
    ]);
    expect(status).toBe(0);
    expect(out).toContain('-EINVAL (memory, not MMIO)\n         when it was saved: ok\n         changes nothing');
    expect(out).toContain('The model has changed: these calls no longer break guest-shares-no-hyp-page.');
  });

  it.each([
    [{ model: 'pkvm-mmoi' }, 'there is no model called pkvm-mmoi; did you mean pkvm-mmio?'],
    [{ variant: 'v3' }, 'pkvm-mmio: there is no variant v3; there are before, v4,'],
    [{ property: 'gone' }, 'there is no property of pkvm-mmio called gone; there are'],
    [{ config: { pages: 1 } }, 'it does not say what the config parameter mmioTables was, which pkvm-mmio has now'],
    [{ switches: {} }, 'it does not say what the switch countedInvalid was, which pkvm-mmio has now'],
    [{ config: { ...large, pages: 1 } }, 'pkvm-mmio: there is no config parameter pages; there are'],
    [
      { steps: [{ command: { kind: 'host_share' }, result: 'ok' }] },
      'command 1, host_share(): the model has no such call (kind: "host_share" is not one of',
    ],
    [
      { steps: [{ command: { kind: 'host_access', pfn: 77 }, result: 'ok' }] },
      'command 1, host_access(pfn=77): the model has no such call (pfn: 77 is not an integer',
    ],
    [
      { steps: [{ command: { kind: 'host_stage2_unmap_dev_all' }, result: 'ok' }] },
      'command 1, host_stage2_unmap_dev_all(): not possible here: called only when the pool is empty',
    ],
    [{ module: './none.ts' }, 'there is no file'],
  ])('says what no longer applies: %j', async (change, reason) => {
    const changed = edited(change);
    const { status, out, err } = await pagelaw(['replay', changed]);
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(/^[^\n]*\n$/);
    expect(err).toContain(`pagelaw: ${changed} no longer applies: `);
    expect(err).toContain(reason);
  });
});

describe('list', () => {
  it('gives an overview of all models, within 80 columns', async () => {
    const { status, out } = await typed('list');
    expect(status).toBe(0);
    for (const { model } of suites) expect(out).toContain(`${model.id}: ${model.title}`);
    expect(out).toMatch(/^pkvm-mmio: .*\n {4}11 variants, fixed by default; 19 properties$/m);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('shows what there is to check, within 80 columns', async () => {
    const { status, out } = await typed('list pkvm-mmio');
    expect(status).toBe(0);
    for (const part of [
      'pkvm-mmio: MMIO donated',
      'mmioTables',
      'countedInvalid=clears|refuses|skips',
      'fixed',
      '(default)',
      'single-owner',
    ])
      expect(out).toContain(part);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('as JSON', async () => {
    const { models } = JSON.parse((await typed('list --json')).out);
    expect(models[0]).toMatchObject({
      id: 'pkvm-mmio',
      defaultVariant: 'fixed',
      switches: { donateChecksMmio: { values: [false, true] } },
    });
  });
});

it('has help with examples, and a version', async () => {
  expect((await typed('--help')).out).toContain('Examples:\n  pagelaw check ');
  expect((await typed('check --help')).out).toContain('Exit status: 0 all as expected;');
  expect(await typed('--version')).toMatchObject({ status: 0, out: '1.2.3\n' });
});
