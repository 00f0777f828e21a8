import { describeCommand } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import { columns } from './blocks.ts';
import { drawingLegend, drawingText, marked } from './drawing.ts';
import { brokenWords, commandText, type Finding, type Report } from './report.ts';
import { changesOf } from './trace.ts';
import { plural, scopeName, settings, statementOf, wrapped } from './words.ts';

const width = columns.mail;

/** Plain text to send to a mailing list: what was found, how to see it again, and what was not looked at. */
export const mail = (reports: readonly Report[]): string =>
  `${reports.map(reportText).join(`\n\n${'-'.repeat(width)}\n\n`)}\n`;

const reportText = (report: Report): string => {
  const { scope, title, legend, findings } = report;
  const shown = findings.filter(
    ({ status, property, verdict }) => status !== 'passed' && !(property.witness && verdict === 'not found'),
  );
  const withTrace = shown.filter(({ counterexample }) => counterexample);
  const rest = shown.filter(({ counterexample }) => !counterexample);
  const passed = findings.filter(({ status }) => status === 'passed');
  return [
    fill(`${scopeName(scope)}: ${summary(report)}`),
    fill(title),
    ...withTrace.map((finding) => findingText(report, finding)),
    ...rest.map(({ property, verdict, note }) =>
      [fill(`${property.id}: ${verdict}`), fill(statementOf(property), '  '), fill(note, '  ')].join('\n'),
    ),
    section('Held', passedText(passed)),
    section('Scope', [
      ...[
        `${report.how}: ${report.covered}`,
        report.crossChecked ?? '',
        settings(scope.config),
        settings(scope.switches),
        legend ?? '',
      ]
        .filter((line) => line !== '')
        .map((line) => fill(line, '  ')),
    ]),
    section('Calls, in the kernel', kernelText(report, withTrace)),
    section(
      'Not checked',
      report.notChecked.map((line) => hanging('  - ', line)),
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
};

const summary = ({ findings }: Report): string => {
  const counted = (status: Finding['status'], one: string, many: string) => {
    const n = findings.filter((finding) => finding.status === status && isCounted(finding)).length;
    return n === 0 ? [] : [plural(n, one, many)];
  };
  const [only] = findings;
  if (findings.length === 1 && only) return `${only.property.id} is ${only.verdict}`;
  return [
    ...counted('failed', 'unexpected verdict', 'unexpected verdicts'),
    ...counted('known', 'known defect', 'known defects'),
    ...counted('passed', 'property holds', 'properties hold'),
    ...counted('open', 'left open', 'left open'),
  ].join(', ');
};

/** A witness that is reached, or that random runs did not reach, says nothing of the code. */
const isCounted = ({ property, status }: Finding) => !property.witness || status === 'failed';

const findingText = (report: Report, { property, status, verdict, counterexample }: Finding): string => {
  const { steps, trace, command } = counterexample!;
  const calls = steps.flatMap((step, i) => [
    ...(i === trace.loop ? ['  and from here on, over and over:'] : []),
    hanging(`  ${i + 1}. `, `${describeCommand(step.command)}: ${describeOutcome(step.outcome)}`, 7),
    ...changeLines(step),
  ]);
  return [
    fill(`${property.id}: ${verdict}${status === 'known' ? ' (known)' : ''}`),
    fill(statementOf(property), '  '),
    '',
    ...(steps.length === 0 ? ['  in the initial state'] : calls),
    hanging('  => ', brokenWords(trace)),
    '',
    ...drawingLines(report, steps.at(-1)),
    '  To reproduce:',
    commandText(command, width),
  ].join('\n');
};

/** The state that a trace ends in, as far as it fits. */
const drawingLines = ({ draw, initial }: Report, last: Step | undefined): string[] => {
  const parts = draw ? marked(draw(last ? last.outcome.state : initial), last && draw(last.before)) : [];
  const fitting = parts
    .map((part) => drawingText([part], '  ', width))
    .filter((text) => text.split('\n').every((line) => line.length <= width));
  return fitting.length === 0 ? [] : [`  The state then (${drawingLegend}):`, ...fitting, ''];
};

const changeLines = (step: Step): string[] =>
  changesOf(step).map(([path, was, is]) => hanging('       | ', `${path}: ${was} -> ${is}`));

/** The names of those that hold, in one paragraph: witnesses only counted. */
const passedText = (passed: readonly Finding[]): string[] => {
  const names = passed.filter(({ property }) => !property.witness).map(({ property }) => property.id);
  const witnesses = passed.length - names.length;
  const said = [...names, ...(witnesses > 0 ? [`and ${plural(witnesses, 'witness', 'witnesses')} reached`] : [])];
  return said.length === 0 ? [] : [fill(said.join(', '), '  ')];
};

const kernelText = ({ kernel }: Report, shown: readonly Finding[]): string[] => {
  const kinds = shown.flatMap(({ counterexample }) => counterexample!.steps.map(({ command }) => command.kind));
  return [...new Set(kinds)].flatMap((kind) =>
    kernel[kind] === undefined ? [] : [hanging(`  ${kind}: `, kernel[kind], 4)],
  );
};

const section = (name: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `${name}:\n${lines.join('\n')}`;

const fill = (text: string, indent = ''): string => wrapped(text, width - indent.length, indent);

/** `start` and the text behind it, further lines indented as far as the text or as said. */
const hanging = (start: string, text: string, indent = start.length): string => {
  const lead = start.length - start.trimStart().length;
  return wrapped(`${start.trim()} ${text}`, width - indent, ' '.repeat(indent)).slice(indent - lead);
};
