/**
 * pkvm-pages(N, K) as one would write it by hand for speed: the yardstick that the tables are held against. A page is 7 bits (host 3,
 * hyp 2, guest 2), four pages a word, the pool above the pages of the second word; what a call does to a page is looked up.
 */
const [unmapped, owned, sharedOwned, sharedBorrowed, annotatedHyp, annotatedGuest] = [0, 1, 2, 3, 4, 5];
const [none, own, borrowed, lent] = [0, 1, 2, 3];
const local = (host: number, hyp: number, guest: number) => host | (hyp << 3) | (guest << 5);

/** What each of the 12 calls does to a page: bits 0-6 the page afterwards, bit 7 it takes a table, bit 8 it gives one back; -1 no. */
const moves = (): Int32Array => {
  const table = new Int32Array(12 * 128).fill(-1);
  for (let page = 0; page < 128; page++) {
    const [host, hyp, guest] = [page & 7, (page >> 3) & 3, page >> 5];
    const exclusive = host === unmapped || host === owned;
    const put = (call: number, when: boolean, after: number) => {
      if (when) table[call * 128 + page] = after;
    };
    put(0, host === unmapped, local(owned, hyp, guest));
    put(1, host === owned, local(unmapped, hyp, guest));
    put(2, exclusive && hyp === none, local(sharedOwned, 2, guest));
    put(3, host === sharedOwned && hyp === 2, local(owned, none, guest));
    put(4, exclusive && hyp === none, local(annotatedHyp, own, guest));
    put(5, host === annotatedHyp && hyp === own, local(unmapped, none, guest));
    put(6, exclusive && guest === none, local(sharedOwned, hyp, borrowed) | 128);
    put(7, host === sharedOwned && guest === borrowed, local(owned, hyp, none) | 256);
    put(8, exclusive && guest === none, local(annotatedGuest, hyp, own) | 128);
    put(9, host === annotatedGuest && guest === own, local(sharedBorrowed, hyp, lent));
    put(10, host === sharedBorrowed && guest === lent, local(annotatedGuest, hyp, own));
    put(11, host === annotatedGuest && guest === own, local(unmapped, hyp, none) | 256);
  }
  return table;
};

/** Counts the reachable states, and the calls tried in them. At most 8 pages. */
export const searchPackedPages = (pages: number, tables: number): { states: number; transitions: number } => {
  const move = moves();
  let capacity = 1 << 16;
  let states = new Uint32Array(2 * capacity);
  let table = new Uint32Array(2 * capacity);
  let count = 0;

  const hash = (lo: number, hi: number) => {
    const mixed = Math.imul(Math.imul(lo ^ (lo >>> 15), 0x85ebca6b) ^ hi, 0xc2b2ae35);
    return mixed ^ (mixed >>> 16);
  };
  const insert = (lo: number, hi: number) => {
    let at = hash(lo, hi) & (table.length - 1);
    for (let known = table[at]!; known !== 0; known = table[at]!) {
      if (states[2 * known - 2] === lo >>> 0 && states[2 * known - 1] === hi >>> 0) return;
      at = (at + 1) & (table.length - 1);
    }
    states[2 * count] = lo;
    states[2 * count + 1] = hi;
    table[at] = ++count;
    if (count === capacity) grow();
  };
  const grow = () => {
    capacity *= 2;
    const larger = new Uint32Array(2 * capacity);
    larger.set(states);
    states = larger;
    table = new Uint32Array(2 * capacity);
    for (let i = 0; i < count; i++) {
      let at = hash(states[2 * i]!, states[2 * i + 1]!) & (table.length - 1);
      while (table[at] !== 0) at = (at + 1) & (table.length - 1);
      table[at] = i + 1;
    }
  };

  insert(0, tables << 28);
  for (let from = 0; from < count; from++) {
    for (let page = 0; page < pages; page++) {
      const [lo, hi] = [states[2 * from]!, states[2 * from + 1]!];
      const shift = 7 * (page & 3);
      const word = page < 4 ? lo : hi;
      const now = (word >>> shift) & 127;
      const neighbour = (word >>> (7 * ((page & 3) ^ 1) + 5)) & 3;
      for (let call = 0; call < 12; call++) {
        const after = move[call * 128 + now]!;
        if (after < 0) continue;
        let pool = hi;
        if (neighbour === 0 && after > 127) {
          if ((after & 128) !== 0 && hi >>> 28 === 0) continue;
          pool = (after & 128) !== 0 ? hi - (1 << 28) : hi + (1 << 28);
        }
        const set = (of: number) => (of & ~(127 << shift)) | ((after & 127) << shift);
        if (page < 4) insert(set(lo), pool);
        else insert(lo, set(pool));
      }
    }
  }
  return { states: count, transitions: count * pages * 12 };
};
