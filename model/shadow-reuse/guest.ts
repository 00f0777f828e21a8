import { match } from 'ts-pattern';
import type { Gfn, Pde } from './state.ts';

/** Walks the guest's tables: the key of the shadow page that the fault wants, and the gfn that its leaf `i` is to map. */
export const guestWalk = (state: { readonly pde: Pde; readonly swapped: boolean }, i: number) =>
  match(state.pde)
    .with('huge 0', () => ({ gfn: 0 as const, direct: true, target: i as Gfn }))
    .with('huge 2', () => ({ gfn: 2 as const, direct: true, target: (2 + i) as Gfn }))
    .with('table 0', () => ({ gfn: 0 as const, direct: false, target: tableEntries[0][state.swapped ? 1 - i : i]! }))
    .with('table 4', () => ({ gfn: 4 as const, direct: false, target: tableEntries[4][state.swapped ? 1 - i : i]! }))
    .exhaustive();

/** By the gfn in which a guest's page table lies: the gfns that the table maps. */
const tableEntries: Readonly<Record<0 | 4, readonly Gfn[]>> = { 0: [0, 2], 4: [4, 0] };
