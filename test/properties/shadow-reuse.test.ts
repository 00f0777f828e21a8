import { describe, expect, it } from 'vitest';
import type { Command } from '../../model/shadow-reuse/state.ts';
import { shadowReuseSuite } from '../../properties/shadow-reuse.ts';
import { type CheckResult, check } from '../../src/job/check.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { systemOf } from '../../src/system/system.ts';
import { broken, cell, exhaustive, readmeTable, trace } from './verdicts.ts';

const variants = Object.keys(shadowReuseSuite.model.variants);
const results = new Map<string, Promise<CheckResult>>();

/** Every variant is checked once. */
const checked = (variant: string) => {
  const known = results.get(variant) ?? exhaustive(shadowReuseSuite, { variant });
  results.set(variant, known);
  return known;
};

describe.each(variants)('shadow-reuse@%s', (variant) => {
  it('breaks exactly the properties that the suite lists for it, and reaches every witness', async () => {
    const result = await checked(variant);
    expect(result.bound).toBeUndefined();
    expect(broken(result).sort()).toEqual([...shadowReuseSuite.violates[variant]!].sort());
  });
});

describe('the README: verdicts by rule', () => {
  const [header, ...rows] = readmeTable('shadow-reuse', 'id');

  it('has every rule, with untracked writes and without', () => {
    expect(header!.slice(2)).toEqual(['present', 'gfn', 'role', 'present-tracked', 'gfn-tracked', 'role-tracked']);
    expect(rows.map(([, id]) => id)).toEqual([
      ...shadowReuseSuite.properties.filter(({ witness }) => !witness).map(({ id }) => id),
      'states',
    ]);
  });

  it.each(rows)('%s %s: %s %s %s %s %s %s', async (_, property, ...cells) => {
    const real = header!.slice(2).map(async (variant) => {
      const result = await checked(variant);
      return property === 'states' ? result.covered.states!.toLocaleString('en') : cell(result, property!);
    });
    expect(cells).toEqual(await Promise.all(real));
  });
});

describe('the README: traces', () => {
  it.each(readmeTable('shadow-reuse', 'variant').slice(1))('%s: %s', async (variant, property, expected) => {
    expect(trace(await checked(variant!), property!)).toBe(expected);
  });
});

describe('the WARN that CVE-2026-23402 is about', () => {
  const fault = { kind: 'fault', i: 0 } as const;
  const calls: readonly Command[] = [
    fault,
    { kind: 'untracked_write', pde: 'table 0' },
    fault,
    { kind: 'untracked_pte_write' },
    fault,
  ];
  /** Call by call, what has fired. */
  const warnings = (variant: string, warnsAtOverwrite: boolean) => {
    const { model } = shadowReuseSuite;
    const system = systemOf(model, scopeOf(model, { variant, switches: { warnsAtOverwrite } }));
    let state = system.initial;
    return calls.map((call) => {
      const outcome = system.step(state, call);
      state = outcome.state;
      return outcome.warnings;
    });
  };

  it.each(['present', 'gfn', 'role'])(
    '%s: fires where another page is put into a present entry, and only if it is there',
    (variant) => {
      const overwrites = 'a present entry is overwritten with another page';
      expect(warnings(variant, true).map((fired) => fired.includes(overwrites))).toEqual([
        false,
        false,
        false,
        false,
        true,
      ]);
      expect(warnings(variant, false).flat()).not.toContain(overwrites);
    },
  );

  it('does not fire where KVM sees every write', async () => {
    const switches = { untrackedWrites: 'impossible', warnsAtOverwrite: true };
    for (const variant of ['present', 'gfn', 'role'])
      expect(cell(await exhaustive(shadowReuseSuite, { variant, switches }), 'no-warning')).toBe('holds');
  });
});

it('the reverse map without its fixes needs a write that KVM does not see', async () => {
  for (const variant of ['role-mmio-overwrites', 'present', 'gfn'])
    expect(
      broken(await exhaustive(shadowReuseSuite, { variant, switches: { untrackedWrites: 'impossible' } })).filter(
        (id) => !shadowReuseSuite.properties.find((one) => one.id === id)!.witness,
      ),
    ).toEqual([]);
});

it('finds the same states and verdicts as the reference search', async () => {
  const reference = await check(shadowReuseSuite, {}, { kind: 'reference' });
  const result = await checked('role');
  expect(result.covered.states).toBe(reference.covered.states);
  expect(broken(result)).toEqual(broken(reference));
});
