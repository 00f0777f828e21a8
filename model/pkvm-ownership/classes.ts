import { match } from 'ts-pattern';
import { addressed, type Command, guestAddressed, type Pfn, type Sizes, type State, wrappingNr } from './state.ts';

/** Whose a page of memory is and with whom it is shared, as the vmemmap and the host's entry have it; `(pinned)`: in use at EL2. */
export const classify = (state: State, pfn: Pfn): string => {
  const [host, hyp, annotation] = [state.host[pfn]!, state.hyp[pfn]!, state.pte[pfn]!.kind];
  const owner = match([host, hyp])
    .with(['OWNED', 'NOPAGE'], () => 'host')
    .with(['NOPAGE', 'OWNED'], () => 'hyp')
    .with(['SHARED_OWNED', 'SHARED_BORROWED'], () => 'host, shared with hyp')
    .with(['SHARED_OWNED', 'NOPAGE'], () => `host, shared with ${sharedWith(state, pfn)}`)
    .with(['SHARED_BORROWED', 'NOPAGE'], () => 'guest, shared with host')
    .with(['NOPAGE', 'NOPAGE'], () => (annotation === 'guest' ? 'guest' : 'nobody'))
    .otherwise(() => `host ${host}, hyp ${hyp}`);
  return state.refcount[pfn]! > 0 ? `${owner} (pinned)` : owner;
};

const sharedWith = (state: State, pfn: Pfn): string => {
  const guests = state.host_share_guest_count[pfn]! > 0;
  if (state.ffa[pfn]) return guests ? 'FF-A and guests' : 'FF-A';
  return guests ? 'guests' : 'nobody';
};

/** Whether one of the pages that the call names is this one, by its address; a gfn names the page that the VM has there. */
export const names = (state: State, command: Command, page: Pfn, sizes: Sizes): boolean => {
  const args: { readonly [name: string]: unknown } = { ...command };
  const { pfn = args.phys, nr = 1, from, to, vm, gfn } = args;
  const within = (first: number, end: number) => first <= page && page < end;
  const endOf = (first: number) => (nr === wrappingNr ? Number.POSITIVE_INFINITY : first + Number(nr));
  if (typeof pfn === 'number') return within(addressed(pfn, sizes), endOf(addressed(pfn, sizes)));
  if (typeof from === 'number') return within(from, Number(to));
  if (typeof vm !== 'number' || typeof gfn !== 'number') return false;
  const first = guestAddressed(gfn, sizes);
  const mapped = state.vms[vm]!.guest.slice(first, endOf(first));
  return mapped.some((pte) => pte.kind === 'leaf' && pte.pfn === page);
};
