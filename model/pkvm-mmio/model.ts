import { match } from 'ts-pattern';
import {
  defineModel,
  disabled,
  type Outcome,
  ok,
  panic,
  refuse,
  type Settings,
  type System,
  update,
} from '../../src/spec/index.ts';
import { draw } from './draw.ts';
import { getLeaf, hostStage2Try, unmapDevAll, writeLeaf } from './host-stage2.ts';
import {
  addressed,
  allPages,
  beyondPa,
  type Command,
  commandDomain,
  config,
  devicePfns,
  initialState,
  isRam,
  mmioPages,
  type Pfn,
  type Sizes,
  type State,
  stateDomain,
  wrapsToZero,
} from './state.ts';

const switches = {
  countedInvalid: {
    doc: 'kvm_pgtable_stage2_unmap() on an owner annotation: clears it (before the patch), refuses with -EPERM (as posted), or skips it',
    values: ['clears', 'refuses', 'skips'],
  },
  checksPfnRange: 'both MMIO functions refuse a pfn that is no page of the machine',
  donateChecksMmio: 'host_donate_hyp_mmio() refuses memory',
  returnChecksMmio: 'hyp_donate_host_mmio() refuses memory',
  returnChecksHyp: 'hyp_donate_host_mmio() refuses a page that EL2 does not map',
  returnChecksHost: 'hyp_donate_host_mmio() refuses a page that the host maps',
  hostFaults: {
    doc: 'handle_host_mem_abort() as of 7.1: -EPERM injects an abort, annotated memory whose host state is not NOPAGE WARNs; as of 6.17: -EPERM is a BUG',
    values: ['7.1', '6.17'],
  },
  setOwnerError: {
    doc: 'host_donate_hyp_mmio() when host_stage2_set_owner_locked() fails: WARNs (as posted), or returns the error with EL2 already mapped',
    values: ['WARNs', 'returned'],
  },
} as const;

type Patch = Settings<typeof switches>;

/** A system's functions see its sizes and the patch; the command brings the page. */
interface Context {
  readonly sizes: Sizes;
  readonly patch: Patch;
}

/** The host touches a page: nothing happens if it is mapped, else the fault is handled. Kernel: handle_host_mem_abort(). */
const hostAccess = (state: State, pfn: Pfn, { sizes, patch }: Context): Outcome<State> => {
  const entry = getLeaf(state, pfn, sizes);
  if (entry === 'leaf') return ok(state);

  // host_stage2_adjust_range(): an annotated entry belongs to somebody else.
  if (
    entry === 'hyp' &&
    isRam(pfn, sizes) &&
    patch.hostFaults === '7.1' &&
    ramPage(state, pfn, sizes).host !== 'NOPAGE'
  )
    return panic(state, 'WARN: annotated memory whose host state is not NOPAGE');
  const idmap =
    entry === 'hyp'
      ? refuse(state, 'EPERM', 'annotated with another owner')
      : hostStage2Try(state, patch.countedInvalid, (s) => writeLeaf(s, pfn, 'leaf', sizes));

  if (idmap.result !== 'refused') return idmap;
  if (idmap.errno === 'EPERM' && patch.hostFaults === '7.1')
    return refuse(idmap.state, 'EPERM', `${idmap.reason}; abort injected`);
  return panic(idmap.state, `BUG: host_stage2_idmap() returned -${idmap.errno}, ${idmap.reason}`);
};

/** Gives one MMIO page to the hypervisor. Kernel: __pkvm_host_donate_hyp_mmio(), v4 02/28. */
const hostDonateHypMmio = (state: State, pfn: Pfn, { sizes, patch }: Context): Outcome<State> => {
  if (patch.checksPfnRange && pfn >= allPages(sizes)) return refuse(state, 'EINVAL', 'not a page of the machine');
  const page = addressed(pfn, sizes);
  if (patch.donateChecksMmio && isRam(page, sizes)) return refuse(state, 'EINVAL', 'memory, not MMIO');
  if (page === beyondPa(sizes)) return refuse(state, 'ERANGE', 'the walk ends before this address');
  if (getLeaf(state, page, sizes) === 'hyp') return refuse(state, 'EPERM', 'annotated with another owner');
  if (state.el2[page] !== 'none') return refuse(state, 'EBUSY', 'already mapped at EL2');

  const mapped = update(state, (draft) => {
    draft.el2[page] = 'device';
  });
  const owned = hostStage2Try(mapped, patch.countedInvalid, (s) => writeLeaf(s, page, 'hyp', sizes));
  if (owned.result !== 'refused' || patch.setOwnerError === 'returned') return owned;
  return panic(owned.state, `WARN: host_stage2_set_owner_locked() returned -${owned.errno}, ${owned.reason}`);
};

