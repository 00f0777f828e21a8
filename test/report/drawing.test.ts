import { describe, expect, it } from 'vitest';
import { suites } from '../../properties/index.ts';
import { check } from '../../src/job/check.ts';
import { marked } from '../../src/report/drawing.ts';
import { drawingText } from '../../src/report/render/drawing-text.ts';
import { type Drawing, describeCommand, type Line } from '../../src/spec/index.ts';
import { drawingOf } from '../../src/system/callbacks.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { systemOf } from '../../src/system/system.ts';

const tree = (...below: Line[]): Drawing[] => [
  { title: 'tables', columns: ['entry'], lines: [{ name: 'root', cells: ['pgd'], below }] },
];
const line = (name: string, ...cells: string[]): Line => ({ name, cells });

describe('a drawing', () => {
  it('marks what a call changed, made and dropped, and what is stale', () => {
    const before = tree(line('a', 'x'), line('b', 'y'), { ...line('c', 'z'), below: [line('leaf', '1')] });
    const now = tree(line('a', 'x'), line('b', 'w'), { ...line('d', 'new'), stale: 'outlives its mapping' });
    expect(drawingText(marked(now, before), '    ')).toBe(
      [
        '      tables         entry',
        '      `- root        pgd',
        '         |- a        x',
        '    *    |- b        y -> w',
        '    !    |- d        new     outlives its mapping',
        '    -    `- c        z',
        '    -       `- leaf  1',
      ].join('\n'),
    );
    expect(drawingText(marked(now, undefined), '')).not.toMatch(/^[*+-]/m);
  });

  it('puts what a cell was below it where a line would be too wide', () => {
    const [was, is] = ['w'.repeat(36), 'i'.repeat(36)];
    const text = drawingText(marked(tree(line('a', is), line('b', 'y')), tree(line('a', was), line('b', 'y'))), '');
    expect(text.split('\n').slice(2)).toEqual([`*    |- a      ${is}`, `     |    was  ${was}`, '     `- b      y']);
  });

  it('leaves out what did not change where it is long', () => {
    const many = (changed: string) => Array.from({ length: 40 }, (_, i) => line(`pfn ${i}`, i === 30 ? changed : '-'));
    const text = drawingText(marked(tree(...many('hyp')), tree(...many('host'))), '');
    expect(text.split('\n')).toEqual([
      '  tables        entry',
      '  `- root       pgd',
      '*    |- pfn 30  host -> hyp',
      '  (39 lines as before)',
    ]);
  });
});

const drawn = suites.filter(({ model }) => model.draw);

it('is there for more than one model', () => expect(drawn.length).toBeGreaterThan(2));

describe.each(drawn.map((suite) => [suite.model.id, suite] as const))('the drawing of %s', (_, suite) => {
  it('fits into 80 columns, is plain, and has a name once among neighbours, along every counterexample', async () => {
    const { model } = suite;
    const variants = Object.keys(model.variants).filter((name) => suite.violates[name]!.length > 0);
    for (const variant of variants.slice(0, 2)) {
      const { draw, initial, properties } = await check(suite, { variant }, { kind: 'exhaustive', maxStates: 5000 });
      const judge = (lines: readonly Line[], columns: number) => {
        expect(new Set(lines.map(({ name }) => name)).size).toBe(lines.length);
        for (const { cells, below } of lines) {
          expect(cells.length).toBeLessThanOrEqual(Math.max(columns, 1));
          judge(below ?? [], columns);
        }
      };
      const text = (state: unknown, before?: unknown) => {
        for (const { lines, columns } of draw!(state)) judge(lines, columns.length);
        return drawingText(marked(draw!(state), before === undefined ? undefined : draw!(before)), '       ');
      };
      const texts = [
        text(initial),
        ...properties.flatMap(({ steps }) => (steps ?? []).map(({ before, outcome }) => text(outcome.state, before))),
      ];
      expect(texts.length).toBeGreaterThan(1);
      for (const row of texts.flatMap((one) => one.split('\n'))) {
        expect(row).toMatch(/^[ -~]*$/);
        expect(row.length, row).toBeLessThanOrEqual(80);
      }
    }
  });
});

