import { github } from '../report/github.ts';
import { itf } from '../report/itf.ts';
import { junit } from '../report/junit.ts';
import { ktap } from '../report/ktap.ts';
import { mail } from '../report/mail.ts';
import { markdown } from '../report/markdown.ts';
import { findingName, type Report } from '../report/report.ts';
import { SpecError } from '../spec/errors.ts';

/** Of `--format`. `text` and `json` have reports of their own, which know more than a `Report`. */
export const formats = ['text', 'mail', 'json', 'markdown', 'itf', 'junit', 'ktap', 'github'] as const;
export type Format = (typeof formats)[number];

/** The reports in a format that is made of them. */
export const formatted = (format: Exclude<Format, 'text' | 'json'>, reports: readonly Report[]): string =>
  ({ mail, markdown, itf: oneTrace, junit, ktap, github })[format](reports);

/** `--json` is short for `--format json`. */
export const formatOf = ({ json, format }: { readonly json?: boolean; readonly format?: Format }): Format => {
  if (json && format !== undefined && format !== 'json')
    throw new SpecError(`--json and --format ${format} exclude each other`);
  return json ? 'json' : (format ?? 'text');
};

/** A file in the Informal Trace Format holds one trace. What several searches of a variant found is the first one's. */
const oneTrace = (reports: readonly Report[]): string => {
  const found = new Map(
    reports
      .flatMap((report) => report.findings.map((finding) => ({ report, finding })))
      .filter(({ finding }) => finding.counterexample)
      .reverse()
      .map((one) => [findingName(one.report, one.finding), one]),
  );
  const [first] = found.values();
  if (!first) return '';
  if (found.size > 1)
    throw new SpecError(
      `ITF holds one trace, and there are ${found.size}; name a variant and a --property, or use --save and replay --format itf`,
    );
  return `${JSON.stringify(itf(first.report, first.finding), null, 2)}\n`;
};
