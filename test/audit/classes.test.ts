import { describe, expect, it } from 'vitest';
import { idmap } from '../../model/idmap/model.ts';
import { mteFaults } from '../../model/mte-faults/model.ts';
import { mteTags } from '../../model/mte-tags/model.ts';
import { names as pkvmNames } from '../../model/pkvm-ownership/classes.ts';
import { pkvmOwnership } from '../../model/pkvm-ownership/model.ts';
import { initialState, type Sizes } from '../../model/pkvm-ownership/state.ts';
import { shadowReuse } from '../../model/shadow-reuse/model.ts';
import { shadowRoots } from '../../model/shadow-roots/model.ts';
import { spp } from '../../model/spp/model.ts';
import { stage2 } from '../../model/stage2/model.ts';
import { audit } from '../../src/audit/audit.ts';
import { matrixOf } from '../../src/audit/matrix.ts';
import type { LifeCycle } from '../../src/audit/result.ts';
import { cellWords } from '../../src/report/life-cycle.ts';
import type { Model } from '../../src/spec/index.ts';
import { type Choices, scopeOf } from '../../src/system/scope.ts';

const lifeOf = async (model: Model, choices: Choices = {}): Promise<LifeCycle> =>
  (await audit(model, choices, { commands: [] })).life!;

const cellOf = (life: LifeCycle, from: string, command: string): string => {
  const { commands, rows } = matrixOf(life);
  const cell = rows.find((row) => row.from === from)!.cells[commands.indexOf(command)]!;
  return cellWords(cell, (to) => to).join('; ');
};

describe('the classes of a page', () => {
  it('spp: those of the repaired series, none of which is at odds with its word', async () => {
    const life = await lifeOf(spp);
    expect([...life.classes].sort()).toEqual([
      'W=0 for the dirty log',
      'large page',
      'no memslot',
      'not mapped',
      'protected, SPP bit parked',
      'protected, SPPT invalid',
      'protected, SPPT valid',
      'protected, not mapped',
      'protected, read-only',
      'read-only',
      'writable',
    ]);
    // The life of a protected page: the SPPT is filled in by the write that misses, and the page leaves only by SET or its memslot.
    expect(cellOf(life, 'protected, not mapped', 'guest_write')).toBe('EAGAIN -> protected, SPPT invalid; EPERM');
    expect(cellOf(life, 'protected, SPPT invalid', 'guest_write')).toBe('EAGAIN; EAGAIN -> protected, SPPT valid');
    const leaving = life.movements.filter(
      ({ from, to }) => from.startsWith('protected') && !to?.startsWith('protected'),
    );
    expect([...new Set(leaving.map(({ command }) => command))].sort()).toEqual(['delete_memslot', 'set_access']);
  });

  it('mte-tags: PG_mte_lock goes one way, and nothing clears tags that are stored', async () => {
    const life = await lifeOf(mteTags);
    expect(life.classes).toEqual([
      'not tagged, tags stale',
      'PG_mte_lock, tags stale',
      'PG_mte_lock, clear pending',
      'tagged, tags clear',
      'PG_mte_lock, tags clear',
      'tagged, tags stored',
    ]);
    expect(cellOf(life, 'PG_mte_lock, tags stale', 'clear tags')).toBe('-> PG_mte_lock, clear pending');
    expect(life.movements.filter(({ command }) => command === 'clear tags')).toHaveLength(1);
    const backwards = life.movements.filter(
      ({ from, to }) => from === 'tagged, tags stored' && to !== 'tagged, tags stored',
    );
    expect(backwards).toEqual([]);
  });

  it('mte-tags@split: a thread clears tags that another has stored', async () => {
    const life = await lifeOf(mteTags, { variant: 'split' });
    const [stored, pending] = ['tagged, tags stored', 'tagged, stored, clear pending'];
    expect(cellOf(life, stored, 'clear tags')).toBe(`-> ${pending}`);
    expect(cellOf(life, pending, '(its buffered write is seen)')).toBe('-> tagged, tags clear');
    const sc = await lifeOf(mteTags, { variant: 'split', switches: { memory: 'sc' } });
    expect(cellOf(sc, stored, 'clear tags')).toBe('-> tagged, tags clear');
    expect(sc.classes.filter((name) => name.includes('pending') || name.includes('mapped'))).toEqual([]);
  });

  it('mte-faults: no page is mapped that has stale tags, or no flag', async () => {
    expect((await lifeOf(mteFaults)).classes).toEqual([
      'not tagged',
      'swapped out, no tags saved',
      'untaggable',
      'tagged, writable',
      'tagged, read-only',
      'swapped out, tags saved',
      'tagged, not mapped',
    ]);
  });

  it.each([
    { model: mteTags, variant: 'set-first', name: 'tagged, tags stale' },
    { model: mteTags, variant: 'split', name: 'mapped, tags stale' },
    { model: mteTags, variant: 'global-lock', name: 'tagged, clear pending' },
    { model: mteTags, variant: 'flag-without-lock', name: 'tagged, no lock bit, tags clear' },
    { model: mteFaults, variant: '7.2-thp', name: 'mapped, tags stale' },
    { model: mteFaults, variant: '7.2-thp', name: 'not tagged, tags stored' },
    { model: mteFaults, variant: '7.2-hugetlb', name: 'tagged, tags stale' },
    { model: mteFaults, variant: 'untaggable', name: 'untaggable, mapped' },
    { model: mteFaults, variant: 'shared-slot', name: 'VM_SHARED, mapped' },
  ])('$model.id@$variant has one for its defect: $name', async ({ model, variant, name }) => {
    expect((await lifeOf(model, { variant })).classes).toContain(name);
  });
});

