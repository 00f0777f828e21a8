/** Numbers from 0 to below 1, the same for the same seed: mulberry32. */
export const randomNumbers =
  (seed: number): (() => number) =>
  () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };

/** The numbers below `count` in random order, each when it is asked for. */
export function* shuffled(count: number, random: () => number): Generator<number> {
  const moved = new Map<number, number>();
  for (let left = count; left > 0; left--) {
    const at = Math.floor(random() * left);
    yield moved.get(at) ?? at;
    moved.set(at, moved.get(left - 1) ?? left - 1);
  }
}
