import { type Gfn, type Sizes, type State, sideOf } from './state.ts';

/**
 * What the processor makes of a guest's data write to a sub-page. `allowed` and `allowed by SPP` complete; `miss` and
 * `misconfiguration` are exit 66 with and without bit 11 of the qualification; `violation` is an ordinary EPT violation.
 */
export type Decision = 'allowed' | 'allowed by SPP' | 'miss' | 'misconfiguration' | 'violation';

/** The decision from the tables alone: EPT, then, for an eligible write, the SPPT. */
export const walk = (state: State, vcpu: number, gfn: Gfn, sub: number, sizes: Sizes): Decision => {
  const side = sideOf(gfn, sizes);
  // A large leaf of this model has W = 1; bit 61 means nothing in it.
  if (state.large[vcpu]![side] !== 'none') return 'allowed';
  const spte = state.pages[vcpu]![side]!;
  if (spte.kind === 'none') return 'violation';
  if (spte.w) return 'allowed';
  if (spte.spp !== 'set') return 'violation';
  // SPPTP = 0 is the address of page 0, whose content the model does not have; read as zero.
  if (!state.spptp[vcpu]) return 'miss';
  if (state.l2[side] !== 'valid') return 'miss';
  const leaf = state.leaves[side]!;
  if ((leaf & 0b1010) !== 0) return 'misconfiguration';
  return leaf & (1 << (2 * sub)) ? 'allowed by SPP' : 'violation';
};

/** Whether a TLB holds this very right. */
export const cached = ({ tlb }: State, vcpu: number, page: number, sub: number): boolean =>
  tlb.kind === 'right' && tlb.vcpu === vcpu && tlb.page === page && tlb.sub === sub;

/** The decision, from the TLB if it has one. */
export const decide = (state: State, vcpu: number, gfn: Gfn, sub: number, sizes: Sizes): Decision =>
  cached(state, vcpu, sideOf(gfn, sizes), sub) ? 'allowed' : walk(state, vcpu, gfn, sub, sizes);

export const completes = (decision: Decision): boolean => decision === 'allowed' || decision === 'allowed by SPP';
