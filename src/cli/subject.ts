import { shellWords } from '../report/render/command-line.ts';
import { SpecError } from '../spec/errors.ts';
import type { Model } from '../spec/model.ts';
import { helloOf } from '../subject/subject.ts';
import { type Choices, scopeOf } from '../system/scope.ts';
import type { Console } from './console.ts';
import { givenChoices, type ScopeOptions } from './given.ts';
import { buildKernelSubject, type KernelOptions } from './kernel.ts';
import type { Target } from './suites.ts';

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

/** How to build a program from a kernel tree, of commands that can do without one. */
export type FromKernel = Partial<KernelOptions> & ScopeOptions;

/** Builds the code of a kernel tree for the target, and returns the command line of the program. */
export const builtProgram = async (
  targets: readonly Target[],
  kernel: string,
  options: FromKernel,
  console: Console,
): Promise<string> => {
  const [target, ...more] = targets;
  if (!target || more.length > 0) throw new SpecError('--kernel is of one model; name it: MODEL --kernel PATH');
  const { model } = target.suite;
  const { config, alternatives } = givenChoices(model, options);
  const scope = scopeOf(model, { variant: target.variant, config, switches: alternatives[0]! });
  const { program } = await buildKernelSubject(target, scope, { ...options, kernel }, console);
  return shellWords([program]);
};
