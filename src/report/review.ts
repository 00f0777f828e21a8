import type { Ablation } from '../audit/ablation.ts';
import type { MutationAudit } from '../audit/mutation.ts';
import type { CheckResult } from '../job/check.ts';
import { ablationSection } from './ablation.ts';
import { closingBlocks } from './closing.ts';
import { type Block, paragraph } from './document.ts';
import { matrixBlocks } from './matrix.ts';
import { mutationSection } from './mutation.ts';
import { settings } from './words.ts';

/** What `review` found out; the parts that were not asked for, or not come to, are missing. */
export interface Review {
  readonly matrix: readonly CheckResult[];
  readonly ablation: Ablation | undefined;
  readonly mutation: MutationAudit | undefined;
  /** Whether an error ended the review, so that what is behind it is missing. */
  readonly unfinished?: boolean;
}

/** The report of `review`. `command`: the command line, of a report that is read elsewhere than it was made. */
export const reviewBlocks = (review: Review, command?: readonly string[]): Block[] => {
  const { matrix, ablation, mutation, unfinished } = review;
  return [
    ...(matrix.length > 0 ? matrixBlocks(matrix) : []),
    ...(ablation ? [ablationSection(ablation)] : []),
    ...(mutation ? [mutationSection(mutation)] : []),
    ...(unfinished ? [paragraph('Not finished: an error ended the review before all of it was done.')] : []),
    ...(command ? closingBlocks(command, notChecked(review)) : []),
  ];
};

const notChecked = ({ ablation }: Review): string[] => [
  `No other configuration than ${(ablation && settings(ablation.scope.config)) || 'the only one there is'}.`,
  "No other property than those of the model's suite.",
];