/** Gives one MMIO page back to the host. Kernel: __pkvm_hyp_donate_host_mmio(), v4 02/28. */
const hypDonateHostMmio = (state: State, pfn: Pfn, { sizes, patch }: Context): Outcome<State> => {
  if (patch.checksPfnRange && pfn >= allPages(sizes)) return refuse(state, 'EINVAL', 'not a page of the machine');
  const page = addressed(pfn, sizes);
  const mapped = page < allPages(sizes) && state.el2[page] !== 'none';
  if (patch.returnChecksMmio && isRam(page, sizes)) return refuse(state, 'EINVAL', 'memory, not MMIO');
  if (patch.returnChecksHyp && !mapped) return refuse(state, 'EPERM', 'not mapped at EL2');
  if (patch.returnChecksHost && mapped && getLeaf(state, page, sizes) === 'leaf')
    return refuse(state, 'EPERM', 'mapped by the host');

  if (!mapped) return panic(state, 'WARN: kvm_pgtable_hyp_unmap() unmapped nothing');
  const unmapped = update(state, (draft) => {
    draft.el2[page] = 'none';
  });
  const owned = hostStage2Try(unmapped, patch.countedInvalid, (s) => writeLeaf(s, page, 'zero', sizes));
  if (owned.result !== 'refused') return owned;
  return panic(owned.state, `WARN: host_stage2_set_owner_locked() returned -${owned.errno}, ${owned.reason}`);
};

/**
 * EL2 keeps a device page from the host without mapping it, or lets it go. Kernel: host_stage2_set_owner_locked() called
 * directly, as by a static list of regions the host must not map.
 */
const hostStage2SetOwner = (
  state: State,
  pfn: Pfn,
  owner: 'host' | 'hyp',
  { sizes, patch }: Context,
): Outcome<State> => {
  if (owner === 'host' && state.el2[pfn] !== 'none') return disabled(state, 'EL2 does not let go of what it maps');
  return hostStage2Try(state, patch.countedInvalid, (s) => writeLeaf(s, pfn, owner === 'hyp' ? 'hyp' : 'zero', sizes));
};

/** Memory pressure from elsewhere: another host fault finds the pool empty. Kernel: host_stage2_unmap_dev_all(). */
const hostStage2UnmapDevAll = (state: State, { patch }: Context): Outcome<State> =>
  state.pool > 0 ? disabled(state, 'called only when the pool is empty') : unmapDevAll(state, patch.countedInvalid);

/** Gives a page of memory to the hypervisor. Kernel: __pkvm_host_donate_hyp(), 6.16 and later. */
const hostDonateHyp = (state: State, pfn: Pfn, { sizes }: Context): Outcome<State> => {
  const page = ramPage(state, pfn, sizes);
  if (page.host !== 'OWNED') return refuse(state, 'EPERM', 'not owned by the host');
  if (page.hyp !== 'NOPAGE') return refuse(state, 'EPERM', 'the hypervisor has a claim on it');
  if (state.el2[pfn] !== 'none') return panic(state, 'WARN: pkvm_create_mappings_locked() met another mapping');
  return ok(
    update(state, (draft) => {
      draft.el2[pfn] = 'normal';
      const after = draft.ram[pfn - mmioPages(sizes)]!;
      after.entry = 'hyp';
      after.host = 'NOPAGE';
      after.hyp = 'OWNED';
    }),
  );
};

/** Gives a page of memory back to the host. Kernel: __pkvm_hyp_donate_host(). */
const hypDonateHost = (state: State, pfn: Pfn, { sizes }: Context): Outcome<State> => {
  const page = ramPage(state, pfn, sizes);
  if (page.hyp !== 'OWNED') return refuse(state, 'EPERM', 'not owned by the hypervisor');
  if (page.host !== 'NOPAGE') return refuse(state, 'EPERM', 'the host has a claim on it');
  if (state.el2[pfn] === 'none') return panic(state, 'WARN: kvm_pgtable_hyp_unmap() unmapped nothing');
  return ok(
    update(state, (draft) => {
      draft.el2[pfn] = 'none';
      const after = draft.ram[pfn - mmioPages(sizes)]!;
      after.entry = 'leaf';
      after.host = 'OWNED';
      after.hyp = 'NOPAGE';
    }),
  );
};

