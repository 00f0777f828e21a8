import { match } from 'ts-pattern';
import { defineModel, disabled, type Outcome, ok, type Settings, type System, update } from '../../src/spec/index.ts';
import { classify, names } from './classes.ts';
import { draw } from './draw.ts';
import { getDirtyLog, pageTrack } from './faults.ts';
import { guestRead, guestWrite } from './guest.ts';
import {
  createMemslot,
  createVcpu,
  createVm,
  deleteMemslot,
  enableCap,
  enableCapTwice,
  getAccess,
  mmuFreeRoots,
  setAccess,
  setAccessMalformed,
  setAccessRaced,
} from './ioctls.ts';
import { isLogged } from './mark-protection.ts';
import {
  border,
  type Command,
  type Context,
  commandDomain,
  config,
  gfns,
  initialState,
  likelyCommands,
  type Patch,
  type Sizes,
  type State,
  stateDomain,
  switches,
  touchedGfns,
} from './state.ts';

/** Every repair, each by itself enough for what it repairs. */
const repairs = {
  flushAdvancesByCount: true,
  flushComparesRest: true,
  setComparesRest: true,
  breaksAfterZap: true,
  wordByGfn: true,
  validatesFirst: true,
  missFillsFull: true,
  oneSection: true,
  slotPerGfn: true,
  rmapRestarts: true,
  walksAllRoots: true,
  anyVcpu: true,
  marksOnlyWritable: true,
  initNeedsVcpu: true,
  arraysForNewSlots: true,
  allSpaces: true,
  initLocked: true,
  initChecksTopUp: true,
  rootsKeepSpp: true,
  flushesOnError: true,
  countsLargePages: true,
} as const;

type Repair = keyof typeof repairs;

const without = (defect: string, ...taken: Repair[]) => ({
  doc: `every repair but that of ${defect}`,
  switches: { ...repairs, ...Object.fromEntries(taken.map((name) => [name, false])) } as Partial<
    Settings<typeof switches>
  >,
});

/** Dirty logs of the VMs that have them, and write tracking of the one that has it. */
const onPage = (state: State, change: (draft: Parameters<typeof getDirtyLog>[0]) => void): Outcome<State> =>
  ok(update(state, change));

const systemFor =
  (sets: Context['sets']) =>
  (sizes: Sizes, patch: Patch): System<State, Command> => ({
    state: stateDomain(sizes),
    command: commandDomain(sizes, sets),
    likely: likelyCommands(sizes),
    initial: initialState(sizes),
    step: (state: State, command: Command) => {
      const context = { sizes, patch, sets };
      return match(command)
        .with({ kind: 'create_vm' }, ({ vm }) => createVm(state, vm, context))
        .with({ kind: 'create_vcpu' }, () => createVcpu(state))
        .with({ kind: 'enable_cap' }, ({ alloc }) => enableCap(state, alloc, context))
        .with({ kind: 'enable_cap_twice' }, () => enableCapTwice(state, context))
        .with({ kind: 'set_access' }, ({ gfn, map }) => setAccess(state, gfn, map, context))
        .with({ kind: 'set_access_raced' }, ({ gfn, map, sub }) => setAccessRaced(state, gfn, map, sub, context))
        .with({ kind: 'set_access_malformed' }, ({ what }) => setAccessMalformed(state, what))
        .with({ kind: 'get_access' }, ({ gfn }) => getAccess(state, gfn, context))
        .with({ kind: 'create_memslot' }, () => createMemslot(state, context))
        .with({ kind: 'delete_memslot' }, () => deleteMemslot(state, context))
        .with({ kind: 'guest_write' }, ({ vcpu, gfn, sub }) => guestWrite(state, vcpu, gfn, sub, context))
        .with({ kind: 'guest_read' }, ({ vcpu, gfn }) => guestRead(state, vcpu, gfn, context))
        .with({ kind: 'mmu_free_roots' }, ({ vcpu }) => mmuFreeRoots(state, vcpu, context))
        .with({ kind: 'page_track' }, ({ add }) =>
          state.vm === 'tracked' && state.tracked !== add
            ? onPage(state, (draft) => pageTrack(draft, 1, add, context))
            : disabled(state, 'not in the run of this VM'),
        )
        .with({ kind: 'get_dirty_log' }, () =>
          isLogged(state)
            ? onPage(state, (draft) => getDirtyLog(draft, 1, context))
            : disabled(state, 'not in the run of this VM'),
        )
        .exhaustive();
    },
  });

export const spp = defineModel({
  id: 'spp',
  title: 'Intel SPP: sub-page write protection in KVM',
  sources: [
    'mmu: spp: Add functions to operate SPP access bitmap, v10 04/10 of the series Enable Sub-Page Write Protection Support (January 2020), and its review',
    'v10 03/10, 05/10 to 07/10 of the same series; v12 (May 2020)',
    'arch/x86/kvm/mmu/mmu.c, 5.5',
  ],
  config,
  switches,
  variants: {
    v10: { doc: 'as posted in January 2020', switches: {} },
    v12: { doc: 'as posted in May 2020', switches: { fastFault: 'exits', memslotFreeEndsSpp: true } },
    'without-d1': without('D1', 'flushAdvancesByCount'),
    'without-d2': without('D2', 'flushComparesRest', 'setComparesRest'),
    'without-d3': without('D3', 'breaksAfterZap'),
    'without-d4': without('D4', 'wordByGfn'),
    'without-d5': without('D5', 'validatesFirst'),
    'without-d6': without('D6', 'missFillsFull'),
    'without-d7': without('D7', 'oneSection'),
    'without-d8': without('D8', 'slotPerGfn'),
    'without-d9': without('D9', 'rmapRestarts'),
    'without-d10': without('D10', 'walksAllRoots'),
    'without-d11': without('D11', 'anyVcpu'),
    'without-d12': without('D12', 'marksOnlyWritable'),
    'without-d13': without('D13', 'initNeedsVcpu'),
    'without-d14': without('D14', 'arraysForNewSlots'),
    'without-d15': without('D15', 'allSpaces'),
    'without-d16': without('D16', 'initLocked', 'initChecksTopUp'),
    'without-d17': without('D17', 'rootsKeepSpp'),
    'without-d18': without('D18', 'flushesOnError'),
    'without-lpages': without('the large-page counter', 'countsLargePages'),
    repaired: { doc: 'v10 with every repair', switches: repairs },
  },
  defaultVariant: 'repaired',
  legend: (sizes) =>
    `gfns ${gfns(sizes).join(', ')}, of which ${border(sizes)} begins a GiB and a 2 MiB region (of ${sizes.regionPages} gfns); ` +
    'a word is written in binary, its last digit being sub-page 0: 11 is FULL, 01 protects sub-page 1; ' +
    'model/spp/README.md says what memory each VM has',
  draw,
  classify,
  subject: 'a gfn',
  pages: touchedGfns,
  names,
  system: systemFor('listed'),
  scripted: systemFor('all'),
});
