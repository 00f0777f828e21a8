import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CheckResult, check } from '../../src/job/check.ts';
import { describeCommand, describeOutcome, type Suite } from '../../src/spec/index.ts';
import type { Choices } from '../../src/system/scope.ts';

export const exhaustive = (suite: Suite, choices: Choices = {}, properties?: readonly string[]) =>
  check(suite, choices, { kind: 'exhaustive' }, properties ? { properties } : {});

const checkedProperty = (result: CheckResult, id: string) =>
  result.properties.find(({ property }) => property.id === id);

/** The shortest trace that breaks a property, as calls, the last with its result, an endless loop after `for ever: `; else the verdict. */
export const trace = (result: CheckResult, id: string): string => {
  const checked = checkedProperty(result, id);
  if (!checked?.steps || checked.verdict.kind !== 'violated') return checked?.verdict.kind ?? 'not judged';
  const loop = checked.verdict.trace?.loop;
  const last = checked.steps.at(-1)!;
  const calls = checked.steps
    .map(({ command }, i) => `${i === loop ? 'for ever: ' : ''}${describeCommand(command)}`)
    .join('; ');
  return last.outcome.result === 'ok' ? calls : `${calls} = ${describeOutcome(last.outcome)}`;
};

/** A verdict as a cell of a table: `holds`, `3` for violated in three calls, `unreached` for a witness, `-` where it does not apply. */
export const cell = (result: CheckResult, id: string): string => {
  const checked = checkedProperty(result, id);
  if (!checked) return '-';
  if (checked.verdict.kind !== 'violated') return checked.property.witness ? 'reached' : 'holds';
  return checked.steps ? String(checked.steps.length) : 'unreached';
};

export const broken = (result: CheckResult) =>
  result.properties.filter(({ verdict }) => verdict.kind !== 'proved').map(({ property }) => property.id);

/** The rows of the README's table whose first header cell is `first`, cell by cell, the header first. Code marks are taken off. */
export const readmeTable = (model: string, first: string): string[][] => {
  const lines = readFileSync(join(import.meta.dirname, `../../model/${model}/README.md`), 'utf8').split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${first} |`));
  const table = lines.slice(start, lines.indexOf('', start));
  const rows = table.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((text) => text.trim().replaceAll('`', '')),
  );
  return rows.filter((_, i) => i !== 1);
};
