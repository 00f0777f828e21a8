import { match } from 'ts-pattern';
import { staleWords } from './draw.ts';
import { type Command, pagesNamed, type Sizes, type State } from './state.ts';
import { type Found, getLeaf, lastLevel } from './tree.ts';

/**
 * Who has a page, or what maps it and whether it may be written there; X and the access flag are left out. Of the watched page also
 * whether a TLB holds what the table no longer says.
 */
export const classify = (state: State, page: number, sizes: Sizes): string => {
  const { root, tlb } = state;
  const found = getLeaf(root, page, sizes);
  if (page === sizes.watched) {
    if (tlb.kind === 'hazard')
      return tlb.what === 'freed table still cached' ? 'walk cache of a freed table' : 'replaced while in a TLB';
    if (staleWords(state, sizes) !== undefined) return `${mapped(found)}, TLB stale`;
  }
  return mapped(found);
};

const mapped = ({ pte, level }: Found): string =>
  match(pte)
    .with({ kind: 'zero' }, () => 'not mapped')
    .with({ kind: 'annotated' }, ({ owner }) => `annotated ${owner}${level === lastLevel ? '' : ', by a block'}`)
    .with({ kind: 'leaf', skew: 0 }, ({ w }) => `${level === lastLevel ? 'page' : 'block'} ${w ? 'rw' : 'ro'}`)
    .with({ kind: 'leaf' }, () => 'maps another page')
    .exhaustive();

/** Whether the page is in the range that the call is given. */
export const names = (_: State, command: Command, page: number): boolean => {
  if (command.kind === 'destroy') return true;
  if ('page' in command) return command.page === page;
  if (!('pages' in command)) return false;
  const { addr, size } = pagesNamed(command.pages);
  return addr <= page && page < addr + size;
};
