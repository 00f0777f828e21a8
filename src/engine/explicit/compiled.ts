import { hole, type Tree } from '../../table/decision-trees.ts';
import { leads, type TransitionTable } from '../../table/transition-table.ts';

/**
 * Tries every command in the state at `offset`. For each that leads to another state, in the order of the commands, puts that
 * state's words into `next` and the row into `rows`; for one whose row is not known here, -1 - command into `rows`. Entries are
 * put behind the `count` that are there. Counts the uses of known rows. Returns how many entries there are now.
 */
export type Expand = (
  words: Uint32Array,
  offset: number,
  next: Uint32Array,
  rows: Int32Array,
  uses: Float64Array,
  count: number,
) => number;

/** Commands in one function: V8 does not optimise functions beyond a certain size. */
const commandsInFunction = 12;

/**
 * The transition tables as straight-line JavaScript, the body of a function that returns an `Expand`: nested switches on the bits of
 * the state's words, which stay in registers. Undefined if it would be too long. Rows whose calls may still settle a judgement are left to the caller, as are holes and tables too large to compile.
 * `canonical`: the text of a function that replaces a state by its representative, for states that are found.
 */
export const compile = (
  transitions: TransitionTable,
  commands: number,
  width: number,
  isQuiet: (row: number) => boolean,
  canonical?: string,
): string | undefined => {
  const parts: string[] = [];
  for (let first = 0; first < commands; first += commandsInFunction) {
    const bodies: string[] = [];
    for (let command = first; command < Math.min(first + commandsInFunction, commands); command++)
      bodies.push(commandCode(transitions, command, width, isQuiet));
    parts.push(
      `function part${parts.length}(words, offset, next, rows, uses, n) {\n${load(width)}\n${bodies.join('\n')}\nreturn n;\n}`,
    );
  }
  const calls = parts.map((_, i) => `n = part${i}(words, offset, next, rows, uses, n);`).join('\n');
  const [sorting, sort] =
    canonical === undefined
      ? ['', '']
      : [
          `const canonical = ${canonical};\n`,
          `for (let i = first; i < n; i++) if (rows[i] >= 0) canonical(next, i * ${width});\n`,
        ];
  const code = `'use strict';\n${sorting}${parts.join('\n')}\nreturn function expand(words, offset, next, rows, uses, n) {\nconst first = n;\n${calls}\n${sort}return n;\n};`;
  return code.length > mostCode ? undefined : code;
};

/** A larger tree would make more code than the processor's caches like. */
const mostChildren = 1000;

/** More code than this takes longer to compile than it saves. */
const mostCode = 4_000_000;

/** A wider state is copied in a loop and its words are read where they are, so that the code does not grow with the width. */
const mostWordsInRegisters = 64;

const isWide = (width: number): boolean => width > mostWordsInRegisters;

const load = (width: number) =>
  isWide(width) ? '' : Array.from({ length: width }, (_, i) => `const w${i} = words[offset + ${i}];`).join(' ');

const commandCode = (
  transitions: TransitionTable,
  command: number,
  width: number,
  isQuiet: (row: number) => boolean,
): string => {
  const unknown = `rows[n++] = ${-1 - command};`;
  const before = (word: number) => (isWide(width) ? `words[offset + ${word}]` : `w${word}`);
  const behind = (word: number) => `next[n * ${width} + ${word}]`;
  const copyAll = `for (let i = 0; i < ${width}; i++) next[n * ${width} + i] = words[offset + i];`;
  const code = (tree: Tree): string => {
    if (tree.kind === 'branch') {
      const { word, shift, width: bits } = tree.slot;
      if (bits === 0) return code(tree.children[0]!);
      const cases = tree.children.flatMap((child, i) =>
        child.kind === 'leaf' && child.leaf === hole ? [] : [`case ${i}: ${code(child)} break;`],
      );
      return `switch ((${before(word)} >>> ${shift}) & ${2 ** bits - 1}) { ${cases.join('\n')}\ndefault: ${unknown} }`;
    }
    const row = tree.leaf;
    const lead = transitions.leads(row);
    if (row === hole || (lead !== leads.disabled && !isQuiet(row))) return unknown;
    if (lead === leads.panic && transitions.changes(row)) return unknown;
    if (lead !== leads.on) return `uses[${row}]++;`;
    const stores: string[] = isWide(width) ? [copyAll] : [];
    const written: number[] = [];
    for (let word = 0; word < width; word++) {
      const { keep, set } = transitions.effectOn(row, word);
      const isKept = keep === -1 && set === 0;
      if (!isKept) written.push(word);
      else if (isWide(width)) continue;
      const kept = keep === -1 ? before(word) : `${before(word)} & ${keep}`;
      stores.push(`${behind(word)} = ${set === 0 ? kept : `(${kept}) | ${set}`};`);
    }
    if (written.length === 0) return unknown;
    // A call that leads back to where it came from may be judged differently: the states before and after are one.
    const same = written.map((word) => `${behind(word)} === ${before(word)}`).join(' && ');
    return `${stores.join(' ')} if (${same}) { ${unknown} } else { uses[${row}]++; rows[n++] = ${row}; }`;
  };
  const tree = transitions.tree(command, mostChildren);
  return tree ? code(tree) : unknown;
};
