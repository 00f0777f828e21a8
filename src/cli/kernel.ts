import { homedir } from 'node:os';
import { join } from 'node:path';
import { SpecError } from '../spec/errors.ts';
import { type BuiltSubject, buildSubject } from '../subject/build.ts';
import { harnessOf, readManifest } from '../subject/manifest.ts';
import { type Scope, scopeOf } from '../system/scope.ts';
import { type Console, errorLine, exit } from './console.ts';
import { givenChoices } from './given.ts';
import { oneTarget } from './review.ts';
import type { Target } from './suites.ts';

/** The options of commands that build the code of a kernel tree. */
export interface KernelOptions {
  readonly kernel: string;
  readonly cc?: string;
  readonly harness?: string;
  /** Flags for the compiler. */
  readonly cflag?: string[];
  readonly verbose?: boolean;
}

export interface BuildOptions extends KernelOptions {
  readonly set?: string[];
  readonly switch?: string[];
}

/** Builds the kernel's code for a model and a scope. */
export const buildKernelSubject = async (
  { suite: { model } }: Pick<Target, 'suite'>,
  scope: Scope,
  options: KernelOptions,
  console: Console,
): Promise<BuiltSubject> => {
  const manifest = options.harness === undefined ? harnessOf(model.id) : readManifest(options.harness);
  if (manifest.model !== model.id)
    throw new SpecError(`${manifest.folder} is a harness for the model ${manifest.model}, not ${model.id}`);
  const built = await buildSubject({
    manifest,
    scope,
    environment: model.environment ?? [],
    kernel: options.kernel,
    cc: options.cc ?? 'cc',
    flags: options.cflag ?? [],
    cache: join(console.cache ?? join(homedir(), '.cache'), 'pagelaw', 'subjects'),
    ...(options.verbose && { verbose: (line: string) => console.err(`${line}\n`) }),
  });
  for (const note of built.notes) console.err(errorLine(note));
  return built;
};

/** `pagelaw subject build`: prints the path of the program. */
export const subjectBuildCommand = async (name: string, options: BuildOptions, console: Console): Promise<number> => {
  const target = await oneTarget(name);
  const { model } = target.suite;
  const { config, alternatives } = givenChoices(model, {
    ...(options.set && { set: options.set }),
    ...(options.switch && { switch: options.switch }),
  });
  const scope = scopeOf(model, {
    variant: target.variant ?? model.defaultVariant,
    config,
    switches: alternatives[0] ?? {},
  });
  const { program } = await buildKernelSubject(target, scope, options, console);
  console.out(`${program}\n`);
  return exit.asExpected;
};
