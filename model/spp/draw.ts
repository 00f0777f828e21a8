import { match } from 'ts-pattern';
import type { Drawing, Line } from '../../src/spec/index.ts';
import { storedWord } from './bitmap.ts';
import { completes, walk } from './hardware.ts';
import { isLogged } from './mark-protection.ts';
import {
  border,
  expand,
  full,
  type Gfn,
  gfns,
  gfnToMemslot,
  isTouchable,
  type RmapHead,
  type Sizes,
  type Spte,
  type State,
  sideOf,
  touchedGfns,
} from './state.ts';

/** The VM's state, the access map with the reverse map, the EPT of each vCPU, the SPPT that all of them share, and what a TLB may hold. */
export const draw = (state: State, sizes: Sizes): readonly Drawing[] => [
  { title: 'VM', columns: [], lines: vmLines(state) },
  {
    title: 'access map',
    columns: ['memslot', 'word', 'rmap 4K', 'rmap 2M'],
    lines: gfns(sizes).map((gfn) => {
      const page = sideOf(gfn, sizes);
      const lists = isTouchable(gfn, sizes) ? [state.rmaps[page]!, ...(page === 1 ? [state.rmap2M] : [])] : [];
      const word = storedWord(state, gfn, sizes) ?? '-';
      return { name: `gfn ${gfn}`, cells: [slotWords(state, gfn, sizes), word, ...lists.map(listWords)] };
    }),
  },
  {
    title: 'EPT',
    columns: ['entry', 'W', 'SPP', 'may be W', 'SPPTP'],
    lines: Array.from({ length: state.vcpus }, (_, vcpu) => ({
      name: `vCPU ${vcpu}`,
      cells: [state.rootLoaded[vcpu] ? 'root' : 'no root', '', '', '', state.spptp[vcpu] ? 'root' : '0'],
      below: touchedGfns(sizes).map((gfn) => leafLine(state, vcpu, gfn, sizes)),
    })),
  },
  {
    title: 'SPPT',
    columns: ['entry'],
    lines: [
      { name: 'root', cells: [state.spptRoot], below: touchedGfns(sizes).map((gfn) => l2Line(state, gfn, sizes)) },
    ],
  },
  { title: 'TLB', columns: ['holds'], lines: [tlbLine(state, sizes)] },
];

const yesNo = (is: boolean) => (is ? 'yes' : 'no');

const vmLines = (state: State): Line[] => [
  { name: 'spp_active', cells: [yesNo(state.active)] },
  ...(isLogged(state) ? [{ name: 'dirty bit', cells: [yesNo(state.dirty)] }] : []),
  ...(state.vm === 'zero' ? [{ name: 'zero page', cells: [yesNo(state.hostZero)] }] : []),
  ...(state.vm === 'tracked' ? [{ name: 'write-tracked', cells: [yesNo(state.tracked)] }] : []),
];

const slotWords = (state: State, gfn: Gfn, sizes: Sizes): string => {
  const slot = state.vm === 'none' ? undefined : gfnToMemslot(state, gfn, sizes);
  return slot === undefined ? 'none' : `${slot}, ${state.slots[slot] === 'array' ? 'array' : 'no array'}`;
};

/** The vCPUs whose roots map a gfn; each pair of brackets is a descriptor. */
const listWords = (head: RmapHead): string =>
  match(head)
    .with({ kind: 'empty' }, () => '-')
    .with({ kind: 'one' }, ({ root }) => `vCPU ${root}`)
    .with(
      { kind: 'many' },
      ({ descs }) =>
        `vCPUs ${descs
          .filter((desc) => desc[0] !== -1)
          .map(descWords)
          .join(' ')}`,
    )
    .exhaustive();

const descWords = (desc: readonly number[]): string => `[${desc.map((root) => (root === -1 ? '-' : root)).join(' ')}]`;

const leafLine = (state: State, vcpu: number, gfn: Gfn, sizes: Sizes): Line => {
  const side = sideOf(gfn, sizes);
  const name = `gfn ${gfn}`;
  const word = storedWord(state, gfn, sizes) ?? full;
  const large = state.large[vcpu]![side]!;
  if (large !== 'none')
    return {
      name,
      cells: [`${large} leaf`, '1', '', '', ''],
      stale: word === full ? undefined : `the word is ${word}`,
    };
  const spte = state.pages[vcpu]![side]!;
  if (spte.kind === 'none') return { name, cells: ['none', '', '', '', ''] };
  const { w, spp, writable } = spte;
  const isWrong = word === full ? spp !== 'clear' : w;
  const stale = isWrong ? `the word is ${word}` : spp === 'set' && !writable ? 'SPP over read-only' : undefined;
  const bit = spp === 'saved' ? 'parked' : spp === 'set' ? '1' : '0';
  return { name, cells: ['4K leaf', w ? '1' : '0', bit, yesNo(writable), ''], stale };
};

const hasSpp = (spte: Spte): boolean => spte.kind === 'leaf' && spte.spp === 'set';

/** The L2 entry of a gfn's region, and the leaf below it. A leaf counts where an EPT leaf with the SPP bit leads to it. */
const l2Line = (state: State, gfn: Gfn, sizes: Sizes): Line => {
  const side = sideOf(gfn, sizes);
  const first = side === 0 ? border(sizes) - sizes.regionPages : border(sizes);
  const word = storedWord(state, gfn, sizes) ?? full;
  const asked = state.pages.some((root) => hasSpp(root[side]!));
  const leaf = state.leaves[side]!;
  const differs = asked && state.l2[side] === 'valid' && leaf !== expand(word);
  const below: Line = {
    name: `gfn ${gfn}`,
    cells: [`0b${leaf.toString(2).padStart(4, '0')}`],
    stale: differs ? `the word is ${word}` : undefined,
  };
  return {
    name: `gfns ${first}-${first + sizes.regionPages - 1}`,
    cells: [state.l2[side]!],
    below: state.l2[side] === 'zero' ? [] : [below],
  };
};

const tlbLine = (state: State, sizes: Sizes): Line => {
  const { tlb } = state;
  const name = 'right last used';
  if (tlb.kind === 'empty') return { name, cells: ['nothing'] };
  const { vcpu, page, sub } = tlb;
  const gfn = touchedGfns(sizes)[page]!;
  const decision = walk(state, vcpu, gfn, sub, sizes);
  return {
    name,
    cells: [`vCPU ${vcpu}, gfn ${gfn}, sub-page ${sub}`],
    stale: completes(decision) ? undefined : `the tables: ${decision}`,
  };
};
