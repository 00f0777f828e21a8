import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mteTags } from '../../model/mte-tags/model.ts';
import { pkvmMmio } from '../../model/pkvm-mmio/model.ts';
import { audit } from '../../src/audit/audit.ts';
import type { RuleTable } from '../../src/audit/result.ts';
import { callsWords, changeWords, conditionWords, resultWords } from '../../src/report/rule-words.ts';
import {
  array,
  type Command,
  describeOutcome,
  disabled,
  enumOf,
  flag,
  type Infer,
  type Model,
  type Outcome,
  ok,
  range,
  record,
  refuse,
  type System,
  update,
  variant,
} from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { systemOf } from '../../src/system/system.ts';
import { anyModel } from '../engine/any-model.ts';
import { tiny } from '../engine/tiny.ts';
import { applying, flat, performed } from './printed-table.ts';

const systemIn = (model: Model, config = {}): System => systemOf(model, scopeOf(model, { config }));

const tableFor = (tables: readonly RuleTable[], command: Command): RuleTable => {
  const speaking = tables.filter(({ calls }) => calls.some((call) => JSON.stringify(call) === JSON.stringify(command)));
  expect(speaking).toHaveLength(1);
  return speaking[0]!;
};

/** The outcome of a call, as the tables have it. */
const plainly = (system: System, state: unknown, command: Command): { result: string; state: unknown } => {
  try {
    const outcome = system.step(state, command);
    if (outcome.result === 'disabled') return { result: describeOutcome(outcome), state };
    if (!system.state.misfit(outcome.state)) return { result: describeOutcome(outcome), state: outcome.state };
  } catch {
    // A state that it need not expect.
  }
  return { result: resultWords({ kind: 'impossible' }), state };
};

/** Exactly one rule applies, and it says what the function does. */
const agrees = (system: System, tables: readonly RuleTable[], state: unknown, command: Command): void => {
  const table = tableFor(tables, command);
  const before = flat(state);
  const rules = applying(table, command, before);
  const plain = plainly(system, state, command);
  const seen = rules.map((rule) => performed(table, rule, command, before));
  expect(seen).toEqual([{ result: plain.result, state: flat(plain.state) }]);
};

/** Shortest distances from the initial state, by the plain functions. */
const distances = (system: System, commands: readonly Command[]): Map<string, number> => {
  const found = new Map([[JSON.stringify(system.initial), 0]]);
  const queue = [system.initial];
  for (const state of queue)
    for (const command of commands) {
      const outcome = system.step(state, command);
      if (outcome.result === 'disabled' || outcome.result === 'panic' || found.has(JSON.stringify(outcome.state)))
        continue;
      found.set(JSON.stringify(outcome.state), found.get(JSON.stringify(state))! + 1);
      queue.push(outcome.state);
    }
  return found;
};

