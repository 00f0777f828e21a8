import { readFileSync } from 'node:fs';

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

/** What V8 and the program itself reserve within the first second. */
const leastMebibytes = 512;

/** Throws an error where V8 would soon end the process, with no word of what to do about it. */
export const checkRoom = ({ limit, taken } = addressSpace()): void => {
  const left = Math.floor((limit - taken) / 2 ** 20);
  if (left < leastMebibytes)
    throw new Error(`ulimit -v leaves ${left} MiB of address space, and pagelaw needs ${leastMebibytes} MiB`);
};
