import { describe, expect, it } from 'vitest';
import type { State } from '../../model/shadow-roots/state.ts';
import { shadowRootsSuite } from '../../properties/shadow-roots.ts';
import { type CheckResult, check } from '../../src/job/check.ts';
import { describeCommand, type Outcome, update } from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { systemOf } from '../../src/system/system.ts';
import { seedFault } from '../seeded-fault.ts';
import { broken, cell, exhaustive, readmeTable, trace } from './verdicts.ts';

const variants = Object.keys(shadowRootsSuite.model.variants);
const results = new Map<string, Promise<CheckResult>>();

/** Every variant is checked once. */
const checked = (variant: string) => {
  const known = results.get(variant) ?? exhaustive(shadowRootsSuite, { variant });
  results.set(variant, known);
  return known;
};

describe.each(variants)('shadow-roots@%s', (variant) => {
  it('breaks exactly the properties that the suite lists for it, and reaches every other witness', async () => {
    const result = await checked(variant);
    expect(result.bound).toBeUndefined();
    expect(broken(result).sort()).toEqual([...shadowRootsSuite.violates[variant]!].sort());
  });
});

describe('the README: verdicts by version', () => {
  const [header, ...rows] = readmeTable('shadow-roots', 'id');
  const versions = header!.slice(2);

  it('has every version that was posted or merged', () => {
    expect(versions).toEqual(['base', 'v1', 'v3', 'merged', 'fixed', 'current']);
    expect(rows.length).toBeGreaterThanOrEqual(12);
  });

  it.each(rows)('%s %s: %s %s %s %s %s %s', async (_, property, ...cells) => {
    const real = await Promise.all(versions.map(async (variant) => cell(await checked(variant), property!)));
    expect(cells).toEqual(real);
  });
});

describe('the README: calls on MMUs that KVM does not bring about', () => {
  const [header, ...rows] = readmeTable('shadow-roots', 'call');
  const versions = header!.slice(1);

  it.each(rows)('%s', (call, ...cells) => {
    const real = versions.map((variant) => {
      const system = systemOf(shadowRootsSuite.model, scopeOf(shadowRootsSuite.model, { variant }));
      const command = [...system.command.values()].find((one) => describeCommand(one) === call);
      expect(command).toBeDefined();
      return outcomeCell(system.step(system.initial, command!) as Outcome<State>);
    });
    expect(cells).toEqual(real);
  });
});

/** `-EIO, WARN`, `0`, `0, WARN`, `panic`, and whether a page has no pointer left or root_hpa is of a lower level than the MMU. */
const outcomeCell = (outcome: Outcome<State>): string => {
  if (outcome.result === 'panic') return 'panic';
  const { state } = outcome;
  const roots = [state.paeRoot, state.pml4Root, state.pml5Root].filter((pointer) => pointer === 'page').length;
  return [
    outcome.result === 'refused' ? `-${outcome.errno}` : '0',
    ...outcome.warnings.map(() => 'WARN'),
    ...(state.pages > roots ? ['leak'] : []),
    ...(state.rootHpa === 'pae_root' && state.shadowRootLevel > 3 ? ['pae_root as root'] : []),
  ].join(', ');
};

describe('the README: each comment of the review, applied to v1 alone', () => {
  it.each(readmeTable('shadow-roots', 'comment').slice(1))('%s (%s)', async (_, variant, gone, added) => {
    const [before, after] = [broken(await checked('v1')), broken(await checked(variant!))];
    const ids = (list: readonly string[]) => list.join(', ') || 'nothing';
    expect(gone).toBe(ids(before.filter((id) => !after.includes(id))));
    expect(added).toBe(ids(after.filter((id) => !before.includes(id))));
  });
});

describe('the README: traces', () => {
  it.each(readmeTable('shadow-roots', 'variant').slice(1))('%s: %s', async (variant, property, expected) => {
    expect(trace(await checked(variant!), property!)).toBe(expected);
  });
});

