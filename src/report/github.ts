import { traceLines } from './plain.ts';
import { type Finding, findingName, type Report } from './report.ts';
import { statementOf } from './words.ts';

/** Annotations for a GitHub Actions run, as workflow commands: an error for what is unexpected, a notice for a known defect. */
export const github = (reports: readonly Report[]): string =>
  reports.flatMap((report) => report.findings.flatMap((finding) => annotation(report, finding))).join('');

/** Only what makes a run fail. */
export const githubErrors = (reports: readonly Report[]): string =>
  github(
    reports.map((report) => ({ ...report, findings: report.findings.filter(({ status }) => status === 'failed') })),
  );

function annotation(report: Report, finding: Finding): string[] {
  const { property, status, verdict, note } = finding;
  const level = { failed: 'error', known: 'notice', open: 'warning', passed: undefined }[status];
  // That random runs find nothing is as it should be, and a warning of it would be read by nobody twice.
  if (!level || (status === 'open' && verdict !== 'incomplete')) return [];
  const message = [statementOf(property), note, ...traceLines(report, finding)].filter((line) => line !== '');
  return [
    `::${level} title=${inProperty(`${findingName(report, finding)}: ${verdict}`)}::${inData(message.join('\n'))}\n`,
  ];
}

const inData = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const inProperty = (text: string) => inData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
