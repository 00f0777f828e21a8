import { describe, expect, it } from 'vitest';
import { mteFaults } from '../../model/mte-faults/model.ts';
import { mteTags } from '../../model/mte-tags/model.ts';
import { spp } from '../../model/spp/model.ts';
import { audit } from '../../src/audit/audit.ts';
import { matrixOf } from '../../src/audit/matrix.ts';
import type { LifeCycle } from '../../src/audit/result.ts';
import { cellWords } from '../../src/report/audit.ts';
import type { Choices, Model } from '../../src/spec/index.ts';

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
