/** Tuples written as a product: for each place the values it may have, in every combination. */
export type Product<T = unknown> = readonly (readonly T[])[];

/**
 * Products that together have exactly these tuples, few and large: greedily, each time the one that has most of the tuples that are
 * left. Products may overlap. Tuples are told apart by the identity of their values, in whose order of first use products list them.
 */
export const productCover = (tuples: readonly (readonly unknown[])[]): Product[] => {
  const numbers = (tuples[0] ?? []).map((_, place) => numbersOf(tuples.map((tuple) => tuple[place])));
  const keyOf = (tuple: readonly number[]) => tuple.join();
  const numbered = tuples.map((tuple) => tuple.map((value, place) => numbers[place]!.get(value)!));
  const all = new Set(numbered.map(keyOf));
  const left = new Map(numbered.map((tuple) => [keyOf(tuple), tuple]));
  const has = (product: Product<number>) => combinations(product).every((tuple) => all.has(keyOf(tuple)));

  const cover: Product<number>[] = [];
  while (left.size > 0) {
    const gain = (product: Product<number>) => combinations(product).filter((tuple) => left.has(keyOf(tuple))).length;
    const grown = [...left.values()]
      .slice(0, mostSeeds)
      .flatMap((seed) => ordersOf(seed.length).map((order) => maximal(seed, order, numbers, has)));
    const [best] = grown.map((product) => ({ product, gain: gain(product) })).sort((a, b) => b.gain - a.gain);
    cover.push(best!.product);
    for (const tuple of combinations(best!.product)) left.delete(keyOf(tuple));
  }
  const values = numbers.map((of) => [...of.keys()]);
  return cover.map((product) => product.map((chosen, place) => chosen.map((number) => values[place]![number])));
};

/** So many of the tuples that are left are grown into products, of which the best is taken. */
const mostSeeds = 16;

const numbersOf = (values: readonly unknown[]): Map<unknown, number> =>
  new Map([...new Set(values)].map((value, i) => [value, i]));

/** The tuple, with every value added that can be, one place after the other. */
const maximal = (
  seed: readonly number[],
  order: readonly number[],
  numbers: readonly ReadonlyMap<unknown, number>[],
  has: (product: Product<number>) => boolean,
): Product<number> => {
  let product: Product<number> = seed.map((value) => [value]);
  for (const place of order) {
    const wider = [...numbers[place]!.values()].filter((value) => has(product.with(place, [value])));
    product = product.with(place, wider);
  }
  return product;
};

/** Each place first, the others after it from left to right and from right to left. */
const ordersOf = (places: number): number[][] => {
  const forth = [...Array(places).keys()];
  return forth.flatMap((first) => {
    const others = forth.filter((place) => place !== first);
    return [
      [first, ...others],
      [first, ...others.reverse()],
    ];
  });
};

const combinations = <T>(product: Product<T>): T[][] =>
  product.reduce<T[][]>((made, values) => made.flatMap((one) => values.map((value) => [...one, value])), [[]]);
