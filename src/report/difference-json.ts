import type { Difference, ExploredSide, TwoCalls } from '../audit/difference.ts';
import type { Verdict } from '../engine/result.ts';
import { type Command, describeCommand } from '../spec/model.ts';
import { describeOutcome, type Outcome } from '../spec/outcome.ts';
import { isReached, type Labels } from './difference.ts';

const outcomeJson = (outcome: Outcome<unknown> | undefined) =>
  outcome ? { result: describeOutcome(outcome), state: outcome.state } : null;

const twoJson = ({ before, command, a, b }: TwoCalls) => ({
  call: describeCommand(command),
  command,
  before,
  a: outcomeJson(a),
  b: outcomeJson(b),
});

const callsJson = (commands: readonly Command[]) => commands.map(describeCommand);

/** The result of `diff --json`. */
export const differenceJson = (found: Difference, labels: Labels): object => ({
  format: 'pagelaw diff',
  version: 1,
  a: sideJson(found.a, labels.a),
  b: sideJson(found.b, labels.b),
  common: found.common,
  onlyCalls: { a: callsJson(found.only.a), b: callsJson(found.only.b) },
  same:
    !found.cases.some(isReached) && found.only.a.length + found.only.b.length === 0 && !found.a.bound && !found.b.bound,
  first: found.first ? { trace: callsJson(found.first.commands), ...twoJson(found.first.last) } : null,
  cases: found.cases.map(({ command, calls, example, trace, reads }) => ({
    command,
    calls,
    example: twoJson(example),
    trace: trace ? callsJson(trace) : null,
    where: Object.fromEntries(reads.map(({ path, value }) => [path, value])),
  })),
  unreachable: { complete: found.complete, runs: found.runs },
  verdicts: found.verdicts.map(({ property, a, b }) => ({
    id: property.id,
    witness: property.witness,
    a: verdictJson(a),
    b: verdictJson(b),
  })),
});

const sideJson = ({ scope, states, bound }: ExploredSide, label: string) => ({
  label,
  ...scope,
  states,
  bound: bound ?? null,
});

const verdictJson = (verdict: Verdict | undefined) =>
  verdict
    ? {
        verdict: verdict.kind,
        ...(verdict.kind === 'violated' && verdict.trace && { trace: callsJson(verdict.trace.commands) }),
      }
    : null;
