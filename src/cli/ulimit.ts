import { readFileSync } from 'node:fs';
import { SpecError } from '../spec/errors.ts';

/** In bytes: what `ulimit -v` lets the process reserve, infinite if it says nothing, and what it has reserved. */
export const addressSpace = (read = fromProc): { readonly limit: number; readonly taken: number } => {
  const [, soft] = /^Max address space +(\d+)/m.exec(read('limits')) ?? [];
  if (soft === undefined) return { limit: Number.POSITIVE_INFINITY, taken: 0 };
  const [, kibibytes] = /^VmSize:\s+(\d+) kB/m.exec(read('status')) ?? [];
  return { limit: Number(soft), taken: Number(kibibytes ?? 0) * 1024 };
};

/** Only Linux has it, and where no more files can be opened it cannot be read. */
const fromProc = (name: string): string => {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8');
  } catch {
    return '';
  }
};

/** What `ulimit -n` allows. Loading the program alone takes some sixty at once, and each worker some more. */
export const openFiles = (read = fromProc): number => {
  const [, soft] = /^Max open files +(\d+)/m.exec(read('limits')) ?? [];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
};

/** With so many none is missing. */
export const enoughFiles = 200;

const gibibyte = 2 ** 30;

/** What V8 and its parts reserve, the most of it never to be used. */
export const spaceFor = {
  /** The program itself, within its first second. */
  start: 0.5 * gibibyte,
  /** A thread with a heap of its own. */
  worker: 0.7 * gibibyte,
  /** A program in WebAssembly, as Graphviz is. */
  webAssembly: 10.1 * gibibyte,
  /** What takes the types out is WebAssembly in a thread of its own. */
  typeScript: 11 * gibibyte,
};

/** Throws a SpecError where V8 would end the process, with no word of what to do about it. `what`: what needs the room. */
export const needSpace = (bytes: number, what: string, { limit, taken } = addressSpace()): void => {
  const mebibytes = (n: number) => Math.floor(n / 2 ** 20);
  if (limit - taken < bytes)
    throw new SpecError(
      `${what} needs ${mebibytes(bytes)} MiB of address space, and ulimit -v leaves ${mebibytes(limit - taken)} MiB`,
    );
};
