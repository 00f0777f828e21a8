import { type Ablation, type Combinations, type Flip, mostSwitches } from '../audit/ablation.ts';
import type { TwoCalls } from '../audit/difference.ts';
import { withoutIndices } from '../audit/mutant-sample.ts';
import type { Fault, Value } from '../audit/mutants.ts';
import type { Fate, Judgment, MutantCase, MutationAudit } from '../audit/mutation.ts';
import type { CheckResult } from '../job/check.ts';
import { describeCommand } from '../spec/model.ts';
import { describeOutcome, type Outcome } from '../spec/outcome.ts';
import { type Block, blocksMail, blocksMarkdown, blocksText, closingBlocks, type Item, paragraph } from './blocks.ts';
import { checkJson } from './json.ts';
import { matrixMail, matrixMarkdown, matrixText } from './matrix.ts';
import { type Style, styleOf } from './style.ts';
import { boundWords, count, plural, scopeName, settings } from './words.ts';

/** What `review` found out; the parts that were not asked for, or not come to, are missing. */
export interface Review {
  readonly matrix: readonly CheckResult[];
  readonly ablation: Ablation | undefined;
  readonly mutation: MutationAudit | undefined;
  /** Whether an error ended the review, so that what is behind it is missing. */
  readonly unfinished?: boolean;
}

/** The report of `review`. */
export const reviewText = (review: Review, style: Style): string =>
  `${[
    ...(review.matrix.length > 0 ? [matrixText(review.matrix, style).trimEnd()] : []),
    blocksText(reviewBlocks(review, style), style).trimEnd(),
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`;

/** For a mailing list: the same in 72 columns, and how to do it again. `command`: the command line. */
export const reviewMail = (review: Review, command: readonly string[]): string =>
  [
    ...(review.matrix.length > 0 ? [matrixMail(review.matrix)] : []),
    blocksMail([...reviewBlocks(review, styleOf(false)), ...closing(review, command)]),
  ].join('\n');

/** For an issue or a merge request. */
export const reviewMarkdown = (review: Review, command: readonly string[]): string =>
  [
    ...(review.matrix.length > 0 ? [matrixMarkdown(review.matrix)] : []),
    blocksMarkdown([...reviewBlocks(review, styleOf(false)), ...closing(review, command)]),
  ].join('\n');

const reviewBlocks = ({ ablation, mutation, unfinished }: Review, style: Style): Block[] => [
  ...(ablation ? ablationBlocks(ablation, style) : []),
  ...(mutation ? mutationBlocks(mutation, style) : []),
  ...(unfinished ? [paragraph('Not finished: an error ended the review before all of it was done.')] : []),
];

const closing = ({ ablation }: Review, command: readonly string[]): Block[] =>
  closingBlocks(command, [
    `No other configuration than ${(ablation && settings(ablation.scope.config)) || 'the only one there is'}.`,
    "No other property than those of the model's suite.",
  ]);

function ablationBlocks(ablation: Ablation, style: Style): Block[] {
  const { scope, doc, states, bound, holds, violated, flips } = ablation;
  const base = scopeName(scope);
  const rows = flips.flatMap((flip) => flipRows(flip, style));
  const about = [doc, settings(scope.switches)].filter((part) => part !== '').join('; ');
  const standing = bound
    ? `Incomplete (${boundWords(bound)}): of ${plural(states, 'state')} nothing is proved, so that no switch can break it.`
    : `As it is, ${plural(holds.length, 'property holds', 'properties hold')} in ${plural(states, 'state')}` +
      `${violated.length > 0 ? `; left out, since violated as it is: ${violated.map(({ id }) => id).join(', ')}` : ''}.`;
  return [
    { kind: 'heading', text: `${base}, one switch set otherwise at a time` },
    { kind: 'paragraph', lines: [...(about === '' ? [] : [`${scope.variant}: ${about}.`]), standing], tight: true },
    rows.length > 0
      ? { kind: 'table', head: ['with', 'breaks', 'trace'], rows, right: ['trace'] }
      : paragraph(Object.keys(scope.switches).length > 0 ? 'No switch was set otherwise.' : 'There is no switch.'),
    ...(ablation.interrupted
      ? [paragraph('Interrupted: switches that are not in the table were not set otherwise.')]
      : []),
    ...noteBlocks(ablation),
    ...(ablation.combinations ? combinationBlocks(ablation.combinations, base) : []),
    ...(ablation.tooMany === undefined
      ? []
      : [
          paragraph(
            `Minimal sets of switches are not looked for: ${count(ablation.tooMany)} switches have two values, more than ${mostSwitches}.`,
          ),
        ]),
  ];
}

