import type { Errno } from '../../src/spec/index.ts';
import { isCounted, isEmpty } from './tree.ts';
import { kvmPgtableWalk, type Pgtable, placeOf, type WalkerLimit, write } from './walk.ts';

/** Which version of the unmap walker. */
export interface UnmapCode {
  readonly walkerLimit: WalkerLimit;
  /** A counted invalid entry, that is, an owner annotation, is cleared (mainline), refused with -EPERM, or left alone. */
  readonly countedInvalid: 'clears' | 'refuses' | 'skips';
  /** One range TLBI after the walk instead of one for each leaf: needs FEAT_TLBIRANGE and FWB. */
  readonly deferTlbi: boolean;
  /** The invalidation for a zapped table entry: at once and for every level, with the leaf's level (B21), or deferred too (B20). */
  readonly tableTlbi: 'at once' | 'leaf level' | 'deferred';
}

/** Unmaps a range; of a block that it touches, all. Kernel: kvm_pgtable_stage2_unmap(). */
export const kvmPgtableStage2Unmap = (pgt: Pgtable, addr: number, size: number, code: UnmapCode): Errno | undefined => {
  const error = kvmPgtableWalk(
    pgt.root,
    addr,
    size,
    {
      leaf: (visit) => {
        const { page, index, level, old } = visit;
        if (old.kind === 'annotated' && code.countedInvalid === 'refuses') return 'EPERM';
        if (old.kind === 'annotated' && code.countedInvalid === 'skips') return undefined;
        if (!isCounted(old)) return undefined;
        write(pgt, page, index, { kind: 'zero' }, -1);
        if (old.kind === 'leaf' && !code.deferTlbi) pgt.tlbiIpa(placeOf(visit, pgt.geometry), level);
        return undefined;
      },
      tablePost: (visit) => {
        const { page, index, level, old } = visit;
        if (old.kind !== 'table' || !isEmpty(old)) return undefined;
        const at = placeOf(visit, pgt.geometry);
        write(pgt, page, index, { kind: 'zero' }, -1);
        if (code.tableTlbi === 'at once') pgt.tlbiIpa(at, 'unknown');
        if (code.tableTlbi === 'leaf level') pgt.tlbiIpa(at, level);
        pgt.free(at, level);
        return undefined;
      },
    },
    pgt.geometry,
    code.walkerLimit,
  );
  if (code.deferTlbi) pgt.tlbiRange(addr, size, 'unknown');
  return error;
};
