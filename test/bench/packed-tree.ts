/**
 * stage2-tree(2, E, P), E up to 3, as one would write it by hand for speed. An entry of the root has two bits for its kind and two
 * for each page below it (0: invalid, else 1 + permission; of a block, all in the first page's bits); a state is one word.
 */
const [block, table] = [1, 2];

/** Counts the reachable states, and the calls tried in them. */
export const searchPackedTree = (entries: number, prots: number): { states: number; transitions: number } => {
  const bits = 2 + 2 * entries;
  let capacity = 1 << 16;
  let states = new Uint32Array(capacity);
  let slots = new Uint32Array(2 * capacity);
  let count = 0;

  const hash = (state: number) => {
    const mixed = Math.imul(state ^ (state >>> 15), 0x85ebca6b);
    return mixed ^ (mixed >>> 13);
  };
  const insert = (state: number) => {
    let at = hash(state) & (slots.length - 1);
    for (let known = slots[at]!; known !== 0; known = slots[at]!) {
      if (states[known - 1] === state) return;
      at = (at + 1) & (slots.length - 1);
    }
    states[count] = state;
    slots[at] = ++count;
    if (count === capacity) grow();
  };
  const grow = () => {
    capacity *= 2;
    const larger = new Uint32Array(capacity);
    larger.set(states);
    states = larger;
    slots = new Uint32Array(2 * capacity);
    for (let i = 0; i < count; i++) {
      let at = hash(states[i]!) & (slots.length - 1);
      while (slots[at] !== 0) at = (at + 1) & (slots.length - 1);
      slots[at] = i + 1;
    }
  };

  insert(0);
  for (let from = 0; from < count; from++) {
    const state = states[from]!;
    for (let index = 0; index < entries; index++) {
      const shift = bits * index;
      const entry = (state >>> shift) & ((1 << bits) - 1);
      const kind = entry & 3;
      const put = (after: number) => {
        if (after !== entry) insert((state & ~(((1 << bits) - 1) << shift)) | (after << shift));
      };
      for (let prot = 1; prot <= prots; prot++) put(block | (prot << 2));
      if (kind === block) {
        put(0);
        put(block | (1 << 2));
      }
      for (let page = 0; page < entries; page++) {
        const at = 2 + 2 * page;
        const others = kind === table ? entry & ~(3 << at) : table;
        for (let prot = 1; prot <= prots; prot++) put(others | (prot << at));
        if (kind !== table || ((entry >>> at) & 3) === 0) continue;
        put(others === table ? 0 : others);
        put(others | (1 << at));
      }
    }
  }
  return { states: count, transitions: count * entries * entries * (2 * prots + 2) };
};
