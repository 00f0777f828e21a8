import { printable } from '../../printable.ts';
import type { Block } from '../document.ts';

/** The blocks with nothing in their texts that steers a terminal or turns text around; ends of lines stay. */
export const legible = (blocks: readonly Block[]): readonly Block[] => legibleIn(blocks) as readonly Block[];

const legibleIn = (value: unknown): unknown => {
  if (typeof value === 'string') return value.split('\n').map(printable).join('\n');
  if (Array.isArray(value)) return value.map(legibleIn);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, legibleIn(inner)]));
};
