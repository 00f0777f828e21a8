import { randomNumbers } from '../engine/seeded.ts';
import { coverageKey } from '../engine/tally.ts';
import type { Task } from '../engine/task.ts';
import type { TransitionTable } from '../table/transition-table.ts';
import type { Mutant } from './mutants.ts';

/**
 * At most `most` of the mutants, in their order; the same ones for the same seed. The places are dealt out in turn to each kind of
 * fault in each field, result and command, so that none is drowned by a command with many rows.
 */
export const sampled = (
  { commands }: Task,
  transitions: TransitionTable,
  mutants: readonly Mutant[],
  most: number,
  seed: number,
): readonly Mutant[] => {
  if (mutants.length <= most) return mutants;
  const kinds = new Map<string, number[]>();
  for (const [i, { row, fault }] of mutants.entries()) {
    const { command, outcome } = transitions.row(row);
    const field = 'path' in fault ? withoutIndices(fault.path) : '';
    const key = JSON.stringify([commands[command]!.kind, coverageKey(outcome), fault.kind, field]);
    kinds.set(key, [...(kinds.get(key) ?? []), i]);
  }
  const random = randomNumbers(seed);
  const decks = [...kinds.values()].map((deck) => {
    for (let i = deck.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [deck[i], deck[j]] = [deck[j]!, deck[i]!];
    }
    return deck;
  });
  const drawn: number[] = [];
  for (let round = 0; drawn.length < most; round++)
    for (const deck of decks) if (round < deck.length && drawn.length < most) drawn.push(deck[round]!);
  return drawn.sort((a, b) => a - b).map((i) => mutants[i]!);
};

/** `tables[1].refcount` as `tables[].refcount`. */
export const withoutIndices = (path: string): string => path.replaceAll(/\[\d+\]/g, '[]');
