import { match } from 'ts-pattern';
import { disabled, type Outcome, ok, refuse, update, warn } from '../../src/spec/index.ts';
import { fastPageFault, type Handled, kvmMmuReload, tdpPageFault } from './faults.ts';
import { decide } from './hardware.ts';
import { handleSpp } from './sppt.ts';
import { border, type Context, type Events, type Gfn, machineOf, type Sizes, type State, sideOf } from './state.ts';

/**
 * A guest access is no kernel call, but has results like one. `ok`: the access completes. EAGAIN: it has trapped, the trap is
 * handled, and the guest will try again. EPERM: it has trapped and does not complete: userspace or the emulator is told.
 */
const trapped = (state: State, handled: Handled, from: string): Outcome<State> =>
  match(handled)
    .with('retry', () => refuse(state, 'EAGAIN', from))
    .with('exit SPP', () => refuse(state, 'EPERM', 'KVM_EXIT_SPP'))
    .with('exit MMIO', () => refuse(state, 'EPERM', 'KVM_EXIT_MMIO'))
    .with('emulate', () => refuse(state, 'EPERM', 'emulated, write-tracked'))
    .exhaustive();

/** Whether the run of this VM has a vCPU access a gfn. */
export const isTouched = (state: State, vcpu: number, gfn: Gfn, sizes: Sizes): boolean => {
  if (state.vm === 'none') return false;
  const { touched, touchedByOthers } = machineOf(state);
  return (vcpu === 0 ? touched : touchedByOthers).includes(gfn - border(sizes)) && vcpu < state.vcpus;
};

/** One attempt of a vCPU to write to a sub-page, with the exit that it may lead to. */
export const guestWrite = (state: State, vcpu: number, gfn: Gfn, sub: number, context: Context): Outcome<State> => {
  if (!isTouched(state, vcpu, gfn, context.sizes)) return disabled(state, 'not in the run of this VM');
  const { sizes } = context;
  const entered = update(state, (draft) => kvmMmuReload(draft, vcpu));
  return match(decide(entered, vcpu, gfn, sub, sizes))
    .returnType<Outcome<State>>()
    .with('allowed', 'allowed by SPP', () =>
      ok(
        update(entered, (draft) => {
          draft.tlb = { kind: 'right', vcpu, page: sideOf(gfn, sizes), sub };
        }),
      ),
    )
    .with('misconfiguration', () => refuse(entered, 'EFAULT', 'SPPT misconfiguration'))
    .with('miss', () => {
      const events: Events = [];
      const filled = update(entered, (draft) => handleSpp(draft, gfn, events, context));
      return events.reduce(warn, refuse(filled, 'EAGAIN', 'SPPT miss'));
    })
    .with('violation', () => {
      let handled: Handled = 'retry';
      const after = update(entered, (draft) => {
        handled = fastPageFault(draft, vcpu, gfn, context) ?? tdpPageFault(draft, vcpu, gfn, true, context);
      });
      return trapped(after, handled, 'EPT violation');
    })
    .exhaustive();
};

/** One attempt of a vCPU to read. Reads never ask the SPPT. */
export const guestRead = (state: State, vcpu: number, gfn: Gfn, context: Context): Outcome<State> => {
  if (!isTouched(state, vcpu, gfn, context.sizes) || !machineOf(state).reads)
    return disabled(state, 'not in the run of this VM');
  const entered = update(state, (draft) => kvmMmuReload(draft, vcpu));
  if (entered.pages[vcpu]![sideOf(gfn, context.sizes)]!.kind === 'leaf') return ok(entered);
  let handled: Handled = 'retry';
  const after = update(entered, (draft) => {
    handled = tdpPageFault(draft, vcpu, gfn, false, context);
  });
  return trapped(after, handled, 'EPT violation');
};
