import { describe, expect, it } from 'vitest';
import { pkvmMmio } from '../../model/pkvm-mmio/model.ts';
import { audit } from '../../src/audit/audit.ts';
import { matrixOf } from '../../src/audit/matrix.ts';
import type { LifeCycle } from '../../src/audit/result.ts';
import { cellWords } from '../../src/report/life-cycle.ts';
import { lifeGraph } from '../../src/report/life-graph.ts';
import { dotOf } from '../../src/report/render/dot.ts';
import { mermaidOf } from '../../src/report/render/mermaid.ts';
import { svgOf } from '../../src/report/render/svg.ts';
import {
  array,
  defineModel,
  disabled,
  enumOf,
  type Infer,
  type Outcome,
  ok,
  panic,
  range,
  record,
  refuse,
  update,
  variant,
} from '../../src/spec/index.ts';
import { tiny } from '../engine/tiny.ts';

const state = record({ owner: array(enumOf('host', 'hyp', 'gone'), 2) });
type State = Infer<typeof state>;
const command = variant({ donate: { pfn: range(0, 1) }, kill: {}, poke: { pfn: range(0, 1) } });
type Command = Infer<typeof command>;

const step = (state: State, command: Command): Outcome<State> => {
  if (command.kind === 'kill')
    return state.owner[0] === 'gone'
      ? disabled(state, 'once')
      : ok(
          update(state, (draft) => {
            draft.owner[0] = 'gone';
          }),
        );
  const owner = state.owner[command.pfn];
  if (owner === 'gone') return refuse(state, 'ENOENT', 'gone');
  if (command.kind === 'poke') return owner === 'hyp' ? panic(state, 'BUG') : ok(state);
  if (owner === 'hyp') return refuse(state, 'EPERM', 'not the host');
  return ok(
    update(state, (draft) => {
      draft.owner[command.pfn] = 'hyp';
    }),
  );
};

const owned = defineModel({
  ...tiny('owned', { state, command, initial: { owner: ['host', 'host'] }, step }),
  classify: ({ owner }: State, page: number) => (owner[page] === 'gone' ? undefined : `${owner[page]} page`),
  pages: () => [0, 1],
  names: (_: State, command: Command, page: number) => 'pfn' in command && command.pfn === page,
});

const cells = ({ life }: { readonly life: LifeCycle | undefined }) =>
  matrixOf(life!).rows.map(({ from, cells }) => [from, ...cells.map((cell) => cellWords(cell, String).join(' '))]);