describe('the printed rules, executed as a function', () => {
  it('are the transition, in every state of the domain of random models; dead rules are dead', async () => {
    await fc.assert(
      fc.asyncProperty(anyModel, async ({ model }) => {
        const system = systemIn(model);
        const commands = [...system.command.values()];
        const { tables } = await audit(model, {}, { inFull: true });
        const depths = distances(system, commands);
        const witnesses = new Map<object, number>();
        for (const state of system.state.values())
          for (const command of commands) {
            agrees(system, tables, state, command);
            const depth = depths.get(JSON.stringify(state));
            if (depth === undefined) continue;
            const table = tableFor(tables, command);
            const rule = table.rules[applying(table, command, flat(state))[0]!]!;
            const calls = depth + Number(rule.result.kind !== 'disabled');
            witnesses.set(rule, Math.min(witnesses.get(rule) ?? calls, calls));
          }
        for (const { rules } of tables) for (const rule of rules) expect(rule.witness).toBe(witnesses.get(rule));
      }),
      { numRuns: 6 },
    );
  });

  it('are the transition in any state of a small pkvm-mmio, in every version', async () => {
    const config = { mmioTables: 1, pool: 1, devices: 1 };
    for (const variant of Object.keys(pkvmMmio.variants)) {
      const system = systemOf(pkvmMmio, scopeOf(pkvmMmio, { variant, config }));
      const { tables } = await audit(pkvmMmio, { variant, config }, { inFull: true });
      expect(tables.flatMap(({ rules }) => rules).filter(({ result }) => result.kind === 'untried')).toEqual([]);
      const commands = [...system.command.values()];
      fc.assert(
        fc.property(system.state.arbitrary(), fc.constantFrom(...commands), (state, command) =>
          agrees(system, tables, state, command),
        ),
        { numRuns: 300 },
      );
    }
  });

  it.each([
    ['global-lock', ['run(thread), thread = vm1, vm2, vm3', 'drain(thread), thread = vm1, vm2, vm3']],
    [
      'split-one-writer',
      ['run(thread=vm1)', 'run(thread), thread = vm2, vm3', 'drain(thread), thread = vm1, vm2, vm3'],
    ],
  ])(
    'are the transition of threads with one program, folded into one table: mte-tags@%s',
    async (variant, expected) => {
      const choices = { variant, config: { actors: 3 } };
      const system = systemOf(mteTags, scopeOf(mteTags, choices));
      const { tables } = await audit(mteTags, choices, { inFull: true });
      expect(tables.map(callsWords)).toEqual(expected);
      fc.assert(
        fc.property(system.state.arbitrary(), system.command.arbitrary(), (state, command) =>
          agrees(system, tables, state, command),
        ),
        { numRuns: 1000 },
      );
    },
  );

  it('in outline still has exactly one rule for each state, but for what is dead, and leaves no case out', async () => {
    const config = { mmioTables: 2, devices: 1, pool: 1 };
    const system = systemIn(pkvmMmio, config);
    const { tables } = await audit(pkvmMmio, { config });
    expect(tables.flatMap(({ rules }) => rules).some(({ family }) => family)).toBe(true);
    const commands = [...system.command.values()];
    fc.assert(
      fc.property(system.state.arbitrary(), fc.constantFrom(...commands), (state, command) => {
        const table = tableFor(tables, command);
        const [rule, ...others] = applying(table, command, flat(state)).filter((i) => !table.rules[i]!.onlyIf);
        expect(others).toEqual([]);
        if (rule === undefined) expect(table.rules.at(-1)).toMatchObject({ onlyIf: true, witness: undefined });
        else if (table.rules[rule]!.family === undefined)
          expect(resultWords(table.rules[rule]!.result)).toBe(plainly(system, state, command).result);
      }),
      { numRuns: 1000 },
    );
    const inFull = (await audit(pkvmMmio, { config }, { inFull: true })).tables;
    for (const { calls, rules } of tables) {
      const { rules: all } = tableFor(inFull, calls[0]!);
      const [live, dead] = [
        rules.reduce((sum, { family, witness }) => sum + (family?.live[0] ?? Number(witness !== undefined)), 0),
        rules.reduce((sum, { family, witness }) => sum + (family?.dead[0] ?? Number(witness === undefined)), 0),
      ];
      if (calls.length === 1)
        expect([live, live + dead]).toEqual([
          all.filter(({ witness }) => witness !== undefined).length,
          all.filter(({ result }) => result.kind !== 'untried').length,
        ]);
    }
  });
});

const pages = record({
  owner: array(enumOf('host', 'hyp', 'guest'), 4),
  mapped: array(record({ host: array(flag, 2) }), 2),
  pins: range(0, 3),
});
type Pages = Infer<typeof pages>;
const pageCommand = variant({
  give: { pfn: range(0, 3), to: enumOf('host', 'hyp', 'guest') },
  map: { pfn: range(0, 3) },
  pin: {},
  swap: { pfn: range(0, 2) },
});

const stepOfPages = (state: Pages, command: Infer<typeof pageCommand>): Outcome<Pages> => {
  if (command.kind === 'pin')
    return state.pins === 3
      ? disabled(state, 'enough')
      : ok(
          update(state, (draft) => {
            draft.pins++;
          }),
        );
  const { pfn } = command;
  if (command.kind === 'map') {
    if (state.owner[pfn] !== 'host') return refuse(state, 'EPERM', 'not the host’s');
    return ok(
      update(state, (draft) => {
        draft.mapped[Math.floor(pfn / 2)]!.host[pfn % 2] = true;
      }),
    );
  }
  if (command.kind === 'swap')
    return ok(
      update(state, (draft) => {
        const [a, b] = [draft.owner[pfn]!, draft.owner[pfn + 1]!];
        draft.owner[pfn] = b;
        draft.owner[pfn + 1] = a;
      }),
    );
  if (state.owner[pfn] === command.to) return refuse(state, 'EEXIST', 'has it');
  return ok(
    update(state, (draft) => {
      draft.owner[pfn] = command.to;
    }),
  );
};

