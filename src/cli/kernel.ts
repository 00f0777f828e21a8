import { homedir } from 'node:os';
import { join } from 'node:path';
import { SpecError } from '../spec/errors.ts';
import { type BuiltSubject, buildSubject } from '../subject/build.ts';
import { harnessOf, readManifest } from '../subject/manifest.ts';
import { type Scope, scopeOf } from '../system/scope.ts';
import { type Console, errorLine, exit } from './console.ts';
import { givenChoices } from './given.ts';
import { collect, type Declare } from './options.ts';
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

interface BuildOptions extends KernelOptions {
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

const help = `
The tree is only read. The program is kept in the user's cache folder, by all
that went into it, and its path is printed: for check --subject and conform.
src/subject/README.md says how a program of your own becomes a subject.

Exit status: 0; 2 wrong usage, or what the build lacks.

Examples:
  pagelaw subject build stage2 --kernel ~/linux
  pagelaw subject build stage2@host-7.1 --kernel ~/linux --set entriesPerTable=4
  pagelaw subject build pkvm-ownership --kernel ~/linux --cc clang
`;

export const declareSubject: Declare = (program, console, end) => {
  program
    .command('subject')
    .description('code in place of a model')
    .command('build')
    .description("compile a kernel tree's own code into a program that check and conform can ask")
    .argument('<target>', 'MODEL or MODEL@VARIANT')
    .requiredOption('--kernel <path>', 'the kernel tree')
    .option('--set <name=value>', 'build for this config parameter', collect)
    .option('--switch <name=value>', 'build for this switch', collect)
    .option('--cc <compiler>', 'the compiler (cc)')
    .option('--cflag <flag>', 'a flag for the compiler, as in --cflag=-fsanitize=undefined', collect)
    .option(
      '--harness <dir>',
      'the folder of a harness, with its subject.json, in place of the one that pagelaw brings',
    )
    .option('--verbose', "print the compiler's command lines")
    .addHelpText('after', help)
    .action(async (name: string, options: BuildOptions) => {
      end(await subjectBuildCommand(name, options, console));
    });
};

/** `pagelaw subject build`: prints the path of the program. */
const subjectBuildCommand = async (name: string, options: BuildOptions, console: Console): Promise<number> => {
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
