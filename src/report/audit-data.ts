import type { AuditResult, Rule, RuleResult } from '../audit/result.ts';
import { describeCommand } from '../spec/model.ts';
import { changeWords, conditionWords } from './rule-words.ts';

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
const reasonOf = (result: RuleResult): string => {
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
