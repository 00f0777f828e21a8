import type { Broken } from './walk.ts';

/**
 * Leaves out calls of a path that breaks a property, long stretches first, as long as it still breaks it: fast-check shrinks the steps of a
 * run, and not the calls before its first one. `broken`: what a path breaks, by the numbers of its commands.
 */
export const shrunk = (
  found: Broken,
  path: readonly number[],
  broken: (path: readonly number[]) => Broken | undefined,
): Broken => {
  let [best, calls] = [found, path];
  for (let size = path.length >> 1; size > 0; size >>= 1)
    for (let at = 0; at + size <= calls.length; ) {
      const shorter = [...calls.slice(0, at), ...calls.slice(at + size)];
      const still = broken(shorter);
      if (!still) at += size;
      else [best, calls] = [still, shorter.slice(0, still.trace.commands.length)];
    }
  return best;
};
