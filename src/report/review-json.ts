import type { MutationAudit } from '../audit/mutation.ts';
import { describeCommand } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import { checkJson } from './json.ts';
import { fateCounts } from './mutation.ts';
import type { Review } from './review.ts';
import { settings } from './words.ts';

/** The result of `review --json`. */
export const reviewJson = ({ matrix, ablation, mutation, unfinished = false }: Review): object => ({
  format: 'pagelaw review',
  version: 1,
  ...(unfinished && { unfinished }),
  matrix: checkJson(matrix),
  ablation: ablation
    ? {
        model: ablation.scope.model,
        variant: ablation.scope.variant,
        config: ablation.scope.config,
        configuration: settings(ablation.scope.config),
        switches: ablation.scope.switches,
        states: ablation.states,
        bound: ablation.bound ?? null,
        holds: ablation.holds.map(({ id }) => id),
        violated: ablation.violated.map(({ id }) => id),
        flips: ablation.flips.map((flip) => ({
          switch: flip.name,
          value: flip.value,
          states: flip.states,
          bound: flip.bound ?? null,
          breaks: flip.breaks.map(({ property, trace }) => ({
            id: property.id,
            trace: trace.commands.map(describeCommand),
            loop: trace.loop ?? null,
          })),
          mends: flip.mends.map(({ id }) => id),
          notJudged: flip.notJudged.map(({ id }) => id),
          violatedNow: flip.violatedNow.map(({ id }) => id),
          environment: flip.environment,
          unreached: flip.unreached.map(({ id }) => id),
          firstDifference: typeof flip.shows === 'object' ? flip.shows.commands.map(describeCommand) : null,
          sameBehaviour: flip.shows === 'none',
          otherStates: flip.shows === 'other states',
        })),
        combinations: ablation.combinations ?? null,
        tooManySwitches: ablation.tooMany ?? null,
      }
    : null,
  mutation: mutation
    ? {
        states: mutation.states,
        rows: mutation.rows,
        rowsLeftOut: mutation.rowsLeftOut,
        mutants: mutation.mutants,
        judged: mutation.judged.length,
        seed: mutation.seed ?? null,
        fates: Object.fromEntries(fateCounts(mutation.judged)),
        caughtBy: caughtBy(mutation),
        survivors: mutation.judged
          .filter(({ fate }) => fate.kind === 'survived')
          .map(({ mutant }) => ({
            call: describeCommand(mutant.command),
            result: describeOutcome(mutant.outcome),
            where: Object.fromEntries(mutant.where.map(({ path, value }) => [path, value])),
            fault: mutant.fault.kind === 'refusal dropped' ? { kind: mutant.fault.kind } : mutant.fault,
            like: mutant.like ? Object.fromEntries(mutant.like.map(({ path, value }) => [path, value])) : null,
            first: (mutant.trace ?? []).map(describeCommand),
          })),
      }
    : null,
});

/** By property: mutants that it was the first to catch. */
const caughtBy = ({ properties, judged }: MutationAudit): Record<string, number> =>
  Object.fromEntries(
    properties.map(({ id }) => [id, judged.filter(({ fate }) => 'property' in fate && fate.property.id === id).length]),
  );
