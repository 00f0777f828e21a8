import type { Evidence } from '../../src/engine/result.ts';
import {
  describeCommand,
  disabled,
  invariant,
  type Model,
  ok,
  type Property,
  range,
  reachable,
  record,
  variant,
} from '../../src/spec/index.ts';
import { tiny } from './tiny.ts';

/** A model given by the edges of a graph: the state is a node, 0 at first, and `go(to)` follows an edge. */
export const graph = (
  edges: Readonly<Record<number, readonly number[]>>,
): Model<{ readonly node: number }, { kind: 'go'; to: number }> => {
  const last = Math.max(...Object.keys(edges).map(Number), ...Object.values(edges).flat());
  return tiny('graph', {
    state: record({ node: range(0, last) }),
    command: variant({ go: { to: range(0, last) } }),
    initial: { node: 0 },
    step: (state, { to }) => (edges[state.node]?.includes(to) ? ok({ node: to }) : disabled(state, 'no such edge')),
  });
};

export const neverAt = (model: Model<{ readonly node: number }, { kind: 'go'; to: number }>, node: number): Property =>
  invariant(model, {
    id: `never-at-${node}`,
    statement: '',
    source: '',
    holds: (state) => state.node !== node || `at ${node}`,
  });

export const canBeAt = (
  model: Model<{ readonly node: number }, { kind: 'go'; to: number }>,
  nodes: readonly number[],
): Property =>
  reachable(model, {
    id: 'can-be-at',
    statement: '',
    source: '',
    forEach: () => record({ node: range(Math.min(...nodes), Math.max(...nodes)) }),
    when: (state, { node }) => state.node === node,
  });

export const calls = (trace: Evidence | undefined) => trace?.commands.map(describeCommand).join(' ');
