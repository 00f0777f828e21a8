import { type Product, productCover } from '../audit/product-cover.ts';
import type { Change, Condition, RuleResult, RuleTable, Term, Value } from '../audit/result.ts';
import { type Command, describeFields } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import { glued, unglued } from './document.ts';
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
export const resultWords = (result: RuleResult): string => {
  switch (result.kind) {
    case 'impossible':
      return 'no such state: the function throws, or leaves the domain';
    case 'untried':
      return 'not tried: too many states that are not reachable';
    case 'several':
      return result.results.map(resultWords).join('; or ');
    case 'ok':
      return describeOutcome({ ...result, result: 'ok', state: undefined });
    case 'refused':
      return describeOutcome({ ...result, result: 'refused', state: undefined });
    default:
      return describeOutcome({ ...result, result: result.kind, state: undefined });
  }
};

/** The calls that a table speaks for: `host_access(pfn), pfn = 0..7`. */
export const callsWords = (one: RuleTable): string => {
  const { call, values } = callRange(one);
  return unglued(values.length === 0 ? call : `${call}, ${values.join('; or ')}`);
};

/** The calls that a table speaks for: `host_access(pfn)`, and the values of its arguments, in one way or in several: `pfn = 0..7`. */
interface CallRange {
  readonly call: string;
  readonly values: readonly string[];
}

export const callRange = ({ command, calls, parameters }: RuleTable): CallRange => {
  const { kind: _, ...first } = calls[0]!;
  const args = Object.entries(first).map(([name, value]) =>
    glued(parameters.includes(name) ? name : describeFields({ [name]: value })),
  );
  return {
    call: `${command}(${args.join(', ')})`,
    values: parameters.length === 0 ? [] : rangeWords(calls, parameters),
  };
};

/** Which values the parameters have together, as products or, where that is no longer, tuple by tuple. */
const rangeWords = (calls: readonly Command[], parameters: readonly string[]): string[] => {
  const tuples = calls.map((call) => parameters.map((name): unknown => Reflect.get(call, name)));
  const products = productCover(tuples);
  const cover = products.map((product) => productWords(parameters, product, products.length > 1));
  const listed = tuples.map((tuple) => glued(`(${tuple.map(valueWords).join(', ')})`)).join(', ');
  const byTuple = `${glued(`(${parameters.join(', ')})`)} = ${listed}`;
  return products.length > 1 && byTuple.length <= cover.join('; or ').length ? [byTuple] : cover;
};

/** `pfn = 0..3; nr = 1, 2`; as one of several products `nr = 52, pfn = 0..4`, single values first. */
const productWords = (parameters: readonly string[], product: Product, isPart: boolean): string => {
  const places = [...parameters.keys()];
  const single = places.filter((place) => product[place]!.length === 1);
  const order = isPart ? [...single, ...places.filter((place) => !single.includes(place))] : places;
  return order
    .map((place) => {
      const [head, ...others] = valueList(product[place]!);
      const list = [`${parameters[place]} = ${head}`, ...others];
      return list.length <= mostGlued ? glued(list.join(', ')) : list.map(glued).join(', ');
    })
    .join(isPart ? ', ' : '; ');
};

/** A longer list of values may be broken into lines. */
const mostGlued = 4;

const valueList = (values: readonly unknown[]): string[] =>
  values.every((value) => typeof value === 'number')
    ? valuesWords([...values].sort((a, b) => a - b)).split('|')
    : values.map(valueWords);
