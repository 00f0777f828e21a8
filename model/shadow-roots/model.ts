import { match } from 'ts-pattern';
import { defineModel, disabled, type Outcome, ok, refuse, update } from '../../src/spec/index.ts';
import { classify, names } from './classes.ts';
import { draw } from './draw.ts';
import {
  directMap,
  mmuAllocDirectRoots,
  mmuAllocShadowRoots,
  mmuAllocSpecialRoots,
  type Patch,
  switches,
} from './roots.ts';
import {
  type Command,
  commandDomain,
  config,
  type Fails,
  initialState,
  type MadeUp,
  quiet,
  type State,
  stateDomain,
} from './state.ts';

const noVcpu = (state: State) => (state.vcpu === 'created' ? undefined : disabled(state, `the vCPU is ${state.vcpu}`));

/** Gives the MMU a root, unless it has one. Kernel: kvm_mmu_reload(), kvm_mmu_load(). */
const kvmMmuLoad = (state: State, fails: Fails, patch: Patch): Outcome<State> => {
  if (state.rootHpa !== 'INVALID_PAGE') return disabled(state, 'the MMU has a root');
  const special = mmuAllocSpecialRoots(state, fails, patch);
  if (special.result !== 'ok') return special;
  const loaded = directMap(state)
    ? mmuAllocDirectRoots(special.state, fails)
    : mmuAllocShadowRoots(special.state, fails, patch);
  if (loaded.result !== 'ok' || loaded.state.rootHpa === 'INVALID_PAGE') return loaded;
  return {
    ...loaded,
    state: update(loaded.state, (draft) => {
      draft.loadedBefore = true;
    }),
  };
};

/** Drops the root and what it points to; the special pages stay. Kernel: kvm_mmu_unload(), kvm_mmu_free_roots(). */
const kvmMmuUnload = (state: State): Outcome<State> => {
  if (state.rootHpa === 'INVALID_PAGE') return disabled(state, 'the MMU has no root');
  return ok(
    update(state, (draft) => {
      draft.paeEntries = false;
      draft.rootHpa = 'INVALID_PAGE';
    }),
  );
};

/** A page fault walks the shadow page tables. Kernel: shadow_walk_init_using_root(). */
const shadowWalkInit = (state: State, patch: Patch): Outcome<State> => {
  if (state.rootHpa === 'INVALID_PAGE') return disabled(state, 'the MMU has no root');
  const level = state.shadowRootLevel;
  const special = (level === 4 || (level === 5 && patch.walkStart === 'level 4 and 5')) && state.rootLevel < 4;
  const belowRoot = level === 3 || (special && !directMap(state));
  return ok(
    update(state, (draft) => {
      draft.last.walk = belowRoot ? 'pae_root' : 'root_hpa';
    }),
  );
};

/** Switches to the shadowing of another paging mode. Kernel: kvm_mmu_reset_context(), which is kvm_mmu_unload() and then kvm_init_mmu(). */
const kvmMmuResetContext = (state: State, rootLevel: State['rootLevel']): Outcome<State> => {
  if (state.tdpEnabled && state.nested === (rootLevel === 0))
    return disabled(state, 'under TDP, guest_mmu shadows and root_mmu is direct');
  if (rootLevel > Math.max(3, state.hostLevel)) return disabled(state, 'the host has no such paging');
  if (rootLevel > 3 && state.hostLevel === 3) return disabled(state, 'the host has no such paging');
  if (rootLevel === state.rootLevel) return disabled(state, 'that is its mode');
  return ok(
    update(state, (draft) => {
      draft.rootHpa = 'INVALID_PAGE';
      draft.paeEntries = false;
      draft.rootLevel = rootLevel;
      if (!state.tdpEnabled) draft.shadowRootLevel = Math.max(3, rootLevel);
      draft.loadedBefore = false;
    }),
  );
};

/** Userspace sets the guest's MAXPHYADDR. Kernel: kvm_mmu_after_set_cpuid(), kvm_mmu_get_tdp_level(). */
const kvmMmuAfterSetCpuid = (state: State, maxphyaddr: number, patch: Patch): Outcome<State> => {
  if (!state.tdpEnabled) return disabled(state, 'no TDP');
  const shorter = patch.nptLevel === 'by MAXPHYADDR' && state.hostLevel === 5 && maxphyaddr <= 48;
  return ok(
    update(state, (draft) => {
      draft.rootHpa = 'INVALID_PAGE';
      draft.paeEntries = false;
      draft.shadowRootLevel = shorter ? 4 : state.hostLevel;
    }),
  );
};

