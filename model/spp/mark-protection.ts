import { gfnToRmap, rmapSptes } from './rmap.ts';
import {
  type Context,
  type Draft,
  flushRemoteTlbs,
  full,
  type Gfn,
  gfnToMemslot,
  sideOf,
  spacesOf,
  type Word,
} from './state.ts';

/** Sets or clears the SPP bit of every last-level spte of a gfn, taking W away. Kernel: kvm_spp_mark_protection(). */
export const kvmSppMarkProtection = (
  draft: Draft,
  gfn: Gfn,
  access: Word,
  context: Context,
): 'ENODEV' | 'EFAULT' | undefined => {
  const { sizes, patch } = context;
  if (!draft.active) return 'ENODEV';
  if (gfnToMemslot(draft, gfn, sizes) === undefined) return 'EFAULT';
  const page = sideOf(gfn, sizes);
  for (const space of spacesOf(draft, patch))
    for (const root of rmapSptes(gfnToRmap(draft, space, page))) {
      if (access === full) clearWriteProtect(draft, root, page);
      else openWriteProtect(draft, root, page, context);
    }
  return undefined;
};

/** The write permission moves from W to the SPPT. Kernel: kvm_spp_open_write_protect(). */
const openWriteProtect = (draft: Draft, root: number, page: number, { patch }: Context): void => {
  const spte = draft.pages[root]![page]!;
  if (spte.kind === 'none' || (patch.marksOnlyWritable && !spte.writable)) return;
  spte.w = false;
  spte.spp = 'set';
  if (patch.marksOnlyWritable) logWrite(draft);
  flushRemoteTlbs(draft);
};

/** W comes back later, by way of a fault. Kernel: kvm_spp_clear_write_protect(). */
const clearWriteProtect = (draft: Draft, root: number, page: number): void => {
  const spte = draft.pages[root]![page]!;
  if (spte.kind === 'none') return;
  spte.w = false;
  spte.spp = 'clear';
  flushRemoteTlbs(draft);
};

/** Whether the memslot of this VM has dirty logging. */
export const isLogged = ({ vm }: { readonly vm: string }): boolean => vm === 'logged' || vm === 'pml';

/** Sets the page's bit in the dirty log, if there is a log. Kernel: mark_page_dirty(). */
export const logWrite = (draft: Draft): void => {
  if (isLogged(draft)) draft.dirty = true;
};
