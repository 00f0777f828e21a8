import { isDeepStrictEqual } from 'node:util';
import type { Command } from '../spec/model.ts';
import type { Slot } from '../system/layout.ts';
import { isFarFetched, termFor } from './argument-terms.ts';
import type { ReducedPath, SlotChange } from './reduce.ts';
import type { Change, Condition, LikeCases, Rule, RuleTable, Term, Value } from './result.ts';
import type { Witnessed } from './table-outline.ts';

/** One call with its reduced table. */
export interface Call {
  readonly command: Command;
  readonly rows: readonly Witnessed[];
}

/** Where the tables of calls that are folded may differ beside paths: a value, or a set of values. */
type Blank = { readonly kind: 'value'; readonly value: Value } | { readonly kind: 'values'; readonly values: Values };

interface Values {
  readonly values: readonly Value[];
  readonly not: boolean;
  /** All others, if they are few. */
  readonly others: readonly Value[] | undefined;
}

/** A call's table as a text without names: only calls whose texts are the same can be folded. */
interface Form {
  readonly call: Call;
  readonly text: string;
  /** In the order of the text: the numbers of the call's rows, the slots that they speak of, and the blanks. */
  readonly rows: readonly number[];
  readonly slots: readonly Slot[];
  readonly blanks: readonly Blank[];
}

/** What goes into the paths and blanks of calls that are folded. */
interface Filling {
  readonly paths: readonly string[];
  readonly blanks: readonly (Value | Term | Pick<Condition, 'not' | 'values'>)[];
}

/**
 * Folds calls of one command whose tables differ only in what the arguments name: wherever they differ, one term of the arguments
 * gives what each of them has. What cannot be folded stands alone.
 */
export const foldLikeCalls = (calls: readonly Call[]): RuleTable[] => {
  const groups: Form[][] = [];
  for (const alike of grouped(calls.map(formOf))) {
    if (fill(alike)) {
      groups.push(alike);
      continue;
    }
    const open: Form[][] = [];
    for (const form of alike) {
      const group = open.find((one) => fill([...one, form]));
      if (group) group.push(form);
      else open.push([form]);
    }
    groups.push(...open);
  }
  const place = ([first]: readonly Form[]) => calls.indexOf(first!.call);
  return groups.sort((a, b) => place(a) - place(b)).map((group) => tableOf(group, fill(group)!));
};

const grouped = (forms: readonly Form[]): Form[][] => {
  const groups = new Map<string, Form[]>();
  for (const form of forms) groups.set(form.text, [...(groups.get(form.text) ?? []), form]);
  return [...groups.values()];
};

function formOf(call: Call): Form {
  const path = pathsOf(call.command);
  const shapes = call.rows.map((row, i) => ({ i, shape: shapeOf(row, path) }));
  shapes.sort((a, b) => (a.shape < b.shape ? -1 : a.shape > b.shape ? 1 : a.i - b.i));
  const numbers = new Map<Slot, number>();
  const numberOf = (slot: Slot) => {
    const known = numbers.get(slot) ?? numbers.size;
    numbers.set(slot, known);
    return known;
  };
  const blanks: Blank[] = [];
  const text = shapes.map(({ i, shape }) => {
    const { conditions, effects } = call.rows[i]!;
    const slots = [...conditions, ...sorted(effects, path)].map((one) => {
      if ('indices' in one) blanks.push({ kind: 'values', values: valuesOf(one) });
      else if (one.kind === 'to') blanks.push({ kind: 'value', value: one.slot.valueAt(one.index) });
      if ('of' in one) return `${numberOf(one.slot)}=${numberOf(one.of)}`;
      return numberOf(one.slot);
    });
    return `${shape} ${slots.join()}`;
  });
  return { call, text: text.join('\n'), rows: shapes.map(({ i }) => i), slots: [...numbers.keys()], blanks };
}