/** Shares a page of memory with the guest, at the one gfn it has for it. Kernel: __pkvm_host_share_guest(). */
const hostShareGuest = (state: State, pfn: Pfn, { sizes }: Context): Outcome<State> => {
  const page = ramPage(state, pfn, sizes);
  if (page.guest !== 'NOPAGE') return refuse(state, 'EPERM', 'the guest already maps this gfn');
  if (page.host !== 'OWNED') return refuse(state, 'EPERM', 'not owned by the host');
  return ok(
    update(state, (draft) => {
      const after = draft.ram[pfn - mmioPages(sizes)]!;
      after.host = 'SHARED_OWNED';
      after.guest = 'SHARED_BORROWED';
    }),
  );
};

/** Takes a shared page back from the guest. Kernel: __pkvm_host_unshare_guest(). */
const hostUnshareGuest = (state: State, pfn: Pfn, { sizes }: Context): Outcome<State> => {
  const page = ramPage(state, pfn, sizes);
  if (page.guest === 'NOPAGE') return refuse(state, 'ENOENT', 'the guest does not map this gfn');
  if (page.host !== 'SHARED_OWNED') return refuse(state, 'EPERM', 'not shared by the host');
  return ok(
    update(state, (draft) => {
      const after = draft.ram[pfn - mmioPages(sizes)]!;
      after.host = 'OWNED';
      after.guest = 'NOPAGE';
    }),
  );
};

const ramPage = (state: State, pfn: Pfn, sizes: Sizes) => state.ram[pfn - mmioPages(sizes)]!;

/** Whose a page is, and who maps it: what the host's entry, the vmemmap and EL2's stage-1 say of it, in this order. */
const classify = (state: State, pfn: Pfn, sizes: Sizes): string => {
  const mapped = state.el2[pfn] !== 'none';
  const entry = getLeaf(state, pfn, sizes);
  if (!isRam(pfn, sizes))
    return match([entry, mapped] as const)
      .with(['zero', false], () => 'host MMIO, not mapped')
      .with(['leaf', false], () => 'host MMIO, mapped')
      .with(['hyp', false], () => 'MMIO kept from the host')
      .with(['hyp', true], () => 'hyp MMIO')
      .with(['zero', true], () => 'hyp MMIO, not annotated')
      .with(['leaf', true], () => 'MMIO mapped by both')
      .exhaustive();
  const { host, hyp, guest } = ramPage(state, pfn, sizes);
  const owner = match([host, hyp, guest] as const)
    .with(['OWNED', 'NOPAGE', 'NOPAGE'], () => 'host memory')
    .with(['SHARED_OWNED', 'NOPAGE', 'SHARED_BORROWED'], () => 'host memory, shared with guest')
    .with(['NOPAGE', 'OWNED', 'NOPAGE'], () => 'hyp memory')
    .otherwise(() => `memory: host ${host}, hyp ${hyp}, guest ${guest}`);
  const odd = [
    ...((entry === 'hyp') === (hyp === 'OWNED') ? [] : [entry === 'hyp' ? 'annotated' : 'not annotated']),
    ...(mapped === (hyp === 'OWNED') ? [] : [mapped ? 'mapped at EL2' : 'not mapped at EL2']),
    ...(hyp === 'OWNED' && entry === 'leaf' ? ['mapped by host'] : []),
  ];
  return [owner, ...odd].join(', ');
};

/** The checks that the review asked for, and one of pfn ranges. */
const allChecks = {
  checksPfnRange: true,
  donateChecksMmio: true,
  returnChecksMmio: true,
  returnChecksHyp: true,
  returnChecksHost: true,
} as const;

/** `pages`: which pages the patch's two functions may be given. */
const systemFor =
  (pages: 'named' | 'all') =>
  (sizes: Sizes, patch: Patch): System<State, Command> => ({
    state: stateDomain(sizes),
    command: commandDomain(sizes, pages),
    initial: initialState(sizes),
    step: (state: State, command: Command) => {
      const context = { sizes, patch };
      return match(command)
        .with({ kind: 'host_access' }, ({ pfn }) => hostAccess(state, pfn, context))
        .with({ kind: 'host_donate_hyp_mmio' }, ({ pfn }) => hostDonateHypMmio(state, pfn, context))
        .with({ kind: 'hyp_donate_host_mmio' }, ({ pfn }) => hypDonateHostMmio(state, pfn, context))
        .with({ kind: 'host_stage2_set_owner' }, ({ pfn, owner }) => hostStage2SetOwner(state, pfn, owner, context))
        .with({ kind: 'host_stage2_unmap_dev_all' }, () => hostStage2UnmapDevAll(state, context))
        .with({ kind: 'host_donate_hyp' }, ({ pfn }) => hostDonateHyp(state, pfn, context))
        .with({ kind: 'hyp_donate_host' }, ({ pfn }) => hypDonateHost(state, pfn, context))
        .with({ kind: 'host_share_guest' }, ({ pfn }) => hostShareGuest(state, pfn, context))
        .with({ kind: 'host_unshare_guest' }, ({ pfn }) => hostUnshareGuest(state, pfn, context))
        .exhaustive();
    },
  });

