import type { Task } from '../engine/task.ts';
import type { Effect } from '../observe/effect.ts';
import type { Outcome } from '../spec/outcome.ts';
import { indexIn, type Layout, maskOf, type Place, type Slot } from '../system/layout.ts';
import { collectRegions, put, type Regions } from '../table/neighbours.ts';
import { watchTransition } from '../table/watch.ts';
import type { CancellationPoint } from './cancellation.ts';
import type { RuleResult } from './result.ts';

/** A slot is set to the value of that index. */
export interface Write {
  readonly slot: Slot;
  readonly index: number;
}

/** A command's cases by what it reads: a child for each value that was tried. */
export type CaseTree =
  | { readonly kind: 'leaf'; readonly result: RuleResult; readonly writes: readonly Write[] }
  | { readonly kind: 'branch'; readonly slot: Slot; readonly children: ReadonlyMap<number, CaseTree> };

type Branch = { readonly kind: 'branch'; readonly slot: Slot; readonly children: Map<number, Node> };
type Node = Branch | Extract<CaseTree, { readonly kind: 'leaf' }>;

/** A slot with more values than this is not tried out. */
const widestTrial = 256;

/** Readings of a state in one run: a transition need not end in a state that it never meets. */
const mostReadings = 10_000;

/**
 * Every case of a command: first those that the states `from` take, one of which stands for each case that is reachable; then, from
 * there, a slot that was read is set to another value, those that are read first before the others. Any two paths through the
 * function part at the first slot in which they differ, so that finds all of them, if `most` runs are enough. Returns how many were.
 */
export const casesOf = async (
  task: Task,
  layout: Layout<unknown>,
  number: number,
  from: readonly Uint32Array[],
  most: number,
  cancellation: CancellationPoint,
): Promise<{ readonly cases: CaseTree; readonly runs: number }> => {
  const regions: Regions = new Map();
  collectRegions(layout.place, regions);
  /** By depth: branches, each with a state that comes by. */
  const open: { readonly branch: Branch; readonly state: Uint32Array }[][] = [];
  let root: Node | undefined;

  const run = (state: Uint32Array) => {
    const { reads, leaf } = runOn(task, layout, number, state);
    let at: Node | undefined = root;
    let link = (node: Node) => {
      root = node;
    };
    for (const [depth, slot] of reads.entries()) {
      if (at === undefined) {
        at = { kind: 'branch', slot, children: new Map() };
        link(at);
        open[depth] ??= [];
        open[depth].push({ branch: at, state });
      }
      if (at.kind === 'leaf' || at.slot !== slot) return; // it reads otherwise than before, in a state that is not reachable
      const { children }: Branch = at;
      const index = indexIn(slot, state, 0);
      at = children.get(index);
      link = (node) => {
        children.set(index, node);
      };
    }
    if (at === undefined) link(leaf);
  };

  for (const state of from) {
    if (cancellation.isDue) await cancellation.check();
    run(state);
  }
  let left = most;
  for (let depth = 0; depth < open.length; depth++) {
    const branches = (open[depth] ?? []).filter(({ branch }) => branch.slot.size <= widestTrial);
    for (const { branch } of branches) left -= branch.slot.size - branch.children.size;
    if (left < 0) break; // a depth is tried as a whole, so that calls that are alike stay so
    for (const { branch, state } of branches)
      for (let index = 0; index < branch.slot.size; index++) {
        if (branch.children.has(index)) continue;
        if (cancellation.isDue) await cancellation.check();
        const other = state.slice();
        put(other, branch.slot, index, regions);
        run(other);
      }
  }
  return { cases: root!, runs: most - Math.max(left, 0) };
};

/** What one run reads, in order, and what it ends with. */
const runOn = (task: Task, layout: Layout<unknown>, number: number, state: Uint32Array) => {
  const seen = watchTransition(task.system, layout, state, task.commands[number]!, mostReadings);
  const { reads } = seen;
  // It need not expect a state that is not reachable; in one that is, the search has run it.
  const { outcome, effect } = 'answer' in seen ? seen.answer : {};
  if (!outcome || !effect)
    return { reads, leaf: { kind: 'leaf', result: { kind: 'impossible' }, writes: [] } as const };
  const known = new Set(reads);
  const writes = writesOf(layout.place, effect, state, false).filter(
    ({ slot, index }) => !known.has(slot) || indexIn(slot, state, 0) !== index,
  );
  return { reads, leaf: { kind: 'leaf', result: ruleResultOf(outcome), writes } as const };
};

export const ruleResultOf = (outcome: Outcome<unknown>): RuleResult => {
  const { warnings } = outcome;
  if (outcome.result === 'ok')
    return outcome.value === undefined ? { kind: 'ok', warnings } : { kind: 'ok', value: outcome.value, warnings };
  const { reason } = outcome;
  if (outcome.result === 'refused') return { kind: 'refused', errno: outcome.errno, reason, warnings };
  return { kind: outcome.result, reason, warnings };
};

/** The slots that exist afterwards and are written. `fresh`: those without a bit are, too. */
const writesOf = (place: Place, effect: Effect, state: Uint32Array, fresh: boolean): Write[] => {
  switch (place.kind) {
    case 'scalar': {
      const write = writeTo(place.slot, effect);
      return write ? [write] : fresh && place.slot.width === 0 ? [{ slot: place.slot, index: 0 }] : [];
    }
    case 'record':
      return [...place.fields.values()].flatMap((field) => writesOf(field, effect, state, fresh));
    case 'array':
      return place.elements.flatMap((element) => writesOf(element, effect, state, fresh));
    case 'variant': {
      const tag = writeTo(place.tag, effect);
      // A tag that is not written was read before anything inside was, or nothing inside is written.
      const kind = String(place.tag.valueAt(tag ? tag.index : indexIn(place.tag, state, 0)));
      const inside = [...place.cases.get(kind)!.values()].flatMap((field) =>
        writesOf(field, effect, state, fresh || tag !== undefined),
      );
      return tag ? [tag, ...inside] : inside;
    }
  }
};

const writeTo = (slot: Slot, { keep, set }: Effect): Write | undefined => {
  const mask = maskOf(slot);
  if ((keep[slot.word]! & mask) === mask) return undefined;
  return { slot, index: slot.width === 0 ? 0 : ((set[slot.word]! & mask) >>> slot.shift) >>> 0 };
};
