import { traceLines } from './plain.ts';
import { escaped } from './render/xml.ts';
import type { Finding, Report } from './report.ts';
import { scopeName, settings, statementOf } from './words.ts';

/** JUnit XML, as Jenkins and GitLab read it: a test suite for each search, a test case for each property. Nothing is timed. */
export const junit = (reports: readonly Report[]): string => {
  const counts = (findings: readonly Finding[]) => ({
    tests: findings.length,
    failures: findings.filter(({ status }) => status === 'failed').length,
    errors: 0,
  });
  const suites = reports.map((report) =>
    element(
      'testsuite',
      {
        name: `${scopeName(report.scope)} (${report.how})`,
        ...counts(report.findings),
        skipped: report.findings.filter(({ status }) => status === 'open').length,
      },
      [
        element('properties', {}, [
          ...[
            ['config', settings(report.scope.config)],
            ['switches', settings(report.scope.switches)],
            ['covered', report.covered],
          ].map(([name = '', value = '']) => element('property', { name, value })),
        ]),
        ...report.findings.map((finding) => testcase(report, finding)),
      ],
    ),
  );
  const all = reports.flatMap(({ findings }) => findings);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', { name: 'pagelaw', ...counts(all) }, suites)}\n`;
};

const testcase = (report: Report, finding: Finding): string => {
  const { property, status, verdict, note } = finding;
  const text = [statementOf(property), note, ...traceLines(report, finding)].filter((line) => line !== '').join('\n');
  const children = [
    ...(status === 'failed' ? [element('failure', { type: verdict, message: statementOf(property) }, text)] : []),
    ...(status === 'open' ? [element('skipped', { message: `${verdict}: ${note}` })] : []),
    ...(status === 'known' ? [element('system-out', {}, `Known defect of the variant.\n${text}`)] : []),
  ];
  return element('testcase', { name: property.id, classname: scopeName(report.scope) }, children);
};

const element = (
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content: readonly string[] | string = [],
): string => {
  const start = [name, ...Object.entries(attributes).map(([key, value]) => `${key}="${escaped(String(value))}"`)].join(
    ' ',
  );
  if (content.length === 0) return `<${start}/>`;
  if (typeof content === 'string') return `<${start}>${escaped(content)}</${name}>`;
  return `<${start}>\n${content.join('\n')}\n</${name}>`;
};
