import { match } from 'ts-pattern';
import { pteWords } from '../stage2/draw.ts';
import { getLeaf } from '../stage2/tree.ts';
import { type Command, findMemRange, type Sizes, type State } from './state.ts';

/**
 * The class of a page: the kind of region that its first byte lies in, and its entry, which
 * says who owns the page or how the host maps it.
 */
export const classify = ({ root }: State, page: number, sizes: Sizes): string => {
  const { pte, level } = getLeaf(root, page, sizes);
  const entry = pte.kind === 'zero' ? 'not mapped' : pteWords(pte, level);
  return `${findMemRange(page, sizes).isMemory ? 'memory' : 'MMIO'}, ${entry}`;
};

/**
 * Whether the call is about the page. A call without a page is a step of the current fault: about its page or, for map(), about its range.
 */
export const names = ({ cpu }: State, command: Command, page: number): boolean =>
  match(command)
    .with({ kind: 'walk' }, { kind: 'retry' }, () => cpu.kind !== 'idle' && cpu.page === page)
    .with({ kind: 'map' }, () => cpu.kind === 'maps' && cpu.start <= page && page < cpu.start + cpu.size)
    .otherwise((named) => named.page === page);
