import { describeCommand } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import { shellWords } from './render/command-line.ts';
import type { Finding, Report } from './report.ts';
import { brokenWords } from './trace.ts';
import { scopeName } from './words.ts';

/** A counterexample in lines that any reader of plain text can show; none if there is no counterexample. */
export const traceLines = (report: Report, { counterexample }: Finding): string[] => {
  if (!counterexample) return [];
  const { steps, trace, command } = counterexample;
  return [
    scopeName(report.scope),
    ...(steps.length === 0 ? ['in the initial state'] : []),
    ...steps.flatMap(({ command, outcome }, i) => [
      ...(i === trace.loop ? ['and from here on, over and over:'] : []),
      `${i + 1}. ${describeCommand(command)}: ${describeOutcome(outcome)}`,
    ]),
    `=> ${brokenWords(trace)}`,
    `to reproduce: ${shellWords(command)}`,
  ];
};
