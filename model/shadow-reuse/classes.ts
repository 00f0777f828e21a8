import { match, P } from 'ts-pattern';
import { guestWalk } from './guest.ts';
import { gfnOfLeaf } from './rmap.ts';
import { type Command, memslotOf, type State } from './state.ts';

/**
 * How the shadow page and the reverse map have a gfn, and where they differ. Entries into a freed page count for every gfn of the memslot.
 */
export const classify = ({ memslots, stale, rmap, child }: State, gfn: number): string => {
  if (stale[memslotOf(gfn)]) return 'rmap into a freed page';
  if (!memslots[memslotOf(gfn)]) return 'in no memslot';
  const recorded = [0, 1].filter((i) => rmap[gfn]![i]);
  if (recorded.length === 0 || child.kind === 'none') return 'not mapped';
  if (recorded.some((i) => child.leaves[i] !== gfn)) return 'rmap of a leaf that is gone';
  if (recorded.some((i) => gfnOfLeaf(child, i) !== gfn)) return 'mapped, rmap key differs';
  return `mapped, ${child.direct ? 'direct' : 'indirect'} page`;
};

/** A fault is about the gfn that it maps, a memslot's call about those in it; the guest's one directory entry is above every gfn. */
export const names = (state: State, command: Command, gfn: number): boolean =>
  match(command)
    .with({ kind: 'fault' }, ({ i }) => guestWalk(state, i).target === gfn)
    .with({ slot: P.number }, ({ slot }) => memslotOf(gfn) === slot)
    .otherwise(() => true);