const pagesModel = tiny('pages', {
  state: pages,
  command: pageCommand,
  initial: {
    owner: ['host', 'host', 'host', 'host'],
    mapped: [{ host: [false, false] }, { host: [false, false] }],
    pins: 0,
  },
  step: stepOfPages,
});

const printed = (table: RuleTable): string[] => [
  callsWords(table),
  ...table.rules.map(
    (rule) =>
      `${rule.witness ?? 'dead'}: ${rule.conditions.map(conditionWords).join(', ')} => ${resultWords(rule.result)} ${rule.changes.map(changeWords).join(', ')}`,
  ),
];

describe('folding and reduction', () => {
  it('lets one call speak for all that differ only in names, and one row for values that make no difference', async () => {
    const { tables } = await audit(pagesModel, {}, { inFull: true });
    expect(tables.slice(0, 3).map(printed)).toEqual([
      [
        'give(pfn, to), pfn = 0..3; to = host, hyp, guest',
        '1: owner[pfn] = to => -EEXIST (has it) ',
        '1: owner[pfn] != to => ok owner[pfn] := to',
      ],
      [
        'map(pfn), pfn = 0..3',
        '1: owner[pfn] = host => ok mapped[pfn/2].host[pfn%2] := true',
        '2: owner[pfn] != host => -EPERM (not the host’s) ',
      ],
      ['pin()', '1: pins != 3 => ok pins += 1', '3: pins = 3 => disabled (enough) '],
    ]);
    expect(callsWords(tables[3]!)).toBe('swap(pfn), pfn = 0..2');
    expect(tables[3]!.rules).toHaveLength(6);
    expect(printed(tables[3]!)[2]).toBe(
      '2: owner[pfn] = host, owner[pfn+1] != host => ok owner[pfn] := copy of owner[pfn+1], owner[pfn+1] := host',
    );
  });

  it('executes what is folded as well', async () => {
    const { tables } = await audit(pagesModel, {}, { inFull: true });
    const system = systemIn(pagesModel);
    fc.assert(
      fc.property(system.state.arbitrary(), system.command.arbitrary(), (state, command) =>
        agrees(system, tables, state, command),
      ),
      { numRuns: 2000 },
    );
  });
});

describe('what cannot be explored in full', () => {
  it('is not called dead behind a bound', async () => {
    const { tables, bound } = await audit(pagesModel, {}, { inFull: true, maxStates: 1, commands: ['map'] });
    expect(bound).toEqual({ kind: 'states', limit: 1 });
    expect(tables).toHaveLength(1);
  });

  it('says where states that are not reachable are too many to be tried', async () => {
    const wide = tiny('wide', {
      state: record({ a: array(range(0, 9), 6), n: range(0, 100_000) }),
      command: variant({ sum: {}, tick: {} }),
      initial: { a: [0, 0, 0, 0, 0, 0], n: 0 },
      step: (state: { readonly a: readonly number[]; readonly n: number }, { kind }) =>
        kind === 'sum'
          ? state.a.reduce((x, y) => x + y) > 50
            ? refuse(state, 'E2BIG', 'sum')
            : ok(state)
          : state.n === 77
            ? refuse(state, 'EBUSY', '77')
            : ok(state),
    });
    const { tables } = await audit(wide, {}, { inFull: true });
    const untried = tables.map(({ rules }) => rules.filter(({ result }) => result.kind === 'untried').length);
    expect(untried[0]).toBeGreaterThan(0);
    expect(printed(tables[1]!)).toEqual([
      'tick()',
      '1: n = 0 => ok ',
      'dead: n != 0 => not tried: too many states that are not reachable ',
    ]);
  });
});
