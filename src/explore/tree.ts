import { isEqual } from '../system/equal.ts';

/** A part of a state, with what it was before the call. */
export interface Part {
  readonly name: string;
  /** Its value in a line: of an array or a record, the start of it. */
  readonly value: string;
  /** The value before, where that was another one. */
  readonly was: string | undefined;
  readonly isChanged: boolean;
  /** Of an array or a record that has parts. */
  readonly parts: readonly Part[];
}

/** The state as a tree, each part marked with what it was in the state before. */
export const treeOf = (state: unknown, before: unknown): readonly Part[] => partsOf(state, before);

const partsOf = (now: unknown, before: unknown): Part[] => {
  if (typeof now !== 'object' || now === null) return [];
  return Object.entries(now).map(([name, value]) =>
    partOf(Array.isArray(now) ? `[${name}]` : name, value, valueAt(before, name)),
  );
};

const partOf = (name: string, now: unknown, before: unknown): Part => {
  const isChanged = !isEqual(now, before);
  return {
    name,
    value: valueWords(now),
    was: isChanged ? valueWords(before) : undefined,
    isChanged,
    parts: partsOf(now, before),
  };
};

const valueAt = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;

/** A value in a line, for a reader. */
export const valueWords = (value: unknown): string => {
  if (value === undefined) return '-';
  if (Array.isArray(value)) return `[${value.map(valueWords).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const { kind, ...rest } = value as { kind?: unknown };
  const fields = Object.entries(rest).map(([name, inner]) => `${name}: ${valueWords(inner)}`);
  if (typeof kind === 'string') return fields.length === 0 ? kind : `${kind} {${fields.join(', ')}}`;
  return `{${fields.join(', ')}}`;
};
