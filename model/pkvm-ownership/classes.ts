import { match } from 'ts-pattern';
import { faultRange, pagesBehind } from './faults.ts';
import { usedFor } from './lifecycle.ts';
import {
  addressed,
  type Command,
  guestAddressed,
  type Pfn,
  type Sizes,
  type State,
  useText,
  wrappingNr,
} from './state.ts';

/** The owner of a page of memory and those it is shared with, as the vmemmap and the host's entry say. `(pinned)`: EL2 uses the page. */
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
  if (state.uses[pfn] !== 'none') return `${owner}, ${useText(state.uses[pfn]!)}`;
  return state.refcount[pfn]! > 0 ? `${owner} (pinned)` : owner;
};

const sharedWith = (state: State, pfn: Pfn): string => {
  const guests = state.host_share_guest_count[pfn]! > 0;
  if (state.ffa[pfn]) return guests ? 'FF-A and guests' : 'FF-A';
  return guests ? 'guests' : 'nobody';
};

/** Whether the call names the page: by its address, or by a gfn at which the VM has the page. */
export const names = (state: State, command: Command, page: Pfn, sizes: Sizes): boolean => {
  const args: { readonly [name: string]: unknown } = { ...command };
  const { pfn = args.phys, nr = 1, from, to, vm, gfn } = args;
  const within = (first: number, end: number) => first <= page && page < end;
  const endOf = (first: number) => (nr === wrappingNr ? Number.POSITIVE_INFINITY : first + Number(nr));
  if (metadataPages.some((name) => args[name] === page)) return true;
  if (typeof pfn === 'number') return within(addressed(pfn, sizes), endOf(addressed(pfn, sizes)));
  if (typeof from === 'number') return within(from, Number(to));
  if (command.kind === 'finalize_teardown_vm') return keptFor(state, command.vm, page, sizes);
  if (typeof vm !== 'number' || typeof gfn !== 'number') return false;
  const maps = (first: number, end: number) =>
    state.vms[vm]!.guest.slice(first, end).some((pte) => pte.kind === 'leaf' && pte.pfn === page);
  if (command.kind === 'guest_fault') {
    const pte = state.vms[vm]!.guest[gfn]!;
    const huge = command.memslot === 'huge' || (pte.kind === 'leaf' && pte.level === 2);
    const { first, nr: behind } = faultRange(gfn, huge, sizes);
    return maps(first, first + behind) || pagesBehind(first, behind, sizes).includes(page);
  }
  const first = guestAddressed(gfn, sizes);
  return maps(first, endOf(first));
};

const metadataPages = ['host_kvm', 'vm_hva', 'pgd_hva', 'host_vcpu', 'vcpu_hva'];

/** Whether EL2 uses the page for a VM, or has pinned it for the VM. */
const keptFor = (state: State, vm: number, page: Pfn, { metadata }: Sizes): boolean => {
  if (metadata === 0) return false;
  const { host_kvm, host_vcpu } = state.vms[vm]!;
  return host_kvm === page || host_vcpu === page || usedFor(state, vm).includes(page);
};
