import { SpecError } from '../spec/errors.ts';
import { updates } from '../spec/update.ts';
import type { Place } from '../system/layout.ts';
import type { Observation } from './observation.ts';

/** The places of a state's compound parts: what a view can stand for. */
type Compound = Exclude<Place, { readonly kind: 'scalar' }>;

/**
 * A part of a state as a function under observation sees it: a frozen value or, inside `update`, a draft. Fields that were not
 * changed are read from the packed state at `origin`, through the observation; a part that was made anew has no origin.
 */
interface Part {
  readonly observation: Observation;
  readonly origin: Compound | undefined;
  /** How many elements an array has; undefined for a record. */
  readonly length: number | undefined;
  /** Fields that differ from the origin's; `gone` for one that was deleted. Only a draft's are added to. */
  readonly changes: Map<string, unknown>;
  /** The compound fields that were looked at: of a draft their drafts, of a value that `update` made its own new parts. */
  readonly children: Map<string, object>;
  /** Undefined for a frozen value; for a draft, the value that it started from. */
  readonly base: Part | undefined;
  /** Part of the state as it was given. Its fields are the same objects whoever looks at them; those of other parts are their own. */
  readonly isGiven: boolean;
  readonly proxy: object;
}

const gone = Symbol('deleted');
/** The field of a proxy's target that holds its part. No trap tells of it, so that nobody copies it. */
const held = Symbol('part');

/** What Node's util.inspect() asks for. It looks past a proxy at the target, which has no fields: nothing would be read. */
const inspectHook = Symbol.for('nodejs.util.inspect.custom');

function shownFields(this: object): object {
  return Array.isArray(this) ? [...this] : { ...this };
}

export const partOf = (value: unknown): Part | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const part = Reflect.get(value, held) as Part | undefined;
  return part?.proxy === value ? part : undefined;
};

/** Proxy traps are given the target, not the proxy. */
const partHeldBy = (target: object): Part => Reflect.get(target, held) as Part;

/** Shared by all that have no changes, or no children of their own, and never will. */
const nothing = new Map<string, never>();

/** The observed state itself: a value that behaves like the plain, frozen state and notes what is read of it. */
export const viewOf = (observation: Observation, place: Place): unknown => {
  if (place.kind === 'scalar') return observation.read(place.slot);
  const known = observation.views.get(place);
  if (known) return known;
  const view = makePart({
    observation,
    origin: place,
    length: place.kind === 'array' ? place.elements.length : undefined,
    changes: nothing,
    base: undefined,
    isGiven: true,
  }).proxy;
  observation.views.set(place, view);
  return view;
};

const makePart = (part: Omit<Part, 'proxy' | 'children'>): Part => {
  // The target only lends its prototype, and its length if it is an array. A field of it is never looked at.
  const target: object = part.length === undefined ? {} : new Array(part.length);
  const { observation, origin, length, changes, base, isGiven } = part;
  const proxy: object = new Proxy(target, base ? draftHandler : valueHandler);
  const children: Part['children'] = isGiven ? nothing : new Map();
  const made: Part = { observation, origin, length, changes, children, base, isGiven, proxy };
  Reflect.set(target, held, made);
  Reflect.set(target, inspectHook, shownFields);
  return made;
};

/**
 * A new value without an origin, from plain records and arrays, which may hold views. With `isGiven`, views stay the objects that they
 * are: spread makes a new record with the same parts, whereas what an update() leaves has parts of its own.
 */
const frozenCopy = (observation: Observation, value: unknown, isGiven = false): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  const part = partOf(value);
  if (part) return part.base ? finished(part).proxy : value;
  const changes = new Map(Object.entries(value).map(([key, inner]) => [key, frozenCopy(observation, inner, isGiven)]));
  return makePart({
    observation,
    origin: undefined,
    length: Array.isArray(value) ? value.length : undefined,
    changes,
    base: undefined,
    isGiven,
  }).proxy;
};

/** An equal value that is another object, made of other parts. */
const anew = (part: Part): Part => makePart({ ...part, base: undefined, isGiven: false });

