import { usesOfPage } from './programs.ts';
import { isWritten, type Patch, type Sizes, type State, usesPageLock } from './state.ts';

/**
 * What the flags say of the page and what memory has of its tags: stale, clear, or stored by somebody. `pending`: a thread has
 * cleared the tags, or has copied some, and others do not see that yet; where no more is said, they see stale ones. A page that is
 * mapped while its tags are stale is in a class of its own, whatever its flags say.
 */
export const classify = (state: State, _page: number, _sizes: Sizes, patch: Patch): string =>
  state.tags === 'stale' && isMapped(state) ? 'mapped, tags stale' : `${flagWords(state, patch)}, ${tagWords(state)}`;

const isMapped = ({ at }: State): boolean => Object.values(at).some((step) => usesOfPage.includes(step));

const flagWords = ({ tagged, locked, locks }: State, patch: Patch): string => {
  if (tagged) return locked || !usesPageLock(patch) ? 'tagged' : 'tagged, no lock bit';
  if (locked) return 'PG_mte_lock';
  return locks.tag_sync_lock === 'free' ? 'not tagged' : 'tag_sync_lock';
};

const tagWords = ({ tags, buffers }: State): string => {
  const memory = tags === 'stale' ? 'stale' : isWritten(tags) ? 'stored' : 'clear';
  const buffer = Object.values(buffers).find(({ kind }) => kind === 'holds');
  if (buffer?.kind !== 'holds') return `tags ${memory}`;
  const pending = isWritten(buffer.write) ? 'copy pending' : 'clear pending';
  return tags === 'stale' ? pending : `${memory}, ${pending}`;
};
