import type { Effect } from '../observe/effect.ts';
import type { Errno } from '../spec/errno.ts';
import type { Outcome } from '../spec/outcome.ts';
import { indexIn, type Layout, maskOf, type Place, type Slot } from '../system/layout.ts';
import { leads, type TransitionTable } from '../table/transition-table.ts';
import type { Value } from './result.ts';

/** What is put wrong in one row of a decision table. */
export type Fault =
  | {
      readonly kind: 'refusal dropped';
      /** The row whose effect the call has instead; undefined: it changes no more than the refused call does. */
      readonly like: number | undefined;
    }
  | { readonly kind: 'errno changed'; readonly to: Errno }
  /** The field keeps what it had. For a variant, all of it does. */
  | { readonly kind: 'write dropped'; readonly path: string; readonly was: Value }
  | { readonly kind: 'other value written'; readonly path: string; readonly was: Value; readonly value: Value };

/** A row with a fault. */
export interface Mutant {
  readonly row: number;
  /** Other rows that go wrong with it. */
  readonly also: readonly Mutant[];
  readonly fault: Fault;
  readonly outcome: Outcome<unknown>;
  readonly effect: Effect;
}

/** Of a field with more values than this, those next to the right one and the ends are written; else all. */
const mostValues = 8;

/**
 * Every mutant of a row, but for errnos. `sample` is a state that takes the row, `rows` are the rows of the same call. Calls that are disabled or panic have none: they are no code that could be wrong, or that goes on.
 */
export const mutantsOf = (
  transitions: TransitionTable,
  layout: Layout<unknown>,
  row: number,
  sample: Uint32Array,
  rows: readonly number[],
): Mutant[] => {
  const { outcome } = transitions.row(row);
  if (outcome.result === 'disabled' || outcome.result === 'panic') return [];
  const effect = transitions.effectOf(row);
  const of = (fault: Fault, changed: Partial<Pick<Mutant, 'outcome' | 'effect'>>): Mutant => ({
    row,
    also: [],
    fault,
    outcome,
    effect,
    ...changed,
  });
  const mutants: Mutant[] = [];
  if (outcome.result === 'refused') {
    const succeeds: Outcome<unknown> = { result: 'ok', state: outcome.state, warnings: outcome.warnings };
    mutants.push(of({ kind: 'refusal dropped', like: undefined }, { outcome: succeeds }));
    const like = nearestSuccess(transitions, row, rows);
    if (like !== undefined)
      mutants.push(
        of(
          { kind: 'refusal dropped', like },
          {
            outcome: { ...transitions.row(like).outcome, state: outcome.state },
            effect: transitions.effectOf(like),
          },
        ),
      );
  }
  const reads = new Map(transitions.row(row).reads.map(({ slot, index }) => [slot, index]));
  for (const { slot, region, isNew } of writesOf(layout, effect, after(sample, effect))) {
    const was = indexIn(slot, after(sample, effect), 0);
    if (!isNew)
      mutants.push(
        of({ kind: 'write dropped', path: slot.path, was: slot.valueAt(was) }, { effect: without(effect, region) }),
      );
    for (const index of otherValues(slot, was)) {
      // To write what the field is known to have is to drop the write.
      if (!isNew && reads.get(slot) === index && region.length === 1) continue;
      mutants.push(
        of(
          { kind: 'other value written', path: slot.path, was: slot.valueAt(was), value: slot.valueAt(index) },
          { effect: withValue(effect, slot, index, region) },
        ),
      );
    }
  }
  return mutants;
};

const after = (state: Uint32Array, { keep, set }: Effect): Uint32Array =>
  state.map((word, i) => (word & keep[i]!) | set[i]!);

/**
 * The row by which the same call would have succeeded had the check that refused it found otherwise: of the rows that succeed, the
 * one that parts last from the refused one. Of several the first that was learned; undefined if none changes anything.
 */
const nearestSuccess = (transitions: TransitionTable, row: number, rows: readonly number[]): number | undefined => {
  const { reads } = transitions.row(row);
  const shared = (other: number) => {
    const theirs = transitions.row(other).reads;
    const parting = reads.findIndex(({ slot, index }, i) => theirs[i]?.slot !== slot || theirs[i].index !== index);
    return parting < 0 ? reads.length : parting;
  };
  let best: { readonly row: number; readonly shared: number } | undefined;
  for (const other of rows) {
    if (transitions.row(other).outcome.result !== 'ok' || transitions.leads(other) !== leads.on) continue;
    const n = shared(other);
    if (!best || n > best.shared) best = { row: other, shared: n };
  }
  return best?.row;
};