describe('a life cycle', () => {
  it('hears ctrl-C while it is read off', async () => {
    const slow = defineModel({
      ...tiny('slow', {
        state: record({ n: range(0, 99) }),
        command: variant({ tick: {} }),
        initial: { n: 0 },
        step: (state: { readonly n: number }) => ok({ n: (state.n + 1) % 100 }),
      }),
      classify: ({ n }: { readonly n: number }) => {
        for (const start = performance.now(); performance.now() - start < 1; );
        return `page ${n}`;
      },
    });
    const monitor = async ({ doing }: { readonly doing?: string }) => doing !== 'reading off the life cycle';
    await expect(audit(slow, {}, { monitor })).rejects.toThrow(
      'interrupted while reading off the life cycle of 100 states: nothing is shown; --max-states N shows what N states have',
    );
  });

  it('has in a cell what changes the class first, then success, then errnos in alphabetical order', () => {
    const movement = { from: 'b', command: 'give', named: true, to: 'b', witness: 1 } as const;
    const refused = (errno: 'EPERM' | 'EBUSY') => ({ kind: 'refused', errno, reason: '', warnings: [] }) as const;
    const cell = [
      { ...movement, result: refused('EPERM') },
      { ...movement, result: { kind: 'panic', reason: '', warnings: [] }, to: undefined },
      { ...movement, result: { kind: 'ok', warnings: [] } },
      { ...movement, result: refused('EBUSY') },
      ...['a10', 'a9'].map((to) => ({ ...movement, to, result: { kind: 'ok', warnings: [] } }) as const),
    ] as const;
    expect(cellWords(cell, (to) => to.slice(1))).toEqual(['-> 9', '-> 10', 'ok', 'EBUSY', 'EPERM', 'panic']);
  });

  it('says what each call does to a page that it names, and which pages it changes on the way', async () => {
    const result = await audit(owned, {});
    expect(matrixOf(result.life!).commands).toEqual(['donate', 'poke']);
    expect(cells(result)).toEqual([
      ['host page', '-> hyp page', 'ok'],
      ['hyp page', 'EPERM', 'panic'],
    ]);
    expect(result.life).toMatchObject({ classes: ['host page', 'hyp page'], initial: ['host page'] });
    expect(lifeGraph(result.life!, '', false).edges).toEqual([
      { from: 0, to: 1, isSideEffect: false, isRefused: false, labels: ['donate'] },
      { from: 1, to: undefined, isSideEffect: false, isRefused: false, labels: ['poke'] },
    ]);
    expect(lifeGraph(result.life!, '', true).edges).toContainEqual({
      from: 1,
      to: 1,
      isSideEffect: false,
      isRefused: true,
      labels: ['donate -EPERM'],
    });
    const killed = result.life!.movements.filter(({ command }) => command === 'kill');
    expect(killed.map(({ from, to, witness }) => [from, to, witness])).toEqual([
      ['host page', undefined, 1],
      ['hyp page', undefined, 2],
    ]);
  });

  it('is drawn as Mermaid, DOT and SVG', async () => {
    const { life } = await audit(owned, {});
    expect(mermaidOf(lifeGraph(life!, '', true))).toBe(
      [
        'flowchart TD',
        '  c0(["host page"])',
        '  c1["hyp page"]',
        '  panic{{"panic"}}',
        '  c0 -->|"donate"| c1',
        '  c1 -.->|"donate -EPERM"| c1',
        '  c1 -->|"poke"| panic',
        '',
      ].join('\n'),
    );
    const dot = dotOf(lifeGraph(life!, 'a "title"', false));
    expect(dot).toContain('label="a \\"title\\""');
    const svg = await svgOf(dot);
    expect(svg).toMatch(/<svg [\s\S]*<\/svg>/);
    for (const words of ['host page', 'hyp page', 'panic', 'donate', 'poke']) expect(svg).toContain(`>${words}</text>`);
  });

  it('without pages() is that of the whole state, and every call is about it', async () => {
    const whole = { ...owned, classify: ({ owner }: State) => owner.join(), pages: undefined, names: undefined };
    const result = await audit(whole as unknown as typeof owned, {});
    expect(matrixOf(result.life!).commands).toEqual(['donate', 'kill', 'poke']);
    expect(result.life!.initial).toEqual(['host,host']);
  });

  it('of a model with threads has their steps for columns, whichever thread takes them', async () => {
    const threaded = {
      ...owned,
      lane: (_: State, command: Command) =>
        command.kind === 'donate' ? { thread: `t${command.pfn}`, step: 'give page' } : undefined,
    };
    const result = await audit(threaded, {});
    expect(matrixOf(result.life!).commands).toEqual(['give page', 'poke']);
    expect(cells(result)).toEqual([
      ['host page', '-> hyp page', 'ok'],
      ['hyp page', 'EPERM', 'panic'],
    ]);
    expect(lifeGraph(result.life!, '', false).edges[0]!.labels).toEqual(['give page']);
    expect(result.life!.of).toBe('steps');
    expect((await audit(owned, {})).life!.of).toBe('calls');
  });

  it('tells steps apart by the state: of one command, a step that is taken in two states', async () => {
    const counted = {
      ...owned,
      lane: ({ owner }: State, { kind }: Command) => ({
        thread: 't',
        step: `${kind}${owner[1] === 'hyp' ? ' late' : ''}`,
      }),
    };
    const { life } = await audit(counted, {});
    expect(life!.commands).toEqual(['donate', 'kill', 'poke', 'donate late', 'kill late', 'poke late']);
  });

  it('is missing where the model does not classify', async () => {
    expect((await audit(tiny('owned', { state, command, initial: { owner: ['host', 'host'] }, step }), {})).life).toBe(
      undefined,
    );
    expect(() => defineModel({ ...owned, classify: undefined } as unknown as typeof owned)).toThrow(
      'model owned: pages() and names() are for classify(), which is missing',
    );
  });

  it('finds a classification that is impure, or no name', async () => {
    let n = 0;
    await expect(audit({ ...owned, classify: () => `${n++}` }, {})).rejects.toThrow(
      'owned@only: classify() is impure: asked twice it gave two answers',
    );
    await expect(audit({ ...owned, classify: () => ' ' }, {})).rejects.toThrow(
      'owned: classify() returned " "; it must return the name of a class, or undefined',
    );
  });
});

describe('the life cycle of pkvm-mmio', () => {
  it('fixed: a donated page comes back only by the call that returns it, and nobody else changes its class', async () => {
    const { life } = await audit(pkvmMmio, {}, { commands: [] });
    const leaving = life!.movements.filter(({ from, to }) => from === 'hyp MMIO' && to !== from);
    expect(leaving.map(({ command, to }) => [command, to])).toEqual([
      ['hyp_donate_host_mmio', 'host MMIO, not mapped'],
    ]);
    expect(life!.classes).not.toContain('MMIO mapped by both');
  });

  it('before: recycling takes the annotation of a donated page away, and the host maps it (F9)', async () => {
    const { life } = await audit(pkvmMmio, { variant: 'before' }, { commands: [] });
    const lost = life!.movements.filter(
      ({ from, to, named }) => from === 'hyp MMIO' && to === 'hyp MMIO, not annotated' && !named,
    );
    expect(lost.map(({ command }) => command)).toContain('host_access');
    const mapped = life!.movements.find(
      ({ from, to }) => from === 'hyp MMIO, not annotated' && to === 'MMIO mapped by both',
    );
    expect(mapped).toMatchObject({ command: 'host_access', named: true, witness: 5 });
  });
});