const flipRows = ({ name, value, breaks, bound }: Flip, style: Style): string[][] => {
  const setting = `${name}=${value}`;
  if (breaks.length === 0) return [[setting, bound ? style.yellow('? (not complete)') : style.dim('nothing'), '']];
  return breaks.map(({ property, trace }, i) => [
    i === 0 ? setting : '',
    style.red(property.id),
    String(trace.commands.length),
  ]);
};

/** What the table does not say: a check that breaks nothing is not thereby useless. */
const noteBlocks = ({ flips }: Ablation): Block[] => {
  const ended = flips.flatMap(({ name, value, bound }) =>
    bound ? [`${name}=${value} may break more: the search was not complete (${boundWords(bound)}).`] : [],
  );
  const endedBlocks = ended.length > 0 ? [paragraph(...ended)] : [];
  const redundant = flips.filter(({ breaks, bound }) => breaks.length === 0 && !bound);
  const lines = redundant.map(({ name, value, environment, shows, mends, unreached, notJudged, violatedNow }) => {
    const what =
      shows === 'none'
        ? 'no reachable call differs at all'
        : shows === 'other reach'
          ? 'no call differs that both have, but not the same states are reached, or not the same calls are there'
          : shows === 'other states'
            ? 'its states have other fields or values, so that calls are not compared'
            : shows
              ? `calls differ, first by ${shows.commands.map(describeCommand).join('; ')}: ${bothWords(shows.last)}`
              : 'whether calls differ was not looked at';
    const more = [
      ...(mends.length > 0 ? [`it mends ${mends.map(({ id }) => id).join(', ')}`] : []),
      ...(unreached.length > 0 ? [`no longer reached: ${unreached.map(({ id }) => id).join(', ')}`] : []),
      ...(notJudged.length > 0 ? [`has no meaning then: ${notJudged.map(({ id }) => id).join(', ')}`] : []),
      ...(violatedNow.length > 0
        ? [`has a meaning only then, and fails: ${violatedNow.map(({ id }) => id).join(', ')}`]
        : []),
    ];
    return { environment, line: `${name}=${value} breaks nothing; ${[what, ...more].join('; ')}.` };
  });
  const ofCode = lines.filter(({ environment }) => !environment).map(({ line }) => line);
  const ofWorld = lines.filter(({ environment }) => environment).map(({ line }) => line);
  const meaning =
    'A check that can be left out so is redundant in this configuration, by these properties and while the other switches are as they are; no more is said.';
  const world = 'Not of the code but of the world that it runs in, so that nothing is redundant here:';
  return [
    ...endedBlocks,
    ...(ofCode.length > 0 ? [paragraph(...ofCode, meaning)] : []),
    ...(ofWorld.length > 0 ? [paragraph(world, ...ofWorld)] : []),
  ];
};

const bothWords = ({ a, b }: TwoCalls): string => {
  const [now, then] = [outcomeWords(a), outcomeWords(b)];
  return now === then ? `${now}, with another effect` : `${now}, then ${then}`;
};

const outcomeWords = (outcome: Outcome<unknown> | undefined): string =>
  outcome ? describeOutcome(outcome) : 'no such state';

function combinationBlocks(
  { names, minimal, sets, replayed, searched, implied, left }: Combinations,
  base: string,
): Block[] {
  const asked = `Which of ${names.join(', ')} it takes, any other switch as in ${base}:`;
  const found = minimal.map((one) => {
    const notes = [
      ...(one.others.length > 0 ? [`with ${one.others.join(', ')}`] : []),
      plural(one.states, 'state'),
      ...(one.unreached > 0 ? [`${plural(one.unreached, 'witness', 'witnesses')} unreached`] : []),
    ];
    return { text: `${one.names.length > 0 ? one.names.join(' + ') : 'none of them'} (${notes.join(', ')})` };
  });
  const everywhere = names.filter((name) => minimal.every((one) => one.names.includes(name)));
  const nowhere = names.filter((name) => !minimal.some((one) => one.names.includes(name)));
  const how =
    `Of ${plural(sets, 'set')}, ${count(searched)} searched, ${count(replayed)} refuted by a trace that was run on them` +
    `${implied > 0 ? `, ${count(implied)} left out because a part of them is enough` : ''}.`;
  const rest = left
    ? `Not decided: ${plural(left.sets, 'set')}, ${left.why === 'budget' ? 'the budget of searches being spent' : left.why === 'bound' ? 'a search having come to its bound' : 'having been interrupted'}. There may be other minimal sets.`
    : minimal.length > 0
      ? `${everywhere.length > 0 ? `In every one: ${everywhere.join(', ')}. ` : ''}${nowhere.length > 0 ? `In none: ${nowhere.join(', ')}.` : ''}`.trim()
      : '';
  const intro =
    minimal.length > 0
      ? `  minimal ${minimal.length === 1 ? 'set that keeps' : 'sets that keep'} every property:`
      : left
        ? '  none found so far'
        : '  no set keeps every property';
  return [
    paragraph(asked),
    { kind: 'list', intro, items: found, tight: true },
    { kind: 'paragraph', lines: [...(rest === '' ? [] : [rest]), how], tight: true },
  ];
}

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

