import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Judgment, type MutationAudit, mutationAudit } from '../../src/audit/mutation.ts';
import { searchReference } from '../../src/engine/reference/reference.ts';
import { coverageKey } from '../../src/engine/tally.ts';
import { taskOf } from '../../src/engine/task.ts';
import {
  type Command,
  describeCommand,
  enumOf,
  flag,
  invariant,
  type Outcome,
  ok,
  type Property,
  range,
  reachable,
  record,
  refuse,
  SpecError,
  type Suite,
  stepProperty,
  suite,
  update,
  variant,
} from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { anyModel } from '../engine/any-model.ts';
import { tiny } from '../engine/tiny.ts';
import { seedFault } from '../seeded-fault.ts';

/** A lock, and whether it was ever taken. */
const lock = tiny('lock', {
  state: record({ held: flag, used: flag }),
  command: variant({ take: {}, give: {} }),
  initial: { held: false, used: false },
  step: (state: { readonly held: boolean; readonly used: boolean }, { kind }: { kind: 'take' } | { kind: 'give' }) => {
    if (kind === 'take') {
      if (state.held) return refuse(state, 'EBUSY', 'held');
      return ok(update(state, (draft) => void Object.assign(draft, { held: true, used: true })));
    }
    if (!state.held) return refuse(state, 'EINVAL', 'not held');
    return ok(
      update(state, (draft) => {
        draft.held = false;
      }),
    );
  },
});

const common = { statement: '', source: '' };
const succeedsRightly = stepProperty(lock, {
  ...common,
  id: 'succeeds-rightly',
  holds: ({ before, command, outcome }) => (outcome.result === 'ok') === ((command.kind === 'take') !== before.held),
});
const errnosAreRight = stepProperty(lock, {
  ...common,
  id: 'errnos-are-right',
  holds: ({ command, outcome }) =>
    outcome.result !== 'refused' || outcome.errno === (command.kind === 'take' ? 'EBUSY' : 'EINVAL'),
});
const takesAndGives = stepProperty(lock, {
  ...common,
  id: 'takes-and-gives',
  holds: ({ command, outcome }) => outcome.result !== 'ok' || outcome.state.held === (command.kind === 'take'),
});
const notesUse = stepProperty(lock, {
  ...common,
  id: 'notes-use',
  holds: ({ outcome, before }) => outcome.state.used === (before.used || outcome.state.held),
});
const canBeUsed = reachable(lock, { ...common, id: 'can-be-used', when: ({ used }) => used });

const all = { sample: 1_000_000, seed: 1 };
const ofLock = (...properties: Property[]): Suite => suite({ model: lock, properties, violates: { only: [] } });

const fateOf = ({ fate }: Judgment) => ('property' in fate ? fate.property.id : fate.kind);
const lines = ({ judged }: MutationAudit, which: (fate: string) => boolean) =>
  judged
    .filter((one) => which(fateOf(one)))
    .map(({ mutant: { command, where, fault, trace } }) => {
      const what =
        'path' in fault ? `${fault.path}${'value' in fault ? `=${fault.value}` : ''}` : 'to' in fault ? fault.to : '';
      const values = where.map(({ path, value }) => `${path}=${value}`).join(' ');
      return (
        `${describeCommand(command)} where ${values}: ${fault.kind} ${what}`.trim() + (trace ? `; ${trace.length}` : '')
      );
    });

describe('mutants of the decision tables', () => {
  it('are all caught where the properties say everything', async () => {
    const audit = await mutationAudit(ofLock(succeedsRightly, errnosAreRight, takesAndGives, notesUse), {}, all);
    // Four rows. Two refusals, each dropped twice (alike, and as the other row) and with another errno: 6. Three writes, each
    // dropped and with the one other value: take() knows that held is false, so that there is one mutant of the two, and so on.
    expect(audit.judged.map(fateOf)).not.toContain('survived');
    expect([audit.states, audit.rows, audit.rowsLeftOut, audit.mutants]).toEqual([3, 4, 0, 10]);
  });

  it('show what a property is missed for', async () => {
    const audit = await mutationAudit(ofLock(succeedsRightly, errnosAreRight, takesAndGives), {}, all);
    expect(lines(audit, (fate) => fate === 'survived')).toEqual([
      'take() where held=false: write dropped used; 1',
      'take() where held=false: other value written used=false; 1',
    ]);
    const noErrnos = await mutationAudit(ofLock(succeedsRightly, takesAndGives, notesUse), {}, all);
    expect(lines(noErrnos, (fate) => fate === 'survived')).toEqual([
      'take() where held=true: errno changed EINVAL; 2',
      'give() where held=false: errno changed EBUSY; 1',
    ]);
  });

  it('are caught by a witness where no property is violated', async () => {
    const audit = await mutationAudit(ofLock(succeedsRightly, errnosAreRight, takesAndGives, canBeUsed), {}, all);
    expect(lines(audit, (fate) => fate === 'can-be-used')).toEqual([
      'take() where held=false: write dropped used',
      'take() where held=false: other value written used=false',
    ]);
    expect(audit.judged.filter(({ fate }) => fate.kind === 'witness')).toHaveLength(2);
  });

  it('are drawn as the seed says, and never more than asked for', async () => {
    const of = ofLock(succeedsRightly);
    const [one, again, other] = await Promise.all([7, 7, 8].map((seed) => mutationAudit(of, {}, { sample: 4, seed })));
    expect(one!.judged).toHaveLength(4);
    expect(one!.mutants).toBe(10);
    expect(one!.seed).toBe(7);
    expect(again).toEqual(one);
    expect(other!.judged).toHaveLength(4);
  });

  it('are searched through all that only they reach, however much that is', async () => {
    type State = { readonly mode: 'off' | 'on' | 'runaway'; readonly n: number };
    const runaway = tiny('runaway', {
      state: record({ mode: enumOf('off', 'on', 'runaway'), n: range(0, 199) }),
      command: variant({ start: {}, tick: {} }),
      initial: { mode: 'off', n: 0 },
      step: (state: State, { kind }: { kind: 'start' } | { kind: 'tick' }) => {
        if (kind === 'start') return ok(update(state, (draft) => void Object.assign(draft, { mode: 'on' })));
        if (state.mode !== 'runaway' || state.n === 199) return refuse(state, 'EPERM', 'does not run');
        return ok(update(state, (draft) => void Object.assign(draft, { n: state.n + 1 })));
      },
    });
    const staysSmall = invariant(runaway, { ...common, id: 'stays-small', holds: ({ n }) => n < 150 });
    const audit = await mutationAudit(
      suite({ model: runaway, properties: [staysSmall], violates: { only: [] } }),
      {},
      all,
    );
    expect(lines(audit, (fate) => fate === 'stays-small')).toEqual([
      'start() where : other value written mode=runaway',
    ]);
  });

  it('need a complete search', async () => {
    await expect(mutationAudit(ofLock(succeedsRightly), {}, { ...all, maxStates: 2 })).rejects.toThrow(
      'lock@only has more than 2 states; mutants need all of them',
    );
  });
});

