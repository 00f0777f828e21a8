import { match } from 'ts-pattern';
import { defineModel, disabled, type Outcome, ok, panic, refuse, type Settings, update } from '../../src/spec/index.ts';
import { classify, names } from './classes.ts';
import { draw } from './draw.ts';
import { guestWalk } from './guest.ts';
import { addLeaf, changed, dropLeaf, walkOops, zapChild } from './rmap.ts';
import {
  type Command,
  commandDomain,
  gfns,
  initialState,
  memslotOf,
  memslots,
  type Pde,
  type State,
  stateDomain,
} from './state.ts';

const switches = {
  reuse: {
    doc: 'kvm_mmu_get_child_sp() keeps a linked child page if it is there; if its gfn is the wanted one as well (CVE-2026-46113); if its role is as well (CVE-2026-53359)',
    values: ['present', 'gfn', 'role'],
  },
  untrackedWrites: {
    doc: 'writes of guest page tables that KVM does not see: by the VMM, by DMA, or before the write tracker runs',
    values: ['possible', 'impossible'],
  },
  mmio: {
    doc: 'mmu_set_spte() for an address without memslot: drops a present entry first (aad885e77496), or writes over it',
    values: ['drops', 'overwrites'],
  },
  warnsAtOverwrite:
    'mmu_set_spte() WARNs if it puts another page into a present entry, in every MMU (11d45175111d); without it, in direct MMUs only, which this one is not (CVE-2026-23402)',
  recoveryChecksMemslot:
    'recovering huge pages skips a shadow page whose base gfn lies outside the memslot (ef057cbf825e)',
} as const;

type Patch = Settings<typeof switches>;

const overwrites = 'a present entry is overwritten with another page';

/** The guest touches the page under leaf `i`. Kernel: FNAME(page_fault)() with FNAME(fetch)(). */
const fault = (state: State, i: number, patch: Patch): Outcome<State> => {
  const { gfn, direct, target } = guestWalk(state, i);
  if (!direct && !state.memslots[memslotOf(gfn)]) return refuse(state, 'EFAULT', 'the guest table is in no memslot');

  return changed(state, (draft, log) => {
    // kvm_mmu_get_child_sp() and __link_shadow_page(): keep the linked page (-EEXIST), or zap it and link another.
    const linked = draft.child;
    const keep =
      linked.kind === 'page' &&
      (patch.reuse === 'present' || (linked.gfn === gfn && (patch.reuse === 'gfn' || linked.direct === direct)));
    if (!keep) {
      zapChild(draft, log);
      draft.child = { kind: 'page', gfn, direct, leaves: ['none', 'none'] };
    }

    // mmu_set_spte()
    const page = draft.child;
    if (page.kind !== 'page') return;
    const present = page.leaves[i] !== 'none' && page.leaves[i] !== 'mmio';
    if (!draft.memslots[memslotOf(target)]) {
      if (present && patch.mmio === 'drops') {
        if (patch.warnsAtOverwrite) log.warnings.add(overwrites);
        dropLeaf(draft, page, i, log);
      }
      page.leaves[i] = 'mmio';
      return;
    }
    if (page.leaves[i] === target) return;
    if (present) {
      if (patch.warnsAtOverwrite) log.warnings.add(overwrites);
      dropLeaf(draft, page, i, log);
    }
    addLeaf(draft, page, i, target, log);
  });
};

/** The directory entry is written where KVM sees it, and the shadow of the old one goes. Kernel: kvm_mmu_track_write(). */
const trackedWrite = (state: State, pde: Pde): Outcome<State> =>
  changed(state, (draft, log) => {
    draft.pde = pde;
    draft.swapped = false;
    zapChild(draft, log);
  });

const untrackedWrite = (state: State, pde: Pde, patch: Patch): Outcome<State> => {
  if (patch.untrackedWrites === 'impossible') return disabled(state, 'KVM sees every write');
  return ok(
    update(state, (draft) => {
      draft.pde = pde;
      draft.swapped = false;
    }),
  );
};

