import { match } from 'ts-pattern';
import {
  defineModel,
  disabled,
  type Errno,
  type Outcome,
  ok,
  panic,
  refuse,
  type Settings,
  update,
} from '../../src/spec/index.ts';
import { type Content, kvmPgtableStage2Map } from '../stage2/map.ts';
import { type DraftPage, getLeaf, pagesOf } from '../stage2/tree.ts';
import { kvmPgtableStage2Unmap } from '../stage2/unmap.ts';
import { type Pgtable, walkerCode } from '../stage2/walk.ts';
import { classify, names } from './classes.ts';
import { draw } from './draw.ts';
import { beforeFirst, type SearchCode, searchStep } from './search.ts';
import {
  type Command,
  commandDomain,
  config,
  findMemRange,
  initialState,
  lastOfMemory,
  memory,
  otherDevice,
  type Sizes,
  type State,
  stateDomain,
} from './state.ts';

const switches = {
  search: {
    doc: 'which function picks the range to map',
    values: ['adjust_range 7.0', 'adjust_range 6.16', 'adjust_range 5.15', 'find_range', 'greedy'],
  },
  walkGiven: {
    doc: "kvm_pgtable_walk() in the greedy function is given the range's size, or its end, as posted",
    values: ['the size', 'the end'],
  },
  annotations: {
    doc: "whether an annotation has bits in the greedy function's mask, as in v3, or not, as in bits 63:32 of v4",
    values: ['in the mask', 'beyond the mask'],
  },
  greedyLevels: {
    doc: 'whether the greedy function may find a range of any level, as posted, or only of one that may have blocks',
    values: ['with blocks', 'any'],
  },
  faults: {
    doc: 'handle_host_mem_abort(): as of 7.1, -EEXIST returns and -EPERM injects an abort; as of 5.13, -EAGAIN returns; other errors are a BUG, or all return',
    values: ['7.1', '5.13', 'all return'],
  },
  permissionFaults: {
    doc: 'a fault on a valid entry that does not allow the access is handled as any other, or injects an abort',
    values: ['not told apart', 'injected'],
  },
} as const;

type Patch = Settings<typeof switches>;

interface Context {
  readonly sizes: Sizes;
  readonly patch: Patch;
}

export const searchCodeOf = (patch: Patch): SearchCode => ({
  search: patch.search,
  walkGiven: patch.walkGiven,
  annotations: patch.annotations,
  greedyLevels: patch.greedyLevels,
  validIs: patch.faults === '7.1' ? 'EEXIST' : 'EAGAIN',
});

/** What the CPU was doing when it faulted. */
interface Access {
  readonly page: number;
  readonly fetch: boolean;
}

const isAllowed = ({ root }: State, { page, fetch }: Access, sizes: Sizes): 'yes' | 'no' | 'not mapped' => {
  const { pte } = getLeaf(root, page, sizes);
  if (pte.kind !== 'leaf') return 'not mapped';
  return !fetch || pte.x ? 'yes' : 'no';
};

const become = (state: State, cpu: State['cpu']): State =>
  update(state, (draft) => {
    draft.cpu = cpu;
  });

/** The host touches a page; if the table does not let it, EL2 takes the fault and the lock. */
const access = (state: State, { page, fetch }: Access, { sizes, patch }: Context): Outcome<State> => {
  const allowed = isAllowed(state, { page, fetch }, sizes);
  if (allowed === 'yes') return ok(state.cpu.kind === 'idle' ? state : become(state, { kind: 'idle' }));
  if (allowed === 'no' && patch.permissionFaults === 'injected')
    return refuse(
      state.cpu.kind === 'idle' ? state : become(state, { kind: 'idle' }),
      'EPERM',
      'permission fault; abort injected',
    );
  return ok(become(state, { kind: 'searches', page, fetch, level: beforeFirst(sizes), walks: 0 }));
};

/** handle_host_mem_abort(), with what host_stage2_idmap() returned. */
const handled = (
  state: State,
  { page, fetch }: Access,
  error: { readonly errno: Errno; readonly reason: string } | undefined,
  { patch }: Context,
): Outcome<State> => {
  const back = () => become(state, { kind: 'retries', page, fetch });
  if (error === undefined) return ok(back());
  const { errno, reason } = error;
  const tolerated = patch.faults === '7.1' ? 'EEXIST' : 'EAGAIN';
  if (errno === tolerated || patch.faults === 'all return') return refuse(back(), errno, reason);
  if (errno === 'EPERM' && patch.faults === '7.1')
    return refuse(become(state, { kind: 'idle' }), errno, `${reason}; abort injected`);
  return panic(state, `BUG: host_stage2_idmap() returned -${errno}, ${reason}`);
};