type Plain = Record<string, unknown>;

const steps = (path: string) => path.replaceAll('[', '.').replaceAll(']', '').split('.');
const at = (state: unknown, path: string): unknown =>
  steps(path).reduce<unknown>((value, key) => (value as Plain | undefined)?.[key], state);
const withValue = (state: unknown, path: string, value: unknown): unknown => {
  const copy = structuredClone(state) as Plain;
  const keys = steps(path);
  const last = keys.pop()!;
  (keys.reduce<unknown>((inner, key) => (inner as Plain)[key], copy) as Plain)[last] = value;
  return copy;
};
const emptyPte: Record<string, object> = {
  zero: { kind: 'zero' },
  leaf: { kind: 'leaf', writable: false, level: 1 },
  table: { kind: 'table', entries: [false, false] },
};

/** The suite with a mutant's fault in its transition itself. */
const withFault = (of: Suite, { command: faulty, where, outcome: right, fault }: Judgment['mutant']): Suite =>
  seedFault(of, (outcome, command: Command, before): Outcome<unknown> => {
    if (fault.kind === 'errno changed')
      return command.kind === faulty.kind && outcome.result === 'refused' && coverageKey(outcome) === coverageKey(right)
        ? { ...outcome, errno: fault.to }
        : outcome;
    const meant =
      describeCommand(command) === describeCommand(faulty) &&
      where.every(({ path, value }) => at(before, path) === value);
    if (!meant) return outcome;
    if (fault.kind === 'refusal dropped') return { ...ok(outcome.state), warnings: outcome.warnings };
    const isKind = fault.path.endsWith('.kind');
    const path = isKind ? fault.path.slice(0, -5) : fault.path;
    const value =
      fault.kind === 'write dropped' ? at(before, path) : isKind ? emptyPte[String(fault.value)] : fault.value;
    return { ...outcome, state: withValue(outcome.state, path, value) };
  });

const verdicts = async (of: Suite) => {
  try {
    const { judged, covered } = await searchReference(taskOf(of.model, scopeOf(of.model), of.properties));
    return { of: new Map(judged.map(({ property, verdict }) => [property.id, verdict.kind])), covered };
  } catch (error) {
    if (error instanceof SpecError) return undefined;
    throw error;
  }
};

const seen = new Set<string>();

/** Judges the mutants of a suite by the plain search as well. */
const compareFates = async (of: Suite, sample: number, seed: number) => {
  const right = (await verdicts(of))!;
  const { judged } = await mutationAudit(of, {}, { sample, seed });
  for (const { mutant, fate } of judged) {
    if (mutant.like) continue;
    const wrong = await verdicts(withFault(of, mutant));
    if (!wrong) {
      // The plain search looks at all there is; a violation may have come before the error.
      expect(['error', 'property']).toContain(fate.kind);
      continue;
    }
    const lost = of.properties.filter(({ id }) => right.of.get(id) === 'proved' && wrong.of.get(id) === 'violated');
    const broken = lost.filter(({ witness }) => !witness);
    const expected = broken.length > 0 ? ['property'] : lost.length > 0 ? ['witness'] : ['survived', 'equivalent'];
    expect(expected).toContain(fate.kind);
    if ('property' in fate) expect(broken.length > 0 ? broken : lost).toContain(fate.property);
    if (fate.kind === 'equivalent') expect(wrong.covered).toEqual(right.covered);
    seen.add(`${mutant.fault.kind}, ${fate.kind}`);
  }
};

describe('the fate of a mutant is what the plain search says of the same fault in the transition itself', () => {
  it('of the lock, with each of its properties', async () => {
    for (const property of [succeedsRightly, errnosAreRight, takesAndGives, notesUse, canBeUsed])
      await compareFates(ofLock(property), all.sample, 1);
  });

  it('of any model', async () => {
    await fc.assert(
      fc.asyncProperty(anyModel, fc.nat(1000), async (any, seed) => compareFates({ ...any, violates: {} }, 12, seed)),
      { numRuns: 40, seed: 5 },
    );
  });

  it('and these came up', () => {
    const kinds = ['refusal dropped', 'errno changed', 'write dropped', 'other value written'];
    for (const kind of kinds) for (const fate of ['property', 'survived']) expect(seen).toContain(`${kind}, ${fate}`);
    expect(seen).toContain('write dropped, witness');
    expect(seen).toContain('write dropped, equivalent');
  });
});
