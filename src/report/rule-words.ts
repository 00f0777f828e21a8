import type { Change, Condition, Result, RuleTable, Term, Value } from '../audit/result.ts';
import { type Command, describeFields } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import { valueWords } from './words.ts';

/** `host[pfn] = zero|leaf`, `pool = 1-4`, `refcount != 1`. */
export const conditionWords = ({ path, not, values }: Condition): string => {
  const set = 'term' in values ? values.term : valuesWords(values);
  return `${path} ${not ? '!=' : '='} ${set}`;
};

/** Numbers that follow each other as a range. */
const valuesWords = (values: readonly Value[]): string => {
  const parts: string[] = [];
  for (let i = 0; i < values.length; ) {
    let end = i;
    while (typeof values[i] === 'number' && values[end + 1] === Number(values[i]) + end + 1 - i) end++;
    if (end - i >= 2) parts.push(`${values[i]}..${values[end]}`);
    else parts.push(...values.slice(i, end + 1).map(String));
    i = end + 1;
  }
  return parts.join('|');
};

/** `el2[pfn]: none -> device`; `refcount := 2` where it is not known what it was; `pool -= 1`. */
export const changeWords = (change: Change): string => {
  if ('by' in change) return `${change.path} ${change.by < 0 ? '-' : '+'}= ${Math.abs(change.by)}`;
  if ('copyOf' in change) return `${change.path} := copy of ${change.copyOf}`;
  const to = operandWords(change.to);
  return change.from === undefined
    ? `${change.path} := ${to}`
    : `${change.path}: ${operandWords(change.from)} -> ${to}`;
};

/**
 * The changes of a rule, one a text; of what gets another kind its fields with it: `entries[0].kind: zero -> leaf(w=true, x=false)`.
 */
export const changesWords = (changes: readonly Change[]): string[] => {
  const words: string[] = [];
  for (let i = 0; i < changes.length; ) {
    const fields = fieldsBehind(changes, i);
    words.push(changeWords(changes[i]!) + fieldsWords(fields, ownerOf(changes[i]!)));
    i += 1 + fields.length;
  }
  return words;
};

/** `entries[0].` of a change of `entries[0].kind`; undefined of any other one. */
const ownerOf = ({ path }: Change): string | undefined => /^(.*\.)?kind$/.exec(path)?.[0].slice(0, -'kind'.length);

/** The changes behind the one at `i` that say what the new kind's fields are. */
const fieldsBehind = (changes: readonly Change[], i: number): readonly Change[] => {
  const owner = ownerOf(changes[i]!);
  if (!owner) return [];
  const end = changes.findIndex((one, n) => n > i && ('by' in one || !one.path.startsWith(owner)));
  return changes.slice(i + 1, end < 0 ? undefined : end);
};

const fieldsWords = (changes: readonly Change[], owner = ''): string => {
  const words: string[] = [];
  for (let i = 0; i < changes.length; ) {
    const change = changes[i]!;
    const inner = ownerOf(change);
    const fields = fieldsBehind(changes, i);
    const name = (inner === undefined ? change.path : inner.slice(0, -1)).slice(owner.length);
    words.push(`${name}=${assignedWords(change)}${fieldsWords(fields, inner)}`);
    i += 1 + fields.length;
  }
  return words.length === 0 ? '' : `(${words.join(', ')})`;
};

const assignedWords = (change: Change): string => {
  if ('to' in change) return operandWords(change.to);
  return 'copyOf' in change ? `copy of ${change.copyOf}` : String(change.by);
};

const operandWords = (operand: Value | Term): string => (typeof operand === 'object' ? operand.term : String(operand));

/** As a kernel log would have it. */
export const resultWords = (result: Result): string => {
  switch (result.kind) {
    case 'impossible':
      return 'no such state: the function throws, or leaves the domain';
    case 'untried':
      return 'not tried: too many states that are not reachable';
    case 'several':
      return result.results.map(resultWords).join('; or ');
    case 'ok':
      return describeOutcome({ result: 'ok', state: undefined, warnings: result.warnings });
    case 'refused':
      return describeOutcome({ ...result, result: 'refused', state: undefined });
    default:
      return describeOutcome({ ...result, result: result.kind, state: undefined });
  }
};

/** The calls that a table speaks for: `host_access(pfn), pfn = 0..7`. */
export const callsWords = ({ command, calls, parameters }: RuleTable): string => {
  const { kind: _, ...first } = calls[0]!;
  const args = Object.entries(first).map(([name, value]) =>
    parameters.includes(name) ? name : describeFields({ [name]: value }),
  );
  const call = `${command}(${args.join(', ')})`;
  return parameters.length === 0 ? call : `${call}, ${rangeWords(calls, parameters)}`;
};

const rangeWords = (calls: readonly Command[], parameters: readonly string[]): string => {
  const valuesOf = (name: string): unknown[] => calls.map((call): unknown => Reflect.get(call, name));
  const distinct = parameters.map((name) => [...new Set(valuesOf(name))]);
  const combinations = distinct.reduce((product, { length }) => product * length, 1);
  if (combinations === calls.length)
    return parameters.map((name, i) => `${name} = ${listWords(distinct[i]!)}`).join('; ');
  const boxes = boxesOf(calls.map((call) => parameters.map((name) => [Reflect.get(call, name)])));
  return `(${parameters.join(', ')}) = ${boxes.map((box) => `(${box.map(setWords).join(', ')})`).join(', ')}`;
};

/** By parameter, the values of calls that have every combination of them. */
type Box = readonly (readonly unknown[])[];

/** The same calls in few boxes: those that differ in the values of one parameter are one. */
const boxesOf = (calls: readonly Box[]): readonly Box[] => {
  let boxes = calls;
  for (let before = 0; before !== boxes.length; ) {
    before = boxes.length;
    for (const parameter of calls[0]!.keys()) boxes = joined(boxes, parameter);
  }
  return boxes;
};

const joined = (boxes: readonly Box[], parameter: number): Box[] => {
  const alike = new Map<string, Box>();
  for (const box of boxes) {
    const others = JSON.stringify(box.map((values, i) => (i === parameter ? [] : values)));
    const values = alike.get(others)?.[parameter] ?? [];
    alike.set(
      others,
      box.map((own, i) => (i === parameter ? [...values, ...own] : own)),
    );
  }
  return [...alike.values()];
};

const setWords = (values: readonly unknown[]): string => listWords(values).replaceAll(', ', '|');

const listWords = (values: readonly unknown[]): string =>
  values.every((value) => typeof value === 'number')
    ? valuesWords(values).replaceAll('|', ', ')
    : values.map(valueWords).join(', ');
