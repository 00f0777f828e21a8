import type { CheckResult } from '../job/check.ts';
import type { Scope } from '../system/scope.ts';
import type { Why } from '../trace/why.ts';
import { coverageBlocks } from './coverage.ts';
import { type Block, bad, type Section } from './document.ts';
import { findingBlocks, verdictTally } from './findings.ts';
import type { Page } from './render/html.ts';
import type { Finding, Report } from './report.ts';
import { type Unfinished, unfinishedWords } from './summary.ts';
import { countOrDash, plural, scopeName } from './words.ts';

/** One search, as the console and the other formats have it. */
export interface Searched {
  readonly result: CheckResult;
  readonly report: Report;
}

interface PageOptions {
  /** What more there is to show of what was checked. */
  readonly extras?: (scope: Scope) => readonly Block[];
  /** For each step of a counterexample, why it was refused, if it was. */
  readonly why?: (finding: Finding) => readonly (Why | undefined)[];
  /** What ended the checks before the last one. */
  readonly unfinished?: Unfinished | undefined;
}

/** The document of `check --report`: what was found, pictures of it, and how often each command had each result. */
export const checkPageOf = (searched: readonly Searched[], options: PageOptions = {}): Page => {
  const reports = searched.map(({ report }) => report);
  const names = [...new Set(reports.map(({ scope }) => scopeName(scope)))];
  return {
    title: `pagelaw: ${names.length > 3 ? plural(names.length, 'variant') : names.join(', ')}`,
    about: [verdictTally(reports), ...(options.unfinished ? [bad(unfinishedWords(options.unfinished))] : [])],
    blocks: findingBlocks(reports, options.why).map((section, i) => {
      const { result, report } = searched[i]!;
      return {
        ...section,
        blocks: [...section.blocks, ...(options.extras?.(report.scope) ?? []), coverageSection(result)],
      };
    }),
  };
};

const coverageSection = (result: CheckResult): Section => ({
  kind: 'section',
  title: `Coverage: ${countOrDash(result.covered.transitions)} calls, how often each command had each result`,
  folded: true,
  blocks: coverageBlocks(result),
});
