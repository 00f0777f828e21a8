import { type Layout, maskOf, type Place, type Slot } from '../system/layout.ts';
import type { Observation } from './observation.ts';
import { finished, partOf } from './view.ts';

/** What a transition writes: word i of the next state is `(word & keep[i]) | set[i]`. */
export interface Effect {
  readonly keep: Uint32Array;
  readonly set: Uint32Array;
}

/**
 * The effect that turns the observed state into `next`, a value made from its view. Only what differs from the view is written;
 * a part that was copied from elsewhere in the state is read, and so specialises the row. Undefined if `next` is outside the domain.
 */
export const effectOf = (layout: Layout<unknown>, observation: Observation, next: unknown): Effect | undefined => {
  const effect = { keep: new Uint32Array(layout.words).fill(0xffff_ffff), set: new Uint32Array(layout.words) };
  return write(effect, observation, layout.place, next) ? effect : undefined;
};

function write(effect: Effect, observation: Observation, place: Place, value: unknown): boolean {
  if (place.kind === 'scalar') return writeScalar(effect, place.slot, value);
  if (typeof value !== 'object' || value === null) return false;

  const held = partOf(value);
  const part = held?.base ? finished(held) : held; // an update() inside of another recipe gives a draft
  if (
    part?.origin === place &&
    part.observation === observation &&
    !(place.kind === 'variant' && part.changes.has('kind'))
  ) {
    keep(effect, place);
    return writeChanges(effect, observation, place, part.changes);
  }

  switch (place.kind) {
    case 'record':
      return !Array.isArray(value) && writeFields(effect, observation, place.fields, value, 0);
    case 'array':
      return (
        Array.isArray(value) &&
        value.length === place.elements.length &&
        place.elements.every((element, i) => write(effect, observation, element, value[i]))
      );
    case 'variant': {
      const kind: unknown = Reflect.get(value, 'kind');
      const fields = typeof kind === 'string' ? place.cases.get(kind) : undefined;
      if (!fields) return false;
      for (const { word, mask } of place.region) {
        effect.keep[word]! &= ~mask;
        effect.set[word]! &= ~mask;
      }
      return writeScalar(effect, place.tag, kind) && writeFields(effect, observation, fields, value, 1);
    }
  }
}

/** Puts the bits of a place back as they were: a variant around it that was written anew has cleared them. */
function keep(effect: Effect, place: Place): void {
  const keepBits = (word: number, mask: number) => {
    effect.keep[word]! |= mask;
    effect.set[word]! &= ~mask;
  };
  switch (place.kind) {
    case 'scalar':
      keepBits(place.slot.word, maskOf(place.slot));
      return;
    case 'record':
      for (const inner of place.fields.values()) keep(effect, inner);
      return;
    case 'array':
      for (const inner of place.elements) keep(effect, inner);
      return;
    case 'variant':
      for (const { word, mask } of place.region) keepBits(word, mask);
  }
}

/** The fields that differ from what the state has at the same place. */
function writeChanges(
  effect: Effect,
  observation: Observation,
  place: Exclude<Place, { readonly kind: 'scalar' }>,
  changes: ReadonlyMap<string, unknown>,
): boolean {
  for (const [key, value] of changes) {
    const inner = innerPlace(observation, place, key);
    if (!inner || !write(effect, observation, inner, value)) return false;
  }
  return true;
}

function innerPlace(observation: Observation, place: Place, key: string): Place | undefined {
  switch (place.kind) {
    case 'scalar':
      return undefined;
    case 'record':
      return place.fields.get(key);
    case 'array':
      return place.elements[Number(key)];
    case 'variant':
      return place.cases.get(String(observation.read(place.tag)))?.get(key);
  }
}

function writeScalar({ keep, set }: Effect, slot: Slot, value: unknown): boolean {
  const index = slot.indexOf(value);
  if (index < 0) return false;
  const mask = maskOf(slot);
  keep[slot.word]! &= ~mask;
  set[slot.word] = (set[slot.word]! & ~mask) | (slot.width === 0 ? 0 : index << slot.shift);
  return true;
}

function writeFields(
  effect: Effect,
  observation: Observation,
  fields: ReadonlyMap<string, Place>,
  value: object,
  more: number,
): boolean {
  if (Object.keys(value).length !== fields.size + more) return false;
  for (const [name, place] of fields) if (!write(effect, observation, place, Reflect.get(value, name))) return false;
  return true;
}
