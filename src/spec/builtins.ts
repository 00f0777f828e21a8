import { SpecError } from './errors.ts';

/** What every object has: a model file that changes it changes pagelaw itself, whose verdicts then mean nothing. */
const shared: readonly (readonly [string, object])[] = [
  ['Object.prototype', Object.prototype],
  ['Array.prototype', Array.prototype],
  ['Function.prototype', Function.prototype],
  ['String.prototype', String.prototype],
  ['Number.prototype', Number.prototype],
  ['Map.prototype', Map.prototype],
  ['Set.prototype', Set.prototype],
];

const valuesOf = (object: object): Map<PropertyKey, unknown> =>
  new Map(Reflect.ownKeys(object).map((key) => [key, Object.getOwnPropertyDescriptor(object, key)]));

const atStart = shared.map(([name, object]) => ({ name, object, keys: valuesOf(object) }));

const isSame = (a: unknown, b: unknown): boolean => {
  const [one, other] = [a as PropertyDescriptor, b as PropertyDescriptor];
  return one.value === other.value && one.get === other.get && one.set === other.set;
};

/** Throws a SpecError if something that every object has is no longer what it was when pagelaw was started. `who`: a model, a file. */
export const checkBuiltins = (who: string): void => {
  for (const { name, object, keys } of atStart) {
    const now = valuesOf(object);
    const changed =
      [...now.keys()].find((key) => !keys.has(key) || !isSame(keys.get(key), now.get(key))) ??
      [...keys.keys()].find((key) => !now.has(key));
    if (changed !== undefined)
      throw new SpecError(
        `${who} changes ${name}, which every file shares: ${String(changed)} is not what it was; write a function of its own instead`,
      );
  }
};
