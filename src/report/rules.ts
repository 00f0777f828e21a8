import type { AuditResult, LikeCases, Rule, RuleTable } from '../audit/result.ts';
import type { Case, CaseField, Section } from './document.ts';
import { callRange, callsWords, changesWords, conditionWords, resultWords } from './rule-words.ts';
import { count, plural } from './words.ts';

/** The cases of each command: what is read, what the call does, what it sets. */
export const rulesSection = (result: AuditResult): Section => ({
  kind: 'section',
  title: 'Rules',
  blocks: [
    { kind: 'paragraph', lines: rulesLegend(result), tight: true },
    ...result.tables.map((table) => tableSection(table, result)),
  ],
});

/** Ranges of arguments that are longer than this have a line each. */
const longRange = 78;

const tableSection = (table: RuleTable, result: AuditResult): Section => {
  const { call, values } = callRange(table);
  const onLine = callsWords(table);
  const isLong = values.length > 1 && onLine.length > longRange;
  const ranges = values.map((words, i) => `${i === 0 ? '' : 'or '}${words}${i < values.length - 1 ? ';' : ''}`);
  return {
    kind: 'section',
    title: isLong ? `${call},` : onLine,
    blocks: [
      ...(isLong ? [{ kind: 'paragraph', lines: ranges, indent: 2, tight: true } as const] : []),
      {
        kind: 'cases',
        lead: ['#', 'calls'],
        labels: ['if', 'then', 'sets'],
        rows: casesOf(table, result),
        tight: true,
      },
    ],
  };
};

/** What the words of the rules mean: those that occur in them. A sentence or two in each string. */
const rulesLegend = ({ bound, tables }: AuditResult): string[] => {
  const rules = tables.flatMap((one) => one.rules);
  const families = rules.flatMap(({ family }) => family ?? []);
  return [
    'if: what the function reads, in its order; calls: in the shortest trace that shows the case, this call included; ' +
      `${bound ? 'not seen: by no state before the bound' : 'dead: no reachable state takes it'}.`,
    ...(families.length > 0 ? ['in n cases: one row for n that have one result; --command shows each.'] : []),
    ...(rules.some(({ onlyIf }) => onlyIf) ? ['only: what all cases of a result have in common.'] : []),
    ...(families.some(({ untried }) => untried) || rules.some(({ result }) => result.kind === 'untried')
      ? [
          `not tried, not all tried: states that are ${bound ? 'not seen' : 'unreachable'} are too many to run the function in each, so there may be ` +
            `more such cases, with other results.${bound ? '' : ' No case of a reachable state is left out.'}`,
        ]
      : []),
  ];
};

/** The number of calls of a rule's witness, or that it has none. */
const witnessWords = ({ witness, result }: Rule, { bound }: AuditResult): string => {
  if (witness !== undefined) return String(witness);
  if (result.kind === 'untried') return '?';
  return bound ? 'not seen' : 'dead';
};

/** What a rule leaves out that stands for several cases. */
const familyWords = ({ live, dead, untried, reads }: LikeCases, { bound }: AuditResult): string => {
  const kind = bound ? 'case not seen' : 'dead case';
  const seen = live[1] > 0 ? [`in ${boundsWords(live, 'case')}`] : [];
  const unseen = dead[1] > 0 ? [boundsWords(dead, kind, kind.replace('case', 'cases'))] : [];
  const cases = [...seen, ...unseen].join(' and ');
  return `${cases === '' ? 'cases' : cases}${untried ? ' (not all tried)' : ''}, told apart by ${reads.join(', ')}`;
};

const boundsWords = ([least, most]: LikeCases['live'], one: string, many = `${one}s`): string =>
  least === most ? plural(most, one, many) : `${count(least)} to ${plural(most, one, many)}`;

/** More cases than this that no explored state takes are only counted. */
const mostUnseen = 24;

/** The rules that are told one by one, and a row for the others. */
const shortened = (
  { rules }: RuleTable,
  result: AuditResult,
): { readonly shown: readonly Rule[]; readonly rest?: { readonly calls: string; readonly words: string } } => {
  const unseen = rules.filter(({ witness }) => witness === undefined);
  if (unseen.length <= mostUnseen) return { shown: rules };
  const untried = unseen.filter((rule) => rule.result.kind === 'untried').length;
  const words = `${plural(unseen.length - untried, 'more case')}${untried > 0 ? `, and ${count(untried)} not tried` : ''} (--format csv has each)`;
  return {
    shown: rules.filter(({ witness }) => witness !== undefined),
    rest: { calls: result.bound ? 'not seen' : 'dead', words },
  };
};

const casesOf = (table: RuleTable, result: AuditResult): Case[] => {
  const { shown, rest } = shortened(table, result);
  const rows = shown.map((rule, i) => ({
    lead: [String(i + 1), witnessWords(rule, result)],
    fields: fieldsOf(rule, result),
    isDim: rule.witness === undefined,
  }));
  if (!rest) return rows;
  const fields = [{ label: 'then', shown: '', items: [rest.words], isCode: false }];
  return [...rows, { lead: [String(shown.length + 1), rest.calls], fields, isDim: true }];
};

const fieldsOf = (rule: Rule, result: AuditResult): CaseField[] => {
  const { conditions, family, changes, onlyIf } = rule;
  const writes = family?.writes ?? [];
  const conditionsShown = conditions.length > 0 || onlyIf ? conditions.map(conditionWords) : ['always'];
  const fields: CaseField[] = [
    { label: 'if', shown: onlyIf ? 'only' : 'if', items: conditionsShown, isCode: conditions.length > 0 },
    { label: 'then', items: [resultWords(rule.result)], isCode: false },
    { label: 'then', shown: '', items: family ? [familyWords(family, result)] : [], isCode: false },
    { label: 'sets', items: changesWords(changes), isCode: true },
    {
      label: 'sets',
      shown: changes.length === 0 ? 'sets' : '',
      items: writes.length > 0 ? [`in some cases ${writes.join(', ')}`] : [],
      isCode: false,
    },
  ];
  return fields.filter(({ items }) => items.length > 0);
};