/** A stage-2 of two levels has every class. */
const small = { levels: 2 };

describe.each<
  [Model, NonNullable<Choices['config']>, readonly string[], readonly (readonly [variant: string, only: string])[]]
>([
  [
    stage2,
    small,
    ['not mapped', 'page ro', 'page rw', 'block ro', 'block rw'],
    [
      ['guest-b14', 'maps another page'],
      ['guest-b19', 'page rw, TLB stale'],
      ['guest-b20', 'walk cache of a freed table'],
      ['guest-b22', 'not mapped, TLB stale'],
      ['guest-no-break', 'replaced while in a TLB'],
      ['host-5.13', 'annotated hyp, by a block'],
    ],
  ],
  [
    shadowRoots,
    {},
    [
      'no vCPU',
      'no special roots, unloaded',
      'no special roots, on root page',
      ...['pae, ', 'pae+pml4, ', 'pae+pml4+pml5, '].flatMap((roots) => [`${roots}unloaded`, `${roots}on root page`]),
      'pae, on pae_root',
      'pae+pml4, on pml4_root',
      'pae+pml4+pml5, on pml5_root',
    ],
    [
      ['v3', 'garbage in pml5_root, on pml4_root'],
      ['v1', 'pae+pml4+pml5, on pml4_root'],
      ['current-npt-by-guest', 'pae+pml4, no pml5, unloaded'],
      ['current-encrypted', 'pae encrypted, on pae_root'],
    ],
  ],
  [
    shadowReuse,
    {},
    ['not mapped', 'mapped, direct page', 'mapped, indirect page', 'in no memslot'],
    [
      ['gfn', 'mapped, rmap key differs'],
      ['gfn', 'rmap into a freed page'],
      ['role-mmio-overwrites', 'rmap of a leaf that is gone'],
    ],
  ],
])('the classes of $id', (model, config, sound, unsound) => {
  it('are these, in the default version', async () => {
    expect([...(await lifeOf(model, { config })).classes].sort()).toEqual([...sound].sort());
  });

  it.each(unsound)('in %s there is also: %s', async (variant, only) => {
    expect((await lifeOf(model, { variant, config })).classes).toContain(only);
    expect(sound).not.toContain(only);
  });
});

