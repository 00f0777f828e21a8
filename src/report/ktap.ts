import { traceLines } from './plain.ts';
import type { Finding, Report } from './report.ts';
import { scopeName, statementOf } from './words.ts';

/** KTAP version 1, the kernel's own test output: a test for each search, with a subtest for each property. */
export const ktap = (reports: readonly Report[]): string => {
  const tests = reports.flatMap((report, i) => {
    const { findings } = report;
    const failed = findings.some(({ status }) => status === 'failed');
    const open = findings.length > 0 && findings.every(({ status }) => status === 'open');
    return [
      ...[
        'KTAP version 1',
        `1..${findings.length}`,
        ...findings.flatMap((finding, n) => subtest(report, finding, n + 1)),
      ].map((line) => `  ${line}`),
      `${failed ? 'not ok' : 'ok'} ${i + 1} ${plainName(`${scopeName(report.scope)} ${report.how}`)}${open ? ' # SKIP' : ''}`,
    ];
  });
  return `${['KTAP version 1', `1..${reports.length}`, ...tests].join('\n')}\n`;
};

const subtest = (report: Report, finding: Finding, number: number): string[] => {
  const { property, status, verdict, note } = finding;
  const result = `${status === 'failed' ? 'not ok' : 'ok'} ${number} ${plainName(property.id)}`;
  const said = [verdict, note].filter((words) => words !== '').join(': ');
  const diagnostics =
    status === 'failed' || status === 'known' ? [statementOf(property), ...traceLines(report, finding)] : [];
  // A reader that does not know XFAIL takes the result for what it is here: as expected.
  const directive = { passed: '', failed: ` # ${said}`, known: ` # XFAIL ${said}`, open: ` # SKIP ${said}` }[status];
  return [...diagnostics.map((line) => `# ${oneLine(line)}`), `${result}${oneLine(directive)}`];
};

const oneLine = (text: string) => text.replaceAll(/\s*[\r\n]\s*/g, ' ');

/** A description cannot hold the sign that ends it. */
export const plainName = (name: string) => oneLine(name).replaceAll('#', '');
