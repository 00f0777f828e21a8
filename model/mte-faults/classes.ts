import { match } from 'ts-pattern';
import { type Command, flagPage, type Patch, type Sizes, type State } from './state.ts';

/**
 * What the flag says of a page, what memory has of its tags where the two differ, and its stage-2 entry; of a page that is swapped
 * out, what was saved. Device memory has no tags, and no class.
 */
export const classify = (state: State, page: number, _sizes: Sizes, patch: Patch): string | undefined => {
  const { tags, swap, s2 } = state.pages[page]!;
  const isMapped = s2 !== 'none';
  if (state.vma === 'device') return undefined;
  if (state.vma === 'untaggable') return isMapped ? 'untaggable, mapped' : 'untaggable';
  if (state.vma === 'shared' && isMapped && patch.vmShared !== 'allowed') return 'VM_SHARED, mapped';
  if (swap !== 'in')
    return match(swap)
      .with('no-tags', () => 'swapped out, no tags saved')
      .with('stale', () => 'swapped out, stale tags saved')
      .with('zero', 'guest', () => 'swapped out, tags saved')
      .exhaustive();
  const { tagged } = state.pages[flagPage(page, patch)]!;
  if (tags === 'stale') {
    if (isMapped) return 'mapped, tags stale';
    return tagged ? 'tagged, tags stale' : 'not tagged';
  }
  if (!tagged) return tags === 'guest' ? 'not tagged, tags stored' : 'not tagged, tags clear';
  return match(s2)
    .with('none', () => 'tagged, not mapped')
    .with('ro', () => 'tagged, read-only')
    .with('rw', () => 'tagged, writable')
    .exhaustive();
};

/** The memslot, its logging and what is mapped over it are about every page of it. */
export const names = (_: State, command: Command, page: number): boolean =>
  'page' in command ? command.page === page : true;
