import type { Domain } from '../spec/domain.ts';
import { SpecError } from '../spec/errors.ts';
import type { Interchangeable } from '../spec/symmetry.ts';
import { type Layout, type Place, slotsOf } from './layout.ts';

/** The elements of all arrays at some indices, which are exchanged with those of another column as a whole. */
export interface Column {
  readonly indices: readonly number[];
  readonly places: readonly Place[];
}

/** A declaration with its paths looked up. */
export interface ResolvedGroup {
  /** How to call it in a message: its first name or, for lack of one, its first array. */
  readonly label: string;
  readonly arrays: readonly string[];
  readonly names: readonly (readonly string[])[];
  /** Lengths of the arrays on the path, the outermost first. An index is counted through all of them, the last fastest. */
  readonly lengths: readonly number[];
  /** The columns of a bundle may be permuted. Each bundle is permuted independently. */
  readonly bundles: readonly (readonly Column[])[];
}

/** Looks the declarations up in the layout of the state, groups inside others first. Throws a SpecError for one that makes no sense. */
export const resolveSymmetry = (
  model: string,
  layout: Layout<unknown>,
  command: Domain,
  groups: readonly Interchangeable[],
): readonly ResolvedGroup[] => {
  const wrong = (what: string) => new SpecError(`model ${model}: ${what}`);
  if (!Array.isArray(groups)) throw wrong('symmetry must be a list of { arrays, names }');
  const resolved = groups.map((group) => resolve(group, layout.place, command, wrong));
  for (const [i, one] of resolved.entries())
    for (const other of resolved.slice(i + 1))
      if (!apart(one, other) && !isInside(one, other) && !isInside(other, one))
        throw wrong(
          `symmetry of ${one.label} and of ${other.label} share a part of the state; one must lie inside an element of the other`,
        );
  return resolved.sort((a, b) => slotsOfBundle(a.bundles[0]!).size - slotsOfBundle(b.bundles[0]!).size);
};

const resolve = (
  group: Interchangeable,
  root: Place,
  command: Domain,
  wrong: (what: string) => SpecError,
): ResolvedGroup => {
  const { arrays, names = [], block = 1 } = group ?? {};
  if (!Array.isArray(arrays) || arrays.length === 0 || !Array.isArray(names))
    throw wrong('symmetry must be a list of { arrays, names }, with at least one array each');
  const parts: (readonly string[])[] = names.map((name: string | readonly string[]) =>
    typeof name === 'string' ? [name] : name,
  );
  const label = parts[0]?.join('.') ?? arrays[0]!;
  const of = (what: string) => wrong(`symmetry of ${label}: ${what}`);

  const found = arrays.map((path) => ({ path, ...lookUp(root, path, of) }));
  const [{ path: first, lengths }] = found as [(typeof found)[number]];
  for (const one of found)
    if (one.lengths.join() !== lengths.join())
      throw of(`${first} has ${lengths.join(' x ')} elements, ${one.path} has ${one.lengths.join(' x ')}`);
  const twice = arrays.find((path, i) => arrays.indexOf(path) !== i);
  if (twice !== undefined) throw of(`${twice} is listed twice`);
  for (const name of parts) {
    if (name.length !== 1 && name.length !== lengths.length)
      throw of(`[${name.join(', ')}] names ${name.length} indices; ${first} has ${lengths.length}`);
    if (!namedIn(command, name))
      throw of(`no command has ${name.length === 1 ? 'a field' : 'the fields'} ${name.join(', ')}`);
  }

  const length = lengths.at(-1)!;
  const { within = length } = group;
  if (!Number.isInteger(block) || block < 1 || !Number.isInteger(within) || (within < 1 && length > 0))
    throw of(`block and within are positive integers, not ${block} and ${within}`);
  if (length > 0 && (length % within !== 0 || within % block !== 0))
    throw of(
      `${first} has ${length} elements, which blocks of ${length % within !== 0 ? within : block} do not divide`,
    );
  const bundles: Column[][] = [];
  for (let array = 0; array < found[0]!.places.length; array++)
    for (let start = 0; start < length; start += within) {
      const columns: Column[] = [];
      for (let at = start; at < start + within; at += block) {
        const inArray = Array.from({ length: block }, (_, i) => at + i);
        columns.push({
          indices: inArray.map((i) => array * length + i),
          places: found.flatMap(({ places }) => inArray.map((i) => places[array]!.elements[i]!)),
        });
      }
      bundles.push(columns);
    }
  return { label, arrays, names: parts, lengths, bundles };
};

type ArrayPlace = Extract<Place, { readonly kind: 'array' }>;

/** The arrays that a path leads to, with the lengths of the arrays on the path. */
const lookUp = (
  root: Place,
  path: string,
  wrong: (what: string) => SpecError,
): { readonly places: readonly ArrayPlace[]; readonly lengths: readonly number[] } => {
  if (typeof path !== 'string' || !/^[A-Za-z_]\w*(\[\])*(\.[A-Za-z_]\w*(\[\])*)*$/.test(path))
    throw wrong(`${JSON.stringify(path)} is not a path such as host or pairs[].pages`);
  let places: readonly Place[] = [root];
  const lengths: number[] = [];
  for (const [token] of path.matchAll(/\w+|\[\]/g)) {
    const [place] = places;
    if (place?.kind === 'variant') throw wrong(`${path} leads into a variant, whose fields do not always exist`);
    if (token === '[]') {
      if (place?.kind !== 'array') throw wrong(`${path}: what stands before [] is not an array`);
      lengths.push(place.elements.length);
      places = places.flatMap((one) => (one as ArrayPlace).elements);
      continue;
    }
    const known = place?.kind === 'record' ? [...place.fields.keys()] : [];
    if (!known.includes(token))
      throw wrong(`${path}: there is no field ${token} (fields: ${known.join(', ') || 'none'})`);
    places = places.map((one) => (one as Extract<Place, { readonly kind: 'record' }>).fields.get(token)!);
  }
  const end = places.filter((place) => place.kind === 'array');
  if (end.length < places.length) throw wrong(`${path} is not an array`);
  return { places: end, lengths: [...lengths, end[0]?.elements.length ?? 0] };
};

const namedIn = (command: Domain, fields: readonly string[]): boolean =>
  command.shape.kind === 'variant' &&
  Object.values(command.shape.cases).some((args) => fields.every((field) => Object.hasOwn(args, field)));

const slotsOfColumn = ({ places }: Column) => new Set(places.flatMap(slotsOf).map(({ index }) => index));
const slotsOfBundle = (columns: readonly Column[] = []) =>
  new Set(columns.flatMap((column) => [...slotsOfColumn(column)]));
const slotsOfGroup = ({ bundles }: ResolvedGroup) => new Set(bundles.flatMap((columns) => [...slotsOfBundle(columns)]));

const apart = (one: ResolvedGroup, other: ResolvedGroup): boolean => {
  const slots = slotsOfGroup(other);
  return ![...slotsOfGroup(one)].some((slot) => slots.has(slot));
};

/** Whether every bundle of `inner` lies in one column of `outer`. */
const isInside = (inner: ResolvedGroup, outer: ResolvedGroup): boolean => {
  const columns = outer.bundles.flat().map(slotsOfColumn);
  return inner.bundles.every((bundle) => {
    const slots = [...slotsOfBundle(bundle)];
    return columns.some((column) => slots.every((slot) => column.has(slot)));
  });
};
