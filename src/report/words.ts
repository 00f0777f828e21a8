import { match } from 'ts-pattern';
import type { Search } from '../engine/index.ts';
import type { Bound, Covered, CrossCheck, Verdict } from '../engine/result.ts';
import type { SubjectUse } from '../job/check.ts';
import { describeCommand } from '../spec/model.ts';
import type { Property } from '../spec/property.ts';
import type { Interleavings } from '../subject/preemptions.ts';
import { type Scope, scopeName } from '../system/scope.ts';

export { scopeName };

/** The variant, with the switches that differ from it. */
export const variantName = (scope: Scope): string => scopeName(scope).slice(scope.model.length + 1);

/** 1234567 as 1,234,567, whatever the locale. */
export const count = (n: number | bigint): string => String(n).replaceAll(/\B(?=(\d{3})+$)/g, ',');

/** A count for a column of a table; `-` where the engine does not have it. */
export const countOrDash = (n: number | undefined): string => (n === undefined ? '-' : count(n));

/** `1 command`, `3 commands`; `2 properties`. */
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

export const settings = (values: Readonly<Record<string, number | boolean | string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');

export const boundWords = (bound: Bound): string =>
  match(bound)
    .with({ kind: 'states' }, ({ limit }) => `stopped at ${count(limit)} states`)
    .with({ kind: 'memory' }, (memory) => `stopped ${memoryWords(memory)}`)
    .with(
      { kind: 'domain' },
      ({ command, misfit }) =>
        `stopped where ${describeCommand(command)} makes a state that the model has no room for, at ${misfit}`,
    )
    .with({ kind: 'failure' }, () => 'the subject failed')
    .with({ kind: 'interrupted' }, () => 'interrupted')
    .exhaustive();

/** How what was proved was checked again. `states`: how many there are. */
export const crossCheckWords = (crossCheck: CrossCheck, { states }: Pick<Covered, 'states'>): string =>
  crossCheck.by === 'reference'
    ? 'Cross-checked: the reference search as a whole says the same.'
    : `Cross-checked in ${count(crossCheck.states)} of ${countOrDash(states)} states (seed ${crossCheck.seed}): ` +
      `${count(crossCheck.calls)} calls and ${count(crossCheck.judgements)} judgements made again plainly, no difference.`;

const memoryWords = ({ limit, of }: Extract<Bound, { readonly kind: 'memory' }>): string => {
  const mebibytes = `${count(Math.floor(limit / 2 ** 20))} MiB`;
  if (of === undefined) return `at ${mebibytes} of states`;
  const whose = {
    'resident set': 'for the process',
    heap: "for JavaScript's heap",
    'address space': 'of address space',
  };
  return `at the limit of ${mebibytes} ${whose[of]}`;
};

/** The verdict in one word or two; a witness that is proved was reached. */
export const verdictWords = (verdict: Verdict, witness: boolean): string => {
  if (!witness) return verdict.kind;
  if (verdict.kind === 'proved') return 'reached';
  return verdict.kind === 'violated' ? 'unreached' : verdict.kind;
};

/** The statement and, in brackets, where it comes from. */
export const statementOf = ({ statement, source }: Property): string =>
  source === '' ? statement : `${statement} [${source}]`;

/** A state or a part of it: `{kind: present, refcount: 2, entries: [hyp, zero]}`. */
export const valueWords = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(valueWords).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{${Object.entries(value)
    .map(([name, inner]) => `${name}: ${valueWords(inner)}`)
    .join(', ')}}`;
};

/** Who made the calls in place of the model, and then what could not be judged of it, a sentence a line. */
export const subjectWords = ({
  name,
  requests,
  lacks,
  unobserved,
  notChecked,
  interleavings,
}: SubjectUse): string[] => [
  `Calls are those of ${name}, which made ${count(requests)}.`,
  ...(notChecked.length > 0 ? [`Not checked: ${notChecked.join(', ')}.`] : []),
  ...(lacks.length > 0 ? [`The subject does not have the calls ${lacks.join(', ')}.`] : []),
  ...(unobserved.length > 0 ? [`The subject does not print ${unobserved.join(', ')}.`] : []),
  ...(interleavings ? interleavingWords(interleavings) : []),
];

/** What was covered of two calls at a time, and then each race. */
const interleavingWords = ({ most, pairs, runs, states, newStates, races, interrupted }: Interleavings): string[] => [
  `Two CPUs: every interleaving of up to ${plural(most, 'preemption')} of ${plural(pairs, 'pair')} of calls in ${plural(states, 'state')}` +
    `${interrupted ? ', and then interrupted' : ''}: ${plural(runs, 'run')}; ${plural(newStates, 'state')} that no single call leads to.`,
  ...races.map(({ what, calls, first, second, preempt, results }) => {
    const before = calls.length === 0 ? 'in the initial state' : `after ${calls.map(describeCommand).join('; ')}`;
    return (
      `Race, ${what}: ${before} one CPU calls ${describeCommand(first)} (${results[0]}) and the other one ${describeCommand(second)} ` +
      `(${results[1]}); the other one goes on before access ${preempt.join(', ')}.`
    );
  }),
];

/** e.g. `3,000 runs of up to 100 calls` */
export const randomWords = ({ runs, seconds, length }: Extract<Search, { kind: 'random' }>): string =>
  `${seconds === undefined ? plural(runs, 'run') : `runs for ${count(seconds)} s`} of up to ${plural(length, 'call')}`;
