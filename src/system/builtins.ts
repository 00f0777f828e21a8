import { SpecError } from '../spec/errors.ts';

/** Objects that every file shares. A model file that changes one of them changes pagelaw itself, and its verdicts mean nothing. */
const shared: readonly (readonly [string, object])[] = [
  ['Object.prototype', Object.prototype],
  ['Array.prototype', Array.prototype],
  ['Function.prototype', Function.prototype],
  ['String.prototype', String.prototype],
  ['Number.prototype', Number.prototype],
  ['Map.prototype', Map.prototype],
  ['Set.prototype', Set.prototype],
];

interface Kept {
  readonly name: string;
  readonly object: object;
  readonly keys: readonly PropertyKey[];
  readonly values: readonly PropertyDescriptor[];
}

const describe = Reflect.getOwnPropertyDescriptor;
const ownKeys = Reflect.ownKeys;

const atStart: Kept[] = [];
for (const [name, object] of shared) {
  const keys = ownKeys(object);
  atStart.push({ name, object, keys, values: keys.map((key) => describe(object, key)!) });
}

const isSame = (one: PropertyDescriptor, other: PropertyDescriptor | undefined): boolean =>
  other !== undefined && one.value === other.value && one.get === other.get && one.set === other.set;

/** Uses no function that may have been changed. Undefined if nothing was. */
const changedKey = ({ object, keys, values }: Kept): PropertyKey | undefined => {
  for (let i = 0; i < keys.length; i++) if (!isSame(values[i]!, describe(object, keys[i]!))) return keys[i];
  const now = ownKeys(object);
  for (let i = 0; i < now.length; i++) {
    let isKnown = false;
    for (let j = 0; j < keys.length && !isKnown; j++) isKnown = keys[j] === now[i];
    if (!isKnown) return now[i];
  }
  return undefined;
};

/** Throws a SpecError if something that every object has is no longer what it was when pagelaw was started. `who`: a model, a file. */
export const checkBuiltins = (who: string): void => {
  for (let i = 0; i < atStart.length; i++) {
    const changed = changedKey(atStart[i]!);
    if (changed !== undefined)
      throw new SpecError(
        `${who} changes ${atStart[i]!.name}, which every file shares: ${String(changed)} is not what it was; write a function of its own instead`,
      );
  }
};
