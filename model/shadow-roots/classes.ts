import type { Command, State } from './state.ts';

/**
 * Which of the special roots the vCPU's MMU has, and which page its CPU walks from. Encrypted: though TDP is off, when the CPU reads
 * pae_root itself. No class: an MMU that only one function is called on.
 */
export const classify = (state: State): string | undefined => {
  if (state.vcpu === 'made up') return undefined;
  if (state.vcpu === 'destroyed') return 'no vCPU';
  const { rootHpa } = state;
  return `${rootsOf(state)}, ${rootHpa === 'INVALID_PAGE' ? 'unloaded' : `on ${rootHpa}`}`;
};

const rootsOf = ({ paeRoot, pml4Root, pml5Root, shadowRootLevel, tdpEnabled, paeDecrypted }: State): string => {
  if ([paeRoot, pml4Root, pml5Root].includes('garbage')) return 'garbage in pml5_root';
  const names = [...(paeRoot === 'page' ? ['pae'] : []), ...(pml4Root === 'page' ? ['pml4'] : [])];
  if (pml5Root === 'page') return [...names, 'pml5'].join('+');
  if (names.length === 0) return 'no special roots';
  if (!tdpEnabled && !paeDecrypted) return `${names.join('+')} encrypted`;
  return pml4Root === 'page' && shadowRootLevel === 5 ? `${names.join('+')}, no pml5` : names.join('+');
};

/** Some calls are about an MMU of their own. */
export const names = (_: State, { kind }: Command): boolean => !kind.startsWith('mmu_alloc_');
