import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stage2 } from '../../model/stage2/model.ts';
import type { State } from '../../model/stage2/state.ts';
import { getLeaf, tablesBelow } from '../../model/stage2/tree.ts';
import { stage2Suite } from '../../properties/stage2.ts';
import { check } from '../../src/job/check.ts';
import {
  type Command,
  describeCommand,
  disabled,
  type Outcome,
  ok,
  refuse,
  type Suite,
  update,
} from '../../src/spec/index.ts';
import { type Choices, scopeOf } from '../../src/system/scope.ts';
import { systemOf } from '../../src/system/system.ts';
import { seedFault } from '../seeded-fault.ts';
import { broken, trace } from './verdicts.ts';

const exhaustive = (choices: Choices, suite: Suite = stage2Suite, properties?: readonly string[]) =>
  check(suite, choices, { kind: 'exhaustive' }, properties ? { properties } : {});

const laws = stage2Suite.properties.filter(({ witness }) => !witness).map(({ id }) => id);

const readme = readFileSync(join(import.meta.dirname, '../../model/stage2/README.md'), 'utf8');

/** The rows of the README's table of traces. */
const rows = [...readme.matchAll(/^\| `([^`]+)` \| ([a-z0-9-]+) \| (.+\(.*) \|$/gm)].map(
  ([, variant = '', id = '', expected = '']) => ({ variant, id, expected }),
);

describe.each(Object.keys(stage2.variants))('stage2@%s', (variant) => {
  // That it breaks nothing else and reaches every witness, `pagelaw check` says.
  it('has as many states as the README says, and breaks what the suite lists for it by the traces there', async () => {
    const result = await exhaustive({ variant }, stage2Suite, stage2Suite.violates[variant]);
    expect(result.bound).toBeUndefined();
    expect(broken(result).sort()).toEqual([...stage2Suite.violates[variant]!].sort());
    expect(readme).toContain(
      `| \`${variant}\` | ${result.covered.states!.toLocaleString('en')} | ${result.covered.depth} |`,
    );
    expect(broken(result).map((id) => ({ variant, id, expected: trace(result, id) }))).toEqual(
      rows.filter((row) => row.variant === variant),
    );
  });
});

describe('what is proved', () => {
  it.each([
    { variant: 'host-skips', config: { watched: 0 } },
    { variant: 'host-skips', config: { watched: 2 } },
    { variant: 'guest', config: { watched: 0 } },
    { variant: 'guest', config: { watched: 2 } },
    { variant: 'guest', config: { minBlockLevel: 2 } },
    { variant: 'guest', switches: { tlbi: 'ranges' } },
    { variant: 'guest', switches: { tlbi: 'neither' } },
    { variant: 'host-skips', switches: { mapped: 'passed over' } },
    { variant: 'host-7.1', switches: { countedInvalid: 'skips' } },
  ])('holds with %j', async (choices) => {
    expect(broken(await exhaustive(choices, stage2Suite, laws))).toEqual([]);
  });

  it('does not depend on when leaves are flushed, but on when tables are', async () => {
    const result = await exhaustive({ switches: { tlbi: 'ranges', tableTlbi: 'as for leaves' } }, stage2Suite, [
      'freed-table-not-held',
    ]);
    expect(trace(result, 'freed-table-not-held')).toMatch(/unmap\(pages=0\)$/);
  });

  it('of 5.13: an annotation by pages is not forgotten, whether its range is a block or not', async () => {
    const result = await exhaustive({ variant: 'host-5.13', switches: { setOwner: 'pages' } });
    expect(broken(result)).toEqual([]);
  });
});

