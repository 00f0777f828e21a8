import { match } from 'ts-pattern';
import type { Draft, Events, RmapHead, State } from './state.ts';

/**
 * The reverse map: which sptes map a gfn. A spte is named by its root. A head is empty, a single spte, or a chain of descriptors
 * of three. Kernel: arch/x86/kvm/mmu/mmu.c, 5.5.
 */
type Head = Draft['rmaps'][number];

const perDesc = 3;

/** The list of a gfn in an address space. In address space 1 there is only vCPU 1's root, and the list is not stored. */
export const gfnToRmap = (state: State, space: 0 | 1, page: number): RmapHead => {
  if (space === 0) return state.rmaps[page]!;
  return state.pages[1]![page]!.kind === 'none' ? { kind: 'empty' } : { kind: 'one', root: 1 };
};

export const setRmap = (draft: Draft, space: 0 | 1, page: number, head: RmapHead): void => {
  if (space === 0) draft.rmaps[page] = head as Head;
};

/** Every spte of a list, in order. Kernel: for_each_rmap_spte(), over a list that does not change. */
export const rmapSptes = (head: RmapHead): readonly number[] =>
  match(head)
    .returnType<readonly number[]>()
    .with({ kind: 'empty' }, () => [])
    .with({ kind: 'one' }, ({ root }) => [root])
    .with({ kind: 'many' }, ({ descs }) => descs.flatMap((desc) => desc.filter((root) => root >= 0)))
    .exhaustive();

/** Kernel: pte_list_add(). A new spte goes to the first descriptor with room. Returns the new head. */
export const pteListAdd = (head: RmapHead, root: number, most: number): Head =>
  match(head)
    .returnType<Head>()
    .with({ kind: 'empty' }, () => ({ kind: 'one', root }))
    .with({ kind: 'one' }, ({ root: first }) => manyOf([[first, root, -1]], most))
    .with({ kind: 'many' }, ({ descs }) => {
      const chain = descs.map((desc) => [...desc]);
      const room = chain.find((desc) => desc[perDesc - 1] === -1)!;
      room[room.indexOf(-1)] = root;
      return manyOf(chain, most);
    })
    .exhaustive();

/** A head with a chain of descriptors. The domain has a fixed number of them, so the chain is filled up with free ones. */
const manyOf = (chain: readonly number[][], most: number): Head => ({
  kind: 'many',
  descs: Array.from({ length: Math.ceil(most / perDesc) }, (_, i) => chain[i] ?? [-1, -1, -1]),
});

/** A descriptor of a linked chain. One that is taken out of the chain keeps its contents and its link, as freed memory does. */
interface Desc {
  sptes: number[];
  more: Desc | undefined;
  freed: boolean;
}

const linked = (descs: readonly (readonly number[])[]): Desc | undefined => {
  const [first, ...rest] = descs;
  if (!first || first[0] === -1) return undefined;
  return { sptes: [...first], more: linked(rest), freed: false };
};

/** The head while kvm_spp_flush_rmap() works on it. */
type Live = { val: number | undefined; desc: Desc | undefined };

const liveOf = (head: RmapHead): Live =>
  match(head)
    .returnType<Live>()
    .with({ kind: 'empty' }, () => ({ val: undefined, desc: undefined }))
    .with({ kind: 'one' }, ({ root }) => ({ val: root, desc: undefined }))
    .with({ kind: 'many' }, ({ descs }) => ({ val: undefined, desc: linked(descs) }))
    .exhaustive();

const headOf = ({ val, desc }: Live, most: number): Head => {
  if (val !== undefined) return { kind: 'one', root: val };
  if (!desc) return { kind: 'empty' };
  const chain: number[][] = [];
  for (let at: Desc | undefined = desc; at; at = at.more) chain.push([...at.sptes]);
  return manyOf(chain, most);
};

/** Kernel: __pte_list_remove() with pte_list_desc_remove_entry(). */
const remove = (live: Live, root: number): void => {
  if (live.val !== undefined) {
    live.val = undefined;
    return;
  }
  let previous: Desc | undefined;
  for (let desc = live.desc; desc; previous = desc, desc = desc.more) {
    const at = desc.sptes.indexOf(root);
    if (at < 0) continue;
    let last = perDesc - 1;
    while (desc.sptes[last] === -1 && last > at) last--;
    desc.sptes[at] = desc.sptes[last]!;
    desc.sptes[last] = -1;
    if (last !== 0) return;
    if (previous) previous.more = desc.more;
    else live.desc = desc.more;
    desc.freed = true;
    return;
  }
};

/** Takes one spte out of a list. Kernel: rmap_remove(). */
export const rmapRemove = (head: RmapHead, root: number, most: number): Head => {
  const live = liveOf(head);
  remove(live, root);
  return headOf(live, most);
};

/**
 * Removes the sptes of a list one by one, as v10 does: pte_list_remove() inside for_each_rmap_spte(), whose iterator keeps its
 * descriptor and its position. `restarts` takes the head's first spte each time. Returns the sptes removed and what is left.
 */
export const removeWhileIterating = (
  head: RmapHead,
  restarts: boolean,
  most: number,
  events: Events,
): { readonly removed: readonly number[]; readonly head: Head } => {
  const live = liveOf(head);
  const removed: number[] = [];
  const take = (root: number) => {
    removed.push(root);
    remove(live, root);
  };
  if (live.val !== undefined) take(live.val);
  else if (restarts) while (live.desc) take(live.desc.sptes[0]!);
  else {
    let desc = live.desc;
    for (let at = 0; desc; at++) {
      if (at === perDesc || desc.sptes[at] === -1) {
        desc = desc.more;
        at = -1;
        continue;
      }
      take(desc.sptes[at]!);
      if (desc.freed) events.push(useAfterFree);
    }
  }
  return { removed, head: headOf(live, most) };
};

export const useAfterFree = 'pte_list_desc used after free';