const counted = (judged: readonly Judgment[]): Map<Fate['kind'], number> => {
  const counts = new Map<Fate['kind'], number>();
  for (const { fate } of judged) counts.set(fate.kind, (counts.get(fate.kind) ?? 0) + 1);
  return counts;
};

function mutationBlocks(audit: MutationAudit, style: Style): Block[] {
  const { scope, states, rows, rowsLeftOut, mutants, seed, judged, violated, interrupted } = audit;
  const row = (name: string, of: readonly Judgment[]) => {
    const counts = counted(of);
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
  return [
    { kind: 'heading', text: `${scopeName(scope)}, one fault at a time in the decision tables` },
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
            items: shown.map(({ first, others }) => survivorItem(first.mutant, others, style)),
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
  ];
}

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

const survivorItem = (mutant: MutantCase, others: number, style: Style): Item => ({
  text: `${describeCommand(mutant.command)} ${faultWords(mutant)}${others > 0 ? ` (and ${count(others)} like it)` : ''}`,
  below: [
    ...(mutant.where.length > 0 ? [`where ${whereWords(mutant.where)}`] : []),
    style.dim(`first: ${(mutant.trace ?? []).map(describeCommand).join('; ')}`),
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

/** The result of `review --json`. */
export const reviewJson = ({ matrix, ablation, mutation, unfinished = false }: Review): object => ({
  format: 'pagelaw review',
  version: 1,
  ...(unfinished && { unfinished }),
  matrix: checkJson(matrix),
  ablation: ablation
    ? {
        model: ablation.scope.model,
        variant: ablation.scope.variant,
        config: ablation.scope.config,
        configuration: settings(ablation.scope.config),
        switches: ablation.scope.switches,
        states: ablation.states,
        bound: ablation.bound ?? null,
        holds: ablation.holds.map(({ id }) => id),
        violated: ablation.violated.map(({ id }) => id),
        flips: ablation.flips.map((flip) => ({
          switch: flip.name,
          value: flip.value,
          states: flip.states,
          bound: flip.bound ?? null,
          breaks: flip.breaks.map(({ property, trace }) => ({
            id: property.id,
            trace: trace.commands.map(describeCommand),
            loop: trace.loop ?? null,
          })),
          mends: flip.mends.map(({ id }) => id),
          notJudged: flip.notJudged.map(({ id }) => id),
          violatedNow: flip.violatedNow.map(({ id }) => id),
          environment: flip.environment,
          unreached: flip.unreached.map(({ id }) => id),
          firstDifference: typeof flip.shows === 'object' ? flip.shows.commands.map(describeCommand) : null,
          sameBehaviour: flip.shows === 'none',
          otherStates: flip.shows === 'other states',
        })),
        combinations: ablation.combinations ?? null,
        tooManySwitches: ablation.tooMany ?? null,
      }
    : null,
  mutation: mutation
    ? {
        states: mutation.states,
        rows: mutation.rows,
        rowsLeftOut: mutation.rowsLeftOut,
        mutants: mutation.mutants,
        judged: mutation.judged.length,
        seed: mutation.seed ?? null,
        fates: Object.fromEntries(counted(mutation.judged)),
        caughtBy: caughtBy(mutation),
        survivors: mutation.judged
          .filter(({ fate }) => fate.kind === 'survived')
          .map(({ mutant }) => ({
            call: describeCommand(mutant.command),
            result: describeOutcome(mutant.outcome),
            where: Object.fromEntries(mutant.where.map(({ path, value }) => [path, value])),
            fault: mutant.fault.kind === 'refusal dropped' ? { kind: mutant.fault.kind } : mutant.fault,
            like: mutant.like ? Object.fromEntries(mutant.like.map(({ path, value }) => [path, value])) : null,
            first: (mutant.trace ?? []).map(describeCommand),
          })),
      }
    : null,
});

/** By property: mutants that it was the first to catch. */
const caughtBy = ({ properties, judged }: MutationAudit): Record<string, number> =>
  Object.fromEntries(
    properties.map(({ id }) => [id, judged.filter(({ fate }) => 'property' in fate && fate.property.id === id).length]),
  );