describe('a property that no variant breaks is broken by a seeded fault', () => {
  type Draft = Parameters<Parameters<typeof update<State>>[1]>[0];
  const edit = (outcome: Outcome<unknown>, recipe: (draft: Draft) => void) => ({
    ...outcome,
    state: update(outcome.state as State, recipe),
  });
  const caught = async (id: string, variant: string, suite: Suite) =>
    trace(await exhaustive({ variant }, suite, [id]), id);

  it('refcount-exact: a table that is made is not counted', async () => {
    const faulty = seedFault(stage2Suite, (outcome, { kind }) =>
      edit(outcome, (draft) => {
        if (kind === 'map' && outcome.result === 'ok' && draft.root.entries[0]?.kind === 'table')
          draft.root.surplus = -1;
      }),
    );
    expect(await caught('refcount-exact', 'guest', faulty)).toBe('map(pages=0, prot=r)');
  });

  it('wrprotect-only-takes-w: it takes X as well', async () => {
    const faulty = seedFault(stage2Suite, (outcome, { kind }) =>
      edit(outcome, (draft) => {
        const entry = draft.root.entries[0];
        if (kind === 'wrprotect' && entry?.kind === 'leaf') entry.x = false;
      }),
    );
    expect(await caught('wrprotect-only-takes-w', 'guest', faulty)).toBe(
      'map(pages=0-3, prot=rwx); wrprotect(pages=0)',
    );
  });

  it('split-keeps-mappings: the pages of a block are made without W', async () => {
    const faulty = seedFault(stage2Suite, (outcome, { kind }, before) =>
      edit(outcome, (draft) => {
        const [was, is] = [(before as State).root.entries[0], draft.root.entries[0]];
        if (kind !== 'split' || was?.kind !== 'leaf' || is?.kind !== 'table') return;
        for (const entry of is.entries) if (entry.kind === 'leaf') entry.w = false;
      }),
    );
    expect(await caught('split-keeps-mappings', 'guest', faulty)).toBe(
      'map(pages=0-3, prot=rwx); split(pages=0-1, memcache=1) = -ENOMEM (no page for a table)',
    );
  });

  it('failed-page-keeps-owner, error-says-how-much: an annotation that fails forgets another', async () => {
    const faulty = seedFault(stage2Suite, (outcome, { kind }) =>
      edit(outcome, (draft) => {
        if (kind === 'set_owner_short' && outcome.result === 'refused')
          draft.root.entries[0] = { kind: 'annotated', owner: 'guest' };
      }),
    );
    const failed = ' = -ENOMEM (no page for a table)';
    expect(await caught('failed-page-keeps-owner', 'host', faulty)).toBe(`set_owner_short(pages=0)${failed}`);
    expect(await caught('error-says-how-much', 'host', faulty)).toBe(`set_owner_short(pages=0)${failed}`);
  });

  it('no-deadlock: no call can be given where a block is mapped', async () => {
    const faulty = seedFault(stage2Suite, (outcome, _, before) =>
      (before as State).root.entries[0]?.kind === 'leaf' ? disabled(before, '') : outcome,
    );
    expect(await caught('no-deadlock', 'guest', faulty)).toBe('map(pages=0-3, prot=r)');
  });
});

it('counts by hand: the states of the host table with two levels', async () => {
  // Below the first of two root entries: zero, a block, or a table of two pages, each zero, annotated, rwx or r: 16 tables. A CPU holds
  // nothing; or, of page 1, its leaf: in the block and in 8 tables; or the place of the table: in all 16.
  const config = { levels: 2, minBlockLevel: 2 };
  expect((await exhaustive({ variant: 'host-skips', config })).covered.states).toBe(1 + 2 + (16 + 8 + 16));
});

const sizes = scopeOf(stage2).config as Parameters<typeof stage2.system>[0];