/** A row without names and values. */
const shapeOf = ({ conditions, result, effects, witness, family, onlyIf }: Witnessed, path: PathOf): string =>
  JSON.stringify([
    conditions.map(({ slot, indices, not }) => [
      unnamed(path(slot)),
      slot.size,
      not ? slot.size - indices.length : indices.length,
    ]),
    result,
    sorted(effects, path).map((one) => [unnamed(path(one.slot)), one.kind, one.kind === 'by' && one.by]),
    witness !== undefined,
    family && [unnamedPaths(family.reads, path), unnamedPaths(family.writes, path), family.untried],
    onlyIf,
  ]);

type PathOf = (slot: Slot) => string;

/** The path of a slot, with fields that are called as one of the arguments says as if they were indices: `at[vm1]` for `at.vm1`. */
const pathsOf = (command: Command): PathOf => {
  const args = Object.values({ ...command, kind: undefined });
  return ({ path }) => path.replaceAll(/\.(\w+)/g, (field, name) => (args.includes(name) ? `[${name}]` : field));
};

const unnamed = (path: string) => path.replaceAll(/\[\w+\]/g, '[]');

const unnamedPaths = (slots: readonly Slot[], path: PathOf): string[] =>
  [...new Set(slots.map((slot) => unnamed(path(slot))))].sort();

