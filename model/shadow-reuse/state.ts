import { array, enumOf, flag, type Infer, range, record, variant } from '../../src/spec/index.ts';

/** Guest frames of the model: 0-5. A huge page or a guest page table has two entries, so `huge 2` maps gfns 2 and 3. */
export const gfns = [0, 1, 2, 3, 4, 5] as const;
export type Gfn = (typeof gfns)[number];

/** The gfns of each memslot. The first ends inside the huge page at 0, as a memslot need not begin on a huge-page boundary. */
export const memslots: readonly (readonly Gfn[])[] = [[0], [1, 2, 3], [4, 5]];
export const memslotOf = (gfn: number): number => memslots.findIndex((slot) => slot.some((one) => one === gfn));

/** The guest's one directory entry: a huge page at a gfn, or the gfn of a page table. */
const pde = enumOf('huge 0', 'huge 2', 'table 0', 'table 4');
export type Pde = Infer<typeof pde>;

/** A last-level shadow entry: not present, MMIO, or a mapping of the gfn. */
const leaf = enumOf<'none' | 'mmio' | Gfn>('none', 'mmio', ...gfns);

export const stateDomain = record({
  /** The guest's directory entry, and whether the two entries of its page table have been exchanged since it was written. */
  pde,
  swapped: flag,
  memslots: array(flag, memslots.length),
  /**
   * The shadow page that the shadow directory entry links, with the key it was made for: `direct` stands for the role. A page that
   * loses its only parent is zapped at once, as in a nested guest's MMU, so there is never another.
   */
  child: variant({ none: {}, page: { gfn: enumOf(0, 2, 4), direct: flag, leaves: array(leaf, 2) } }),
  /** By gfn: which leaves of the child have a reverse-map entry there. */
  rmap: array(array(flag, 2), gfns.length),
  /** By memslot: whether its reverse map has an entry that points into a freed page. */
  stale: array(flag, memslots.length),
  /** KVM has noticed the damage: kvm->vm_bugged. The VM runs no more and takes no ioctl; MMU notifiers still visit it. */
  bugged: flag,
});

export type State = Infer<typeof stateDomain>;

export const initialState: State = {
  pde: 'huge 0',
  swapped: false,
  memslots: memslots.map(() => true),
  child: { kind: 'none' },
  rmap: gfns.map(() => [false, false]),
  stale: memslots.map(() => false),
  bugged: false,
};

export const commandDomain = variant({
  fault: { i: range(0, 1) },
  untracked_write: { pde },
  tracked_write: { pde },
  untracked_pte_write: {},
  tracked_pte_write: {},
  delete_memslot: { slot: range(0, memslots.length - 1) },
  create_memslot: { slot: range(0, memslots.length - 1) },
  rmap_walk: { slot: range(0, memslots.length - 1) },
  recover_huge_pages: { slot: range(0, memslots.length - 1) },
});

export type Command = Infer<typeof commandDomain>;