describe("what was measured on the kernel's own code", () => {
  /** The outcome of the last of some calls, which are made one after the other, each written as a trace has it. */
  const outcomeOf = (choices: Choices, ...calls: readonly string[]) => {
    const system = systemOf(stage2, scopeOf(stage2, choices));
    const named = (text: string) => [...system.command.values()].find((one) => describeCommand(one) === text);
    return calls.reduce<Outcome<unknown>>(({ state }, call) => {
      const command = named(call);
      if (!command) throw new Error(`no such call: ${call}`);
      return system.step(state, command);
    }, ok(system.initial));
  };
  const stateAfter = (choices: Choices, ...calls: readonly string[]) => outcomeOf(choices, ...calls).state as State;

  it('relax_perms() loses no race where it writes nothing: 0, and the TLBI names the level of the leaf', () => {
    const [mapped, held] = ['map(pages=1, prot=rwx)', 'cpu_walk(caches=leaf)'];
    const lost = 'relax_perms(page=1, adds=w, lost=true)';
    expect(outcomeOf({}, mapped, held, lost)).toMatchObject({ result: 'ok', state: { tlb: { kind: 'empty' } } });
    // With B17 a TLBI after -EAGAIN names no level that a leaf has; this one does.
    expect(stateAfter({ variant: 'guest-b17' }, mapped, held, lost).tlb).toEqual({ kind: 'empty' });
    expect(outcomeOf({}, 'map(pages=1, prot=r)', lost)).toMatchObject({ result: 'refused', errno: 'EAGAIN' });
    expect(outcomeOf({}, lost)).toMatchObject({ result: 'refused', errno: 'EAGAIN' });
  });

  it('c60d847be7b8 takes away two puts that only failures reach: no other call differs without it', async () => {
    const [fixed, without] = ['guest', 'guest-b16'].map((variant) => systemOf(stage2, scopeOf(stage2, { variant })));
    const calls = fixed!.command.arbitrary().filter(({ kind }) => kind !== 'create_unlinked_short');
    fc.assert(
      fc.property(fc.array(calls, { maxLength: 20 }), (trace) => {
        let state = fixed!.initial;
        for (const call of trace) {
          const outcome = fixed!.step(state, call);
          expect(without!.step(state, call)).toEqual(outcome);
          state = outcome.state;
        }
      }),
      { numRuns: 300, seed: 16 },
    );
    expect(stateAfter({ variant: 'guest-b16' }, 'map(pages=0, prot=r)', 'map(pages=0-1, prot=r)').lost).toBe(0);
    expect(stateAfter({ variant: 'guest-b16' }, 'create_unlinked_short()').lost).toBe(-1);
    expect(outcomeOf({}, 'create_unlinked_short()')).toMatchObject({ errno: 'ENOMEM', state: { lost: 0 } });
  });

  it('annotate() refuses the host since 7.1, and what is given back is mapped, by blocks where they fit', () => {
    const taken = 'set_owner(pages=0-1, owner=hyp)';
    const back = 'set_owner(pages=0-1, owner=host)';
    expect(getLeaf(stateAfter({ variant: 'host' }, taken, back).root, 0, sizes).pte).toEqual({ kind: 'zero' });
    expect(outcomeOf({ variant: 'host-7.1' }, taken, back)).toEqual(
      refuse(stateAfter({ variant: 'host-7.1' }, taken), 'EINVAL', 'type 0 is no annotation'),
    );
    const given = stateAfter({ variant: 'host-7.1' }, taken, 'give_back(pages=0-1)');
    expect(getLeaf(given.root, 0, sizes)).toMatchObject({ pte: { kind: 'leaf', w: true, x: true }, level: 2 });
  });

  it("the host's map passes over what is mapped since 7.1, and stops there in 7.0", () => {
    const calls = ['map(pages=1, prot=rwx)', 'map(pages=1-2, prot=rwx)'];
    expect(outcomeOf({ variant: 'host' }, ...calls)).toMatchObject({ result: 'refused', errno: 'EAGAIN' });
    const passed = outcomeOf({ variant: 'host-7.1' }, ...calls);
    expect([passed.result, getLeaf((passed.state as State).root, 2, sizes).pte.kind]).toEqual(['ok', 'leaf']);
  });

  it('mkyoung() and destroy() return void: nothing to do is no error, and a walk that fails is a WARN', () => {
    expect(outcomeOf({}, 'mkyoung(page=1)').result).toBe('ok');
    const warned = outcomeOf({ variant: 'guest-b28' }, 'map(pages=0, prot=r)', 'destroy()');
    expect(warned).toMatchObject({
      result: 'ok',
      warnings: ['the walk of kvm_pgtable_stage2_destroy() returned -ERANGE'],
      state: { lost: 1 },
    });
  });

  it('a range is flushed by the whole VMID where there are no range TLBIs', () => {
    const calls = ['map(pages=1, prot=rwx)', 'cpu_walk(caches=leaf)', 'wrprotect(pages=0)'];
    expect(stateAfter({}, ...calls).tlb).toMatchObject({ kind: 'leaf', w: true });
    expect(stateAfter({ switches: { tlbi: 'ranges' } }, ...calls).tlb).toMatchObject({ kind: 'leaf', w: true });
    expect(stateAfter({ switches: { tlbi: 'neither' } }, ...calls).tlb).toEqual({ kind: 'empty' });
  });

  it('every range TLBI names level 0 with B22, but the one for a zapped table names the page that unmap() names', () => {
    const b22 = { variant: 'guest-b22' };
    const held = ['map(pages=1, prot=rwx)', 'cpu_walk(caches=leaf)'];
    expect(stateAfter(b22, ...held, 'wrprotect(pages=1)').tlb).toMatchObject({ kind: 'leaf', w: true });
    expect(stateAfter(b22, ...held, 'unmap(pages=0-1)').tlb).toMatchObject({ kind: 'leaf' });
    expect(stateAfter(b22, ...held, 'unmap(pages=1)').tlb).toEqual({ kind: 'empty' });
  });

  it('another vCPU can take apart a block that has just replaced a table, as one that has replaced nothing', () => {
    expect(outcomeOf({}, 'map(pages=0, prot=r)', 'map_raced(pages=0-1)')).toMatchObject({
      result: 'ok',
      state: { lost: 0 },
    });
  });

  it('a walk into a freed table ends what is known: no call follows', () => {
    const calls = ['map(pages=0, prot=r)', 'map(pages=0-1, prot=r)'];
    expect(outcomeOf({ variant: 'guest-walks-freed' }, ...calls)).toMatchObject({
      errno: 'EAGAIN',
      state: { usedAfterFree: true },
    });
    expect(outcomeOf({ variant: 'guest-walks-freed' }, ...calls, 'unmap(pages=0)').result).toBe('disabled');
    expect(outcomeOf({}, ...calls)).toMatchObject({ result: 'ok', state: { usedAfterFree: false } });
  });
});