/** The value that a draft has become; the very value that it started from if nothing was changed. */
export const finished = (draft: Part): Part => {
  const changes = new Map(draft.base!.changes);
  let changed = false;
  for (const [key, child] of draft.children) {
    const part = partOf(child)!;
    const value = finished(part);
    if (draft.changes.has(key) || value === part.base) continue;
    changes.set(key, value.proxy);
    changed = true;
  }
  for (const [key, value] of draft.changes) {
    changes.set(key, frozenCopy(draft.observation, value));
    changed = true;
  }
  if (!changed) return draft.base!;
  return makePart({
    observation: draft.observation,
    origin: draft.origin,
    length: draft.length,
    changes,
    base: undefined,
    isGiven: false,
  });
};

const draftOf = (base: Part): Part => makePart({ ...base, changes: new Map(), base, isGiven: false });

const isChanged = (draft: Part): boolean => finished(draft) !== draft.base;

/** What `update` makes of `whole`: an observed value, a draft, or a plain value that holds some. */
const changed = (
  observation: Observation,
  whole: unknown,
  recipe: (draft: unknown) => unknown,
  isNested: boolean,
): unknown => {
  const part = partOf(whole) ?? partOf(frozenCopy(observation, whole, true))!;
  const draft = draftOf(part.base ? finished(part) : part);
  const returned = recipe(draft.proxy);
  if (returned === undefined || returned === draft.proxy) return isNested ? draft.proxy : anew(finished(draft)).proxy;
  if (isChanged(draft))
    throw new SpecError('changes the draft of an update() and returns another value from it; do one of the two');
  const instead = partOf(frozenCopy(observation, returned));
  if (!instead) return returned;
  return isNested ? draftOf(instead).proxy : anew(instead).proxy;
};

/** The fields that the origin has: of a variant, those of the case that the packed state is in, which is thereby read. */
const placesOf = (observation: Observation, origin: Compound | undefined): ReadonlyMap<string, Place> | undefined => {
  if (origin?.kind === 'record') return origin.fields;
  if (origin?.kind === 'variant') return origin.cases.get(String(observation.read(origin.tag)));
  return undefined;
};

const placeAt = (part: Part, key: string): Place | undefined => {
  const { observation, origin } = part;
  if (origin?.kind === 'variant' && key === 'kind') return { kind: 'scalar', slot: origin.tag };
  if (origin?.kind === 'array') return /^\d+$/.test(key) ? origin.elements[Number(key)] : undefined;
  return placesOf(observation, origin)?.get(key);
};

/** Undefined for a field that is not there. */
const fieldOf = (part: Part, key: string): unknown => {
  // As in immer: what the draft started from is drafted when it is looked at, what was assigned since is not.
  if (part.base && part.changes.has(key)) return present(part.changes.get(key));
  const known = part.children.get(key);
  if (known) return known;
  const value = part.base ? fieldOf(part.base, key) : unwrappedField(part, key);
  const inner = part.isGiven ? undefined : partOf(value);
  if (!inner) return value;
  const child = part.base ? draftOf(inner).proxy : anew(inner).proxy;
  part.children.set(key, child);
  return child;
};

const unwrappedField = (part: Part, key: string): unknown => {
  if (part.changes.has(key)) return present(part.changes.get(key));
  const place = placeAt(part, key);
  return place && viewOf(part.observation, place);
};

const present = (value: unknown): unknown => (value === gone ? undefined : value);

const hasField = (part: Part, key: string): boolean => {
  if (part.changes.has(key)) return part.changes.get(key) !== gone;
  return part.base ? hasField(part.base, key) : placeAt(part, key) !== undefined;
};

const keysOf = (part: Part): string[] => {
  const { observation, origin } = part;
  const own = part.base
    ? keysOf(part.base)
    : origin?.kind === 'array'
      ? origin.elements.map((_, i) => String(i))
      : [...(origin?.kind === 'variant' ? ['kind'] : []), ...(placesOf(observation, origin)?.keys() ?? [])];
  const added = [...part.changes.keys()].filter((key) => !own.includes(key));
  return [...own, ...added].filter((key) => part.changes.get(key) !== gone);
};

