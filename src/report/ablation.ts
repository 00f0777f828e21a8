import type { Ablation, Flip } from '../audit/ablation.ts';
import { type Combinations, mostSwitches } from '../audit/combinations.ts';
import type { TwoCalls } from '../audit/difference.ts';
import { describeCommand } from '../spec/model.ts';
import { describeOutcome, type Outcome } from '../spec/outcome.ts';
import { type Block, bad, dim, doubtful, paragraph, type Section, tightParagraph, type Words } from './document.ts';
import { boundWords, count, plural, scopeName, settings } from './words.ts';

/** Which property each switch of a variant bears, and the smallest sets of switches that keep all. */
export const ablationSection = (ablation: Ablation): Section => {
  const { scope, doc, states, bound, holds, violated, flips } = ablation;
  const base = scopeName(scope);
  const rows = flips.flatMap((flip) => flipRows(flip));
  const about = [doc, settings(scope.switches)].filter((part) => part !== '').join('; ');
  const standing = bound
    ? `Incomplete (${boundWords(bound)}): of ${plural(states, 'state')} nothing is proved, so that no switch can break it.`
    : `As it is, ${plural(holds.length, 'property holds', 'properties hold')} in ${plural(states, 'state')}` +
      `${violated.length > 0 ? `; left out, since violated as it is: ${violated.map(({ id }) => id).join(', ')}` : ''}.`;
  return {
    kind: 'section',
    title: `${base}, one switch set otherwise at a time`,
    blocks: [
      tightParagraph(...(about === '' ? [] : [`${scope.variant}: ${about}.`]), standing),
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
    ],
  };
};

const flipRows = ({ name, value, breaks, bound }: Flip): Words[][] => {
  const setting = `${name}=${value}`;
  if (breaks.length === 0) return [[setting, bound ? doubtful('? (not complete)') : dim('nothing'), '']];
  return breaks.map(({ property, trace }, i) => [
    i === 0 ? setting : '',
    bad(property.id),
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

const combinationBlocks = (
  { names, minimal, sets, replayed, searched, implied, left }: Combinations,
  base: string,
): Block[] => {
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
      ? `minimal ${minimal.length === 1 ? 'set that keeps' : 'sets that keep'} every property:`
      : left
        ? 'none found so far'
        : 'no set keeps every property';
  return [
    paragraph(asked),
    { kind: 'list', intro, items: found, tight: true },
    tightParagraph(...(rest === '' ? [] : [rest]), how),
  ];
};
