import type { Model } from '../spec/model.ts';
import { helloOf } from '../subject/subject.ts';
import { type Choices, scopeOf } from '../system/scope.ts';

/** Of commands that run a subject. */
export interface SubjectOptions {
  /** Seconds of silence after which the subject counts as hanging. */
  readonly timeout?: number;
}

/** What is asked for, and beyond that what the program says that it is built for: its variant and its configuration. */
export const scopeOfSubject = (
  model: Model,
  choices: Choices,
  program: string,
  { timeout }: SubjectOptions,
): Choices => {
  const hello = helloOf(model, scopeOf(model, choices), program, timeout === undefined ? undefined : timeout * 1000);
  return {
    ...choices,
    variant: choices.variant ?? hello.variant,
    config: { ...hello.config, ...choices.config },
  };
};