/** The next step of the search for a range: one turn of its loop. */
const walk = (state: State, context: Context): Outcome<State> => {
  const { cpu } = state;
  if (cpu.kind !== 'searches') return disabled(state, 'no search is under way');
  const { page, fetch, level } = cpu;
  const found = searchStep(state.root, page, level, context.sizes, searchCodeOf(context.patch));
  const walks = cpu.walks + found.walks;
  return match(found)
    .with({ kind: 'deeper' }, (deeper) =>
      refuse(
        become(state, { kind: 'searches', page, fetch, level: deeper.level, walks }),
        'EAGAIN',
        'an incompatible entry is in the range',
      ),
    )
    .with({ kind: 'range' }, ({ range: { start, end } }) =>
      ok(become(state, { kind: 'maps', page, fetch, start, size: end - start, walks })),
    )
    .with({ kind: 'error' }, (error) => handled(state, { page, fetch }, error, context))
    .exhaustive();
};

const pgtable = (draft: { root: DraftPage; pool: number }, sizes: Sizes): Pgtable => ({
  geometry: sizes,
  root: draft.root,
  alloc: (pages) => {
    if (draft.pool < pages) return false;
    draft.pool -= pages;
    return true;
  },
  free: () => {
    draft.pool += 1;
  },
  // No TLB is followed here, and no page can get lost: model/stage2 does that.
  linked: () => undefined,
  tlbiIpa: () => undefined,
  tlbiRange: () => undefined,
  replacedWithoutBreak: () => undefined,
  goesOnInFreed: () => undefined,
  warn: () => undefined,
});

/** Unmaps all MMIO, that is, from page boundary to page boundary; annotations stay. Kernel: host_stage2_unmap_dev_all(). */
const unmapDevAll = (pgt: Pgtable, sizes: Sizes, { search }: Patch): void => {
  const { start, end } = memory(sizes);
  const code = {
    walker: walkerCode,
    countedInvalid: 'skips',
    deferTlbi: false,
    tableTlbi: 'at once',
  } as const;
  kvmPgtableStage2Unmap(pgt, 0, start, code);
  // v3 named ULONG_MAX as the last hole's size, and did not look at the -ERANGE.
  if (search !== 'greedy') kvmPgtableStage2Unmap(pgt, Math.floor(end), pagesOf(sizes) - Math.floor(end), code);
};

/** Changes the table; if the pool is empty, recycles MMIO's tables and tries once more. Kernel: host_stage2_try(). */
const hostStage2Try = (
  state: State,
  recycles: boolean,
  { sizes, patch }: Context,
  change: (pgt: Pgtable) => Errno | undefined,
): { readonly after: State; readonly errno: Errno | undefined } => {
  let errno: Errno | undefined;
  const after = update(state, (draft) => {
    const pgt = pgtable(draft, sizes);
    errno = change(pgt);
    if (errno !== 'ENOMEM' || !recycles) return;
    unmapDevAll(pgt, sizes, patch);
    errno = change(pgt);
  });
  return { after, errno };
};

/** Maps the range that was found. Kernel: host_stage2_idmap_locked(); in v3, the end of the greedy function and a second call. */
const map = (state: State, context: Context): Outcome<State> => {
  const { cpu } = state;
  if (cpu.kind !== 'maps') return disabled(state, 'no range has been found');
  const { page, fetch, start, size } = cpu;
  const { isMemory } = findMemRange(page, context.sizes);
  const content: Content = { kind: 'leaf', w: true, x: isMemory };
  // In v3 a fault on memory had a pool of its own, and was not tried again.
  const recycles = !(isMemory && context.patch.search === 'greedy');
  const { after, errno } = hostStage2Try(state, recycles, context, (pgt) =>
    kvmPgtableStage2Map(pgt, { addr: start, size, content, forcePte: false }),
  );
  // Since 7.1 the walk ignores -EAGAIN: the host changes no permissions.
  const error = errno === 'EAGAIN' && context.patch.faults === '7.1' ? undefined : errno;
  return handled(after, { page, fetch }, error && { errno: error, reason: mapReasons[error] ?? '' }, context);
};

const mapReasons: Partial<Record<Errno, string>> = {
  EAGAIN: 'already mapped',
  ENOMEM: 'no page for a table in host_s2_pool',
};

/** EL2 takes a page from the host or gives it back, while no fault is being handled. Kernel: host_stage2_set_owner_locked(). */
const setOwner = (state: State, page: number, owner: 'host' | 'hyp', context: Context): Outcome<State> => {
  const { cpu } = state;
  if (cpu.kind === 'searches' || cpu.kind === 'maps') return disabled(state, 'the lock is held');
  const other = otherDevice(page, context.sizes);
  if (owner === 'hyp' && other !== undefined && isAnnotated(state, other, context.sizes))
    return disabled(state, 'the hypervisor takes one device at a time');
  const content: Content = owner === 'hyp' ? { kind: 'annotated', owner } : { kind: 'zero' };
  if (owner === 'host' && !isAnnotated(state, page, context.sizes)) return disabled(state, "the page is the host's");
  const { after, errno } = hostStage2Try(state, true, context, (pgt) =>
    kvmPgtableStage2Map(pgt, { addr: page, size: 1, content, forcePte: true }),
  );
  return errno === undefined ? ok(after) : refuse(after, errno, mapReasons[errno] ?? '');
};

