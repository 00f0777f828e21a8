import { match } from 'ts-pattern';
import type { Drawing, Line } from '../../src/spec/index.ts';
import type { GuestPte, HostPte, Sizes, State } from './state.ts';
import { isProtected, useText } from './state.ts';

/** Memory page by page, as host and hypervisor see it, and the stage-2 of each VM. */
export const draw = (state: State, sizes: Sizes): readonly Drawing[] => [
  {
    title: 'memory',
    columns: ['host', 'host entry', 'hyp', 'EL2', 'refs', 'shares', 'else'],
    lines: [
      ...state.host.map(
        (host, pfn): Line => ({
          name: `pfn ${pfn}`,
          cells: [
            host,
            hostEntry(state.pte[pfn]!),
            state.hyp[pfn]!,
            maps(state.el2[pfn]!),
            String(state.refcount[pfn]),
            String(state.host_share_guest_count[pfn]),
            [
              state.uses[pfn] === 'none' ? '' : useText(state.uses[pfn]!),
              state.ffa[pfn] ? 'FF-A' : '',
              state.secret[pfn] ? 'secret' : '',
            ]
              .filter((word) => word !== '')
              .join(' '),
          ],
        }),
      ),
      { name: 'MMIO', cells: ['', state.mmio.pte, '', maps(state.mmio.el2), '', '', ''] },
    ],
  },
  {
    title: 'VMs',
    columns: ['entry', 'state', 'memcache', 'pool'],
    lines: state.vms.map(({ phase, vcpu, memcache, pool, guest }, vm) => ({
      name: `vm ${vm}`,
      cells: [
        isProtected(vm, sizes) ? 'protected' : '',
        phase === 'alive' && vcpu === 'none' ? 'alive, no vCPU' : phase,
        String(memcache),
        String(pool),
      ],
      below: guest.map((pte, gfn) => ({ name: `gfn ${gfn}`, cells: [guestEntry(pte), guestState(pte), '', ''] })),
    })),
  },
];

const maps = (mapped: boolean) => (mapped ? 'maps' : '-');

const hostEntry = (pte: HostPte): string =>
  match(pte)
    .with({ kind: 'zero' }, { kind: 'hyp' }, ({ kind }) => kind)
    .with({ kind: 'leaf' }, ({ level }) => `level ${level}`)
    .with({ kind: 'guest' }, ({ vm, gfn }) => `vm ${vm} gfn ${gfn}`)
    .exhaustive();

const guestEntry = (pte: GuestPte): string =>
  match(pte)
    .with({ kind: 'invalid' }, { kind: 'poison' }, ({ kind }) => kind)
    .with({ kind: 'leaf' }, ({ pfn, level, writable, young }) => {
      const attributes = `${writable ? '' : ' ro'}${young ? '' : ' old'}`;
      return `pfn ${pfn}${level === 2 ? ' block' : ''}${attributes}`;
    })
    .exhaustive();

const guestState = (pte: GuestPte): string => (pte.kind === 'leaf' ? pte.state : '');
