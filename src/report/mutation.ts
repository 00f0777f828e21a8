import { withoutIndices } from '../audit/mutant-sample.ts';
import type { Fault } from '../audit/mutants.ts';
import type { Fate, Judgment, MutantCase, MutationAudit } from '../audit/mutation.ts';
import type { Value } from '../audit/result.ts';
import { describeCommand } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import { dim, type Item, type Section } from './document.ts';
import { count, plural, scopeName } from './words.ts';

const faults: readonly Fault['kind'][] = ['refusal dropped', 'errno changed', 'write dropped', 'other value written'];
const fates: readonly Fate['kind'][] = ['property', 'witness', 'error', 'survived', 'equivalent'];
/** As the table has it, which is 80 columns wide. */
const short: Partial<Record<Fate['kind'] | Fault['kind'], string>> = {
  equivalent: 'same',
  'other value written': 'other value',
};

/** Survivors that are shown, one for each kind. */
const mostSurvivors = 30;

/** Caught, of those that do something else and could be decided, in per cent; rounded down, so that 100 % means all. */
const killRate = (of: ReadonlyMap<Fate['kind'], number>): string => {
  const caught = (of.get('property') ?? 0) + (of.get('witness') ?? 0) + (of.get('error') ?? 0);
  const all = caught + (of.get('survived') ?? 0);
  return all === 0 ? '-' : `${Math.floor((100 * caught) / all)} %`;
};

export const fateCounts = (judged: readonly Judgment[]): Map<Fate['kind'], number> => {
  const counts = new Map<Fate['kind'], number>();
  for (const { fate } of judged) counts.set(fate.kind, (counts.get(fate.kind) ?? 0) + 1);
  return counts;
};

/** How many faults in the decision tables the properties notice, and which they do not. */
export const mutationSection = (audit: MutationAudit): Section => {
  const { scope, states, rows, rowsLeftOut, mutants, seed, judged, violated, interrupted } = audit;
  const row = (name: string, of: readonly Judgment[]) => {
    const counts = fateCounts(of);
    return [name, count(of.length), ...fates.map((fate) => count(counts.get(fate) ?? 0)), killRate(counts)];
  };
  const undecided = judged.filter(({ fate }) => fate.kind === 'undecided').length;
  const head = ['fault', 'mutants', ...fates.map((fate) => short[fate] ?? fate), 'caught'];
  const sample =
    seed === undefined
      ? interrupted
        ? `interrupted after ${count(judged.length)}`
        : 'all judged'
      : `a sample of ${count(judged.length)} judged (--sample ${judged.length} --seed ${seed}, dealt out in turn to every kind of fault in every field, result and command)`;
  const survivors = similar(judged.filter(({ fate }) => fate.kind === 'survived'));
  const shown = survivors.slice(0, mostSurvivors);
  const left = survivors.length - shown.length;
  return {
    kind: 'section',
    title: `${scopeName(scope)}, one fault at a time in the decision tables`,
    blocks: [
      {
        kind: 'paragraph',
        lines: [
          `${plural(states, 'state')}, ${plural(rows, 'row')} (${count(rowsLeftOut)} without mutants: calls that are disabled or panic), ${plural(mutants, 'mutant')}: ${sample}.` +
            `${violated.length > 0 ? ` Violated without a fault, and blind to any: ${violated.map(({ id }) => id).join(', ')}.` : ''}`,
        ],
        tight: true,
      },
      {
        kind: 'table',
        head,
        rows: [
          ...faults.map((kind) =>
            row(
              short[kind] ?? kind,
              judged.filter(({ mutant }) => mutant.fault.kind === kind),
            ),
          ),
          row('all', judged),
        ],
        right: head.slice(1),
      },
      {
        kind: 'paragraph',
        lines: [
          'property: a property is violated. witness: none is, but one that was reached no longer is. error: a state leaves its domain, or a function throws. ' +
            'same: no reachable call differs. caught: property, witness or error, of these and those that survived.' +
            (undecided > 0 ? ` Not decided, having too many states: ${plural(undecided, 'mutant')}.` : ''),
        ],
      },
      ...(survivors.length > 0
        ? [
            {
              kind: 'list',
              intro: `${plural(survivors.length, 'kind')} of survivors: no property notices when`,
              items: shown.map(({ first, others }) => survivorItem(first.mutant, others)),
            } as const,
          ]
        : []),
      ...(left > 0
        ? [
            {
              kind: 'paragraph',
              lines: [`and ${plural(left, 'kind')} more (--json has every one)`],
              indent: 2,
              tight: true,
            } as const,
          ]
        : []),
    ],
  };
};

interface Similar {
  readonly first: Judgment;
  readonly others: number;
}

/** Survivors with the same fault in the same kind of field, result and command, the one with the shortest trace first. */
const similar = (survivors: readonly Judgment[]): Similar[] => {
  const groups = new Map<string, Judgment[]>();
  for (const one of survivors) {
    const { command, outcome, fault } = one.mutant;
    const field =
      'path' in fault ? withoutIndices(fault.path) : 'like' in fault ? String(fault.like === undefined) : '';
    const key = JSON.stringify([command.kind, describeOutcome(outcome), fault.kind, field]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const length = ({ mutant }: Judgment) => mutant.trace?.length ?? 0;
  return [...groups.values()].map((group) => ({
    first: group.reduce((best, one) => (length(one) < length(best) ? one : best)),
    others: group.length - 1,
  }));
};

const survivorItem = (mutant: MutantCase, others: number): Item => ({
  text: `${describeCommand(mutant.command)} ${faultWords(mutant)}${others > 0 ? ` (and ${count(others)} like it)` : ''}`,
  below: [
    ...(mutant.where.length > 0 ? [`where ${whereWords(mutant.where)}`] : []),
    dim(`first: ${(mutant.trace ?? []).map(describeCommand).join('; ')}`),
  ],
});

/** What the faulty call does, beside what it should. */
const faultWords = ({ outcome, fault, like }: MutantCase): string => {
  const result = describeOutcome(outcome);
  switch (fault.kind) {
    case 'refusal dropped':
      return `succeeds instead of ${result}, ${like ? `as where ${whereWords(like)}` : 'changing nothing more'}`;
    case 'errno changed':
      return `returns -${fault.to} instead of ${result}`;
    case 'write dropped':
      return `(${result}) does not write ${fault.path} := ${fault.was}`;
    case 'other value written':
      return `(${result}) writes ${fault.path} := ${fault.value} instead of ${fault.was}`;
  }
};

/** Conditions that are shown; of more, the first and the last. */
const mostConditions = 6;

const whereWords = (where: readonly { readonly path: string; readonly value: Value }[]): string => {
  const words = where.map(({ path, value }) => `${path}=${value}`);
  if (words.length <= mostConditions) return words.join(', ');
  return `${words.slice(0, mostConditions - 1).join(', ')} and ${count(words.length - mostConditions + 1)} more`;
};
