import { describe, expect, it } from 'vitest';
import { graphAround } from '../../src/explore/graph.ts';
import { sessionOf, wayOf } from '../../src/explore/session.ts';
import { type Model, suite } from '../../src/spec/index.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { graph } from '../engine/graph.ts';

/** 0 to 9 in a ring; a node is even or odd, and 9 is an end. */
const ring = graph({ ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [i, [i + 1, (i + 8) % 9]])), 9: [] });
const model: Model = { ...(ring as Model), classify: (state) => classOf((state as { node: number }).node) };
const classOf = (node: number) => (node === 9 ? 'end' : node % 2 === 0 ? 'even' : 'odd');
const newSession = () => sessionOf(suite({ model, properties: [], violates: { only: [] } }), scopeOf(model, {}));
const session = newSession();

describe('the graph of the states around', () => {
  it('is that of all states where they are few, grouped by the classes of their pages', () => {
    const { steps } = wayOf(session, ['go(to=1)']);
    const { groups, arrows, states, from } = graphAround(session, steps);
    expect([states, from]).toEqual([10, 'start']);
    expect(groups.map(({ lines, states, distance }) => [...lines, states, distance])).toEqual([
      ['even', 5, 0],
      ['odd', 4, 1],
      ['end', 1, 2],
    ]);
    expect(groups.map(({ isHere, isOnWay }) => [isHere, isOnWay])).toEqual([
      [false, true],
      [true, true],
      [false, false],
    ]);
    expect(groups[2]!.commands).toEqual([
      { kind: 'go', to: 8 },
      { kind: 'go', to: 9 },
    ]);
    expect(arrows.map(({ from, to }) => `${from} ${to}`).sort()).toEqual(['0 1', '0 2', '1 0']);
  });

  it('is that of the nearest states where they are many', () => {
    const { steps } = wayOf(session, ['go(to=1)', 'go(to=2)', 'go(to=3)', 'go(to=4)']);
    const { groups, states, from } = graphAround(newSession(), steps, 3);
    expect([states, from]).toEqual([3, 'here']);
    expect(groups.map(({ lines, commands }) => [...lines, commands.length])).toEqual([
      ['even', 0],
      ['odd', 1],
    ]);
  });
});