/** The drawing after the last of the calls, which are written as in a trace. */
const drawnAfter = (id: string, variant: string, trace: string): string => {
  const { model } = suites.find((suite) => suite.model.id === id)!;
  const scope = scopeOf(model, { variant });
  const system = systemOf(model, scope);
  const commands = new Map([...system.command.values()].map((command) => [describeCommand(command), command]));
  const draw = drawingOf(model, scope)!;
  let [before, state] = [system.initial, system.initial];
  for (const call of trace.split('; ')) [before, state] = [state, system.step(state, commands.get(call)!).state];
  return drawingText(marked(draw(state), draw(before)), '');
};

describe('what a drawing shows of a defect', () => {
  it('spp, D1: the region was skipped, so the SPPT still has the old word', () => {
    const write = (gfn: number) => `guest_write(vcpu=0, gfn=${gfn}, sub=0)`;
    const set = (map: string) => `set_access(gfn=3, map=${map})`;
    const fill = [write(3), write(3), write(4), write(4)].join('; ');
    const trace = `create_vm(vm=plain); enable_cap(alloc=succeeds); ${set('01 01')}; ${fill}; ${set('11 00')}; ${write(4)}`;
    expect(drawnAfter('spp', 'without-d1', trace)).toBe(
      `
  VM
  spp_active  yes
  access map  memslot   word  rmap 4K      rmap 2M
  gfn 2       0, array  11
  gfn 3       0, array  11    -
* gfn 4       0, array  00    - -> vCPU 0  -
  EPT          entry            W       SPP     may be W  SPPTP
  \`- vCPU 0    root                                       root
     |- gfn 3  none
*    \`- gfn 4  none -> 4K leaf  - -> 0  - -> 1  - -> yes
  SPPT            entry
  \`- root         page
     |- gfns 2-3  invalid
     |  \`- gfn 3  0b0001
     \`- gfns 4-5  valid
!       \`- gfn 4  0b0001   the word is 00
  TLB              holds
  right last used  nothing`.slice(1),
    );
  });

  it('mte-tags: tags that were cleared are not seen yet, the flag is', () => {
    expect(drawnAfter('mte-tags', 'split', 'run(thread=vm1); run(thread=vm1); run(thread=vm1)')).toBe(
      `
  page
  PG_mte_lock    clear
* PG_mte_tagged  clear -> set
! tags           stale  PG_mte_tagged is set
  threads  next step                      buffered write
* vm1      set PG_mte_tagged -> map page  zero, not seen yet
  vm2      test PG_mte_tagged             -`.slice(1),
    );
  });

  it('mte-faults, L1: a block is mapped of which one page was cleared', () => {
    const trace =
      'set_memory_region(); set_logging(on=true); guest_ldg(page=0); set_logging(on=false); guest_stg(page=0)';
    expect(drawnAfter('mte-faults', '7.2-thp', trace)).toBe(
      `
  block   stage 2            PG_mte_tagged  tags   swap
* page 0  ro -> rw, block    set            zero   -
! page 1  none -> rw, block  clear          stale  -     mapped, never cleared
  memory
  memslot        set
  vma            anon
  folio          whole
  dirty logging  off`.slice(1),
    );
  });

  it('idmap: map() writes a block over the table with the annotation, and the CPU goes back to retry', () => {
    expect(drawnAfter('idmap', 'v3-mask', 'set_owner(page=1, owner=hyp); access(page=0); walk(); map()')).toBe(
      `
  host stage-2        level  entry              refcount
  \`- root                    table              2
     |- pages 0-3     1      table              2
*    |  |- pages 0-1  2      table -> block rw  2 -> -
-    |  |  |- page 0  3      zero
-    |  |  \`- page 1  3      annotated hyp
     |  \`- pages 2-3  2      zero
     \`- pages 4-7     1      zero
  host CPU  page  next          level  walks   range
* fault     0     map -> retry         1 -> -  0-1 -> -
  host_s2_pool  free pages
* for tables    2 -> 3`.slice(1),
    );
  });

  it('stage2, B17: the TLB still holds less than the table allows', () => {
    const trace = 'map(pages=1, prot=r); cpu_walk(caches=leaf); relax_perms(page=1, adds=w, lost=true)';
    expect(drawnAfter('stage2', 'guest-b17', trace)).toContain(
      '! page 1  level 3 leaf r  allows less than its mapping',
    );
  });
});