/** The guest exchanges the two entries of its page table. KVM sees that only if it shadows the table as one: an indirect page. */
const trackedPteWrite = (state: State): Outcome<State> => {
  if (state.pde === 'huge 0' || state.pde === 'huge 2') return disabled(state, 'the guest uses no page table');
  const { gfn } = guestWalk(state, 0);
  return changed(state, (draft, log) => {
    draft.swapped = !draft.swapped;
    const page = draft.child;
    if (page.kind !== 'page' || page.direct || page.gfn !== gfn) return;
    for (const i of [0, 1]) dropLeaf(draft, page, i, log);
  });
};

const untrackedPteWrite = (state: State, patch: Patch): Outcome<State> => {
  if (patch.untrackedWrites === 'impossible') return disabled(state, 'KVM sees every write');
  if (state.pde === 'huge 0' || state.pde === 'huge 2') return disabled(state, 'the guest uses no page table');
  return ok(
    update(state, (draft) => {
      draft.swapped = !draft.swapped;
    }),
  );
};

/** Deletes a memslot: all shadow pages are zapped, then its reverse map is freed. Kernel: kvm_arch_flush_shadow_memslot(). */
const deleteMemslot = (state: State, slot: number): Outcome<State> => {
  if (!state.memslots[slot]) return disabled(state, 'there is no such memslot');
  return changed(state, (draft, log) => {
    zapChild(draft, log);
    draft.memslots[slot] = false;
    draft.stale[slot] = false;
  });
};

const createMemslot = (state: State, slot: number): Outcome<State> => {
  if (state.memslots[slot]) return disabled(state, 'the memslot exists');
  return ok(
    update(state, (draft) => {
      draft.memslots[slot] = true;
    }),
  );
};

/** Dirty logging or an MMU notifier visits every shadow entry that maps a gfn of the memslot. Kernel: for_each_rmap_spte(). */
const rmapWalk = (state: State, slot: number): Outcome<State> => {
  if (!state.memslots[slot]) return disabled(state, 'there is no such memslot');
  const oops = walkOops(state, slot);
  return oops === undefined ? ok(state) : panic(state, oops);
};

/** A VM that KVM has given up: its vCPUs do not run, ioctls fail. Kernel: KVM_BUG_ON(), kvm_vm_dead(). */
const dead = (state: State, { kind }: Command): Outcome<State> =>
  kind === 'delete_memslot' || kind === 'create_memslot'
    ? refuse(state, 'EIO', 'the VM is dead')
    : disabled(state, 'the VM is dead');

/** Drops small entries of direct pages, so that a huge one can take their place. Kernel: kvm_mmu_zap_collapsible_spte(). */
const recoverHugePages = (state: State, slot: number, patch: Patch): Outcome<State> => {
  if (!state.memslots[slot]) return disabled(state, 'there is no such memslot');
  const oops = walkOops(state, slot);
  if (oops !== undefined) return panic(state, oops);
  const page = state.child;
  if (page.kind === 'none' || !page.direct) return ok(state);
  const inSlot = memslotOf(page.gfn) === slot;
  const recorded = [0, 1].filter((i) => memslots[slot]!.some((gfn) => state.rmap[gfn]![i]));
  if (recorded.length === 0 || (!inSlot && patch.recoveryChecksMemslot)) return ok(state);
  if (!inSlot) return panic(state, `lpage_info is indexed with gfn ${page.gfn}, outside the memslot`);
  return changed(state, (draft, log) => {
    const child = draft.child;
    if (child.kind === 'page') for (const i of recorded) dropLeaf(draft, child, i, log);
  });
};

