import { describe, test } from 'vitest';
import type { Search } from './engine/index.ts';
import { itemNamed } from './item-named.ts';
import { type CheckResult, check } from './job/check.ts';
import { traceLines } from './report/plain.ts';
import { reportOf } from './report/report.ts';
import type { Property } from './spec/property.ts';
import type { Suite } from './spec/suite.ts';
import { type Choices, scopeOf } from './system/scope.ts';

export interface TestSuiteOptions extends Omit<Choices, 'variant'> {
  /** The names of the variants to check; all if not given. */
  readonly variants?: readonly string[];
  /** An exhaustive search if not given. */
  readonly search?: Search;
  /** In milliseconds, for the search of one variant; ten minutes if not given. */
  readonly timeout?: number;
}

const tenMinutes = 600_000;

/**
 * Gives vitest one test for each property of each variant; the variants of a suite are searched one after the other, each once. A test passes
 * if the property is proved, or violated as the suite lists it; it fails with the counterexample if not. Throws a SpecError for
 * variants, parameters and switches that the model does not have.
 */
export const testSuite = (suite: Suite, options: TestSuiteOptions = {}): void => {
  const {
    variants = Object.keys(suite.model.variants),
    search = { kind: 'exhaustive' },
    timeout = tenMinutes,
    ...more
  } = options;
  describe(suite.model.id, () => {
    for (const variant of variants) {
      itemNamed(`variant of ${suite.model.id}`, variant, Object.keys(suite.model.variants));
      const choices: Choices = { ...more, variant };
      const scope = scopeOf(suite.model, choices);
      let searched: Promise<CheckResult> | undefined;
      describe(variant, () => {
        for (const property of suite.properties.filter(({ applies }) => applies(scope.switches, scope.config)))
          test(
            property.id,
            async ({ skip }) => {
              searched ??= check(suite, choices, search);
              const { problem, gap } = judged(await searched, property);
              if (gap !== undefined) skip(gap);
              if (problem !== undefined) throw new Error(problem);
            },
            timeout,
          );
      });
    }
  });
};

interface Judged {
  /** Why the test fails, if it does. */
  readonly problem?: string;
  /** Why nothing can be said, if nothing can: a witness that this configuration has no room for, or random runs, which prove nothing. */
  readonly gap?: string;
}

const judged = (result: CheckResult, { id }: Property): Judged => {
  const report = reportOf(result);
  const finding = report.findings.find(({ property }) => property.id === id)!;
  const { status, verdict, note } = finding;
  if (status === 'passed' || status === 'known') return {};
  if (status === 'open' && verdict !== 'incomplete') return { gap: note };
  const lines = [`${verdict}: ${finding.property.statement}`, note, ...traceLines(report, finding)];
  return { problem: lines.filter((line) => line !== '').join('\n') };
};