it('v1 frees two uninitialised pointers where the first allocation fails, one where the second does', async () => {
  const detail = async (id: string) => {
    const { verdict } = (await checked('v1')).properties.find(({ property }) => property.id === id)!;
    return verdict.kind === 'violated' && verdict.trace?.detail;
  };
  expect(await detail('first-failure-is-clean')).toBe('2 uninitialised pointers freed');
  expect(await detail('second-failure-is-clean')).toBe('1 uninitialised pointer freed');
});

it('says the same of a first vCPU on a host with 5 levels', async () => {
  const result = await exhaustive(shadowRootsSuite, { variant: 'merged', config: { level: 5 } });
  expect(broken(result).sort()).toEqual([...shadowRootsSuite.violates.merged!].sort());
});

it('counts as many states as the reference search', async () => {
  const reference = await check(shadowRootsSuite, {}, { kind: 'reference' }, { properties: ['chain-fits-the-level'] });
  expect((await checked('current')).covered.states).toBe(reference.covered.states);
});

describe('a property that no variant breaks is broken by a seeded fault', () => {
  const faulty = (recipe: (draft: Parameters<Parameters<typeof update<State>>[1]>[0], kind: string) => void) =>
    seedFault(shadowRootsSuite, (outcome, { kind }, before) =>
      outcome.result === 'disabled' || (before as State).vcpu === 'made up'
        ? outcome
        : { ...outcome, state: update(outcome.state as State, (draft) => recipe(draft, kind)) },
    );
  const tracedWith = async (suite: ReturnType<typeof faulty>, id: string) =>
    trace(await exhaustive(suite, {}, [id]), id);
  const destroyed = 'kvm_mmu_destroy(); kvm_mmu_create(tdp=false, level=3, nested=false, alloc=succeeds)';

  it('third-failure-is-clean: the third failure leaves pml4_root allocated', async () => {
    const suite = seedFault(shadowRootsSuite, (outcome) =>
      outcome.result === 'refused' && outcome.reason === 'no page for pml5_root'
        ? {
            ...outcome,
            state: update(outcome.state as State, (draft) => {
              draft.pages = 1;
            }),
          }
        : outcome,
    );
    expect(await tracedWith(suite, 'third-failure-is-clean')).toBe(
      'kvm_mmu_destroy(); kvm_mmu_create(tdp=true, level=5, nested=true, alloc=succeeds); kvm_mmu_load(fails=3rd) = -ENOMEM (no page for pml5_root)',
    );
  });

  it('pages-accounted-for: unload forgets pml4_root', async () => {
    const suite = faulty((draft, kind) => {
      if (kind === 'kvm_mmu_unload' && draft.pages < 3) draft.pml4Root = 'NULL'; // the search goes on, and so would the leak
    });
    expect(await tracedWith(suite, 'pages-accounted-for')).toBe('kvm_mmu_load(fails=none); kvm_mmu_unload()');
  });

  it('destroy-frees-all: pml5_root is forgotten by free_mmu_pages()', async () => {
    const suite = faulty((draft, kind) => {
      if (kind === 'kvm_mmu_destroy' && draft.pml5Root === 'freed') draft.pages = 1;
    });
    expect(await tracedWith(suite, 'destroy-frees-all')).toBe(
      'kvm_mmu_destroy(); kvm_mmu_create(tdp=true, level=5, nested=true, alloc=succeeds); kvm_mmu_load(fails=none); kvm_mmu_destroy()',
    );
  });

  it('freed-encrypted: free_mmu_pages() does not encrypt again', async () => {
    const suite = seedFault(shadowRootsSuite, (outcome, { kind }, before) =>
      kind === 'kvm_mmu_destroy' && outcome.result === 'ok'
        ? {
            ...outcome,
            state: update(outcome.state as State, (draft) => {
              draft.paeDecrypted = (before as State).paeDecrypted;
            }),
          }
        : outcome,
    );
    expect(await tracedWith(suite, 'freed-encrypted')).toBe(`${destroyed}; kvm_mmu_destroy()`);
  });

  it('pae-root-below-4gib: vCPU creation without __GFP_DMA32', async () => {
    const suite = faulty((draft, kind) => {
      if (kind === 'kvm_mmu_create') draft.paeLow = false;
    });
    expect(await tracedWith(suite, 'pae-root-below-4gib')).toBe(`${destroyed}; kvm_mmu_load(fails=none)`);
  });
});
