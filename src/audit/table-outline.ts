import type { Slot } from '../system/layout.ts';
import { type ReducedPath, type SlotChange, slotChangeKey } from './reduce.ts';
import type { RuleResult } from './result.ts';

/** A row with the length of its witness; undefined if no reachable state takes it. */
export interface Witnessed extends ReducedPath {
  readonly witness: number | undefined;
  /** Of a row that stands for many. */
  readonly family?: OutlinedCases;
  /** The conditions hold in all the cases of the family, and perhaps in others. */
  readonly onlyIf?: true;
}

/** Cases that differ in further conditions on `reads`, and change `writes` each in its own way. */
interface OutlinedCases {
  readonly live: number;
  readonly dead: number;
  readonly untried: boolean;
  readonly reads: readonly Slot[];
  readonly writes: readonly Slot[];
}

/** A table of at most so many rows is readable as it is. */
const mostRows = 12;

/** A longer outline is no use: the results are listed then, with what their cases have in common. */
const mostOutlined = 24;

/** So many rows of an outline that no reachable state takes stay rows of their own. */
const mostDead = 3;

/** So many rows of one result stay rows of their own. */
const mostAlike = 6;

/**
 * A long table cut short: where all reachable cases have one result and are many, or none is reachable, one row stands for all. What
 * is left are the conditions that decide the result. Nothing is left out: each state takes exactly one row here too, but that what is
 * dead may be one row, at the end, without its conditions. If even that is long, there is a row for each result.
 */
export const outlined = (rows: readonly Witnessed[]): Witnessed[] => {
  if (rows.length <= mostRows) return [...rows];
  const outline = cut(rows, 0);
  if (outline.length > mostOutlined) return byResult(rows);
  const live = outline.filter((row) => !isDead(row));
  if (outline.length - live.length <= mostDead) return outline;
  // Some that are dead are in a family with others that are not.
  const isIn = (row: Witnessed, { conditions }: Witnessed) => conditions.every((one, i) => row.conditions[i] === one);
  return [...live, deadOf(rows.filter((row) => isDead(row) && !live.some((family) => isIn(row, family))))];
};

const isDead = ({ witness }: Witnessed): boolean => witness === undefined;

/** One row for all of these, which no reachable state takes; what they would do is left out. */
const deadOf = (rows: readonly Witnessed[]): Witnessed => {
  const dead = familyOf(rows, [], 0);
  return { ...dead, family: { ...dead.family!, writes: [] }, onlyIf: true };
};

const byResult = (rows: readonly Witnessed[]): Witnessed[] => {
  const groups = new Map<string, Witnessed[]>();
  for (const row of rows) {
    if (isDead(row)) continue;
    const key = JSON.stringify(row.result);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const live = [...groups.values()].flatMap((group): Witnessed[] =>
    group.length === 1 ? group : [{ ...familyOf(group, group, 0), conditions: common(group), onlyIf: true }],
  );
  const dead = rows.filter(isDead);
  return dead.length > 0 ? [...live, deadOf(dead)] : live;
};

/** What is tested in all rows, with every value that it has in one of them. */
const common = (rows: readonly Witnessed[]): Witnessed['conditions'] =>
  rows[0]!.conditions.flatMap(({ slot }) => {
    const tests = rows.map(({ conditions }) => conditions.find((one) => one.slot === slot));
    const values = new Set<number>();
    for (const test of tests) {
      if (!test || (test.not && slot.size > widestUnion)) return [];
      const { indices, not } = test;
      const all = not ? [...Array(slot.size).keys()].filter((index) => !indices.includes(index)) : indices;
      for (const index of all) values.add(index);
    }
    return values.size < slot.size ? [{ slot, indices: [...values].sort((a, b) => a - b), not: false }] : [];
  });

/** Of a slot with more values it is not counted out which ones are left. */
const widestUnion = 256;

/** `rows` share their first `depth` conditions. */
const cut = (rows: readonly Witnessed[], depth: number): Witnessed[] => {
  if (rows.length === 1) return [...rows];
  const live = rows.filter((row) => !isDead(row));
  if (live.length === 0) return [familyOf(rows, live, depth)];
  const branches = new Map<string, Witnessed[]>();
  for (const row of rows) {
    const { indices, not } = row.conditions[depth]!;
    const key = JSON.stringify([indices, not]);
    branches.set(key, [...(branches.get(key) ?? []), row]);
  }
  const split = [...branches.values()].flatMap((branch) => cut(branch, depth + 1));
  const results = new Set(live.map(({ result }) => JSON.stringify(result)));
  // Two families that differ in nothing but how they are told apart are one.
  const isLong = split.length > mostAlike || split.filter(({ family }) => family).length > 1;
  return results.size === 1 && isLong ? [familyOf(rows, live, depth)] : split;
};

const familyOf = (rows: readonly Witnessed[], live: readonly Witnessed[], depth: number): Witnessed => {
  const shown = live.length > 0 ? live : rows;
  const first = shown[0]!;
  const untried = rows.filter(({ result }) => result.kind === 'untried').length;
  const everyEffect = shown.flatMap(({ effects }) => effects);
  const conditions = first.conditions.slice(0, depth);
  // What the rows do to elements that the conditions do not speak of is of one kind with what only some of them do.
  const spokenOf = new Set(conditions.map(({ slot }) => elementOf(slot)));
  const common = first.effects.filter(
    (one) =>
      spokenOf.has(elementOf(one.slot)) && shown.every(({ effects }) => effects.some((other) => isSame(one, other))),
  );
  const commonSlots = new Set(common.map(({ slot }) => slot));
  return {
    conditions,
    result: oneOf(shown.map(({ result }) => result)),
    effects: common,
    witness: live.length > 0 ? Math.min(...live.map(({ witness }) => witness!)) : undefined,
    family: {
      live: live.length,
      dead: rows.length - live.length - untried,
      untried: untried > 0,
      reads: distinct(rows.flatMap(({ conditions }) => conditions.slice(depth).map(({ slot }) => slot))),
      writes: distinct(everyEffect.map(({ slot }) => slot)).filter((slot) => !commonSlots.has(slot)),
    },
  };
};

/** `tables[0]` of `tables[0].entries[1]`; '' for a field of the state that is no array. */
const elementOf = ({ path }: Slot): string => /^[^[]*\[\d+\]/.exec(path)?.[0] ?? '';

const oneOf = (results: readonly RuleResult[]): RuleResult => {
  const all = new Map(results.map((result) => [JSON.stringify(result), result]));
  const tried = [...all.values()].filter(({ kind }) => kind !== 'untried');
  if (tried.length === 0) return { kind: 'untried' };
  return tried.length === 1 ? tried[0]! : { kind: 'several', results: tried };
};

const isSame = (a: SlotChange, b: SlotChange): boolean =>
  JSON.stringify(slotChangeKey(a)) === JSON.stringify(slotChangeKey(b));

const distinct = (slots: readonly Slot[]): Slot[] => [...new Set(slots)].sort((a, b) => a.index - b.index);