/** Kernel: kvm_mmu_destroy(): kvm_mmu_unload(), free_mmu_pages(). */
const kvmMmuDestroy = (state: State): Outcome<State> => {
  const pointers = [state.paeRoot, state.pml4Root, state.pml5Root];
  const given = pointers.filter((one) => one === 'page').length;
  const garbageFreed = pointers.filter((one) => one === 'garbage').length;
  return ok(
    update(state, (draft) => {
      draft.vcpu = 'destroyed';
      draft.rootHpa = 'INVALID_PAGE';
      draft.paeEntries = false;
      draft.pml4Entry = false;
      draft.pml5Entry = false;
      if (!state.tdpEnabled && state.paeRoot === 'page') draft.paeDecrypted = false;
      draft.paeLow = false;
      if (state.paeRoot !== 'NULL') draft.paeRoot = 'freed';
      if (state.pml4Root !== 'NULL') draft.pml4Root = 'freed';
      if (state.pml5Root !== 'NULL') draft.pml5Root = 'freed';
      draft.pages -= given;
      draft.loadedBefore = false;
      draft.last.garbageFreed = garbageFreed;
    }),
  );
};

/**
 * Creates a vCPU, on any host: with or without TDP, its own paging of 3 to 5 levels. guest_mmu starts with an L1 that uses PAE
 * paging, root_mmu with a direct map. Kernel: kvm_mmu_create(), __kvm_mmu_create() of one of the two.
 */
const kvmMmuCreate = (
  state: State,
  { tdp, level, nested, alloc }: Extract<Command, { kind: 'kvm_mmu_create' }>,
  patch: Patch,
): Outcome<State> => {
  if (state.vcpu !== 'destroyed') return disabled(state, 'there is a vCPU');
  if (nested && !tdp) return disabled(state, 'without TDP, L1 has no NPT');
  const needsPaeRoot = !tdp || level === 3;
  if (needsPaeRoot && alloc === 'fails') return refuse(state, 'ENOMEM', 'no page below 4 GiB for pae_root');
  return ok(
    update(state, (draft) => {
      draft.vcpu = 'created';
      draft.tdpEnabled = tdp;
      draft.hostLevel = level;
      draft.nested = nested;
      draft.rootLevel = nested ? 3 : 0;
      draft.shadowRootLevel = tdp ? level : 3;
      draft.paeRoot = needsPaeRoot ? 'page' : 'NULL';
      draft.pml4Root = 'NULL';
      draft.pml5Root = 'NULL';
      draft.paeLow = needsPaeRoot;
      draft.paeDecrypted = !tdp && patch.paeRootDecrypted === 'yes';
      if (needsPaeRoot) draft.pages += 1;
    }),
  );
};

/** An MMU that no caller need be able to bring about, to call one function on. Every page of it is accounted for. */
const makeUp = (
  state: State,
  { tdp = true, root_level = 0, level, pae_root, pml4_root = 'NULL', pml5_root = 'NULL' }: MadeUp,
): State =>
  update(state, (draft) => {
    draft.vcpu = 'made up';
    draft.tdpEnabled = tdp;
    draft.hostLevel = level;
    draft.nested = true;
    draft.rootLevel = root_level;
    draft.shadowRootLevel = level;
    draft.paeRoot = pae_root === 'NULL' ? 'NULL' : 'page';
    draft.pml4Root = pml4_root;
    draft.pml5Root = pml5_root;
    draft.rootHpa = 'INVALID_PAGE';
    draft.pml5Entry = false;
    draft.pml4Entry = false;
    draft.paeEntries = pae_root === 'in use';
    draft.paeLow = false;
    draft.paeDecrypted = false;
    draft.pages = [pae_root, pml4_root, pml5_root].filter((one) => one !== 'NULL').length;
    draft.loadedBefore = false;
  });

/** The switches of two defects that 5.14 to 5.16 have in common and that were found later. */
const of2021 = { shadowRootsError: 'swallowed', walkStart: 'level 4 only' } as const;
const base = { ...of2021, levelCheck: 'not 4', partialTest: 'two', pml5: 'never', chain: 'level 4 only' } as const;
const v1 = {
  ...of2021,
  levelCheck: 'below 4',
  partialTest: 'three',
  pml5: 'always',
  locals: 'uninitialised',
  errorPath: 'one label',
  chain: 'root_hpa rewritten',
} as const;
const merged = { ...of2021, partialTest: 'three' } as const;

