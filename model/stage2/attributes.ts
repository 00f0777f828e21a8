import type { Errno } from '../../src/spec/index.ts';
import type { DraftPte, Leaf } from './tree.ts';
import { kvmPgtableWalk, type Pgtable, type TtlHint, type Visit } from './walk.ts';

type Bit = 'w' | 'x' | 'af';

/** Which version of the attribute walkers. */
interface AttributeCode {
  /**
   * The level that relax_perms() gives to its TLBI after a failed walk. B17 left it uninitialised;
   * the fix of B17 cut "unknown" to 8 bits (B19).
   */
  readonly relaxHint: 'unknown' | 'uninitialised' | 'truncated';
  /** Without X in the request, XN is left as it is, or set (B18). */
  readonly relaxKeepsX: boolean;
}

/** The wrong levels: 0 stands for stack contents, -1 is the 32-bit "unknown" in a signed byte. No entry has either level. */
const noLevel = { uninitialised: 0, truncated: -1 } as const;

/**
 * Sets and clears bits of the leaves of a range; -EAGAIN for an entry that is not valid. `lost`: another CPU changes the leaf first, in
 * the same way, and this walk's compare-exchange fails; where there is nothing to change, there is no compare-exchange that could.
 * Kernel: stage2_update_leaf_attrs() over stage2_attr_walker().
 */
const updateLeafAttrs = (
  pgt: Pgtable,
  addr: number,
  size: number,
  { set = [], clear = [] }: { readonly set?: readonly Bit[]; readonly clear?: readonly Bit[] },
  { lost = false, ignoreEagain = false }: { readonly lost?: boolean; readonly ignoreEagain?: boolean } = {},
): { readonly error: Errno | undefined; readonly level: number | undefined } => {
  let level: number | undefined;
  const error = kvmPgtableWalk(
    pgt.root,
    addr,
    size,
    {
      ignoreEagain,
      leaf: (visit) => {
        const leaf = validLeaf(visit);
        if (!leaf) return 'EAGAIN';
        level = visit.level;
        const cleared = clear.map((bit) => change(leaf, bit, false));
        const changes = [...cleared, ...set.map((bit) => change(leaf, bit, true))];
        return lost && changes.includes(true) ? 'EAGAIN' : undefined;
      },
    },
    pgt.geometry,
  );
  return { error, level: error === undefined ? level : undefined };
};

/** Writes a bit of a leaf where it differs, and says whether it did. */
const change = (leaf: Leaf, bit: Bit, to: boolean): boolean => {
  if (leaf[bit] === to) return false;
  leaf[bit] = to;
  return true;
};

const validLeaf = ({ page, index }: Visit): Extract<DraftPte, { kind: 'leaf' }> | undefined => {
  const pte = page.entries[index]!;
  return pte.kind === 'leaf' ? pte : undefined;
};

/**
 * Takes W from a range. The caller flushes the range, under the same lock; `flush` says whether that is done. Kernel:
 * kvm_mmu_wp_memory_region(), over kvm_pgtable_stage2_wrprotect() and kvm_arch_flush_remote_tlbs_range().
 */
export const wrprotect = (pgt: Pgtable, addr: number, size: number, flush: 'done' | 'never'): Errno | undefined => {
  const { error } = updateLeafAttrs(pgt, addr, size, { clear: ['w'] }, { ignoreEagain: true });
  if (flush === 'done') pgt.tlbiRange(addr, size);
  return error;
};

/** Sets the access flag of a page; no TLB can hold a leaf without it. Returns void. Kernel: kvm_pgtable_stage2_mkyoung(). */
export const mkyoung = (pgt: Pgtable, page: number): void => {
  updateLeafAttrs(pgt, page, 1, { set: ['af'] });
};

/** Adds permissions to a page and flushes it from this CPU's TLB. Kernel: kvm_pgtable_stage2_relax_perms(). */
export const relaxPerms = (
  pgt: Pgtable,
  page: number,
  adds: 'w' | 'x',
  lost: boolean,
  code: AttributeCode,
): Errno | undefined => {
  const { error, level } = updateLeafAttrs(
    pgt,
    page,
    1,
    { set: [adds], clear: code.relaxKeepsX || adds === 'x' ? [] : ['x'] },
    { lost },
  );
  if (error === undefined || error === 'EAGAIN') pgt.tlbiIpa(page, level ?? hintWithoutLevel(code));
  return error;
};

const hintWithoutLevel = ({ relaxHint }: AttributeCode): TtlHint =>
  relaxHint === 'unknown' ? 'unknown' : noLevel[relaxHint];

/** Whether the page was accessed; clears the flag if asked to, without a TLBI, by design. Kernel: kvm_pgtable_stage2_test_clear_young(). */
export const testClearYoung = (pgt: Pgtable, page: number, mkold: boolean): boolean => {
  let young = false;
  kvmPgtableWalk(
    pgt.root,
    page,
    1,
    {
      leaf: (visit) => {
        const leaf = validLeaf(visit);
        if (!leaf?.af) return undefined;
        young = true;
        if (mkold) leaf.af = false;
        return undefined;
      },
    },
    pgt.geometry,
  );
  return young;
};
