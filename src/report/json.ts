import type { Dead, Evidence } from '../engine/result.ts';
import type { CheckResult } from '../job/check.ts';
import { describeCommand } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import type { Presentation } from '../system/presentation.ts';
import type { Kept } from './corpus.ts';
import type { Replayed } from './replay.ts';
import type { Unfinished } from './summary.ts';

/** Raised when a field changes its meaning or goes away; new fields may come without. */
const version = 1;

/** The results of `check --json`. `unfinished`: what ended the checks before the last one. */
export const checkJson = (
  results: readonly CheckResult[],
  kept: readonly Kept[] = [],
  unfinished?: Unfinished,
): object => ({
  format: 'pagelaw check',
  version,
  ...(unfinished && { unfinished }),
  ...(kept.length > 0 && { corpus: kept }),
  results: results.map((result) => ({
    model: result.scope.model,
    variant: result.scope.variant,
    config: result.scope.config,
    switches: result.scope.switches,
    flipped: result.scope.flipped,
    search: result.search,
    covered: result.covered,
    bound: result.bound ?? null,
    engine: result.engine ?? null,
    crossCheck: result.crossCheck ?? null,
    // A number of states may be too large for a JSON number to be exact.
    symmetry: result.symmetry ? { ...result.symmetry, states: String(result.symmetry.states) } : null,
    ...(result.subject && { subject: result.subject }),
    properties: result.properties.map(({ property, verdict, standing, steps }) => ({
      id: property.id,
      statement: property.statement,
      source: property.source,
      witness: property.witness,
      verdict: verdict.kind,
      standing,
      ...(verdict.kind === 'violated' &&
        verdict.trace && {
          instance: verdict.trace.instance ?? null,
          detail: verdict.trace.detail,
          ...loopJson(verdict.trace),
        }),
      ...(verdict.kind === 'violated' && !verdict.trace && { instance: verdict.instance ?? null }),
      ...(verdict.kind === 'proved' && { provedBy: verdict.proof.by, holdsFor: verdict.proof.holdsFor }),
      ...(verdict.kind === 'proved' && verdict.trace && { reachedIn: verdict.trace.commands.length }),
      ...(verdict.kind === 'violated' && verdict.trace && verdict.path !== undefined && { path: verdict.path }),
      ...(steps && { trace: stepsJson(steps, result.lane) }),
    })),
    coverage: Object.fromEntries(
      [...result.coverage].map(([command, { attempts, results }]) => [
        command,
        { attempts, results: Object.fromEntries(results) },
      ]),
    ),
    dead: result.dead ? deadJson(result.dead) : null,
  })),
});

const deadJson = ({ results, complete, runs }: Dead) => ({
  complete,
  runs,
  results: results.map(({ command, result, example }) => ({
    command,
    result,
    example: example
      ? {
          call: describeCommand(example.command),
          command: example.command,
          where: Object.fromEntries(example.where.map(({ path, value }) => [path, value])),
        }
      : null,
  })),
});

/** Where the trace's endless loop begins, if it has one. */
const loopJson = ({ loop }: Evidence) => (loop === undefined ? {} : { loop });

const stepsJson = (steps: readonly Step[], laneOf?: Presentation['lane']): object[] =>
  steps.map(({ before, command, outcome }) => ({
    call: describeCommand(command),
    ...laneOf?.({ before, command, outcome }),
    command,
    result: describeOutcome(outcome),
    state: outcome.state,
  }));

/** The result of `replay --json`. */
export const replayJson = ({ scope, lane, property, steps, recorded, differences, why, broken }: Replayed): object => ({
  format: 'pagelaw replay',
  version,
  model: scope.model,
  variant: scope.variant,
  config: scope.config,
  switches: scope.switches,
  ...(property && { property: property.id, statement: property.statement, broken: broken !== undefined }),
  ...(broken && {
    instance: broken.instance ?? null,
    detail: broken.detail,
    at: broken.commands.length,
    ...loopJson(broken),
  }),
  steps: stepsJson(steps, lane).map((step, i) => ({
    ...step,
    ...(recorded[i] !== undefined && { recorded: recorded[i] }),
    ...(!property && { differences: differences[i] ?? [] }),
    ...(why[i] && { why: why[i] }),
  })),
});