describe('random calls', () => {
  const scope = scopeOf(stage2, { variant: 'guest' });
  const system = systemOf(stage2, scope);
  /** The pages that a call may change: by name, and by blocks around them. */
  const commands = fc.array(system.command.arbitrary(), { minLength: 1, maxLength: 30 });

  it('keep to a flat map of pages: what unmap names is gone, what map names is there, and nothing appears elsewhere', () => {
    fc.assert(
      fc.property(commands, (calls) => {
        let state = system.initial as State;
        /** By page, whether it may be mapped: mapped by some call since the last that unmapped it. */
        const may = new Set<number>();
        for (const call of calls) {
          const outcome = system.step(state, call as Command);
          if (outcome.result === 'disabled') continue;
          state = outcome.state as State;
          const pages = 'pages' in call ? range(String(call.pages)) : [];
          if (call.kind.startsWith('map')) for (const page of pages) may.add(page);
          if (call.kind === 'unmap') for (const page of pages) may.delete(page);
          if (call.kind === 'destroy') may.clear();
          for (let page = 0; page < 8; page++)
            if (getLeaf(state.root, page, sizes).pte.kind === 'leaf') expect(may).toContain(page);
          if (call.kind === 'destroy') expect([tablesBelow(state.root), state.lost]).toEqual([0, 0]);
        }
      }),
      { numRuns: 300, seed: 4 },
    );
  });
});

const range = (name: string): number[] => {
  const [first = 0, last = first] = name.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
};