/** Effects in an order that does not depend on the names. */
const sorted = (effects: readonly SlotChange[], path: PathOf): SlotChange[] => {
  const key = (one: SlotChange) =>
    `${unnamed(path(one.slot))} ${one.kind === 'to' ? one.slot.valueAt(one.index) : one.kind === 'by' ? one.by : unnamed(path(one.of))}`;
  return effects
    .map((one) => ({ one, key: key(one) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.one.slot.index - b.one.slot.index))
    .map(({ one }) => one);
};

/** In the shorter form. */
function valuesOf({ slot, indices, not }: ReducedPath['conditions'][number]): Values {
  const named = indices.map((index) => slot.valueAt(index));
  if (slot.size > widestSet) return { values: named, not, others: undefined };
  const rest = Array.from({ length: slot.size }, (_, index) => index)
    .filter((index) => !indices.includes(index))
    .map((index) => slot.valueAt(index));
  const [inside, outside] = not ? [rest, named] : [named, rest];
  return outside.length < inside.length && slot.size > 2
    ? { values: outside, not: true, others: inside }
    : { values: inside, not: false, others: outside };
}

/** Of a slot with more values, only those that were tried are named. */
const widestSet = 256;

/** What all the forms have in common, in terms of their arguments; undefined if there is none. */
function fill(forms: readonly Form[]): Filling | undefined {
  const commands = forms.map(({ call }) => call.command);
  const first = forms[0]!;
  const paths: string[] = [];
  for (const i of first.slots.keys()) {
    const path = fillPath(
      commands,
      forms.map(({ call, slots }) => pathsOf(call.command)(slots[i]!)),
    );
    if (path === undefined) return undefined;
    paths.push(path);
  }
  const blanks: Filling['blanks'][number][] = [];
  for (const i of first.blanks.keys()) {
    const filled = fillBlank(
      commands,
      forms.map(({ blanks }) => blanks[i]!),
    );
    if (filled === undefined) return undefined;
    blanks.push(filled);
  }
  if (isFarFetched(paths)) return undefined;
  return { paths, blanks };
}

/** `host[0].pte` and `host[1].pte` as `host[pfn].pte`; `at[vm1]` and `at[vm2]` as `at[thread]`. */
function fillPath(commands: readonly Command[], paths: readonly string[]): string | undefined {
  const parts = paths.map((path) => path.split(/[[\]]/)); // the odd ones are indices
  const filled: string[] = [];
  for (const [i, part] of parts[0]!.entries()) {
    if (i % 2 === 0) {
      filled.push(part);
      continue;
    }
    const term = termFor(
      commands,
      parts.map((one) => (/^\d+$/.test(one[i]!) ? Number(one[i]) : one[i]!)),
    );
    if (term === undefined) return undefined;
    filled.push(typeof term === 'string' ? `.${term}` : `[${typeof term === 'object' ? term.term : term}]`);
  }
  return filled.join('');
}

function fillBlank(commands: readonly Command[], blanks: readonly Blank[]): Filling['blanks'][number] | undefined {
  const first = blanks[0]!;
  if (first.kind === 'value') {
    const values = blanks.flatMap((blank) => (blank.kind === 'value' ? [blank.value] : []));
    return termFor(commands, values);
  }
  const sets = blanks.flatMap((blank) => (blank.kind === 'values' ? [blank.values] : []));
  const { values, not } = first.values;
  if (sets.every((one) => one.not === not && isDeepStrictEqual(one.values, values))) return { values, not };
  for (const not of [false, true]) {
    const single = sets.map((one) => (one.not === not ? one.values : one.others));
    if (!single.every((one) => one?.length === 1)) continue;
    const term = termFor(
      commands,
      single.map((one) => one![0]!),
    );
    if (typeof term === 'object') return { values: term, not };
  }
  return undefined;
}

/** The forms' one table, with its rows in the order in which the first call has them. */
function tableOf(forms: readonly Form[], { paths, blanks }: Filling): RuleTable {
  const { call, slots, rows } = forms[0]!;
  const calls = forms.map((form) => form.call.command);
  const pathOf = (slot: Slot) => paths[slots.indexOf(slot)]!;
  const rules: Rule[] = [];
  let blank = 0;
  for (const [at, i] of rows.entries()) {
    const { conditions, result, effects } = call.rows[i]!;
    const named = conditions.map(({ slot }) => ({
      path: pathOf(slot),
      ...(blanks[blank++] as Pick<Condition, 'not' | 'values'>),
    }));
    const changes = sorted(effects, pathsOf(call.command)).map(
      (one): { readonly slot: Slot; readonly change: Change } => {
        const { slot } = one;
        const path = pathOf(slot);
        if (one.kind === 'by') return { slot, change: { path, by: one.by } };
        if (one.kind === 'copy') return { slot, change: { path, copyOf: pathOf(one.of) } };
        return { slot, change: { path, ...known(named, path), to: blanks[blank++] as Value | Term } };
      },
    );
    const alike = forms.map((form) => form.call.rows[form.rows[at]!]!);
    const witnesses = alike.flatMap(({ witness }) => witness ?? []);
    rules[i] = {
      conditions: named,
      result,
      changes: changes.sort((a, b) => a.slot.index - b.slot.index).map(({ change }) => change),
      witness: witnesses.length > 0 ? Math.min(...witnesses) : undefined,
      ...familyOf(alike, pathsOf(call.command)),
      ...(call.rows[i]!.onlyIf && { onlyIf: true }),
    };
  }
  const [first, ...others] = calls;
  const parameters = Object.keys(first!).filter((name) =>
    others.some((one) => !isDeepStrictEqual(Reflect.get(one, name), Reflect.get(first!, name))),
  );
  return { command: first!.kind, calls, parameters, rules };
}

const familyOf = (rows: readonly Witnessed[], path: PathOf): { readonly family?: LikeCases } => {
  const families = rows.flatMap(({ family }) => family ?? []);
  const [first] = families;
  if (!first) return {};
  const boundsOf = (by: (one: NonNullable<Witnessed['family']>) => number): [number, number] => [
    Math.min(...families.map(by)),
    Math.max(...families.map(by)),
  ];
  return {
    family: {
      live: boundsOf(({ live }) => live),
      dead: boundsOf(({ dead }) => dead),
      untried: first.untried,
      reads: unnamedPaths(first.reads, path),
      writes: unnamedPaths(first.writes, path),
    },
  };
};

/** What a field was before, if the conditions leave one value. */
const known = (conditions: readonly Condition[], path: string): { readonly from?: Value | Term } => {
  const condition = conditions.find((one) => one.path === path);
  if (!condition || condition.not) return {};
  const { values } = condition;
  if ('term' in values) return { from: values };
  return values.length === 1 ? { from: values[0]! } : {};
};
