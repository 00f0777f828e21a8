import { indexIn, type Slot } from '../system/layout.ts';
import type { CaseTree } from './case-tree.ts';
import type { RuleResult } from './result.ts';

/** A slot is set to the value of an index; or a number is added to its own value; or it gets the value that another one has. */
export type SlotChange =
  | { readonly slot: Slot; readonly kind: 'to'; readonly index: number }
  | { readonly slot: Slot; readonly kind: 'by'; readonly by: number }
  | { readonly slot: Slot; readonly kind: 'copy'; readonly of: Slot };

/** Cases without those differences that make none. Equal ones are the same object. */
type Reduced = Leaf | Branch;
type Leaf = {
  readonly kind: 'leaf';
  readonly id: number;
  readonly result: RuleResult;
  readonly effects: readonly SlotChange[];
};
type Branch = { readonly kind: 'branch'; readonly id: number; readonly slot: Slot; readonly groups: readonly Group[] };

/** Values, by index, that lead to the same; with `not`, all but those. */
interface Group {
  readonly indices: readonly number[];
  readonly not: boolean;
  readonly next: Reduced;
}

/** One path: the conditions in the order of reading, and what it ends with. */
export interface ReducedPath {
  readonly conditions: readonly { readonly slot: Slot; readonly indices: readonly number[]; readonly not: boolean }[];
  readonly result: RuleResult;
  readonly effects: readonly SlotChange[];
}

/** What a value of a slot leads to. */
interface Member {
  readonly index: number;
  readonly next: Reduced;
}

/** Reduces the cases of one command or of several. */
export class Reducer {
  readonly #known = new Map<string, Reduced>();

  /**
   * Values of a slot that lead to the same are one group; where all do, the slot makes no difference. "The same" allows for what is
   * written to depend on the value that was read: it is copied, or one is added to it, whatever it was.
   */
  reduce(cases: CaseTree): Reduced {
    if (cases.kind === 'leaf')
      return this.#leaf(
        cases.result,
        cases.writes.map(({ slot, index }) => ({ slot, kind: 'to', index })),
      );
    const { slot, children } = cases;
    const indices = [...children.keys()].sort((a, b) => a - b);
    const groups: { members: Member[]; next: Reduced }[] = [];
    for (const index of indices) {
      const member = { index, next: this.reduce(children.get(index)!) };
      let found = false;
      for (const group of groups) {
        const next = this.#unified(slot, [...group.members, member]);
        if (!next) continue;
        group.members.push(member);
        group.next = next;
        found = true;
        break;
      }
      if (!found) groups.push({ members: [member], next: member.next });
    }
    const tried = groups.map(({ members, next }) => ({ indices: members.map(({ index }) => index), not: false, next }));
    if (children.size === slot.size) return tried.length === 1 ? tried[0]!.next : this.#branch(slot, tried);
    const untried = { indices, not: true, next: this.#leaf({ kind: 'untried' }, []) };
    return this.#branch(slot, [...tried, untried]);
  }

  /** What all members lead to, the slot having the value of each; undefined if they differ. */
  #unified(slot: Slot, members: readonly Member[]): Reduced | undefined {
    const first = members[0]!.next;
    if (members.every(({ next }) => next === first)) return first;
    if (first.kind === 'leaf') {
      const leaves = members.flatMap(({ next }) => (next.kind === 'leaf' ? [next] : []));
      const isAlike = ({ result, effects }: Leaf) =>
        effects.length === first.effects.length && JSON.stringify(result) === JSON.stringify(first.result);
      if (leaves.length < members.length || !leaves.every(isAlike)) return undefined;
      const effects: SlotChange[] = [];
      for (const i of first.effects.keys()) {
        const effect = unifiedEffect(
          slot,
          members.map(({ index }, m) => ({ index, effect: leaves[m]!.effects[i]! })),
        );
        if (!effect) return undefined;
        effects.push(effect);
      }
      return this.#leaf(first.result, effects);
    }
    const branches = members.flatMap(({ next }) => (next.kind === 'branch' ? [next] : []));
    const shape = ({ slot, groups }: Branch) =>
      JSON.stringify([slot.index, groups.map(({ indices, not }) => [indices, not])]);
    if (branches.length < members.length || !branches.every((one) => shape(one) === shape(first))) return undefined;
    const groups: Group[] = [];
    for (const [i, { indices, not }] of first.groups.entries()) {
      const next = this.#unified(
        slot,
        members.map(({ index }, m) => ({ index, next: branches[m]!.groups[i]!.next })),
      );
      if (!next) return undefined;
      groups.push({ indices, not, next });
    }
    return this.#branch(first.slot, groups);
  }

  #leaf(result: RuleResult, effects: readonly SlotChange[]): Reduced {
    const key = JSON.stringify([result, effects.map(slotChangeKey)]);
    return this.#keep(key, { kind: 'leaf', id: this.#known.size, result, effects });
  }

  #branch(slot: Slot, groups: readonly Group[]): Reduced {
    const key = JSON.stringify([slot.index, groups.map(({ indices, not, next }) => [indices, not, next.id])]);
    return this.#keep(key, { kind: 'branch', id: this.#known.size, slot, groups });
  }

  #keep(key: string, made: Reduced): Reduced {
    const known = this.#known.get(key) ?? made;
    this.#known.set(key, known);
    return known;
  }
}

/** What tells two effects apart. */
export const slotChangeKey = (one: SlotChange): readonly unknown[] => [
  one.slot.index,
  one.kind,
  one.kind === 'to' ? one.index : one.kind === 'by' ? one.by : one.of.index,
];

/** The one effect that all of these are, `read` having the value of each index; undefined if they differ. */
const unifiedEffect = (
  read: Slot,
  members: readonly { readonly index: number; readonly effect: SlotChange }[],
): SlotChange | undefined => {
  const first = members[0]!.effect;
  const { slot } = first;
  const key = JSON.stringify(slotChangeKey(first));
  if (members.every(({ effect }) => JSON.stringify(slotChangeKey(effect)) === key)) return first;
  const written = members.flatMap(({ index, effect }) =>
    effect.kind === 'to' && effect.slot === slot ? [{ was: read.valueAt(index), is: slot.valueAt(effect.index) }] : [],
  );
  if (written.length < members.length) return undefined;
  if (written.every(({ was, is }) => was === is)) return { slot, kind: 'copy', of: read };
  const differences = new Set(written.map(({ was, is }) => (typeof was === 'number' ? Number(is) - was : undefined)));
  const [by] = differences;
  return slot === read && differences.size === 1 && by !== undefined ? { slot, kind: 'by', by } : undefined;
};

/** Every path, in the order of the values; each state takes exactly one. */
export const rowsOf = (tree: Reduced): ReducedPath[] => {
  const rows: ReducedPath[] = [];
  const walk = (at: Reduced, conditions: ReducedPath['conditions']) => {
    if (at.kind === 'leaf') rows.push({ conditions, result: at.result, effects: at.effects });
    else for (const { indices, not, next } of at.groups) walk(next, [...conditions, { slot: at.slot, indices, not }]);
  };
  walk(tree, []);
  return rows;
};

/** The number of the row that a packed state takes. */
export const rowTaken = (rows: readonly ReducedPath[], words: Uint32Array): number =>
  rows.findIndex(({ conditions }) =>
    conditions.every(({ slot, indices, not }) => indices.includes(indexIn(slot, words, 0)) !== not),
  );
