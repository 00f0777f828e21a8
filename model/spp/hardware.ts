import { match } from 'ts-pattern';
import { type Gfn, type Sizes, type State, sideOf } from './state.ts';

/**
 * The processor's decision on a guest's data write to a sub-page. `allowed` and `allowed by SPP` complete; `miss` and
 * `misconfiguration` are exit 66 with and without bit 11 of the qualification; `violation` is an ordinary EPT violation.
 */
export type Decision = 'allowed' | 'allowed by SPP' | 'miss' | 'misconfiguration' | 'violation';

/** The decision from the tables alone: EPT, then, for an eligible write, the SPPT. */
export const walk = (state: State, vcpu: number, gfn: Gfn, sub: number, sizes: Sizes): Decision => {
  const side = sideOf(gfn, sizes);
  // A large leaf of this model has W = 1; bit 61 means nothing in it.
  if (state.large[vcpu]![side] !== 'none') return 'allowed';
  return match(state.pages[vcpu]![side]!)
    .returnType<Decision>()
    .with({ kind: 'none' }, () => 'violation')
    .with({ kind: 'leaf', w: true }, () => 'allowed')
    .with({ kind: 'leaf', spp: 'set' }, () => walkSppt(state, vcpu, side, sub))
    .with({ kind: 'leaf' }, () => 'violation')
    .exhaustive();
};

/** The second walk, for a write that a leaf with the SPP bit leaves to the SPPT. */
const walkSppt = (state: State, vcpu: number, side: 0 | 1, sub: number): Decision => {
  // SPPTP = 0 is the address of page 0. The model does not have that page's content and takes it for zeroes.
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
