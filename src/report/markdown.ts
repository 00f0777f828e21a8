import { describeCommand } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import { drawingLegend, drawingText, marked } from './drawing.ts';
import { code, fenced, inCell, inText } from './markdown-text.ts';
import { brokenWords, type Finding, type Report, shellWords } from './report.ts';
import { changesOf } from './trace.ts';
import { scopeName, settings, statementOf } from './words.ts';

/** Markdown for an issue or a review: a table of verdicts, and each counterexample as a Mermaid sequence and in words. */
export const markdown = (reports: readonly Report[]): string =>
  `${reports.map((report) => reportText(report)).join('\n\n')}\n`;

const reportText = (report: Report): string => {
  const { scope, title, legend, findings } = report;
  const counterexamples = findings.filter(({ counterexample }) => counterexample);
  const others = findings.filter(({ property, status }) => !(property.witness && status === 'passed'));
  const witnesses = findings.length - others.length;
  return [
    `## ${inText(scopeName(scope))}`,
    inText(title),
    [
      '| property | verdict | calls | statement |',
      '|---|---|--:|---|',
      ...others.map(row),
      ...(witnesses > 0 ? [`| witnesses: ${witnesses} | reached | | |`] : []),
    ].join('\n'),
    ...counterexamples.map((finding) => counterexampleText(report, finding)),
    [
      `**Scope.** ${inText(report.how)}: ${inText(report.covered)}`,
      ...(report.crossChecked === undefined ? [] : [inText(report.crossChecked)]),
      ...[settings(scope.config), settings(scope.switches)].filter((line) => line !== '').map(code),
      ...(legend === undefined ? [] : [inText(legend)]),
    ].join('  \n'),
    ['**Not checked.**', '', ...report.notChecked.map((line) => `- ${inText(line)}`)].join('\n'),
  ].join('\n\n');
};

const row = ({ property, verdict, status, note, counterexample }: Finding): string => {
  const said = [statementOf(property), note].filter((words) => words !== '').join(' ');
  const shown = status === 'known' ? `${verdict} (known)` : status === 'failed' ? `**${verdict}**` : verdict;
  return `| ${property.id} | ${shown} | ${counterexample?.steps.length ?? ''} | ${inCell(said)} |`;
};

const counterexampleText = (report: Report, finding: Finding): string => {
  const { property, counterexample, status, verdict } = finding;
  const { steps, trace, command } = counterexample!;
  const last = steps.at(-1);
  const drawn =
    report.draw &&
    drawingText(marked(report.draw(last?.outcome.state ?? report.initial), last && report.draw(last.before)), '');
  return [
    `### ${property.id}: ${verdict}${status === 'known' ? ' (known)' : ''}`,
    inText(statementOf(property)),
    fenced('mermaid', sequence(report, finding)),
    [
      ...(steps.length === 0 ? ['In the initial state.'] : []),
      ...steps.map(
        ({ command, outcome }, i) =>
          `${i + 1}. ${code(describeCommand(command))}: ${inText(describeOutcome(outcome))}${i === trace.loop ? ' (from here on, over and over)' : ''}`,
      ),
      '',
      `${inText(brokenWords(trace))}.`,
    ].join('\n'),
    ...(drawn ? [`The state then (${drawingLegend}):`, fenced('text', drawn)] : []),
    fenced('sh', shellWords(command)),
  ].join('\n\n');
};

/**
 * A Mermaid sequence diagram: who calls, what is returned, and what changes. In a model with threads each thread is a participant;
 * in others there is one caller.
 */
const sequence = (report: Report, { counterexample }: Finding): string => {
  const { steps, trace } = counterexample!;
  const callers = [...new Set(steps.map((step) => report.lane?.(step)?.thread ?? 'caller'))];
  const idOf = (name: string) => `C${callers.indexOf(name)}`;
  const lines = steps.flatMap((step, i) => {
    const lane = report.lane?.(step);
    const caller = idOf(lane?.thread ?? 'caller');
    const { result } = step.outcome;
    const changes = changesOf(step).map(([path, was, is]) => inDiagram(`${path}: ${was} -> ${is}`));
    return [
      ...(i === trace.loop ? ['loop over and over'] : []),
      `${caller}->>K: ${inDiagram(lane?.step ?? describeCommand(step.command))}`,
      ...(changes.length > 0 ? [`Note over K: ${changes.join('<br/>')}`] : []),
      `K-${result === 'ok' ? '->>' : '-x'}${caller}: ${inDiagram(describeOutcome(step.outcome))}`,
    ];
  });
  return [
    'sequenceDiagram',
    ...callers.map((name) => `participant ${idOf(name)} as ${inDiagram(name)}`),
    `participant K as ${inDiagram(report.scope.model)}`,
    ...lines,
    ...(trace.loop === undefined ? [] : ['end']),
    `Note over K: ${inDiagram(brokenWords(trace))}`,
  ]
    .map((line, i) => (i === 0 ? line : `    ${line}`))
    .join('\n');
};

/** Mermaid takes `;` for the end of a statement, `#` for the start of an entity, and markup for markup. */
const inDiagram = (text: string): string =>
  text.replaceAll(/[#&;<>"%]/g, (sign) => `#${sign.charCodeAt(0)};`).replaceAll(/\s+/g, ' ');
