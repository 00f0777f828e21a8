import { matrixOf } from '../audit/matrix.ts';
import type { AuditResult, LifeCycle, Result, Rule, RuleTable } from '../audit/result.ts';
import { describeCommand } from '../spec/model.ts';
import {
  cellWords,
  exploredWords,
  familyWords,
  givenWords,
  lifeTitle,
  matrixTitle,
  noClasses,
  rulesLegend,
  shortened,
  subjectOf,
  witnessWords,
} from './audit.ts';
import { mermaidOf } from './life-graph.ts';
import { code, fenced, inText, markdownTable } from './markdown-text.ts';
import { callsWords, changesWords, changeWords, conditionWords, resultWords } from './rule-words.ts';
import { scopeName, settings } from './words.ts';

/** The same as the text, as Markdown with a Mermaid picture. */
export const auditMarkdown = (result: AuditResult, refusals: boolean): string => {
  const { scope, title, legend, tables, life } = result;
  const head = [
    `# ${inText(scopeName(scope))}: ${inText(title)}`,
    inText([settings(scope.config), exploredWords(result)].filter((part) => part !== '').join('; ')),
    ...(result.environment.length > 0 ? [inText(givenWords(result))] : []),
    ...(legend === undefined ? [] : [inText(legend)]),
  ];
  const rules = tables.flatMap((one) => [`### ${code(callsWords(one))}`, rulesMarkdown(one, result)]);
  return `${[
    ...head,
    ...(life ? lifeMarkdown(life, refusals) : [noClasses(result)]),
    ...(rules.length === 0
      ? []
      : [
          '## Rules',
          rulesLegend(result)
            .map((line) => `- ${inText(line)}`)
            .join('\n'),
          ...rules,
        ]),
  ].join('\n\n')}\n`;
};

const rulesMarkdown = (table: RuleTable, result: AuditResult): string => {
  const { shown, rest } = shortened(table, result);
  const rows = shown.map((rule, i) => [
    String(i + 1),
    witnessWords(rule, result),
    lines(rule.conditions.map((one) => code(conditionWords(one)))) || 'always',
    lines([resultWords(rule.result), ...(rule.family ? [familyWords(rule.family, result)] : [])].map(inText)),
    lines([...changesWords(rule.changes), ...(rule.family?.writes ?? []).map((path) => `${path} (some)`)].map(code)),
  ]);
  if (rest) rows.push([String(shown.length + 1), rest.calls, '', inText(rest.words), '']);
  return markdownTable(['#', 'calls', 'if', 'then', 'sets'], rows);
};

const lines = (parts: readonly string[]) => parts.join('<br>');

const lifeMarkdown = (life: LifeCycle, refusals: boolean): string[] => {
  const { commands, rows } = matrixOf(life);
  return [
    `## ${inText(matrixTitle(life))}`,
    markdownTable(
      [inText(subjectOf(life)), ...commands.map(code)],
      rows
        .filter(({ cells }) => cells.some((one) => one.length > 0))
        .map(({ from, cells }) => [inText(from), ...cells.map((one) => lines(cellWords(one, String).map(inText)))]),
    ),
    `## ${inText(lifeTitle(life))}`,
    fenced('mermaid', mermaidOf(life, refusals).trimEnd()),
  ];
};

/** One line for each rule (RFC 4180). */
export const auditCsv = (result: AuditResult): string => {
  const head = [
    'command',
    'calls',
    'case',
    'conditions',
    'result',
    'errno',
    'reason',
    'changes',
    'standing',
    'witness',
  ];
  const rows = result.tables.flatMap((one) =>
    one.rules.map((rule, i) => [
      one.command,
      one.calls.map(describeCommand).join('; '),
      String(i + 1),
      rule.conditions.map(conditionWords).join('; '),
      rule.result.kind,
      'errno' in rule.result ? rule.result.errno : '',
      reasonOf(rule.result),
      rule.changes.map(changeWords).join('; '),
      standingOf(rule, result),
      rule.witness === undefined ? '' : String(rule.witness),
    ]),
  );
  return [head, ...rows].map((row) => `${row.map(csvField).join(',')}\r\n`).join('');
};

/** Why a call is refused; of a success, what it returns. */
const reasonOf = (result: Result): string => {
  if ('reason' in result) return result.reason;
  return result.kind === 'ok' && result.value !== undefined ? `returned ${result.value}` : '';
};

const csvField = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const standingOf = ({ witness, result }: Rule, { bound }: AuditResult): 'live' | 'dead' | 'not seen' | 'untried' => {
  if (witness !== undefined) return 'live';
  if (result.kind === 'untried') return 'untried';
  return bound ? 'not seen' : 'dead';
};

/** The result of `audit --format json`. */
export const auditJson = (result: AuditResult): object => {
  const { scope, title, states, depth, bound, tables, life } = result;
  return {
    format: 'pagelaw audit',
    version: 1,
    model: scope.model,
    title,
    variant: scope.variant,
    config: scope.config,
    switches: scope.switches,
    flipped: scope.flipped,
    covered: { states, depth },
    bound: bound ?? null,
    tables: tables.map(({ command, calls, parameters, rules }) => ({
      command,
      calls,
      parameters,
      rules: rules.map((rule) => ({ ...rule, witness: rule.witness ?? null, standing: standingOf(rule, result) })),
    })),
    life: life ? { ...life, movements: life.movements.map((one) => ({ ...one, to: one.to ?? null })) } : null,
  };
};
