import { describe, expect, it } from 'vitest';
import { pagelaw, typed } from './fake-console.ts';

const small = 'pkvm-mmio --set mmioTables=1 --set devices=1 --set pool=1';

describe('audit', () => {
  it.each(['pkvm-mmio', 'pkvm-mmio@v4', `${small} --command host_access`])(
    'prints text that fits into 80 columns: %s',
    async (target) => {
      const { status, out } = await typed(`audit ${target} --refusals`);
      expect(status).toBe(0);
      expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );

  it('prints the rules of one command in full', async () => {
    const { out } = await typed(`audit ${small} --command host_share_guest`);
    const rules = out.slice(out.indexOf('host_share_guest('));
    expect(rules).toBe(`host_share_guest(pfn=2)
#  calls  case
1      1  if    ram[0].guest = NOPAGE, ram[0].host = OWNED
          then  ok
          sets  ram[0].host: OWNED -> SHARED_OWNED,
                ram[0].guest: NOPAGE -> SHARED_BORROWED
2      2  if    ram[0].guest = NOPAGE, ram[0].host != OWNED
          then  -EPERM (not owned by the host)
3      2  if    ram[0].guest = SHARED_BORROWED
          then  -EPERM (the guest already maps this gfn)
`);
    expect(out).not.toContain('host_unshare_guest(pfn');
  });

  it('counts cases that no state takes, if they are many, and has each of them as CSV', async () => {
    const calls = 'audit stage2 --set levels=2 --command unmap';
    const { out } = await typed(calls);
    const [, dead] = /dead +(\d+) more cases \(--format csv has each\)/.exec(out) ?? [];
    const csv = (await typed(`${calls} --format csv`)).out.split('\r\n');
    const first = csv.filter((line) => line.startsWith('unmap,unmap(pages=0),'));
    expect(first.filter((line) => line.endsWith(',dead,'))).toHaveLength(Number(dead));
  });

  it('begins with what answers most questions, and explains the words of the rules that it uses', async () => {
    const { out } = await typed(`audit ${small}`);
    const markdown = (await typed(`audit ${small} --format markdown`)).out;
    for (const text of [out, markdown]) {
      const places = [
        'What calls do to the page they name',
        'Life cycle of a page',
        'Rules',
        'host_donate_hyp_mmio(pfn',
      ]
        .map((part) => text.indexOf(`${part}`))
        .map((place, i, all) => place > (all[i - 1] ?? -1));
      expect(places).toEqual([true, true, true, true]);
      expect(text).toContain('in n cases: ');
      expect(text).not.toContain('not all tried');
    }
    const { out: wide } = await typed('audit idmap --max-states 200');
    expect(wide).toContain('(not all tried), told apart by');
    expect(wide).toContain('not tried, not all tried: ');
  });

  it('prints JSON and CSV with one entry for each rule', async () => {
    const json = JSON.parse((await typed(`audit ${small} --format json`)).out);
    expect(json).toMatchObject({ format: 'pagelaw audit', version: 1, model: 'pkvm-mmio', bound: null });
    const rules = json.tables.flatMap(({ rules }: { rules: { standing: string }[] }) => rules);
    expect(new Set(rules.map(({ standing }: { standing: string }) => standing))).toEqual(new Set(['live', 'dead']));
    const csv = (await typed(`audit ${small} --format csv`)).out;
    expect(csv.startsWith('command,calls,case,conditions,result,errno,reason,changes,standing,witness\r\n')).toBe(true);
    expect(csv.split('\r\n')).toHaveLength(rules.length + 2);
  });

  it('prints Markdown whose tables are whole', async () => {
    const { out } = await typed(`audit ${small} --format markdown`);
    const lines = out.split('\n');
    const columns = (line: string) => line.replaceAll('\\|', '').split('|').length;
    for (const [i, line] of lines.entries())
      if (line.startsWith('|') && lines[i - 1]!.startsWith('|')) expect(columns(line)).toBe(columns(lines[i - 1]!));
    expect(out).toContain('```mermaid\nflowchart TD\n');
    expect(out).toContain('| 2 host memory |');
  });

  it('draws', async () => {
    expect((await typed(`audit ${small} --format mermaid`)).out).toMatch(/^flowchart TD\n/);
    expect((await typed(`audit ${small} --format dot`)).out).toMatch(/^digraph "pkvm-mmio@fixed" \{\n/);
    expect((await typed(`audit ${small} --format svg`)).out).toContain('</svg>');
  });

  it('says what it has seen when a bound or ctrl-C ends it', async () => {
    const bounded = await typed('audit pkvm-mmio --max-states 50');
    expect(bounded.status).toBe(3);
    expect(bounded.out).toContain('stopped at 50 states');
    expect(bounded.out).toContain('not seen');
    expect(bounded.out).not.toContain('dead');
    const interrupted = await pagelaw(['audit', 'pkvm-mmio', '--set', 'mmioTables=6'], { interruptAfter: 1 });
    expect([interrupted.status, interrupted.out]).toEqual([130, '']);
    expect(interrupted.err).toMatch(
      /^pagelaw: interrupted after [\d,]+ states: nothing is shown; --max-states N shows what N states have\n$/,
    );
  });

  it('hears ctrl-C while it reads off the rules', async () => {
    const { status, out, err } = await pagelaw(['audit', 'pkvm-mmio', '--workers', '1'], {
      interruptAt: (line) => line.endsWith('reading off the rules'),
    });
    expect([status, out]).toEqual([130, '']);
    expect(err).toBe(
      'pagelaw: interrupted while reading off the rules of 3,600 states: nothing is shown; --max-states N shows what N states have\n',
    );
  });

  it.each([
    ['audit', "pagelaw: missing required argument 'target'"],
    [
      'audit pkvm-mmio --command host_acess',
      'pagelaw: there is no command of pkvm-mmio called host_acess; did you mean host_access?',
    ],
    ['audit pkvm-mmio@v9', 'pagelaw: there is no variant of pkvm-mmio called v9'],
    [
      'audit pkvm-mmio --format png',
      "pagelaw: option '--format <name>' argument 'png' is invalid. Allowed choices are text, json, markdown, csv, mermaid, dot, svg.",
    ],
  ])('wrong use: %s', async (line, message) => {
    const { status, out, err } = await typed(line);
    expect([status, out]).toEqual([2, '']);
    expect(err.slice(0, message.length)).toBe(message);
  });
});