export const shadowRoots = defineModel({
  id: 'shadow-roots',
  title: "KVM's special shadow roots on 5-level hosts",
  sources: [
    'KVM: x86: Handle the case of 5-level shadow page table, v1 2/3, and its review (August 2021); v2, v3',
    'cb0f722aff6e (merged), a717a780fc4e (its fix), 12ec33a70574, c6c937d673aa: arch/x86/kvm/mmu/mmu.c, 5.14 to 5.17',
  ],
  config,
  switches,
  variants: {
    base: { doc: '5.14, on a host of 4 or 5 levels', switches: base },
    'base-unchecked': { doc: 'base without the check that the level is 4', switches: { ...base, levelCheck: 'none' } },
    v1: { doc: 'as posted', switches: v1 },
    'v1-no-dead-check': { doc: 'v1 without the check that is dead code', switches: { ...v1, levelCheck: 'none' } },
    'v1-guard': { doc: 'v1, pml5_root only if the level needs it', switches: { ...v1, pml5: 'by level' } },
    'v1-guard-null': {
      doc: 'v1-guard, with locals that start as NULL',
      switches: { ...v1, pml5: 'by level', locals: 'NULL' },
    },
    'v1-error-path': { doc: 'v1 with an error path in reverse order', switches: { ...v1, errorPath: 'reverse order' } },
    'v1-chain': { doc: 'v1 with an explicit chain', switches: { ...v1, chain: 'explicit' } },
    v3: { doc: 'all comments on v1 and v2 applied', switches: { ...merged, locals: 'uninitialised' } },
    merged: { doc: 'cb0f722aff6e: v3 with locals that start as NULL', switches: merged },
    fixed: { doc: 'a717a780fc4e: the tests ask for pml5_root by level', switches: of2021 },
    'fixed-walk': {
      doc: 'fixed + 12ec33a70574: walks start below special roots',
      switches: { shadowRootsError: 'swallowed' },
    },
    current: { doc: 'fixed-walk + c6c937d673aa: errors are returned', switches: {} },
    'current-npt-by-guest': { doc: 'current without 746700d21fd5', switches: { nptLevel: 'by MAXPHYADDR' } },
    'current-encrypted': { doc: 'current without 4a98623d5d90', switches: { paeRootDecrypted: 'no' } },
  },
  defaultVariant: 'current',
  legend: ({ level }) =>
    `The first vCPU is on a host with ${level}-level NPT; its L1 uses PAE paging for its own NPT (root_level 3). ` +
    'root_level 0 is a direct map',
  kernel: {
    kvm_mmu_load: 'kvm_mmu_reload(), kvm_mmu_load()',
    kvm_mmu_unload: 'kvm_mmu_unload(), kvm_mmu_free_roots()',
    shadow_walk_init: 'shadow_walk_init_using_root()',
    kvm_mmu_reset_context: 'kvm_mmu_reset_context(): kvm_mmu_unload(), then kvm_init_mmu()',
    kvm_mmu_after_set_cpuid: 'kvm_mmu_after_set_cpuid(), kvm_mmu_get_tdp_level()',
    kvm_mmu_destroy: 'kvm_mmu_destroy(): kvm_mmu_unload(), free_mmu_pages()',
    kvm_mmu_create: 'kvm_mmu_create(), __kvm_mmu_create()',
  },
  draw,
  classify,
  subject: 'an MMU',
  names,
  system: (sizes, patch) => ({
    state: stateDomain,
    command: commandDomain,
    initial: initialState(sizes),
    step: (given: State, command: Command) => {
      const state = update(given, (draft) => {
        draft.last = quiet;
      });
      return match(command)
        .with({ kind: 'kvm_mmu_load' }, ({ fails }) => noVcpu(state) ?? kvmMmuLoad(state, fails, patch))
        .with({ kind: 'kvm_mmu_unload' }, () => noVcpu(state) ?? kvmMmuUnload(state))
        .with({ kind: 'shadow_walk_init' }, () => noVcpu(state) ?? shadowWalkInit(state, patch))
        .with(
          { kind: 'kvm_mmu_reset_context' },
          ({ root_level }) => noVcpu(state) ?? kvmMmuResetContext(state, root_level),
        )
        .with(
          { kind: 'kvm_mmu_after_set_cpuid' },
          ({ maxphyaddr }) => noVcpu(state) ?? kvmMmuAfterSetCpuid(state, maxphyaddr, patch),
        )
        .with({ kind: 'kvm_mmu_destroy' }, () => noVcpu(state) ?? kvmMmuDestroy(state))
        .with({ kind: 'kvm_mmu_create' }, (create) => kvmMmuCreate(state, create, patch))
        .with({ kind: 'mmu_alloc_special_roots' }, (mmu) => mmuAllocSpecialRoots(makeUp(state, mmu), 'none', patch))
        .with({ kind: 'mmu_alloc_direct_roots' }, (mmu) => mmuAllocDirectRoots(makeUp(state, mmu), 'none'))
        .with({ kind: 'mmu_alloc_shadow_roots' }, (mmu) => mmuAllocShadowRoots(makeUp(state, mmu), 'none', patch))
        .exhaustive();
    },
  }),
});