describe('what calls do to pages of a class', () => {
  /** Where the calls by a command, on pages that they name, lead from a class. */
  const leadingFrom = ({ movements }: LifeCycle, from: string, command: string) =>
    movements
      .filter((one) => one.named && one.from === from && one.command === command)
      .map(({ to, result }) => to ?? result.kind);

  it('stage2: a block that loses a page loses its neighbours as a side effect, to which no call named them', async () => {
    const { movements } = await lifeOf(stage2, { config: small });
    const lost = movements.filter(({ from, to, named }) => from === 'block rw' && to === 'not mapped' && !named);
    expect(new Set(lost.map(({ command }) => command))).toEqual(new Set(['unmap', 'map', 'map_short']));
  });

  it('stage2: what unmap makes of an annotation is what the versions differ in', async () => {
    const ends = ['host', 'host-refuses', 'host-skips'].map(async (variant) =>
      leadingFrom(await lifeOf(stage2, { variant, config: small }), 'annotated hyp', 'unmap'),
    );
    expect(await Promise.all(ends)).toEqual([['not mapped'], ['annotated hyp'], ['annotated hyp']]);
  });

  it('idmap: only set_owner leads away from an annotation; in two versions a fault overwrites it', async () => {
    const leaving = async (variant: string) =>
      (await lifeOf(idmap, { variant })).movements
        .filter(({ from, to }) => from.endsWith('annotated hyp') && to !== undefined && to !== from)
        .map(({ from, command, to }) => [from, command, to]);
    const returned = ['MMIO', 'memory'].map((kind) => [`${kind}, annotated hyp`, 'set_owner', `${kind}, not mapped`]);
    expect((await leaving('7.1')).sort()).toEqual(returned);
    expect(await leaving('v3-mask')).toContainEqual(['MMIO, annotated hyp', 'map', 'MMIO, block rw']);
    expect(await leaving('5.13')).toContainEqual(['memory, annotated hyp', 'map', 'memory, page rwx']);
  });

  it('shadow-roots: merged never gets back from two unloaded roots to a chain of two', async () => {
    const [merged, current] = [await lifeOf(shadowRoots, { variant: 'merged' }), await lifeOf(shadowRoots, {})];
    const reached = (life: LifeCycle) => leadingFrom(life, 'pae+pml4, unloaded', 'kvm_mmu_load');
    expect(reached(current)).toContain('pae+pml4, on pml4_root');
    expect(reached(merged)).not.toContain('pae+pml4, on pml4_root');
  });

  it('shadow-reuse: a walk of the reverse map into a freed page is a panic, whatever else the state is', async () => {
    const life = await lifeOf(shadowReuse, { variant: 'gfn' });
    expect(leadingFrom(life, 'rmap into a freed page', 'rmap_walk')).toEqual(['panic']);
  });
});

describe('a call of pkvm-ownership', () => {
  const config = scopeOf(pkvmOwnership, { config: { pages: 3 } }).config as Sizes;
  const named = (command: Parameters<typeof pkvmNames>[1]) =>
    [0, 1, 2].filter((page) => pkvmNames(initialState(config), command, page, config));

  it('names pages by address: 2^52 is page 0, and a range that wraps has every page from its first', () => {
    expect(named({ kind: 'host_share_hyp', pfn: 5 })).toEqual([0]);
    expect(named({ kind: 'host_share_hyp', pfn: 3 })).toEqual([]);
    expect(named({ kind: 'host_donate_hyp', pfn: 1, nr: 1 })).toEqual([1]);
    expect(named({ kind: 'host_donate_hyp', pfn: 1, nr: 52 })).toEqual([1, 2]);
    expect(named({ kind: 'hyp_pin_shared_mem', from: 0, to: 2 })).toEqual([0, 1]);
  });
});