/** Fields that JavaScript itself asks any object for; `size`: isDeepStrictEqual(), of an array. */
const askedOfAnything = ['toJSON', 'then', 'size'];

/**
 * Whether code that reads the field may mean it: it is there in another case of the variant, or an index beyond the array. A field
 * that the state never has is a slip of the pen, and undefined would let a property hold for the wrong reason.
 */
const mayHave = ({ origin }: Part, key: string): boolean => {
  if (askedOfAnything.includes(key)) return true;
  if (origin?.kind === 'record') return origin.fields.has(key);
  if (origin?.kind === 'variant') return [...origin.cases.values()].some((fields) => fields.has(key));
  return origin === undefined || /^-?\d+$/.test(key);
};

const unknownField = (key: string, of: string) => new SpecError(`reads the field ${key}, which ${of} does not have`);

/** The record, with an error instead of undefined for a field that is not one of `fields`. */
export const strict = <T extends object>(record: T, fields: readonly string[], of: string): T =>
  new Proxy(record, {
    get: (target, key) => {
      if (typeof key === 'string' && !(key in target) && ![...fields, ...askedOfAnything].includes(key))
        throw unknownField(key, of);
      return Reflect.get(target, key);
    },
  });

const readOnly = (key: string | symbol): never => {
  throw new TypeError(
    `Cannot assign to read only property '${String(key)}' of an observed state; change it in update()`,
  );
};

const reading: ProxyHandler<object> = {
  get: (target, key) => {
    const part = partHeldBy(target);
    if (key === updates)
      return (whole: unknown, recipe: (draft: unknown) => unknown, isNested: boolean) =>
        changed(part.observation, whole, recipe, isNested);
    if (typeof key === 'symbol' || (part.length !== undefined && key === 'length')) return Reflect.get(target, key);
    if (hasField(part, key)) return fieldOf(part, key);
    if (!(key in target) && !mayHave(part, key)) throw unknownField(key, 'the state');
    return Reflect.get(target, key);
  },
  has: (target, key) => (typeof key === 'string' && hasField(partHeldBy(target), key)) || Reflect.has(target, key),
  ownKeys: (target) => {
    const part = partHeldBy(target);
    return part.length !== undefined ? [...keysOf(part), 'length'] : keysOf(part);
  },
  // A getter, so that asking which fields there are, as Object.keys() does, does not read them.
  getOwnPropertyDescriptor: (target, key) => {
    const part = partHeldBy(target);
    if (typeof key === 'symbol' || (part.length !== undefined && key === 'length'))
      return Reflect.getOwnPropertyDescriptor(target, key);
    if (!hasField(part, key)) return undefined;
    return { get: () => fieldOf(part, key), enumerable: true, configurable: true };
  },
};

const valueHandler: ProxyHandler<object> = {
  ...reading,
  set: (_, key) => readOnly(key),
  deleteProperty: (_, key) => readOnly(key),
  defineProperty: (_, key) => readOnly(key),
};

const draftHandler: ProxyHandler<object> = {
  ...reading,
  set: (target, key, value) => {
    const part = partHeldBy(target);
    if (typeof key === 'symbol') readOnly(key);
    if (
      part.length !== undefined &&
      !(hasField(part, String(key)) || (key === 'length' && value === Reflect.get(target, key)))
    )
      throw new SpecError(`writes ${String(key)} of an array, whose length is fixed; assign a whole array instead`);
    // As in immer, assigning the part that was there takes back what was done to it: it is drafted anew when it is looked at next.
    if (partOf(value) && hasField(part.base!, String(key)) && fieldOf(part.base!, String(key)) === value) {
      part.changes.delete(String(key));
      part.children.delete(String(key));
      return true;
    }
    if (key !== 'length' || part.length === undefined) part.changes.set(String(key), value);
    return true;
  },
  deleteProperty: (target, key) => {
    const part = partHeldBy(target);
    if (typeof key === 'symbol') readOnly(key);
    if (hasField(part, String(key))) part.changes.set(String(key), gone);
    return true;
  },
  defineProperty: (_, key) => readOnly(key),
};
