import { match } from 'ts-pattern';
import type { Errno } from '../../src/spec/index.ts';
import { isEmpty } from './tree.ts';
import { kvmPgtableWalk, type Pgtable, placeOf, type WalkerCode, write } from './walk.ts';

/** Which version of the unmap walker. */
interface UnmapCode {
  readonly walker: WalkerCode;
  /** A counted invalid entry, that is, an owner annotation, is cleared (mainline), refused with -EPERM, or left alone. */
  readonly countedInvalid: 'clears' | 'refuses' | 'skips';
  /** One range TLBI after the walk instead of one for each leaf: needs FEAT_TLBIRANGE and FWB. */
  readonly deferTlbi: boolean;
  /** The invalidation for a zapped table entry: at once and for every level, with the entry's own level (B21), or as a leaf's (B20). */
  readonly tableTlbi: 'at once' | 'its level' | 'as for leaves';
}

/** Unmaps a range; of a block that it touches, all. Kernel: kvm_pgtable_stage2_unmap(). */
export const kvmPgtableStage2Unmap = (pgt: Pgtable, addr: number, size: number, code: UnmapCode): Errno | undefined => {
  const error = kvmPgtableWalk(
    pgt.root,
    addr,
    size,
    {
      leaf: (visit) => {
        const { addr, page, index, level, old } = visit;
        const clear = () => write(pgt, page, index, { kind: 'zero' }, -1);
        return match(old)
          .returnType<Errno | undefined>()
          .with({ kind: 'zero' }, () => undefined)
          .with({ kind: 'annotated' }, () =>
            match(code.countedInvalid)
              .returnType<Errno | undefined>()
              .with('clears', () => void clear())
              .with('refuses', () => 'EPERM')
              .with('skips', () => undefined)
              .exhaustive(),
          )
          .with({ kind: 'leaf' }, () => {
            clear();
            if (!code.deferTlbi) pgt.tlbiIpa(addr, level);
            return undefined;
          })
          .exhaustive();
      },
      tablePost: (visit) => {
        const { addr, page, index, level, old } = visit;
        if (old.kind !== 'table' || !isEmpty(old)) return undefined;
        write(pgt, page, index, { kind: 'zero' }, -1);
        match(code.tableTlbi)
          .with('at once', () => pgt.tlbiIpa(addr, 'unknown'))
          .with('its level', () => pgt.tlbiIpa(addr, level))
          .with('as for leaves', () => code.deferTlbi || pgt.tlbiIpa(addr, level))
          .exhaustive();
        pgt.free(placeOf(visit, pgt.geometry), level);
        return undefined;
      },
    },
    pgt.geometry,
    code.walker,
  );
  if (code.deferTlbi) pgt.tlbiRange(addr, size);
  return error;
};
