import { match, P } from 'ts-pattern';
import { gfnToSubpageWpInfo } from './bitmap.ts';
import { isLogged } from './mark-protection.ts';
import {
  border,
  type Command,
  expand,
  full,
  type Gfn,
  gfnToMemslot,
  type Sizes,
  type Spte,
  type State,
  sideOf,
  type Word,
  wordsOf,
} from './state.ts';

/**
 * The class of a page that guests access: what the access map asks for it, and how EPT and SPPT carry that out. If there are several roots,
 * the root that lets its vCPU write most decides. Where EPT and SPPT do not do what the map asks, the class says so: `protected, W=1`.
 */
export const classify = (state: State, gfn: Gfn, sizes: Sizes): string => {
  const slot = state.vm === 'none' ? undefined : gfnToMemslot(state, gfn, sizes);
  if (slot === undefined) return 'no memslot';
  const word = gfnToSubpageWpInfo(state, slot, gfn, sizes);
  if (word === undefined && state.active) return 'memslot without an array';
  if (word === undefined || word === full) return unprotectedClass(state, sideOf(gfn, sizes));
  return state.active ? protectedClass(state, sideOf(gfn, sizes), word) : 'protected, SPP is off';
};

const unprotectedClass = (state: State, side: 0 | 1): string => {
  const { isLarge, has } = mappingsOf(state, side);
  if (has(({ spp }) => spp !== 'clear')) return 'SPP bit, word FULL';
  if (isLarge) return 'large page';
  if (has(({ w }) => w)) return 'writable';
  if (has(({ writable }) => !writable)) return 'read-only';
  if (!has(() => true)) return 'not mapped';
  return isLogged(state) && !state.dirty ? 'W=0 for the dirty log' : 'W=0 until a write fault';
};

const protectedClass = (state: State, side: 0 | 1, word: Word): string => {
  const { isLarge, has } = mappingsOf(state, side);
  if (isLarge) return 'protected, in a large page';
  if (has(({ w }) => w)) return 'protected, W=1';
  if (has(({ spp, writable }) => spp === 'set' && !writable)) return 'protected, SPP on read-only';
  if (has(({ spp }) => spp === 'set')) return `protected, ${spptWords(state, side, word)}`;
  if (has(({ spp }) => spp === 'saved')) return 'protected, SPP bit parked';
  return has(() => true) ? 'protected, read-only' : 'protected, not mapped';
};

/** What the processor finds in the SPPT below a leaf with the SPP bit. */
const spptWords = (state: State, side: 0 | 1, word: Word): string => {
  if (isLogged(state) && !state.dirty) return 'writes not logged';
  const hasRoot = state.pages.every((root, vcpu) => root[side]!.kind === 'none' || state.spptp[vcpu]);
  if (!hasRoot) return 'SPPTP is 0';
  if (state.l2[side] !== 'valid') return 'SPPT invalid';
  return state.leaves[side] === expand(word) ? 'SPPT valid' : 'SPPT has another word';
};

type Leaf = Extract<Spte, { readonly kind: 'leaf' }>;

/** How the roots map a page: whether some large leaf covers it, and what some last-level leaf is like. */
const mappingsOf = ({ large, pages }: State, side: 0 | 1) => ({
  isLarge: large.some((root) => root[side] !== 'none'),
  has: (like: (leaf: Leaf) => boolean): boolean =>
    pages.some((root) => {
      const spte = root[side]!;
      return spte.kind === 'leaf' && like(spte);
    }),
});

/** Whether the call names the gfn: by its number, in a range of words, or by the memslot or the log of the gfn at the border. */
export const names = (_: State, command: Command, page: Gfn, sizes: Sizes): boolean =>
  match(command)
    .with({ kind: 'set_access' }, ({ gfn, map }) => gfn <= page && page < gfn + wordsOf(map).length)
    .with({ gfn: P.number }, ({ gfn }) => gfn === page)
    .with(
      { kind: 'create_memslot' },
      { kind: 'delete_memslot' },
      { kind: 'page_track' },
      { kind: 'get_dirty_log' },
      () => page === border(sizes),
    )
    .otherwise(() => false);