export const pkvmMmio = defineModel({
  id: 'pkvm-mmio',
  title: 'MMIO donated to the pKVM hypervisor',
  sources: [
    'KVM: arm64: Donate MMIO to the hypervisor, v4 02/28, and its review (September 2025)',
    'arch/arm64/kvm/hyp/nvhe/mem_protect.c and arch/arm64/kvm/hyp/pgtable.c, 6.16 to 7.1',
  ],
  config,
  switches,
  environment: ['hostFaults'],
  variants: {
    before: { doc: 'the patch over the unmap walker it found', switches: { countedInvalid: 'clears' } },
    v4: { doc: 'as posted; host faults as in 7.1', switches: { countedInvalid: 'refuses' } },
    'v4-6.17': {
      doc: 'as posted; host faults as in 6.17, when it was posted',
      switches: { countedInvalid: 'refuses', hostFaults: '6.17' },
    },
    'v4-donate-mmio': {
      doc: 'v4 + donate checks MMIO',
      switches: { countedInvalid: 'refuses', donateChecksMmio: true },
    },
    'v4-return-mmio': {
      doc: 'v4 + return checks MMIO',
      switches: { countedInvalid: 'refuses', returnChecksMmio: true },
    },
    'v4-return-hyp': { doc: 'v4 + return checks EL2', switches: { countedInvalid: 'refuses', returnChecksHyp: true } },
    'v4-return-host': {
      doc: 'v4 + return checks the host',
      switches: { countedInvalid: 'refuses', returnChecksHost: true },
    },
    'v4-pfn-range': { doc: 'v4 + pfn range check', switches: { countedInvalid: 'refuses', checksPfnRange: true } },
    'v4-all-checks': { doc: 'v4 + every check', switches: { countedInvalid: 'refuses', ...allChecks } },
    'v4-no-warn': {
      doc: 'v4 + every check, set_owner errors returned',
      switches: { countedInvalid: 'refuses', ...allChecks, setOwnerError: 'returned' },
    },
    fixed: { doc: 'every check, and unmap skips annotations', switches: { countedInvalid: 'skips', ...allChecks } },
  },
  defaultVariant: 'fixed',
  legend: (sizes) => {
    const pages = (first: Pfn, last: Pfn) => (first === last ? `${first}` : `${first}-${last}`);
    return (
      `pfn ${pages(0, mmioPages(sizes) - 1)} MMIO, of which EL2 drivers ask for ${devicePfns(sizes).join(', ')}; ` +
      `pfn ${pages(mmioPages(sizes), allPages(sizes) - 1)} memory; ${beyondPa(sizes)} stands for a pfn beyond the ` +
      `physical address range, ${wrapsToZero(sizes)} for 2^52, whose address wraps to 0`
    );
  },
  kernel: {
    host_access: 'handle_host_mem_abort()',
    host_donate_hyp_mmio: '__pkvm_host_donate_hyp_mmio(), v4 02/28',
    hyp_donate_host_mmio: '__pkvm_hyp_donate_host_mmio(), v4 02/28',
    host_stage2_set_owner: 'host_stage2_set_owner_locked()',
    host_stage2_unmap_dev_all: 'host_stage2_unmap_dev_all()',
    host_donate_hyp: '__pkvm_host_donate_hyp()',
    hyp_donate_host: '__pkvm_hyp_donate_host()',
    host_share_guest: '__pkvm_host_share_guest()',
    host_unshare_guest: '__pkvm_host_unshare_guest()',
  },
  draw,
  classify,
  pages: (sizes) => Array.from({ length: allPages(sizes) }, (_, pfn) => pfn),
  names: (_: State, command: Command, page: Pfn) => 'pfn' in command && command.pfn === page,
  system: systemFor('named'),
  scripted: systemFor('all'),
});