/**
 * For each refusal of a function that errno changed, in all of its rows: it is one line of the code. `rows` are those of one function,
 * `errnos` what the model's calls return.
 */
export const errnoMutants = (
  transitions: TransitionTable,
  rows: readonly number[],
  errnos: readonly Errno[],
): Mutant[] => {
  const refusals = new Map<string, number[]>();
  for (const row of rows) {
    const { outcome } = transitions.row(row);
    if (outcome.result !== 'refused') continue;
    const key = JSON.stringify([outcome.errno, outcome.reason, outcome.warnings]);
    refusals.set(key, [...(refusals.get(key) ?? []), row]);
  }
  return [...refusals.values()].flatMap(([row, ...also]) => {
    const { outcome } = transitions.row(row!);
    if (outcome.result !== 'refused') return [];
    const to = otherErrno(outcome.errno, errnos);
    const fault: Fault = { kind: 'errno changed', to };
    const of = (one: number): Mutant => ({
      row: one,
      also: [],
      fault,
      outcome: { ...outcome, errno: to },
      effect: transitions.effectOf(one),
    });
    return [{ ...of(row!), also: also.map(of) }];
  });
};

const otherErrno = (errno: Errno, errnos: readonly Errno[]): Errno => {
  const usual: readonly Errno[] = ['EINVAL', 'EPERM'];
  return [...errnos, ...usual].find((other) => other !== errno)!;
};

type Region = readonly { readonly word: number; readonly mask: number }[];

interface WrittenSlot {
  readonly slot: Slot;
  /** The bits that go with it: of a variant's kind, the whole variant's. */
  readonly region: Region;
  /** The field is in a variant that is written as a whole, so that there is nothing that it could keep. */
  readonly isNew: boolean;
}

/** The fields that an effect writes and that exist in the state after. */
const writesOf = (layout: Layout<unknown>, { keep }: Effect, state: Uint32Array): WrittenSlot[] => {
  const written: WrittenSlot[] = [];
  const visitSlot = (slot: Slot, region: Region, isNew: boolean) => {
    if (slot.size > 1 && (~keep[slot.word]! & maskOf(slot)) !== 0) written.push({ slot, region, isNew });
  };
  const visit = (place: Place, isNew: boolean) => {
    switch (place.kind) {
      case 'scalar':
        visitSlot(place.slot, [{ word: place.slot.word, mask: maskOf(place.slot) }], isNew);
        return;
      case 'record':
        for (const inner of place.fields.values()) visit(inner, isNew);
        return;
      case 'array':
        for (const inner of place.elements) visit(inner, isNew);
        return;
      case 'variant': {
        visitSlot(place.tag, place.region, isNew);
        const tagIsWritten = (~keep[place.tag.word]! & maskOf(place.tag)) !== 0;
        const kind = String(place.tag.valueAt(indexIn(place.tag, state, 0)));
        for (const inner of place.cases.get(kind)!.values()) visit(inner, isNew || tagIsWritten);
      }
    }
  };
  visit(layout.place, false);
  return written;
};

const changedEffect = (effect: Effect): Effect => ({ keep: effect.keep.slice(), set: effect.set.slice() });

const without = (effect: Effect, region: Region): Effect => {
  const changed = changedEffect(effect);
  for (const { word, mask } of region) {
    changed.keep[word]! |= mask;
    changed.set[word]! &= ~mask;
  }
  return changed;
};

/** A variant of another kind has the first value in each field. */
const withValue = (effect: Effect, slot: Slot, index: number, region: Region): Effect => {
  const changed = changedEffect(effect);
  for (const { word, mask } of region) {
    changed.keep[word]! &= ~mask;
    changed.set[word]! &= ~mask;
  }
  changed.set[slot.word]! |= index << slot.shift;
  return changed;
};

const otherValues = (slot: Slot, was: number): number[] => {
  const values =
    slot.size <= mostValues
      ? Array.from({ length: slot.size }, (_, index) => index)
      : [...new Set([0, was - 1, was + 1, slot.size - 1])].filter((index) => index >= 0 && index < slot.size);
  return values.filter((index) => index !== was);
};