export const shadowReuse = defineModel({
  id: 'shadow-reuse',
  title: 'Reuse of a linked child shadow page',
  sources: [
    '0cb2af2ea66a (CVE-2026-46113) and 81ccda30b4e8 (CVE-2026-53359): kvm_mmu_get_child_sp() in arch/x86/kvm/mmu/mmu.c, 2.6.36 to 7.2',
    'aad885e77496 (MMIO over a present entry), ef057cbf825e (lpage_info outside the memslot), CVE-2026-23402 (a WARN at what writes from elsewhere can do)',
  ],
  config: {},
  switches,
  environment: ['untrackedWrites'],
  variants: {
    present: {
      doc: 'until 7.0: any linked child is kept',
      switches: { reuse: 'present', recoveryChecksMemslot: true },
    },
    gfn: { doc: 'with 0cb2af2ea66a: of the wanted gfn', switches: { reuse: 'gfn', recoveryChecksMemslot: true } },
    role: {
      doc: 'with 81ccda30b4e8: of the wanted gfn and role',
      switches: { reuse: 'role', recoveryChecksMemslot: true },
    },
    'present-tracked': {
      doc: 'as present, and KVM sees every write',
      switches: { reuse: 'present', recoveryChecksMemslot: true, untrackedWrites: 'impossible' },
    },
    'gfn-tracked': {
      doc: 'as gfn, and KVM sees every write',
      switches: { reuse: 'gfn', recoveryChecksMemslot: true, untrackedWrites: 'impossible' },
    },
    'role-tracked': {
      doc: 'as role, and KVM sees every write',
      switches: { reuse: 'role', recoveryChecksMemslot: true, untrackedWrites: 'impossible' },
    },
    'role-mmio-overwrites': {
      doc: 'role without aad885e77496',
      switches: { reuse: 'role', recoveryChecksMemslot: true, mmio: 'overwrites' },
    },
    'role-overwrite-warns': {
      doc: 'role, with the WARN of 6.16 to 7.0-rc, which CVE-2026-23402 is about',
      switches: { reuse: 'role', recoveryChecksMemslot: true, warnsAtOverwrite: true },
    },
    'role-recovery-unchecked': { doc: 'role without ef057cbf825e', switches: { reuse: 'role' } },
  },
  defaultVariant: 'role',
  legend: () =>
    'memslot 0: gfn 0; 1: gfns 1-3; 2: gfns 4-5. `huge g` maps gfns g, g+1; `table 0` maps 0, 2; `table 4` maps 4, 0',
  kernel: {
    fault: 'FNAME(page_fault)() with FNAME(fetch)()',
    tracked_write: 'kvm_mmu_track_write()',
    tracked_pte_write: 'kvm_mmu_track_write()',
    delete_memslot: 'kvm_arch_flush_shadow_memslot()',
    rmap_walk: 'for_each_rmap_spte()',
    recover_huge_pages: 'kvm_mmu_zap_collapsible_spte()',
  },
  draw,
  classify,
  subject: 'a gfn',
  pages: () => gfns,
  names,
  system: (_config, patch) => ({
    state: stateDomain,
    command: commandDomain,
    initial: initialState,
    step: (state: State, command: Command) => {
      if (command.kind !== 'rmap_walk' && state.bugged) return dead(state, command);
      return match(command)
        .with({ kind: 'fault' }, ({ i }) => fault(state, i, patch))
        .with({ kind: 'untracked_write' }, ({ pde }) => untrackedWrite(state, pde, patch))
        .with({ kind: 'tracked_write' }, ({ pde }) => trackedWrite(state, pde))
        .with({ kind: 'untracked_pte_write' }, () => untrackedPteWrite(state, patch))
        .with({ kind: 'tracked_pte_write' }, () => trackedPteWrite(state))
        .with({ kind: 'delete_memslot' }, ({ slot }) => deleteMemslot(state, slot))
        .with({ kind: 'create_memslot' }, ({ slot }) => createMemslot(state, slot))
        .with({ kind: 'rmap_walk' }, ({ slot }) => rmapWalk(state, slot))
        .with({ kind: 'recover_huge_pages' }, ({ slot }) => recoverHugePages(state, slot, patch))
        .exhaustive();
    },
  }),
});