const isAnnotated = ({ root }: State, page: number, sizes: Sizes): boolean =>
  getLeaf(root, page, sizes).pte.kind === 'annotated';

export const idmap = defineModel({
  id: 'idmap',
  title: "the host's identity map, filled by faults",
  sources: [
    'KVM: arm64: Add kvm_pgtable_stage2_idmap_greedy(), v3 28/32, and its review (March 2021)',
    'arch/arm64/kvm/hyp/nvhe/mem_protect.c and arch/arm64/kvm/hyp/pgtable.c, 5.13 to 7.1',
    'the fixes c4f0935e4d95, e728e705802f and 8531d5a83d8e',
  ],
  config,
  switches,
  variants: {
    v3: {
      doc: 'kvm_pgtable_stage2_idmap_greedy() as posted',
      switches: { search: 'greedy', walkGiven: 'the end', greedyLevels: 'any', faults: '5.13' },
    },
    'v3-size': {
      doc: 'the same, its walk given a size',
      switches: { search: 'greedy', greedyLevels: 'any', faults: '5.13' },
    },
    'v3-blocks': {
      doc: 'the same, its ranges of levels that may have blocks',
      switches: { search: 'greedy', faults: '5.13' },
    },
    'v3-mask': {
      doc: 'v3-blocks over annotations that the mask does not see',
      switches: { search: 'greedy', annotations: 'beyond the mask', faults: '5.13' },
    },
    '5.13': {
      doc: 'kvm_pgtable_stage2_find_range(), 5.13 and 5.14',
      switches: { search: 'find_range', faults: '5.13' },
    },
    '5.15': {
      doc: 'host_stage2_adjust_range(), 5.15 to 6.15',
      switches: { search: 'adjust_range 5.15', faults: '5.13' },
    },
    '6.16': { doc: 'with e728e705802f', switches: { search: 'adjust_range 6.16', faults: '5.13' } },
    '6.16-reported': {
      doc: 'the same, if the failure returns to the host, as the report of B6 says',
      switches: { search: 'adjust_range 6.16', faults: 'all return' },
    },
    '7.1': { doc: 'with 8531d5a83d8e, and the fault handler of 7.1', switches: {} },
    '7.1-permission': {
      doc: 'the same, with permission faults injected, as Android does',
      switches: { permissionFaults: 'injected' },
    },
  },
  defaultVariant: '7.1',
  legend: (sizes) => {
    const { start, end } = memory(sizes);
    return (
      `pages ${start} to ${lastOfMemory(sizes)} are memory, the others MMIO` +
      (Number.isInteger(end) ? '' : `; memory ends in the middle of page ${lastOfMemory(sizes)}`) +
      '; access and fetch begin a fault where the entry does not allow them, walk, map and retry are its steps; stale_fault is a fault ' +
      'taken before the table became what it is'
    );
  },
  draw,
  classify,
  pages: (sizes) => Array.from({ length: pagesOf(sizes) }, (_, page) => page),
  names,
  system: (sizes, patch) => ({
    state: stateDomain(sizes),
    command: commandDomain(sizes),
    initial: initialState(sizes),
    step: (state: State, command: Command) => {
      const context = { sizes, patch };
      const idle = () => state.cpu.kind === 'idle';
      const busy = () => disabled(state, 'this CPU has a fault to see to');
      return match(command)
        .with({ kind: 'access' }, ({ page }) => (idle() ? access(state, { page, fetch: false }, context) : busy()))
        .with({ kind: 'fetch' }, ({ page }) => (idle() ? access(state, { page, fetch: true }, context) : busy()))
        .with({ kind: 'stale_fault' }, ({ page }) =>
          idle()
            ? ok(become(state, { kind: 'searches', page, fetch: false, level: beforeFirst(sizes), walks: 0 }))
            : busy(),
        )
        .with({ kind: 'walk' }, () => walk(state, context))
        .with({ kind: 'map' }, () => map(state, context))
        .with({ kind: 'retry' }, () =>
          state.cpu.kind === 'retries' ? access(state, state.cpu, context) : disabled(state, 'nothing to retry'),
        )
        .with({ kind: 'set_owner' }, ({ page, owner }) => setOwner(state, page, owner, context))
        .exhaustive();
    },
  }),
});
